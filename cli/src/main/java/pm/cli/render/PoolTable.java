package pm.cli.render;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The table of {@code pmctl pool show}. */
public final class PoolTable {
  private static final String[] HEADINGS = {
    "POOL", "STATE", "WORKERS", "QUEUED", "RUNNING", "OLDEST", "DONE", "FAILED", "BREAKER", "DETAIL"
  };
  private static final int[] WIDTHS = {6, 7, 18, 6, 7, 6, 5, 6, 7, 0};

  private static final String[] WIDE_HEADINGS = {
    "POOL",
    "STATE",
    "WORKERS",
    "QUEUED",
    "CRITICAL",
    "HIGH",
    "NORMAL",
    "LOW",
    "DELAYED",
    "CAPACITY",
    "RUNNING",
    "OLDEST",
    "DONE",
    "FAILED",
    "TIMED OUT",
    "CANCELLED",
    "RETRIED",
    "LOST",
    "REFUSED",
    "BREAKER",
    "DETAIL"
  };
  private static final int[] WIDE_WIDTHS = {
    6, 7, 18, 6, 8, 4, 6, 3, 7, 8, 7, 6, 5, 6, 9, 9, 7, 4, 7, 7, 0
  };

  /** The levels, the most urgent first. */
  static final String[] LEVELS = {"critical", "high", "normal", "low"};

  /** What is shown of workers, where there are any in it. */
  private static final String[] STATES = {"BUSY", "IDLE", "STARTING", "UNHEALTHY", "STOPPING"};

  private PoolTable() {}

  /** The table of the items of {@code pool.list}; the last column is why it is so. */
  public static Table of(List<Members> pools, boolean wide, Style style) throws JsonException {
    Table table = wide ? new Table(WIDE_HEADINGS, WIDE_WIDTHS) : new Table(HEADINGS, WIDTHS);
    for (Members pool : pools) {
      List<String> cells = new ArrayList<>();
      cells.add(pool.string("name"));
      cells.add(state(pool));
      cells.add(workers(pool));
      cells.add(wide ? number(pool, "queued") : queued(pool));
      if (wide) {
        for (String level : LEVELS) {
          cells.add(Long.toString(depth(pool, level)));
        }
        cells.add(number(pool, "delayed"));
        cells.add(number(pool, "capacity"));
      }
      cells.add(number(pool, "running"));
      cells.add(oldest(pool));
      cells.add(Long.toString(count(pool, "succeeded")));
      if (wide) {
        for (String name :
            new String[] {"failed", "timed_out", "cancelled", "retried", "lost", "refused_full"}) {
          cells.add(Long.toString(count(pool, name)));
        }
      } else {
        cells.add(Long.toString(count(pool, "failed") + count(pool, "timed_out")));
      }
      cells.add(StatusTable.text(pool, "breaker", "-"));
      cells.add(detail(pool));
      String[] plain = cells.toArray(new String[0]);
      String[] shown = plain.clone();
      shown[1] = style.task(plain[1], plain[1]);
      table.add(plain, shown);
    }
    return table;
  }

  /** In one word: {@code open}, {@code paused}, {@code draining}, {@code held}, {@code stalled}. */
  public static String state(Members pool) throws JsonException {
    String intake = StatusTable.text(pool, "intake", "-");
    return pool.bool("stalled", false)
        ? "stalled"
        : !intake.equals("open") ? intake : pool.has("held") ? "held" : "open";
  }

  /** As {@code 2 busy 1 idle of 4}. */
  static String workers(Members pool) throws JsonException {
    StringBuilder text = new StringBuilder();
    for (String state : STATES) {
      int count = 0;
      for (Members worker : pool.objects("workers")) {
        count += StatusTable.text(worker, "state", "").equals(state) ? 1 : 0;
      }
      if (count > 0) {
        text.append(count).append(' ').append(lower(state)).append(' ');
      }
    }
    return (text.isEmpty() ? "0 " : text) + "of " + number(pool, "max");
  }

  private static String lower(String word) {
    return word.toLowerCase(java.util.Locale.ROOT);
  }

  /** How many tasks wait, with those that are not of the usual level: {@code 120 (2 high)}. */
  static String queued(Members pool) throws JsonException {
    StringBuilder text = new StringBuilder(number(pool, "queued"));
    String separator = " (";
    for (String level : LEVELS) {
      long depth = depth(pool, level);
      if (depth > 0 && !level.equals("normal")) {
        text.append(separator).append(depth).append(' ').append(level);
        separator = ", ";
      }
    }
    return text.append(separator.equals(", ") ? ")" : "").toString();
  }

