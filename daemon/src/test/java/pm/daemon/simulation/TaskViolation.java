package pm.daemon.simulation;

/** A law does not hold. */
final class TaskViolation extends RuntimeException {

  private static final long serialVersionUID = 1;

  final TaskLaw law;

  TaskViolation(TaskLaw law, String message) {
    super(law + ": " + message);
    this.law = law;
  }

  TaskViolation(TaskLaw law, String message, Throwable cause) {
    super(law + ": " + message, cause);
    this.law = law;
  }

  static void unless(boolean holds, TaskLaw law, Object... message) {
    if (!holds) {
      StringBuilder text = new StringBuilder();
      for (Object part : message) {
        text.append(part);
      }
      throw new TaskViolation(law, text.toString());
    }
  }
}
