package pm.cli.render;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The text of {@code pmctl describe} for one instance, up to its output, which comes last. */
public final class Description {
  private static final int LABEL_WIDTH = 14;

  /** More than these are not shown. */
  private static final int MOST_DELAYS = 10;

  private static final String[] INVOCATION_HEADINGS = {"STARTED", "ENDED", "PID", "END"};
  private static final int[] INVOCATION_WIDTHS = {24, 24, 5, 0};

  private final StringBuilder out = new StringBuilder();
  private final Members item;
  private final Style style;

  private Description(Members item, Style style) {
    this.item = item;
    this.style = style;
  }

  /** All sections; the last line is the heading of the output if there is some. */
  public static String of(Members item, Style style) throws JsonException {
    return new Description(item, style).render();
  }

  private String render() throws JsonException {
    String state = item.string("state");
    String reason = text("reason");
    out.append(style.bold(Escapes.cell(item.string("name")))).append('\n');
    field("Description", text("description"));
    label("State");
    out.append(
            style.state(
                Escapes.cell(reason.isEmpty() ? state : state + " (" + reason + ")"),
                state,
                reason))
        .append('\n');
    field("Detail", text("detail"));
    field("Says", text("status_text"));
    if (!item.bool("enabled", true)) {
      field("Enabled", item.has("disabled_by") ? "no, disabled by " + text("disabled_by") : "no");
    }
    scaled();
    process();
    restarts();
    if (!item.has("pid")) {
      field("Last end", StatusTable.end(item));
    }
    field("Healthy", item.has("healthy") ? (item.bool("healthy", true) ? "yes" : "no") : "");
    checks();
    tasks();
    dependencies("Depends on", "depends_on");
    dependencies("Needed by", "dependants");
    limits();
    field("Cgroup", text("cgroup").equals("/") ? "" : text("cgroup"));
    field("Groups", String.join(", ", item.strings("groups")));
    field("Invocation", text("invocation_id"));
    field("Log file", text("log_file"));
    field("Error log", text("error_log_file"));
    field("Defined in", text("location"));
    for (Members problem : item.objects("problems")) {
      field("Problem", problem(problem));
    }
    definition();
    hooks();
    invocations();
    if (!item.strings("output").isEmpty()) {
      heading("Last output");
    }
    return out.toString();
  }

  private void process() throws JsonException {
    if (!item.has("pid")) {
      return;
    }
    StringBuilder process = new StringBuilder(text("pid"));
    if (item.values().get("uptime_seconds") instanceof Number seconds) {
      process.append(", up ").append(Units.duration(seconds.doubleValue()));
    }
    if (item.has("started_at")) {
      process.append(" since ").append(text("started_at"));
    }
    if (item.has("started_by")) {
      process.append(", started by ").append(text("started_by"));
    }
    if (item.bool("adopted", false)) {
      process.append(", taken over from a pmd before");
    }
    field("Process", process.toString());
    if (item.values().get("memory_bytes") instanceof Number bytes) {
      field("Memory", Units.bytes(bytes.doubleValue()));
    }
    if (item.values().get("cpu_percent") instanceof Number percent) {
      field("CPU", Units.percent(percent.doubleValue()));
    }
  }

  private void restarts() throws JsonException {
    StringBuilder restarts = new StringBuilder(text("restarts").isEmpty() ? "0" : text("restarts"));
    restarts.append(" (").append(text("restarts_in_window")).append(" of ");
    restarts.append(item.has("max_restarts") ? text("max_restarts") : "any number");
    if (item.values().get("window_seconds") instanceof Number seconds) {
      restarts.append(" in the last ").append(Units.duration(seconds.doubleValue()));
    }
    restarts.append(')');
    List<String> delays = new ArrayList<>();
    for (Object delay : item.list("restart_delays_seconds")) {
      delays.add(delay instanceof Number seconds ? Units.seconds(seconds.doubleValue()) : "");
    }
    if (!delays.isEmpty()) {
      restarts.append("; waits ").append(String.join(", ", delays));
      restarts.append(
          item.has("max_restarts") && delays.size() < MOST_DELAYS ? ", then gives up" : " \u2026");
    }
    field("Restarts", restarts.toString());
    field("Next start", text("next_start_at"));
  }

