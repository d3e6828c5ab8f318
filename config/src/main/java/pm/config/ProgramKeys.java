package pm.config;

import static pm.config.KeyType.BITS;
import static pm.config.KeyType.PROGRAM_NAME;
import static pm.config.KeyType.SIGNAL;
import static pm.config.KeyType.SIZE;
import static pm.config.KeyType.SPAN;
import static pm.config.KeyType.TEXT;
import static pm.config.KeyType.TRUTH;
import static pm.config.KeyType.any;
import static pm.config.KeyType.below;
import static pm.config.KeyType.list;
import static pm.config.KeyType.whole;
import static pm.config.KeyType.word;
import static pm.config.KeyType.words;

import java.util.List;

/**
 * The keys of a program. This is the only place that lists them: what the readers accept, what the
 * schema, {@code config explain} and the documentation say all come from here.
 */
final class ProgramKeys {
  private static final KeyType EXIT_CODES = list(whole(0, 255));

  /** A command below another key. */
  static final Keys COMMAND =
      Keys.of(
          "command",
          Key.live(
              "command",
              any(TEXT, list(TEXT)),
              "",
              "The program and its arguments: a list as it is, or text that is split into words as"
                  + " a shell would.",
              "[./check, --fast]"),
          Key.live("shell", TRUTH, "false", "Whether the text goes to /bin/sh -c.", "true"));

  static final KeyType NESTED_COMMAND = any(TEXT, list(TEXT), below(COMMAND));

  static final Keys HOOK =
      Keys.of(
          "a hook",
          Key.live(
              "command",
              any(TEXT, list(TEXT)),
              "",
              "The program and its arguments: a list as it is, or text that is split into words as"
                  + " a shell would.",
              "[./migrate]"),
          Key.live("shell", TRUTH, "false", "Whether the text goes to /bin/sh -c.", "true"),
          Key.live("timeout", SPAN, "10s", "After which it is killed and counts as failed.", "1m"),
          Key.live(
              "ignore_failure",
              TRUTH,
              "false",
              "Whether its failure is only said. A hook that comes before or after a start fails"
                  + " that start otherwise.",
              "true"));

  static final KeyType NESTED_HOOK = any(TEXT, list(TEXT), below(HOOK));

  private static final KeyType STATUS =
      any(
          whole(100, 599),
          new KeyType.Form(
              "[1-5][0-9]{2}(-[1-5][0-9]{2})?(, ?[1-5][0-9]{2}(-[1-5][0-9]{2})?)*",
              "a range such as 200-399"));

  private static final KeyType ADDRESS =
      new KeyType.Form(
          "https?://[\\s\\S]+|[\\s\\S]*\\$\\{[\\s\\S]*",
          "a URL such as http://127.0.0.1:8080/healthz");

  private static final KeyType HOST_AND_PORT =
      new KeyType.Form(
          "(\\[[^\\[\\]]+\\]|[^:/\\[\\]]+):[0-9]{1,5}|[\\s\\S]*\\$\\{[\\s\\S]*", "HOST:PORT");

  static final Keys HTTP =
      Keys.of(
          "http",
          Key.live(
              "url",
              ADDRESS,
              "",
              "What is asked for with GET. Beginning with http:// or https://.",
              "\"http://127.0.0.1:8080/healthz\""),
          Key.live(
              "status",
              any(STATUS, list(STATUS)),
              "200-399",
              "The answers that are right: a code, a range, or a list of them.",
              "[200, 204]"));

  private static final KeyType URL = any(ADDRESS, below(HTTP));

  private static final Key PROBE_HTTP =
      Key.live(
          "http",
          URL,
          "null",
          "A GET request is answered with a status that is right.",
          "{url: \"http://127.0.0.1:8080/healthz\", status: 200-399}");
  private static final Key PROBE_TCP =
      Key.live(
          "tcp",
          HOST_AND_PORT,
          "null",
          "A connection to HOST:PORT can be made. It is closed at once.",
          "\"127.0.0.1:8080\"");
  private static final Key PROBE_EXEC =
      Key.live(
          "exec",
          NESTED_COMMAND,
          "null",
          "A command, run as the program's user, ends with exit code 0.",
          "[./check]");

