package pm.protocol;

/** The exit codes of {@code pmctl}, the same for every command. */
public enum ExitCode {
  /** Done, or already so; for queries: everything is as desired. */
  DONE(0, "done, or already so"),
  /** It failed; which one is on stderr. */
  FAILED(1, "it failed"),
  /** The command line is wrong. */
  USAGE(2, "wrong usage"),
  /** Queries only, as the LSB has it: something is not as desired. */
  NOT_AS_DESIRED(3, "something is not as desired"),
  /** No such program, instance or group. */
  NO_MATCH(4, "no such program"),
  /** The daemon cannot be reached, or went away. */
  UNREACHABLE(69, "the daemon cannot be reached"),
  /** Try again: a queue is full, or the daemon is shutting down. */
  TRY_AGAIN(75, "try again later"),
  /** The caller may not do this. */
  NOT_PERMITTED(77, "not permitted"),
  /** The configuration has errors. */
  CONFIGURATION(78, "the configuration has errors"),
  /** Not done within {@code --timeout}. */
  TIMED_OUT(124, "timed out"),
  /** Ended by Ctrl-C. */
  INTERRUPTED(130, "interrupted");

  private final int value;
  private final String meaning;

  ExitCode(int value, String meaning) {
    this.value = value;
    this.meaning = meaning;
  }

  /** The number that the process exits with. */
  public int value() {
    return value;
  }

  /** What it means, in a few words. */
  public String meaning() {
    return meaning;
  }

  /** The more serious of two ends, for one call about many instances. */
  public ExitCode worst(ExitCode other) {
    return severity() >= other.severity() ? this : other;
  }

  private int severity() {
    return switch (this) {
      case DONE -> 0;
      case NOT_AS_DESIRED -> 1;
      case TRY_AGAIN -> 2;
      case TIMED_OUT -> 3;
      case FAILED -> 4;
      case CONFIGURATION -> 5;
      case NO_MATCH -> 6;
      case NOT_PERMITTED -> 7;
      case USAGE -> 8;
      case UNREACHABLE -> 9;
      case INTERRUPTED -> 10;
    };
  }
}
