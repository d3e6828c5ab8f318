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
 * names look like secrets are not shown, nor are passwords in addresses. Any thread.
 */
final class DefinitionJson {
  static final String HIDDEN = "***";

  private static final Pattern SECRET =
      Pattern.compile(
          "PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|AUTH|DSN|PRIVATE|COOKIE|SALT",
          Pattern.CASE_INSENSITIVE);

  /** As in {@code postgres://web:s3cret@db/shop}. */
  private static final Pattern PASSWORD_IN_ADDRESS =
      Pattern.compile("(://[^/?#\\s:@]*:)[^/?#\\s@]+@");

  private DefinitionJson() {}

  static Object program(ProgramSpec spec) {
    Map<String, String> shown = new LinkedHashMap<>(spec.environment());
    shown.replaceAll(DefinitionJson::shown);
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

  /** Returns what may be seen of the value of a variable. */
  static String shown(String variable, String value) {
    if (SECRET.matcher(variable).find()) {
      return HIDDEN;
    }
    return value.contains("://")
        ? PASSWORD_IN_ADDRESS.matcher(value).replaceAll("$1" + HIDDEN + "@")
        : value;
  }

  private static Object read(String json) {
    try {
      return Json.parse(json);
    } catch (JsonException e) {
      throw new IllegalStateException("a definition was not written as JSON", e);
    }
  }
}
