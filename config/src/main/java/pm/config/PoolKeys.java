package pm.config;

import static pm.config.KeyType.SIZE;
import static pm.config.KeyType.SPAN;
import static pm.config.KeyType.TEXT;
import static pm.config.KeyType.any;
import static pm.config.KeyType.below;
import static pm.config.KeyType.list;
import static pm.config.KeyType.whole;
import static pm.config.KeyType.words;

import java.util.List;

/** The keys of a pool, a part of {@link ProgramKeys}. All of them are live. */
final class PoolKeys {
  private PoolKeys() {}

  private static final KeyType PERCENT =
      any(whole(1, 100), new KeyType.Form("([1-9][0-9]?|100)%", "percent such as 80%"));

  static final Keys SCALE_UP =
      Keys.of(
          "pool.scale_up",
          Key.live(
              "wait",
              SPAN,
              "1s",
              "When the oldest task that could be dispatched has waited so long.",
              "5s"),
          Key.live(
              "step",
              whole(1, PoolSpec.MOST),
              "2",
              "So many more are started at once, never more than `max` in all.",
              "4"));

  static final Keys SCALE_DOWN =
      Keys.of(
          "pool.scale_down",
          Key.live(
              "idle",
              SPAN,
              "60s",
              "An instance that has had no task for so long is stopped while there are more than"
                  + " `min`; more than 0.",
              "10m"));

  static final Keys RECYCLE =
      Keys.of(
          "pool.recycle",
          Key.live(
              "max_tasks",
              whole(1, PoolSpec.Recycle.MOST_TASKS),
              "null",
              "For an instance that has done so many tasks another is started. It goes on until that"
                  + " one is up, but does no more than twice as many.",
              "1000"),
          Key.live(
              "max_age",
              SPAN,
              "null",
              "An instance that is so old is replaced; more than 0.",
              "12h"),
          Key.live(
              "max_memory",
              SIZE,
              "null",
              "An instance whose processes together use more is replaced; from 1MiB.",
              "512MiB"),
          Key.live(
              "jitter",
              new KeyType.Decimal(0, 1),
              "0",
              "Fraction by which `max_tasks` and `max_age` may be smaller by chance, so that not"
                  + " all are replaced at once; 0 to 1.",
              "0.2"));

  static final Keys THROTTLE =
      Keys.of(
          "pool.throttle",
          Key.live(
              "cpu",
              PERCENT,
              "null",
              "Percent of the processors of the whole machine, all of them together.",
              "80%"),
          Key.live(
              "memory", PERCENT, "null", "Percent of the memory of the whole machine.", "90%"));

  static final Keys STALL =
      Keys.of(
          "pool.stall",
          Key.live(
              "after",
              SPAN,
              "null",
              "The pool is stuck when tasks wait and none has ended for so long; more than 0.",
              "10m"),
          Key.live(
              "action",
              words(PoolSpec.StallAction.values()),
              "report",
              "What is done then: it is only said, or its instances are restarted.",
              "restart"));

  static final Keys QUEUE =
      Keys.of(
          "pool.queue",
          Key.live(
              "capacity",
              whole(1, PoolSpec.QueueSpec.MOST_CAPACITY),
              "1000",
              "So many tasks may wait; what comes when it is full is refused.",
              "50000"),
          Key.live(
              "aging",
              SPAN,
              "5m",
              "A task that has waited so long rises one level (low, normal, high, critical); more"
                  + " than 0.",
              "1m"));

