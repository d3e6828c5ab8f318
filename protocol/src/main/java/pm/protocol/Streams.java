package pm.protocol;

/**
 * Names of the notifications that make up a stream. Each has at least the parameter {@code
 * subscription}.
 */
public final class Streams {
  /** One line of output: {@code instance, stream ("out"|"err"), time, line}. */
  public static final String LOG = "log";

  /** One event: {@code seq, time, instance, kind, message, …}. */
  public static final String EVENT = "event";

  /** Instances in short: {@code items, gone, more}. */
  public static final String STATUS = "status";

  /** The reader was too slow: what lies between {@code from} and {@code to} was left out. */
  public static final String GAP = "gap";

  /** Nothing more will come: {@code reason}. */
  public static final String END = "end";

  /**
   * The connection ends, with all its streams and unanswered requests: {@code reason}. Belongs to
   * no stream.
   */
  public static final String CLOSING = "closing";

  /**
   * The version of all that is described in this package; changes when an old client would misread.
   */
  public static final int PROTOCOL_VERSION = 1;

  /** Largest page of a long list, in bytes of its JSON. */
  public static final int MAX_PAGE_BYTES = 512 * 1024;

  private Streams() {}
}
