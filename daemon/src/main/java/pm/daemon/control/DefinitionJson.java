package pm.daemon.control;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import pm.config.ConfigurationWriter;
import pm.config.DaemonSpec;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.protocol.Json;
import pm.protocol.JsonException;

/**
 * Definitions as JSON in the keys of the files, with all defaults. The values of variables whose
 * names look like secrets are not shown. Any thread.
 */
final class DefinitionJson {
  static final String HIDDEN = "***";

  private static final Pattern SECRET =
      Pattern.compile(
          "PASSW|PASSPHRASE|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|DSN", Pattern.CASE_INSENSITIVE);

  private DefinitionJson() {}

  static Object program(ProgramSpec spec) {
    Map<String, String> shown = new LinkedHashMap<>(spec.environment());
    shown.replaceAll((name, value) -> isSecret(name) ? HIDDEN : value);
    return read(ConfigurationWriter.json(new ProgramSpec.Builder(spec).environment(shown).build()));
  }

  static Object daemon(DaemonSpec spec) {
    return read(ConfigurationWriter.json(spec));
  }

  static List<Object> problems(List<Problem> problems) {
    List<Object> all = new ArrayList<>();
    for (Problem problem : problems) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("file", problem.location().file());
      json.put("line", (long) problem.location().line());
      json.put("column", (long) problem.location().column());
      json.put("path", problem.path());
      json.put("message", problem.message());
      json.put("remedy", problem.remedy());
      all.add(json);
    }
    return all;
  }

  static boolean isSecret(String variable) {
    return SECRET.matcher(variable).find();
  }

  private static Object read(String json) {
    try {
      return Json.parse(json);
    } catch (JsonException e) {
      throw new IllegalStateException("a definition was not written as JSON", e);
    }
  }
}
