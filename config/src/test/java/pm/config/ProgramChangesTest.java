package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

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

  /** Such texts end up in messages about mistakes of ours. */
  @Test
  void givenSecrets_whenAProgramIsWrittenIntoAMessage_thenTheyAreNotInIt() {
    ProgramSpec spec = new ProgramSpec.Builder(OLD).environment(Map.of("A", "s3cret")).build();
    assertThat(spec.toString()).isEqualTo("program web of " + spec.location());
    assertThat(Map.of("web", spec).toString()).doesNotContain("s3cret");
  }

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
  void allOfAPoolIsLive() {
    ProgramSpec worker = new ProgramSpec.Builder(OLD).type(ProgramType.WORKER).build();
    ProgramSpec pooled =
        new ProgramSpec.Builder(worker).pool(Optional.of(PoolSpec.DEFAULT)).build();
    ProgramSpec wider =
        new ProgramSpec.Builder(worker)
            .pool(Optional.of(PoolSpec.DEFAULT.withBounds(2, 4)))
            .build();
    assertThat(ProgramChanges.between(worker, pooled))
        .extracting(Change::path, Change::kind)
        .containsExactly(tuple("instances", KeyKind.LIVE), tuple("pool", KeyKind.LIVE));
    assertThat(ProgramChanges.between(pooled, wider))
        .containsExactly(
            new Change("pool.min", "1", "2", KeyKind.LIVE),
            new Change("pool.max", "1", "4", KeyKind.LIVE));
    for (long seed = 0; seed < 100; seed++) {
      ProgramSpec other =
          new ProgramSpec.Builder(worker)
              .pool(Optional.of(new RandomConfigurations(seed).pool()))
              .build();
      assertThat(ProgramChanges.between(pooled, other))
          .as("seed %d", seed)
          .isNotEmpty()
          .allMatch(change -> change.kind() == KeyKind.LIVE && change.path().startsWith("pool."));
    }
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
