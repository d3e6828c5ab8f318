package pm.cli.command;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.Arguments;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.GlobalOptions;
import pm.cli.client.Address;
import pm.cli.client.Connection;
import pm.cli.render.Format;
import pm.cli.render.Output;
import pm.cli.render.Style;

/**
 * What one command works with.
 *
 * @param arguments of this call
 * @param environment of this process
 * @param answerLimit how long an answer may take that needs nothing but the daemon itself
 * @param in stdin
 * @param out for what was asked for
 * @param err for what went wrong, notices and progress
 * @param format how results are written
 * @param style for {@code out}
 */
public record Session(
    Arguments arguments,
    Map<String, String> environment,
    Duration answerLimit,
    InputStream in,
    Output out,
    Output err,
    Format format,
    Style style) {

  /** A session with the format and style that the arguments ask for. */
  public static Session of(
      Arguments arguments,
      Map<String, String> environment,
      Duration answerLimit,
      InputStream in,
      Output out,
      Output err)
      throws CommandFailure {
    String when = arguments.oneOf(GlobalOptions.COLOR, List.of("auto", "always", "never"));
    return new Session(
        arguments,
        environment,
        answerLimit,
        in,
        out,
        err,
        Format.of(arguments.oneOf(GlobalOptions.OUTPUT, Format.NAMES)),
        Style.of(when, out.isTerminal(), environment));
  }

  /** Where the daemon is, and its configuration. */
  public Address address() {
    return new Address(
        environment, arguments.value(GlobalOptions.HOME), arguments.value(GlobalOptions.SOCKET));
  }

  /** A new connection to the daemon. */
  public Connection connect() throws CommandFailure {
    return Connection.open(address(), answerLimit);
  }

  /** The operands as the parameter {@code selectors}. */
  public Map<String, Object> selectors() {
    Map<String, Object> params = new LinkedHashMap<>();
    if (!arguments.operands().isEmpty()) {
      params.put("selectors", arguments.operands());
    }
    return params;
  }

  /** Says something on stderr in a line of its own, after all that was written before. */
  public void notice(String sentence) throws IOException {
    out.flush();
    err.print("pmctl: ");
    err.foreign(sentence);
    err.print("\n");
    err.flush();
  }
}
