package pm.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Function;
import pm.config.Configuration;
import pm.config.ConfigurationLoader;
import pm.config.Folders;
import pm.config.MalformedValueException;
import pm.config.Problem;
import pm.config.TaskStoreKind;
import pm.config.Trust;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Command;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.loop.SystemTime;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.store.JournalStore;
import pm.daemon.store.RunRecords;
import pm.daemon.store.StoreException;

/** {@code pmd}: reads its command line, makes the parts, runs the loop. */
public final class Main {

  private final Arguments arguments;
  private final Map<String, String> environment;
  private final Optional<InstalledVersion> installed;
  private final Optional<Inheritance> inheritance;
  private final SystemTime time = new SystemTime();
  private String failure = "";
  private boolean isRunning;

  private Main(
      Arguments arguments,
      Map<String, String> environment,
      Optional<InstalledVersion> installed,
      Optional<Inheritance> inheritance) {
    this.arguments = arguments;
    this.environment = environment;
    this.installed = installed;
    this.inheritance = inheritance;
  }

  /** Runs the daemon until it is asked to end. */
  public static void main(String[] arguments) {
    LogProvider.use();
    int[] code = {ExitCode.OK};
    Optional<Arguments> given = Arguments.plain(arguments);
    if (given.isEmpty()) {
      given = CommandLine.parse(arguments, code);
    }
    if (given.isPresent()) {
      Map<String, String> environment = Inheritance.without(System.getenv());
      code[0] =
          new Main(
                  given.get(),
                  environment,
                  InstalledVersion.find(List.of(arguments), environment),
                  Inheritance.of(System.getenv()))
              .run();
    }
    System.out.flush();
    System.exit(code[0]);
  }

  private int run() {
    if (inheritance.isEmpty()) {
      return superviseOrSayWhyNot();
    }
    int code;
    try {
      code = superviseOrSayWhyNot();
    } catch (RuntimeException | Error broken) {
      failure = broken.toString();
      code = ExitCode.FAULT;
    }
    if (!failure.isEmpty() && !isRunning) {
      goBack(inheritance.get());
    }
    return code;
  }

  /**
   * The programs of the daemon before us need one that runs: it goes on with them. Only one that
   * has not been gone back to before is gone back to.
   */
  private void goBack(Inheritance from) {
    if (from.before().isEmpty() || installed.isEmpty()) {
      return;
    }
    System.err.println("pmd: goes back to version " + from.from());
    System.err.flush();
    try {
      installed
          .get()
          .become(
              from.before(),
              new Inheritance(BuildInfo.version(), List.of(), from.lock(), from.socket(), failure));
    } catch (ErrnoException refused) {
      System.err.println("pmd: " + refused.getMessage());
    }
  }

  private int superviseOrSayWhyNot() {
    try {
      int uid = Host.euid();
      Folders folders = Folders.resolve(uid, environment, arguments.home(), arguments.socket());
      if (arguments.checkRecords()) {
        return checkRecords(folders);
      }
      ConfigurationLoader loader =
          new ConfigurationLoader(folders, uid, Trust.ofUser(uid), Optional.of(environment));
      if (arguments.check()) {
        return check(new ConfigurationFiles(loader, folders, arguments.config()));
      }
      // Whoever reads where something is defined may be in another folder than we were started in.
      List<Path> files = arguments.config().stream().map(Path::toAbsolutePath).toList();
      return supervise(folders, new ConfigurationFiles(loader, folders, files), uid);
    } catch (MalformedValueException wrong) {
      return fail(ExitCode.FOLDER, wrong.what() + ". " + wrong.remedy() + ".");
    } catch (UnusableFolderException wrong) {
      return fail(ExitCode.FOLDER, wrong.sentence());
    } catch (StoreException wrong) {
      return fail(ExitCode.FOLDER, wrong.sentence());
    } catch (IOException refused) {
      return fail(ExitCode.FOLDER, OwnFolders.reason(refused));
    }
  }

  /** Reads what the running daemon keeps, as a start would, and changes nothing. */
  private int checkRecords(Folders folders) throws IOException, StoreException {
    RunRecords.Recovered recovered = RunRecords.look(folders.run(), Host.bootId());
    if (!recovered.isToBeResumed()) {
      return fail(ExitCode.FOLDER, "there is nothing to go on with in " + folders.run());
    }
    Supervisor supervisor = new Supervisor(new SystemRandom(), Host.cores());
    supervisor.replay(recovered.entries());
    if (supervisor.configuration().daemon().tasks() == TaskStoreKind.AUTO) {
      JournalStore.look(folders.state());
    }
    System.out.println(InstalledVersion.yes());
    return ExitCode.OK;
  }

