package pm.config;

import static pm.config.KeyType.BITS;
import static pm.config.KeyType.SPAN;
import static pm.config.KeyType.TEXT;
import static pm.config.KeyType.any;
import static pm.config.KeyType.below;
import static pm.config.KeyType.list;
import static pm.config.KeyType.whole;
import static pm.config.KeyType.word;
import static pm.config.KeyType.words;

import java.util.List;

/** The keys of {@code pmd.yaml}, and of the files that hold programs. */
final class DaemonKeys {
  private DaemonKeys() {}

  static final Keys SOCKET =
      Keys.of(
          "socket",
          Key.restart(
              "path",
              any(word("auto"), new KeyType.Form("/[\\s\\S]*", "an absolute path")),
              "auto",
              "Absolute path of the control socket. `auto`: `pmd.sock` in the runtime " + "folder.",
              "/run/pm/control.sock"),
          Key.restart("mode", BITS, "\"0660\"", "Its permission bits.", "\"0600\""),
          Key.restart(
              "group", TEXT, "pm", "The group that may use it, if there is such a group.", "adm"));

  static final Keys LOG =
      Keys.of(
          "log",
          Key.restart(
              "level",
              words(LogLevel.values()),
              "info",
              "Least severe line of the daemon's own log: `error`, `warn`, `info` or " + "`debug`.",
              "debug"),
          Key.restart(
              "format",
              words(LogFormat.values()),
              "auto",
              "`auto`: priorities without time under systemd, else text; `text`; `json`.",
              "json"));

  static final Keys SHUTDOWN =
      Keys.of(
          "shutdown",
          Key.restart(
              "timeout",
              SPAN,
              "30s",
              "How long work in hand may take once the daemon has been asked to end.",
              "2m"));

  static final Keys TASKS =
      Keys.of(
          "tasks",
          Key.restart(
              "store",
              words(TaskStoreKind.values()),
              "auto",
              "`auto`: in files of the state folder, so that they outlive the daemon and a loss of"
                  + " power; `memory`: gone when the daemon ends; their data and results take at"
                  + " most 256 MiB of memory.",
              "memory"));

  static final Keys DAEMON =
      new Keys(
          "pmd",
          List.of(
              Key.restart("socket", below(SOCKET), "", "The control socket.", ""),
              Key.restart("log", below(LOG), "", "The daemon's own log, on stderr.", ""),
              Key.restart("shutdown", below(SHUTDOWN), "", "How the daemon ends.", ""),
              Key.restart(
                  "max_concurrent_starts",
                  any(word("auto"), whole(1, DaemonSpec.MOST_STARTS)),
                  "auto",
                  "Instances that are on their way from spawn to ready at one time, 1 to "
                      + "10000. `auto`: 4 times the number of cores.",
                  "8"),
              Key.restart("tasks", below(TASKS), "", "Where tasks are kept.", ""),
              Key.live(
                  "include",
                  list(TEXT),
                  "[\"programs.d/*.yaml\"]",
                  "Patterns of files with programs, relative to the folder of this file, or "
                      + "absolute. `*` and `?` match within one name, and not a leading dot. A "
                      + "pattern may match nothing; a file named without a pattern must exist.",
                  "[\"programs.d/*.yaml\", \"/srv/*/pm.yaml\"]"),
              Key.live(
                  "programs",
                  new KeyType.MapOf(below(ProgramKeys.PROGRAM), false),
                  "{}",
                  "Programs by name. Each file of programs has this key only.",
                  "")),
          List.of(new LaterKey("http"), new LaterKey("groups")));

  /** A file that {@code include} names. */
  static final Keys PROGRAMS_FILE =
      new Keys("a file of programs", List.of(DAEMON.find("programs").orElseThrow()), List.of());

  static final Keys KEPT =
      Keys.ours("a kept configuration", "version", "daemon", "programs", "problems", "sources");

  static final Keys KEPT_PROBLEM =
      Keys.ours(
          "a problem", "program", "in", "file", "line", "column", "path", "message", "remedy");
}
