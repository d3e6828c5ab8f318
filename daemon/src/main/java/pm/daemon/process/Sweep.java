package pm.daemon.process;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.config.StopScope;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Errno;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Signals;

/**
 * Looks through all processes for what belongs to some invocations, and signals it: one look for
 * all of them. On the blocking pool; it may wait {@link #KILL_WAIT_NANOS} for what was killed.
 *
 * <p>What is to be killed is stopped first and looked for again, until nothing new is found: what
 * does not run makes no further processes, and keeps those that it has made as its children.
 */
final class Sweep {
  /** How long we wait for killed processes to be gone before we say that they are not. */
  static final long KILL_WAIT_NANOS = 250_000_000;

  /** How often we look again for what was made while we looked. */
  private static final int MOST_ROUNDS = 10;

  /** What is to be done with what is found. */
  sealed interface Action {
    /** Only look. */
    record Look() implements Action {}

    /** Send a signal, and CONT after it if {@code thenContinue}, so that it can be acted upon. */
    record Send(int signal, boolean thenContinue) implements Action {}

    /** Kill. */
    record Kill() implements Action {}
  }

  /**
   * Whom to look for.
   *
   * @param mainPid its main process; 0 if none is known
   * @param mainStartTicks when that began; {@link #GONE} if it is gone, and only its session may be
   *     left
   * @param endTicks as in {@link Kin}
   * @param isOurs as in {@link Kin}
   * @param known as in {@link Kin}
   * @param group its control group: all in it belongs to it
   */
  record Order(
      InvocationId invocation,
      int mainPid,
      long mainStartTicks,
      long endTicks,
      boolean isOurs,
      Map<Integer, Long> known,
      Optional<ControlGroup> group,
      StopScope scope,
      Action action) {
    static final long GONE = -1;
  }

  /**
   * What came of it.
   *
   * @param foundAny whether anything of it was found alive
   * @param living what had not ended when the sweep did, without the main process; now the
   *     receiver's to close. Empty for {@link Action.Look}
   * @param pids the same with the main process, as numbers
   */
  record Result(Order order, boolean foundAny, List<Held> living, List<Integer> pids) {}

  private final ProcFs proc = new ProcFs();
  private final int self;
  private final Set<Integer> mains;

  /**
   * @param self this process
   * @param mains the main processes of all invocations
   */
  Sweep(int self, Set<Integer> mains) {
    this.self = self;
    this.mains = Set.copyOf(mains);
  }

  /** Carries out orders, each about another invocation. */
  List<Result> run(List<Order> orders) throws ErrnoException {
    List<Search> searches = new ArrayList<>(orders.size());
    try {
      for (Order order : orders) {
        searches.add(new Search(order));
      }
      look(searches, ProcessTable.read(proc));
      stopAll(searches);
      searches.forEach(Search::act);
      awaitKilled(searches);
      List<Result> results = new ArrayList<>(searches.size());
      for (Search search : searches) {
        results.add(search.result());
      }
      return results;
    } finally {
      searches.forEach(Search::close);
    }
  }

  private static boolean look(List<Search> searches, ProcessTable table) throws ErrnoException {
    boolean isNew = false;
    for (Search search : searches) {
      isNew |= search.look(table);
    }
    return isNew;
  }

  private void stopAll(List<Search> searches) throws ErrnoException {
    List<Search> kills = searches.stream().filter(Search::isKill).toList();
    for (Search search : kills) {
      search.killGroup();
    }
    boolean isNew = !kills.isEmpty();
    for (int round = 1; isNew && round < MOST_ROUNDS; round++) {
      kills.forEach(Search::stop);
      isNew = look(kills, ProcessTable.read(proc));
    }
  }

  private static void awaitKilled(List<Search> searches) throws ErrnoException {
    long deadline = System.nanoTime() + KILL_WAIT_NANOS;
    for (Search search : searches) {
      if (search.isKill()) {
        for (Held held : search.found.values()) {
          long left = Math.max(0, deadline - System.nanoTime());
          Fd.poll(held.pidFd().fd(), Fd.POLLIN, left);
        }
      }
    }
  }

