package pm.daemon.core.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import pm.daemon.core.model.PoolView;

class MeterTest {
  private static final long MILLISECOND = 1_000_000L;

  private final Meter meter = new Meter();

  @Test
  void itsBoundsAreThreeInEachPowerOfTen() {
    List<Double> bounds = meter.histogram().bounds();
    assertThat(bounds).startsWith(0.0001, 0.00025, 0.0005, 0.001, 0.0025).endsWith(100.0, 250.0);
  }

  @Test
  void whatLastedAsLongAsABoundIsBelowItAndWhatLastedLongerIsNot() {
    meter.count(MILLISECOND);
    meter.count(MILLISECOND + 1);
    meter.count(0);
    PoolView.Histogram histogram = meter.histogram();
    assertThat(histogram.counts()).startsWith(1L, 0L, 0L, 1L, 1L, 0L);
    assertThat(histogram.sumSeconds()).isEqualTo(0.002000001);
  }

  @Test
  void whatLastedLongerThanAllBoundsIsCountedToo() {
    meter.count(86_400_000 * MILLISECOND);
    PoolView.Histogram histogram = meter.histogram();
    assertThat(histogram.counts()).hasSize(histogram.bounds().size() + 1).endsWith(0L, 1L);
    assertThat(histogram.sumSeconds()).isEqualTo(86_400);
  }
}
