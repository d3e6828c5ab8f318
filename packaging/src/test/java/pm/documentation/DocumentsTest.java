package pm.documentation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents refer to is there. */
final class DocumentsTest {
  private static final Path REPOSITORY = Path.of("..");

  private static List<Path> documents() throws IOException {
    List<Path> documents = new ArrayList<>();
    for (String top : List.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md")) {
      documents.add(REPOSITORY.resolve(top));
    }
    try (Stream<Path> files = Files.walk(REPOSITORY.resolve("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(documents::add);
    }
    return documents;
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    Pattern link = Pattern.compile("(?<!`)\\[[^\\]\\n]+\\]\\(([^)\\s]+)\\)");
    int links = 0;
    for (Path document : documents()) {
      Path folder = document.resolveSibling("");
      Matcher matcher = link.matcher(withoutCode(Files.readString(document)));
      while (matcher.find()) {
        String target = matcher.group(1);
        if (target.startsWith("http")) {
          continue;
        }
        links++;
        int hash = target.indexOf('#');
        String file = hash < 0 ? target : target.substring(0, hash);
        Path other = file.isEmpty() ? document : folder.resolve(file).normalize();
        assertThat(other).as("%s: %s", document, target).exists();
        if (hash >= 0) {
          assertThat(anchors(other))
              .as("%s: %s", document, target)
              .contains(target.substring(hash + 1));
        }
      }
    }
    assertThat(links).isGreaterThan(50);
  }

  /** As forges make them of headings. */
  private static List<String> anchors(Path document) throws IOException {
    List<String> anchors = new ArrayList<>();
    for (String line : withoutCode(Files.readString(document)).lines().toList()) {
      if (line.startsWith("#")) {
        String title = line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT);
        anchors.add(title.replaceAll("[^\\w -]", "").replace(' ', '-'));
      }
    }
    return anchors;
  }

  private static String withoutCode(String markdown) {
    return Pattern.compile("^```.*?^```", Pattern.DOTALL | Pattern.MULTILINE)
        .matcher(markdown)
        .replaceAll("");
  }

  @Test
  void theWayToAReleaseNamesWhatIsThere() throws IOException {
    String document = Files.readString(REPOSITORY.resolve("docs/releasing.md"));
    Matcher path =
        Pattern.compile("(?<![/\\w.])((?:packaging|benchmarks)/[\\w./-]*[\\w/])").matcher(document);
    int paths = 0;
    while (path.find()) {
      if (!path.group(1).startsWith("packaging/target")) {
        paths++;
        assertThat(REPOSITORY.resolve(path.group(1))).exists();
      }
    }
    assertThat(paths).isGreaterThan(4);
    String pm = Files.readString(REPOSITORY.resolve("pm"));
    Matcher command = Pattern.compile("\\./pm ([a-z-]+)").matcher(document);
    while (command.find()) {
      assertThat(pm).containsPattern("(?m)^  " + command.group(1) + "\\)");
    }
  }

  /** The places of the packages' files, as far as the scripts that lay them out can be read. */
  @Test
  void whereFilesLieIsSaidRightly() throws IOException {
    String install = Files.readString(REPOSITORY.resolve("docs/install.md"));
    String stage = Files.readString(REPOSITORY.resolve("packaging/package/stage.sh"));
    int begin = install.indexOf("<!-- files -->");
    Matcher file =
        Pattern.compile("`(/[^`]+)`")
            .matcher(install.substring(begin, install.indexOf("<!-- end -->", begin)));
    int files = 0;
    while (file.find()) {
      files++;
      String path = file.group(1).replace("VERSION/", "").replaceFirst("/$", "");
      String name = path.substring(path.lastIndexOf('/') + 1);
      assertThat(stage).as(path).contains(name.equals("doc") ? path : "/" + name);
    }
    assertThat(files).isGreaterThan(7);
  }
}