  private void checks() throws JsonException {
    Optional<Members> checks = item.optionalObject("checks");
    if (checks.isEmpty()) {
      return;
    }
    long failures = checks.get().optionalLong("failures_in_a_row").orElse(0);
    long successes = checks.get().optionalLong("successes_in_a_row").orElse(0);
    StringBuilder line = new StringBuilder(StatusTable.text(checks.get(), "of", ""));
    line.append(": ");
    if (failures > 0) {
      line.append(failures).append(failures == 1 ? " failure" : " failures in a row");
      line.append(", ").append(StatusTable.text(checks.get(), "last_failure", "the last unknown"));
    } else if (successes > 0) {
      line.append("the last ").append(successes == 1 ? "check" : successes + " checks");
      line.append(" passed");
    } else {
      line.append("nothing seen yet");
    }
    if (checks.get().has("next_at")) {
      line.append("; next at ").append(StatusTable.text(checks.get(), "next_at", ""));
    }
    field("Checks", line.toString());
  }

  /** As {@code k3f9-7 (resize), attempt 2, since …, until …}. */
  private void tasks() throws JsonException {
    long count = item.optionalLong("tasks_in_hand").orElse(0);
    int shown = 0;
    for (Members task : item.objects("tasks")) {
      StringBuilder line = new StringBuilder(task.string("id"));
      line.append(" (").append(StatusTable.text(task, "type", "-")).append("), attempt ");
      line.append(StatusTable.text(task, "attempt", "-"));
      line.append(", since ").append(StatusTable.text(task, "since", "-"));
      if (task.has("deadline")) {
        line.append(", until ").append(StatusTable.text(task, "deadline", "-"));
      }
      field(shown == 0 ? "Tasks in hand" : "", line.toString());
      shown++;
    }
    if (count > shown) {
      String rest = shown == 0 ? Long.toString(count) : "and " + (count - shown) + " more";
      field(shown == 0 ? "Tasks in hand" : "", rest);
    }
  }

  private void scaled() throws JsonException {
    Optional<Members> scaled = item.optionalObject("scaled");
    if (scaled.isPresent()) {
      field(
          "Scaled",
          "to "
              + bounds(scaled.get(), "count")
              + " by "
              + StatusTable.text(scaled.get(), "by", "")
              + "; the files say "
              + bounds(scaled.get(), "configured"));
    }
  }

  /** As {@code 4}, and of a pool {@code 2..8}. */
  private static String bounds(Members scaled, String name) {
    return scaled.values().get(name) instanceof Map<?, ?> bounds
        ? bounds.get("min") + ".." + bounds.get("max")
        : StatusTable.text(scaled, name, "");
  }

  /** As {@code db (ready): db@1 IDLE}. */
  private void dependencies(String label, String member) throws JsonException {
    for (Members dependency : item.objects(member)) {
      StringBuilder line = new StringBuilder(dependency.string("program"));
      line.append(" (").append(dependency.string("condition")).append(')');
      String separator = ": ";
      Optional<Members> instances = dependency.optionalObject("instances");
      if (instances.isPresent()) {
        for (Map.Entry<String, Object> each : instances.get().values().entrySet()) {
          line.append(separator).append(each.getKey()).append(' ').append(each.getValue());
          separator = ", ";
        }
      }
      field(label, line.toString());
    }
  }