  static final Keys READINESS =
      Keys.of(
          "readiness",
          Key.live(
              "uptime",
              SPAN,
              "1s",
              "Ready when it has been up this long. `0s`: as soon as it could be "
                  + "executed, which is the default for a `oneshot`, where nothing else is "
                  + "possible.",
              "5s"),
          Key.live(
              "ping",
              TRUTH,
              "null",
              "It has answered its first ping, or sent ready. Only for a worker, whose default it"
                  + " is.",
              "true"),
          Key.next(
              "notify",
              TRUTH,
              "null",
              "One of its own processes has sent READY=1 to $NOTIFY_SOCKET (sd_notify).",
              "true"),
          Key.next(
              "fd",
              whole(Readiness.FdLine.FIRST_FD, Readiness.FdLine.LAST_FD),
              "null",
              "It has written a newline to this descriptor, as under s6.",
              "3"),
          PROBE_HTTP,
          PROBE_TCP,
          PROBE_EXEC,
          Key.live(
              "log_line",
              TEXT,
              "null",
              "A line of its output matches this regular expression somewhere.",
              "\"listening on .*\""),
          Key.live("period", SPAN, "1s", "From one probe to the next (http, tcp, exec).", "500ms"),
          Key.live(
              "timeout", SPAN, "3s", "After which a probe has failed (http, tcp, exec).", "1s"));

  static final Keys LIVENESS =
      Keys.of(
          "liveness",
          Key.live(
              "ping",
              TRUTH,
              "null",
              "It answers a ping. Only for a worker, whose default it is.",
              "true"),
          PROBE_HTTP,
          PROBE_TCP,
          PROBE_EXEC,
          Key.restart(
              "watchdog",
              TRUTH,
              "null",
              "It sends WATCHDOG=1 by itself (sd_notify) at least once in each period.",
              "true"),
          Key.live(
              "period",
              SPAN,
              "5s",
              "From one check to the next; for a watchdog the longest silence, as WatchdogSec= is.",
              "10s"),
          Key.live(
              "timeout",
              SPAN,
              "3s",
              "After which a check has failed. Nothing to a watchdog, which is not asked.",
              "1s"),
          Key.live(
              "failure_threshold",
              whole(1, Liveness.MOST_CHECKS),
              "3",
              "So many failed checks in a row make it UNHEALTHY.",
              "5"),
          Key.live(
              "success_threshold",
              whole(1, Liveness.MOST_CHECKS),
              "1",
              "So many passed checks in a row make it healthy again.",
              "2"),
          Key.live("initial_delay", SPAN, "0s", "From ready to the first check.", "30s"),
          Key.live(
              "while_busy",
              TRUTH,
              "false",
              "Whether a worker is checked while it has a task in hand.",
              "true"),
          Key.live(
              "on_failure",
              words(OnUnhealthy.values()),
              "restart",
              "What is done when it is UNHEALTHY: stopped, which counts as a failure; or only"
                  + " said.",
              "report"),
          Key.live(
              "before_kill",
              any(SIGNAL, NESTED_HOOK),
              "null",
              "A signal or a command before it is stopped for that, so that it can be seen later"
                  + " what was wrong. QUIT makes a JVM write its threads.",
              "QUIT"));

  static final Keys CONDITION =
      Keys.of(
          "a dependency",
          Key.live(
              "condition",
              words(DependencyCondition.values()),
              "ready",
              "What is waited for: its process runs; it is ready; it has passed a check of its"
                  + " liveness; it has ended with success.",
              "healthy"));

