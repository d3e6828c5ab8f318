package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class MembershipTest {
  private static final String WEB = "0".repeat(32);
  private static final String DB = "1".repeat(32);
  private static final String OF_ANOTHER_PMD = "2".repeat(32);
  private static final Set<String> OTHERS = Set.of(DB);

  /** A control group is for all to read in /proc, so its name in an environment proves nothing. */
  @Test
  void whoeverHasAGroupIsKnownByIt() {
    assertThat(Membership.isProven(WEB, true, OTHERS, Set.of(WEB), Set.of(WEB))).isTrue();
    assertThat(Membership.isProven(WEB, true, OTHERS, Set.of(), Set.of(WEB))).isFalse();
    assertThat(Membership.isProven(WEB, true, OTHERS, Set.of(DB), Set.of(WEB, DB))).isFalse();
  }

  @Test
  void withoutAGroupWhatIsShownCountsButForTheMembersOfOthers() {
    assertThat(Membership.isProven(WEB, false, OTHERS, Set.of(), Set.of(WEB))).isTrue();
    assertThat(Membership.isProven(WEB, false, OTHERS, Set.of(), Set.of(DB))).isFalse();
    assertThat(Membership.isProven(WEB, false, OTHERS, Set.of(DB), Set.of(WEB, DB))).isFalse();
    // We may be a program of another pmd ourselves, in whose group we all are.
    assertThat(
            Membership.isProven(
                WEB, false, OTHERS, Set.of(OF_ANOTHER_PMD), Set.of(WEB, OF_ANOTHER_PMD)))
        .isTrue();
  }
}
