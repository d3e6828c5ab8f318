package pm.daemon;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import pm.daemon.core.Supervisor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Phase;

/** How all programs are, in a few words: {@code 12 programs: 11 up, 1 failed}. Loop thread only. */
final class StatusSentence implements Supplier<String> {

  /** How a program is: as the instance of it that is worst off. */
  private enum Standing {
    UP,
    STOPPED,
    COMPLETED,
    WAITING,
    STOPPING,
    STARTING,
    UNHEALTHY,
    FAILED;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Supervisor supervisor;

  StatusSentence(Supervisor supervisor) {
    this.supervisor = supervisor;
  }

  @Override
  public String get() {
    Map<String, Standing> programs = new HashMap<>();
    for (Instance instance : supervisor.instances()) {
      programs.merge(
          instance.name().program(),
          standing(instance),
          (one, other) -> one.compareTo(other) >= 0 ? one : other);
    }
    Map<Standing, Integer> counts = new EnumMap<>(Standing.class);
    programs.values().forEach(standing -> counts.merge(standing, 1, Integer::sum));
    StringBuilder sentence = new StringBuilder();
    sentence.append(programs.size()).append(programs.size() == 1 ? " program" : " programs");
    char separator = ':';
    for (Standing standing : counts.keySet().stream().sorted(Comparator.naturalOrder()).toList()) {
      sentence.append(separator).append(' ');
      sentence.append(counts.get(standing)).append(' ').append(standing.word());
      separator = ',';
    }
    return sentence.toString();
  }

  private static Standing standing(Instance instance) {
    if (instance.phase() instanceof Phase.Dead dead) {
      return standing(dead.reason());
    }
    return switch (instance.state()) {
      case IDLE, BUSY -> Standing.UP;
      case STARTING -> Standing.STARTING;
      case UNHEALTHY -> Standing.UNHEALTHY;
      case STOPPING -> Standing.STOPPING;
      case DEAD -> throw new IllegalStateException("DEAD in phase " + instance.phase());
    };
  }

  private static Standing standing(DeadReason reason) {
    return switch (reason) {
      case NEW, DISABLED, STOPPED -> Standing.STOPPED;
      case COMPLETED -> Standing.COMPLETED;
      case WAITING, SCHEDULED, BACKOFF -> Standing.WAITING;
      case FAILED, INVALID -> Standing.FAILED;
    };
  }
}
