package pm.daemon.store;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeMap;
import pm.config.Command;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.ProgramSpec;

/** Configurations of programs that differ in nothing but their names. */
final class NamesOnly implements ConfigurationText {

  static Configuration of(String... names) {
    TreeMap<String, ProgramSpec> programs = new TreeMap<>();
    for (String name : names) {
      programs.put(
          name, new ProgramSpec.Builder(name, new Command(List.of("/bin/true"), false)).build());
    }
    return new Configuration(DaemonSpec.DEFAULT, programs, new TreeMap<>(), List.of());
  }

  @Override
  public byte[] write(Configuration configuration) {
    return String.join(" ", configuration.programs().keySet()).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public Configuration read(byte[] text) throws UnreadableException {
    String names = new String(text, StandardCharsets.UTF_8);
    if (names.contains("?")) {
      throw new UnreadableException("line 1: ? is no name");
    }
    return of(names.split(" "));
  }
}
