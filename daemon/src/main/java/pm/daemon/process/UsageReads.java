package pm.daemon.process;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.StopScope;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;

/**
 * Reads what invocations use, all their processes together: one look at all processes for all that
 * are asked for in a batch of the loop. Loop thread only.
 *
 * <p>A control group with the controllers is asked first. Else the processes that belong to it are
 * added up: of memory, what each has for itself, and what the largest shares; of processor time,
 * that of the living and of their children that they have reaped.
 */
final class UsageReads {
  private static final Logger LOG = LoggerFactory.getLogger(UsageReads.class);

  private final EventLoop loop;
  private final BlockingPool pool;
  private final Consumer<Report> reports;
  private final HostFacts facts;
  private final Map<InvocationId, Child> children;
  private final Orphans orphans;
  private final int self = Host.pid();
  private List<InvocationId> asked = new ArrayList<>();
  private boolean isUnderWay;

  UsageReads(
      EventLoop loop,
      BlockingPool pool,
      Consumer<Report> reports,
      HostFacts facts,
      Map<InvocationId, Child> children,
      Orphans orphans) {
    this.loop = loop;
    this.pool = pool;
    this.reports = reports;
    this.facts = facts;
    this.children = children;
    this.orphans = orphans;
  }

  /** Asks about one. */
  void read(InvocationId invocation) {
    if (asked.isEmpty() && !isUnderWay) {
      loop.post(this::begin);
    }
    asked.add(invocation);
  }

  private void begin() {
    List<InvocationId> batch = List.copyOf(asked);
    asked = new ArrayList<>();
    List<Sweep.Order> orders =
        batch.stream()
            .map(children::get)
            .flatMap(child -> Optional.ofNullable(child).stream())
            .map(
                child ->
                    child.order(orphans.knownOf(child), StopScope.TREE, new Sweep.Action.Look()))
            .toList();
    Set<Integer> mains =
        children.values().stream()
            .map(child -> child.identity().pid())
            .filter(pid -> pid != 0)
            .collect(Collectors.toUnmodifiableSet());
    isUnderWay =
        pool.submit(
            () -> usages(orders, mains),
            found -> done(batch, found),
            thrown -> {
              LOG.warn("what processes use cannot be read", thrown);
              done(batch, Map.of());
            });
    if (!isUnderWay) {
      done(batch, Map.of());
    }
  }

  private void done(List<InvocationId> batch, Map<InvocationId, Report.Used> found) {
    isUnderWay = false;
    for (InvocationId invocation : batch) {
      reports.accept(
          found.getOrDefault(
              invocation,
              new Report.Used(
                  invocation, OptionalLong.empty(), OptionalLong.empty(), OptionalInt.empty())));
    }
    if (!asked.isEmpty()) {
      loop.post(this::begin);
    }
  }

  private Map<InvocationId, Report.Used> usages(List<Sweep.Order> orders, Set<Integer> mains)
      throws ErrnoException {
    ProcFs proc = new ProcFs();
    Map<InvocationId, Report.Used> found = new LinkedHashMap<>();
    Optional<ProcessTable> table = Optional.empty();
    for (Sweep.Order order : orders) {
      Report.Used held = ofGroup(order);
      if (held.memoryBytes().isEmpty()
          || held.cpuNanosTotal().isEmpty()
          || held.tasks().isEmpty()) {
        if (table.isEmpty()) {
          table = Optional.of(ProcessTable.read(proc));
        }
        held = completed(held, ofProcesses(order, table.get(), proc, mains));
      }
      found.put(order.invocation(), held);
    }
    return found;
  }

  private static Report.Used ofGroup(Sweep.Order order) throws ErrnoException {
    Optional<ControlGroup> group = order.group();
    return new Report.Used(
        order.invocation(),
        group.isPresent() ? group.get().memoryBytes() : OptionalLong.empty(),
        group.isPresent() ? group.get().cpuNanos() : OptionalLong.empty(),
        group.isPresent() ? group.get().tasks() : OptionalInt.empty());
  }

  private static Report.Used completed(Report.Used first, Report.Used second) {
    return new Report.Used(
        first.invocation(),
        first.memoryBytes().isPresent() ? first.memoryBytes() : second.memoryBytes(),
        first.cpuNanosTotal().isPresent() ? first.cpuNanosTotal() : second.cpuNanosTotal(),
        first.tasks().isPresent() ? first.tasks() : second.tasks());
  }

  private Report.Used ofProcesses(
      Sweep.Order order, ProcessTable table, ProcFs proc, Set<Integer> mains)
      throws ErrnoException {
    boolean isMainThere =
        table
            .get(order.mainPid())
            .filter(main -> main.startTicks() == order.mainStartTicks())
            .isPresent();
    Kin kin =
        new Kin(
            order.invocation().hex(),
            order.mainPid(),
            isMainThere,
            order.endTicks(),
            order.isOurs(),
            order.known());
    Set<Integer> members =
        order.group().isPresent() ? Set.copyOf(order.group().get().processes()) : Set.of();
    long ownPages = 0;
    long mostSharedPages = 0;
    long ticks = 0;
    int tasks = 0;
    for (ProcessStat process : kin.in(table, StopScope.TREE, self, mains, members)) {
      ProcFs.Pages pages = proc.pages(process.pid());
      ownPages += pages.own();
      mostSharedPages = Math.max(mostSharedPages, pages.shared());
      ticks += process.cpuTicks() + process.reapedCpuTicks();
      tasks += process.threads();
    }
    return new Report.Used(
        order.invocation(),
        OptionalLong.of((ownPages + mostSharedPages) * facts.pageBytes()),
        OptionalLong.of(ticks * (1_000_000_000L / facts.ticksPerSecond())),
        OptionalInt.of(tasks));
  }
}
