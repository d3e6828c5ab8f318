package pm.daemon.control;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import pm.config.ProgramSpec;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.PoolView;
import pm.protocol.ErrorCode;

/** Which pools there are. Loop thread only. */
final class PoolNames {
  private final ControlPorts ports;

  PoolNames(ControlPorts ports) {
    this.ports = ports;
  }

  /** Returns whether it is a pool that tasks can be put in. */
  boolean isPool(String name) {
    ProgramSpec spec = ports.supervisor().configuration().programs().get(name);
    return spec != null && spec.pool().isPresent();
  }

  /** Returns whether it is a pool, or was one that has tasks. */
  boolean isKnown(String name, Moment now) {
    return isPool(name)
        || ports.tasks().pools(now).stream().anyMatch(pool -> pool.name().equals(name));
  }

  /** Answers that there is no such pool, and what may have been meant. */
  void noPool(Call call, String name) {
    List<String> names = new ArrayList<>();
    for (ProgramSpec spec : ports.supervisor().configuration().programs().values()) {
      if (spec.pool().isPresent()) {
        names.add(spec.name());
      }
    }
    for (PoolView pool : ports.tasks().pools(ports.time().now())) {
      names.add(pool.name());
    }
    List<String> similar = Similar.to(name, names);
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("selector", name);
    data.put("similar", similar);
    String hint =
        ports.supervisor().configuration().programs().containsKey(name)
            ? "the program " + name + " has none: it needs type: worker and pool:"
            : ports.supervisor().configuration().invalid().containsKey(name)
                ? "the program " + name + " has an error: pmctl config check says which"
                : similar.isEmpty()
                    ? "pmctl pool show shows all"
                    : "did you mean " + String.join(" or ", similar) + "?";
    call.error(
        ErrorCode.NO_MATCH, "there is no pool " + Params.shortened(name) + "; " + hint, data);
  }
}
