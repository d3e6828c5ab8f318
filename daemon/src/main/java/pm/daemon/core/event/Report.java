package pm.daemon.core.event;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.HookEnd;
import pm.daemon.core.model.HookKind;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.ProcessIdentity;

/**
 * What happened.
 *
 * <p>Those about an invocation carry its id; one about an invocation that is over is dropped and
 * counted, which ends all races between an exit, a late answer and a restart.
 */
public sealed interface Report extends Event {

  /** A report about one invocation. */
  sealed interface OfInvocation extends Report {
    /** Returns the invocation it is about. */
    InvocationId invocation();
  }

  /**
   * Its process runs: exec has succeeded. Also the answer where a lost spawn was found.
   *
   * @param notes what of its limits could not be enforced, in words
   * @param isEnforced whether the kernel itself holds its limits of memory, cpu and tasks; they are
   *     watched where it does not
   */
  record Spawned(
      InvocationId invocation, ProcessIdentity process, List<String> notes, boolean isEnforced)
      implements OfInvocation {
    public Spawned {
      notes = List.copyOf(notes);
    }

    /** One whose limits are all enforced if there is no note. */
    public Spawned(InvocationId invocation, ProcessIdentity process, List<String> notes) {
      this(invocation, process, notes, notes.isEmpty());
    }

    /** One of which nothing is enforced. */
    public Spawned(InvocationId invocation, ProcessIdentity process) {
      this(invocation, process, List.of(), false);
    }
  }

  /**
   * It could not be started, and certainly no process of it lives.
   *
   * @param stage where it failed: {@code user}, {@code working_dir}, {@code log}, {@code exec} …
   * @param reason the rest of the sentence: {@code no such user: wwww}
   * @param shortage whether the host was short of something, so that trying again may help
   */
  record SpawnFailed(InvocationId invocation, String stage, String reason, boolean shortage)
      implements OfInvocation {
    /** Returns such as {@code cannot run /opt/app/srv: No such file or directory}. */
    public String inWords() {
      return stage.equals("exec") ? "cannot run " + reason : stage + ": " + reason;
    }
  }

  /**
   * Its main process has ended; it is not reaped yet.
   *
   * @param remains whether anything that it started still runs; if not, its output is all read
   * @param oom whether the kernel killed it for want of memory
   */
  record Exited(InvocationId invocation, ExitStatus status, boolean remains, boolean oom)
      implements OfInvocation {
    /** One that did not end for want of memory. */
    public Exited(InvocationId invocation, ExitStatus status, boolean remains) {
      this(invocation, status, remains, false);
    }
  }

  /** Nothing of it is left, main process included, and its output is all read. */
  record RemainsGone(InvocationId invocation) implements OfInvocation {}

  /**
   * Some of it is still there although it was killed.
   *
   * @param pids what was found at the last look
   */
  record RemainsLeft(InvocationId invocation, List<Integer> pids) implements OfInvocation {}

  /** A process that a daemon before us started is found, is its own, and is watched again. */
  record Adopted(InvocationId invocation, ProcessIdentity process) implements OfInvocation {}

  /** The start of it had been decided, and no process of it was ever made. */
  record NeverSpawned(InvocationId invocation) implements OfInvocation {}

  /**
   * It has said that it is ready, other than by sd_notify.
   *
   * @param how such as {@code a newline on descriptor 3}
   */
  record BecameReady(InvocationId invocation, String how) implements OfInvocation {}

  /**
   * One of its processes has said something by sd_notify(3). Those that wait to be read are read
   * before an end is judged: a process may name another as the main one and then end.
   */
  record Notified(InvocationId invocation, Notification notification) implements OfInvocation {}

  /**
   * A check has ended.
   *
   * @param number that of the {@link Effect.Check} or {@link Effect.Ping}
   * @param detail what was seen, in words: {@code connection refused}
   */
  record Checked(InvocationId invocation, long number, boolean passed, String detail)
      implements OfInvocation {}

  /** What it uses, all its processes together; what could not be read is empty. */
  record Used(
      InvocationId invocation,
      OptionalLong memoryBytes,
      OptionalLong cpuNanosTotal,
      OptionalInt tasks)
      implements OfInvocation {}

  /** A hook has ended. Its invocation may be over by then. */
  record HookEnded(InstanceName instance, InvocationId invocation, HookKind kind, HookEnd end)
      implements Report {}

  /**
   * Its output cannot be written for now; the program is held back, nothing is dropped.
   *
   * @param file the file
   * @param reason such as {@code No space left on device}
   */
  record OutputBlocked(InstanceName instance, String file, String reason) implements Report {}

  /** Its output can be written again. */
  record OutputFlows(InstanceName instance, String file) implements Report {}

  /**
   * Something about it that its operator should know and that changes nothing; told seldom.
   *
   * @param type a word: {@code stray-output}, {@code frame-too-long} …
   * @param detail what, in words
   */
  record Remarked(InstanceName instance, String type, String detail) implements Report {}
}
