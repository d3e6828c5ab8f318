package pm.daemon;

/** What the build wrote into the jar. */
final class BuildInfo {

  private BuildInfo() {}

  /** Returns the version, {@code development} where the classes are not in a jar. */
  static String version() {
    String version = BuildInfo.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
