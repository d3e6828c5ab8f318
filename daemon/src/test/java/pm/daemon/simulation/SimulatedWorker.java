package pm.daemon.simulation;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;

/**
 * A process, with the two pipes and the sent mark through which daemons talk with it if it is a
 * worker: these outlive the daemons.
 */
final class SimulatedWorker {

  /** What lies in the pipe to it. */
  sealed interface Frame {
    record Task(TaskEffect.Send send) implements Frame {}

    record GiveUp(String id) implements Frame {}

    record Finish() implements Frame {}

    record Ping(int daemon, long number) implements Frame {}

    /** What a daemon left that was killed while it wrote. */
    record Torn() implements Frame {}
  }

  /** What lies in the pipe from it. */
  sealed interface Message {
    record Told(TaskReport report) implements Message {}

    record Pong(int daemon, long number) implements Message {}
  }

  /** A task that it has in hand. */
  record Hand(TaskEffect.Send send, long since, long deadline) {}

  /** So many frames go into the pipe to it. */
  static final int ROOM = 4;

  final InstanceName slot;
  final InvocationId id;
  final ProcessIdentity identity;

  /** Whether it can go on after half a frame. */
  final boolean isLineFramed;

  boolean isAlive = true;

  /** Whether a daemon has been told how it ended. */
  boolean isEndTold;

  boolean isStubborn;

  /** Whether it does not read what is sent to it. */
  boolean isDeaf;

  boolean hasClosedInput;
  boolean isFinishing;
  boolean isInputTorn;
  long sentMark;
  final ArrayDeque<Frame> input = new ArrayDeque<>();
  final ArrayDeque<Message> output = new ArrayDeque<>();

  /** By id: what was sent to it and it has not answered. */
  final Map<String, Hand> hands = new LinkedHashMap<>();

  /** All that it has ever said, and been given. */
  final Map<String, Set<String>> said = new HashMap<>();

  final Set<String> given = new HashSet<>();
  long lastSequence;

  SimulatedWorker(InstanceName slot, InvocationId id, int pid, boolean isLineFramed) {
    this.slot = slot;
    this.id = id;
    this.identity = new ProcessIdentity(pid, 10L * pid, pid);
    this.isLineFramed = isLineFramed;
  }

  @Override
  public String toString() {
    return slot + " " + id.hex().substring(0, 6) + (isAlive ? "" : " dead");
  }
}
