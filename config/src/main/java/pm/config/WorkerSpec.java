package pm.config;

/**
 * How a program of type {@link ProgramType#WORKER} is spoken to. Other types have the default,
 * which says nothing about them.
 *
 * @param framing how messages are told apart
 * @param transport which descriptors they go through
 * @param pingMethod the method that a ping calls
 * @param maxFrameBytes the longest message; {@link #SMALLEST_MAX_FRAME_BYTES} to {@link
 *     #LARGEST_MAX_FRAME_BYTES}
 */
public record WorkerSpec(
    Framing framing, Transport transport, String pingMethod, long maxFrameBytes) {
  public static final long SMALLEST_MAX_FRAME_BYTES = 1L << 10;
  public static final long LARGEST_MAX_FRAME_BYTES = 16L << 20;

  public static final WorkerSpec DEFAULT =
      new WorkerSpec(Framing.LINE, Transport.STDIO, "ping", 1L << 20);

  /** How messages are told apart. */
  public enum Framing implements Word {
    /** Each is a line. */
    LINE("line"),
    /** Each comes after a header with its length, as in the Language Server Protocol. */
    CONTENT_LENGTH("content-length");

    private final String word;

    Framing(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  /** Which descriptors messages go through. */
  public enum Transport implements Word {
    /** Standard input and output; only stderr goes to the log. */
    STDIO("stdio"),
    /** Descriptor 3 to the worker and 4 from it, so that stdout stays free. */
    FD("fd");

    private final String word;

    Transport(String word) {
      this.word = word;
    }

    @Override
    public String word() {
      return word;
    }
  }

  public WorkerSpec {
    if (pingMethod.isEmpty()) {
      throw new IllegalArgumentException("the method of a ping has a name");
    }
    if (maxFrameBytes < SMALLEST_MAX_FRAME_BYTES || maxFrameBytes > LARGEST_MAX_FRAME_BYTES) {
      throw new IllegalArgumentException("max_frame is 1KiB to 16MiB: " + maxFrameBytes);
    }
  }
}
