package pm.daemon.core.event;

/** Whatever concerns tasks and pools. */
public sealed interface TaskEvent extends Event permits TaskCommand, TaskReport {}
