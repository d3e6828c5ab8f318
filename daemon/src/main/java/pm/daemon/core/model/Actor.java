package pm.daemon.core.model;

/**
 * Who asked for something.
 *
 * @param name a user's name, or what in the daemon acts: {@code autostart}, {@code SIGTERM}
 * @param uid the user's number; -1 where it was no user
 * @param pid the asking process; 0 where it was none
 */
public record Actor(String name, int uid, int pid) {

  /** The daemon by itself, when it begins. */
  public static final Actor AUTOSTART = new Actor("autostart", -1, 0);

  /** The end of the daemon; who asked for that is said when it begins. */
  public static final Actor SHUTDOWN = new Actor("shutdown", -1, 0);

  /** The pool of an instance, which has as many workers as its tasks need. */
  public static final Actor POOL = new Actor("pool", -1, 0);

  /** The restart policy. */
  public static final Actor POLICY = new Actor("restart policy", -1, 0);

  /** Returns the actor that stands for a signal to the daemon, such as {@code SIGTERM}. */
  public static Actor signal(String signal) {
    return new Actor(signal, -1, 0);
  }

  @Override
  public String toString() {
    return pid == 0 ? name : name + " (pid " + pid + ")";
  }
}
