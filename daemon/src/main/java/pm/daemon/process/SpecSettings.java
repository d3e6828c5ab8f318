package pm.daemon.process;

import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import pm.config.IoClass;
import pm.config.LimitsSpec;
import pm.config.ProgramSpec;
import pm.config.ResourceKind;
import pm.config.SecuritySpec;
import pm.daemon.posix.Capability;
import pm.daemon.posix.ChildSettings;
import pm.daemon.posix.ChildSettings.IoPriorityClass;
import pm.daemon.posix.ResourceLimit;

/** Puts a program's {@code limits} and {@code security} into the kernel's terms. */
final class SpecSettings {
  private SpecSettings() {}

  /**
   * @param filesGivenBack the limit of descriptors of a child that has none of its own
   * @param cgroupProcs as in {@link ChildSettings}
   */
  static ChildSettings of(
      ProgramSpec spec, Optional<ResourceLimit> filesGivenBack, OptionalInt cgroupProcs)
      throws StageException {
    LimitsSpec limits = spec.limits();
    Map<ResourceLimit.Resource, ResourceLimit> resources =
        new EnumMap<>(ResourceLimit.Resource.class);
    limits
        .resources()
        .forEach(
            (kind, value) ->
                resources.put(resource(kind), new ResourceLimit(value.soft(), value.hard())));
    return new ChildSettings(
        resources,
        filesGivenBack,
        limits.nice(),
        limits.ioClass().map(SpecSettings::ioPriority).orElseGet(OptionalInt::empty),
        limits.cpuAffinity(),
        limits.oomScoreAdj(),
        spec.security().noNewPrivileges(),
        capabilities(spec.security()),
        cgroupProcs);
  }

  private static ResourceLimit.Resource resource(ResourceKind kind) {
    return switch (kind) {
      case NOFILE -> ResourceLimit.Resource.FILES;
      case NPROC -> ResourceLimit.Resource.PROCESSES;
      case CORE -> ResourceLimit.Resource.CORE;
      case FSIZE -> ResourceLimit.Resource.FILE_SIZE;
      case AS -> ResourceLimit.Resource.ADDRESS_SPACE;
      case STACK -> ResourceLimit.Resource.STACK;
      case MEMLOCK -> ResourceLimit.Resource.LOCKED_MEMORY;
    };
  }

  private static OptionalInt ioPriority(IoClass ioClass) {
    IoPriorityClass kind =
        switch (ioClass.kind()) {
          case REALTIME -> IoPriorityClass.REALTIME;
          case BEST_EFFORT -> IoPriorityClass.BEST_EFFORT;
          case IDLE -> IoPriorityClass.IDLE;
        };
    return OptionalInt.of(ChildSettings.ioPriority(kind, ioClass.level()));
  }

  private static Optional<Set<Capability>> capabilities(SecuritySpec security)
      throws StageException {
    if (security.capabilities().isEmpty()) {
      return Optional.empty();
    }
    Set<Capability> wanted = EnumSet.noneOf(Capability.class);
    for (String name : security.capabilities().get()) {
      wanted.add(
          Capability.byName(name)
              .orElseThrow(
                  () -> new StageException("security", "no such capability: " + name, false)));
    }
    return Optional.of(wanted);
  }
}
