package pm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Text with references to environment variables: {@code ${NAME}}, {@code ${NAME:-default}} for a
 * variable that may be unset or empty, and {@code $$} for one dollar sign. Any other dollar sign
 * stands for itself, so that a line for a shell can use {@code $NAME} and {@code $(command)}. What
 * is put in is not looked at again.
 */
public final class Template {
  /** What became of a template. */
  public sealed interface Expansion {
    /** All that it refers to is known. */
    record Expanded(String text) implements Expansion {}

    /** A variable is unset and has no default; the first such one. */
    record Unset(String name) implements Expansion {}

    /**
     * The text would be longer than {@link #MOST_CHARACTERS}, so no process could be started with
     * it.
     */
    record TooLong() implements Expansion {}
  }

  /** Linux refuses a longer argument or variable (MAX_ARG_STRLEN, execve(2)). */
  public static final int MOST_CHARACTERS = 131_071;

  /**
   * One use of a variable.
   *
   * @param name of the variable
   * @param fallback what stands in for it when it is unset or empty
   * @param start index of the dollar sign
   * @param end index after the closing brace
   */
  public record Reference(String name, Optional<String> fallback, int start, int end) {}

  private Template() {}

  /**
   * Lists the variables that a text uses, in order.
   *
   * @throws MalformedValueException if a reference is not well formed
   */
  public static List<Reference> references(String text) throws MalformedValueException {
    int dollar = text.indexOf('$');
    if (dollar < 0) {
      return List.of();
    }
    var references = new ArrayList<Reference>(2);
    while (dollar >= 0 && dollar + 1 < text.length()) {
      int next = dollar + 1;
      if (text.charAt(next) == '{') {
        Reference reference = reference(text, dollar);
        references.add(reference);
        next = reference.end();
      } else if (text.charAt(next) == '$') {
        next++;
      }
      dollar = text.indexOf('$', next);
    }
    return references;
  }

  /**
   * Puts values in.
   *
   * @param text one that {@link #references} accepts
   * @param lookup gives the value of a variable; empty if it is unset
   * @throws IllegalArgumentException if a reference is not well formed, which the loader has
   *     refused before
   */
  public static Expansion expand(String text, Function<String, Optional<String>> lookup) {
    if (text.indexOf('$') < 0) {
      return new Expansion.Expanded(text);
    }
    List<Reference> references;
    try {
      references = references(text);
    } catch (MalformedValueException malformed) {
      throw new IllegalArgumentException(malformed.getMessage(), malformed);
    }
    var expanded = new StringBuilder(text.length() + 32);
    int done = 0;
    for (Reference reference : references) {
      appendLiteral(expanded, text, done, reference.start());
      Optional<String> value = lookup.apply(reference.name());
      if (reference.fallback().isPresent() && value.orElse("").isEmpty()) {
        value = reference.fallback();
      }
      if (value.isEmpty()) {
        return new Expansion.Unset(reference.name());
      }
      if (expanded.length() + value.get().length() > MOST_CHARACTERS) {
        return new Expansion.TooLong();
      }
      expanded.append(value.get());
      done = reference.end();
    }
    appendLiteral(expanded, text, done, text.length());
    if (expanded.length() > MOST_CHARACTERS) {
      return new Expansion.TooLong();
    }
    return new Expansion.Expanded(expanded.toString());
  }

  /** Writes a text so that {@link #expand} gives it back as it is. */
  public static String escape(String text) {
    return text.replace("$", "$$");
  }

  /** Whether a reference can name this variable. */
  public static boolean isName(String name) {
    if (name.isEmpty() || isDigit(name.charAt(0))) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      if (!isNameCharacter(name.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private static void appendLiteral(StringBuilder to, String text, int start, int end) {
    int at = start;
    while (at < end) {
      char c = text.charAt(at);
      to.append(c);
      at += c == '$' && at + 1 < end && text.charAt(at + 1) == '$' ? 2 : 1;
    }
  }

  private static Reference reference(String text, int dollar) throws MalformedValueException {
    int nameStart = dollar + 2;
    int close = text.indexOf('}', nameStart);
    if (close < 0) {
      throw new MalformedValueException(
          Quoted.text(text.substring(dollar)) + " has no closing brace",
          "write $${ for a dollar sign and a brace");
    }
    String whole = text.substring(dollar, close + 1);
    int nameEnd = nameStart;
    while (isNameCharacter(text.charAt(nameEnd))) {
      nameEnd++;
    }
    String name = text.substring(nameStart, nameEnd);
    if (!isName(name)) {
      throw notAReference(whole);
    }
    if (nameEnd == close) {
      return new Reference(name, Optional.empty(), dollar, close + 1);
    }
    if (!text.startsWith(":-", nameEnd)) {
      throw notAReference(whole);
    }
    String fallback = text.substring(nameEnd + 2, close);
    if (fallback.contains("${")) {
      throw new MalformedValueException(
          Quoted.text(whole) + " has a reference inside its default", "write a default without ${");
    }
    return new Reference(name, Optional.of(fallback), dollar, close + 1);
  }

  private static MalformedValueException notAReference(String whole) {
    return new MalformedValueException(
        Quoted.text(whole) + " is not understood",
        "write ${NAME} or ${NAME:-default}, or $${ for a dollar sign and a brace");
  }

  private static boolean isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || isDigit(c);
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
