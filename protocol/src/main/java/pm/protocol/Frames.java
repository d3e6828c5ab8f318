package pm.protocol;

import java.nio.charset.StandardCharsets;

/** Makes frames of messages, in both framings. Any thread. */
public final class Frames {
  private Frames() {}

  /**
   * A line.
   *
   * @param message JSON without a line feed, as {@link Json#write} makes it
   */
  public static byte[] line(String message) {
    return (message + '\n').getBytes(StandardCharsets.UTF_8);
  }

  /**
   * A header and the message.
   *
   * @param message JSON
   */
  public static byte[] contentLength(String message) {
    byte[] body = message.getBytes(StandardCharsets.UTF_8);
    byte[] header =
        ("Content-Length: " + body.length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
    byte[] frame = new byte[header.length + body.length];
    System.arraycopy(header, 0, frame, 0, header.length);
    System.arraycopy(body, 0, frame, header.length, body.length);
    return frame;
  }
}
