package pm.daemon.core.event;

/** A deadline of some instance or request has come. */
public record TimePassed() implements Event {}
