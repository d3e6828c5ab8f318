package pm.protocol;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Judges what is found in a stream of bytes: the same however it is cut into pieces, every byte in
 * exactly one stretch, and what is taken for a message is one for the reader that builds messages
 * too. Makes damaged streams as well.
 */
final class FrameJudge {
  private static final int MAX_FRAME = 120;

  private static final List<String> ORIGINALS =
      List.of(
          "{\"jsonrpc\":\"2.0\",\"id\":\"hb-7\",\"result\":{}}",
          "{\"result\":{\"a\":[1,2.5e3,null,true]},\"jsonrpc\":\"2.0\",\"id\":1}",
          "{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{}}",
          "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32601,\"message\":\"\u00e9\\ud83d\\ude00\"}}",
          "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"roots/list\"}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"k3f9-17/1\",\"result\":{\"w\":1}}",
          "{\"jsonrpc\": \"2.0\", \"id\": \"k3f9-17\\/2\", \"result\": null, \"error\": null}",
          "{\"jsonrpc\":\"2.0\",\"id\":\"a:b/1\",\"error\":{\"code\":1,\"data\":{\"retry\":false}}}",
          "{\"jsonrpc\":\"2.0\",\"method\":\"progress\",\"params\":{\"id\":\"k3f9-17\",\"value\":0.5}}");

  private static final byte[] ALPHABET =
      "{}[]\",:\\u0123456789+-.eE \t\r\nCcontent-Length: ntf\u00e9\u0000"
          .getBytes(StandardCharsets.UTF_8);

  private FrameJudge() {}

  /**
   * Judges a stream.
   *
   * @throws AssertionError if something is wrong
   */
  static void judge(byte[] stream, boolean headers, RandomGenerator random, Tally tally) {
    List<Stretch> whole = found(stream, headers, random, stream.length);
    List<Stretch> pieces = found(stream, headers, random, 1 + random.nextInt(9));
    if (!whole.equals(pieces)) {
      throw new AssertionError(hex(stream) + "\nwhole  " + whole + "\npieces " + pieces);
    }
    check(stream, whole, tally);
  }

  /** What was found. */
  static final class Tally {
    long messages;
    long others;
    long strays;
    long tooLong;

    /** Returns how many frames, stray lines and frames that are too long were found. */
    long all() {
      return messages + others + strays + tooLong;
    }
  }

  private record Stretch(FrameScanner.Found kind, int from, int to, int bodyFrom, int bodyTo) {}

  private static List<Stretch> found(
      byte[] stream, boolean headers, RandomGenerator random, int most) {
    FrameScanner scanner =
        headers ? FrameScanner.ofContentLengths(MAX_FRAME) : FrameScanner.ofLines(MAX_FRAME);
    List<Stretch> found = new ArrayList<>();
    int told = 0;
    int at = 0;
    while (at < stream.length) {
      int count =
          Math.min(most == stream.length ? most : 1 + random.nextInt(most), stream.length - at);
      int end = at + count;
      while (at < end) {
        FrameScanner.Found kind = scanner.next(stream, at, end);
        at = scanner.end();
        if (kind == FrameScanner.Found.UNFINISHED) {
          continue;
        }
        int from = told;
        told += (int) scanner.unitBytes();
        boolean isFrame = kind == FrameScanner.Found.FRAME;
        int bodyFrom = isFrame ? from + scanner.bodyOffset() : 0;
        int bodyTo = isFrame ? bodyFrom + (int) scanner.bodyBytes() : 0;
        Stretch last = found.isEmpty() ? null : found.getLast();
        if (last != null && last.kind() == kind && !isFrame && !scanner.isFirst()) {
          found.set(found.size() - 1, new Stretch(kind, last.from(), told, 0, 0));
        } else {
          found.add(new Stretch(kind, from, told, bodyFrom, bodyTo));
        }
      }
    }
    if (scanner.pendingBytes() != stream.length - told) {
      throw new AssertionError(
          hex(stream) + ": " + scanner.pendingBytes() + " bytes are pending after " + told);
    }
    return found;
  }

