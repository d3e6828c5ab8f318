package pm.config;

/**
 * A key that differs between two definitions.
 *
 * @param path such as {@code restart.delay}
 * @param from the old value, as text
 * @param to the new value, as text
 * @param kind when it takes effect
 */
public record Change(String path, String from, String to, KeyKind kind) {}
