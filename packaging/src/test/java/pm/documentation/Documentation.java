package pm.documentation;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import pm.cli.command.Commands;

/** Writes all pages of the manual: {@code Documentation REPOSITORY FOLDER DATE}. */
final class Documentation {
  /** Those that are written by hand, or put together from the documents. */
  private static final List<ManPage.Name> GUIDES =
      List.of(
          new ManPage.Name("pmd", 8),
          new ManPage.Name("pmd.yaml", 5),
          new ManPage.Name("pm-programs", 5),
          new ManPage.Name("pm-workers", 7));

  private Documentation() {}

  /** Writes them, or ends with a stack trace that the build shows. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[1]);
    for (ManPage page : pages(Path.of(arguments[0]), arguments[2])) {
      Path file = folder.resolve(page.name().file());
      Files.createDirectories(file.getParent());
      Files.writeString(file, page.text(), UTF_8);
    }
  }

  /** Makes all pages. */
  static List<ManPage> pages(Path repository, String date) throws IOException {
    String source = "pm " + Commands.version();
    List<ManPage> pages = new ArrayList<>(new CommandPage(repository, date, source).all());
    for (ManPage.Name name : GUIDES) {
      pages.add(guide(name, repository, date, source));
    }
    return pages;
  }

  private static ManPage guide(ManPage.Name name, Path repository, String date, String source)
      throws IOException {
    List<String> lines = Files.readAllLines(repository.resolve("docs/man/" + name.title() + ".md"));
    Roff roff = new Roff(name, date, source);
    roff.section("Name");
    // The first line: "# pmd: keeps programs running".
    String first = lines.getFirst();
    roff.name(name.title(), first.substring(first.indexOf(": ") + 2));
    new Guide(roff, repository).add(String.join("\n", lines.subList(1, lines.size())));
    return new ManPage(name, roff.toString());
  }
}