  static final Keys RESTART =
      Keys.of(
          "restart",
          Key.live(
              "policy",
              words(RestartPolicy.values()),
              "on-failure",
              "`always`; `on-failure`: not after a success; `on-abnormal`: after a "
                  + "signal, a core dump or a timeout, not after an exit code; `never`. A "
                  + "`oneshot` cannot have `always`.",
              "always"),
          Key.live(
              "max_restarts",
              any(whole(0, RestartSpec.MOST_RESTARTS), word("unlimited")),
              "3",
              "Automatic restarts within `window`; 0 to 1000, or `unlimited`. With one "
                  + "more, it has failed, until somebody starts it.",
              "unlimited"),
          Key.live("window", SPAN, "60s", "Length of the window, which slides; more than 0.", "5m"),
          Key.live(
              "delay",
              SPAN,
              "1s",
              "Before the first restart in a row; at most `max_delay`.",
              "250ms"),
          Key.live(
              "factor",
              new KeyType.Decimal(1, 100),
              "2",
              "Each further delay is longer by this factor, 1 to 100.",
              "1.5"),
          Key.live("max_delay", SPAN, "30s", "The longest delay.", "5m"),
          Key.live(
              "jitter",
              new KeyType.Decimal(0, 1),
              "0",
              "Fraction by which a delay may be shorter by chance, 0 to 1; it is never "
                  + "longer.",
              "0.2"),
          Key.live(
              "reset_after",
              SPAN,
              "10m",
              "After so much good health the next restart is the first in a row again; "
                  + "more than 0.",
              "1h"),
          Key.live(
              "prevent",
              EXIT_CODES,
              "[]",
              "Exit codes, 0 to 255, after which it is not restarted.",
              "[2]"),
          Key.live(
              "retry_after",
              SPAN,
              "null",
              "Once it has failed, try again so much later; more than 0.",
              "15m"));

  static final Keys STOP =
      Keys.of(
          "stop",
          Key.live(
              "signal",
              SIGNAL,
              "TERM",
              "Name, with or without `SIG`; `RTMIN+3` and the like too. One that does not "
                  + "end a process (STOP, CONT …) is refused.",
              "INT"),
          Key.live(
              "timeout",
              SPAN,
              "10s",
              "After this, everything in scope is killed; `0s`: at once.",
              "30s"),
          Key.live(
              "drain",
              SPAN,
              "null",
              "How long a worker that has a task in hand may go on with it before the signal; only"
                  + " for type: worker, and nothing waits where no task is in hand. null: 30s with"
                  + " a `pool`, else not at all.",
              "1m"),
          Key.live(
              "scope",
              words(StopScope.values()),
              "tree",
              "What is killed: `tree`, everything that the process started, wherever it "
                  + "went; `group`, its process group; `process`, the main process only.",
              "group"),
          Key.live(
              "command",
              NESTED_COMMAND,
              "null",
              "Run first to stop it; what is still there afterwards gets the signal.",
              "[nginx, -s, quit]"));

  static final Keys RELOAD =
      Keys.of(
          "reload",
          Key.live("signal", SIGNAL, "HUP", "The signal that pmctl reload sends.", "USR1"),
          Key.live(
              "command",
              NESTED_COMMAND,
              "null",
              "Run by pmctl reload instead of the signal.",
              "[nginx, -s, reload]"));

  static final Keys HOOKS =
      Keys.of(
          "hooks",
          Key.live(
              "pre_start",
              NESTED_HOOK,
              "null",
              "Before the process is made. Its failure fails the start.",
              "[./migrate]"),
          Key.live(
              "post_start",
              NESTED_HOOK,
              "null",
              "Once it is ready. Its failure fails the start.",
              "[./register]"),
          Key.live("pre_stop", NESTED_HOOK, "null", "Before it is told to stop.", "[./deregister]"),
          Key.live(
              "post_stop",
              NESTED_HOOK,
              "null",
              "After it and all that it left behind are gone, however it ended.",
              "{command: [./clean], timeout: 30s}"),
          Key.live(
              "on_failure",
              NESTED_HOOK,
              "null",
              "When it is given up (DEAD/failed).",
              "{command: [./alert], ignore_failure: true}"));

