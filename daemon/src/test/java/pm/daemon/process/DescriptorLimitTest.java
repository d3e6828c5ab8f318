package pm.daemon.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import pm.daemon.posix.ResourceLimit;

class DescriptorLimitTest {
  private static ResourceLimit limit(long soft, long hard) {
    return new ResourceLimit(soft, hard);
  }

  @Test
  void givenTheUsualLimit_whenItIsRaised_thenAsFarAsIsNeeded() {
    assertThat(DescriptorLimit.raised(limit(1024, 524_288))).isEqualTo(limit(65_536, 524_288));
    assertThat(DescriptorLimit.raised(limit(1024, ResourceLimit.UNLIMITED)))
        .isEqualTo(limit(65_536, ResourceLimit.UNLIMITED));
  }

  @Test
  void givenALowHardLimit_whenItIsRaised_thenUpToThat() {
    assertThat(DescriptorLimit.raised(limit(1024, 4096))).isEqualTo(limit(4096, 4096));
    assertThat(DescriptorLimit.raised(limit(4096, 4096))).isEqualTo(limit(4096, 4096));
  }

  @Test
  void givenEnough_whenItIsRaised_thenNothingChanges() {
    assertThat(DescriptorLimit.raised(limit(100_000, 200_000))).isEqualTo(limit(100_000, 200_000));
    assertThat(DescriptorLimit.raised(limit(ResourceLimit.UNLIMITED, ResourceLimit.UNLIMITED)))
        .isEqualTo(limit(ResourceLimit.UNLIMITED, ResourceLimit.UNLIMITED));
    assertThat(new DescriptorLimit(limit(5, 6), limit(5, 6)).givenBack()).isEmpty();
    assertThat(new DescriptorLimit(limit(5, 9), limit(9, 9)).givenBack())
        .isEqualTo(Optional.of(limit(5, 9)));
  }
}
