package pm.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/** Reads what an instance may use, gain and keep. */
final class LimitsReader {
  private static final String NO_LIMIT = "unlimited";
  private static final long SMALLEST_MEMORY = 1L << 20;
  private static final int MOST_FILES = 1 << 30;

  /** capabilities(7). */
  private static final List<String> CAPABILITIES =
      List.of(
          "audit_control",
          "audit_read",
          "audit_write",
          "block_suspend",
          "bpf",
          "checkpoint_restore",
          "chown",
          "dac_override",
          "dac_read_search",
          "fowner",
          "fsetid",
          "ipc_lock",
          "ipc_owner",
          "kill",
          "lease",
          "linux_immutable",
          "mac_admin",
          "mac_override",
          "mknod",
          "net_admin",
          "net_bind_service",
          "net_broadcast",
          "net_raw",
          "perfmon",
          "setfcap",
          "setgid",
          "setpcap",
          "setuid",
          "sys_admin",
          "sys_boot",
          "sys_chroot",
          "sys_module",
          "sys_nice",
          "sys_pacct",
          "sys_ptrace",
          "sys_rawio",
          "sys_resource",
          "sys_time",
          "sys_tty_config",
          "syslog",
          "wake_alarm");

  private LimitsReader() {}

  static LimitsSpec limits(Section program) {
    Optional<Section> found = program.section("limits", ProgramKeys.LIMITS);
    if (found.isEmpty()) {
      return LimitsSpec.NONE;
    }
    Section limits = found.get();
    var resources = new TreeMap<ResourceKind, ResourceLimits>();
    for (ResourceKind kind : ResourceKind.values()) {
      Optional<ResourceLimits> resource = resource(limits, kind);
      resource.ifPresent(both -> resources.put(kind, both));
    }
    long memory = limits.size("memory", SMALLEST_MEMORY, 1L << 50, 0);
    return new LimitsSpec(
        resources,
        memory == 0 ? OptionalLong.empty() : OptionalLong.of(memory),
        limits.word("on_memory", OnMemory.values(), OnMemory.RESTART),
        percent(limits),
        optional(limits, "tasks", 1, LimitsSpec.MOST_TASKS),
        optional(limits, "nice", -20, 19),
        ioClass(limits),
        affinity(limits),
        optional(limits, "oom_score_adj", -1000, 1000));
  }

  private static OptionalInt optional(Section limits, String key, int least, int most) {
    int none = Integer.MIN_VALUE;
    int number = limits.number(key, least, most, none);
    return number == none ? OptionalInt.empty() : OptionalInt.of(number);
  }

  private static OptionalInt percent(Section limits) {
    if (limits.value("cpu").orElse(null) instanceof Node.Text text && text.text().endsWith("%")) {
      limits.problem(
          "cpu",
          "it is percent of one core already",
          "write " + Quoted.cut(text.text().substring(0, text.text().length() - 1)));
      return OptionalInt.empty();
    }
    return optional(limits, "cpu", 1, LimitsSpec.MOST_CPU_PERCENT);
  }

  private static boolean isBytes(ResourceKind kind) {
    return switch (kind) {
      case NOFILE, NPROC -> false;
      case CORE, FSIZE, AS, STACK, MEMLOCK -> true;
    };
  }

  private static Optional<ResourceLimits> resource(Section limits, ResourceKind kind) {
    String key = kind.word();
    Optional<Node> value = limits.value(key);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (!(value.get() instanceof Node.Text text)) {
      limits.problem(
          key,
          "a limit is expected, not " + Section.describe(value.get()),
          "write " + (isBytes(kind) ? "for example 64MiB, or \"64MiB:1GiB\"" : "\"1024:4096\""));
      return Optional.empty();
    }
    int colon = text.text().indexOf(':');
    try {
      long soft = limit(kind, colon < 0 ? text.text() : text.text().substring(0, colon));
      long hard = colon < 0 ? soft : limit(kind, text.text().substring(colon + 1));
      if (hard != ResourceLimits.UNLIMITED && (soft == ResourceLimits.UNLIMITED || soft > hard)) {
        limits.problem(
            key, "the soft limit is above the hard one", "write SOFT:HARD, the smaller one first");
        return Optional.empty();
      }
      return Optional.of(new ResourceLimits(soft, hard));
    } catch (MalformedValueException malformed) {
      limits.problem(key, malformed.what(), malformed.remedy());
      return Optional.empty();
    }
  }

  private static long limit(ResourceKind kind, String text) throws MalformedValueException {
    switch (text) {
      case NO_LIMIT -> {
        if (kind == ResourceKind.NOFILE) {
          throw new MalformedValueException(
              "Linux has no unlimited number of descriptors", "write a number such as 1048576");
        }
        return ResourceLimits.UNLIMITED;
      }
      case "infinity", "-1", "max", "none" ->
          throw new MalformedValueException(
              Quoted.text(text) + " is not a limit",
              kind == ResourceKind.NOFILE ? "write a number such as 1048576" : "write " + NO_LIMIT);
      default -> {}
    }
    if (isBytes(kind)) {
      return text.equals("0") ? 0 : Sizes.parse(text);
    }
    boolean digits = !text.isEmpty() && text.length() <= 10;
    for (int i = 0; digits && i < text.length(); i++) {
      digits = text.charAt(i) >= '0' && text.charAt(i) <= '9';
    }
    long number = digits ? Long.parseLong(text) : -1;
    if (number < 0 || number > MOST_FILES) {
      throw new MalformedValueException(
          Quoted.text(text) + " is not a limit",
          "write a number from 0 to "
              + MOST_FILES
              + (kind == ResourceKind.NOFILE ? "" : ", or " + NO_LIMIT));
    }
    return number;
  }

