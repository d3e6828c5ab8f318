package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.client.Connection;
import pm.cli.render.Escapes;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;
import pm.protocol.Streams;

final class VersionCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "version",
        List.of(),
        "shows the versions of pmctl and of the daemon",
        "Shows the version of pmctl, and that of the daemon, which is older after an upgrade of the package until it is restarted.",
        Operands.NONE,
        List.of(),
        List.of("pmctl version", "pmctl version -o json"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "shown"),
            new Syntax.Exit(
                ExitCode.UNREACHABLE,
                "the daemon cannot be reached; the version of pmctl is shown"),
            Syntax.Exit.of(ExitCode.NOT_PERMITTED)));
  }

  /** The version of this client. */
  static String own() {
    String version = VersionCommand.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    if (session.format().isForPeople()) {
      session.out().line("pmctl " + own());
    }
    Members daemon;
    try (Connection connection = session.connect()) {
      daemon = Members.of(connection.call(Method.VERSION, Map.of()), "the answer");
    }
    long protocol = daemon.optionalLong("protocol").orElse(0);
    if (session.format().isForPeople()) {
      session.out().line("pmd " + Escapes.cell(daemon.string("version")));
    } else {
      Map<String, Object> versions = new LinkedHashMap<>();
      versions.put("pmctl", own());
      versions.put("pmd", daemon.string("version"));
      versions.put("protocol", protocol);
      Results.value(session, versions);
    }
    if (protocol != Streams.PROTOCOL_VERSION) {
      session.notice(
          "the daemon speaks version "
              + protocol
              + " of the protocol, pmctl "
              + Streams.PROTOCOL_VERSION
              + ". Install the same version of both.");
    }
    return ExitCode.DONE;
  }
}