  private static void check(byte[] stream, List<Stretch> found, Tally tally) {
    Envelope envelope = new Envelope();
    for (Stretch stretch : found) {
      switch (stretch.kind()) {
        case UNFINISHED -> throw new AssertionError("unfinished and told");
        case STRAY -> tally.strays++;
        case TOO_LONG -> tally.tooLong++;
        case FRAME -> {
          if (stretch.bodyTo() - stretch.bodyFrom() > MAX_FRAME) {
            throw new AssertionError("a frame over the bound");
          }
          Envelope.Kind kind = envelope.read(stream, stretch.bodyFrom(), stretch.bodyTo());
          byte[] body = Arrays.copyOfRange(stream, stretch.bodyFrom(), stretch.bodyTo());
          if (kind == Envelope.Kind.NONE) {
            tally.others++;
          } else {
            tally.messages++;
          }
          compare(kind, body);
        }
      }
    }
  }

  private static void compare(Envelope.Kind kind, byte[] body) {
    Message message;
    try {
      message = MessageCodec.decode(body);
    } catch (MessageException refused) {
      if (kind != Envelope.Kind.NONE && !differsOnPurpose(body)) {
        throw new AssertionError(
            kind
                + " but "
                + refused.getMessage()
                + ": "
                + new String(body, StandardCharsets.UTF_8));
      }
      return;
    }
    Envelope.Kind expected =
        switch (message) {
          case Message.Request request -> Envelope.Kind.REQUEST;
          case Message.Notification notification -> Envelope.Kind.NOTIFICATION;
          case Message.Response response -> Envelope.Kind.RESULT;
          case Message.ErrorResponse error -> Envelope.Kind.ERROR;
        };
    if (kind != expected) {
      throw new AssertionError(
          kind + " but " + expected + ": " + new String(body, StandardCharsets.UTF_8));
    }
  }

  /** Whether it is JSON whose shape only we refuse, or holds a name twice. */
  private static boolean differsOnPurpose(byte[] body) {
    try {
      return Json.parse(body) instanceof java.util.Map<?, ?>;
    } catch (JsonException e) {
      return e.sentence().contains("stands twice");
    }
  }

  /** Returns one to three messages, most of them with some damage. */
  static byte[] damaged(RandomGenerator random, boolean headers) {
    StringBuilder text = new StringBuilder();
    for (int frames = 1 + random.nextInt(3); frames > 0; frames--) {
      String message = ORIGINALS.get(random.nextInt(ORIGINALS.size()));
      if (random.nextInt(20) == 0) {
        text.append("a stray line\n");
      }
      if (headers) {
        int length = message.getBytes(StandardCharsets.UTF_8).length;
        int shown = random.nextInt(20) == 0 ? random.nextInt(300) : length;
        text.append("Content-Length: ").append(shown).append("\r\n\r\n").append(message);
      } else {
        text.append(message);
        if (random.nextInt(20) == 0) {
          text.append(" ".repeat(random.nextInt(100)));
        }
        text.append('\n');
      }
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    for (int damages = random.nextInt(4); damages > 0 && bytes.length > 1; damages--) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] = ALPHABET[random.nextInt(ALPHABET.length)];
        case 2 -> bytes = without(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(4)));
        default -> {
          bytes = Arrays.copyOf(bytes, bytes.length + 1);
          System.arraycopy(bytes, at, bytes, at + 1, bytes.length - 1 - at);
          bytes[at] = ALPHABET[random.nextInt(ALPHABET.length)];
        }
      }
    }
    return bytes;
  }

  private static byte[] without(byte[] bytes, int from, int to) {
    byte[] rest = new byte[bytes.length - (to - from)];
    System.arraycopy(bytes, 0, rest, 0, from);
    System.arraycopy(bytes, to, rest, from, bytes.length - to);
    return rest;
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
