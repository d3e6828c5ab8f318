package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvFileTextTest {
  @Test
  void readsNamesAndValues() throws MalformedValueException {
    assertThat(
            EnvFileText.parse(
                """
                # a comment

                A=1
                  B = two words # and no comment
                export C=3
                D=
                E='single $X "quotes" \\n'
                F="double \\"quotes\\" \\n\\t\\$X \\x \\\\"
                G=$A ${A}
                A=again\r
                H=a=b
                I=it's
                """))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "A", "again",
                "B", "two words # and no comment",
                "C", "3",
                "D", "",
                "E", "single $X \"quotes\" \\n",
                "F", "double \"quotes\" \n\t$X \\x \\",
                "G", "$A ${A}",
                "H", "a=b",
                "I", "it's"));
    assertThat(EnvFileText.parse("")).isEmpty();
    assertThat(EnvFileText.parse("A=1")).isEqualTo(Map.of("A", "1"));
  }

  @Test
  void givenLineThatIsNone_thenSaysWhichAndWhy() {
    assertRefused("A=1\nB\n", "line 2: there is no = in it; write NAME=value");
    assertRefused("1A=1", "line 1: '1A' is not the name of a variable; use letters, digits and _");
    assertRefused("=1", "line 1: '' is not the name of a variable; use letters, digits and _");
    assertRefused(
        "A='x", "line 1: its single quotes do not enclose the value; quote all of it, or nothing");
    assertRefused(
        "A='x'y",
        "line 1: its single quotes do not enclose the value; quote all of it, or nothing");
    assertRefused(
        "A='", "line 1: its single quotes do not enclose the value; quote all of it, or nothing");
    assertRefused(
        "A=\"x", "line 1: its double quotes do not enclose the value; quote all of it, or nothing");
    assertRefused(
        "A=\"x\\\"",
        "line 1: its double quotes do not enclose the value; quote all of it, or nothing");
    assertRefused(
        "A=\"x\"y",
        "line 1: its double quotes do not enclose the value; quote all of it, or nothing");
    assertRefused("A=x\0y", "line 1: there is a NUL byte in it; remove it");
  }

  private static void assertRefused(String text, String message) {
    assertThatThrownBy(() -> EnvFileText.parse(text))
        .isInstanceOf(MalformedValueException.class)
        .hasMessage(message);
  }
}
