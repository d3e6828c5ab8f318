package pm.config;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A program as the configuration defines it, checked. Text that may hold {@link Template}
 * references keeps them: the words of the command, the working folder, the values of the
 * environment and the paths of log files.
 *
 * @param name as {@link Names} allows
 * @param description for people
 * @param command what each instance runs
 * @param type how it is meant to live
 * @param workingDir folder of the process; absolute once expanded
 * @param user name or uid to run as; empty: the daemon's own
 * @param group name or gid; empty: that of the user
 * @param supplementaryGroups names or gids; empty: those of the user
 * @param umask 0 to 0777
 * @param environment variables by name
 * @param envFiles read at every start, in this order; the later wins
 * @param inheritEnvironment whether the process gets the daemon's environment too
 * @param instances 0 to {@link #MOST_INSTANCES}; with a pool its {@link PoolSpec#slots}
 * @param enabled whether it may be started at all
 * @param autostart whether it is started with the daemon
 * @param essential whether the daemon stops the rest and ends with this program's status when it
 *     ends for good
 * @param groups labels for selectors, as {@link Names} allows
 * @param dependsOn what of other programs has to be there before it, by name
 * @param onDependencyRestart what becomes of it when one of those was started anew
 * @param startTimeout how long STARTING may last; positive
 * @param readiness what ends STARTING
 * @param liveness checks once it is ready; empty: none
 * @param successExitCodes exit codes (0 to 255) that are no failure
 * @param restart whether, how often and how fast it is started again
 * @param stop how it is stopped
 * @param reload how it reads its own configuration again
 * @param hooks commands in its life
 * @param logs what becomes of its output
 * @param limits what it may use
 * @param security what it may gain and keep
 * @param worker how it is spoken to if it is a worker
 * @param pool what tasks its instances take, and how many there are; empty: they take none. Only a
 *     worker has one
 * @param location where its name stands
 */
public record ProgramSpec(
    String name,
    String description,
    Command command,
    ProgramType type,
    String workingDir,
    Optional<String> user,
    Optional<String> group,
    Optional<List<String>> supplementaryGroups,
    int umask,
    Map<String, String> environment,
    List<EnvFile> envFiles,
    boolean inheritEnvironment,
    int instances,
    boolean enabled,
    boolean autostart,
    boolean essential,
    List<String> groups,
    SortedMap<String, DependencyCondition> dependsOn,
    OnDependencyRestart onDependencyRestart,
    Duration startTimeout,
    Readiness readiness,
    Optional<Liveness> liveness,
    Set<Integer> successExitCodes,
    RestartSpec restart,
    StopSpec stop,
    ReloadSpec reload,
    HooksSpec hooks,
    LogSpec logs,
    LimitsSpec limits,
    SecuritySpec security,
    WorkerSpec worker,
    Optional<PoolSpec> pool,
    Location location) {
  public static final int MOST_INSTANCES = 1000;

  /** What {@code stop.drain} is by default for a program with a pool. */
  public static final Duration POOL_DRAIN = Duration.ofSeconds(30);

  public ProgramSpec {
    if (!Names.isProgramName(name)) {
      throw new IllegalArgumentException("not a name: " + name);
    }
    if (umask < 0 || umask > 0777) {
      throw new IllegalArgumentException("umask is 0 to 0777: " + Integer.toOctalString(umask));
    }
    if (instances < 0 || instances > MOST_INSTANCES) {
      throw new IllegalArgumentException("instances is 0 to " + MOST_INSTANCES + ": " + instances);
    }
    if (!startTimeout.isPositive()) {
      throw new IllegalArgumentException("start_timeout is longer than 0: " + startTimeout);
    }
    if (type == ProgramType.ONESHOT && restart.policy() == RestartPolicy.ALWAYS) {
      throw new IllegalArgumentException("a oneshot is not restarted always: " + name);
    }
    if (pool.isPresent() && type != ProgramType.WORKER) {
      throw new IllegalArgumentException("only a worker has a pool: " + name);
    }
    if (pool.isPresent() && instances != pool.get().slots()) {
      throw new IllegalArgumentException(
          "a pool of " + pool.get().slots() + " slots has as many instances: " + instances);
    }
    supplementaryGroups = supplementaryGroups.map(List::copyOf);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
    envFiles = List.copyOf(envFiles);
    groups = List.copyOf(groups);
    dependsOn = Collections.unmodifiableSortedMap(new TreeMap<>(dependsOn));
    successExitCodes = exitCodes(successExitCodes);
  }

  /** Whether nothing but the place in the files differs, so that there is nothing to apply. */
  public boolean sameAs(ProgramSpec other) {
    return equals(new Builder(other).location(location).build());
  }

  /**
   * How long a worker that is stopped may go on with the tasks in hand before it is signalled: what
   * {@code stop.drain} says, else {@link #POOL_DRAIN} for one with a pool and zero for all others.
   */
  public Duration drain() {
    return stop.drain().orElse(pool.isPresent() ? POOL_DRAIN : Duration.ZERO);
  }

  /** A copy in ascending order, so that it is always shown in the same way. */
  static Set<Integer> exitCodes(Set<Integer> codes) {
    for (int code : codes) {
      if (code < 0 || code > 255) {
        throw new IllegalArgumentException("an exit code is 0 to 255: " + code);
      }
    }
    return Collections.unmodifiableSet(new TreeSet<>(codes));
  }

  /** Its name and where it stands: what a program is given may be secret, and messages are not. */
  @Override
  public String toString() {
    return "program " + name + " of " + location;
  }

  /**
   * Gathers the values of a program, starting from the documented defaults or from another program.
   */
  public static final class Builder {
    private String name;
    private String description = "";
    private Command command;
    private ProgramType type = ProgramType.SIMPLE;
    private String workingDir = "/";
    private Optional<String> user = Optional.empty();
    private Optional<String> group = Optional.empty();
    private Optional<List<String>> supplementaryGroups = Optional.empty();
    private int umask = 022;
    private Map<String, String> environment = Map.of();
    private List<EnvFile> envFiles = List.of();
    private boolean inheritEnvironment;
    private int instances = 1;
    private boolean enabled = true;
    private boolean autostart = true;
    private boolean essential;
    private List<String> groups = List.of();
    private SortedMap<String, DependencyCondition> dependsOn = new TreeMap<>();
    private OnDependencyRestart onDependencyRestart = OnDependencyRestart.NOTHING;
    private Duration startTimeout = Duration.ofSeconds(60);
    private Readiness readiness = Readiness.DEFAULT;
    private Optional<Liveness> liveness = Optional.empty();
    private Set<Integer> successExitCodes = Set.of(0);
    private RestartSpec restart = RestartSpec.DEFAULT;
    private StopSpec stop = StopSpec.DEFAULT;
    private ReloadSpec reload = ReloadSpec.DEFAULT;
    private HooksSpec hooks = HooksSpec.NONE;
    private LogSpec logs = LogSpec.DEFAULT;
    private LimitsSpec limits = LimitsSpec.NONE;
    private SecuritySpec security = SecuritySpec.DEFAULT;
    private WorkerSpec worker = WorkerSpec.DEFAULT;
    private Optional<PoolSpec> pool = Optional.empty();
    private Location location = Location.NONE;

    /** All defaults. */
    public Builder(String name, Command command) {
      this.name = name;
      this.command = command;
    }

    /** All as in another program. */
    public Builder(ProgramSpec other) {
      name = other.name;
      description = other.description;
      command = other.command;
      type = other.type;
      workingDir = other.workingDir;
      user = other.user;
      group = other.group;
      supplementaryGroups = other.supplementaryGroups;
      umask = other.umask;
      environment = other.environment;
      envFiles = other.envFiles;
      inheritEnvironment = other.inheritEnvironment;
      instances = other.instances;
      enabled = other.enabled;
      autostart = other.autostart;
      essential = other.essential;
      groups = other.groups;
      dependsOn = other.dependsOn;
      onDependencyRestart = other.onDependencyRestart;
      startTimeout = other.startTimeout;
      readiness = other.readiness;
      liveness = other.liveness;
      successExitCodes = other.successExitCodes;
      restart = other.restart;
      stop = other.stop;
      reload = other.reload;
      hooks = other.hooks;
      logs = other.logs;
      limits = other.limits;
      security = other.security;
      worker = other.worker;
      pool = other.pool;
      location = other.location;
    }

    public Builder name(String value) {
      name = value;
      return this;
    }

    public Builder description(String value) {
      description = value;
      return this;
    }

    public Builder command(Command value) {
      command = value;
      return this;
    }

    public Builder type(ProgramType value) {
      type = value;
      return this;
    }

    public Builder workingDir(String value) {
      workingDir = value;
      return this;
    }

    public Builder user(Optional<String> value) {
      user = value;
      return this;
    }

    public Builder group(Optional<String> value) {
      group = value;
      return this;
    }

    public Builder supplementaryGroups(Optional<List<String>> value) {
      supplementaryGroups = value;
      return this;
    }

    public Builder umask(int value) {
      umask = value;
      return this;
    }

    public Builder environment(Map<String, String> value) {
      environment = value;
      return this;
    }

    public Builder envFiles(List<EnvFile> value) {
      envFiles = value;
      return this;
    }

    public Builder inheritEnvironment(boolean value) {
      inheritEnvironment = value;
      return this;
    }

    /** Says nothing about a program with a pool, whose instances are its slots. */
    public Builder instances(int value) {
      instances = value;
      return this;
    }

    public Builder enabled(boolean value) {
      enabled = value;
      return this;
    }

    public Builder autostart(boolean value) {
      autostart = value;
      return this;
    }

    public Builder essential(boolean value) {
      essential = value;
      return this;
    }

    public Builder groups(List<String> value) {
      groups = value;
      return this;
    }

    public Builder dependsOn(SortedMap<String, DependencyCondition> value) {
      dependsOn = value;
      return this;
    }

    public Builder onDependencyRestart(OnDependencyRestart value) {
      onDependencyRestart = value;
      return this;
    }

    public Builder startTimeout(Duration value) {
      startTimeout = value;
      return this;
    }

    public Builder readiness(Readiness value) {
      readiness = value;
      return this;
    }

    public Builder liveness(Optional<Liveness> value) {
      liveness = value;
      return this;
    }

    public Builder successExitCodes(Set<Integer> value) {
      successExitCodes = value;
      return this;
    }

    public Builder restart(RestartSpec value) {
      restart = value;
      return this;
    }

    public Builder stop(StopSpec value) {
      stop = value;
      return this;
    }

    public Builder reload(ReloadSpec value) {
      reload = value;
      return this;
    }

    public Builder hooks(HooksSpec value) {
      hooks = value;
      return this;
    }

    public Builder logs(LogSpec value) {
      logs = value;
      return this;
    }

    public Builder limits(LimitsSpec value) {
      limits = value;
      return this;
    }

    public Builder security(SecuritySpec value) {
      security = value;
      return this;
    }

    public Builder worker(WorkerSpec value) {
      worker = value;
      return this;
    }

    /** One that is present decides how many instances there are. */
    public Builder pool(Optional<PoolSpec> value) {
      pool = value;
      return this;
    }

    public Builder location(Location value) {
      location = value;
      return this;
    }

    /**
     * Makes the program.
     *
     * @throws IllegalArgumentException if the values do not go together
     */
    public ProgramSpec build() {
      return new ProgramSpec(
          name,
          description,
          command,
          type,
          workingDir,
          user,
          group,
          supplementaryGroups,
          umask,
          environment,
          envFiles,
          inheritEnvironment,
          pool.map(PoolSpec::slots).orElse(instances),
          enabled,
          autostart,
          essential,
          groups,
          dependsOn,
          onDependencyRestart,
          startTimeout,
          readiness,
          liveness,
          successExitCodes,
          restart,
          stop,
          reload,
          hooks,
          logs,
          limits,
          security,
          worker,
          pool,
          location);
    }
  }
}
