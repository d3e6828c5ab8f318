package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
                F=# nothing"""))
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

  @Test
  void givenWhatIsNotUnderstood_whenItIsRead_thenItsLineIsSaid() {
    refuses("A=1\nB\n", "line 2: no '=' after B");
    refuses("\n=1", "line 2: no name before '='");
    refuses("A B=1", "line 1: no '=' after A");
    refuses("A+B=1", "line 1: 'A+B' is not the name of a variable");
    refuses("1A=1", "line 1: '1A' is not the name of a variable");
    refuses("X='a\nb'\nA='open\n\n", "line 3: the quote is not closed");
    refuses("A='a'b", "line 1: something follows the closing quote");
    refuses("A=a\0b", "line 1: a zero byte cannot be part of a variable");
    refuses("export", "line 1: no '=' after export");
  }
}
