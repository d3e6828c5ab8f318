package pm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The keys of one mapping.
 *
 * @param owner what the mapping describes, for messages
 * @param known keys that this version acts on
 * @param later keys that it does not act on yet
 */
record Keys(String owner, List<String> known, List<LaterKey> later) {
  static final Keys RESTART =
      new Keys(
          "restart",
          List.of(
              "policy",
              "max_restarts",
              "window",
              "delay",
              "factor",
              "max_delay",
              "jitter",
              "reset_after",
              "prevent",
              "retry_after"),
          List.of());

  static final Keys STOP =
      new Keys(
          "stop",
          List.of("signal", "timeout", "scope"),
          List.of(LaterKey.of("drain"), LaterKey.of("command")));

  static final Keys LOGS =
      new Keys(
          "logs",
          List.of("file", "stderr", "max_size", "keep"),
          List.of(
              LaterKey.of("max_age"),
              LaterKey.of("compress", "false"),
              LaterKey.of("format", "raw")));

  static final Keys READINESS =
      new Keys(
          "readiness",
          List.of("uptime"),
          List.of(
              LaterKey.of("ping"),
              LaterKey.of("notify"),
              LaterKey.of("fd"),
              LaterKey.of("http"),
              LaterKey.of("tcp"),
              LaterKey.of("exec"),
              LaterKey.of("log_line"),
              LaterKey.of("period", "1s"),
              LaterKey.of("timeout", "3s")));

  static final Keys PROGRAM =
      new Keys(
          "a program",
          List.of(
              "description",
              "command",
              "shell",
              "type",
              "working_dir",
              "user",
              "group",
              "supplementary_groups",
              "umask",
              "environment",
              "env_file",
              "inherit_environment",
              "instances",
              "enabled",
              "autostart",
              "groups",
              "start_timeout",
              "readiness",
              "success_exit_codes",
              "restart",
              "stop",
              "logs"),
          List.of(
              LaterKey.of("essential", "false"),
              LaterKey.of("depends_on"),
              LaterKey.of("on_dependency_restart", "nothing"),
              LaterKey.of("liveness", "none"),
              LaterKey.section("reload", LaterKey.of("signal", "HUP"), LaterKey.of("command")),
              LaterKey.section(
                  "hooks",
                  LaterKey.of("pre_start"),
                  LaterKey.of("post_start"),
                  LaterKey.of("pre_stop"),
                  LaterKey.of("post_stop"),
                  LaterKey.of("on_failure")),
              LaterKey.section(
                  "limits",
                  LaterKey.of("nofile"),
                  LaterKey.of("nproc"),
                  LaterKey.of("core"),
                  LaterKey.of("fsize"),
                  LaterKey.of("as"),
                  LaterKey.of("stack"),
                  LaterKey.of("memlock"),
                  LaterKey.of("memory"),
                  LaterKey.of("on_memory", "restart"),
                  LaterKey.of("cpu"),
                  LaterKey.of("tasks"),
                  LaterKey.of("nice", "0"),
                  LaterKey.of("io_class"),
                  LaterKey.of("cpu_affinity"),
                  LaterKey.of("oom_score_adj")),
              LaterKey.section(
                  "security",
                  LaterKey.of("no_new_privileges", "false"),
                  LaterKey.of("capabilities")),
              LaterKey.of("sockets"),
              LaterKey.of("schedule"),
              LaterKey.section(
                  "worker",
                  LaterKey.of("framing", "line"),
                  LaterKey.of("transport", "stdio"),
                  LaterKey.section("ping", LaterKey.of("method", "ping")),
                  LaterKey.of("max_frame", "1MiB")),
              LaterKey.of("pool")));

  /** What we keep ourselves says where each program came from. */
  static final Keys KEPT_PROGRAM =
      new Keys(PROGRAM.owner, plus(PROGRAM.known, "origin"), PROGRAM.later);

  static final Keys DAEMON =
      new Keys(
          "pmd",
          List.of("socket", "log", "shutdown", "max_concurrent_starts", "include", "programs"),
          List.of(
              LaterKey.of("http"),
              LaterKey.section("tasks", LaterKey.of("store", "auto")),
              LaterKey.of("groups")));

  static final Keys SOCKET = new Keys("socket", List.of("path", "mode", "group"), List.of());

  static final Keys LOG = new Keys("log", List.of("level", "format"), List.of());

  static final Keys SHUTDOWN = new Keys("shutdown", List.of("timeout"), List.of());

  /** A file that {@code include} names. */
  static final Keys PROGRAMS_FILE = new Keys("a file of programs", List.of("programs"), List.of());

  static final Keys KEPT =
      new Keys(
          "a kept configuration", List.of("version", "daemon", "programs", "problems"), List.of());

  static final Keys KEPT_PROBLEM =
      new Keys(
          "a problem",
          List.of("program", "in", "file", "line", "column", "path", "message", "remedy"),
          List.of());

  private static List<String> plus(List<String> keys, String one) {
    var more = new ArrayList<>(keys);
    more.add(one);
    return List.copyOf(more);
  }

  /** Whether both describe the same thing. */
  boolean is(Keys other) {
    return owner.equals(other.owner);
  }

  boolean isKnown(String key) {
    return known.contains(key);
  }

  Optional<LaterKey> later(String key) {
    return LaterKey.find(later, key);
  }
}
