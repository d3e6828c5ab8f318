package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.arguments.Syntax;
import pm.cli.render.Format;
import pm.config.KeyGuide;
import pm.config.KeyKind;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;

final class ConfigExplainCommand implements Command {

  @Override
  public Syntax syntax() {
    return new Syntax(
        "config explain",
        List.of(),
        "says what a key of the configuration does",
        "Says what a key takes, what it is by default, what it does, and when a change of it takes effect. Needs no daemon.",
        new Operands("KEY", 1, 1, "Its path, such as restart.delay or socket.mode."),
        List.of(),
        List.of("pmctl config explain restart.delay", "pmctl config explain liveness -o json"),
        List.of(
            new Syntax.Exit(ExitCode.DONE, "explained"),
            new Syntax.Exit(ExitCode.USAGE, "there is no such key")));
  }

  @Override
  public ExitCode run(Session session) throws CommandFailure, JsonException, IOException {
    if (session.format() == Format.NAME) {
      throw Results.noNames();
    }
    String path = session.arguments().operands().getFirst();
    Optional<KeyGuide> found = KeyGuide.find(path);
    if (found.isEmpty()) {
      throw new CommandFailure(
          ExitCode.USAGE, "config explain: there is no key " + path + "; " + KeyGuide.remedy(path));
    }
    KeyGuide guide = found.get();
    if (!session.format().isForPeople()) {
      Results.value(session, value(guide));
      return ExitCode.DONE;
    }
    session.out().line(guide.path() + (guide.isOfProgram() ? "" : " (pmd.yaml)"));
    session.out().line("  " + guide.does());
    line(session, "takes", guide.type());
    line(session, "default", guide.otherwise());
    line(session, "change", guide.isOfProgram() ? sentence(guide.kind()) : "");
    line(session, "keys", String.join(", ", guide.below()));
    line(session, "example", guide.example());
    return ExitCode.DONE;
  }

  private static void line(Session session, String name, String text) throws IOException {
    if (!text.isEmpty()) {
      session.out().line("  " + name + ": " + " ".repeat(8 - name.length()) + text);
    }
  }

  private static String sentence(KeyKind kind) {
    return switch (kind) {
      case LIVE -> "live: takes effect at once, while the process runs";
      case NEXT_START -> "next start: takes effect when the process is started the next time";
      case RESTART -> "restart: the process sees it, so apply starts it anew";
    };
  }

  private static Map<String, Object> value(KeyGuide guide) {
    Map<String, Object> value = new LinkedHashMap<>();
    value.put("key", guide.path());
    value.put("of", guide.isOfProgram() ? "program" : "daemon");
    value.put("type", guide.type());
    value.put("default", guide.otherwise());
    value.put("change", guide.kind().name().toLowerCase(Locale.ROOT));
    value.put("description", guide.does());
    value.put("keys", guide.below());
    value.put("example", guide.example());
    return value;
  }
}
