package pm.daemon.control;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;
import pm.config.Configuration;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Command;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.InstanceName;
import pm.protocol.ErrorCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * Makes a program of what a client wants to be run, and holds it to what this client may: who is
 * not root gets nothing done that its own user could not do without us. Loop thread only, but for
 * reading.
 */
final class Runs {
  /**
   * The keys of a definition that are taken. None of the others: with them a daemon that is root
   * would read or write files, raise limits or grant rights on behalf of who may not.
   */
  private static final List<String> KEYS =
      List.of(
          "command",
          "shell",
          "description",
          "working_dir",
          "user",
          "group",
          "umask",
          "environment",
          "instances",
          "groups",
          "type",
          "start_timeout",
          "readiness",
          "success_exit_codes",
          "restart",
          "stop");

  /** Of readiness, for the others look at what the daemon could look at. */
  private static final List<String> READINESS = List.of("uptime", "notify", "fd", "log_line");

  private static final int MOST_NAME = 48;

  private final ControlPorts ports;
  private final Reads reads;
  private final Queries queries;
  private final int daemonUid;

  /** Names of programs that are on their way to the core. */
  private final Set<String> reserved = new HashSet<>();

  Runs(ControlPorts ports, Reads reads, Queries queries, int daemonUid) {
    this.ports = ports;
    this.reads = reads;
    this.queries = queries;
    this.daemonUid = daemonUid;
  }

  /** What is to be run, checked as far as that needs no files. */
  record Wanted(Optional<String> name, Map<String, Object> definition, boolean follow) {

    static Wanted of(Members params) throws JsonException {
      Members definition =
          params
              .optionalObject("definition")
              .orElseThrow(() -> new JsonException("definition is missing"));
      for (String key : definition.values().keySet()) {
        if (!KEYS.contains(key)) {
          throw new JsonException(
              "definition: "
                  + Params.shortened(key)
                  + " cannot be set here; known are "
                  + String.join(", ", KEYS));
        }
      }
      if (definition.value("readiness").orElse("") instanceof Map<?, ?> readiness) {
        for (Object key : readiness.keySet()) {
          if (!READINESS.contains(String.valueOf(key))) {
            throw new JsonException(
                "definition: readiness can be " + String.join(", ", READINESS) + " here");
          }
        }
      }
      return new Wanted(
          params.optionalString("name"),
          new LinkedHashMap<>(definition.values()),
          params.bool("follow", false));
    }
  }

  /**
   * Makes the program, and hands it on with what the answer says beside its outcomes; or answers
   * why not.
   */
  void make(
      Call call, Actor actor, Wanted wanted, BiConsumer<ProgramSpec, Map<String, Object>> then) {
    Peer peer = call.connection().peer();
    if (peer.uid() != 0 && wanted.definition().containsKey("group")) {
      call.error(
          ErrorCode.NOT_PERMITTED, "only root may choose the group of a program: leave it out");
      return;
    }
    RunsAs as =
        userOf(
            text(wanted.definition(), "user"), peer, actor.name(), daemonUid, ports.facts().user());
    if (!as.refusal().isEmpty()) {
      call.error(ErrorCode.NOT_PERMITTED, as.refusal());
      return;
    }
    wanted.definition().remove("user");
    as.user().ifPresent(user -> wanted.definition().put("user", user));
    if (transientPrograms() >= Bounds.RUNS) {
      call.error(
          ErrorCode.BUSY,
          "there are " + Bounds.RUNS + " programs already that were made by run; stop some");
      return;
    }
    String name = wanted.name().isPresent() ? wanted.name().get() : freeName(wanted);
    if (wanted.name().isPresent() && isTaken(name)) {
      call.error(ErrorCode.REFUSED, "there is a program " + name + " already; choose another name");
      return;
    }
    Map<String, Object> file = Map.of("programs", Map.of(name, wanted.definition()));
    byte[] text = Json.write(file).getBytes(StandardCharsets.UTF_8);
    reserved.add(name);
    boolean begun =
        queries.onPool(
            call,
            () -> ports.configuration().readText(Command.RUN, text),
            read -> {
              reserved.remove(name);
              made(call, name, read, wanted.follow(), then);
            });
    if (!begun) {
      reserved.remove(name);
    }
  }

  /**
   * Whom a program runs as.
   *
   * @param user empty for the daemon's own
   * @param refusal why it may not be run; empty if it may
   */
  record RunsAs(Optional<String> user, String refusal) {}

