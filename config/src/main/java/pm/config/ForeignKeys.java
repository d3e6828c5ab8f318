package pm.config;

import java.util.Locale;

/** What the keys of other supervisors are called here. Needed only when something is wrong. */
final class ForeignKeys {
  private ForeignKeys() {}

  /**
   * The remedy for a key of a program in supervisord, systemd, pm2, docker compose, circus or a
   * task queue; empty if it is of none.
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
    if (counterpart.isEmpty()) {
      counterpart = ofTasks(folded(key));
    }
    return counterpart.isEmpty() ? notYet(key) : "did you mean " + counterpart + "?";
  }

  /** The remedy for a key of a pool or of a mapping in it; empty if it is of none. */
  static String ofPool(String key) {
    String counterpart =
        switch (folded(key)) {
          case "instances", "workers", "processes", "numprocs", "replicas", "size" ->
              "pool.min and pool.max";
          case "threads" -> "pool.concurrency";
          case "types", "names" -> "pool.accepts";
          case "attempts", "retry", "maxretries", "maxattempts" -> "pool.task.retries";
          case "memory", "memorylimit", "maxmemory" -> "pool.recycle.max_memory";
          case "ttl" -> "pool.recycle.max_age";
          case "limit" -> "pool.queue.capacity";
          default -> ofTasks(folded(key));
        };
    return counterpart.isEmpty() ? "" : "did you mean " + counterpart + "?";
  }

  /**
   * The counterpart of a key of a pool in Celery, Horizon, PHP-FPM, RoadRunner, uWSGI, Gunicorn,
   * Sidekiq or BullMQ that means nothing else elsewhere.
   */
  private static String ofTasks(String folded) {
    return switch (folded) {
      case "autoscale", "balance", "pm" -> "pool.min and pool.max";
      case "minprocesses",
          "minworkers",
          "minreplicas",
          "cheaper",
          "startservers",
          "minspareservers" ->
          "pool.min";
      case "maxprocesses",
          "maxworkers",
          "maxreplicas",
          "maxchildren",
          "maxspareservers",
          "numworkers",
          "workerconcurrency" ->
          "pool.max";
      case "concurrency" -> "pool.max for instances, pool.concurrency for the tasks of each";
      case "prefetch",
          "prefetchcount",
          "prefetchmultiplier",
          "workerprefetchmultiplier",
          "workerconnections" ->
          "pool.concurrency";
      case "queues", "taskqueues", "taskroutes" -> "pool.accepts";
      case "balancemaxshift", "spawnrate", "maxspawnrate", "cheaperstep" -> "pool.scale_up.step";
      case "balancecooldown" -> "pool.scale_up.wait";
      case "processidletimeout", "idlettl", "idletimeout" -> "pool.scale_down.idle";
      case "maxtasksperchild", "workermaxtasksperchild", "maxjobs", "maxrequests", "maxtasks" ->
          "pool.recycle.max_tasks";
      case "maxrequestsjitter" -> "pool.recycle.jitter";
      case "maxtime", "maxworkerlifetime" -> "pool.recycle.max_age";
      case "maxmemoryperchild", "workermaxmemoryperchild", "maxworkermemory", "reloadonrss" ->
          "pool.recycle.max_memory";
      case "maxqueuesize", "maxlength", "queuesize" -> "pool.queue.capacity";
      case "tries" -> "pool.task.retries, which does not count the first attempt";
      case "timelimit",
          "softtimelimit",
          "tasktimelimit",
          "tasksofttimelimit",
          "visibilitytimeout",
          "requestterminatetimeout",
          "execttl",
          "harakiri",
          "lockduration" ->
          "pool.task.timeout";
      case "defaultretrydelay", "retrydelay" -> "pool.task.backoff.delay";
      case "retrybackoff" -> "pool.task.backoff.factor";
      case "retrybackoffmax" -> "pool.task.backoff.max_delay";
      case "retryjitter" -> "pool.task.backoff.jitter";
      case "resultexpires", "removeoncomplete", "trimcompleted", "trimfailed" -> "pool.task.keep";
      case "maxstalledcount" -> "pool.task.poison_after";
      case "stalledinterval" -> "pool.stall.after";
      default -> "";
    };
  }

  /** As it is told from others in spite of how tools write it; {@code pm.} is PHP-FPM's. */
  private static String folded(String key) {
    String own = key.startsWith("pm.") ? key.substring(3) : key;
    return own.replace("_", "").replace("-", "").toLowerCase(Locale.ROOT);
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
