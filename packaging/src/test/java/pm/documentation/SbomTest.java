package pm.documentation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.cli.render.JsonText;
import pm.protocol.Json;

/** The bill of materials names every jar as it is, and the runtime. */
final class SbomTest {
  private static final String MAVEN =
      """
      {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
       "metadata": {"component": {"type": "library", "bom-ref": "m", "group": "pm", "name": "packaging", "version": "3.0",
         "licenses": [{"license": {"id": "Apache-2.0"}}], "purl": "m"}},
       "components": [
         {"type": "library", "bom-ref": "pkg:maven/pm/daemon@3.0?type=jar", "group": "pm", "name": "daemon", "version": "3.0", "purl": "d",
          "hashes": [{"alg": "MD5", "content": "00"}], "licenses": [{"license": {"id": "Apache-2.0"}}]},
         {"type": "library", "bom-ref": "j", "group": "g", "name": "jffi", "version": "1", "purl": "j?classifier=native",
          "licenses": [{"license": {"id": "Apache-2.0"}}, {"license": {"name": "GNU Lesser General Public License version 3"}}]}],
       "dependencies": [{"ref": "m", "dependsOn": ["pkg:maven/pm/daemon@3.0?type=jar"]}, {"ref": "pkg:maven/pm/daemon@3.0?type=jar", "dependsOn": ["j"]}]}
      """;

  /** As the jar is called, whatever version the plugin has seen. */
  private static final String DAEMON = "pkg:maven/pm/daemon@3.1?type=jar";

  private static Map<String, String> jdk(Path folder) throws IOException {
    Files.writeString(
        folder.resolve("release"),
        "IMPLEMENTOR=\"Eclipse Adoptium\"\nSEMANTIC_VERSION=\"25.0.3+9\"\nMODULES=\"java.base\"\n");
    return Sbom.release(folder);
  }

  @Test
  void namesTheJarsAsTheyAreAndTheRuntime(@TempDir Path lib) throws Exception {
    Files.writeString(lib.resolve("pm-daemon-3.1.jar"), "abc");
    Sbom sbom = new Sbom(lib);
    String text = JsonText.pretty(sbom.whole(sbom.read(MAVEN), jdk(lib), "java.base jdk.net"));
    assertThat(text)
        .contains("\"bom-ref\": \"pkg:generic/pmd@3.1\"", "\"ref\": \"pkg:generic/pmd@3.1\"")
        .contains("\"type\": \"application\"", "\"version\": \"25.0.3+9\"")
        .contains("\"expression\": \"GPL-2.0-only WITH Classpath-exception-2.0\"")
        .contains("\"expression\": \"Apache-2.0 OR LGPL-3.0-only\"")
        .contains("\"value\": \"java.base\"", "\"value\": \"jdk.net\"")
        // SHA-256 of abc.
        .contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        .doesNotContain("MD5", "\"m\"", "timestamp", "serialNumber");
    Map<?, ?> bom = (Map<?, ?>) Json.parse(text);
    assertThat(bom.get("dependencies"))
        .isEqualTo(
            List.of(
                Map.of(
                    "ref",
                    "pkg:generic/pmd@3.1",
                    "dependsOn",
                    List.of(DAEMON, "pkg:generic/openjdk@25.0.3%2B9")),
                Map.of("ref", DAEMON, "dependsOn", List.of("j")),
                Map.of("ref", "pkg:generic/openjdk@25.0.3%2B9")));
  }

  @Test
  void refusesToLeaveAJarOut(@TempDir Path lib) throws Exception {
    Files.writeString(lib.resolve("pm-daemon-3.1.jar"), "abc");
    Files.writeString(lib.resolve("new-1.jar"), "abc");
    Sbom sbom = new Sbom(lib);
    assertThatThrownBy(() -> sbom.whole(sbom.read(MAVEN), jdk(lib), ""))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("new-1.jar");
  }
}
