package pm.daemon.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.InstanceName;

class SelectorTest {

  private static final List<InstanceName> ALL =
      names("web@1", "web@2", "web@10", "webhook@1", "db@1", "api-v2@1");

  private static List<InstanceName> names(String... texts) {
    List<InstanceName> names = new ArrayList<>();
    for (String text : texts) {
      names.add(InstanceName.parse(text).orElseThrow());
    }
    return names;
  }

  private static Selection select(String... selectors) {
    return Selector.select(
        List.of(selectors),
        ALL,
        (program, group) -> group.equals("front") && program.startsWith("web"));
  }

  private static Selection found(String... names) {
    return new Selection.Found(names(names));
  }

  @Test
  void aProgramNamesAllItsInstancesInOrder() {
    assertThat(select("web")).isEqualTo(found("web@1", "web@2", "web@10"));
  }

  @Test
  void anInstanceNamesItself() {
    assertThat(select("web@10")).isEqualTo(found("web@10"));
    assertThat(select("web@3")).isEqualTo(new Selection.Nothing("web@3"));
    assertThat(select("web@01")).isEqualTo(new Selection.Nothing("web@01"));
  }

  @Test
  void globsMatchTheProgramOrTheInstance() {
    assertThat(select("web*")).isEqualTo(found("web@1", "web@2", "web@10", "webhook@1"));
    assertThat(select("web@*")).isEqualTo(found("web@1", "web@2", "web@10"));
    assertThat(select("*@1")).isEqualTo(found("api-v2@1", "db@1", "web@1", "webhook@1"));
    assertThat(select("web@?")).isEqualTo(found("web@1", "web@2"));
    assertThat(select("?b")).isEqualTo(found("db@1"));
    assertThat(select("@*")).isEqualTo(new Selection.Nothing("@*"));
    assertThat(select("*e*b*")).isEqualTo(found("web@1", "web@2", "web@10", "webhook@1"));
    assertThat(select("*"))
        .isEqualTo(found("api-v2@1", "db@1", "web@1", "web@2", "web@10", "webhook@1"));
    assertThat(select("w*x")).isEqualTo(new Selection.Nothing("w*x"));
  }

  @Test
  void aGlobIsNoExpression() {
    assertThat(select("api.v2")).isEqualTo(new Selection.Nothing("api.v2"));
    assertThat(select("[w]eb")).isEqualTo(new Selection.Nothing("[w]eb"));
  }

  @Test
  void aGroupNamesItsPrograms() {
    assertThat(select("group:front")).isEqualTo(found("web@1", "web@2", "web@10", "webhook@1"));
    assertThat(select("group:back")).isEqualTo(new Selection.Nothing("group:back"));
    assertThat(select("group:")).isEqualTo(new Selection.Nothing("group:"));
  }

  @Test
  void allNamesEverythingEvenNothing() {
    assertThat(select("all")).isEqualTo(select("*"));
    assertThat(select()).isEqualTo(select("*"));
    assertThat(Selector.select(List.of("all"), List.of(), (program, group) -> false))
        .isEqualTo(new Selection.Found(List.of()));
    assertThat(Selector.select(List.of("web"), List.of(), (program, group) -> false))
        .isEqualTo(new Selection.Nothing("web"));
  }

  @Test
  void severalNameTheirUnionOnce() {
    assertThat(select("web@2", "web", "db")).isEqualTo(found("db@1", "web@1", "web@2", "web@10"));
  }

  @Test
  void theFirstThatNamesNothingSpoilsItAll() {
    assertThat(select("web", "nope", "neither")).isEqualTo(new Selection.Nothing("nope"));
    assertThat(select("")).isEqualTo(new Selection.Nothing(""));
  }

  @Test
  void noPatternTakesLong() {
    String pattern = "*a".repeat(30) + "b";
    List<InstanceName> names = List.of(new InstanceName("a".repeat(64), 1));
    assertThat(Selector.select(List.of(pattern), names, (program, group) -> false))
        .isEqualTo(new Selection.Nothing(pattern));
  }
}
