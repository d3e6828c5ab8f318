package pm.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Reads what tells whether an instance is ready and whether it still works. */
final class CheckReader {
  private static final List<String> READY_BY =
      List.of("uptime", "ping", "notify", "fd", "http", "tcp", "exec", "log_line");
  private static final List<String> ALIVE_BY = List.of("ping", "http", "tcp", "exec", "watchdog");
  private static final List<String> OF_PROBES = List.of("period", "timeout");
  private static final int LONGEST_PATTERN = 1000;

  private final VariableCheck variables;
  private final CommandReader commands;

  CheckReader(VariableCheck variables, CommandReader commands) {
    this.variables = variables;
    this.commands = commands;
  }

  Readiness readiness(Section program, ProgramType type, Duration startTimeout) {
    Optional<Section> found = program.section("readiness", ProgramKeys.READINESS);
    String kind = found.isPresent() ? one(found.get(), READY_BY) : "";
    if (found.isEmpty() || kind.isEmpty()) {
      found.ifPresent(CheckReader::reportUselessPeriod);
      Readiness otherwise =
          switch (type) {
            case SIMPLE -> Readiness.DEFAULT;
            case ONESHOT -> new Readiness.Uptime(Duration.ZERO);
            case WORKER -> new Readiness.Ping();
          };
      if (otherwise instanceof Readiness.Uptime(Duration uptime)
          && uptime.compareTo(startTimeout) >= 0) {
        program.problem(
            "start_timeout",
            "it is not longer than readiness.uptime, which is " + Durations.format(uptime),
            "write a longer start_timeout, or readiness: {uptime: 0s}");
      }
      return otherwise;
    }
    Section readiness = found.get();
    if (type == ProgramType.ONESHOT && !kind.equals("uptime")) {
      readiness.problem(kind, "a oneshot is ready as soon as it runs", "remove it");
    }
    if (!isProbe(kind)) {
      reportUselessPeriod(readiness);
    }
    return switch (kind) {
      case "uptime" -> uptime(readiness, type, startTimeout);
      case "ping" -> {
        reportPingOfOther(readiness, type);
        yield new Readiness.Ping();
      }
      case "notify" -> new Readiness.Notify();
      case "fd" ->
          new Readiness.FdLine(
              readiness.number(
                  "fd",
                  Readiness.FdLine.FIRST_FD,
                  Readiness.FdLine.LAST_FD,
                  Readiness.FdLine.LAST_FD));
      case "log_line" -> logLine(readiness);
      default ->
          new Readiness.Probed(
              probe(readiness, kind),
              readiness.positiveDuration("period", Readiness.Probed.USUAL_PERIOD),
              readiness.positiveDuration("timeout", Readiness.Probed.USUAL_TIMEOUT));
    };
  }

  private static Readiness uptime(Section readiness, ProgramType type, Duration startTimeout) {
    Duration uptime = readiness.duration("uptime", Duration.ZERO);
    if (type == ProgramType.ONESHOT && !uptime.isZero()) {
      readiness.problem("uptime", "a oneshot is ready as soon as it runs", "remove it");
    } else if (uptime.compareTo(startTimeout) >= 0) {
      readiness.problem(
          "uptime",
          "it is not shorter than start_timeout, which is " + Durations.format(startTimeout),
          "write a shorter uptime or a longer start_timeout");
    }
    return new Readiness.Uptime(uptime);
  }

  private static Readiness logLine(Section readiness) {
    String pattern = readiness.name("log_line").orElse("x");
    if (pattern.length() > LONGEST_PATTERN) {
      readiness.problem(
          "log_line", "the expression is longer than " + LONGEST_PATTERN, "write a shorter one");
      return new Readiness.LogLine("x");
    }
    try {
      Pattern _ = Pattern.compile(pattern);
    } catch (PatternSyntaxException wrong) {
      readiness.problem(
          "log_line",
          "it is not a regular expression: "
              + wrong.getDescription()
              + (wrong.getIndex() < 0 ? "" : " at character " + (wrong.getIndex() + 1)),
          "write \\ before a character that is meant as it is");
    }
    return new Readiness.LogLine(pattern);
  }

  Optional<Liveness> liveness(Section program, ProgramType type) {
    Optional<Liveness> otherwise =
        type == ProgramType.WORKER ? Optional.of(Liveness.PING) : Optional.empty();
    Optional<Node> value = program.value("liveness");
    if (value.isEmpty()) {
      return otherwise;
    }
    if (value.get() instanceof Node.Text text && text.text().equals("none")) {
      return Optional.empty();
    }
    if (!(value.get() instanceof Node.Entries mapping)) {
      program.problem(
          "liveness",
          "a mapping or none is expected, not " + Section.describe(value.get()),
          "write for example liveness: {tcp: \"127.0.0.1:8080\"}");
      return otherwise;
    }
    Section liveness =
        Section.of(program.path("liveness"), mapping, ProgramKeys.LIVENESS, program.problems());
    String kind = one(liveness, ALIVE_BY);
    if (kind.isEmpty() && type != ProgramType.WORKER && !mapping.entries().isEmpty()) {
      program.problem(
          "liveness", "it does not say what a check is", "add http, tcp, exec or watchdog");
    }
    if (type == ProgramType.ONESHOT && !kind.isEmpty()) {
      liveness.problem(kind, "a oneshot is not checked", "remove it, or write type: simple");
    }
    if (kind.isEmpty() && mapping.entries().isEmpty()) {
      return otherwise;
    }
    return Optional.of(liveness(liveness, kind, type));
  }