  static long depth(Members pool, String level) throws JsonException {
    Optional<Members> depth = pool.optionalObject("depth");
    return depth.isPresent() ? depth.get().optionalLong(level).orElse(0) : 0;
  }

  static String oldest(Members pool) {
    return pool.values().get("oldest_wait_seconds") instanceof Number seconds
            && seconds.doubleValue() > 0
        ? Units.seconds(seconds.doubleValue())
        : "-";
  }

  /** One of the totals since the daemon began. */
  public static long count(Members pool, String name) throws JsonException {
    Optional<Members> counts = pool.optionalObject("counts");
    return counts.isPresent() ? counts.get().optionalLong(name).orElse(0) : 0;
  }

  /** Why nothing is given out, what is wrong, and what to do. */
  static String detail(Members pool) throws JsonException {
    List<String> parts = new ArrayList<>();
    if (pool.has("held")) {
      parts.add(StatusTable.text(pool, "held", ""));
    }
    if (pool.bool("stalled", false)) {
      parts.add("tasks wait, and none has ended for longer than stall.after");
    }
    String breaker = StatusTable.text(pool, "breaker", "closed");
    if (!pool.has("held") && breaker.equals("open") && pool.has("breaker_until")) {
      parts.add(
          "the breaker lets a trial through in "
              + Units.seconds(Units.until(StatusTable.text(pool, "breaker_until", ""))));
    }
    String intake = StatusTable.text(pool, "intake", "open");
    if (intake.equals("removed")) {
      parts.add("it is no longer configured: pmctl task list " + pool.string("name"));
    } else if (!intake.equals("open")) {
      parts.add("open it again with: pmctl pool resume " + pool.string("name"));
    }
    return String.join("; ", parts);
  }

  /** A number as it is, or a dash. */
  static String number(Members pool, String name) {
    return StatusTable.text(pool, name, "-");
  }

  /** How often something lasted how long, in a few words; empty if it never did. */
  static String histogram(Members pool, String name) throws JsonException {
    Optional<Members> histogram = pool.optionalObject(name);
    long count = histogram.isPresent() ? histogram.get().optionalLong("count").orElse(0) : 0;
    if (count == 0 || histogram.isEmpty()) {
      return "";
    }
    double sum =
        histogram.get().values().get("sum_seconds") instanceof Number n ? n.doubleValue() : 0;
    return "mean "
        + precise(sum / count)
        + ", half "
        + quantile(histogram.get(), count, 0.5)
        + ", 95% "
        + quantile(histogram.get(), count, 0.95);
  }

  private static String quantile(Members histogram, long count, double share) throws JsonException {
    List<?> bounds = histogram.list("bounds_seconds");
    List<?> counts = histogram.list("counts");
    long seen = 0;
    String last = "0s";
    for (int i = 0; i < bounds.size() && i < counts.size(); i++) {
      seen += counts.get(i) instanceof Number n ? n.longValue() : 0;
      last = bounds.get(i) instanceof Number bound ? precise(bound.doubleValue()) : last;
      if (seen >= share * count) {
        return "within " + last;
      }
    }
    return "not within " + last;
  }

  /** A time that may be far shorter than a second: {@code 0.4ms}, {@code 12ms}, {@code 3.2s}. */
  static String precise(double seconds) {
    if (seconds >= 1) {
      return Units.seconds(seconds);
    }
    double millis = seconds * 1000;
    double shown = millis >= 10 ? Math.rint(millis) : Math.rint(millis * 10) / 10;
    String text = Double.toString(shown);
    return (text.endsWith(".0") ? text.substring(0, text.length() - 2) : text) + "ms";
  }

  /** Members of {@code counts}, in the order in which they came, as words. */
  static String counts(Members pool) throws JsonException {
    Optional<Members> counts = pool.optionalObject("counts");
    List<String> words = new ArrayList<>();
    if (counts.isPresent()) {
      for (Map.Entry<String, Object> each : counts.get().values().entrySet()) {
        if (each.getValue() instanceof Number number && number.longValue() > 0) {
          words.add(number + " " + each.getKey().replace('_', ' '));
        }
      }
    }
    return words.isEmpty() ? "nothing" : String.join(", ", words);
  }
}
