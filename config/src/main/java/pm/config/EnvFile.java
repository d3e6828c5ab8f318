package pm.config;

/**
 * A file of {@code NAME=value} lines, read at every start.
 *
 * @param path absolute
 * @param optional whether the program starts without it when it does not exist
 */
public record EnvFile(String path, boolean optional) {
  public EnvFile {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("the path of an env_file is absolute: " + path);
    }
  }
}
