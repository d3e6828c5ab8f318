package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class EpollIT {
  private static ByteBuffer oneByte() {
    return ByteBuffer.allocateDirect(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void reportsWhatIsReadyWithItsData(boolean precise) throws Exception {
    Fd.Pipe a = Fd.pipe(0);
    Fd.Pipe b = Fd.pipe(0);
    try (Epoll epoll = Epoll.create(8, precise)) {
      epoll.add(a.readEnd(), Epoll.IN, 0x1234_5678_9abc_def0L);
      epoll.add(b.readEnd(), Epoll.IN, -2);
      assertThat(epoll.await(0)).isZero();
      Fd.write(a.writeEnd(), oneByte());
      assertThat(epoll.await(Epoll.FOREVER)).isOne();
      assertThat(epoll.data(0)).isEqualTo(0x1234_5678_9abc_def0L);
      assertThat(epoll.events(0)).isEqualTo(Epoll.IN);
      assertThatThrownBy(() -> epoll.data(1)).isInstanceOf(IndexOutOfBoundsException.class);
      Fd.close(b.writeEnd());
      assertThat(epoll.await(Epoll.FOREVER)).isEqualTo(2);
      Set<Long> data = new HashSet<>(Set.of(epoll.data(0), epoll.data(1)));
      assertThat(data).containsExactlyInAnyOrder(0x1234_5678_9abc_def0L, -2L);
      epoll.remove(b.readEnd());
      assertThat(epoll.await(0)).isOne();
      assertThatThrownBy(() -> epoll.remove(b.readEnd()))
          .hasMessage("epoll_ctl fd " + b.readEnd() + ": No such file or directory");
    } finally {
      Fd.close(a.readEnd());
      Fd.close(a.writeEnd());
      Fd.close(b.readEnd());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void neverReturnsBeforeItsTime(boolean precise) throws Exception {
    try (Epoll epoll = Epoll.create(1, precise)) {
      for (long nanos : new long[] {1, 300_000, 1_500_000}) {
        long before = Host.monotonicNanos();
        assertThat(epoll.await(nanos)).isZero();
        assertThat(Host.monotonicNanos() - before).isGreaterThanOrEqualTo(nanos);
      }
      assertThat(epoll.await(-5)).isZero();
    }
  }

  @Test
  void edgeTriggeredAndOneShot() throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    try (Epoll epoll = Epoll.create(2)) {
      epoll.add(pipe.readEnd(), Epoll.IN | Epoll.EDGE_TRIGGERED, 1);
      Fd.write(pipe.writeEnd(), oneByte());
      assertThat(epoll.await(Epoll.FOREVER)).isOne();
      assertThat(epoll.await(0)).as("the same byte again").isZero();
      Fd.write(pipe.writeEnd(), oneByte());
      assertThat(epoll.await(Epoll.FOREVER)).as("another byte").isOne();

      epoll.modify(pipe.readEnd(), Epoll.IN | Epoll.ONESHOT, 2);
      assertThat(epoll.await(Epoll.FOREVER)).isOne();
      assertThat(epoll.data(0)).isEqualTo(2);
      Fd.write(pipe.writeEnd(), oneByte());
      assertThat(epoll.await(0)).as("not armed").isZero();
      epoll.modify(pipe.readEnd(), Epoll.IN | Epoll.ONESHOT, 3);
      assertThat(epoll.await(Epoll.FOREVER)).as("armed again").isOne();
    } finally {
      Fd.close(pipe.readEnd());
      Fd.close(pipe.writeEnd());
    }
  }

  @Test
  void whatDoesNotFitComesNextTime() throws Exception {
    try (Epoll epoll = Epoll.create(2);
        EventFd a = EventFd.create();
        EventFd b = EventFd.create();
        EventFd c = EventFd.create()) {
      EventFd[] all = {a, b, c};
      for (int i = 0; i < all.length; i++) {
        epoll.add(all[i].fd(), Epoll.IN | Epoll.ONESHOT, i);
        all[i].signal();
      }
      Set<Long> seen = new HashSet<>();
      while (seen.size() < all.length) {
        int count = epoll.await(Epoll.FOREVER);
        for (int i = 0; i < count; i++) {
          seen.add(epoll.data(i));
        }
      }
      assertThat(seen).containsExactlyInAnyOrder(0L, 1L, 2L);
    }
  }

  @Test
  void anotherThreadWakesTheOneThatWaits() throws Exception {
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 0);
      for (int round = 0; round < 1000; round++) {
        Thread other =
            new Thread(
                () -> {
                  try {
                    event.signal();
                    event.signal();
                  } catch (ErrnoException e) {
                    throw new IllegalStateException(e);
                  }
                });
        other.start();
        assertThat(epoll.await(Child.LIMIT_NANOS)).isOne();
        other.join();
        event.drain();
        assertThat(epoll.await(0)).as("two signals are one").isZero();
        event.drain();
      }
    }
  }

  @Test
  void aTurnAllocatesNothing() throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    ByteBuffer buffer = oneByte();
    Fd.Pipe pipe = Fd.pipe(OpenFlags.NONBLOCK);
    try (Epoll epoll = Epoll.create(16);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.IN, 0);
      epoll.add(pipe.readEnd(), Epoll.IN, 1);
      long before = 0;
      for (int turn = 0; turn < 2000; turn++) {
        if (turn == 1000) {
          before = threads.getCurrentThreadAllocatedBytes();
        }
        event.signal();
        Fd.write(pipe.writeEnd(), buffer.clear());
        int count = epoll.await(Child.LIMIT_NANOS);
        for (int i = 0; i < count; i++) {
          if (epoll.data(i) == 0) {
            event.drain();
          } else {
            Fd.read(pipe.readEnd(), buffer.clear());
          }
        }
        Host.monotonicNanos();
      }
      long bytes = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(bytes).as("bytes allocated in 1000 turns").isLessThan(1000);
    } finally {
      Fd.close(pipe.readEnd());
      Fd.close(pipe.writeEnd());
    }
  }
}
