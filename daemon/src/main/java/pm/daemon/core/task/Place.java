package pm.daemon.core.task;

/** Where a task is linked; never in two places at once. */
enum Place {
  NONE,
  LIST,
  HEAP
}
