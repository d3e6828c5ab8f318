package pm.cli.render;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The text of {@code pmctl pool show} for one pool. */
public final class PoolSheet {
  private static final String[] HEADINGS = {"NAME", "STATE", "IN HAND", "DONE"};
  private static final int[] WIDTHS = {6, 9, 7, 0};

  private PoolSheet() {}

  /**
   * Everything about a pool.
   *
   * @param rules the definition of its program, whose {@code pool} is shown; empty if there is none
   *     any more
   */
  public static String of(Members pool, Optional<Members> rules, Style style) throws JsonException {
    Sheet sheet = new Sheet(pool.string("name"), style);
    String state = PoolTable.state(pool);
    sheet.shown("State", style.task(Escapes.cell(state), state));
    sheet.field("Detail", PoolTable.detail(pool));
    sheet.field("Workers", PoolTable.workers(pool) + least(pool));
    sheet.field("Queued", queued(pool));
    sheet.field("Oldest waits", PoolTable.oldest(pool).replace("-", ""));
    sheet.field("Running", PoolTable.number(pool, "running"));
    sheet.field("Breaker", breaker(pool));
    sheet.field("Since start", PoolTable.counts(pool));
    sheet.field("Waits", PoolTable.histogram(pool, "waits"));
    sheet.field("Runs", PoolTable.histogram(pool, "runs"));
    workers(sheet, pool);
    Optional<Members> definition =
        rules.isPresent() ? rules.get().optionalObject("pool") : Optional.empty();
    if (definition.isPresent()) {
      sheet.heading("Rules");
      for (String line : YamlText.document(definition.get().values()).split("\n", -1)) {
        sheet.lines(Escapes.visible(line));
      }
    }
    return sheet.text();
  }

  private static String least(Members pool) {
    String min = StatusTable.text(pool, "min", "");
    return min.isEmpty() || min.equals(PoolTable.number(pool, "max")) ? "" : ", at least " + min;
  }

  private static String queued(Members pool) throws JsonException {
    List<String> levels = new ArrayList<>();
    for (String level : PoolTable.LEVELS) {
      long depth = PoolTable.depth(pool, level);
      if (depth > 0) {
        levels.add(depth + " " + level);
      }
    }
    long delayed = pool.optionalLong("delayed").orElse(0);
    return PoolTable.number(pool, "queued")
        + " of "
        + PoolTable.number(pool, "capacity")
        + (levels.isEmpty() ? "" : ": " + String.join(", ", levels))
        + (delayed == 0 ? "" : "; " + delayed + " of them wait for their time");
  }

  private static String breaker(Members pool) {
    String breaker = StatusTable.text(pool, "breaker", "");
    String until = StatusTable.text(pool, "breaker_until", "");
    return until.isEmpty() ? breaker : breaker + ", a trial is let through at " + until;
  }

  private static void workers(Sheet sheet, Members pool) throws JsonException {
    if (pool.objects("workers").isEmpty()) {
      return;
    }
    sheet.heading("Workers");
    Table table = new Table(HEADINGS, WIDTHS);
    for (Members worker : pool.objects("workers")) {
      table.add(
          StatusTable.text(worker, "instance", "-"),
          StatusTable.text(worker, "state", "-"),
          StatusTable.text(worker, "in_hand", "-"),
          StatusTable.text(worker, "done", "-"));
    }
    sheet.lines(table.render());
  }
}