  static final Keys LOGS =
      Keys.of(
          "logs",
          Key.restart(
              "file",
              TEXT,
              "auto",
              "Where stdout goes. `auto`: `web@1.log` in the folder of logs; `none`;"
                  + " `inherit`: the daemon's own output, each line with the name of its instance; or a "
                  + "path. A relative one starts at the folder of logs.",
              "\"${PM_NAME}.out\""),
          Key.restart(
              "stderr",
              TEXT,
              "merge",
              "Where stderr goes. `merge`: where stdout goes; `none`; `inherit`; or a path.",
              "\"${PM_NAME}.err\""),
          Key.live(
              "max_size",
              SIZE,
              "50MiB",
              "A file is rotated at the first end of a line after this size; 1KiB to " + "1024GiB.",
              "10MiB"),
          Key.live(
              "keep",
              whole(0, LogSpec.MOST_KEPT),
              "10",
              "Rotated files that are kept, `web@1.log.1` and so on; 0 to 1000.",
              "3"),
          Key.live("max_age", SPAN, "null", "Rotated files that are older are removed.", "30d"),
          Key.live(
              "compress", TRUTH, "false", "Whether rotated files are compressed (gzip).", "true"),
          Key.next(
              "format",
              words(LineFormat.values()),
              "raw",
              "How lines are written: as they come; with the time in front (RFC 3339); as an"
                  + " object with ts, program, instance, pid, stream and line.",
              "json"));

  private static final KeyType COUNT_LIMIT =
      any(
          whole(0, 1 << 30),
          new KeyType.Form("([0-9]+|unlimited):([0-9]+|unlimited)", "SOFT:HARD"),
          word("unlimited"));
  private static final KeyType SIZE_LIMIT =
      any(
          SIZE,
          whole(0, 0),
          new KeyType.Form(
              "(0|[0-9]+(B|[KMG](iB)?)|unlimited):(0|[0-9]+(B|[KMG](iB)?)|unlimited)", "SOFT:HARD"),
          word("unlimited"));

  private static final String AS_DAEMON = " null: as the daemon was started.";

  static final Keys LIMITS =
      Keys.of(
          "limits",
          Key.restart(
              "nofile",
              COUNT_LIMIT,
              "null",
              "The most descriptors of a process." + AS_DAEMON,
              "\"1024:4096\""),
          Key.restart(
              "nproc",
              COUNT_LIMIT,
              "null",
              "The most processes and threads of its user." + AS_DAEMON,
              "512"),
          Key.restart(
              "core", SIZE_LIMIT, "null", "The largest core dump." + AS_DAEMON, "unlimited"),
          Key.restart(
              "fsize", SIZE_LIMIT, "null", "The largest file it may write." + AS_DAEMON, "1GiB"),
          Key.restart("as", SIZE_LIMIT, "null", "The largest address space." + AS_DAEMON, "4GiB"),
          Key.restart(
              "stack",
              SIZE_LIMIT,
              "null",
              "The largest stack of its first thread." + AS_DAEMON,
              "8MiB"),
          Key.restart(
              "memlock",
              SIZE_LIMIT,
              "null",
              "How much it may lock into memory." + AS_DAEMON,
              "64MiB"),
          Key.restart(
              "memory",
              SIZE,
              "null",
              "The most memory of the whole instance: memory.max of its cgroup where the daemon"
                  + " has one, else watched.",
              "512MiB"),
          Key.live(
              "on_memory",
              words(OnMemory.values()),
              "restart",
              "What is done when it uses more and the kernel has not killed it: restarted, a"
                  + " worker after the task in hand; killed; or only said.",
              "report"),
          Key.restart(
              "cpu",
              whole(1, LimitsSpec.MOST_CPU_PERCENT),
              "null",
              "The most processor time of the whole instance, as percent of one core: cpu.max of"
                  + " its cgroup, else watched.",
              "150"),
          Key.restart(
              "tasks",
              whole(1, LimitsSpec.MOST_TASKS),
              "null",
              "The most processes and threads of the whole instance: pids.max of its cgroup, else"
                  + " watched.",
              "100"),
          Key.restart(
              "nice",
              whole(-20, 19),
              "null",
              "Its priority for processors, from -20 (first) to 19 (last). null: as the"
                  + " daemon's, which is usually 0.",
              "10"),
          Key.restart(
              "io_class",
              new KeyType.Form(
                  "idle|(best-effort|realtime)(:[0-7])?",
                  "idle, best-effort or realtime, the last two perhaps with :LEVEL from 0 to 7"),
              "null",
              "Its priority for disks." + AS_DAEMON,
              "best-effort:7"),
          Key.restart(
              "cpu_affinity",
              any(
                  whole(0, LimitsSpec.MOST_PROCESSORS - 1),
                  new KeyType.Form("[0-9]+(-[0-9]+)?(, ?[0-9]+(-[0-9]+)?)*", "ranges such as 0-3"),
                  list(
                      any(
                          whole(0, LimitsSpec.MOST_PROCESSORS - 1),
                          new KeyType.Form("[0-9]+-[0-9]+", "a range such as 0-3")))),
              "null",
              "The processors that it may run on, counted from 0." + AS_DAEMON,
              "[0, 2-3]"),
          Key.restart(
              "oom_score_adj",
              whole(-1000, 1000),
              "null",
              "How early the kernel kills it when memory runs out, from -1000 (never) to 1000."
                  + AS_DAEMON,
              "500"));

