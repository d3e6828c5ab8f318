package pm.daemon.core.model;

import java.util.Optional;

/**
 * The name of one slot of a program, such as {@code web@1}.
 *
 * @param program the program's name
 * @param number the slot, from 1
 */
public record InstanceName(String program, int number) implements Comparable<InstanceName> {

  public InstanceName {
    if (program.isEmpty() || number < 1) {
      throw new IllegalArgumentException("no instance name: " + program + "@" + number);
    }
  }

  /** Reads {@code web@1}; empty where the text is no instance name. */
  public static Optional<InstanceName> parse(String text) {
    int at = text.lastIndexOf('@');
    if (at < 1 || at == text.length() - 1 || text.length() - at > 7) {
      return Optional.empty();
    }
    int number = 0;
    for (int i = at + 1; i < text.length(); i++) {
      char digit = text.charAt(i);
      if (digit < '0' || digit > '9') {
        return Optional.empty();
      }
      number = number * 10 + (digit - '0');
    }
    return number < 1
        ? Optional.empty()
        : Optional.of(new InstanceName(text.substring(0, at), number));
  }

  @Override
  public int compareTo(InstanceName other) {
    int byProgram = program.compareTo(other.program);
    return byProgram != 0 ? byProgram : Integer.compare(number, other.number);
  }

  @Override
  public String toString() {
    return program + "@" + number;
  }
}
