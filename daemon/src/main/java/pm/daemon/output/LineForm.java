package pm.daemon.output;

/** How a line that a program prints is kept. */
public enum LineForm {
  /** As it is, byte for byte. */
  RAW,
  /**
   * Behind the time of its arrival in 27 characters, {@code 2026-11-21T05:29:44.123456Z}, and a
   * blank, or a {@code +} where the line goes on in the next one.
   */
  TIME,
  /** As a JSON object; {@code "partial":true} where the line goes on in the next one. */
  JSON
}
