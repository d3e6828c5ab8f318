package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import pm.config.Command;
import pm.config.PoolSpec;
import pm.config.ProgramSpec;
import pm.config.ProgramType;

class InstanceBoundsTest {

  private static final ProgramSpec PLAIN =
      new ProgramSpec.Builder("web", new Command(List.of("/bin/web"), false)).instances(3).build();

  private static final ProgramSpec POOLED =
      new ProgramSpec.Builder("pics", new Command(List.of("/bin/pics"), false))
          .type(ProgramType.WORKER)
          .pool(Optional.of(PoolSpec.DEFAULT.withBounds(1, 4)))
          .build();

  @Test
  void theyAreWhatADefinitionSays() {
    assertThat(InstanceBounds.of(PLAIN)).isEqualTo(new InstanceBounds(3, 3)).hasToString("3");
    assertThat(InstanceBounds.of(POOLED)).isEqualTo(new InstanceBounds(1, 4)).hasToString("1..4");
  }

  @Test
  void theyTakeThePlaceOfThoseOfADefinition() {
    assertThat(new InstanceBounds(0, 0).in(PLAIN).instances()).isZero();
    ProgramSpec scaled = new InstanceBounds(2, 8).in(POOLED);
    assertThat(InstanceBounds.of(scaled)).isEqualTo(new InstanceBounds(2, 8));
    assertThat(scaled.instances()).isEqualTo(8);
  }

  @Test
  void notAllArePossible() {
    assertThatIllegalArgumentException().isThrownBy(() -> new InstanceBounds(-1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new InstanceBounds(2, 1));
    assertThat(new InstanceBounds(0, 0).obstacle(PLAIN)).isEmpty();
    assertThat(new InstanceBounds(1, 2).obstacle(PLAIN)).contains("no pool");
    assertThat(InstanceBounds.of(1000).obstacle(PLAIN)).isEmpty();
    assertThat(InstanceBounds.of(999).obstacle(POOLED)).isEmpty();
    assertThat(InstanceBounds.of(1001).obstacle(PLAIN)).contains("1000");
    assertThat(new InstanceBounds(0, 1).obstacle(POOLED)).isEmpty();
    assertThat(InstanceBounds.of(0).obstacle(POOLED)).contains("pmctl stop pics");
    assertThat(InstanceBounds.of(1000).obstacle(POOLED)).contains("999");
  }
}
