package pm.cli.render;

import java.util.List;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The table of {@code pmctl task list}. */
public final class TaskTable {
  private static final String[] HEADINGS = {
    "ID", "TYPE", "STATE", "PRIORITY", "ATTEMPTS", "AGE", "TOOK", "WORKER", "DETAIL"
  };
  private static final int[] WIDTHS = {9, 7, 9, 8, 8, 6, 5, 6, 0};

  private static final String[] WIDE_HEADINGS = {
    "ID",
    "POOL",
    "TYPE",
    "STATE",
    "PRIORITY",
    "ATTEMPTS",
    "AGE",
    "TOOK",
    "WORKER",
    "ENQUEUED",
    "ENDED",
    "DATA",
    "RESULT",
    "BY",
    "DETAIL"
  };
  private static final int[] WIDE_WIDTHS = {9, 4, 7, 9, 8, 8, 6, 5, 6, 24, 24, 6, 6, 4, 0};

  private static final String[] POOL_HEADINGS = {
    "ID", "POOL", "TYPE", "STATE", "PRIORITY", "ATTEMPTS", "AGE", "TOOK", "WORKER", "DETAIL"
  };
  private static final int[] POOL_WIDTHS = {9, 4, 7, 9, 8, 8, 6, 5, 6, 0};

  private final Style style;
  private final boolean wide;
  private final boolean withPool;
  private int[] widths;
  private boolean isFirst = true;

  /**
   * @param wide whether there is room for all columns
   * @param withPool whether they may be of several pools
   */
  public TaskTable(boolean wide, boolean withPool, Style style) {
    this.style = style;
    this.wide = wide;
    this.withPool = withPool;
    this.widths = wide ? WIDE_WIDTHS : withPool ? POOL_WIDTHS : WIDTHS;
  }

  /**
   * The next page as text, the first one with headings. Columns only grow from page to page.
   *
   * @param columns what does not fit is cut off
   */
  public String page(List<Members> tasks, int columns) throws JsonException {
    Table table = new Table(wide ? WIDE_HEADINGS : withPool ? POOL_HEADINGS : HEADINGS, widths);
    for (Members task : tasks) {
      table.add(cells(task, false), cells(task, true));
    }
    widths = table.widths();
    String text = isFirst ? table.render(columns) : table.renderRows(columns);
    isFirst = false;
    return text;
  }

  private String[] cells(Members task, boolean colored) throws JsonException {
    String[] cells =
        new String[wide ? WIDE_HEADINGS.length : withPool ? POOL_HEADINGS.length : HEADINGS.length];
    String state = task.string("state");
    int at = 0;
    cells[at++] = task.string("id");
    if (wide || withPool) {
      cells[at++] = StatusTable.text(task, "pool", "-");
    }
    cells[at++] = StatusTable.text(task, "type", "-");
    cells[at++] = colored ? style.task(state, state) : state;
    cells[at++] = StatusTable.text(task, "priority", "-");
    cells[at++] = StatusTable.text(task, "attempts", "-");
    cells[at++] = age(task);
    cells[at++] = took(task);
    cells[at++] = StatusTable.text(task, "instance", "-");
    if (wide) {
      cells[at++] = StatusTable.text(task, "enqueued_at", "-");
      cells[at++] = StatusTable.text(task, "ended_at", "-");
      cells[at++] = bytes(task, "data_bytes");
      cells[at++] = bytes(task, "result_bytes");
      cells[at++] = StatusTable.text(task, "submitted_by", "-");
    }
    cells[at] = detail(task);
    return cells;
  }

  private static String age(Members task) {
    String enqueued = StatusTable.text(task, "enqueued_at", "");
    return enqueued.isEmpty() ? "-" : Units.duration(Units.since(enqueued));
  }

  /** How long the youngest attempt took, or has taken by now. */
  static String took(Members task) {
    String started = StatusTable.text(task, "started_at", "");
    String ended = StatusTable.text(task, "ended_at", "");
    boolean runs = StatusTable.text(task, "state", "").equals("RUNNING");
    if (started.isEmpty() || (ended.isEmpty() && !runs)) {
      return "-";
    }
    return Units.seconds(
        ended.isEmpty() ? Units.since(started) : Math.max(0, Units.between(started, ended)));
  }

  private static String bytes(Members task, String name) {
    return task.values().get(name) instanceof Number bytes ? Units.bytes(bytes.doubleValue()) : "-";
  }

  /** How far it is, when it is tried again, or why it has failed. */
  static String detail(Members task) {
    String error = StatusTable.text(task, "error", "");
    String state = StatusTable.text(task, "state", "");
    if (state.equals("RUNNING")) {
      String progress = progress(task);
      return progress.isEmpty() && !error.isEmpty() ? "before: " + error : progress;
    }
    String notBefore = StatusTable.text(task, "not_before", "");
    double wait = notBefore.isEmpty() ? 0 : Units.until(notBefore);
    if (state.equals("QUEUED") && wait > 0) {
      return (error.isEmpty() ? "in " : "again in ")
          + Units.seconds(wait)
          + (error.isEmpty() ? "" : ": " + error);
    }
    return error;
  }

  /** What its worker says of how far it is: {@code 0.4: resizing}. */
  static String progress(Members task) {
    String value = StatusTable.text(task, "progress", "");
    String message = StatusTable.text(task, "progress_message", "");
    String number = value.endsWith(".0") ? value.substring(0, value.length() - 2) : value;
    return number.isEmpty() || message.isEmpty() ? number + message : number + ": " + message;
  }

  /** A task in a few words, for who waits for it: {@code k3f9-7 (RUNNING on web@1, 0.4)}. */
  public static String inShort(Members task) {
    StringBuilder text = new StringBuilder(StatusTable.text(task, "id", ""));
    text.append(" (").append(StatusTable.text(task, "state", "-"));
    String instance = StatusTable.text(task, "instance", "");
    text.append(instance.isEmpty() ? "" : " on " + instance);
    String detail = detail(task);
    return text.append(detail.isEmpty() ? ")" : ", " + detail + ")").toString();
  }
}
