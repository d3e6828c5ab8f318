package pm.daemon.store;

import pm.protocol.Json;

/**
 * Writes one JSON object straight into a line, without a tree of values in between. Which values
 * stand where is the caller's business; commas are ours.
 *
 * <p>Each restart is kept by some hundred members, nearly always by code that is not compiled yet.
 * So what is known to need no escapes is not looked through: names of members and {@link #word}s.
 */
final class JsonLine {
  private final StringBuilder out;

  /** Whether a comma belongs before what comes next. */
  private boolean follows;

  JsonLine(StringBuilder out) {
    this.out = out;
  }

  /** Begins an object: the line itself, or an element of an array. */
  JsonLine object() {
    separate();
    return open('{');
  }

  /** Begins an object that is a member. */
  JsonLine object(String name) {
    key(name);
    return open('{');
  }

  /** Begins an object that is a member, and whose name may be any text. */
  JsonLine objectOf(String anyText) {
    quotedKey(anyText);
    return open('{');
  }

  /** Ends an object. */
  JsonLine end() {
    out.append('}');
    follows = true;
    return this;
  }

  /** Begins an array that is a member. */
  JsonLine array(String name) {
    key(name);
    return open('[');
  }

  /** Ends an array. */
  JsonLine endArray() {
    out.append(']');
    follows = true;
    return this;
  }

  JsonLine put(String name, String value) {
    Json.quote(value, key(name));
    return this;
  }

  /** Adds a member whose name may be any text, too. */
  JsonLine putOf(String anyText, String value) {
    Json.quote(value, quotedKey(anyText));
    return this;
  }

  /** Adds a text that is known to be letters, digits and the like. */
  JsonLine word(String name, String plain) {
    key(name).append('"').append(plain).append('"');
    return this;
  }

  JsonLine put(String name, Enum<?> value) {
    return word(name, value.name());
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

  private JsonLine open(char bracket) {
    out.append(bracket);
    follows = false;
    return this;
  }

  private StringBuilder key(String name) {
    out.append(follows ? ",\"" : "\"").append(name).append("\":");
    follows = true;
    return out;
  }

  private StringBuilder quotedKey(String anyText) {
    separate();
    Json.quote(anyText, out);
    return out.append(':');
  }

  private void separate() {
    if (follows) {
      out.append(',');
    }
    follows = true;
  }
}