  private static int check(ConfigurationFiles files) {
    Configuration configuration = files.read();
    for (Problem problem : configuration.problems()) {
      System.err.println(problem);
    }
    if (!configuration.isValid()) {
      return ExitCode.CONFIGURATION;
    }
    int programs = configuration.programs().size();
    System.out.println("ok: " + programs + (programs == 1 ? " program" : " programs"));
    return ExitCode.OK;
  }

  private int supervise(Folders folders, ConfigurationFiles files, int uid)
      throws UnusableFolderException, StoreException, IOException {
    Host.giveBackLargeMemory();
    // Reading YAML takes a third of a start, and needs nothing of the rest.
    FutureTask<Configuration> reading = new FutureTask<>(files::read);
    Thread.ofPlatform().name("configuration").daemon(true).start(reading);

    OwnFolders.prepare(folders, uid);
    LockFile.Attempt attempt =
        inheritance.isPresent()
            ? LockFile.keep(folders.run(), inheritance.get().lock())
            : LockFile.take(folders.run());
    int lock;
    switch (attempt) {
      case LockFile.Attempt.Held held -> lock = held.fd();
      case LockFile.Attempt.Taken taken -> {
        return fail(
            ExitCode.LOCKED,
            "another pmd"
                + taken.pid().map(pid -> " (pid " + pid + ")").orElse("")
                + " holds "
                + taken.file()
                + ". Stop it with: pmctl daemon shutdown; or give this one a folder of its own by"
                + " --home DIR.");
      }
    }
    String boot = Host.bootId();
    RunRecords.Opened opened = RunRecords.open(folders.run(), boot);
    boolean resume = opened.recovered().isToBeResumed();
    Supervisor supervisor = new Supervisor(new SystemRandom(), Host.cores());
    if (resume) {
      supervisor.replay(opened.recovered().entries());
      return run(
          folders,
          files,
          boot,
          opened,
          supervisor,
          supervisor.configuration(),
          lock,
          decisions -> new Command.Resume(Actor.AUTOSTART, resumedAfter()));
    }
    Configuration configuration = result(reading);
    if (!configuration.daemonProblems().isEmpty()) {
      configuration.problems().forEach(problem -> System.err.println("pmd: " + problem));
      return fail(
          ExitCode.CONFIGURATION,
          "the configuration of the daemon itself is wrong. Check it with: pmd --check");
    }
    return run(
        folders,
        files,
        boot,
        opened,
        supervisor,
        configuration,
        lock,
        decisions -> new Command.Begin(Actor.AUTOSTART, configuration, decisions));
  }

  private int run(
      Folders folders,
      ConfigurationFiles files,
      String boot,
      RunRecords.Opened opened,
      Supervisor supervisor,
      Configuration configuration,
      int lock,
      Function<Decisions, Command> first)
      throws IOException, StoreException, UnusableFolderException {
    DaemonLog.configure(configuration.daemon());
    opened
        .recovered()
        .configurationKeptAt()
        .ifPresentOrElse(
            keptAt -> files.inForce(configuration, keptAt), () -> files.inForce(configuration));
    Parts parts =
        new Parts(
            folders,
            files,
            environment,
            time,
            boot,
            opened,
            supervisor,
            configuration,
            new Succession(installed, inheritance, lock));
    int code =
        parts.run(
            first,
            () -> {
              isRunning = true;
            });
    return parts.handover().isPresent()
        ? handOver(parts.successor(), parts.handover().get())
        : code;
  }

  /** All is written and nothing runs any more: become the installed version, or this one anew. */
  private int handOver(List<String> successor, Inheritance own) {
    try {
      installed.orElseThrow().become(successor, own);
    } catch (ErrnoException refused) {
      failure = OwnFolders.reason(refused);
      System.err.println("pmd: stays version " + own.from() + ": " + failure);
      goBack(own);
    }
    return ExitCode.FAULT;
  }

  private Command.Resumption resumedAfter() {
    if (inheritance.isEmpty()) {
      return Command.Resumption.CRASH;
    }
    return inheritance.get().failure().isEmpty()
        ? Command.Resumption.UPGRADE
        : Command.Resumption.FAILED_UPGRADE;
  }

  private static Configuration result(FutureTask<Configuration> reading) {
    try {
      return reading.get();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted before the start", interrupted);
    } catch (ExecutionException broken) {
      throw new IllegalStateException(broken.getCause());
    }
  }

  private int fail(int code, String sentence) {
    failure = sentence;
    System.err.println("pmd: " + sentence);
    return code;
  }
}
