package pm.daemon.process;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import pm.daemon.posix.ErrnoException;

/**
 * All processes at about one time, and what proves to which invocation one belongs. One thread at a
 * time; not the loop.
 */
final class ProcessTable {

  /** Finds the invocations that a process shows that it belongs to. */
  @FunctionalInterface
  interface Prover {
    Set<String> proof(ProcessStat process) throws ErrnoException;
  }

  private final Map<Integer, ProcessStat> processes = new LinkedHashMap<>();
  private final Map<Integer, List<ProcessStat>> children = new HashMap<>();
  private final Map<Integer, Set<String>> proofs = new HashMap<>();
  private final Prover prover;

  ProcessTable(Collection<ProcessStat> processes, Prover prover) {
    this.prover = prover;
    for (ProcessStat process : processes) {
      this.processes.put(process.pid(), process);
      children.computeIfAbsent(process.parent(), parent -> new ArrayList<>()).add(process);
    }
  }

  /**
   * Reads the table of the machine. What is hidden from us is not in it: it is nothing that we may
   * touch.
   *
   * @throws ErrnoException if the machine is short of something, so that we know nothing
   */
  static ProcessTable read(ProcFs proc) throws ErrnoException {
    List<ProcessStat> processes = new ArrayList<>();
    for (int pid : proc.pids()) {
      try {
        proc.stat(pid).ifPresent(processes::add);
      } catch (ErrnoException refused) {
        throwShortage(refused);
      }
    }
    return new ProcessTable(processes, process -> proof(proc, process));
  }

  /**
   * Returns the invocations that a process shows by its control group, its environment or its
   * pipes, as far as we may know.
   *
   * @throws ErrnoException if the machine is short of something, so that we know nothing
   */
  static Set<String> proof(ProcFs proc, ProcessStat process) throws ErrnoException {
    Set<String> found = new HashSet<>();
    try {
      found.addAll(proc.groups(process.pid()));
      found.addAll(proc.pipes(process.pid()));
      // One that hangs in the kernel could make us hang with it.
      if (process.state() != 'D') {
        proc.invocation(process.pid()).ifPresent(found::add);
      }
    } catch (ErrnoException refused) {
      throwShortage(refused);
    }
    return found;
  }

  private static void throwShortage(ErrnoException refused) throws ErrnoException {
    if (refused.isShortage()) {
      throw refused;
    }
  }

  Collection<ProcessStat> all() {
    return processes.values();
  }

  Optional<ProcessStat> get(int pid) {
    return Optional.ofNullable(processes.get(pid));
  }

  List<ProcessStat> childrenOf(int pid) {
    return children.getOrDefault(pid, List.of());
  }

  /** Whether a process shows that it belongs to an invocation. */
  boolean proves(ProcessStat process, String invocation) throws ErrnoException {
    Set<String> proof = proofs.get(process.pid());
    if (proof == null) {
      proof = prover.proof(process);
      proofs.put(process.pid(), proof);
    }
    return proof.contains(invocation);
  }
}