  private void limits() throws JsonException {
    Optional<Members> limits = item.optionalObject("limits");
    if (limits.isEmpty()) {
      return;
    }
    List<String> words = new ArrayList<>();
    Optional<Members> set = limits.get().optionalObject("set");
    if (set.isPresent()) {
      for (Map.Entry<String, Object> each : set.get().values().entrySet()) {
        words.add(
            switch (each.getKey()) {
              case "memory_bytes" ->
                  "memory "
                      + (each.getValue() instanceof Number n ? Units.bytes(n.doubleValue()) : "");
              case "cpu_percent" -> "cpu " + each.getValue() + "%";
              default -> each.getKey() + " " + each.getValue();
            });
      }
    }
    String heldBy =
        switch (StatusTable.text(limits.get(), "held_by", "")) {
          case "cgroup" -> " (held by the kernel, in its cgroup)";
          case "pmd" -> " (watched by pmd)";
          default -> "";
        };
    field("Limits", words.isEmpty() ? "" : String.join(", ", words) + heldBy);
    for (String note : limits.get().strings("notes")) {
      field("Not held", note);
    }
  }

  private void hooks() throws JsonException {
    List<Members> hooks = item.objects("hooks");
    if (!hooks.isEmpty()) {
      heading("Hooks");
      for (Members hook : hooks) {
        out.append("    ").append(Escapes.cell(StatusTable.text(hook, "at", "-"))).append("  ");
        out.append(Escapes.cell(StatusTable.text(hook, "end", "-"))).append('\n');
      }
    }
  }

  private void definition() throws JsonException {
    if (item.optionalObject("definition").isPresent()) {
      heading("Definition");
      String yaml = YamlText.document(item.optionalObject("definition").get().values());
      for (String line : yaml.lines().toList()) {
        out.append("    ").append(Escapes.visible(line)).append('\n');
      }
    }
  }

  private void invocations() throws JsonException {
    List<Members> invocations = item.objects("invocations");
    if (invocations.isEmpty()) {
      return;
    }
    heading("Invocations");
    Table table = new Table(INVOCATION_HEADINGS, INVOCATION_WIDTHS);
    for (Members invocation : invocations) {
      table.add(
          StatusTable.text(invocation, "started_at", "-"),
          StatusTable.text(invocation, "ended_at", "-"),
          StatusTable.text(invocation, "pid", "-"),
          invocation.has("ended_at") ? StatusTable.end(invocation) : "runs");
    }
    for (String line : table.render().lines().toList()) {
      out.append("    ").append(line).append('\n');
    }
  }

  /** A problem of the configuration as the loader writes it. */
  public static String problem(Members problem) {
    StringBuilder text = new StringBuilder();
    for (String part : new String[] {"file", "line", "column", "path", "message"}) {
      String value = StatusTable.text(problem, part, "");
      boolean unknownPlace = value.equals("0") && (part.equals("line") || part.equals("column"));
      if (!value.isEmpty() && !unknownPlace) {
        boolean place = part.equals("line") || part.equals("column");
        text.append(text.isEmpty() ? "" : place ? ":" : ": ").append(value);
      }
    }
    String remedy = StatusTable.text(problem, "remedy", "");
    return remedy.isEmpty() ? text.toString() : text.append("; ").append(remedy).toString();
  }

  private String text(String name) {
    return StatusTable.text(item, name, "");
  }

  private void field(String label, String value) {
    if (!value.isEmpty()) {
      label(label);
      out.append(Escapes.cell(value)).append('\n');
    }
  }

  private void label(String label) {
    out.append("  ").append(label).append(label.isEmpty() ? ' ' : ':');
    for (int i = label.length(); i < LABEL_WIDTH; i++) {
      out.append(' ');
    }
  }

  private void heading(String heading) {
    out.append("  ").append(heading).append(":\n");
  }

  /**
   * Members of an object as lines of a label and a value, for commands that show just one thing.
   */
  public static String fields(Map<String, String> fields) {
    int width = 0;
    for (String label : fields.keySet()) {
      width = Math.max(width, label.length());
    }
    StringBuilder lines = new StringBuilder();
    for (Map.Entry<String, String> field : fields.entrySet()) {
      lines.append(field.getKey()).append(':');
      lines.append(" ".repeat(width - field.getKey().length() + 2));
      lines.append(Escapes.cell(field.getValue())).append('\n');
    }
    return lines.toString();
  }
}
