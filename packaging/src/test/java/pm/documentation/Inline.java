package pm.documentation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The markup within lines of Markdown: code, strong, emphasized, links. */
final class Inline {
  private static final Pattern MARKUP =
      Pattern.compile(
          "(?<ticks>`+)(?<code>.+?)\\k<ticks>"
              + "|\\*\\*(?<strong>.+?)\\*\\*"
              + "|(?<![\\w*])\\*(?<emphasis>[^*\\s][^*]*)\\*"
              + "|\\[(?<text>[^\\]]*)\\]\\((?<link>[^)\\s]*)\\)"
              + "|\\\\(?<literal>[|*_`\\[\\]<>])");

  /** What stands for a value in a call: WORD, WORD-WORD. */
  private static final Pattern PLACEHOLDER = Pattern.compile("\\b[A-Z][A-Z-]*\\b");

  /** The pages of the manual that hold what a document of the repository says. */
  private static final Map<String, String> PAGES =
      Map.of(
          "configuration.md", "**pm-programs**(5)",
          "cli.md", "**pmctl**(1)",
          "worker-protocol.md", "**pm-workers**(7)",
          "running.md", "**pmd**(8)");

  private Inline() {}

  /** The text in roff. */
  static String roff(String markdown) {
    StringBuilder roff = new StringBuilder();
    Matcher markup = MARKUP.matcher(markdown);
    int done = 0;
    while (markup.find()) {
      roff.append(Roff.escaped(markdown.substring(done, markup.start()), false));
      done = markup.end();
      if (markup.group("code") != null) {
        roff.append("\\fB").append(code(markup.group("code"))).append("\\fR");
      } else if (markup.group("strong") != null) {
        roff.append("\\fB").append(Roff.escaped(markup.group("strong"), true)).append("\\fR");
      } else if (markup.group("emphasis") != null) {
        roff.append("\\fI").append(Roff.escaped(markup.group("emphasis"), false)).append("\\fR");
      } else if (markup.group("literal") != null) {
        roff.append(Roff.escaped(markup.group("literal"), false));
      } else {
        roff.append(link(markup.group("text"), markup.group("link")));
      }
    }
    return roff.append(Roff.escaped(markdown.substring(done), false)).toString();
  }

  /** Code that may be divided, where it is long, behind what divides it anyhow. */
  private static String code(String code) {
    String escaped = Roff.escaped(code, true);
    return code.length() > 14 ? escaped.replaceAll("(?<=[^ ~])[/,](?=[^ /,])", "$0\\\\:") : escaped;
  }

  private static String link(String text, String link) {
    String file = link.replaceFirst("#.*", "").replaceFirst("^docs/", "");
    if (file.isEmpty()) {
      return roff(text);
    }
    String page = PAGES.getOrDefault(file, "");
    if (!page.isEmpty()) {
      return text.equals(file) ? roff(page) : roff(text) + " (" + roff(page) + ")";
    }
    if (link.startsWith("http")) {
      return roff(text) + " (" + Roff.escaped(link, true) + ")";
    }
    String path =
        file.startsWith("../config-examples")
            ? file.replace("../config-examples", "examples")
            : file;
    return roff(text.equals(file) || file.startsWith("../") ? "" : text + ", ")
        + "\\fI/usr/share/doc/pmd/"
        + Roff.escaped(path, true)
        + "\\fR";
  }

  /** The arguments of a call: what is typed as it is stands out, and so does what is the user's. */
  static String placeholders(String arguments) {
    StringBuilder roff = new StringBuilder();
    Matcher word = Pattern.compile("--?[a-z][a-z-]*|[A-Z][A-Z-]*|[^-A-Z]+|-").matcher(arguments);
    while (word.find()) {
      String each = word.group();
      if (each.startsWith("-") && each.length() > 1) {
        roff.append("\\fB").append(Roff.escaped(each, true)).append("\\fR");
      } else if (PLACEHOLDER.matcher(each).matches()) {
        roff.append("\\fI").append(Roff.escaped(each, true)).append("\\fR");
      } else {
        roff.append(Roff.escaped(each, true));
      }
    }
    return roff.toString();
  }

  /** The text with each sentence on a line of its own, as far as its end is plain to see. */
  static List<String> sentences(String markdown) {
    List<String> sentences = new ArrayList<>();
    int from = 0;
    // Not within code, links or brackets, where a blank may mean something.
    Matcher end =
        Pattern.compile("`[^`]*`|(?<end>(?<=[a-z0-9)`*][.:?!]) +(?=[A-Z`]))").matcher(markdown);
    while (end.find()) {
      if (end.group("end") != null && markdown.charAt(end.start() - 1) != ':') {
        sentences.add(markdown.substring(from, end.start()));
        from = end.end();
      }
    }
    sentences.add(markdown.substring(from));
    return sentences;
  }
}
