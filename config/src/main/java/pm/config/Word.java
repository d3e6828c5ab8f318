package pm.config;

/** A value that the configuration writes as one fixed word. */
public sealed interface Word
    permits DependencyCondition,
        IoClass.Kind,
        LineFormat,
        LogFormat,
        LogLevel,
        OnDependencyRestart,
        OnMemory,
        OnUnhealthy,
        PoolSpec.StallAction,
        PoolSpec.Strategy,
        PoolSpec.WhenOpen,
        ProgramType,
        ResourceKind,
        RestartPolicy,
        StopScope,
        TaskStoreKind,
        WorkerSpec.Framing,
        WorkerSpec.Transport {
  /** As it is written in YAML. */
  String word();
}