  /**
   * The rule: as the caller's own user; as another one only for root.
   *
   * @param wanted by name or number
   * @param name of the caller's user
   * @param daemonName of the user that the daemon runs as
   */
  static RunsAs userOf(
      Optional<String> wanted, Peer peer, String name, int daemonUid, String daemonName) {
    boolean isOwn =
        wanted.isEmpty()
            || wanted.get().equals(name)
            || wanted.get().equals(Integer.toUnsignedString(peer.uid()));
    if (peer.uid() != 0 && !isOwn) {
      return new RunsAs(
          wanted, "only root may run programs as somebody else: leave out user, or use sudo");
    }
    if (daemonUid == 0) {
      return new RunsAs(peer.uid() == 0 ? wanted : Optional.of(name), "");
    }
    boolean isDaemons =
        wanted.isPresent()
            ? wanted.get().equals(daemonName)
                || wanted.get().equals(Integer.toUnsignedString(daemonUid))
            : peer.uid() == daemonUid;
    return new RunsAs(
        Optional.empty(),
        isDaemons
            ? ""
            : "this pmd runs as "
                + daemonName
                + " and can run programs as nobody else"
                + (peer.uid() == 0 ? "; add --user " + daemonName : ""));
  }

  private static Optional<String> text(Map<String, Object> definition, String key) {
    Object value = definition.getOrDefault(key, Json.NULL);
    return value == Json.NULL ? Optional.empty() : Optional.of(value.toString());
  }

  private long transientPrograms() {
    return ports.supervisor().configuration().programs().values().stream()
        .filter(spec -> spec.location().file().equals(Command.RUN))
        .count();
  }

  private boolean isTaken(String name) {
    return reserved.contains(name)
        || ports.supervisor().configuration().programs().containsKey(name)
        || ports.supervisor().instances().stream()
            .anyMatch(instance -> instance.name().program().equals(name));
  }

  /** A name after the command's, with a number where there is one of that name. */
  private String freeName(Wanted wanted) {
    Object command = wanted.definition().getOrDefault("command", "");
    String first =
        command instanceof List<?> words
            ? words.isEmpty() ? "" : words.getFirst().toString()
            : command.toString().strip().split("\\s", 2)[0];
    String base = first.substring(first.lastIndexOf('/') + 1).replaceAll("[^A-Za-z0-9_.-]", "");
    base = base.replaceAll("^[^A-Za-z0-9]+", "");
    base = base.isEmpty() ? "run" : base.substring(0, Math.min(base.length(), MOST_NAME));
    String name = base;
    for (int number = 2; isTaken(name); number++) {
      name = base + "-" + number;
    }
    return name;
  }

  private void made(
      Call call,
      String name,
      Configuration read,
      boolean follow,
      BiConsumer<ProgramSpec, Map<String, Object>> then) {
    Optional<ProgramSpec> spec = Optional.ofNullable(read.programs().get(name));
    if (spec.isEmpty() || !read.problems().isEmpty()) {
      List<String> what = new ArrayList<>();
      for (Problem problem : read.problems()) {
        String path = problem.path().replace("programs." + name + ".", "");
        what.add(
            path
                + ": "
                + problem.message()
                + (problem.remedy().isEmpty() ? "" : "; " + problem.remedy()));
      }
      call.error(
          ErrorCode.CONFIGURATION,
          what.isEmpty() ? "the definition is wrong" : String.join(". ", what),
          Map.of("problems", DefinitionJson.problems(read.problems())));
      return;
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("program", name);
    if (!follow || call.id().isEmpty()) {
      then.accept(spec.get(), answer);
      return;
    }
    follow(call, spec.get(), answer, then);
  }

  /** Opens the output before there is any, so that none is missed. */
  private void follow(
      Call call,
      ProgramSpec spec,
      Map<String, Object> answer,
      BiConsumer<ProgramSpec, Map<String, Object>> then) {
    List<LogStream.Wanted> files = new ArrayList<>();
    for (int number = 1; number <= spec.instances(); number++) {
      InstanceName instance = new InstanceName(spec.name(), number);
      Optional<Path> file = ports.logs().file(instance, spec, LogSource.Stream.OUT);
      file.ifPresent(path -> files.add(new LogStream.Wanted(instance, LogSource.Stream.OUT, path)));
    }
    LogSource.From from = new LogSource.From(OptionalInt.of(0), Optional.empty(), false);
    queries.onPool(
        call,
        () -> LogStream.open(files, ports.logs(), from, true, ports.loop()),
        opened -> {
          OptionalLong number =
              call.connection()
                  .subscribe(
                      each ->
                          new LogStream(
                              call.connection(), each, reads, ports.time(), opened, true));
          if (number.isEmpty()) {
            LogStream.letGo(opened);
            StreamCalls.tooManyStreams(call);
            return;
          }
          answer.put("subscription", number.getAsLong());
          then.accept(spec, answer);
          call.connection().pumpStream(number.getAsLong());
        });
  }
}
