package pm.protocol;

import java.util.List;
import java.util.Optional;

/**
 * The fixed table of what a client can call on the control socket. {@code docs/control-protocol.md}
 * shows each.
 */
public enum Method {
  /** Answers {@code {"pong":true}}. */
  PING("ping", Access.OPERATOR, Kind.CALL),
  /** {@code {"version","protocol"}}. */
  VERSION("version", Access.OPERATOR, Kind.CALL),
  /** A page of instances in short. */
  STATUS("status", Access.OPERATOR, Kind.CALL, "selectors", "columns", "cursor"),
  /** A page of everything about instances. */
  DESCRIBE("describe", Access.OPERATOR, Kind.CALL, "selectors", "cursor"),
  /** The chain of causes of the present state, in sentences. */
  WHY("why", Access.OPERATOR, Kind.CALL, "selector", "cursor"),
  /** A page of all that a selector can be. */
  NAMES("names", Access.OPERATOR, Kind.CALL, "cursor"),
  /** Starts, and answers when that has succeeded or failed. */
  START("start", Access.OPERATOR, Kind.CALL, "selectors", "wait", "timeout_seconds"),
  /** Stops, and answers when all are gone. */
  STOP("stop", Access.OPERATOR, Kind.CALL, "selectors", "wait", "timeout_seconds"),
  /** Stops and starts. */
  RESTART(
      "restart",
      Access.OPERATOR,
      Kind.CALL,
      "selectors",
      "rolling",
      "pause_seconds",
      "wait",
      "timeout_seconds"),
  /** Has programs read their own configuration again. */
  RELOAD("reload", Access.OPERATOR, Kind.CALL, "selectors", "wait", "timeout_seconds"),
  /** Allows again what was disabled. */
  ENABLE("enable", Access.OPERATOR, Kind.CALL, "selectors"),
  /** Stops, and lets nothing start it. */
  DISABLE("disable", Access.OPERATOR, Kind.CALL, "selectors", "wait", "timeout_seconds"),
  /** Changes how many instances programs have. */
  SCALE("scale", Access.OPERATOR, Kind.CALL, "counts", "wait", "timeout_seconds"),
  /** Answers when instances are in a state. */
  WAIT("wait", Access.OPERATOR, Kind.CALL, "selectors", "for", "timeout_seconds"),
  /** Starts a program that stands in no file. */
  RUN("run", Access.OPERATOR, Kind.CALL, "name", "definition", "follow", "wait", "timeout_seconds"),
  /** Sends a signal. */
  SIGNAL("signal", Access.OPERATOR, Kind.CALL, "signal", "selectors"),
  /** Clears restart history and {@code failed}. */
  RESET("reset", Access.OPERATOR, Kind.CALL, "selectors"),
  /** Reads the configuration again and makes it so, or says what would be done. */
  APPLY("apply", Access.OPERATOR, Kind.CALL, "dry_run"),
  /** A stream of output lines. */
  LOGS(
      "logs",
      Access.OPERATOR,
      Kind.STREAM,
      "selectors",
      "lines",
      "since_seconds",
      "follow",
      "stderr"),
  /** A stream of events. */
  EVENTS("events", Access.OPERATOR, Kind.STREAM, "selectors", "since", "last", "follow"),
  /** A stream of instances in short: all of them, then what changes. */
  STATUS_WATCH("status.watch", Access.OPERATOR, Kind.STREAM, "selectors", "interval_seconds"),
  /** Puts tasks into the queue of a pool. */
  SUBMIT(
      "submit",
      Access.OPERATOR,
      Kind.CALL,
      "pool",
      "tasks",
      "wait",
      "wait_seconds",
      "space_seconds"),
  /** A page of tasks in short. */
  TASK_LIST("task.list", Access.OPERATOR, Kind.CALL, "pool", "state", "cursor"),
  /** Everything about a task. */
  TASK_SHOW("task.show", Access.OPERATOR, Kind.CALL, "id", "only"),
  /** Answers when tasks have ended, with their results. */
  TASK_AWAIT("task.await", Access.OPERATOR, Kind.CALL, "ids", "wait_seconds"),
  /** Gives tasks up. */
  TASK_CANCEL("task.cancel", Access.OPERATOR, Kind.CALL, "ids"),
  /** Puts tasks back that have ended without success. */
  TASK_RETRY("task.retry", Access.OPERATOR, Kind.CALL, "ids"),
  /** A page of pools. */
  POOL_LIST("pool.list", Access.OPERATOR, Kind.CALL, "pools", "cursor"),
  /** Gives no more tasks out. */
  POOL_PAUSE("pool.pause", Access.OPERATOR, Kind.CALL, "pools"),
  /** Takes tasks in and gives them out again. */
  POOL_RESUME("pool.resume", Access.OPERATOR, Kind.CALL, "pools"),
  /** Takes no more tasks in, and answers when all are done. */
  POOL_DRAIN("pool.drain", Access.OPERATOR, Kind.CALL, "pools", "wait", "timeout_seconds"),
  /** Numbers for a monitoring system. */
  METRICS("metrics", Access.OPERATOR, Kind.CALL, "cursor"),
  /** The configuration in force. */
  CONFIG_SHOW("config.show", Access.OPERATOR, Kind.CALL, "program", "cursor"),
  /** The daemon about itself. */
  DAEMON_STATUS("daemon.status", Access.ADMINISTRATOR, Kind.CALL),
  /** Ends the daemon, gracefully. */
  DAEMON_SHUTDOWN("daemon.shutdown", Access.ADMINISTRATOR, Kind.CALL),
  /** Has the installed version take over. */
  DAEMON_UPGRADE("daemon.upgrade", Access.ADMINISTRATOR, Kind.CALL),
  /** Ends a stream of the same connection. */
  UNSUBSCRIBE("unsubscribe", Access.OPERATOR, Kind.CALL, "subscription", "drain");

  /** Who may call a method. */
  public enum Access {
    /** Root, the daemon's user, and members of the socket's group. */
    OPERATOR,
    /** Root and the daemon's user. */
    ADMINISTRATOR
  }

  /** How a method answers. */
  public enum Kind {
    /** With one response. */
    CALL,
    /** With a response that holds a {@code subscription}, then notifications that carry it. */
    STREAM
  }

  private final String wireName;
  private final Access access;
  private final Kind kind;
  private final List<String> parameters;

  Method(String wireName, Access access, Kind kind, String... parameters) {
    this.wireName = wireName;
    this.access = access;
    this.kind = kind;
    this.parameters = List.of(parameters);
  }

  /** The name in a request. */
  public String wireName() {
    return wireName;
  }

  /** Who may call it. */
  public Access access() {
    return access;
  }

  /** How it answers. */
  public Kind kind() {
    return kind;
  }

  /** The names of all parameters it takes; any other is an error. */
  public List<String> parameters() {
    return parameters;
  }

  /** The method with this name, if there is one. */
  public static Optional<Method> of(String wireName) {
    for (Method candidate : values()) {
      if (candidate.wireName.equals(wireName)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }
}
