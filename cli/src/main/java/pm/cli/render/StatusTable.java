package pm.cli.render;

import java.util.List;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The table of {@code pmctl status}. */
public final class StatusTable {
  private static final String[] HEADINGS = {
    "NAME", "STATE", "PID", "UPTIME", "RESTARTS", "CPU", "MEMORY", "DETAIL"
  };
  private static final int[] WIDTHS = {6, 9, 5, 6, 8, 4, 7, 0};

  private static final String[] WIDE_HEADINGS = {
    "NAME",
    "STATE",
    "PID",
    "UPTIME",
    "RESTARTS",
    "CPU",
    "MEMORY",
    "TASKS",
    "WINDOW",
    "READY",
    "HEALTHY",
    "ENABLED",
    "LAST EXIT",
    "GROUPS",
    "INVOCATION",
    "DETAIL"
  };
  private static final int[] WIDE_WIDTHS = {6, 9, 5, 6, 8, 4, 7, 5, 6, 5, 7, 7, 9, 6, 32, 0};

  private StatusTable() {}

  /** The table of the items of {@code status}; the last column is why it is so. */
  public static Table of(List<Members> items, boolean wide, Style style) throws JsonException {
    Table table = wide ? new Table(WIDE_HEADINGS, WIDE_WIDTHS) : new Table(HEADINGS, WIDTHS);
    for (Members item : items) {
      String state = item.string("state");
      String reason = text(item, "reason", "");
      String[] cells = new String[wide ? WIDE_HEADINGS.length : HEADINGS.length];
      cells[0] = item.string("name");
      cells[1] = state;
      cells[2] = text(item, "pid", "-");
      cells[3] =
          item.values().get("uptime_seconds") instanceof Number n
              ? Units.duration(n.doubleValue())
              : "-";
      cells[4] = text(item, "restarts", "-");
      cells[5] =
          item.values().get("cpu_percent") instanceof Number n
              ? Units.percent(n.doubleValue())
              : "-";
      cells[6] =
          item.values().get("memory_bytes") instanceof Number n
              ? Units.bytes(n.doubleValue())
              : "-";
      if (wide) {
        cells[7] = text(item, "tasks_in_hand", "-");
        cells[8] = text(item, "restarts_in_window", "-") + "/" + text(item, "max_restarts", "-");
        cells[9] = yesNo(item, "ready");
        cells[10] = yesNo(item, "healthy");
        cells[11] = yesNo(item, "enabled");
        cells[12] = orDash(end(item));
        cells[13] = item.has("groups") ? orDash(String.join(",", item.strings("groups"))) : "-";
        cells[14] = text(item, "invocation_id", "-");
      }
      String detail = detail(reason, text(item, "detail", ""));
      cells[cells.length - 1] = wide ? detail : tasks(item, detail);
      String[] shown = cells.clone();
      shown[1] = style.state(cells[1], state, reason);
      table.add(cells, shown);
    }
    return table;
  }

  /** With what a worker has in hand in front, for which a narrow table has no column. */
  private static String tasks(Members item, String detail) throws JsonException {
    long tasks = item.optionalLong("tasks_in_hand").orElse(0);
    return tasks == 0
        ? detail
        : tasks + (tasks == 1 ? " task" : " tasks") + (detail.isEmpty() ? "" : "; " + detail);
  }

  /** Why it is dead, and the sentence: {@code backoff: exit 1 after 0.3s}. */
  public static String detail(String reason, String detail) {
    return reason.isEmpty() ? detail : detail.isEmpty() ? reason : reason + ": " + detail;
  }

  /**
   * How an invocation ended: {@code exit 1}, {@code signal KILL}, {@code requested}; empty if it
   * has not.
   */
  static String end(Members ended) {
    String cause = text(ended, "exit_cause", "");
    String code = text(ended, "exit_code", "");
    String signal = text(ended, "exit_signal", "");
    return switch (cause) {
      case "exit" -> "exit " + code;
      case "signal" -> "signal " + signal;
      default ->
          cause
              + (code.isEmpty() || code.equals("0") ? "" : ", exit " + code)
              + (signal.isEmpty() ? "" : ", signal " + signal);
    };
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  private static String yesNo(Members item, String name) {
    return item.values().get(name) instanceof Boolean truth ? truth ? "yes" : "no" : "-";
  }

  /** A member as text, whatever its type. */
  static String text(Members item, String name, String otherwise) {
    Object value = item.values().getOrDefault(name, Json.NULL);
    return value == Json.NULL ? otherwise : value.toString();
  }
}
