package pm.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class GlobTest {
  @Test
  void aStarIsAnyCharactersAndAQuestionMarkIsOne() {
    assertMatches("mail.*", "mail.send", true);
    assertMatches("mail.*", "mail.", true);
    assertMatches("mail.*", "mail", false);
    assertMatches("*", "", true);
    assertMatches("*", ".hidden", true);
    assertMatches("?", "", false);
    assertMatches("?", "a", true);
    assertMatches("?", "ab", false);
    assertMatches("*.send", "mail.to.send", true);
    assertMatches("a*b*c", "abbbc", true);
    assertMatches("a*b*c", "abbb", false);
    assertMatches("**", "x", true);
    assertMatches("a[b]", "a[b]", true);
    assertMatches("a[b]", "ab", false);
    assertMatches("", "", true);
    assertMatches("", "a", false);
  }

  @Test
  void agreesWithARegularExpression() {
    var random = new SplittableRandom(4);
    for (int i = 0; i < 20_000; i++) {
      String glob = text(random, "ab*?");
      String text = text(random, "ab");
      var pattern = Pattern.compile(glob.replace("*", ".*").replace('?', '.'));
      assertMatches(glob, text, pattern.matcher(text).matches());
    }
  }

  @Test
  void manyStarsAreNoBomb() {
    assertMatches("*a".repeat(60) + "b", "a".repeat(10_000), false);
  }

  private static String text(SplittableRandom random, String letters) {
    var text = new StringBuilder();
    for (int i = random.nextInt(7); i > 0; i--) {
      text.append(letters.charAt(random.nextInt(letters.length())));
    }
    return text.toString();
  }

  private static void assertMatches(String glob, String text, boolean expected) {
    assertThat(Glob.matches(glob, text)).as("%s %s", glob, text).isEqualTo(expected);
  }
}
