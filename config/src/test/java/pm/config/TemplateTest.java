package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TemplateTest {
  private static final Map<String, String> VALUES = Map.of("A", "1", "EMPTY", "", "DOLLAR", "${A}");

  @Test
  void expandsNamesAndDefaults() {
    assertThat(expand("x${A}y")).isEqualTo("x1y");
    assertThat(expand("${A}${A}")).isEqualTo("11");
    assertThat(expand("${B:-two}")).isEqualTo("two");
    assertThat(expand("${EMPTY:-two}")).isEqualTo("two");
    assertThat(expand("${EMPTY}")).isEmpty();
    assertThat(expand("${B:-}")).isEmpty();
    assertThat(expand("${A:-two}")).isEqualTo("1");
  }

  @Test
  void leavesOtherDollarsAlone() {
    assertThat(expand("$HOME $(date) $1 100$")).isEqualTo("$HOME $(date) $1 100$");
    assertThat(expand("$$")).isEqualTo("$");
    assertThat(expand("$${A}")).isEqualTo("${A}");
    assertThat(expand("$$$$")).isEqualTo("$$");
    assertThat(expand("$$${A}")).isEqualTo("$1");
    assertThat(expand("a$$b${A}c$$d")).isEqualTo("a$b1c$d");
  }

  @Test
  void whatIsPutInIsNotLookedAtAgain() {
    assertThat(expand("${DOLLAR}")).isEqualTo("${A}");
  }

  @Test
  void givenUnsetName_thenSaysWhich() {
    assertThat(Template.expand("${A} ${B} ${C}", name -> Optional.ofNullable(VALUES.get(name))))
        .isEqualTo(new Template.Expansion.Unset("B"));
  }

  @Test
  void givenMalformedReference_thenRefused() {
    assertThatThrownBy(() -> Template.references("a${B"))
        .hasMessage("'${B' has no closing brace; write $${ for a dollar sign and a brace");
    for (String text :
        new String[] {"${}", "${1A}", "${A-b}", "${A:=b}", "${A b}", "${#A}", "${A:-${B}}"}) {
      assertThatThrownBy(() -> Template.references(text))
          .isInstanceOf(MalformedValueException.class);
    }
  }

  @Test
  void escapedTextIsGivenBack() {
    for (String text : new String[] {"$", "$$", "${A}", "a$b", "$${", "", "$$$"}) {
      assertThat(expand(Template.escape(text))).isEqualTo(text);
    }
  }

  @Test
  void environmentRefersToItselfInAnyOrder() {
    assertThat(
            EnvironmentExpansion.expand(
                Map.of("PATH", "/bin", "HOME", "/root"),
                Map.of(
                    "PATH", "/opt/bin:${PATH}", "B", "${A}-b", "A", "${HOME}/a", "C", "${B}${B}")))
        .isEqualTo(
            new EnvironmentExpansion.Result.Complete(
                Map.of(
                    "HOME",
                    "/root",
                    "PATH",
                    "/opt/bin:/bin",
                    "A",
                    "/root/a",
                    "B",
                    "/root/a-b",
                    "C",
                    "/root/a-b/root/a-b")));
  }

  @Test
  void environmentWithUnsetOrCircularNamesIsNotComplete() {
    assertThat(EnvironmentExpansion.expand(Map.of(), Map.of("A", "${NOPE}")))
        .isEqualTo(new EnvironmentExpansion.Result.Unset("A", "NOPE"));
    assertThat(EnvironmentExpansion.expand(Map.of(), Map.of("A", "${A}")))
        .isEqualTo(new EnvironmentExpansion.Result.Unset("A", "A"));
    assertThat(EnvironmentExpansion.expand(Map.of(), Map.of("A", "${B}", "B", "${A}")))
        .isInstanceOf(EnvironmentExpansion.Result.Circular.class);
  }

  @Test
  void whatNoProcessCouldTakeIsNotEvenBuilt() {
    String most = "x".repeat(Template.MOST_CHARACTERS);
    assertThat(Template.expand("${A}", name -> Optional.of(most)))
        .isEqualTo(new Template.Expansion.Expanded(most));
    assertThat(Template.expand("${A}y", name -> Optional.of(most)))
        .isEqualTo(new Template.Expansion.TooLong());
    assertThat(Template.expand("${A}".repeat(100_000), name -> Optional.of(most)))
        .isEqualTo(new Template.Expansion.TooLong());
    var doubling = new HashMap<String, String>();
    for (int i = 0; i < 100; i++) {
      doubling.put("V" + i, "${V" + (i + 1) + "}${V" + (i + 1) + "}");
    }
    doubling.put("V100", "x");
    assertThat(EnvironmentExpansion.expand(Map.of(), doubling))
        .isInstanceOf(EnvironmentExpansion.Result.TooLong.class);
    var many = new HashMap<String, String>();
    for (int i = 0; i < 1000; i++) {
      many.put("V" + i, "${A}");
    }
    assertThat(EnvironmentExpansion.expand(Map.of("A", most), many))
        .isInstanceOf(EnvironmentExpansion.Result.TooLong.class);
  }

  private static String expand(String text) {
    return switch (Template.expand(text, name -> Optional.ofNullable(VALUES.get(name)))) {
      case Template.Expansion.Expanded expanded -> expanded.text();
      case Template.Expansion.Unset unset -> throw new AssertionError(unset);
      case Template.Expansion.TooLong tooLong -> throw new AssertionError(tooLong);
    };
  }
}