  static final Keys SECURITY =
      Keys.of(
          "security",
          Key.restart(
              "no_new_privileges",
              TRUTH,
              "false",
              "Whether setuid programs and file capabilities gain it nothing.",
              "true"),
          Key.restart(
              "capabilities",
              list(new KeyType.Form("(?:CAP_|cap_)?[A-Za-z_]+", "the name of a capability")),
              "null",
              "All capabilities that it may have; [] for none. Only a daemon that runs as root can"
                  + " set them. null: as its user has them.",
              "[net_bind_service]"));

  static final Keys PING =
      Keys.of("ping", Key.live("method", TEXT, "ping", "The method that a ping calls.", "health"));

  static final Keys WORKER =
      Keys.of(
          "worker",
          Key.restart(
              "framing",
              words(WorkerSpec.Framing.values()),
              "line",
              "How messages are told apart: each is a line, or comes after a header with its"
                  + " length as in the Language Server Protocol.",
              "content-length"),
          Key.restart(
              "transport",
              words(WorkerSpec.Transport.values()),
              "stdio",
              "Standard input and output, or descriptors 3 (to it) and 4 (from it), so that its"
                  + " stdout stays free.",
              "fd"),
          Key.live("ping", below(PING), "", "How it is pinged.", ""),
          Key.restart(
              "max_frame", SIZE, "1MiB", "The longest message, from 1KiB to 16MiB.", "4MiB"));

