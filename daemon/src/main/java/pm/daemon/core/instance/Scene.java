package pm.daemon.core.instance;

import java.util.List;
import java.util.random.RandomGenerator;
import pm.config.ProgramSpec;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Happening;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.Moment;
import pm.daemon.core.model.Phase;

/**
 * What every transition of an instance needs to know.
 *
 * @param instance it, before
 * @param spec the definition in force
 * @param now the time
 * @param random draws the jitter of restarts
 */
record Scene(Instance instance, ProgramSpec spec, Moment now, RandomGenerator random) {

  /** For transitions that draw nothing. */
  static final RandomGenerator NO_CHANCE =
      () -> {
        throw new IllegalStateException("nothing is drawn here");
      };

  /** Nothing changes. */
  Step same(Effect... effects) {
    return Step.of(instance, effects);
  }

  Step to(Phase next, Effect... effects) {
    return Step.of(instance.in(next), effects);
  }

  Step to(Phase next, List<Effect> effects) {
    return new Step(instance.in(next), effects);
  }

  /** Something that is no change of its state, to be said. */
  Effect note(String type, String detail, boolean grave) {
    return new Effect.Publish(
        new Happening.InstanceNote(now, instance.name(), type, detail, grave, Actor.POLICY));
  }

  IllegalStateException impossible(Object what) {
    return new IllegalStateException(
        instance.name() + " in " + instance.phase() + " cannot take: " + what);
  }
}
