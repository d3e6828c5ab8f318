package pm.daemon.output;

/**
 * A line of a log, or a part of a long one.
 *
 * @param text without the end of line; bytes that are no UTF-8 have become U+FFFD
 * @param isWhole false if the rest of the line, which was longer than {@link LogReader#MOST_BYTES}
 *     or had not been printed yet, comes as the next one
 */
public record LogLine(String text, boolean isWhole) {}
