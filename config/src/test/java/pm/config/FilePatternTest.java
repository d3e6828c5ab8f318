package pm.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class FilePatternTest {
  @Test
  void starsAndQuestionMarksMatchAsInAShell() {
    assertMatches("*.yaml", "web.yaml", true);
    assertMatches("*.yaml", ".yaml", false);
    assertMatches("*.yaml", ".web.yaml", false);
    assertMatches(".*.yaml", ".web.yaml", true);
    assertMatches("*.yaml", "web.yaml~", false);
    assertMatches("web-?.yaml", "web-1.yaml", true);
    assertMatches("web-?.yaml", "web-.yaml", false);
    assertMatches("*", "", true);
    assertMatches("a*b*c", "aXbbYc", true);
    assertMatches("a*b*c", "aXbbY", false);
    assertMatches("web.yaml", "web.yaml", true);
    assertMatches("web.yaml", "webxyaml", false);
    assertMatches("**", "x", true);
  }

  @Test
  void manyStarsAreNoBomb() {
    assertMatches("*a".repeat(40) + "b", "a".repeat(255), false);
  }

  private static void assertMatches(String pattern, String name, boolean expected) {
    assertThat(FilePattern.matches(pattern, name)).as("%s %s", pattern, name).isEqualTo(expected);
  }
}
