package pm.daemon.core.pool;

import java.util.LinkedHashMap;
import java.util.Map;

/** Totals of a pool since this daemon began. */
final class Counts {
  long submitted;
  long succeeded;
  long failed;
  long timedOut;
  long cancelled;
  long attempts;
  long retried;
  long lost;
  long stale;
  long refusedFull;

  Map<String, Long> named() {
    Map<String, Long> named = new LinkedHashMap<>();
    named.put("submitted", submitted);
    named.put("succeeded", succeeded);
    named.put("failed", failed);
    named.put("timed_out", timedOut);
    named.put("cancelled", cancelled);
    named.put("attempts", attempts);
    named.put("retried", retried);
    named.put("lost", lost);
    named.put("stale", stale);
    named.put("refused_full", refusedFull);
    return named;
  }
}
