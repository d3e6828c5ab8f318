package pm.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code campaigns/lines/fuzz-kept} calls with each of its inputs, a kept configuration. */
public final class KeptFuzzer {
  private static final int SEEDS = 20;

  private KeptFuzzer() {}

  /** Judges one input: it is refused in words, or what it says is kept and read again as it is. */
  public static void fuzzerTestOneInput(byte[] input) throws MalformedValueException {
    Configuration read;
    try {
      read = KeptConfiguration.read(input);
    } catch (MalformedValueException refused) {
      if (refused.what().isEmpty()) {
        throw new AssertionError("no sentence", refused);
      }
      return;
    }
    Configuration again = KeptConfiguration.read(ConfigurationWriter.kept(read));
    if (!again.equals(read)) {
      throw new AssertionError("kept otherwise\nread  " + read + "\nagain " + again);
    }
  }

  /** Writes inputs to begin with into a folder. */
  public static void main(String[] arguments) throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      Files.write(
          Path.of(arguments[0], "kept" + seed),
          ConfigurationWriter.kept(new RandomConfigurations(seed).configuration()));
    }
  }
}
