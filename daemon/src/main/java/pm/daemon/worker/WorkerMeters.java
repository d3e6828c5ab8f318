package pm.daemon.worker;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** Counts of all workers together. The loop thread writes, any thread reads. */
public final class WorkerMeters {
  final AtomicLong messages = new AtomicLong();
  final AtomicLong strayLines = new AtomicLong();
  final AtomicLong tooLong = new AtomicLong();
  final AtomicLong tooLongBytes = new AtomicLong();
  final AtomicLong spilledBytes = new AtomicLong();
  final AtomicLong lateAnswers = new AtomicLong();
  final AtomicLong unknownAnswers = new AtomicLong();
  final AtomicLong unknownNotifications = new AtomicLong();
  final AtomicLong requests = new AtomicLong();
  final AtomicLong droppedAnswers = new AtomicLong();
  final AtomicLong tornFrames = new AtomicLong();
  final AtomicLong droppedProgress = new AtomicLong();

  WorkerMeters() {}

  /** Returns all counts by the names that {@code pmctl daemon status} shows. */
  public Map<String, Long> all() {
    Map<String, Long> all = new LinkedHashMap<>();
    all.put("worker_messages", messages.get());
    all.put("worker_requests", requests.get());
    all.put("worker_stray_lines", strayLines.get());
    all.put("worker_long_frames", tooLong.get());
    all.put("worker_long_frame_bytes", tooLongBytes.get());
    all.put("worker_spilled_bytes", spilledBytes.get());
    all.put("worker_late_answers", lateAnswers.get());
    all.put("worker_unknown_answers", unknownAnswers.get());
    all.put("worker_unknown_notifications", unknownNotifications.get());
    all.put("worker_dropped_answers", droppedAnswers.get());
    all.put("worker_torn_frames", tornFrames.get());
    all.put("worker_dropped_progress", droppedProgress.get());
    return all;
  }
}
