package pm.config;

import java.util.Optional;

/**
 * How a running process is told to read its own configuration again.
 *
 * @param signal name without {@code SIG}, one that {@link SignalName} knows; sent if there is no
 *     command
 * @param command run instead
 */
public record ReloadSpec(String signal, Optional<Command> command) {
  public static final ReloadSpec DEFAULT = new ReloadSpec("HUP", Optional.empty());

  public ReloadSpec {
    if (SignalName.number(signal).isEmpty()) {
      throw new IllegalArgumentException("no such signal: " + signal);
    }
  }
}
