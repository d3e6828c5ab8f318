package pm.daemon.core.pool;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import pm.config.PoolSpec;
import pm.daemon.core.pool.PoolOracle.Law;

/** Rules of a pool for the daemon that are not those which it is held against: planted bugs. */
public final class BentRules {

  private static final Map<Law, UnaryOperator<Rules>> BENT = new EnumMap<>(Law.class);

  static {
    BENT.put(Law.AT_LEAST_ONCE, rules -> rules.retries(7));
    BENT.put(Law.IN_ORDER, rules -> rules.aging(Duration.ofDays(2)));
    BENT.put(
        Law.BREAKER, rules -> rules.breaker(1_000, Duration.ofSeconds(1), PoolSpec.WhenOpen.HOLD));
    BENT.put(Law.REPLACED_FIRST, rules -> rules.recycle(1, Duration.ZERO, 0, 0));
    BENT.put(Law.STEADY, rules -> rules.idle(Duration.ofMillis(50)));
    BENT.put(Law.POOL_SIZE, Rules::oneWorkerMore);
    BENT.put(Law.CONCURRENCY, Rules::oneMoreInHand);
    BENT.put(Law.CAPACITY, Rules::moreRoom);
  }

  private BentRules() {}

  /** Returns how to bend the rules so that the law is broken; only for some laws. */
  public static UnaryOperator<PoolSpec> against(Law law) {
    UnaryOperator<Rules> bent = BENT.get(law);
    if (bent == null) {
      throw new IllegalArgumentException("no rules break " + law);
    }
    return rules -> bent.apply(Rules.of(rules)).build();
  }
}
