package pm.daemon.control;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import pm.config.ProgramSpec;
import pm.daemon.core.Supervisor;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceBounds;
import pm.daemon.core.model.InstanceName;
import pm.protocol.Json;
import pm.protocol.JsonException;

/**
 * What {@code describe} tells of an instance that is not part of it: what it depends on and what
 * depends on it, what operators have decided, how its hooks last ended. Gathered for all instances
 * of an answer at once, on the loop thread; read on any.
 */
final class Background {
  private static final int BATCH = 200;
  private static final int MOST_HOOKS = 8;
  private static final String HOOK = "\"kind\":\"hook\"";

  private final SortedMap<String, ProgramSpec> programs;
  private final Decisions decisions;
  private final Map<String, Map<String, Object>> states = new HashMap<>();
  private final Map<InstanceName, List<String>> hooks;

  private Background(
      SortedMap<String, ProgramSpec> programs,
      Decisions decisions,
      Map<InstanceName, List<String>> hooks) {
    this.programs = programs;
    this.decisions = decisions;
    this.hooks = hooks;
  }

  static Background of(Supervisor supervisor, EventSource events) {
    Background background =
        new Background(
            supervisor.configuration().programs(), supervisor.decisions(), hooks(events));
    for (Instance instance : supervisor.instances()) {
      background
          .states
          .computeIfAbsent(instance.name().program(), program -> new LinkedHashMap<>())
          .put(instance.name().toString(), instance.state().name());
    }
    return background;
  }

  /** The last ones of those that are in memory: how they ended is said by events. */
  private static Map<InstanceName, List<String>> hooks(EventSource events) {
    Map<InstanceName, List<String>> hooks = new HashMap<>();
    long at = events.firstInMemory() - 1;
    List<EventSource.Event> batch = events.after(at, BATCH);
    while (!batch.isEmpty()) {
      for (EventSource.Event event : batch) {
        at = event.seq();
        if (event.instance().isPresent() && event.json().contains(HOOK)) {
          List<String> known =
              hooks.computeIfAbsent(event.instance().get(), name -> new ArrayList<>());
          known.add(event.json());
          if (known.size() > MOST_HOOKS) {
            known.removeFirst();
          }
        }
      }
      batch = events.after(at, BATCH);
    }
    return hooks;
  }

  /** Adds what there is to say of an instance. */
  void putTo(Map<String, Object> json, InstanceName name) {
    json.put("depends_on", dependencies(name.program()));
    json.put("dependants", dependants(name.program()));
    Optional<String> disabledBy = decisions.disabledBy(name);
    json.put("disabled_by", disabledBy.isPresent() ? disabledBy.get() : Json.NULL);
    Decisions.Scaled scaled = decisions.scaled().get(name.program());
    json.put("scaled", scaled == null ? Json.NULL : scaled(scaled));
    json.put("hooks", hooks(name));
  }

  private List<Object> dependencies(String program) {
    List<Object> all = new ArrayList<>();
    ProgramSpec spec = programs.get(program);
    if (spec != null) {
      spec.dependsOn().forEach((name, condition) -> all.add(dependency(name, condition.word())));
    }
    return all;
  }

  private List<Object> dependants(String program) {
    List<Object> all = new ArrayList<>();
    for (ProgramSpec other : programs.values()) {
      if (other.dependsOn().containsKey(program)) {
        all.add(dependency(other.name(), other.dependsOn().get(program).word()));
      }
    }
    return all;
  }

  private Map<String, Object> dependency(String program, String condition) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("program", program);
    json.put("condition", condition);
    json.put("instances", states.getOrDefault(program, Map.of()));
    return json;
  }

  private static Map<String, Object> scaled(Decisions.Scaled scaled) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("count", bounds(scaled.bounds()));
    json.put("configured", bounds(scaled.configured()));
    json.put("by", scaled.by());
    return json;
  }

  private static Object bounds(InstanceBounds bounds) {
    if (bounds.min() == bounds.max()) {
      return (long) bounds.max();
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("min", (long) bounds.min());
    json.put("max", (long) bounds.max());
    return json;
  }

  private List<Object> hooks(InstanceName name) {
    List<Object> ends = new ArrayList<>();
    for (String event : hooks.getOrDefault(name, List.of())) {
      try {
        Map<String, Object> json = new LinkedHashMap<>();
        if (Json.parse(event) instanceof Map<?, ?> members) {
          json.put("at", members.containsKey("time") ? members.get("time") : Json.NULL);
          json.put("end", members.containsKey("message") ? members.get("message") : Json.NULL);
          json.put("failed", Boolean.TRUE.equals(members.get("grave")));
        }
        ends.add(json);
      } catch (JsonException e) {
        throw new IllegalStateException("an event is not JSON", e);
      }
    }
    return ends;
  }
}
