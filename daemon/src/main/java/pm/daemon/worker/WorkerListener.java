package pm.daemon.worker;

import pm.daemon.core.event.TaskReport;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/** Hears what comes of talking with workers. Called on the loop thread; must not block. */
public interface WorkerListener {

  /**
   * What became of the ping with this number, the youngest of its invocation. Told at most once;
   * never if the worker does not answer.
   *
   * @param passed whether it answered; false if it certainly cannot any more
   * @param detail a sentence where there is more to say, else empty
   */
  void checked(InvocationId invocation, long number, boolean passed, String detail);

  /** It sent {@code ready}. Told once by this daemon. */
  void ready(InvocationId invocation);

  /**
   * What a worker says about tasks, or what became of the frame of one. Of one that was taken over,
   * the first word of all is {@link TaskReport.SentThrough}, unless nothing can be told to it any
   * more: {@link TaskReport.Unreachable}.
   */
  void task(TaskReport report);

  /**
   * Something that its operator should know, told seldom enough for an event.
   *
   * @param type a word: {@code stray-output}, {@code frame-too-long} …
   */
  void remarked(InstanceName instance, String type, String detail);
}
