package pm.daemon.probe;

import java.nio.ByteBuffer;

/**
 * What {@code campaigns/lines/fuzz-http} calls with each of its inputs: the answer of a server to a
 * probe, behind a byte that says in what pieces it comes.
 */
public final class HttpFuzzer {
  private HttpFuzzer() {}

  /** Judges one input: the same is found however it comes, and never what cannot be. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length < 1) {
      return;
    }
    HttpStatusReader.Result whole = read(input, input.length);
    HttpStatusReader.Result pieces = read(input, 1 + (input[0] & 15));
    if (!whole.equals(pieces)) {
      throw new AssertionError(whole + " as a whole, " + pieces + " in pieces");
    }
    if (whole instanceof HttpStatusReader.Result.Status(int code)
        && (code > 999 || (code < 200 && code != 101))) {
      throw new AssertionError("status " + code);
    }
  }

  private static HttpStatusReader.Result read(byte[] input, int most) {
    HttpStatusReader reader = new HttpStatusReader();
    HttpStatusReader.Result result = new HttpStatusReader.Result.Unfinished();
    for (int at = 1; at < input.length && result instanceof HttpStatusReader.Result.Unfinished; ) {
      int length = Math.min(most, input.length - at);
      result = reader.read(ByteBuffer.wrap(input, at, length));
      at += length;
    }
    return result;
  }
}
