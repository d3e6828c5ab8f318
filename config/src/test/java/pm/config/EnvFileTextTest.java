package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvFileTextTest {

  private static Map<String, String> parse(String text) throws Exception {
    return EnvFileText.parse(text);
  }

  private static void refuses(String text, String message) {
    assertThatThrownBy(() -> parse(text)).hasMessage(message);
  }

  @Test
  void givenPlainLines_whenTheyAreRead_thenNamesHaveTheirValues() throws Exception {
    assertThat(
            parse(
                """
                # a comment

                A=1
                  export B = two words\s\s
                C=
                D=a#b # and a comment
                E==
                exported=x
                A=2
                F=# nothing\
                """))
        .containsExactly(
            Map.entry("A", "2"),
            Map.entry("B", "two words"),
            Map.entry("C", ""),
            Map.entry("D", "a#b"),
            Map.entry("E", "="),
            Map.entry("exported", "x"),
            Map.entry("F", ""));
  }

  @Test
  void givenQuotes_whenTheyAreRead_thenTheyProtectWhatIsInThem() throws Exception {
    assertThat(
            parse(
                """
                A=' # $X \\n "' # comment
                B=" # \\$X \\"q\\" \\\\ \\t| \\q"
                C="one
                two"
                D='one
                two'
                E="one \\
                line"
                F=it's
                """))
        .containsExactly(
            Map.entry("A", " # $X \\n \""),
            Map.entry("B", " # $X \"q\" \\ \t| \\q"),
            Map.entry("C", "one\ntwo"),
            Map.entry("D", "one\ntwo"),
            Map.entry("E", "one line"),
            Map.entry("F", "it's"));
  }

  @Test
  void givenWindowsFiles_whenTheyAreRead_thenTheirMarksAreNoPartOfValues() throws Exception {
    assertThat(parse("\ufeffA=1\r\nB='2'\r\n\r\n"))
        .containsExactly(Map.entry("A", "1"), Map.entry("B", "2"));
  }

  @Test
  void givenDotsAndDashes_whenTheyAreRead_thenTheyArePartOfNames() throws Exception {
    assertThat(parse("discovery.type=single-node\na-b=1"))
        .containsExactly(Map.entry("discovery.type", "single-node"), Map.entry("a-b", "1"));
  }

  /**
   * A line that is not understood may be the second of a key, or a password with a typing error.
   */
  @Test
  void givenSecretsInLinesThatAreNotUnderstood_whenTheyAreRefused_thenNothingOfThemIsSaid() {
    for (String line :
        List.of(
            "PASSWORD: s3cret",
            "s3cret",
            "s3cret/s3cret==",
            "A='s3cret",
            "A='s3cret's3cret",
            "A=\"s3cret\0\"",
            "export s3cret",
            "=s3cret")) {
      assertThatThrownBy(() -> parse(line))
          .isInstanceOf(MalformedValueException.class)
          .hasMessageStartingWith("line 1: ")
          .hasMessageNotContainingAny("s3cret", "PASSWORD");
    }
  }

  @Test
  void givenWhatIsNotUnderstood_whenItIsRead_thenItsLineIsSaid() {
    refuses("A=1\nB\n", "line 2: there is no '=' after its first word");
    refuses("\n=1", "line 2: no name before '='");
    refuses("A B=1", "line 1: there is no '=' after its first word");
    refuses("A+B=1", "line 1: what stands before '=' is not the name of a variable");
    refuses("1A=1", "line 1: what stands before '=' is not the name of a variable");
    refuses("X='a\nb'\nA='open\n\n", "line 3: the quote is not closed");
    refuses("A='a'b", "line 1: something follows the closing quote");
    refuses("A=a\0b", "line 1: a zero byte cannot be part of a variable");
    refuses("A=\"a\\\0b\"", "line 1: a zero byte cannot be part of a variable");
    refuses("export", "line 1: there is no '=' after its first word");
  }
}
