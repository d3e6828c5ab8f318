package pm.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** pmd's command line as picocli sees it: help, version, mistakes. */
@Command(
    name = "pmd",
    mixinStandardHelpOptions = true,
    versionProvider = CommandLine.Version.class,
    sortOptions = false,
    description = {
      "Keeps processes alive: starts the programs of its configuration, watches them, starts them"
          + " again. Runs in the foreground.",
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  pmd                             the system's configuration (root) or yours",
      "  pmd --config pm.yaml --home .pm everything below one folder, no root needed",
      "  pmd --check --config pm.yaml    all mistakes of the configuration, and nothing else",
      "",
      "Signals: TERM and INT stop everything in order and end pmd (a second one kills), HUP applies"
          + " the configuration, USR1 opens log files anew.",
      "Exit codes: 0 clean stop, 2 usage, 73 a folder cannot be used, 75 another pmd runs here, 78"
          + " configuration.",
    })
final class CommandLine {

  @Option(
      names = "--config",
      paramLabel = "PATH",
      description =
          "A file or a folder of YAML files; may be repeated. Without it: pmd.yaml and programs.d/"
              + " of the configuration folder.")
  private List<Path> config = new ArrayList<>();

  @Option(
      names = "--home",
      paramLabel = "DIR",
      description =
          "Puts configuration, runtime files, state and logs below one folder. Also PM_HOME.")
  private Optional<String> home = Optional.empty();

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      description = "The control socket. Also PM_SOCKET.")
  private Optional<String> socket = Optional.empty();

  @Option(names = "--check", description = "Check the configuration, say all that is wrong, end.")
  private boolean check;

  @Option(
      names = "--check-records",
      hidden = true,
      description = "Say whether this version can go on with what a running daemon keeps, end.")
  private boolean checkRecords;

  /**
   * Answers what {@link Arguments#plain} does not understand.
   *
   * @return the arguments if it was a start after all, else the exit code in {@code code}
   */
  static Optional<Arguments> parse(String[] arguments, int[] code) {
    CommandLine options = new CommandLine();
    picocli.CommandLine line = new picocli.CommandLine(options);
    try {
      line.parseArgs(arguments);
    } catch (ParameterException wrong) {
      System.err.println("pmd: " + wrong.getMessage() + ". See: pmd --help");
      code[0] = ExitCode.USAGE;
      return Optional.empty();
    }
    if (line.isUsageHelpRequested()) {
      line.usage(System.out);
      code[0] = ExitCode.OK;
      return Optional.empty();
    }
    if (line.isVersionHelpRequested()) {
      line.printVersionHelp(System.out);
      code[0] = ExitCode.OK;
      return Optional.empty();
    }
    return Optional.of(
        new Arguments(
            options.config, options.home, options.socket, options.check, options.checkRecords));
  }

  /** The version of the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"pmd " + BuildInfo.version()};
    }
  }
}
