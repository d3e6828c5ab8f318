package pm.cli.command;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import pm.cli.arguments.CommandFailure;
import pm.cli.render.Escapes;
import pm.cli.render.Format;
import pm.protocol.ExitCode;
import pm.protocol.Json;
import pm.protocol.JsonException;
import pm.protocol.Members;

/**
 * Writes what became of submitted tasks, each as soon as it is known: for people their ids, or the
 * results that were waited for; for programs all of it.
 */
final class SubmitOutput {
  private final Session session;
  private final boolean isList;
  private final boolean waits;
  private final StreamItems items;
  private boolean hasEnded;

  /**
   * @param isList whether there may be many, so that programs get a list
   * @param waits whether results are wanted
   */
  SubmitOutput(Session session, boolean isList, boolean waits) {
    this.session = session;
    this.isList = isList;
    this.waits = waits;
    this.items = new StreamItems(session, false);
  }

  /** Whether nothing more happens to a task by itself. */
  static boolean hasEnded(Members task) throws JsonException {
    if (task.bool("refused", false)) {
      return true;
    }
    String state = task.optionalString("state").orElse("");
    return !state.equals("QUEUED") && !state.equals("RUNNING");
  }

  /**
   * Whether it has ended and its result is there: a long one is left out of an answer about many.
   */
  static boolean isWhole(Members task) throws JsonException {
    boolean needsResult = task.optionalString("state").orElse("").equals("SUCCEEDED");
    return hasEnded(task) && (!needsResult || task.values().containsKey("result"));
  }

  /**
   * Writes one.
   *
   * @return FAILED if it has not succeeded and was waited for, or was not taken
   */
  ExitCode show(Members task, boolean isNew) throws CommandFailure, JsonException, IOException {
    String id = task.string("id");
    String state = task.optionalString("state").orElse("");
    boolean isGood = !task.bool("refused", false) && (!waits || state.equals("SUCCEEDED"));
    if (session.format() == Format.NAME) {
      session.out().line(Escapes.cell(id));
    } else if (!session.format().isForPeople()) {
      Map<String, Object> json = json(task, isNew);
      if (isList) {
        items.add(Json.write(json), json);
      } else {
        Results.value(session, json);
      }
    } else if (!waits && isGood) {
      session.out().line(Escapes.cell(id));
    } else if (isGood) {
      session.out().foreign(Json.write(task.value("result").orElse(Json.NULL)));
      session.out().print("\n");
    }
    if (!isGood) {
      String error = task.optionalString("error").orElse("");
      session.notice(
          state.isEmpty()
              ? id + ": " + error + "."
              : id
                  + ": "
                  + state
                  + (error.isEmpty() ? "" : ": " + error)
                  + (error.endsWith(".") ? " " : ". ")
                  + "See: pmctl task show "
                  + id);
      return ExitCode.FAILED;
    }
    if (!isNew && !waits && session.err().isTerminal()) {
      session.notice(id + " was there already: " + state + ".");
    }
    return ExitCode.DONE;
  }

  private Map<String, Object> json(Members task, boolean isNew) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", task.value("id").orElse(Json.NULL));
    json.put("state", task.value("state").orElse(Json.NULL));
    json.put("new", isNew);
    if (waits || task.has("error")) {
      json.put("result", task.value("result").orElse(Json.NULL));
      json.put("error", task.value("error").orElse(Json.NULL));
    }
    return json;
  }

  /** Ends the list; nothing more follows. */
  void end() throws IOException {
    boolean isForPrograms = !session.format().isForPeople() && session.format() != Format.NAME;
    if (isList && isForPrograms && !hasEnded) {
      items.end();
    }
    hasEnded = true;
  }
}
