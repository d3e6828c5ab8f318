package pm.daemon.core.task;

/**
 * How far a task is, as its worker says.
 *
 * @param value as it says; NaN where it says none
 * @param message in its words; empty for none
 */
public record Progress(double value, String message) {
  /** Nothing was said. */
  public static final Progress NONE = new Progress(Double.NaN, "");
}
