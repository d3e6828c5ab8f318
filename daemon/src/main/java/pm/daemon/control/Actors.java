package pm.daemon.control;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.core.model.Actor;
import pm.protocol.Json;

/** Who asks. Loop thread only. */
final class Actors {
  private static final Logger LOG = LoggerFactory.getLogger(Actors.class);

  /** Parameters of {@code run} and {@code submit} that are never in the log. */
  private static final Set<String> PRIVATE = Set.of("definition", "data", "tasks");

  private final Queries queries;
  private final UserNames users = new UserNames();

  Actors(Queries queries) {
    this.queries = queries;
  }

  /** Returns who it is if the name has been looked up. */
  Optional<Actor> known(Peer peer) {
    return users.known(peer.uid()).map(name -> new Actor(name, peer.uid(), peer.pid()));
  }

  /**
   * Goes on with who asks; a name that is not known yet is looked up off the loop first. If the
   * rest fails, the call is answered so.
   */
  void with(Call call, Requests requests, Consumer<Actor> then) {
    Peer peer = call.connection().peer();
    Optional<Actor> known = known(peer);
    if (known.isPresent()) {
      if (LOG.isDebugEnabled()) {
        LOG.debug("{}: {} {}", who(known.get()), call.method().wireName(), shortParams(call));
      }
      then.accept(known.get());
      return;
    }
    queries.onPool(
        call,
        () -> UserNames.lookUp(peer.uid()),
        found -> {
          users.remember(peer.uid(), found);
          guarded(call, requests, () -> with(call, requests, then));
        });
  }

  /** Does work; if it fails, the call is answered that we have a defect. */
  void guarded(Call call, Requests requests, Runnable work) {
    try {
      work.run();
    } catch (RuntimeException e) {
      queries.failed(call, e);
      requests.drop(call);
    }
  }

  static String who(Actor actor) {
    return actor.name() + " (uid " + actor.uid() + ", pid " + actor.pid() + ")";
  }

  /** What a program or a task is given is its own affair, and may be secret. */
  private static String shortParams(Call call) {
    Map<String, Object> shown = new LinkedHashMap<>(call.params().values());
    shown.replaceAll((name, value) -> PRIVATE.contains(name) ? DefinitionJson.HIDDEN : value);
    return Params.shortened(Json.write(shown));
  }
}
