package pm.config;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON Schema (draft 2020-12) of both kinds of files, made from the same table of keys that
 * they are read by. It knows keys, forms and ranges; what goes together is for {@code config
 * check}.
 */
public final class ConfigurationSchema {
  private static final String DRAFT = "https://json-schema.org/draft/2020-12/schema";
  private static final String SPAN =
      "^(?=.)([0-9]{1,10}d)?([0-9]{1,10}h)?([0-9]{1,10}m)?([0-9]{1,10}s)?([0-9]{1,10}ms)?$";
  private static final String SIZE = "^[0-9]{1,15}(B|[KMG](iB)?)$";

  private final Map<String, Object> definitions = new LinkedHashMap<>();

  private ConfigurationSchema() {}

  /** Of a file of programs, as a JSON object in lines. */
  public static String program() {
    return schema("A file of programs for pmd", DaemonKeys.PROGRAMS_FILE);
  }

  /** Of {@code pmd.yaml}, which may hold programs too, as a JSON object in lines. */
  public static String daemon() {
    return schema("pmd.yaml, the settings of pmd", DaemonKeys.DAEMON);
  }

  private static String schema(String title, Keys keys) {
    var schema = new ConfigurationSchema();
    var tree = new LinkedHashMap<String, Object>();
    tree.put("$schema", DRAFT);
    tree.put("title", title);
    tree.putAll(schema.mapping(keys));
    tree.put("type", List.of("object", "null"));
    tree.put("$defs", schema.definitions);
    var text = new StringBuilder();
    JsonText.lines(tree, 0, text);
    return text.append('\n').toString();
  }

  private Map<String, Object> mapping(Keys keys) {
    var properties = new LinkedHashMap<String, Object>();
    var required = new ArrayList<String>();
    for (Key key : keys.keys()) {
      Map<String, Object> property = of(key.type());
      boolean isRequired = key.otherwise().isEmpty() && KeyPath.mappings(key.type()).isEmpty();
      if (isRequired) {
        required.add(key.name());
      } else {
        property = orNull(property);
      }
      var described = new LinkedHashMap<String, Object>();
      described.put("description", description(key));
      described.putAll(property);
      properties.put(key.name(), described);
    }
    for (LaterKey later : keys.later()) {
      properties.put(later.name(), later());
    }
    var tree = new LinkedHashMap<String, Object>();
    tree.put("type", "object");
    tree.put("properties", properties);
    if (!required.isEmpty()) {
      tree.put("required", required);
    }
    tree.put("additionalProperties", false);
    return tree;
  }

  private static String description(Key key) {
    String plain = key.does().replace("`", "");
    return key.otherwise().isEmpty() ? plain : plain + " Default: " + key.otherwise() + ".";
  }

  /** Only what it would be by default. */
  private static Map<String, Object> later() {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("description", "Not supported yet.");
    tree.put("enum", List.of(ProgramTree.NULL, Map.of(), List.of()));
    return tree;
  }

  private Map<String, Object> of(KeyType type) {
    var tree = new LinkedHashMap<String, Object>();
    switch (type) {
      case KeyType.Text text -> tree.put("type", List.of("string", "number", "boolean"));
      case KeyType.Truth truth -> tree.put("type", "boolean");
      case KeyType.Whole whole -> {
        tree.put("type", "integer");
        tree.put("minimum", whole.least());
        tree.put("maximum", whole.most());
      }
      case KeyType.Decimal decimal -> {
        tree.put("type", "number");
        tree.put("minimum", BigDecimal.valueOf(decimal.least()));
        tree.put("maximum", BigDecimal.valueOf(decimal.most()));
      }
      case KeyType.Span span -> pattern(SPAN, tree);
      case KeyType.Size size -> pattern(SIZE, tree);
      case KeyType.Form form -> pattern("^(" + form.pattern() + ")$", tree);
      case KeyType.OneOf one -> tree.put("enum", one.words());
      case KeyType.ListOf list -> {
        tree.put("type", "array");
        tree.put("items", of(list.item()));
      }
      case KeyType.MapOf map -> {
        tree.put("type", "object");
        tree.put(
            "additionalProperties", map.nullable() ? orNull(of(map.value())) : of(map.value()));
      }
      case KeyType.Below(Keys keys) -> {
        String name = keys.owner().substring(keys.owner().indexOf(' ') + 1);
        if (!definitions.containsKey(name)) {
          // Its place, so that the definitions stand in the order of their use.
          definitions.put(name, Map.of());
          definitions.put(name, mapping(keys));
        }
        tree.put("$ref", "#/$defs/" + name);
      }
      case KeyType.AnyOf any -> {
        var types = new ArrayList<Object>();
        for (KeyType each : any.types()) {
          types.add(of(each));
        }
        tree.put("anyOf", types);
      }
    }
    return tree;
  }

  private static void pattern(String pattern, Map<String, Object> tree) {
    tree.put("type", "string");
    tree.put("pattern", pattern);
  }

  private static Map<String, Object> orNull(Map<String, Object> schema) {
    var types = new ArrayList<Object>();
    if (schema.get("anyOf") instanceof List<?> any) {
      types.addAll(any);
    } else {
      types.add(schema);
    }
    types.add(Map.of("type", "null"));
    var tree = new LinkedHashMap<String, Object>();
    tree.put("anyOf", types);
    return tree;
  }
}
