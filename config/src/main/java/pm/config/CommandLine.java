package pm.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a line into words as a shell would: at blanks, with single quotes, double quotes and
 * backslashes. Nothing else of a shell happens; what is plainly meant for one is refused, because
 * it would silently become an argument. A dollar sign in single quotes or after a backslash is
 * protected from {@link Template} too.
 */
final class CommandLine {
  private final String line;
  private final List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;
  private boolean quoted;
  private int at;

  private CommandLine(String line) {
    this.line = line;
  }

  /**
   * Splits.
   *
   * @return the words, as templates; empty if there is none
   * @throws MalformedValueException if a quote is not closed or the line needs a shell
   */
  static List<String> split(String line) throws MalformedValueException {
    var splitter = new CommandLine(line);
    splitter.run();
    return splitter.words;
  }

  private void run() throws MalformedValueException {
    while (at < line.length()) {
      char c = line.charAt(at);
      if (isBlank(c)) {
        endWord();
        at++;
      } else if (c == '\'') {
        singleQuotes();
      } else if (c == '"') {
        doubleQuotes();
      } else if (c == '\\') {
        backslash();
      } else {
        literal(c);
      }
    }
    endWord();
  }

  private void literal(char c) {
    inWord = true;
    if (c == '$') {
      dollar();
    } else {
      word.append(c);
      at++;
    }
  }

  private void singleQuotes() throws MalformedValueException {
    int close = line.indexOf('\'', at + 1);
    if (close < 0) {
      throw unclosed("'");
    }
    for (int i = at + 1; i < close; i++) {
      char c = line.charAt(i);
      boolean reference =
          c == '$' && (i + 1 == close || line.charAt(i + 1) == '{' || line.charAt(i + 1) == '$');
      word.append(reference ? "$$" : String.valueOf(c));
    }
    inWord = true;
    quoted = true;
    at = close + 1;
  }

  private void doubleQuotes() throws MalformedValueException {
    inWord = true;
    quoted = true;
    at++;
    while (at < line.length() && line.charAt(at) != '"') {
      char c = line.charAt(at);
      if (c == '\\' && at + 1 < line.length() && "\\\"$`\n".indexOf(line.charAt(at + 1)) >= 0) {
        escaped(line.charAt(at + 1));
      } else if (c == '$') {
        dollar();
      } else {
        word.append(c);
        at++;
      }
    }
    if (at >= line.length()) {
      throw unclosed("\"");
    }
    at++;
  }

  private void backslash() throws MalformedValueException {
    if (at + 1 == line.length()) {
      throw new MalformedValueException(
          "the command ends with a backslash", "write \\\\ for a backslash");
    }
    inWord = inWord || line.charAt(at + 1) != '\n';
    quoted = true;
    escaped(line.charAt(at + 1));
  }

  private void escaped(char c) {
    if (c == '$') {
      word.append("$$");
    } else if (c != '\n') {
      word.append(c);
    }
    at += 2;
  }

  /** Keeps a reference in one piece, whatever its default holds, and two dollar signs together. */
  private void dollar() {
    int end = at + 1;
    if (line.startsWith("$$", at)) {
      end = at + 2;
    } else if (line.startsWith("${", at)) {
      int close = line.indexOf('}', at);
      end = close < 0 ? line.length() : close + 1;
    }
    word.append(line, at, end);
    at = end;
  }

  private void endWord() throws MalformedValueException {
    if (inWord) {
      String text = word.toString();
      if (!quoted && isForShell(text)) {
        throw new MalformedValueException(
            Quoted.text(text) + " needs a shell",
            "write shell: true, or put it in quotes if it is an argument");
      }
      words.add(text);
    }
    word.setLength(0);
    inWord = false;
    quoted = false;
  }

  /** Only what cannot be meant as an argument; {@code http://host/?a=1&b=2} can. */
  private static boolean isForShell(String text) {
    char first = text.charAt(0);
    return first == '|'
        || first == '>'
        || first == '<'
        || text.equals("&")
        || text.equals("&&")
        || text.endsWith(";")
        || text.startsWith("2>")
        || text.startsWith("&>");
  }

  private MalformedValueException unclosed(String quote) {
    return new MalformedValueException(
        "the quote " + quote + " in the command is never closed",
        "close it, or write \\" + quote + " for the character");
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
  }
}
