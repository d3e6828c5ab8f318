package pm.protocol;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Reads the members of one JSON object with the types they must have, and says in a sentence which
 * one has not. A member that is {@code null} counts as absent.
 *
 * @param values the object as {@link Json} read it
 */
public record Members(Map<String, Object> values) {

  /** The members of a value that must be an object; {@code what} names it in the error. */
  public static Members of(Object value, String what) throws JsonException {
    if (value instanceof Map<?, ?>) {
      @SuppressWarnings("unchecked") // Json makes objects with string keys only.
      Map<String, Object> values = (Map<String, Object>) value;
      return new Members(values);
    }
    throw new JsonException(what + " must be an object");
  }

  /** The value, if it is there and not {@code null}. */
  public Optional<Object> value(String name) {
    Object value = values.getOrDefault(name, Json.NULL);
    return value == Json.NULL ? Optional.empty() : Optional.of(value);
  }

  /** Whether it is there and not {@code null}. */
  public boolean has(String name) {
    return values.getOrDefault(name, Json.NULL) != Json.NULL;
  }

  /** The string that must be there. */
  public String string(String name) throws JsonException {
    Optional<String> text = optionalString(name);
    if (text.isEmpty()) {
      throw new JsonException(name + " is missing");
    }
    return text.get();
  }

  /** The string, if it is there. */
  public Optional<String> optionalString(String name) throws JsonException {
    Object value = values.getOrDefault(name, Json.NULL);
    if (value instanceof String text) {
      return Optional.of(text);
    }
    return absent(name, value, "a string");
  }

  /** The integer, if it is there. */
  public OptionalLong optionalLong(String name) throws JsonException {
    Object value = values.getOrDefault(name, Json.NULL);
    if (value instanceof Long number) {
      return OptionalLong.of(number);
    }
    absent(name, value, "an integer");
    return OptionalLong.empty();
  }

  /** The number, if it is there. */
  public Optional<Number> optionalNumber(String name) throws JsonException {
    Object value = values.getOrDefault(name, Json.NULL);
    if (value instanceof Number number) {
      return Optional.of(number);
    }
    return absent(name, value, "a number");
  }

  /** The truth value, or {@code otherwise} if it is not there. */
  public boolean bool(String name, boolean otherwise) throws JsonException {
    Object value = values.getOrDefault(name, Json.NULL);
    if (value instanceof Boolean truth) {
      return truth;
    }
    absent(name, value, "true or false");
    return otherwise;
  }

  /** The strings of an array, empty if it is not there. */
  public List<String> strings(String name) throws JsonException {
    List<String> strings = new ArrayList<>();
    for (Object element : list(name)) {
      if (element instanceof String text) {
        strings.add(text);
      } else {
        throw new JsonException(name + " must be an array of strings");
      }
    }
    return strings;
  }

  /** The objects of an array, empty if it is not there. */
  public List<Members> objects(String name) throws JsonException {
    List<Members> objects = new ArrayList<>();
    for (Object element : list(name)) {
      objects.add(of(element, "each of " + name));
    }
    return objects;
  }

  /** The object, if it is there. */
  public Optional<Members> optionalObject(String name) throws JsonException {
    return has(name)
        ? Optional.of(of(values.getOrDefault(name, Json.NULL), name))
        : Optional.empty();
  }

  /** The elements of an array, empty if it is not there. */
  public List<?> list(String name) throws JsonException {
    Object value = values.getOrDefault(name, Json.NULL);
    if (value instanceof List<?> elements) {
      return elements;
    }
    absent(name, value, "an array");
    return List.of();
  }

  /**
   * Refuses every member that is not one of {@code names}: a misspelt parameter must not be
   * ignored.
   */
  public void only(List<String> names) throws JsonException {
    for (String name : values.keySet()) {
      if (!names.contains(name)) {
        throw new JsonException(
            "unknown parameter "
                + name
                + (names.isEmpty()
                    ? "; there are none"
                    : "; known are " + String.join(", ", names)));
      }
    }
  }

  private static <T> Optional<T> absent(String name, Object value, String type)
      throws JsonException {
    if (value == Json.NULL) {
      return Optional.empty();
    }
    throw new JsonException(name + " must be " + type);
  }
}