  static final Keys BACKOFF =
      Keys.of(
          "pool.task.backoff",
          Key.live("delay", SPAN, "1s", "Before the second attempt; at most `max_delay`.", "250ms"),
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
              "0.1",
              "Fraction by which a delay may be shorter by chance, 0 to 1; it is never longer.",
              "0.5"));

  static final Keys TASK =
      Keys.of(
          "pool.task",
          Key.live(
              "timeout",
              SPAN,
              "5m",
              "How long one attempt may take, unless the task says another limit; more than 0."
                  + " Then the worker is told to cancel it, and killed if it does not answer within"
                  + " `stop.timeout`.",
              "30s"),
          Key.live(
              "retries",
              whole(0, PoolSpec.TaskRules.MOST_RETRIES),
              "3",
              "Attempts after the first one that failed.",
              "0"),
          Key.live("backoff", below(BACKOFF), "", "How long it waits before each of them.", ""),
          Key.live(
              "keep",
              SPAN,
              "24h",
              "How long a task is known once it has ended, with its result; `0s`: not at all.",
              "7d"),
          Key.live(
              "keep_max",
              whole(0, PoolSpec.TaskRules.MOST_KEPT),
              "10000",
              "So many tasks that have ended are known, the youngest.",
              "500"),
          Key.live(
              "poison_after",
              whole(1, PoolSpec.TaskRules.MOST_RETRIES),
              "2",
              "A task that was in hand of so many workers when they died is given up.",
              "1"));

  static final Keys BREAKER =
      Keys.of(
          "pool.breaker",
          Key.live(
              "failures",
              whole(1, PoolSpec.BreakerSpec.MOST_FAILURES),
              "5",
              "So many failed attempts in a row open it: nothing more is dispatched.",
              "20"),
          Key.live(
              "reset_after",
              SPAN,
              "60s",
              "So long after that one attempt is let through; its success closes it; more than 0.",
              "5m"),
          Key.live(
              "when_open",
              words(PoolSpec.WhenOpen.values()),
              "hold",
              "What becomes of tasks that are submitted meanwhile: they wait, or are refused.",
              "reject"));

  static final Keys POOL =
      Keys.of(
          "pool",
          Key.live(
              "min",
              whole(0, PoolSpec.MOST),
              "1",
              "Instances that are kept, at most `max`; 0: they are started on demand.",
              "0"),
          Key.live(
              "max",
              whole(1, PoolSpec.MOST),
              "1",
              "Most instances. Their number follows the work if it is more than `min`.",
              "8"),
          Key.live("scale_up", below(SCALE_UP), "", "When more are started.", ""),
          Key.live("scale_down", below(SCALE_DOWN), "", "When some are stopped.", ""),
          Key.live(
              "strategy",
              words(PoolSpec.Strategy.values()),
              "least-busy",
              "Which instance gets the next task: the one that has done the fewest; the one that"
                  + " has the fewest in hand; one after the other; one after the other, each as"
                  + " often as its weight says; any.",
              "round-robin"),
          Key.live(
              "weights",
              list(whole(1, PoolSpec.MOST_WEIGHT)),
              "[]",
              "Of the first instance, the second and so on, each 1 to 100; only with"
                  + " weighted-round-robin. One that is missing is 1.",
              "[3, 1]"),
          Key.live(
              "concurrency",
              whole(1, PoolSpec.MOST_CONCURRENCY),
              "1",
              "Tasks that one instance has in hand at one time.",
              "16"),
          Key.live(
              "accepts",
              list(TEXT),
              "[\"*\"]",
              "Types of tasks that it takes. `*` stands for any characters, `?` for one.",
              "[\"mail.*\", invoice]"),
          Key.live(
              "recycle",
              below(RECYCLE),
              "",
              "When an instance is replaced by a new one, between tasks. With any of these there is"
                  + " one instance more, which replaces the others.",
              ""),
          Key.live(
              "throttle",
              below(THROTTLE),
              "",
              "While the machine uses more, nothing is dispatched and the pool shrinks towards"
                  + " `min`.",
              ""),
          Key.live("stall", below(STALL), "", "When the pool counts as stuck.", ""),
          Key.live("queue", below(QUEUE), "", "Tasks that wait.", ""),
          Key.live("task", below(TASK), "", "What becomes of each task.", ""),
          Key.live("breaker", below(BREAKER), "", "When no more tasks are tried for a while.", ""));

  /** It and all below it. */
  static final List<Keys> ALL =
      List.of(POOL, SCALE_UP, SCALE_DOWN, RECYCLE, THROTTLE, STALL, QUEUE, TASK, BACKOFF, BREAKER);
}
