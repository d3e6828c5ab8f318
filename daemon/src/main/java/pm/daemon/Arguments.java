package pm.daemon;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * pmd's command line.
 *
 * @param config what {@code --config} names, in its order
 * @param home what {@code --home} names
 * @param socket what {@code --socket} names
 * @param check only check the configuration
 * @param checkRecords only say whether this version can go on with what a running daemon keeps
 */
record Arguments(
    List<Path> config,
    Optional<String> home,
    Optional<String> socket,
    boolean check,
    boolean checkRecords) {

  Arguments {
    config = List.copyOf(config);
  }

  /**
   * Reads the plain forms {@code --option VALUE} and {@code --option=VALUE} of what a start of the
   * daemon needs. Empty for anything else (help, version, mistakes), which {@link CommandLine}
   * answers: a start need not load an option parser, which is a third of its time.
   */
  static Optional<Arguments> plain(String[] arguments) {
    List<Path> config = new ArrayList<>();
    Optional<String> home = Optional.empty();
    Optional<String> socket = Optional.empty();
    boolean check = false;
    boolean checkRecords = false;
    for (int i = 0; i < arguments.length; i++) {
      String option = arguments[i];
      if (option.equals("--check")) {
        check = true;
        continue;
      }
      if (option.equals("--check-records")) {
        checkRecords = true;
        continue;
      }
      int equals = option.indexOf('=');
      String name = equals < 0 ? option : option.substring(0, equals);
      String value;
      if (equals >= 0) {
        value = option.substring(equals + 1);
      } else if (i + 1 < arguments.length && !arguments[i + 1].startsWith("-")) {
        value = arguments[++i];
      } else {
        return Optional.empty();
      }
      if (value.isEmpty()) {
        return Optional.empty();
      }
      switch (name) {
        case "--config" -> config.add(Path.of(value));
        case "--home" -> home = Optional.of(value);
        case "--socket" -> socket = Optional.of(value);
        default -> {
          return Optional.empty();
        }
      }
    }
    return Optional.of(new Arguments(config, home, socket, check, checkRecords));
  }
}
