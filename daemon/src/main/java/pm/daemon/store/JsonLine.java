package pm.daemon.store;

import pm.protocol.Json;

/**
 * Writes the members of JSON objects straight into a line, without a tree of values in between.
 * Which values stand where is the caller's business; commas are ours.
 */
final class JsonLine {
  private final StringBuilder out;

  JsonLine(StringBuilder out) {
    this.out = out;
  }

  /** Begins an object: the line itself, or an element of an array. */
  JsonLine object() {
    separate();
    out.append('{');
    return this;
  }

  /** Begins an object that is a member. */
  JsonLine object(String name) {
    key(name).append('{');
    return this;
  }

  /** Ends an object. */
  JsonLine end() {
    out.append('}');
    return this;
  }

  /** Begins an array that is a member. */
  JsonLine array(String name) {
    key(name).append('[');
    return this;
  }

  /** Ends an array. */
  JsonLine endArray() {
    out.append(']');
    return this;
  }

  JsonLine put(String name, String value) {
    Json.quote(value, key(name));
    return this;
  }

  JsonLine put(String name, Enum<?> value) {
    return put(name, value.name());
  }

  JsonLine put(String name, long value) {
    key(name).append(value);
    return this;
  }

  JsonLine put(String name, boolean value) {
    key(name).append(value);
    return this;
  }

  JsonLine putNull(String name) {
    key(name).append("null");
    return this;
  }

  /** Adds a text to an array. */
  JsonLine element(String value) {
    separate();
    Json.quote(value, out);
    return this;
  }

  /** Adds a number to an array. */
  JsonLine element(long value) {
    separate();
    out.append(value);
    return this;
  }

  private StringBuilder key(String name) {
    separate();
    Json.quote(name, out);
    return out.append(':');
  }

  private void separate() {
    if (!out.isEmpty()) {
      char last = out.charAt(out.length() - 1);
      if (last != '{' && last != '[' && last != '\n') {
        out.append(',');
      }
    }
  }
}
