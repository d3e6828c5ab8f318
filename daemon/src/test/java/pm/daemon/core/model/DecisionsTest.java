package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import pm.daemon.core.model.PoolView.Intake;

class DecisionsTest {
  private static final InstanceName WEB = new InstanceName("web", 1);
  private static final InstanceName DB = new InstanceName("db", 1);
  private static final Decisions.Held PAUSED = new Decisions.Held(Intake.PAUSED, "alice");
  private static final Decisions.Scaled TWO =
      new Decisions.Scaled(InstanceBounds.of(2), InstanceBounds.of(1), "alice");

  private static Decisions.Builder changing(Decisions before) {
    return new Decisions.Builder(before);
  }

  @Test
  void whatIsDecidedLastHolds() {
    Decisions all =
        changing(Decisions.NONE)
            .stop(WEB, "alice")
            .stop(DB, "alice")
            .start(DB)
            .disable(DB, "bob")
            .enable(WEB, "bob", true)
            .scale("web", TWO)
            .scale("db", TWO)
            .unscale("db")
            .hold("pics", PAUSED)
            .hold("mail", PAUSED)
            .resume("mail")
            .build();
    assertThat(all.stopped()).containsOnlyKeys(WEB);
    assertThat(all.disabled()).containsOnlyKeys(DB);
    assertThat(all.enabled()).containsOnlyKeys(WEB);
    assertThat(all.scaled()).containsOnlyKeys("web");
    assertThat(all.held()).containsOnlyKeys("pics");
  }

  @Test
  void disabledAndEnabledAreOpposites() {
    Decisions enabled = changing(Decisions.NONE).enable(WEB, "bob", true).build();
    Decisions disabled = changing(enabled).disable(WEB, "alice").build();
    assertThat(disabled.enabled()).isEmpty();
    assertThat(disabled.disabled()).containsEntry(WEB, "alice");
    assertThat(changing(disabled).enable(WEB, "bob", true).build()).isEqualTo(enabled);
    assertThat(changing(enabled).enable(WEB, "bob", false).build()).isEqualTo(Decisions.NONE);
  }

  @Test
  void nothingIsDecidedAboutWhatIsGone() {
    Decisions.Builder all =
        changing(Decisions.NONE).stop(WEB, "alice").enable(WEB, "bob", true).stop(DB, "alice");
    assertThat(all.forget(WEB).build())
        .isEqualTo(changing(Decisions.NONE).stop(DB, "alice").build());
    assertThat(changing(Decisions.NONE).disable(WEB, "alice").forget(WEB).build())
        .isEqualTo(Decisions.NONE);
  }

  @Test
  void whatWasSoBeforeIsNoChange() {
    Decisions stopped = changing(Decisions.NONE).stop(WEB, "alice").build();
    assertThat(changing(stopped).stop(WEB, "alice").start(DB).unscale("web").isChanged()).isFalse();
    assertThat(changing(stopped).stop(WEB, "bob").isChanged()).isTrue();
    assertThat(changing(stopped).start(WEB).isChanged()).isTrue();
  }

  @Test
  void onlyWhatIsPausedOrDrainedIsHeld() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Decisions.Held(Intake.OPEN, "alice"));
    Decisions held = changing(Decisions.NONE).hold("pics", PAUSED).build();
    assertThat(held.intake("pics")).isEqualTo(Intake.PAUSED);
    assertThat(held.intake("mail")).isEqualTo(Intake.OPEN);
  }

  @Test
  void aBootForgivesStops() {
    Decisions all = changing(Decisions.NONE).stop(WEB, "alice").disable(DB, "alice").build();
    assertThat(all.afterBoot()).isEqualTo(changing(Decisions.NONE).disable(DB, "alice").build());
  }
}
