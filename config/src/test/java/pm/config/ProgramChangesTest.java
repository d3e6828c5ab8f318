package pm.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgramChangesTest {
  private static final ProgramSpec OLD =
      new ProgramSpec.Builder("web", new Command(List.of("node", "server.js"), false))
          .environment(Map.of("A", "1", "B", "2"))
          .build();

  @Test
  void givenOnlyAnotherPlace_thenNothingChanges() {
    assertThat(
            ProgramChanges.between(
                OLD, new ProgramSpec.Builder(OLD).location(new Location("x", 1, 1)).build()))
        .isEmpty();
  }

  @Test
  void eachKeyThatDiffersIsNamedWithItsKind() {
    ProgramSpec now =
        new ProgramSpec.Builder(OLD)
            .command(new Command(List.of("node", "my server.js"), false))
            .user(Optional.of("www"))
            .environment(Map.of("A", "1", "B", "3", "C", "4"))
            .instances(2)
            .restart(RestartSpec.DEFAULT.withPolicy(RestartPolicy.ALWAYS))
            .stop(new StopSpec("INT", Duration.ofSeconds(1), StopScope.TREE))
            .logs(new LogSpec(LogTarget.NONE, LogTarget.MERGE, 50 << 20, 3))
            .build();
    assertThat(ProgramChanges.between(OLD, now))
        .containsExactly(
            new Change("command", "[node, server.js]", "[node, \"my server.js\"]", KeyKind.RESTART),
            new Change("user", "null", "www", KeyKind.RESTART),
            new Change("environment.B", "\"2\"", "\"3\"", KeyKind.RESTART),
            new Change("environment.C", "", "\"4\"", KeyKind.RESTART),
            new Change("instances", "1", "2", KeyKind.LIVE),
            new Change("restart.policy", "on-failure", "always", KeyKind.LIVE),
            new Change("stop.signal", "TERM", "INT", KeyKind.LIVE),
            new Change("stop.timeout", "10s", "1s", KeyKind.LIVE),
            new Change("logs.file", "auto", "none", KeyKind.RESTART),
            new Change("logs.keep", "10", "3", KeyKind.LIVE));
  }

  @Test
  void theShellAloneIsAChange() {
    ProgramSpec shell =
        new ProgramSpec.Builder(OLD).command(new Command(List.of("a"), true)).build();
    assertThat(ProgramChanges.between(OLD, shell))
        .extracting(Change::path)
        .containsExactly("command", "shell");
  }

  @Test
  void twoDefinitionsDifferExactlyIfAKeyDoes() {
    for (long seed = 0; seed < 300; seed++) {
      ProgramSpec one = new RandomConfigurations(seed).program();
      ProgramSpec other = new RandomConfigurations(seed + 1).program();
      ProgramSpec same = new RandomConfigurations(seed).program();
      assertThat(ProgramChanges.between(one, same)).isEmpty();
      var otherNamed = new ProgramSpec.Builder(other).name(one.name()).build();
      assertThat(ProgramChanges.between(one, otherNamed).isEmpty())
          .isEqualTo(one.sameAs(otherNamed));
    }
  }
}
