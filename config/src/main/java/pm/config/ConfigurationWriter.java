package pm.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes what is configured, every key with its value, defaults included. References such as {@code
 * ${HOME}} stay as they are.
 */
public final class ConfigurationWriter {
  static final int VERSION = 1;

  private ConfigurationWriter() {}

  /**
   * One file with everything in it, as {@link ConfigurationLoader} reads it. Invalid programs are
   * left out.
   */
  public static String yaml(Configuration configuration) {
    var text = new StringBuilder();
    YamlText.block(ProgramTree.of(configuration.daemon()), 0, text);
    YamlText.block(Map.of("programs", programs(configuration, false)), 0, text);
    return text.toString();
  }

  /** A file with one program in it, as {@link ConfigurationLoader} reads it. */
  public static String yaml(ProgramSpec program) {
    var text = new StringBuilder();
    YamlText.block(Map.of("programs", Map.of(program.name(), ProgramTree.of(program))), 0, text);
    return text.toString();
  }

  /** The definition of one program as a JSON object on one line, with the keys of the files. */
  public static String json(ProgramSpec program) {
    var text = new StringBuilder();
    JsonText.write(ProgramTree.of(program), text);
    return text.toString();
  }

  /** The daemon's own settings as a JSON object on one line, with the keys of {@code pmd.yaml}. */
  public static String json(DaemonSpec daemon) {
    var text = new StringBuilder();
    JsonText.write(ProgramTree.of(daemon), text);
    return text.toString();
  }

  /**
   * All of it in UTF-8, places and problems included, as {@link KeptConfiguration#read} takes it
   * back.
   */
  public static byte[] kept(Configuration configuration) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("version", VERSION);
    tree.put("daemon", ProgramTree.of(configuration.daemon()));
    tree.put("programs", programs(configuration, true));
    var problems = new ArrayList<Object>();
    configuration
        .invalid()
        .forEach((name, all) -> all.forEach(each -> problems.add(problem("program", name, each))));
    configuration
        .unread()
        .forEach((file, all) -> all.forEach(each -> problems.add(problem("in", file, each))));
    for (Problem each : configuration.problems()) {
      problems.add(problem("", "", each));
    }
    tree.put("problems", problems);
    var text = new StringBuilder();
    JsonText.write(tree, text);
    return text.append('\n').toString().getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, Object> programs(Configuration configuration, boolean withOrigin) {
    var programs = new LinkedHashMap<String, Object>();
    for (ProgramSpec program : configuration.programs().values()) {
      Map<String, Object> tree = ProgramTree.of(program);
      if (withOrigin) {
        Location origin = program.location();
        tree.put("origin", List.of(origin.file(), origin.line(), origin.column()));
      }
      programs.put(program.name(), tree);
    }
    return programs;
  }

  private static Map<String, Object> problem(String ownerKey, String owner, Problem problem) {
    var tree = new LinkedHashMap<String, Object>();
    if (!ownerKey.isEmpty()) {
      tree.put(ownerKey, owner);
    }
    tree.put("file", problem.location().file());
    tree.put("line", problem.location().line());
    tree.put("column", problem.location().column());
    tree.put("path", problem.path());
    tree.put("message", problem.message());
    tree.put("remedy", problem.remedy());
    return tree;
  }
}
