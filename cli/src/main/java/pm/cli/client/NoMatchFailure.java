package pm.cli.client;

import pm.cli.arguments.CommandFailure;
import pm.protocol.ExitCode;

/** The daemon knows nothing of a name that a request has. */
public final class NoMatchFailure extends CommandFailure {
  private static final long serialVersionUID = 1L;

  private final String name;

  NoMatchFailure(String name, String sentence) {
    super(ExitCode.NO_MATCH, sentence);
    this.name = name;
  }

  /** The selector, pool or task. */
  public String name() {
    return name;
  }
}
