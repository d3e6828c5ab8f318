package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class TaskIndexTest {

  @Test
  void isAMap() {
    long seed = Long.getLong("store.seed", System.nanoTime());
    Random random = new Random(seed);
    TaskIndex index = new TaskIndex();
    Map<Long, Long> model = new HashMap<>();
    for (int i = 0; i < 200_000; i++) {
      // It grows for a while, then it shrinks.
      boolean adds = random.nextInt(10) < (i < 120_000 ? 7 : 3);
      long task = 1L + random.nextInt(30_000);
      if (adds) {
        int place = index.put(task);
        if (!model.containsKey(task)) {
          assertThat(index.data(place)).isZero();
          assertThat(index.first(place)).isZero();
        }
        index.data(place, i);
        index.result(place, i + 1L);
        index.first(place, i + 2);
        index.size(place, i + 3);
        model.put(task, (long) i);
      } else {
        int place = index.find(task);
        assertThat(place != TaskIndex.NOWHERE).isEqualTo(model.remove(task) != null);
        if (place != TaskIndex.NOWHERE) {
          index.remove(place);
        }
      }
      if (i % 20_000 == 0) {
        assertSame(index, model, seed);
      }
    }
    assertSame(index, model, seed);
    for (long task : Map.copyOf(model).keySet()) {
      index.remove(index.find(task));
    }
    assertThat(index.count()).isZero();
    assertThat(index.places()).isLessThanOrEqualTo(512);
  }

  private static void assertSame(TaskIndex index, Map<Long, Long> model, long seed) {
    assertThat(index.count()).as("seed %d", seed).isEqualTo(model.size());
    int seen = 0;
    for (int place = 0; place < index.places(); place++) {
      seen += index.taskAt(place) == 0 ? 0 : 1;
    }
    assertThat(seen).isEqualTo(model.size());
    model.forEach(
        (task, value) -> {
          int place = index.find(task);
          assertThat(index.taskAt(place)).isEqualTo(task);
          assertThat(index.data(place)).isEqualTo(value);
          assertThat(index.result(place)).isEqualTo(value + 1);
          assertThat(index.first(place)).isEqualTo(value.intValue() + 2);
          assertThat(index.size(place)).isEqualTo(value.intValue() + 3);
        });
  }

  @Test
  void tasksAreNumberedFromOne() {
    TaskIndex index = new TaskIndex();
    assertThatThrownBy(() -> index.put(0)).isInstanceOf(IllegalArgumentException.class);
    assertThat(index.find(1)).isEqualTo(TaskIndex.NOWHERE);
  }

  @Test
  void aLocationIsOneNumber() {
    Random random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      int newest = 1 + random.nextInt(1 << 20);
      int segment = Math.max(1, newest - random.nextInt(Location.SEGMENTS));
      long offset = random.nextInt(Location.OFFSETS);
      int length = 1 + random.nextInt(1_000_000);
      long location = Location.of(segment, offset, length);
      assertThat(Location.segment(location, newest)).isEqualTo(segment);
      assertThat(Location.offset(location)).isEqualTo(offset);
      assertThat(Location.length(location)).isEqualTo(length);
      assertThat(location).isNotEqualTo(Location.NONE);
    }
    assertThat(Location.length(Location.NONE)).isZero();
    assertThatThrownBy(() -> Location.of(1, Location.OFFSETS, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Location.of(1, 0, 1 << 20))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
