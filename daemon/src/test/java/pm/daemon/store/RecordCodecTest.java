package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import pm.daemon.core.event.Entry;
import pm.protocol.JsonException;

final class RecordCodecTest {

  @Test
  void whateverIsKeptComesBackAsItWas() throws JsonException {
    long seed = Long.getLong("store.seed", System.nanoTime());
    RandomInstances instances = new RandomInstances(new Random(seed));
    for (int i = 0; i < 3_000; i++) {
      Entry entry = instances.entry();
      StringBuilder line = new StringBuilder();
      RecordCodec.encode(entry, i % 3 == 0, line);
      assertThat(line.indexOf("\n")).isNegative();
      RecordCodec.Line read = RecordCodec.decode(line.toString().getBytes(StandardCharsets.UTF_8));
      assertThat(read)
          .as("-Dstore.seed=%d, entry %d", seed, i)
          .isEqualTo(new RecordCodec.Line(new RecordCodec.Content.Whole(entry), i % 3 == 0));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'forgotten':'a\\nb'} | no instance name: 'a\\nb'",
        "{'instance':{'name':'web@1','past':[],'window':[],'phase':{'is':'a\\nb'}}}"
            + " | a phase of an unknown kind: 'a\\nb'",
        "{'instance':{'name':'web@1','past':[{'invocation':'x'}]}}"
            + " | an invocation id has 32 digits, not 1",
        "{'instance':{'name':'web@1','past':[{'invocation':'0000000000000000000000000000000g'}]}}"
            + " | an invocation id has hexadecimal digits only",
        "{'instance':{'name':'web@1','past':[{'invocation':'00000000000000000000000000000000',"
            + "'pid':1,'started_at':'\\r'}]}} | started_at is no time: '\\r'",
      })
  void whatIsNotUnderstoodIsToldInOneLine(String line, String sentence) {
    byte[] utf8 = line.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> RecordCodec.decode(utf8))
        .isInstanceOfSatisfying(
            JsonException.class,
            e -> assertThat(e.sentence()).isEqualTo(sentence.replace('\'', '"')));
  }

  @Test
  void ofALongTextOnlyTheBeginningIsTold() {
    byte[] utf8 =
        ("{\"forgotten\":\"" + "x".repeat(5_000) + "\"}").getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> RecordCodec.decode(utf8))
        .isInstanceOfSatisfying(
            JsonException.class,
            e -> assertThat(e.sentence()).hasSizeLessThan(150).endsWith("…\""));
  }

  @Test
  void theEndAndTheConfigurationComeBackToo() throws JsonException {
    StringBuilder line = new StringBuilder();
    RecordCodec.encode(new Entry.CleanEnd(), false, line);
    assertThat(line).hasToString("{\"clean_end\":true}");
    assertThat(RecordCodec.decode(line.toString().getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(
            new RecordCodec.Line(new RecordCodec.Content.Whole(new Entry.CleanEnd()), false));

    line.setLength(0);
    RecordCodec.encodeConfiguration("configuration-7.json", true, line);
    assertThat(RecordCodec.decode(line.toString().getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(
            new RecordCodec.Line(
                new RecordCodec.Content.ConfigurationIn("configuration-7.json"), true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "{\"instance\":{}}",
        "{\"instance\":[]}",
        "{\"forgotten\":\"web\"}",
        "{\"forgotten\":7}",
        "{\"clean_end\":false}",
        "{\"decisions\":{\"number\":1}}",
        "{\"decisions\":{\"number\":1,\"stopped\":{\"web\":\"x\"}}}",
        "{\"instance\":{\"name\":\"web@1\",\"phase\":{\"is\":\"asleep\"},\"window\":[],\"streak\":0,"
            + "\"restarts\":0,\"past\":[]}}",
        "{\"instance\":{\"name\":\"web@1\",\"phase\":{\"is\":\"dead\",\"reason\":\"BORED\","
            + "\"detail\":\"\",\"start_at\":1,\"kind\":\"ASKED\"},\"window\":[],\"streak\":0,"
            + "\"restarts\":0,\"past\":[]}}",
        "{\"instance\":{\"name\":\"web@1\",\"phase\":{\"is\":\"up\",\"state\":\"DEAD\"},"
            + "\"window\":[],\"streak\":0,\"restarts\":0,\"past\":[]}}"
      })
  void refusesWhatItHasNotWritten(String line) {
    assertThatThrownBy(() -> RecordCodec.decode(line.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(JsonException.class);
  }
}
