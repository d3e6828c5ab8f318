package pm.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

final class MembersTest {

  private static Members members(String json) throws JsonException {
    return Members.of(Json.parse(json), "params");
  }

  @Test
  void readsWhatIsThereAndSaysWhatIsNot() throws JsonException {
    Members members =
        members(
            "{\"s\":\"x\",\"n\":3,\"d\":1.5,\"b\":false,\"l\":[\"a\"],\"o\":{\"k\":1},\"z\":null}");
    assertThat(members.string("s")).isEqualTo("x");
    assertThat(members.optionalString("z")).isEmpty();
    assertThat(members.optionalString("absent")).isEmpty();
    assertThat(members.optionalLong("n")).isEqualTo(OptionalLong.of(3));
    assertThat(members.optionalLong("z")).isEmpty();
    assertThat(members.optionalNumber("d")).contains(1.5);
    assertThat(members.optionalNumber("n")).contains(3L);
    assertThat(members.bool("b", true)).isFalse();
    assertThat(members.bool("z", true)).isTrue();
    assertThat(members.strings("l")).isEqualTo(List.of("a"));
    assertThat(members.strings("z")).isEmpty();
    assertThat(members.optionalObject("o").orElseThrow().optionalLong("k")).hasValue(1);
    assertThat(members.value("z")).isEmpty();
    assertThat(members.has("s")).isTrue();
    assertThat(members.has("z")).isFalse();
  }

  @Test
  void refusesWrongTypesByName() throws JsonException {
    Members members = members("{\"s\":1,\"n\":1.5,\"b\":\"yes\",\"l\":[1],\"o\":[]}");
    assertThatThrownBy(() -> members.string("s")).hasMessage("s must be a string");
    assertThatThrownBy(() -> members.string("absent")).hasMessage("absent is missing");
    assertThatThrownBy(() -> members.optionalLong("n")).hasMessage("n must be an integer");
    assertThatThrownBy(() -> members.optionalNumber("b")).hasMessage("b must be a number");
    assertThatThrownBy(() -> members.bool("b", true)).hasMessage("b must be true or false");
    assertThatThrownBy(() -> members.strings("l")).hasMessage("l must be an array of strings");
    assertThatThrownBy(() -> members.strings("s")).hasMessage("s must be an array");
    assertThatThrownBy(() -> members.objects("l")).hasMessage("each of l must be an object");
    assertThatThrownBy(() -> members.optionalObject("o")).hasMessage("o must be an object");
    assertThatThrownBy(() -> Members.of(List.of(), "params"))
        .hasMessage("params must be an object");
  }

  @Test
  void refusesParametersThatAreUnknown() throws JsonException {
    Members members = members("{\"selector\":[]}");
    members.only(List.of("selector"));
    assertThatThrownBy(() -> members.only(List.of("selectors", "wait")))
        .hasMessage("unknown parameter selector; known are selectors, wait");
    assertThatThrownBy(() -> members.only(List.of()))
        .hasMessage("unknown parameter selector; there are none");
  }

  @Test
  void readsObjectsAndTruthAsTheyAre() throws JsonException {
    Members members = members("{\"o\":[{\"k\":1},{\"k\":2}],\"t\":true,\"f\":false,\"z\":null}");
    assertThat(members.objects("o")).hasSize(2);
    assertThat(members.objects("o").getLast().optionalLong("k")).hasValue(2);
    assertThat(members.objects("z")).isEmpty();
    assertThat(members.bool("t", false)).isTrue();
    assertThat(members.bool("f", true)).isFalse();
    assertThat(members.bool("absent", false)).isFalse();
    assertThat(members.optionalNumber("z")).isEmpty();
    assertThat(members.optionalObject("z")).isEmpty();
    assertThat(members.value("t")).contains(true);
  }
}
