package pm.config;

/** What the keys of other supervisors are called here. Needed only when something is wrong. */
final class ForeignKeys {
  private ForeignKeys() {}

  /**
   * The remedy for a key of a program in supervisord, systemd, pm2, docker compose or circus; empty
   * if it is of none.
   */
  static String ofProgram(String key) {
    String counterpart =
        switch (key) {
          case "Description" -> "description";
          case "ExecStart",
              "script",
              "args",
              "cmd",
              "entrypoint",
              "interpreter",
              "node_args",
              "Exec",
              "run" ->
              "command";
          case "Type", "RemainAfterExit" -> "type";
          case "directory", "WorkingDirectory", "cwd", "chdir", "workdir" -> "working_dir";
          case "User", "uid" -> "user";
          case "Group", "gid" -> "group";
          case "SupplementaryGroups", "group_add" -> "supplementary_groups";
          case "UMask" -> "umask";
          case "Environment", "env", "environ", "env_production" -> "environment";
          case "EnvironmentFile", "envfile", "dotenv" -> "env_file";
          case "copy_env", "PassEnvironment" -> "inherit_environment";
          case "numprocs", "exec_mode", "replicas", "scale", "numprocesses", "count", "workers" ->
              "instances";
          case "WantedBy" -> "autostart";
          case "namespace" -> "groups";
          case "TimeoutStartSec", "TimeoutSec", "listen_timeout", "startup_timeout" ->
              "start_timeout";
          case "startsecs", "min_uptime", "warmup_delay" -> "readiness.uptime";
          case "exitcodes", "SuccessExitStatus", "success_exitcodes" -> "success_exit_codes";
          case "autorestart", "Restart", "restart_policy", "respawn" -> "restart.policy";
          case "startretries", "StartLimitBurst", "max_retry", "max_retries", "retries", "burst" ->
              "restart.max_restarts";
          case "StartLimitIntervalSec", "StartLimitInterval", "restart_window" -> "restart.window";
          case "RestartSec", "restart_delay", "restart_sec", "backoff" -> "restart.delay";
          case "exp_backoff_restart_delay", "RestartSteps" -> "restart.factor";
          case "RestartMaxDelaySec" -> "restart.max_delay";
          case "RestartPreventExitStatus", "RestartForceExitStatus", "stop_exit_codes" ->
              "restart.prevent";
          case "stopsignal", "KillSignal", "stop_signal", "kill_signal", "shutdown_with_message" ->
              "stop.signal";
          case "stopwaitsecs",
              "TimeoutStopSec",
              "kill_timeout",
              "stop_grace_period",
              "graceful_timeout" ->
              "stop.timeout";
          case "stopasgroup", "killasgroup", "KillMode", "stop_children", "treekill" ->
              "stop.scope";
          case "stdout_logfile",
              "StandardOutput",
              "out_file",
              "log_file",
              "stdout_file",
              "logfile" ->
              "logs.file";
          case "stderr_logfile",
              "StandardError",
              "error_file",
              "redirect_stderr",
              "merge_logs",
              "combine_logs" ->
              "logs.stderr";
          case "stdout_logfile_maxbytes", "stderr_logfile_maxbytes", "max_bytes" -> "logs.max_size";
          case "stdout_logfile_backups", "stderr_logfile_backups", "backup_count" -> "logs.keep";
          case "priority", "After", "Requires", "Wants", "Requisite", "BindsTo" -> "depends_on";
          case "healthcheck", "liveness_probe" -> "liveness";
          case "readiness_probe" -> "readiness";
          case "ExecReload" -> "reload";
          case "ExecStop" -> "stop.command";
          case "ExecStartPre" -> "hooks.pre_start";
          case "ExecStartPost" -> "hooks.post_start";
          case "ExecStopPost" -> "hooks.post_stop";
          case "WatchdogSec" -> "liveness.watchdog";
          case "LimitNOFILE", "rlimit_nofile", "ulimits" -> "limits.nofile";
          case "LimitNPROC" -> "limits.nproc";
          case "LimitCORE" -> "limits.core";
          case "MemoryMax", "max_memory_restart", "mem_limit" -> "limits.memory";
          case "CPUQuota", "cpus" -> "limits.cpu";
          case "TasksMax", "pids_limit" -> "limits.tasks";
          case "Nice" -> "limits.nice";
          case "OOMScoreAdjust", "oom_score_adj" -> "limits.oom_score_adj";
          case "NoNewPrivileges" -> "security.no_new_privileges";
          case "cap_add", "cap_drop", "AmbientCapabilities" -> "security.capabilities";
          case "IOSchedulingClass" -> "limits.io_class";
          case "CPUAffinity" -> "limits.cpu_affinity";
          case "OnFailure" -> "hooks.on_failure";
          case "LimitFSIZE" -> "limits.fsize";
          case "LimitAS" -> "limits.as";
          case "LimitSTACK" -> "limits.stack";
          case "LimitMEMLOCK" -> "limits.memlock";
          case "CapabilityBoundingSet" -> "security.capabilities";
          case "log_date_format", "log_type" -> "logs.format";
          case "PartOf" -> "on_dependency_restart";
          case "NotifyAccess", "wait_ready" -> "readiness.notify";
          case "OOMPolicy" -> "limits.on_memory";
          default -> "";
        };
    return counterpart.isEmpty() ? notYet(key) : "did you mean " + counterpart + "?";
  }

  /** The remedy for a key at the top of a file. */
  static String ofDaemon(String key) {
    return switch (key) {
      case "services", "processes", "apps", "program", "jobs", "watchers" ->
          "did you mean programs?";
      case "unix_http_server", "inet_http_server", "sock" -> "did you mean socket?";
      case "loglevel", "log_level" -> "did you mean log.level?";
      case "files", "includes", "import", "imports" -> "did you mean include?";
      case "version" -> "remove it; files of pmd have no version";
      default -> "";
    };
  }

  private static String notYet(String key) {
    String counterpart =
        switch (key) {
          case "cron_restart", "cron", "OnCalendar" -> "schedule.cron";
          case "ListenStream" -> "sockets";
          default -> "";
        };
    if (!counterpart.isEmpty()) {
      return "did you mean " + counterpart + "? It is not supported yet";
    }
    return switch (key) {
      case "image", "container_name", "volumes", "ports", "networks", "build" ->
          "pmd runs programs, not containers; remove it";
      case "process_name", "numprocs_start" ->
          "instances are always called NAME@1, NAME@2 and so on; remove it";
      case "watch", "ignore_watch" -> "pmd does not watch files; remove it";
      case "name" -> "the name is the key above: programs: {NAME: {command: …}}";
      default -> "";
    };
  }
}
