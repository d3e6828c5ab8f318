package pm.documentation;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import pm.cli.render.JsonText;
import pm.protocol.Json;
import pm.protocol.JsonException;

/**
 * The bill of materials of the packages, in the format of CycloneDX: what Maven's plugin says of
 * the jars, and the Java runtime that comes with them.
 */
final class Sbom {
  /** Licenses that poms name in words. */
  private static final Map<String, String> SPDX =
      Map.of(
          "GNU General Public License Version 2", "GPL-2.0-only",
          "GNU Lesser General Public License Version 2.1", "LGPL-2.1-only",
          "GNU Lesser General Public License version 3", "LGPL-3.0-only");

  private static final List<String> HASHES = List.of("SHA-256", "SHA-512");

  private final Path lib;

  /** The jars that no component was found for. */
  private final Set<String> jars = new TreeSet<>();

  /**
   * Makes one.
   *
   * @param lib the folder of the jars
   */
  Sbom(Path lib) throws IOException {
    this.lib = lib;
    try (Stream<Path> files = Files.list(lib)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".jar"))
          .forEach(jars::add);
    }
  }

  /**
   * Writes it: {@code Sbom MAVEN LIB FILE JDK [RUNTIME]}.
   *
   * @param arguments what the plugin has written; the folder of the jars, which have to be those
   *     that it names; what to write; the JDK that the runtime is made of; the runtime itself,
   *     whose modules are named then
   */
  public static void main(String[] arguments) throws IOException, JsonException {
    Path lib = Path.of(arguments[1]);
    Map<String, String> jdk = release(Path.of(arguments[3]));
    String modules =
        arguments.length > 4 ? release(Path.of(arguments[4])).getOrDefault("MODULES", "") : "";
    Sbom sbom = new Sbom(lib);
    Map<String, Object> bom = sbom.read(Files.readString(Path.of(arguments[0])));
    String text = JsonText.pretty(sbom.whole(bom, jdk, modules));
    Files.writeString(Path.of(arguments[2]), text, UTF_8);
  }

  /** Reads what the plugin has written, with the version of the jars in place of its own. */
  Map<String, Object> read(String maven) throws IOException, JsonException {
    return object(Json.parse(maven.replaceAll("(pkg:maven/pm/[a-z]+@)[^?\"]+", "$1" + version())));
  }

  /** That of our own jars. */
  private String version() throws IOException {
    for (String jar : jars) {
      if (jar.startsWith("pm-daemon-")) {
        return jar.substring("pm-daemon-".length(), jar.length() - ".jar".length());
      }
    }
    throw new IOException("there is no pm-daemon-VERSION.jar in " + lib);
  }

  /** The file {@code release} of a Java runtime. */
  static Map<String, String> release(Path runtime) throws IOException {
    Map<String, String> values = new TreeMap<>();
    for (String line : Files.readAllLines(runtime.resolve("release"))) {
      int equals = line.indexOf('=');
      values.put(line.substring(0, equals), line.substring(equals + 1).replace("\"", ""));
    }
    return values;
  }

  /**
   * Adds the runtime.
   *
   * @param bom of the module that holds all jars
   * @param jdk the file {@code release} of the JDK
   * @param modules those of the runtime, between blanks
   */
  Map<String, Object> whole(Map<String, Object> bom, Map<String, String> jdk, String modules)
      throws IOException {
    Map<String, Object> metadata = object(bom, "metadata");
    Map<String, Object> module = object(metadata, "component");
    String version = version();
    String ours = "pkg:generic/pmd@" + version;

    Map<String, Object> product = new LinkedHashMap<>();
    product.put("type", "application");
    product.put("bom-ref", ours);
    product.put("name", "pmd");
    product.put("version", version);
    product.put("description", "A process supervisor: pmd, its client pmctl, and their runtime.");
    product.put("licenses", licenses(module));
    product.put("purl", ours);

    Map<String, Object> runtime = runtime(jdk, modules);
    List<Object> components = new ArrayList<>();
    for (Object component : list(bom, "components")) {
      components.add(component(object(component), version));
    }
    if (!jars.isEmpty()) {
      throw new IOException("the bill of materials does not name " + jars + ": make it anew");
    }
    components.add(runtime);

    List<Object> dependencies = new ArrayList<>();
    for (Object each : list(bom, "dependencies")) {
      Map<String, Object> dependency = new LinkedHashMap<>(object(each));
      if (text(dependency, "ref").equals(module.get("bom-ref"))) {
        List<Object> all = new ArrayList<>(list(dependency, "dependsOn"));
        all.add(text(runtime, "bom-ref"));
        dependency.put("ref", ours);
        dependency.put("dependsOn", all);
      }
      dependencies.add(dependency);
    }
    dependencies.add(Map.of("ref", text(runtime, "bom-ref")));

    Map<String, Object> head = new LinkedHashMap<>(metadata);
    head.put("component", product);
    Map<String, Object> whole = new LinkedHashMap<>(bom);
    whole.put("metadata", head);
    whole.put("components", components);
    whole.put("dependencies", dependencies);
    return whole;
  }

  private static Map<String, Object> runtime(Map<String, String> jdk, String modules) {
    String version = jdk.getOrDefault("SEMANTIC_VERSION", jdk.getOrDefault("JAVA_VERSION", ""));
    String reference = "pkg:generic/openjdk@" + version.replace("+", "%2B");
    Map<String, Object> runtime = new LinkedHashMap<>();
    runtime.put("type", "platform");
    runtime.put("bom-ref", reference);
    runtime.put("publisher", jdk.getOrDefault("IMPLEMENTOR", ""));
    runtime.put("name", "openjdk");
    runtime.put("version", version);
    runtime.put(
        "description",
        "Java runtime with the modules that are needed, made by jlink of "
            + jdk.getOrDefault("IMPLEMENTOR_VERSION", "OpenJDK " + version)
            + ".");
    runtime.put(
        "licenses", List.of(Map.of("expression", "GPL-2.0-only WITH Classpath-exception-2.0")));
    runtime.put("purl", reference);
    List<Object> properties = new ArrayList<>();
    for (String module : modules.split(" ", -1)) {
      if (!module.isEmpty()) {
        properties.add(property("pm:module", module));
      }
    }
    if (jdk.containsKey("SOURCE")) {
      properties.add(property("pm:source", text(jdk, "SOURCE")));
    }
    if (!properties.isEmpty()) {
      runtime.put("properties", properties);
    }
    return runtime;
  }

  private static Map<String, Object> property(String name, String value) {
    Map<String, Object> property = new LinkedHashMap<>();
    property.put("name", name);
    property.put("value", value);
    return property;
  }

  private Map<String, Object> component(Map<String, Object> component, String version)
      throws IOException {
    Map<String, Object> known = new LinkedHashMap<>(component);
    boolean isOurs = text(component, "group").equals("pm");
    if (isOurs) {
      known.put("version", version);
    }
    // As it lies there now: the jars may be younger than what the plugin has written.
    String jar = jar(known);
    if (jars.remove(jar)) {
      known.put("hashes", hashes(Files.readAllBytes(lib.resolve(jar))));
    } else {
      known.remove("hashes");
    }
    known.put("licenses", licenses(component));
    return known;
  }

  /** The name of its file: those of ours have the name of the product in front. */
  private static String jar(Map<String, Object> component) {
    String file = text(component, "name") + "-" + text(component, "version") + ".jar";
    boolean isNative = text(component, "purl").contains("classifier=");
    return isNative ? "" : text(component, "group").equals("pm") ? "pm-" + file : file;
  }

  private static List<Object> hashes(byte[] bytes) {
    List<Object> hashes = new ArrayList<>();
    for (String algorithm : HASHES) {
      Map<String, Object> hash = new LinkedHashMap<>();
      hash.put("alg", algorithm);
      try {
        hash.put(
            "content",
            HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes)));
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java has " + algorithm, e);
      }
      hashes.add(hash);
    }
    return hashes;
  }

  /** What has several licenses may be had under any of them. */
  private static List<Object> licenses(Map<String, Object> component) {
    List<String> names = new ArrayList<>();
    for (Object entry : list(component, "licenses")) {
      Map<String, Object> license = object(object(entry), "license");
      String name = text(license, license.containsKey("id") ? "id" : "name");
      names.add(SPDX.getOrDefault(name, name));
    }
    return names.size() == 1
        ? List.of(Map.of("license", Map.of("id", names.getFirst())))
        : List.of(Map.of("expression", String.join(" OR ", names)));
  }

  private static Map<String, Object> object(Object value) {
    Map<String, Object> object = new LinkedHashMap<>();
    for (Map.Entry<?, ?> member : ((Map<?, ?>) value).entrySet()) {
      object.put(text(member.getKey()), Objects.requireNonNull(member.getValue()));
    }
    return object;
  }

  private static Map<String, Object> object(Map<String, Object> of, String member) {
    return object(Objects.requireNonNull(of.get(member), member));
  }

  private static List<?> list(Map<String, Object> of, String member) {
    return (List<?>) Objects.requireNonNull(of.get(member), member);
  }

  private static String text(Map<String, ?> of, String member) {
    return text(Objects.requireNonNull(of.get(member), member));
  }

  private static String text(Object value) {
    return value.toString();
  }
}
