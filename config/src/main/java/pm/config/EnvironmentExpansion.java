package pm.config;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Works out the environment of a process from what lies below and from the {@code environment} of
 * its program, whose values may refer to what lies below and to each other, in any order. A
 * variable that refers to itself means the one below: {@code PATH: "/opt/bin:${PATH}"}.
 */
public final class EnvironmentExpansion {
  /** What became of an environment. */
  public sealed interface Result {
    /** The whole environment, that from below included, in a stable order. */
    record Complete(Map<String, String> environment) implements Result {}

    /**
     * The value of {@code variable} refers to {@code missing}, which is unset and has no default.
     */
    record Unset(String variable, String missing) implements Result {}

    /** The value of {@code variable} refers to itself by way of others. */
    record Circular(String variable) implements Result {}

    /** With the value of {@code variable} there would be more than {@link #MOST_CHARACTERS}. */
    record TooLong(String variable) implements Result {}
  }

  /**
   * All values together. Linux takes a quarter of the stack limit for arguments and environment,
   * usually 2 MiB (execve(2)).
   */
  public static final int MOST_CHARACTERS = 2 << 20;

  private final Map<String, String> below;
  private final Map<String, String> templates;
  private final Map<String, String> done = new LinkedHashMap<>();
  private final Set<String> begun = new LinkedHashSet<>();
  private int characters;

  private EnvironmentExpansion(Map<String, String> below, Map<String, String> templates) {
    this.below = below;
    this.templates = templates;
  }

  /**
   * Expands.
   *
   * @param below the variables that the process gets anyway, with their values as they are
   * @param templates the program's {@code environment}, which wins over those
   */
  public static Result expand(Map<String, String> below, Map<String, String> templates) {
    var expansion = new EnvironmentExpansion(below, templates);
    for (String name : templates.keySet()) {
      Optional<Result> failure = expansion.expand(name);
      if (failure.isPresent()) {
        return failure.get();
      }
    }
    var environment = new LinkedHashMap<>(below);
    environment.putAll(expansion.done);
    return new Result.Complete(environment);
  }

  /**
   * Expands one variable and, before it, those that it refers to. As deep as there are variables:
   * at most 1,000.
   */
  private Optional<Result> expand(String name) {
    if (done.containsKey(name)) {
      return Optional.empty();
    }
    if (!begun.add(name)) {
      return Optional.of(new Result.Circular(name));
    }
    String template = templates.getOrDefault(name, "");
    try {
      for (Template.Reference reference : Template.references(template)) {
        if (!reference.name().equals(name) && templates.containsKey(reference.name())) {
          Optional<Result> failure = expand(reference.name());
          if (failure.isPresent()) {
            return failure;
          }
        }
      }
    } catch (MalformedValueException malformed) {
      throw new IllegalArgumentException(malformed.getMessage(), malformed);
    }
    return switch (Template.expand(template, other -> valueFor(name, other))) {
      case Template.Expansion.Expanded expanded -> {
        done.put(name, expanded.text());
        characters += expanded.text().length();
        yield characters > MOST_CHARACTERS
            ? Optional.of(new Result.TooLong(name))
            : Optional.empty();
      }
      case Template.Expansion.TooLong tooLong -> Optional.of(new Result.TooLong(name));
      case Template.Expansion.Unset unset -> Optional.of(new Result.Unset(name, unset.name()));
    };
  }

  private Optional<String> valueFor(String user, String name) {
    if (!user.equals(name) && done.containsKey(name)) {
      return Optional.ofNullable(done.get(name));
    }
    return Optional.ofNullable(below.get(name));
  }
}
