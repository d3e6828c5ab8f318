package pm.cli.render;

import java.util.List;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The tables of {@code pmctl top}. */
public final class TopTables {
  private static final String[] POOL_HEADINGS = {
    "POOL",
    "STATE",
    "WORKERS",
    "QUEUED",
    "RUNNING",
    "OLDEST",
    "IN/S",
    "DONE/S",
    "FAILED/S",
    "WAIT",
    "RUN",
    "DETAIL"
  };
  private static final int[] POOL_WIDTHS = {6, 7, 18, 6, 7, 6, 6, 6, 8, 6, 6, 0};

  private static final String[] HEADINGS = {
    "NAME", "STATE", "PID", "CPU", "MEMORY", "UPTIME", "TASKS", "DETAIL"
  };
  private static final int[] WIDTHS = {6, 9, 7, 6, 8, 6, 5, 0};

  private TopTables() {}

  /** The pools with their rates. */
  public static Table pools(List<Members> pools, Style style) throws JsonException {
    Table table = new Table(POOL_HEADINGS, POOL_WIDTHS);
    for (Members pool : pools) {
      String state = PoolTable.state(pool);
      String[] plain = {
        pool.string("name"),
        state,
        PoolTable.workers(pool),
        StatusTable.text(pool, "queued", "-"),
        StatusTable.text(pool, "running", "-"),
        PoolTable.oldest(pool),
        rate(pool, "submitted_per_second"),
        rate(pool, "succeeded_per_second"),
        rate(pool, "failed_per_second"),
        time(pool, "mean_wait_seconds"),
        time(pool, "mean_run_seconds"),
        PoolTable.detail(pool)
      };
      String[] shown = plain.clone();
      shown[1] = style.task(state, state);
      table.add(plain, shown);
    }
    return table;
  }

  /** The instances that run. */
  public static Table instances(List<Members> instances, Style style) throws JsonException {
    Table table = new Table(HEADINGS, WIDTHS);
    for (Members item : instances) {
      String state = item.string("state");
      String[] plain = {
        item.string("name"),
        state,
        StatusTable.text(item, "pid", "-"),
        item.values().get("cpu_percent") instanceof Number n ? Units.percent(n.doubleValue()) : "-",
        item.values().get("memory_bytes") instanceof Number n ? Units.bytes(n.doubleValue()) : "-",
        item.values().get("uptime_seconds") instanceof Number n
            ? Units.duration(n.doubleValue())
            : "-",
        StatusTable.text(item, "tasks_in_hand", "-"),
        StatusTable.text(item, "detail", "")
      };
      String[] shown = plain.clone();
      shown[1] = style.state(state, state, "");
      table.add(plain, shown);
    }
    return table;
  }

  /** A number a second: {@code 0.3}, {@code 12}, {@code 48210}. */
  private static String rate(Members pool, String name) {
    return pool.values().get(name) instanceof Number number ? rate(number.doubleValue()) : "-";
  }

  /** As people read it: a digit behind the point only where it says something. */
  public static String rate(double rate) {
    String text = Double.toString(Math.round(rate * 10) / 10.0);
    return rate >= 100 || text.endsWith(".0") ? Long.toString(Math.round(rate)) : text;
  }

  private static String time(Members pool, String name) {
    return pool.values().get(name) instanceof Number number
        ? PoolTable.precise(number.doubleValue())
        : "-";
  }
}