  private Liveness liveness(Section liveness, String kind, ProgramType type) {
    LivenessKind check =
        switch (kind) {
          case "" -> new LivenessKind.Ping();
          case "ping" -> {
            reportPingOfOther(liveness, type);
            yield new LivenessKind.Ping();
          }
          case "watchdog" -> new LivenessKind.Watchdog();
          default -> new LivenessKind.Probed(probe(liveness, kind));
        };
    Duration timeout = liveness.positiveDuration("timeout", Liveness.USUAL_TIMEOUT);
    if (check instanceof LivenessKind.Watchdog && !timeout.equals(Liveness.USUAL_TIMEOUT)) {
      liveness.problem(
          "timeout", "a watchdog has no timeout, only a period", "remove it, or change period");
    }
    boolean whileBusy = liveness.truth("while_busy", false);
    if (whileBusy && type != ProgramType.WORKER) {
      liveness.problem("while_busy", "only a worker is busy", "remove it, or write type: worker");
    }
    OnUnhealthy onFailure = liveness.word("on_failure", OnUnhealthy.values(), OnUnhealthy.RESTART);
    Optional<BeforeKill> beforeKill = beforeKill(liveness);
    if (beforeKill.isPresent() && onFailure == OnUnhealthy.REPORT) {
      liveness.problem(
          "before_kill",
          "with on_failure: report nothing is killed",
          "remove it, or write on_failure: restart");
    }
    return new Liveness(
        check,
        liveness.positiveDuration("period", Liveness.USUAL_PERIOD),
        timeout,
        liveness.number(
            "failure_threshold", 1, Liveness.MOST_CHECKS, Liveness.USUAL_FAILURE_THRESHOLD),
        liveness.number(
            "success_threshold", 1, Liveness.MOST_CHECKS, Liveness.USUAL_SUCCESS_THRESHOLD),
        liveness.duration("initial_delay", Duration.ZERO),
        whileBusy,
        onFailure,
        beforeKill);
  }

  /** A single word in capitals is a signal: programs are called differently. */
  private Optional<BeforeKill> beforeKill(Section liveness) {
    if (liveness.value("before_kill").orElse(null) instanceof Node.Text text
        && looksLikeSignal(text.text())) {
      try {
        return Optional.of(new BeforeKill.Signal(SignalName.parse(text.text())));
      } catch (MalformedValueException malformed) {
        liveness.problem("before_kill", malformed.what(), malformed.remedy());
        return Optional.empty();
      }
    }
    return commands.hook(liveness, "before_kill").map(BeforeKill.Run::new);
  }

