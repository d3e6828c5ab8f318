package pm.cli.render;

import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/** The text of {@code pmctl task show}. */
public final class TaskSheet {
  /** A value that is longer stands below its label, over several lines. */
  private static final int SHORT = 80;

  /** A value that is still longer has to be asked for. */
  private static final int MOST_BYTES = 4 * 1024;

  private TaskSheet() {}

  /** Everything about a task. */
  public static String of(Members task, Style style) throws JsonException {
    Sheet sheet = new Sheet(task.string("id"), style);
    String state = task.string("state");
    sheet.field("Pool", text(task, "pool"));
    sheet.field("Type", text(task, "type"));
    sheet.shown("State", style.task(Escapes.cell(state), state));
    sheet.field("Priority", text(task, "priority"));
    sheet.field("Attempts", attempts(task));
    sheet.field("Queued", by(text(task, "enqueued_at"), text(task, "submitted_by")));
    sheet.field("Not before", text(task, "not_before"));
    String instance = text(task, "instance");
    sheet.field(
        "Started", text(task, "started_at") + (instance.isEmpty() ? "" : " on " + instance));
    sheet.field("Deadline", text(task, "deadline"));
    String took = TaskTable.took(task);
    sheet.field("Ended", text(task, "ended_at"));
    sheet.field("Took", took.equals("-") ? "" : took);
    sheet.field("Progress", TaskTable.progress(task));
    sheet.field("Error", text(task, "error"));
    value(sheet, task, "Data", "data");
    value(sheet, task, "Result", "result");
    events(sheet, task);
    return sheet.text();
  }

  /** As {@code 2; 1 of 4 failed}. */
  private static String attempts(Members task) throws JsonException {
    long failures = task.optionalLong("failures").orElse(0);
    long retries = task.optionalLong("retries").orElse(0);
    String attempts = text(task, "attempts");
    return failures == 0
        ? attempts
        : attempts + "; " + failures + " of " + (retries + 1) + " failed";
  }

  private static String by(String time, String who) {
    return time.isEmpty() || who.isEmpty() ? time : time + " by " + who;
  }

  private static void value(Sheet sheet, Members task, String label, String name)
      throws JsonException {
    if (name.equals("result") && !task.string("state").equals("SUCCEEDED")) {
      return;
    }
    long bytes = task.optionalLong(name + "_bytes").orElse(0);
    if (bytes > MOST_BYTES || task.strings("left_out").contains(name)) {
      String id = task.string("id");
      sheet.field(
          label, Units.bytes((double) bytes) + ": pmctl task show " + id + " --only " + name);
      return;
    }
    Object value = task.values().getOrDefault(name, Json.NULL);
    String line = Json.write(value);
    if (line.length() <= SHORT) {
      sheet.field(label, line);
    } else {
      sheet.heading(label);
      sheet.lines(visible(JsonText.pretty(value)));
    }
  }

  private static void events(Sheet sheet, Members task) throws JsonException {
    if (task.objects("events").isEmpty()) {
      return;
    }
    sheet.heading("Events");
    for (Members event : task.objects("events")) {
      StringBuilder line = new StringBuilder(StatusTable.text(event, "at", "-"));
      String kind = text(event, "kind");
      String attempt = text(event, "attempt");
      line.append(attempt.isEmpty() ? "  " : "  attempt " + attempt + " ");
      line.append(kind.equals("attempt_ended") ? "ended" : kind.replace('_', ' '));
      String instance = text(event, "instance");
      line.append(instance.isEmpty() ? "" : " on " + instance);
      String by = text(event, "by");
      line.append(by.isEmpty() ? "" : " by " + by);
      String detail = text(event, "detail");
      line.append(detail.isEmpty() ? "" : ": " + detail);
      sheet.lines(Escapes.cell(line.toString()));
      String evidence = text(event, "evidence");
      if (!evidence.isEmpty()) {
        sheet.lines(("  | " + visible(evidence.strip()).strip().replace("\n", "\n  | ")));
      }
    }
  }

  /** Line by line, for line feeds are ours. */
  private static String visible(String text) {
    StringBuilder lines = new StringBuilder();
    for (String line : text.split("\n", -1)) {
      lines.append(Escapes.visible(line)).append('\n');
    }
    return lines.toString();
  }

  private static String text(Members members, String name) {
    return StatusTable.text(members, name, "");
  }
}