  static final Keys PROGRAM =
      new Keys(
          "a program",
          List.of(
              Key.live("description", TEXT, "\"\"", "For people.", "\"the shop\""),
              Key.restart(
                  "command",
                  any(TEXT, list(TEXT)),
                  "",
                  "What each instance runs: a list as it is, or text that is split into words as a"
                      + " shell would. No shell runs.",
                  "[node, server.js]"),
              Key.restart(
                  "shell",
                  TRUTH,
                  "false",
                  "`true`: `command` is one text, and runs as `/bin/sh -c TEXT`.",
                  "true"),
              Key.restart(
                  "type",
                  words(ProgramType.values()),
                  "simple",
                  "simple: runs until it is stopped; oneshot: does something and ends; worker:"
                      + " runs until it is stopped and speaks the worker protocol.",
                  "oneshot"),
              Key.restart(
                  "working_dir",
                  TEXT,
                  "/",
                  "Folder of the process. A relative one starts at the folder of the file.",
                  "/srv/web"),
              Key.restart(
                  "user",
                  TEXT,
                  "null",
                  "Name or number; only for a daemon that runs as root. `null`: the daemon's "
                      + "own.",
                  "www-data"),
              Key.restart(
                  "group",
                  TEXT,
                  "null",
                  "Name or number; only as root. `null`: the user's.",
                  "www-data"),
              Key.restart(
                  "supplementary_groups",
                  list(TEXT),
                  "null",
                  "List of names or numbers; only as root. `null`: the user's.",
                  "[adm]"),
              Key.restart("umask", BITS, "\"022\"", "`\"000\"` to `\"777\"`.", "\"027\""),
              Key.restart(
                  "environment",
                  new KeyType.MapOf(TEXT, false),
                  "{}",
                  "Variables by name, at most 1,000. A value is text; `A: no` is the text "
                      + "`no`.",
                  "{PORT: \"80${PM_INSTANCE}\"}"),
              Key.restart(
                  "env_file",
                  any(TEXT, list(TEXT)),
                  "[]",
                  "Path or list of paths, read at every start. With a `-` before it, it may "
                      + "be missing. A relative one starts at the folder of the file.",
                  "[/etc/web.env, -local.env]"),
              Key.restart(
                  "inherit_environment",
                  TRUTH,
                  "false",
                  "Whether the process gets the daemon's environment too.",
                  "true"),
              Key.live(
                  "instances",
                  whole(0, ProgramSpec.MOST_INSTANCES),
                  "1",
                  "0 to 1000. A program with a `pool` has `pool.min` and `pool.max` instead.",
                  "4"),
              Key.live(
                  "enabled",
                  TRUTH,
                  "true",
                  "`false`: it is not started, not even by hand.",
                  "false"),
              Key.live(
                  "autostart", TRUTH, "true", "Whether it is started with the daemon.", "false"),
              Key.live(
                  "essential",
                  TRUTH,
                  "false",
                  "When it ends for good, the daemon stops the rest and exits with its status.",
                  "true"),
              Key.live(
                  "groups",
                  list(PROGRAM_NAME),
                  "[]",
                  "List of labels, for `pmctl status group:NAME`. The rule for names applies.",
                  "[front]"),
              Key.live(
                  "depends_on",
                  any(list(PROGRAM_NAME), new KeyType.MapOf(below(CONDITION), true)),
                  "{}",
                  "Programs that have to be there before it, and stop after it: a list (each is"
                      + " to be ready), or a mapping with a condition for each.",
                  "{other: {condition: healthy}}"),
              Key.live(
                  "on_dependency_restart",
                  words(OnDependencyRestart.values()),
                  "nothing",
                  "What becomes of it when one of those was started anew.",
                  "restart"),
              Key.live(
                  "start_timeout",
                  SPAN,
                  "60s",
                  "How long STARTING may last; more than 0, and more than `readiness.uptime`.",
                  "5m"),
              Key.live(
                  "readiness",
                  below(READINESS),
                  "",
                  "What ends STARTING: one of uptime, ping, notify, fd, http, tcp, exec and"
                      + " log_line.",
                  ""),
              Key.live(
                  "liveness",
                  any(below(LIVENESS), word("none")),
                  "null",
                  "Checks once it is ready: one of ping, http, tcp, exec and watchdog. A worker is"
                      + " pinged if it says nothing else; none removes that.",
                  "{http: \"http://127.0.0.1:8080/healthz\", period: 10s}"),
              Key.live(
                  "success_exit_codes",
                  EXIT_CODES,
                  "[0]",
                  "List of exit codes, 0 to 255, that are no failure.",
                  "[0, 3]"),
              Key.live(
                  "restart",
                  any(words(RestartPolicy.values()), below(RESTART)),
                  "",
                  "Whether, how often and how fast it is started again. A word is short for"
                      + " {policy: WORD}.",
                  "always"),
              Key.live("stop", below(STOP), "", "How it is stopped.", ""),
              Key.live("reload", below(RELOAD), "", "How it reads its own files again.", ""),
              Key.live(
                  "hooks",
                  below(HOOKS),
                  "",
                  "Short commands in its life, run as its user with PM_EXIT_CODE, PM_SIGNAL and"
                      + " PM_REASON.",
                  ""),
              Key.live("logs", below(LOGS), "", "What becomes of its output.", ""),
              Key.restart(
                  "limits",
                  below(LIMITS),
                  "",
                  "What it may use. A limit with two values is SOFT:HARD.",
                  ""),
              Key.restart("security", below(SECURITY), "", "What it may gain and keep.", ""),
              Key.restart("worker", below(WORKER), "", "How a worker is spoken to.", ""),
              Key.live(
                  "pool",
                  below(PoolKeys.POOL),
                  "null",
                  "Which tasks a worker takes, and how many instances there are. Only for type:"
                      + " worker. null: it takes none.",
                  "{min: 1, max: 8}")),
          List.of(new LaterKey("sockets"), new LaterKey("schedule")));

  /** What we keep ourselves says where each program came from. */
  static final Keys KEPT_PROGRAM = PROGRAM.plus("origin");
}
