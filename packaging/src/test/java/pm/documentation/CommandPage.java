package pm.documentation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import pm.cli.arguments.GlobalOptions;
import pm.cli.arguments.Option;
import pm.cli.arguments.PicocliParser;
import pm.cli.arguments.Syntax;
import pm.cli.command.Command;
import pm.cli.command.Commands;
import pm.protocol.ExitCode;

/**
 * The pages of {@code pmctl} and its commands. What a command takes, its examples and its exit
 * codes are those of its help; what there is to say beyond that stands in {@code
 * docs/man/COMMAND.md}.
 */
final class CommandPage {
  /** Commands that one who reads about one of them may want. */
  private static final List<List<String>> FAMILIES =
      List.of(
          List.of("status", "describe", "why", "top", "logs", "events", "is-active", "is-failed"),
          List.of("start", "stop", "restart", "reload", "signal", "wait", "run"),
          List.of("enable", "disable", "start", "stop"),
          List.of("reset", "why", "start", "events"),
          List.of("scale", "status", "apply", "pool show"),
          List.of("wait", "is-active", "is-failed", "status"),
          List.of("apply", "config check", "config show", "status"),
          List.of("submit", "task list", "task show", "task cancel", "task retry", "pool show"),
          List.of("pool show", "pool pause", "pool resume", "pool drain", "submit", "scale"),
          List.of("config check", "config show", "config schema", "config explain", "apply"),
          List.of("daemon status", "daemon upgrade", "daemon shutdown", "ping", "version"),
          List.of("metrics", "top", "status"),
          List.of("completion"));

  private final Path repository;
  private final String date;
  private final String source;

  CommandPage(Path repository, String date, String source) {
    this.repository = repository;
    this.date = date;
    this.source = source;
  }

  List<ManPage> all() throws IOException {
    List<ManPage> pages = new ArrayList<>();
    pages.add(overview());
    for (String group : Commands.GROUPS) {
      pages.add(group(group));
    }
    for (Command command : Commands.all()) {
      pages.add(command(command.syntax()));
    }
    return pages;
  }

  static ManPage.Name name(String command) {
    return new ManPage.Name(command.isEmpty() ? "pmctl" : "pmctl-" + command.replace(' ', '-'), 1);
  }

  private ManPage command(Syntax syntax) throws IOException {
    ManPage.Name name = name(syntax.name());
    Roff roff = new Roff(name, date, source);
    Guide guide = new Guide(roff, repository);
    List<String> more = more(syntax.name());
    roff.section("Name");
    StringBuilder names = new StringBuilder(name.title());
    for (String alias : syntax.aliases()) {
      names.append(", ").append(name(alias).title());
    }
    roff.name(names.toString(), summary(syntax));
    roff.section("Synopsis");
    String call = PicocliParser.synopsis(syntax);
    roff.synopsis("pmctl " + syntax.name(), call.substring(6 + syntax.name().length()).strip());
    for (String alias : syntax.aliases()) {
      roff.synopsis("pmctl " + alias, "...");
    }
    roff.section("Description");
    roff.paragraph(syntax.description());
    guide.add(String.join("\n", Guide.section(more, "Description")));
    if (syntax.operands().max() > 0) {
      roff.section("Operands");
      roff.item(
          "*" + syntax.operands().label().replace(" ", "* *") + "*",
          syntax.operands().description());
      guide.add(String.join("\n", Guide.section(more, "Operands")));
    }
    roff.section("Options");
    for (Option option : syntax.options()) {
      option(roff, option);
    }
    roff.paragraph(
        syntax.options().isEmpty()
            ? "It has only those of every command:"
            : "And those of every command:");
    for (Option option : GlobalOptions.EVERYWHERE) {
      option(roff, option);
    }
    for (String heading : headings(more)) {
      if (!List.of("Name", "Description", "Operands").contains(heading)) {
        roff.section(heading);
        guide.add(String.join("\n", Guide.section(more, heading)));
      }
    }
    roff.section("Exit status");
    for (Syntax.Exit exit : PicocliParser.exits(syntax)) {
      roff.item("**" + exit.code().value() + "**", sentence(exit.meaning()));
    }
    roff.section(syntax.examples().size() == 1 ? "Example" : "Examples");
    roff.code(String.join("\n", syntax.examples()));
    seeAlso(roff, syntax.name());
    return new ManPage(name, roff.toString());
  }

