package pm.daemon.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StartOrderTest {

  private static StartOrder order(Map<String, Set<String>> dependsOn) {
    return StartOrder.of(new TreeMap<>(dependsOn));
  }

  @Test
  void aProgramComesBehindTheLastOfThoseThatItDependsOn() {
    StartOrder order =
        order(
            Map.of(
                "db", Set.of(),
                "cache", Set.of("db"),
                "web", Set.of("cache", "db"),
                "mail", Set.of("gone")));
    assertThat(order.cycle()).isEmpty();
    assertThat(List.of("db", "cache", "web", "mail").stream().map(order::level))
        .containsExactly(0, 1, 2, 0);
    assertThat(order.dependants("db")).containsExactly("cache", "web");
    assertThat(order.allDependants(List.of("db"))).containsExactly("cache", "web");
    assertThat(order.dependants("gone")).isEmpty();
  }

  @Test
  void aCircleIsToldFromItsFirstNameToItsFirstName() {
    assertThat(order(Map.of("a", Set.of("b"), "b", Set.of("c"), "c", Set.of("a"))).cycle())
        .containsExactly("a", "b", "c", "a");
    assertThat(order(Map.of("a", Set.of("a"))).cycle()).containsExactly("a", "a");
  }

  @Test
  void whatOnlyDependsOnACircleIsNoPartOfIt() {
    StartOrder order =
        order(
            Map.of(
                "a", Set.of("fine", "gone", "y"),
                "x", Set.of("y"),
                "y", Set.of("fine", "gone", "x"),
                "fine", Set.of()));
    assertThat(order.cycle()).containsExactly("y", "x", "y");
  }

  @Test
  void whatIsInACircleOrBehindOneWaitsForNobody() {
    StartOrder order =
        order(
            Map.of(
                "db", Set.of(),
                "web", Set.of("db"),
                "a", Set.of("b", "db"),
                "b", Set.of("a"),
                "behind", Set.of("a", "db")));
    assertThat(order.dependants("db")).containsExactly("web");
    assertThat(order.dependants("a")).isEmpty();
    assertThat(order.allDependants(List.of("db", "a", "b"))).containsExactly("web");
    assertThat(order.level("behind")).isZero();
  }
}
