package pm.config;

import org.jspecify.annotations.Nullable;

/**
 * Says in words for people what the YAML parser says in words for people who write YAML parsers.
 */
final class YamlSyntax {
  private YamlSyntax() {}

  static UnreadableFileException explain(Location at, @Nullable String context, String problem) {
    if (problem.contains("\\t(TAB)")) {
      return of(at, "a tab cannot stand here", "use spaces");
    }
    if (problem.contains("mapping values are not allowed here")) {
      return of(
          at,
          "no ':' can stand here",
          "check the indentation of this line and of the one before, and put text that holds ': ' in quotes");
    }
    if (problem.contains("sequence entries are not allowed here")) {
      return of(
          at,
          "no list item can stand here",
          "begin the list on a line of its own, or put the text in quotes");
    }
    if (problem.contains("end of stream")) {
      return of(at, "this quote is never closed", "close it");
    }
    if (problem.contains("<stream end>")) {
      return of(at, "this bracket is never closed", "close it");
    }
    if (problem.contains("that cannot start any token")) {
      int quote = problem.indexOf('\'') + 1;
      String start = problem.substring(quote, quote + 1);
      return of(at, "text cannot begin with " + start, "put it in quotes");
    }
    if (problem.contains("escape")) {
      return of(
          at,
          "this backslash begins no escape",
          "write \\\\ for a backslash, or use single quotes");
    }
    if (problem.startsWith("expected <block end>")) {
      return of(
          at,
          "this does not belong to the block around it",
          "check the indentation, and put the whole of a text in quotes");
    }
    if (problem.startsWith("expected ',' or")) {
      return of(at, "a comma or a closing bracket is missing before this", "write , ] or }");
    }
    if (problem.startsWith("could not find expected ':'")) {
      return of(at, "a ':' is missing after the key before this", "write KEY: VALUE");
    }
    if (problem.startsWith("expected the node content")) {
      return of(at, "a value is missing before this", "text that begins so needs quotes");
    }
    if (problem.startsWith("expected '<document start>'")) {
      return of(at, "what stands before this is complete already", "a file is one mapping of YAML");
    }
    if (context != null && (context.endsWith("an alias") || context.endsWith("an anchor"))) {
      return of(at, "* and & begin the name of an alias", "put text that begins so in quotes");
    }
    if (context != null && context.endsWith("a tag")) {
      return of(at, "tags are refused", "put text that begins with ! in quotes");
    }
    return of(at, "not valid YAML: " + printable(problem), "");
  }

  private static UnreadableFileException of(Location at, String message, String remedy) {
    return new UnreadableFileException(at, message, remedy);
  }

  private static String printable(String problem) {
    String quoted = Quoted.text(problem);
    return quoted.substring(1, quoted.length() - 1);
  }
}
