package pm.daemon.control;

/** The bounds of the control socket, and what happens at each. */
final class Bounds {
  /** Connections, where there are descriptors for them; the next one is told so and closed. */
  static final int CONNECTIONS = 12_288;

  /** Of these only root and the daemon's own user get the last ones. */
  static final int CONNECTIONS_OF_ADMINISTRATORS = 256;

  /** Descriptors that connections leave to programs, but no more than half of all. */
  static final int DESCRIPTORS_OF_PROGRAMS = 8_192;

  /** Connections of one user, but for root and the daemon's own; as above. */
  static final int CONNECTIONS_PER_USER = 1_024;

  /** Connections accepted in one turn; the others wait for the next. */
  static final int ACCEPTS_PER_TURN = 64;

  /** Requests of one connection without their answer, but for submits; no more is read from it. */
  static final int IN_FLIGHT = 64;

  /** The same of submits, which wait for the disk together: so many that it never waits for us. */
  static final int SUBMITS = 4_096;

  /** Tasks in submits of one connection without their answer; no more is read from it. */
  static final int SUBMITTED_TASKS = 16_384;

  /** Submits without their answer of all connections; beyond it each may have one. */
  static final int ALL_SUBMITS = 16_384;

  /** Tasks in them. */
  static final int ALL_SUBMITTED_TASKS = 65_536;

  /**
   * Bytes of submits of one connection that may have to wait for room, and have no answer; no more
   * is read from it.
   */
  static final int WAITING_BYTES = 2 * 1024 * 1024;

  /** The same of all connections; beyond it such a submit is refused. */
  static final long ALL_WAITING_BYTES = 16L * 1024 * 1024;

  /** Tasks in one request; more are an error. Their answer fits a line, whatever their ids are. */
  static final int TASKS_OF_SUBMIT = 5_000;

  /** Tasks that are looked at for one page. */
  static final int TASKS_OF_PAGE = 1_000;

  /** Subscriptions of one connection; the next one is refused. */
  static final int SUBSCRIPTIONS = 64;

  /** Streams of the status, of all connections; the next one is refused. */
  static final int WATCHERS = 64;

  /** Reads for clients that are under way at once; the others wait. */
  static final int READS = 16;

  /** Requests that wait for such a read; the next one is refused. */
  static final int WAITING_READS = 1_024;

  /** Bytes of a request that may wait for one; a longer one is refused then. */
  static final int WAITING_READ_BYTES = 1_024;

  /** Programs that stand in no file; the next one is refused. */
  static final int RUNS = 1_000;

  /** Bytes of all connections that are no whole request yet; who has most is disconnected. */
  static final long UNFINISHED_BYTES = 4L * 1024 * 1024;

  /** Bytes read from one connection in a turn. */
  static final int READ_BYTES = 64 * 1024;

  /** Bytes written to one connection in a turn. */
  static final int WRITE_BYTES = 256 * 1024;

  /** Bytes that wait to be written to a connection; no more requests are read from it. */
  static final long OUTPUT_BYTES = 1024 * 1024;

  /** The same for streams: they stop, so that replies still find room. */
  static final long STREAM_BYTES = 256 * 1024;

  /** Bytes at which stopped streams go on. */
  static final long STREAM_LOW_BYTES = 64 * 1024;

  /** Bytes that wait to be written to all connections; who has most is disconnected. */
  static final long ALL_OUTPUT_BYTES = 8L * 1024 * 1024;

  /** Bytes of an answer's line. */
  static final int LINE_BYTES = 1024 * 1024;

  /** Bytes that a stream reads from files at once. */
  static final int CHUNK_BYTES = 64 * 1024;

  /** Characters of a line of output in an answer; the rest is cut off. */
  static final int OUTPUT_LINE = 4_096;

  /** Lines of output that explain a failure. */
  static final int OUTPUT_LINES = 10;

  private Bounds() {}

  /**
   * Returns how many connections there may be.
   *
   * @param descriptors how many descriptors the daemon may have; negative for any number
   */
  static int connections(long descriptors) {
    if (descriptors < 0) {
      return CONNECTIONS;
    }
    long ofPrograms = Math.min(DESCRIPTORS_OF_PROGRAMS, descriptors / 2);
    return (int) Math.min(CONNECTIONS, descriptors - ofPrograms);
  }

  /** Returns how many of so many connections members of the socket's group may have together. */
  static int connectionsOfMembers(int connections) {
    return connections - Math.min(CONNECTIONS_OF_ADMINISTRATORS, connections / 8);
  }
}