  private ManPage group(String group) throws IOException {
    ManPage.Name name = name(group);
    Roff roff = new Roff(name, date, source);
    List<String> more = more(group);
    roff.section("Name");
    roff.name(name.title(), Guide.section(more, "Name").get(1));
    roff.section("Synopsis");
    roff.synopsis("pmctl " + group, "COMMAND [OPTION]... [OPERAND]...");
    roff.section("Description");
    new Guide(roff, repository).add(String.join("\n", Guide.section(more, "Description")));
    roff.section("Commands");
    commands(roff, Commands.inGroup(group));
    roff.section("See also");
    roff.paragraph("**pmctl**(1), **pmd**(8)");
    return new ManPage(name, roff.toString());
  }

  private ManPage overview() throws IOException {
    ManPage.Name name = name("");
    Roff roff = new Roff(name, date, source);
    Guide guide = new Guide(roff, repository);
    List<String> page = Files.readAllLines(repository.resolve("docs/man/pmctl.md"));
    roff.section("Name");
    roff.name("pmctl", "controls pmd, the process supervisor");
    roff.section("Synopsis");
    roff.synopsis(
        "pmctl",
        "[--socket PATH] [--home DIR] [-o FORMAT] [--color WHEN] COMMAND [OPTION]... [OPERAND]...");
    roff.synopsis("pmctl", "[COMMAND] --help");
    roff.synopsis("pmctl", "--version");
    for (String heading : headings(page)) {
      roff.section(heading);
      switch (heading) {
        case "Commands" -> {
          guide.add(String.join("\n", Guide.section(page, heading)));
          commands(roff, Commands.NAMES);
        }
        case "Options" -> {
          guide.add(String.join("\n", Guide.section(page, heading)));
          for (Option option : GlobalOptions.EVERYWHERE) {
            option(roff, option);
          }
          option(roff, GlobalOptions.VERSION);
        }
        case "Exit status" -> {
          guide.add(String.join("\n", Guide.section(page, heading)));
          for (ExitCode code : ExitCode.values()) {
            roff.item("**" + code.value() + "**", sentence(code.meaning()));
          }
        }
        default -> guide.add(String.join("\n", Guide.section(page, heading)));
      }
    }
    return new ManPage(name, roff.toString());
  }

  private void commands(Roff roff, List<String> names) throws IOException {
    for (String name : names) {
      Syntax syntax = Commands.find(name).orElseThrow().syntax();
      roff.item(name(name).reference(), sentence(summary(syntax)));
    }
  }

  /**
   * What it does in one line. The help speaks of "them" where that is plain from the line above; an
   * index of pages has no such line.
   */
  private String summary(Syntax syntax) throws IOException {
    List<String> own = Guide.section(more(syntax.name()), "Name");
    return own.isEmpty() ? syntax.summary() : own.get(1);
  }

  private static void option(Roff roff, Option option) {
    String names = option.shortName().isEmpty() ? "" : "**" + option.shortName() + "**, ";
    String value = option.valueSyntax();
    value = value.replaceFirst("[A-Z][A-Z-]*", "*$0*");
    roff.item(
        names + "**" + option.longName() + "**" + value,
        option.description() + (option.repeated() ? " It may be given several times." : ""));
  }

  private static void seeAlso(Roff roff, String command) {
    Set<String> pages = new LinkedHashSet<>();
    pages.add(name("").reference());
    for (List<String> family : FAMILIES) {
      if (family.getFirst().equals(command)) {
        family.forEach(each -> pages.add(name(each).reference()));
      }
    }
    if (pages.size() == 1) {
      for (List<String> family : FAMILIES) {
        if (family.contains(command)) {
          family.forEach(each -> pages.add(name(each).reference()));
          break;
        }
      }
    }
    pages.remove(name(command).reference());
    switch (command.split(" ", -1)[0]) {
      case "config", "apply" -> pages.addAll(List.of("**pmd.yaml**(5)", "**pm-programs**(5)"));
      case "submit", "task", "pool" ->
          pages.addAll(List.of("**pm-programs**(5)", "**pm-workers**(7)"));
      default -> pages.add("**pm-programs**(5)");
    }
    pages.add("**pmd**(8)");
    roff.section("See also");
    roff.paragraph(String.join(", ", pages));
  }

  /** What is told about a command beyond its help; nothing of most. */
  private List<String> more(String command) throws IOException {
    Path file = repository.resolve("docs/man/" + name(command).title() + ".md");
    return Files.exists(file) ? Files.readAllLines(file) : List.of();
  }

  static List<String> headings(List<String> lines) {
    List<String> headings = new ArrayList<>();
    boolean isCode = false;
    for (String line : lines) {
      isCode ^= line.startsWith("```");
      if (!isCode && line.startsWith("## ")) {
        headings.add(line.substring(3));
      }
    }
    return headings;
  }

  private static String sentence(String text) {
    return Character.toUpperCase(text.charAt(0)) + text.substring(1) + ".";
  }
}