  /** One order, while it is carried out. */
  private final class Search {
    private final Order order;
    private final Optional<Held> main;
    private final Map<Integer, Held> found = new LinkedHashMap<>();
    private final List<Integer> seen = new ArrayList<>();

    Search(Order order) throws ErrnoException {
      this.order = order;
      main =
          order.mainPid() == 0
              ? Optional.empty()
              : Held.of(proc, order.mainPid(), order.mainStartTicks());
    }

    boolean isKill() {
      return order.action() instanceof Action.Kill;
    }

    /** Finds and holds; returns whether there was anything that had not been found before. */
    boolean look(ProcessTable table) throws ErrnoException {
      Kin kin =
          new Kin(
              order.invocation().hex(),
              order.mainPid(),
              isMainStillHeld(),
              order.endTicks(),
              order.isOurs(),
              order.known());
      List<ProcessStat> processes = kin.in(table, order.scope(), self, mains, members());
      if (order.action() instanceof Action.Look) {
        processes.forEach(process -> seen.add(process.pid()));
        return false;
      }
      boolean isNew = false;
      for (ProcessStat process : processes) {
        Held before = found.get(process.pid());
        if (before == null || before.startTicks() != process.startTicks()) {
          try {
            isNew |= add(process);
          } catch (ErrnoException refused) {
            if (refused.isShortage() && !found.isEmpty()) {
              // These first: whoever waits for the others looks again when they are gone.
              return false;
            }
            throw refused;
          }
        }
      }
      return isNew;
    }

    private Set<Integer> members() throws ErrnoException {
      return order.scope() == StopScope.TREE && order.group().isPresent()
          ? Set.copyOf(order.group().get().processes())
          : Set.of();
    }

    /**
     * All at once, so that none can make another meanwhile. Those outside are stopped one by one.
     */
    void killGroup() throws ErrnoException {
      if (order.scope() == StopScope.TREE && order.group().isPresent()) {
        order.group().get().kill();
      }
    }

    private boolean add(ProcessStat process) throws ErrnoException {
      Optional<Held> held = Held.of(proc, process.pid(), process.startTicks());
      if (held.isEmpty()) {
        return false;
      }
      Held before = found.put(process.pid(), held.get());
      if (before != null) {
        before.close();
      }
      return true;
    }

    /** Its number was its own when the table was read if it is not reaped after that. */
    private boolean isMainStillHeld() throws ErrnoException {
      if (main.isEmpty()) {
        return false;
      }
      try {
        main.get().pidFd().send(0);
        return true;
      } catch (ErrnoException refused) {
        return switch (refused.errno()) {
          case Errno.ESRCH -> false;
          case Errno.EPERM -> true;
          default -> throw refused;
        };
      }
    }

    void stop() {
      found.values().forEach(held -> held.send(Signals.STOP));
    }

    void act() {
      for (Held held : found.values()) {
        switch (order.action()) {
          case Action.Look look -> {}
          case Action.Kill kill -> held.send(Signals.KILL);
          case Action.Send send -> {
            held.send(send.signal());
            if (send.thenContinue()) {
              held.send(Signals.CONT);
            }
          }
        }
      }
    }

    Result result() {
      boolean foundAny = !found.isEmpty() || !seen.isEmpty();
      List<Held> living = new ArrayList<>();
      List<Integer> pids = new ArrayList<>(seen);
      for (Held held : List.copyOf(found.values())) {
        if (held.isGone()) {
          continue;
        }
        pids.add(held.pid());
        if (held.pid() != order.mainPid()) {
          found.remove(held.pid());
          living.add(held);
        }
      }
      return new Result(order, foundAny, living, pids);
    }

    /** Lets go of everything that was not handed over. */
    void close() {
      main.ifPresent(Held::close);
      found.values().forEach(Held::close);
    }
  }
}
