package pm.cli.arguments;

import java.util.List;

/** The options that every command takes, before and after its name. */
public final class GlobalOptions {
  public static final Option SOCKET =
      Option.value("", "--socket", "PATH", "The daemon's socket (PM_SOCKET).");

  public static final Option HOME =
      Option.value(
          "", "--home", "DIR", "The folder of a daemon that was started with --home (PM_HOME).");

  public static final Option OUTPUT =
      Option.value("-o", "--output", "FORMAT", "table, wide, json, jsonl, yaml or name.");

  public static final Option COLOR = Option.value("", "--color", "WHEN", "auto, always or never.");

  public static final Option HELP = Option.flag("-h", "--help", "Shows this help.");

  /** Only before the command. */
  public static final Option VERSION =
      Option.flag("-V", "--version", "Shows the version of pmctl.");

  /** Those that stand before and after the command. */
  public static final List<Option> EVERYWHERE = List.of(SOCKET, HOME, OUTPUT, COLOR, HELP);

  private GlobalOptions() {}
}
