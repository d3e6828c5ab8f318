package pm.daemon.simulation;

import org.jspecify.annotations.Nullable;

/** An invariant does not hold. */
final class Violation extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final Invariant invariant;
  private final String told;

  Violation(Invariant invariant, String message) {
    super(invariant + ": " + message);
    this.told = invariant + ": " + message;
    this.invariant = invariant;
  }

  Violation(Invariant invariant, String message, Throwable cause) {
    super(invariant + ": " + message, cause);
    this.told = invariant + ": " + message;
    this.invariant = invariant;
  }

  Invariant invariant() {
    return invariant;
  }

  /** Returns the invariant and how it was broken. */
  String told() {
    return told;
  }

  static void unless(boolean holds, Invariant invariant, @Nullable Object... message) {
    if (!holds) {
      StringBuilder text = new StringBuilder();
      for (@Nullable Object part : message) {
        text.append(part);
      }
      throw new Violation(invariant, text.toString());
    }
  }
}
