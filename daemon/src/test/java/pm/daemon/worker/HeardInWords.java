package pm.daemon.worker;

import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/**
 * Tells what comes of workers in words, such as {@code #17/2 -> [1]} for the result of the second
 * attempt of task 17, or {@code order:7/1 failed: no} where a task is called by its key.
 */
final class HeardInWords implements WorkerListener {
  private final Consumer<String> heard;
  private final Consumer<String> lost;

  /**
   * @param lost gets why a worker can be told nothing any more
   */
  HeardInWords(Consumer<String> heard, Consumer<String> lost) {
    this.heard = heard;
    this.lost = lost;
  }

  @Override
  public void checked(InvocationId invocation, long number, boolean passed, String detail) {
    heard.accept(
        (passed ? "passed " : "failed ") + number + (detail.isEmpty() ? "" : ": " + detail));
  }

  @Override
  public void ready(InvocationId invocation) {
    heard.accept("ready");
  }

  @Override
  public void task(TaskReport report) {
    if (report instanceof TaskReport.Unreachable unreachable) {
      lost.accept((unreachable.canAnswer() ? "may answer: " : "") + unreachable.why());
      return;
    }
    heard.accept(
        switch (report) {
          case TaskReport.Succeeded(var _, long task, String key, int attempt, byte[] result) ->
              named(task, key, attempt) + " -> " + new String(result, StandardCharsets.UTF_8);
          case TaskReport.Failed(
                  var _,
                  long task,
                  String key,
                  int attempt,
                  String message,
                  boolean mayRetry) ->
              named(task, key, attempt) + (mayRetry ? " failed: " : " failed for good: ") + message;
          case TaskReport.Progressed(
                  var _,
                  long task,
                  String key,
                  int attempt,
                  double value,
                  String message) ->
              named(task, key, attempt) + " at " + value + " " + message;
          case TaskReport.NotSent(var _, long task, int attempt, String why) ->
              named(task, "", attempt) + " not sent: " + why;
          case TaskReport.NoData(var _, long task, int attempt, boolean isDamage, String why) ->
              named(task, "", attempt) + (isDamage ? " damaged: " : " unread: ") + why;
          case TaskReport.SentThrough(var _, long sequence) -> "sent through " + sequence;
          case TaskReport.Unreachable _,
              TaskReport.Evidence _,
              TaskReport.Load _,
              TaskReport.Left _,
              TaskReport.StoreFailed _,
              TaskReport.StoreFull _,
              TaskReport.StoreWorks _ ->
              "not of a worker: " + report;
        });
  }

  private static String named(long task, String key, int attempt) {
    return (key.isEmpty() ? "#" + task : key) + "/" + attempt;
  }

  @Override
  public void remarked(InstanceName instance, String type, String detail) {
    heard.accept(instance + " " + type + ": " + detail);
  }
}
