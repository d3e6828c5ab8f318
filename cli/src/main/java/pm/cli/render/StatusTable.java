package pm.cli.render;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

  /** The members that a table needs, in the order of the places below; a wide one needs all. */
  private static final List<String> MEMBERS =
      List.of(
          "name",
          "state",
          "reason",
          "detail",
          "as_desired",
          "pid",
          "uptime_seconds",
          "restarts",
          "cpu_percent",
          "memory_bytes",
          "tasks_in_hand",
          "restarts_in_window",
          "max_restarts",
          "ready",
          "healthy",
          "enabled",
          "exit_cause",
          "exit_code",
          "exit_signal",
          "groups",
          "invocation_id");

  private static final int NAME = 0;
  private static final int STATE = 1;
  private static final int REASON = 2;
  private static final int DETAIL = 3;
  private static final int AS_DESIRED = 4;
  private static final int PID = 5;
  private static final int UPTIME = 6;
  private static final int RESTARTS = 7;
  private static final int CPU = 8;
  private static final int MEMORY = 9;
  private static final int TASKS = 10;
  private static final int IN_WINDOW = 11;
  private static final int MAX_RESTARTS = 12;
  private static final int READY = 13;
  private static final int HEALTHY = 14;
  private static final int ENABLED = 15;
  private static final int EXIT_CAUSE = 16;
  private static final int EXIT_CODE = 17;
  private static final int EXIT_SIGNAL = 18;
  private static final int GROUPS = 19;
  private static final int INVOCATION = 20;

  private StatusTable() {}

  /** The parameter {@code columns} for what a table needs. */
  public static List<String> members(boolean wide) {
    return wide ? MEMBERS : MEMBERS.subList(0, IN_WINDOW);
  }

  /** The values of {@link #members} of an item, which has them by their names, or is them. */
  public static List<?> row(Object item, boolean wide) throws JsonException {
    List<String> members = members(wide);
    if (item instanceof List<?> row && row.size() == members.size()) {
      return row;
    }
    Map<String, Object> values = Members.of(item, "an item").values();
    List<Object> row = new ArrayList<>(members.size());
    for (String member : members) {
      row.add(values.getOrDefault(member, Json.NULL));
    }
    return row;
  }

  /** The table of the items of {@code status}; the last column is why it is so. */
  public static Table of(List<Members> items, boolean wide, Style style) throws JsonException {
    List<List<?>> rows = new ArrayList<>(items.size());
    for (Members item : items) {
      rows.add(row(item.values(), wide));
    }
    return ofRows(rows, wide, style);
  }

  /** As {@link #of}, of the values of {@link #members}. */
  public static Table ofRows(List<List<?>> rows, boolean wide, Style style) throws JsonException {
    Table table = wide ? new Table(WIDE_HEADINGS, WIDE_WIDTHS) : new Table(HEADINGS, WIDTHS);
    int columns = wide ? WIDE_HEADINGS.length : HEADINGS.length;
    for (List<?> row : rows) {
      String state = string(row, STATE);
      String reason = text(row, REASON, "");
      String[] cells = new String[columns];
      cells[0] = string(row, NAME);
      cells[1] = state;
      cells[2] = text(row, PID, "-");
      cells[3] = row.get(UPTIME) instanceof Number n ? Units.duration(n.doubleValue()) : "-";
      cells[4] = text(row, RESTARTS, "-");
      cells[5] = row.get(CPU) instanceof Number n ? Units.percent(n.doubleValue()) : "-";
      cells[6] = row.get(MEMORY) instanceof Number n ? Units.bytes(n.doubleValue()) : "-";
      if (wide) {
        cells[7] = text(row, TASKS, "-");
        cells[8] = text(row, IN_WINDOW, "-") + "/" + text(row, MAX_RESTARTS, "-");
        cells[9] = yesNo(row, READY);
        cells[10] = yesNo(row, HEALTHY);
        cells[11] = yesNo(row, ENABLED);
        cells[12] =
            orDash(
                end(
                    text(row, EXIT_CAUSE, ""),
                    text(row, EXIT_CODE, ""),
                    text(row, EXIT_SIGNAL, "")));
        cells[13] = orDash(groups(row));
        cells[14] = text(row, INVOCATION, "-");
      }
      String detail = detail(reason, text(row, DETAIL, ""));
      cells[columns - 1] = wide ? detail : tasks(row, detail);
      String[] shown = cells.clone();
      shown[1] = style.state(state, state, reason);
      table.add(cells, shown);
    }
    return table;
  }

  /** Whether all of them are as they should be. */
  public static boolean isAsDesired(List<List<?>> rows) throws JsonException {
    for (List<?> row : rows) {
      Object value = row.get(AS_DESIRED);
      if (value != Json.NULL && !(value instanceof Boolean)) {
        throw wrong(AS_DESIRED, "true or false");
      }
      if (value == Boolean.FALSE) {
        return false;
      }
    }
    return true;
  }

  /** With what a worker has in hand in front, for which a narrow table has no column. */
  private static String tasks(List<?> row, String detail) throws JsonException {
    Object value = row.get(TASKS);
    if (value == Json.NULL) {
      return detail;
    }
    if (!(value instanceof Long tasks)) {
      throw wrong(TASKS, "an integer");
    }
    return tasks == 0
        ? detail
        : tasks + (tasks == 1 ? " task" : " tasks") + (detail.isEmpty() ? "" : "; " + detail);
  }

  /** Why it is dead, and the sentence: {@code backoff: exit 1 after 0.3s}. */
  public static String detail(String reason, String detail) {
    return reason.isEmpty() ? detail : detail.isEmpty() ? reason : reason + ": " + detail;
  }

  private static String groups(List<?> row) throws JsonException {
    if (!(row.get(GROUPS) instanceof List<?> groups)) {
      return "";
    }
    List<String> names = new ArrayList<>();
    for (Object group : groups) {
      if (!(group instanceof String name)) {
        throw wrong(GROUPS, "an array of strings");
      }
      names.add(name);
    }
    return String.join(",", names);
  }

  private static String string(List<?> row, int at) throws JsonException {
    if (row.get(at) instanceof String text) {
      return text;
    }
    throw row.get(at) == Json.NULL
        ? new JsonException(MEMBERS.get(at) + " is missing")
        : wrong(at, "a string");
  }

  private static JsonException wrong(int at, String type) {
    return new JsonException(MEMBERS.get(at) + " must be " + type);
  }

  private static String text(List<?> row, int at, String otherwise) {
    Object value = row.get(at);
    return value == Json.NULL ? otherwise : value.toString();
  }

  /**
   * How an invocation ended: {@code exit 1}, {@code signal KILL}, {@code requested}; empty if it
   * has not.
   */
  static String end(Members ended) {
    return end(
        text(ended, "exit_cause", ""),
        text(ended, "exit_code", ""),
        text(ended, "exit_signal", ""));
  }

  private static String end(String cause, String code, String signal) {
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

  private static String yesNo(List<?> row, int at) {
    return row.get(at) instanceof Boolean truth ? truth ? "yes" : "no" : "-";
  }

  /** A member as text, whatever its type. */
  static String text(Members item, String name, String otherwise) {
    Object value = item.values().getOrDefault(name, Json.NULL);
    return value == Json.NULL ? otherwise : value.toString();
  }
}
