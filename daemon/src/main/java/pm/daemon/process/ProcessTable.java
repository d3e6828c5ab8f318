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
import java.util.function.Function;
import pm.daemon.posix.ErrnoException;

/**
 * All processes at about one time, and what proves to which invocation one belongs. One thread at a
 * time; not the loop.
 */
final class ProcessTable {
  private final Map<Integer, ProcessStat> processes = new LinkedHashMap<>();
  private final Map<Integer, List<ProcessStat>> children = new HashMap<>();
  private final Map<Integer, Set<String>> proofs = new HashMap<>();
  private final Function<ProcessStat, Set<String>> prover;

  /**
   * @param prover finds the invocations that a process shows that it belongs to
   */
  ProcessTable(Collection<ProcessStat> processes, Function<ProcessStat, Set<String>> prover) {
    this.prover = prover;
    for (ProcessStat process : processes) {
      this.processes.put(process.pid(), process);
      children.computeIfAbsent(process.parent(), parent -> new ArrayList<>()).add(process);
    }
  }

  /** Reads the table of the machine. */
  static ProcessTable read(ProcFs proc) {
    List<ProcessStat> processes = new ArrayList<>();
    proc.forEachPid(
        pid -> {
          try {
            proc.stat(pid).ifPresent(processes::add);
          } catch (ErrnoException forbidden) {
            // Hidden from us, so it is none that we may touch.
            return;
          }
        });
    return new ProcessTable(processes, process -> proof(proc, process));
  }

  /** Returns the invocations that a process shows by its environment or by its pipes. */
  static Set<String> proof(ProcFs proc, ProcessStat process) {
    Set<String> found = new HashSet<>(proc.pipes(process.pid()));
    // One that hangs in the kernel could make us hang with it.
    if (process.state() != 'D') {
      try {
        proc.invocation(process.pid()).ifPresent(found::add);
      } catch (ErrnoException forbidden) {
        return found;
      }
    }
    return found;
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
  boolean proves(ProcessStat process, String invocation) {
    return proofs.computeIfAbsent(process.pid(), pid -> prover.apply(process)).contains(invocation);
  }
}
