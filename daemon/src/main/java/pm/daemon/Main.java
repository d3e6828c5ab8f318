package pm.daemon;

import java.io.IOException;
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
import pm.config.Trust;
import pm.daemon.core.Supervisor;
import pm.daemon.core.event.Command;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.Decisions;
import pm.daemon.loop.SystemTime;
import pm.daemon.posix.Host;
import pm.daemon.store.RunRecords;
import pm.daemon.store.StoreException;

/** {@code pmd}: reads its command line, makes the parts, runs the loop. */
public final class Main {

  private final Arguments arguments;
  private final Map<String, String> environment;
  private final SystemTime time = new SystemTime();

  private Main(Arguments arguments, Map<String, String> environment) {
    this.arguments = arguments;
    this.environment = environment;
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
      code[0] = new Main(given.get(), System.getenv()).run();
    }
    System.out.flush();
    System.exit(code[0]);
  }

  private int run() {
    try {
      int uid = Host.euid();
      Folders folders = Folders.resolve(uid, environment, arguments.home(), arguments.socket());
      ConfigurationLoader loader =
          new ConfigurationLoader(folders, uid, Trust.ofUser(uid), Optional.of(environment));
      ConfigurationFiles files = new ConfigurationFiles(loader, arguments.config());
      return arguments.check() ? check(files) : supervise(folders, files, uid);
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
    // Reading YAML takes a third of a start, and needs nothing of the rest.
    FutureTask<Configuration> reading = new FutureTask<>(files::read);
    Thread.ofPlatform().name("configuration").daemon(true).start(reading);

    OwnFolders.prepare(folders, uid);
    switch (LockFile.take(folders.run())) {
      case LockFile.Attempt.Held held -> {}
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
          decisions -> new Command.Resume(Actor.AUTOSTART));
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
        decisions -> new Command.Begin(Actor.AUTOSTART, configuration, decisions));
  }

  private int run(
      Folders folders,
      ConfigurationFiles files,
      String boot,
      RunRecords.Opened opened,
      Supervisor supervisor,
      Configuration configuration,
      Function<Decisions, Command> first)
      throws IOException, StoreException, UnusableFolderException {
    opened
        .recovered()
        .configurationKeptAt()
        .ifPresentOrElse(
            keptAt -> files.inForce(configuration, keptAt), () -> files.inForce(configuration));
    Parts parts =
        new Parts(folders, files, environment, time, boot, opened, supervisor, configuration);
    return parts.run(first);
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

  private static int fail(int code, String sentence) {
    System.err.println("pmd: " + sentence);
    return code;
  }
}
