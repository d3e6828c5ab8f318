package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.model.InvocationId;

final class TaskFramesTest {
  private static final InvocationId INVOCATION = new InvocationId("0".repeat(32));

  private static String digits(long number) {
    byte[] into = new byte[30];
    int end = Digits.put(number, into, 3);
    return new String(into, 3, end - 3, StandardCharsets.US_ASCII);
  }

  @Test
  void givenNumbers_whenWritten_thenTheyAreTheirDigits() {
    for (long number = 1; number > 0 && number < Long.MAX_VALUE / 10; number *= 10) {
      for (long each : new long[] {number - 1, number, number + 1, number * 9 - 1}) {
        assertThat(digits(each)).isEqualTo(Long.toString(each));
      }
    }
    assertThat(digits(Integer.MAX_VALUE)).isEqualTo("2147483647");
    assertThat(digits(Integer.MAX_VALUE + 1L)).isEqualTo("2147483648");
    assertThat(digits(Long.MAX_VALUE)).isEqualTo(Long.toString(Long.MAX_VALUE));
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 100_000; i++) {
      long number = random.nextLong() >>> random.nextInt(1, 63);
      assertThat(digits(number)).isEqualTo(Long.toString(number));
    }
  }

  @Test
  void givenMoments_whenWritten_thenTheyAreInUtcWithMilliseconds() {
    Timestamps timestamps = new Timestamps();
    byte[] into = new byte[Timestamps.BYTES + 1];
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 10_000; i++) {
      long millis = 1_767_323_045_000L + random.nextLong(-3_000, 3_000) * (1 + i % 1_000);
      timestamps.put(millis, into, 1);
      String text = new String(into, 1, Timestamps.BYTES, StandardCharsets.US_ASCII);
      assertThat(Instant.parse(text).toEpochMilli()).isEqualTo(millis);
      assertThat(text).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    }
    String[][] bounds = {
      {"0", "1970-01-01T00:00:00.000Z"},
      {"-1", "1970-01-01T00:00:00.000Z"},
      {"253402300799999", "9999-12-31T23:59:59.999Z"},
      {"9223372036854775807", "9999-12-31T23:59:59.999Z"},
      {"-9223372036854775808", "1970-01-01T00:00:00.000Z"}
    };
    for (String[] bound : bounds) {
      timestamps.put(Long.parseLong(bound[0]), into, 1);
      assertThat(new String(into, 1, Timestamps.BYTES, StandardCharsets.US_ASCII))
          .isEqualTo(bound[1]);
    }
  }

  @Test
  void givenTasksOfAllKinds_whenFramed_thenTheSizesAreWhatIsWritten() {
    TaskIds ids = new TaskIds();
    ids.begin("k3f9");
    for (boolean hasHeaders : new boolean[] {false, true}) {
      TaskFrames frames = new TaskFrames(hasHeaders, ids);
      SplittableRandom random = new SplittableRandom(7);
      for (int i = 0; i < 2_000; i++) {
        byte[] data = Workshop.utf8("\"" + "d".repeat(random.nextInt(2_000)) + "\"");
        TaskEffect.Send send =
            new TaskEffect.Send(
                INVOCATION,
                i,
                random.nextLong(1, 1L << random.nextInt(1, 62)),
                random.nextInt(3) == 0 ? "key" + "y".repeat(random.nextInt(125)) : "",
                random.nextInt(1, 1 << random.nextInt(1, 30)),
                random.nextInt(3) == 0 ? "t\u00fcr \"" + i : "noop",
                data,
                random.nextLong(1L << 41));
        byte[] into = new byte[6_000];
        int end = frames.put(send, data, into, 5);
        assertThat(end - 5).isEqualTo(frames.bytes(send, data.length));
        int head = frames.headBytes(send, data.length);
        int tail = frames.tailBytes(send);
        assertThat(head + data.length + tail).isEqualTo(end - 5);
        byte[] pieces = new byte[6_000];
        assertThat(frames.putHead(send, data.length, pieces, 5)).isEqualTo(5 + head);
        System.arraycopy(data, 0, pieces, 5 + head, data.length);
        assertThat(frames.putTail(send, pieces, 5 + head + data.length)).isEqualTo(end);
        assertThat(pieces).isEqualTo(into);
      }
    }
  }
}
