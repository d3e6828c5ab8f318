package pm.daemon.notify;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.Notification;

class NotifyMessageTest {

  private static NotifyMessage parse(String text) {
    return NotifyMessage.parse(text.getBytes(StandardCharsets.UTF_8)).orElseThrow();
  }

  @Test
  void readsWhatItKnowsAndPassesOverTheRest() {
    NotifyMessage message =
        parse("READY=1\nSTATUS=a=b ü\nMAINPID=42\nX_OTHER=1\nno assignment\n=\n\nFDSTORE=1\n");
    assertThat(message.says().ready()).isTrue();
    assertThat(message.says().status()).hasValue("a=b ü");
    assertThat(message.mainPid()).hasValue(42);
    assertThat(message.isBarrier()).isFalse();
    assertThat(parse("").says()).isEqualTo(Notification.NOTHING);
    assertThat(parse("BARRIER=1").isBarrier()).isTrue();
  }

  @Test
  void onlyOneMeansYes() {
    assertThat(parse("READY=0\nRELOADING=true\nSTOPPING=\nWATCHDOG=2\nBARRIER=0").says())
        .isEqualTo(Notification.NOTHING);
    assertThat(parse("WATCHDOG=trigger").says().watchdogTrigger()).isTrue();
    assertThat(parse("WATCHDOG=trigger").says().watchdog()).isFalse();
  }

  @Test
  void numbersThatAreNone() {
    for (String number : new String[] {"", "-1", "1x", "0x10", "+5", " 5", "1".repeat(40)}) {
      NotifyMessage message = parse("MAINPID=" + number + "\nWATCHDOG_USEC=" + number);
      assertThat(message.mainPid()).as(number).isEmpty();
      assertThat(message.says().watchdogNanos()).as(number).isEmpty();
    }
    assertThat(parse("MAINPID=0").mainPid()).isEmpty();
    assertThat(parse("MAINPID=4294967297").mainPid()).isEmpty();
  }

  @Test
  void timesAreMicrosecondsAndNeverOverflow() {
    assertThat(parse("EXTEND_TIMEOUT_USEC=1500000").says().extendTimeoutNanos())
        .hasValue(1_500_000_000L);
    assertThat(parse("WATCHDOG_USEC=0").says().watchdogNanos()).hasValue(0);
    assertThat(parse("WATCHDOG_USEC=18446744073709551615").says().watchdogNanos().getAsLong())
        .isPositive();
  }

  @Test
  void whatIsNoTextIsNoMessage() {
    assertThat(NotifyMessage.parse(new byte[] {'R', 0, 'X'})).isEmpty();
    assertThat(NotifyMessage.parse(new byte[] {(byte) 0xff, 'a'})).isEmpty();
    assertThat(
            NotifyMessage.parse("READY=1\0".getBytes(StandardCharsets.UTF_8))
                .orElseThrow()
                .says()
                .ready())
        .isTrue();
    assertThat(NotifyMessage.parse(new byte[0])).isPresent();
  }

  @Test
  void aStatusIsOneReadableLine() {
    assertThat(parse("STATUS=a\tb\u001b[1m\u0085c ").says().status()).hasValue("a b [1m c");
    assertThat(parse("STATUS=" + "😀".repeat(200)).says().status().orElseThrow())
        .hasSizeLessThanOrEqualTo(NotifyMessage.MOST_STATUS)
        .endsWith("😀");
    assertThat(parse("STATUS=").says().status()).hasValue("");
  }

  @Test
  void nothingBreaksIt() {
    Random random = new Random(11);
    String[] words = {"READY=1", "STATUS=", "MAINPID=", "\n", "=", "1", "\0", "WATCHDOG_USEC=9"};
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int j = random.nextInt(12); j > 0; j--) {
        text.append(words[random.nextInt(words.length)]);
      }
      byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
      if (bytes.length > 0 && random.nextBoolean()) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      assertThat(NotifyMessage.parse(bytes)).isNotNull();
    }
  }
}