  private static boolean looksLikeSignal(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '+' && c != '-') {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** The only one of these keys that is there; empty if none is. Reports the others. */
  private static String one(Section section, List<String> kinds) {
    String found = "";
    for (String kind : kinds) {
      boolean isSwitch = kind.equals("ping") || kind.equals("notify") || kind.equals("watchdog");
      boolean there = isSwitch ? section.truth(kind, false) : section.has(kind);
      if (there && found.isEmpty()) {
        found = kind;
      } else if (there) {
        section.problem(
            kind, found + " is there already, and only one can be", "remove one of them");
      }
    }
    return found;
  }

  private static boolean isProbe(String kind) {
    return kind.equals("http") || kind.equals("tcp") || kind.equals("exec");
  }

  private static void reportUselessPeriod(Section readiness) {
    for (String key : OF_PROBES) {
      Duration otherwise =
          key.equals("period") ? Readiness.Probed.USUAL_PERIOD : Readiness.Probed.USUAL_TIMEOUT;
      if (!readiness.positiveDuration(key, otherwise).equals(otherwise)) {
        readiness.problem(key, "only http, tcp and exec have a " + key, "remove it");
      }
    }
  }

  private static void reportPingOfOther(Section section, ProgramType type) {
    if (type != ProgramType.WORKER) {
      section.problem(
          "ping", "only a worker can be pinged", "write type: worker, or another check");
    }
  }

  private Probe probe(Section section, String kind) {
    return switch (kind) {
      case "http" -> http(section);
      case "tcp" -> tcp(section);
      default ->
          new Probe.Exec(commands.below(section, kind, false).orElse(CommandReader.NO_COMMAND));
    };
  }

  private Probe http(Section section) {
    if (section.value("http").orElseThrow() instanceof Node.Text text) {
      return new Probe.Http(url(section, "http", text.text()), Probe.Http.USUAL_STATUS);
    }
    Optional<Section> found = section.section("http", ProgramKeys.HTTP);
    if (found.isEmpty()) {
      return new Probe.Http("http://localhost", Probe.Http.USUAL_STATUS);
    }
    Section http = found.get();
    if (!http.has("url")) {
      section.problem("http", "it has no url", "write {url: \"http://127.0.0.1:8080/\"}");
    }
    return new Probe.Http(
        url(http, "url", http.name("url").orElse("http://localhost")), status(http));
  }

  private String url(Section section, String key, String url) {
    String message = urlProblem(url);
    if (!message.isEmpty()) {
      section.problem(key, message, "write for example http://127.0.0.1:8080/healthz");
      return "http://localhost";
    }
    variables.add(url, section.location(key), section.path(key));
    return url;
  }

  private static String urlProblem(String url) {
    if (!url.startsWith("http://") && !url.startsWith("https://") && !url.startsWith("${")) {
      return Quoted.text(url) + " does not begin with http:// or https://";
    }
    if (url.indexOf('$') >= 0) {
      // What it will be is known when it is asked.
      return "";
    }
    try {
      var parsed = new URI(url);
      if (parsed.getHost() == null) {
        return Quoted.text(url) + " names no host";
      }
      if (parsed.getPort() == 0 || parsed.getPort() > 65_535) {
        return "there is no port " + parsed.getPort();
      }
      return "";
    } catch (URISyntaxException wrong) {
      return Quoted.text(url) + " is not a URL";
    }
  }

  private static List<Probe.StatusRange> status(Section http) {
    Optional<Node> value = http.value("status");
    if (value.isEmpty()) {
      return Probe.Http.USUAL_STATUS;
    }
    List<Node.Text> texts =
        switch (value.get()) {
          case Node.Text text -> List.of(text);
          case Node.Items list -> http.texts(list, http.path("status"));
          case Node.Entries mapping -> {
            http.problem("status", "a range is expected, not a mapping", "write 200-399");
            yield List.of();
          }
        };
    var ranges = new ArrayList<Probe.StatusRange>();
    for (Node.Text text : texts) {
      for (String part : text.text().split(",", -1)) {
        String trimmed = part.trim();
        int dash = trimmed.indexOf('-');
        int from = code(dash < 0 ? trimmed : trimmed.substring(0, dash));
        int to = code(dash < 0 ? trimmed : trimmed.substring(dash + 1));
        if (from < 0 || to < from) {
          http.problems()
              .add(
                  text,
                  http.path("status"),
                  Quoted.text(trimmed) + " is not a range of HTTP status codes",
                  "write for example 200-399 or [200, 204]");
        } else {
          ranges.add(new Probe.StatusRange(from, to));
        }
      }
    }
    return ranges.isEmpty() ? Probe.Http.USUAL_STATUS : ranges;
  }

  private static int code(String text) {
    if (text.length() != 3 || text.charAt(0) < '1' || text.charAt(0) > '5') {
      return -1;
    }
    for (int i = 1; i < 3; i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return -1;
      }
    }
    return Integer.parseInt(text);
  }

  private Probe tcp(Section section) {
    String address = section.name("tcp").orElse("localhost:1");
    String message = addressProblem(address);
    if (!message.isEmpty()) {
      section.problem("tcp", message, "write HOST:PORT, for example \"127.0.0.1:8080\"");
      return new Probe.Tcp("localhost:1");
    }
    variables.add(address, section.location("tcp"), section.path("tcp"));
    return new Probe.Tcp(address);
  }

  private static String addressProblem(String address) {
    if (address.indexOf('$') >= 0) {
      return "";
    }
    int colon = address.lastIndexOf(':');
    String host = colon < 0 ? "" : address.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (colon < 0) {
      return Quoted.text(address) + " has no host and port";
    }
    if (host.isEmpty() || host.equals("[]")) {
      return Quoted.text(address) + " names no host";
    }
    if (!bracketed && host.indexOf(':') >= 0) {
      return host.startsWith("unix") || address.contains("//")
          ? Quoted.text(address) + " is not HOST:PORT"
          : "an IPv6 address stands in brackets";
    }
    if (host.indexOf('/') >= 0 || host.indexOf(' ') >= 0 || host.equals("unix")) {
      return Quoted.text(address) + " is not HOST:PORT";
    }
    String port = address.substring(colon + 1);
    boolean number = !port.isEmpty() && port.length() <= 5;
    for (int i = 0; number && i < port.length(); i++) {
      number = port.charAt(i) >= '0' && port.charAt(i) <= '9';
    }
    if (!number || Integer.parseInt(port) < 1 || Integer.parseInt(port) > 65_535) {
      return Quoted.text(port) + " is not a port";
    }
    return "";
  }
}
