package pm.daemon.core.pool;

import java.util.random.RandomGenerator;
import pm.config.PoolSpec;

/** Which of the workers that could take a task gets it. */
sealed interface Strategy {

  /** Returns one of {@code open}, of which there is at least one. */
  Worker pick(OpenWorkers open);

  /** Returns the strategy that the rules of a pool name. */
  static Strategy of(PoolSpec spec, RandomGenerator random) {
    return switch (spec.strategy()) {
      case LEAST_BUSY -> new LeastBusy();
      case LEAST_CONNECTIONS -> new LeastConnections();
      case ROUND_ROBIN -> new RoundRobin();
      case WEIGHTED_ROUND_ROBIN -> new WeightedRoundRobin(spec);
      case RANDOM -> new Random(random);
    };
  }

  /** Who has done the fewest; of equals who has the fewest in hand; else the lowest slot. */
  final class LeastBusy implements Strategy {
    @Override
    public Worker pick(OpenWorkers open) {
      Worker best = open.get(0);
      for (int i = 1; i < open.size(); i++) {
        Worker next = open.get(i);
        int order = Long.compare(next.done, best.done);
        if (order == 0) {
          order = Integer.compare(next.inHand(), best.inHand());
        }
        if (order < 0 || (order == 0 && next.slot() < best.slot())) {
          best = next;
        }
      }
      return best;
    }
  }

  /** Who has the fewest in hand; of equals who has done the fewest; else the lowest slot. */
  final class LeastConnections implements Strategy {
    @Override
    public Worker pick(OpenWorkers open) {
      Worker best = open.get(0);
      for (int i = 1; i < open.size(); i++) {
        Worker next = open.get(i);
        int order = Integer.compare(next.inHand(), best.inHand());
        if (order == 0) {
          order = Long.compare(next.done, best.done);
        }
        if (order < 0 || (order == 0 && next.slot() < best.slot())) {
          best = next;
        }
      }
      return best;
    }
  }

  /** The next slot after the one before, and the first after the last. */
  final class RoundRobin implements Strategy {
    private int last;

    @Override
    public Worker pick(OpenWorkers open) {
      Worker best = open.get(0);
      for (int i = 1; i < open.size(); i++) {
        Worker next = open.get(i);
        boolean isAhead = next.slot() > last;
        if (isAhead == best.slot() > last ? next.slot() < best.slot() : isAhead) {
          best = next;
        }
      }
      last = best.slot();
      return best;
    }
  }

  /**
   * As often as their weights say, and evenly mixed: each time everybody gets a credit of his
   * weight, and who then has the most pays for all.
   */
  final class WeightedRoundRobin implements Strategy {
    private final PoolSpec spec;

    WeightedRoundRobin(PoolSpec spec) {
      this.spec = spec;
    }

    @Override
    public Worker pick(OpenWorkers open) {
      Worker best = open.get(0);
      int total = 0;
      for (int i = 0; i < open.size(); i++) {
        Worker next = open.get(i);
        int weight = spec.weight(next.slot());
        total += weight;
        next.credit += weight;
        if (next.credit > best.credit
            || (next.credit == best.credit && next.slot() < best.slot())) {
          best = next;
        }
      }
      best.credit -= total;
      return best;
    }
  }

  /** Any of them. */
  final class Random implements Strategy {
    private final RandomGenerator random;

    Random(RandomGenerator random) {
      this.random = random;
    }

    @Override
    public Worker pick(OpenWorkers open) {
      return open.get(random.nextInt(open.size()));
    }
  }
}
