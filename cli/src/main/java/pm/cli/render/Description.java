package pm.cli.render;

import java.util.List;
import java.util.Map;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The text of {@code pmctl describe} for one instance, up to its output, which comes last. */
public final class Description {
  private static final int LABEL_WIDTH = 14;
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
    if (!item.bool("enabled", true)) {
      field("Enabled", "no");
    }
    process();
    restarts();
    if (!item.has("pid")) {
      field("Last end", StatusTable.end(item));
    }
    field("Healthy", item.has("healthy") ? (item.bool("healthy", true) ? "yes" : "no") : "");
    field(
        "Tasks in hand",
        item.optionalLong("tasks_in_hand").orElse(0) > 0 ? text("tasks_in_hand") : "");
    field("Groups", String.join(", ", item.strings("groups")));
    field("Invocation", text("invocation_id"));
    field("Log file", text("log_file"));
    field("Error log", text("error_log_file"));
    field("Defined in", text("location"));
    for (Members problem : item.objects("problems")) {
      field("Problem", problem(problem));
    }
    definition();
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
    field("Process", process.toString());
    if (item.values().get("memory_bytes") instanceof Number bytes) {
      field("Memory", Units.bytes(bytes.doubleValue()));
    }
    if (item.values().get("cpu_percent") instanceof Number percent) {
      field("CPU", Units.percent(percent.doubleValue()));
    }
  }

  private void restarts() {
    StringBuilder restarts = new StringBuilder(text("restarts").isEmpty() ? "0" : text("restarts"));
    restarts.append(" (").append(text("restarts_in_window")).append(" of ");
    restarts.append(item.has("max_restarts") ? text("max_restarts") : "any number");
    if (item.values().get("window_seconds") instanceof Number seconds) {
      restarts.append(" in the last ").append(Units.duration(seconds.doubleValue()));
    }
    restarts.append(')');
    field("Restarts", restarts.toString());
    field("Next start", text("next_start_at"));
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
    out.append("  ").append(label).append(':');
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
