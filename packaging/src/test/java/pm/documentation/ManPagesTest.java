package pm.documentation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.Option;
import pm.cli.arguments.PicocliParser;
import pm.cli.arguments.Syntax;
import pm.cli.command.Command;
import pm.cli.command.Commands;
import pm.config.KeyGuide;

/** The pages of the manual say all there is to say, and the tools find no fault with them. */
final class ManPagesTest {
  private static final Path REPOSITORY = Path.of("..");
  private static final Map<String, String> PAGES = new TreeMap<>();

  @TempDir private static Path folder;

  @BeforeAll
  static void write() throws IOException {
    Documentation.main(new String[] {REPOSITORY.toString(), folder.toString(), "2026-01-01"});
    for (ManPage page : Documentation.pages(REPOSITORY, "2026-01-01")) {
      PAGES.put(page.name().file(), page.text());
    }
  }

  private static String page(String file) {
    assertThat(PAGES).containsKey(file);
    return plain(PAGES.getOrDefault(file, ""));
  }

  /** What a reader sees of the source, near enough, in one line. */
  private static String plain(String roff) {
    return roff.replaceAll("\\\\f[BIR]|\\\\:|\\\\&", "")
        .replace("\\-", "-")
        .replace("\\(aq", "'")
        .replace("\\(ga", "`")
        .replace("\\(ha", "^")
        .replace("\\(ti", "~")
        .replace("\\(dq", "\"")
        .replace("\\\n", "")
        .replace("\\[u2026]", "…")
        .replace("\\e", "\\")
        .replaceAll("\\s+", " ");
  }

  @Test
  void everyCommandHasAPageWithAllThatItsHelpSays() {
    for (Command command : Commands.all()) {
      Syntax syntax = command.syntax();
      String page = page(CommandPage.name(syntax.name()).file());
      assertThat(page)
          .contains(".SH \"NAME\" " + CommandPage.name(syntax.name()).title())
          .contains(syntax.description())
          .contains(syntax.operands().label(), syntax.operands().description());
      List<Option> options = new ArrayList<>(syntax.options());
      options.addAll(GlobalOptions.EVERYWHERE);
      for (Option option : options) {
        assertThat(page)
            .contains(".TP " + (option.shortName().isEmpty() ? "" : option.shortName() + ", "))
            .contains(option.longName() + option.valueSyntax() + " " + option.description());
      }
      for (Syntax.Exit exit : PicocliParser.exits(syntax)) {
        String meaning = exit.meaning();
        assertThat(page)
            .contains(
                ".TP %d %s%s."
                    .formatted(
                        exit.code().value(),
                        Character.toUpperCase(meaning.charAt(0)),
                        meaning.substring(1)));
      }
      for (String example : syntax.examples()) {
        assertThat(page).contains(example);
      }
    }
    for (String group : Commands.GROUPS) {
      String page = page("man1/pmctl-" + group + ".1");
      for (String name : Commands.inGroup(group)) {
        assertThat(page).contains(CommandPage.name(name).title() + "(1)");
      }
    }
    for (String name : Commands.NAMES) {
      assertThat(page("man1/pmctl.1")).contains(CommandPage.name(name).title() + "(1)");
    }
  }

  @Test
  void everyKeyIsExplained() {
    String programs = page("man5/pm-programs.5");
    String daemon = page("man5/pmd.yaml.5");
    int keys = 0;
    for (String path : KeyGuide.paths()) {
      KeyGuide guide = KeyGuide.find(path).orElseThrow();
      // The keys of a check of liveness, and those of each hook, are told of once.
      boolean isToldElsewhere =
          path.matches("liveness\\.(http|exec|before_kill)\\..*|hooks\\.(?!pre_start).*\\..*")
              || path.matches("(readiness\\.exec|stop\\.command|reload\\.command)\\..*")
              || path.startsWith("programs.");
      boolean isMappingOfDaemon = !guide.isOfProgram() && !guide.below().isEmpty();
      if (!isToldElsewhere && !isMappingOfDaemon) {
        keys++;
        String page = guide.isOfProgram() ? programs : daemon;
        assertThat(page.replace("`", "")).contains(".TP " + path + " " + guide.does());
        assertThat(page).contains("Default: " + guide.otherwise());
      }
    }
    assertThat(keys).isGreaterThan(120);
  }

  @Test
  void pmdTellsOfItsOptionsAndFolders() throws Exception {
    String page = page("man8/pmd.8");
    String help = run(Path.of(System.getProperty("pm.tree"), "bin", "pmd").toString(), "--help");
    Matcher option = Pattern.compile("(?m)^ +(?:(-\\w), +)?(--[a-z]+)").matcher(help);
    int options = 0;
    while (option.find()) {
      options++;
      assertThat(page).contains(".TP " + (option.group(1) == null ? "" : option.group(1) + ", "));
      assertThat(page).contains(option.group(2));
    }
    assertThat(options).isEqualTo(6);
    for (String exit : List.of("0", "2", "73", "75", "78")) {
      assertThat(page).contains(".TP " + exit + " ");
      assertThat(help).contains(" " + exit + " ");
    }
  }

  @Test
  void nothingOfTheDocumentsIsLeftOut() throws IOException {
    StringBuilder sources = new StringBuilder();
    for (String name : List.of("pmctl", "pmd", "pmd.yaml", "pm-programs", "pm-workers")) {
      sources.append(Files.readString(REPOSITORY.resolve("docs/man/" + name + ".md")));
    }
    for (String document : List.of("configuration", "worker-protocol")) {
      List<String> lines = Files.readAllLines(REPOSITORY.resolve("docs/" + document + ".md"));
      List<String> headings = CommandPage.headings(lines);
      assertThat(headings).isNotEmpty();
      for (String heading : headings) {
        assertThat(sources).contains("<!-- include: docs/" + document + ".md: " + heading + " -->");
      }
    }
  }

  @Test
  void whatThePagesReferToIsThere() {
    Pattern reference = Pattern.compile("\\b(pm[a-z.-]*)\\(([1-8])\\)");
    int references = 0;
    for (Map.Entry<String, String> page : PAGES.entrySet()) {
      Matcher matcher = reference.matcher(plain(page.getValue()));
      while (matcher.find()) {
        references++;
        ManPage.Name name = new ManPage.Name(matcher.group(1), Integer.parseInt(matcher.group(2)));
        assertThat(PAGES).as(page.getKey()).containsKey(name.file());
      }
      assertThat(plain(page.getValue())).as(page.getKey()).contains(".SH \"SEE ALSO\"");
      assertThat(page.getValue()).as(page.getKey()).doesNotContain("<!--", "](", "](http");
    }
    assertThat(references).isGreaterThan(300);
  }

  @Test
  void mandocFindsNoFault() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/mandoc")), "mandoc is there");
    List<String> command = new ArrayList<>(List.of("/usr/bin/mandoc", "-T", "lint"));
    PAGES.keySet().forEach(file -> command.add(folder.resolve(file).toString()));
    assertThat(run(command.toArray(new String[0]))).isEmpty();
  }

  @Test
  void groffFindsNoFault() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/man")), "man is there");
    for (String file : PAGES.keySet()) {

      assertThat(
              run(
                  "/bin/sh",
                  "-c",
                  "MANWIDTH=80 LC_ALL=C.UTF-8 exec man --warnings -l -Tutf8 -Z \"$0\" 2>&1"
                      + " > /dev/null",
                  folder.resolve(file).toString()))
          .as(file)
          .isEmpty();
    }
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return said;
  }
}
