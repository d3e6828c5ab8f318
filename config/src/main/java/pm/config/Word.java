package pm.config;

/** A value that the configuration writes as one fixed word. */
public sealed interface Word permits LogFormat, LogLevel, ProgramType, RestartPolicy, StopScope {
  /** As it is written in YAML. */
  String word();
}
