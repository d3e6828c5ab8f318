package pm.daemon.process;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import pm.config.StopScope;
import pm.daemon.core.model.ExitStatus;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.posix.PidFd;

/**
 * What is known of one invocation from its spawn, or its adoption, to its release. Loop thread
 * only.
 */
final class Child {
  private final InstanceName instance;
  private final InvocationId invocation;
  private final boolean isOurs;
  private final Optional<ControlGroup> group;
  private ProcessIdentity identity;
  private Optional<PidFd> main;
  private Optional<Held> leader = Optional.empty();
  private boolean isFollowing;

  /** Whether it is the process that was meant: only then it is signalled. */
  boolean isCertain = true;

  /** What counts as belonging to it. */
  StopScope scope;

  /** How its main process ended, once it has. */
  Optional<ExitStatus> status = Optional.empty();

  /** When that was noticed, in clock ticks since boot; 0 if it was not us who noticed. */
  long endTicks;

  /** Whether the kernel killed it for want of memory. */
  boolean wasOutOfMemory;

  /** Whether the end of the main process has been reported. */
  boolean isExitReported;

  /** Whether nothing of it is left, and only its output is still being read. */
  boolean isSettled;

  /** What we do about its remains; empty if nothing. */
  Optional<Pursuit> pursuit = Optional.empty();

  /**
   * @param identity its main process; one with pid 0 if there is none that we know
   * @param main a hold on it; empty if it was gone before
   * @param isOurs whether we have started it rather than a daemon before us
   * @param group its control group, if it has one
   */
  Child(
      InstanceName instance,
      InvocationId invocation,
      ProcessIdentity identity,
      Optional<PidFd> main,
      boolean isOurs,
      StopScope scope,
      Optional<ControlGroup> group) {
    this.instance = instance;
    this.invocation = invocation;
    this.identity = identity;
    this.main = main;
    this.isOurs = isOurs;
    this.scope = scope;
    this.group = group;
  }

  /**
   * Another process is the main one from now on. The one that was spawned stays its leader.
   *
   * @param other a hold on it; empty if it is gone
   */
  void follow(ProcessIdentity named, Optional<Held> other) {
    isFollowing = true;
    if (leader.isEmpty()) {
      main.ifPresent(
          spawned -> leader = Optional.of(new Held(spawned.pid(), identity.startTicks(), spawned)));
    } else {
      main.ifPresent(Held::close);
    }
    main = other.map(Held::pidFd);
    identity = named;
  }

  /** Takes a process as the leader that another daemon has spawned. */
  void ledBy(Held spawned) {
    isFollowing = true;
    leader = Optional.of(spawned);
  }

  /** The process that was spawned has ended, and another is the main one. */
  void leaderGone() {
    leader = Optional.empty();
  }

  InstanceName instance() {
    return instance;
  }

  InvocationId invocation() {
    return invocation;
  }

  ProcessIdentity identity() {
    return identity;
  }

  Optional<PidFd> main() {
    return main;
  }

  /** The process that was spawned, while it lives and another is the main one. */
  Optional<Held> leader() {
    return leader;
  }

  /** Whether the main process is not the one that was spawned. */
  boolean isFollowing() {
    return isFollowing;
  }

  Optional<ControlGroup> group() {
    return group;
  }

  boolean isOurs() {
    return isOurs;
  }

  boolean hasEnded() {
    return status.isPresent();
  }

  /** Whether a look at our own children cannot tell what is left of it. */
  boolean needsSweep() {
    return switch (scope) {
      case TREE -> !isOurs;
      case GROUP -> true;
      case PROCESS -> false;
    };
  }

  /**
   * Makes the order to look for it.
   *
   * @param known as in {@link Kin}
   */
  Sweep.Order order(Map<Integer, Long> known, StopScope sought, Sweep.Action action) {
    if (leader.isPresent()) {
      // Its session is that of all that have not made their own.
      Map<Integer, Long> withMain = new HashMap<>(known);
      if (isCertain) {
        withMain.put(identity.pid(), identity.startTicks());
      }
      return new Sweep.Order(
          invocation,
          leader.get().pid(),
          leader.get().startTicks(),
          endTicks,
          isOurs,
          withMain,
          group,
          sought,
          action);
    }
    return new Sweep.Order(
        invocation,
        isCertain ? identity.pid() : 0,
        main.isPresent() ? identity.startTicks() : Sweep.Order.GONE,
        endTicks,
        isOurs,
        known,
        group,
        sought,
        action);
  }

  @Override
  public String toString() {
    return instance + " (pid " + identity.pid() + ")";
  }

  /** Something is being done about what belongs to an invocation, until nothing is left. */
  static final class Pursuit {
    /** What is done with all that is found. */
    Sweep.Action action;

    /** What was found and is waited for, by pid. */
    final Map<Integer, Held> watched = new LinkedHashMap<>();

    /** Whether a sweep is ordered or under way. */
    boolean isSweeping;

    /** Whether another one was asked for meanwhile. */
    boolean isAskedAgain;

    /** Whether it has been said since it was last asked for that something is left. */
    boolean isLeftReported;

    Pursuit(Sweep.Action action) {
      this.action = action;
    }
  }
}
