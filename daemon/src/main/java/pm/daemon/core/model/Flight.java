package pm.daemon.core.model;

/**
 * A check that has not been answered yet.
 *
 * @param number its number within the invocation
 * @param sentAt when it was begun, monotonic nanoseconds
 * @param until when it has failed
 */
public record Flight(long number, long sentAt, long until) {}
