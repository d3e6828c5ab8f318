package pm.daemon.output;

import java.util.List;

/**
 * Some lines of a log.
 *
 * @param next where to go on
 * @param isMore whether there is more to read at once
 * @param isGap whether lines before these were removed by rotation or by someone else before they
 *     were read
 */
public record LogChunk(List<LogLine> lines, LogPosition next, boolean isMore, boolean isGap) {
  public LogChunk {
    lines = List.copyOf(lines);
  }
}
