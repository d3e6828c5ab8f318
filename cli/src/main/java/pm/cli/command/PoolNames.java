package pm.cli.command;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.cli.arguments.CommandFailure;
import pm.cli.arguments.Operands;
import pm.cli.client.Connection;
import pm.config.Glob;
import pm.protocol.ExitCode;
import pm.protocol.JsonException;
import pm.protocol.Members;
import pm.protocol.Method;

/** Which pools are meant, and asking for them. */
final class PoolNames {
  private static final String WHAT = "A pool (thumbnails), a pattern ('thumb*') or all.";

  /** At least one. */
  static final Operands SOME = new Operands("POOL", 1, Integer.MAX_VALUE, WHAT);

  /** Any number; none means all. */
  static final Operands ANY =
      new Operands("POOL", 0, Integer.MAX_VALUE, WHAT + " Without one: all.");

  private PoolNames() {}

  /**
   * The names of the pools that selectors name. A name that stands for itself is not looked up: the
   * daemon says better what is wrong with it.
   */
  static List<String> of(Connection connection, List<String> selectors)
      throws CommandFailure, JsonException {
    List<String> names = new ArrayList<>();
    List<String> all = new ArrayList<>();
    for (String selector : selectors) {
      boolean isPattern =
          selector.equals("all") || selector.indexOf('*') >= 0 || selector.indexOf('?') >= 0;
      if (isPattern && all.isEmpty()) {
        for (Members pool : list(connection, List.of())) {
          all.add(pool.string("name"));
        }
      }
      boolean found = !isPattern;
      for (String name : isPattern ? all : List.of(selector)) {
        if (!isPattern || selector.equals("all") || Glob.matches(selector, name)) {
          found = true;
          if (!names.contains(name)) {
            names.add(name);
          }
        }
      }
      if (!found) {
        throw new CommandFailure(
            ExitCode.NO_MATCH,
            selector.equals("all")
                ? "there are no pools. A program of type worker with pool: is one."
                : "there is no pool like " + selector + ". See: pmctl pool show");
      }
    }
    return names;
  }

  /** All pools, or those of these names, page after page. */
  static List<Members> list(Connection connection, List<String> names)
      throws CommandFailure, JsonException {
    Map<String, Object> params = new LinkedHashMap<>();
    if (!names.isEmpty()) {
      params.put("pools", names);
    }
    List<Members> pools = new ArrayList<>();
    Optional<String> cursor = Optional.empty();
    do {
      if (cursor.isPresent()) {
        params.put("cursor", cursor.get());
      }
      Members page = Members.of(connection.call(Method.POOL_LIST, params), "the answer");
      pools.addAll(page.objects("pools"));
      cursor = page.optionalString("cursor");
    } while (cursor.isPresent());
    return pools;
  }

  /** What is in force of its program; empty if only tasks of it are left. */
  static Optional<Members> definition(Connection connection, String name)
      throws CommandFailure, JsonException {
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("program", name);
    try {
      Members answer = Members.of(connection.call(Method.CONFIG_SHOW, params), "the answer");
      Optional<Members> programs = answer.optionalObject("programs");
      return programs.isPresent() ? programs.get().optionalObject(name) : Optional.empty();
    } catch (CommandFailure e) {
      if (e.exitCode() == ExitCode.NO_MATCH) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
