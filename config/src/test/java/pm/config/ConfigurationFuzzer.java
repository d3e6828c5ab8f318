package pm.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** What {@code campaigns/lines/fuzz-yaml} calls with each of its inputs, the text of a file. */
public final class ConfigurationFuzzer {
  private static final String FILE = "/etc/pm/programs.d/a.yaml";

  private static final ConfigurationLoader LOADER =
      new ConfigurationLoader(
          new Folders(
              Path.of("/etc/pm"),
              Path.of("/run/pm"),
              Path.of("/var/lib/pm"),
              Path.of("/var/log/pm"),
              Optional.empty()),
          0,
          Trust.ANYTHING,
          Optional.of(Map.of("HOME", "/root", "PORT", "80")));

  private ConfigurationFuzzer() {}

  /**
   * Judges one input: whatever it is, it is read or refused with sentences that say where; what was
   * read is kept exactly; and what had nothing wrong in it is written as YAML that means the same.
   */
  public static void fuzzerTestOneInput(byte[] input) throws MalformedValueException {
    Configuration read = LOADER.loadText(FILE, input);
    for (Problem problem : read.problems()) {
      if (problem.message().isEmpty() || problem.toString().indexOf('\n') >= 0) {
        throw new AssertionError("no good sentence: " + problem);
      }
    }
    Configuration kept = KeptConfiguration.read(ConfigurationWriter.kept(read));
    if (!kept.equals(read)) {
      throw new AssertionError("kept otherwise\nread " + read + "\nkept " + kept);
    }
    if (read.problems().isEmpty()) {
      writtenAgain(read);
    }
  }

  private static void writtenAgain(Configuration read) {
    String yaml = ConfigurationWriter.yaml(read);
    Configuration again = LOADER.loadText(FILE, yaml.getBytes(StandardCharsets.UTF_8));
    if (!again.problems().isEmpty() || !again.daemon().equals(read.daemon())) {
      throw new AssertionError("written otherwise: " + again.problems() + "\n" + yaml);
    }
    if (!again.programs().keySet().equals(read.programs().keySet())) {
      throw new AssertionError("other programs are written: " + again.programs().keySet());
    }
    again
        .programs()
        .forEach(
            (name, program) -> {
              ProgramSpec before = read.programs().getOrDefault(name, program);
              if (!program.sameAs(before)) {
                throw new AssertionError(name + " is written otherwise\n" + yaml);
              }
            });
  }
}
