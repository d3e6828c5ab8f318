package pm.daemon.core.event;

/** Whatever the supervisor can be told. */
public sealed interface Event permits Command, Report, TimePassed, TaskEvent {}