  private static Optional<IoClass> ioClass(Section limits) {
    Optional<String> text = limits.name("io_class");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    int colon = text.get().indexOf(':');
    String name = colon < 0 ? text.get() : text.get().substring(0, colon);
    String level = colon < 0 ? "" : text.get().substring(colon + 1);
    for (IoClass.Kind kind : IoClass.Kind.values()) {
      if (kind.word().equals(name)) {
        boolean idle = kind == IoClass.Kind.IDLE;
        if (colon < 0) {
          return Optional.of(new IoClass(kind, idle ? 0 : IoClass.USUAL_LEVEL));
        }
        if (!idle && level.length() == 1 && level.charAt(0) >= '0' && level.charAt(0) <= '7') {
          return Optional.of(new IoClass(kind, level.charAt(0) - '0'));
        }
        limits.problem(
            "io_class",
            idle ? "idle has no level" : Quoted.text(level) + " is not a level",
            idle ? "write idle" : "write " + name + ":0 (first) to " + name + ":7 (last)");
        return Optional.empty();
      }
    }
    String meant =
        switch (name.toLowerCase(Locale.ROOT)) {
          case "best_effort", "besteffort", "be", "2" -> "best-effort";
          case "real-time", "real_time", "rt", "1" -> "realtime";
          case "3" -> "idle";
          default -> "";
        };
    limits.problem(
        "io_class",
        Quoted.text(text.get()) + " is not known here",
        meant.isEmpty()
            ? "write idle, best-effort or realtime, the last two perhaps with a level as in"
                + " best-effort:7"
            : "did you mean " + meant + "?");
    return Optional.empty();
  }

  private static List<Integer> affinity(Section limits) {
    Optional<Node> value = limits.value("cpu_affinity");
    if (value.isEmpty()) {
      return List.of();
    }
    List<Node.Text> texts =
        switch (value.get()) {
          case Node.Text text -> List.of(text);
          case Node.Items list -> limits.texts(list, limits.path("cpu_affinity"));
          case Node.Entries mapping -> {
            limits.problem(
                "cpu_affinity", "a list is expected, not a mapping", "write for example [0, 2-3]");
            yield List.of();
          }
        };
    var processors = new TreeSet<Integer>();
    for (Node.Text text : texts) {
      for (String part : text.text().split(",", -1)) {
        String trimmed = part.trim();
        int dash = trimmed.indexOf('-');
        int from = processor(dash < 0 ? trimmed : trimmed.substring(0, dash));
        int to = processor(dash < 0 ? trimmed : trimmed.substring(dash + 1));
        if (from < 0 || to < from) {
          limits
              .problems()
              .add(
                  text,
                  limits.path("cpu_affinity"),
                  Quoted.text(trimmed) + " names no processor",
                  "write numbers from 0 to "
                      + (LimitsSpec.MOST_PROCESSORS - 1)
                      + ", or ranges such as 0-3");
        } else {
          for (int processor = from; processor <= to; processor++) {
            processors.add(processor);
          }
        }
      }
    }
    return List.copyOf(processors);
  }

  private static int processor(String text) {
    if (text.isEmpty() || text.length() > 4) {
      return -1;
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return -1;
      }
    }
    int number = Integer.parseInt(text);
    return number < LimitsSpec.MOST_PROCESSORS ? number : -1;
  }

  static SecuritySpec security(Section program, boolean mayChange) {
    Optional<Section> found = program.section("security", ProgramKeys.SECURITY);
    if (found.isEmpty()) {
      return SecuritySpec.DEFAULT;
    }
    Section security = found.get();
    boolean noNewPrivileges = security.truth("no_new_privileges", false);
    if (!security.has("capabilities")) {
      return new SecuritySpec(noNewPrivileges, Optional.empty());
    }
    if (!mayChange) {
      security.problem(
          "capabilities", "only a daemon that runs as root can change them", "remove it");
    }
    var capabilities = new ArrayList<String>();
    for (Node.Text text : security.texts("capabilities")) {
      String lower = text.text().toLowerCase(Locale.ROOT);
      String name = lower.startsWith("cap_") ? lower.substring(4) : lower;
      if (!CAPABILITIES.contains(name)) {
        String nearest = name.length() > 40 ? "" : UnknownKey.nearest(name, CAPABILITIES);
        security
            .problems()
            .add(
                text,
                security.path("capabilities"),
                Quoted.text(text.text()) + " is not a capability",
                nearest.isEmpty()
                    ? "write a name such as net_bind_service"
                    : "did you mean " + nearest + "?");
      } else if (!capabilities.contains(name)) {
        capabilities.add(name);
      }
    }
    return new SecuritySpec(noNewPrivileges, Optional.of(capabilities));
  }
}
