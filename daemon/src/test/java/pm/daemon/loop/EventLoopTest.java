package pm.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import pm.daemon.loop.ScriptedPoller.Ready;
import pm.daemon.posix.Epoll;
import pm.daemon.posix.ErrnoException;

class EventLoopTest {
  private final ScriptedPoller poller = new ScriptedPoller();
  private final List<String> seen = new ArrayList<>();
  private long clock;
  private long deadline = Long.MAX_VALUE;
  private int turnsLeft = 1;
  private final EventLoop loop = new EventLoop(poller, () -> clock, 2);

  /** Writes down what it is told and stops the loop after the turns that the test wants. */
  private final Turn turn =
      new Turn() {
        @Override
        public void endOfBatch() {
          seen.add("end");
          if (turnsLeft-- == 0) {
            loop.stop();
          }
        }

        @Override
        public long nextDeadlineNanos() {
          return deadline;
        }

        @Override
        public void timePassed() {
          seen.add("time");
          deadline = Long.MAX_VALUE;
        }
      };

  @Test
  void givenReadyDescriptors_whenTheirHandlersPost_thenThePostedIsDoneAfterAllOfThem()
      throws ErrnoException {
    FdHandler handler =
        (fd, events) -> {
          seen.add("fd " + fd);
          loop.post(() -> seen.add("posted by " + fd));
        };
    loop.watch(3, Epoll.IN, handler);
    loop.watch(4, Epoll.IN, handler);
    poller.turn(new Ready(3, Epoll.IN), new Ready(4, Epoll.IN));

    loop.run(turn);

    assertThat(seen).containsExactly("end", "fd 3", "fd 4", "posted by 3", "posted by 4", "end");
  }

  @Test
  void givenNothingToDo_whenItSleeps_thenWithoutTimeout() {
    loop.run(turn);

    assertThat(poller.timeouts).containsExactly(Epoll.FOREVER);
  }

  @Test
  void givenADeadline_whenItSleeps_thenUntilThenAndTimePassesOnce() {
    clock = 1_000;
    deadline = 1_500;
    turnsLeft = 2;
    loop.post(() -> clock = 1_500);

    loop.run(turn);

    assertThat(poller.timeouts).containsExactly(0L, Epoll.FOREVER);
    assertThat(seen).containsExactly("end", "time", "end", "end");
  }

  @Test
  void givenADeadlineAhead_whenItSleeps_thenForTheRest() {
    clock = 1_000;
    deadline = 1_500;

    loop.run(turn);

    assertThat(poller.timeouts).containsExactly(500L);
    assertThat(seen).containsExactly("end", "end");
  }

  @Test
  void givenADescriptorClosedAndOpenedAgainInABatch_whenItsOldEventComes_thenTheNewOwnerIsSpared()
      throws ErrnoException {
    loop.watch(
        3,
        Epoll.IN,
        (fd, events) -> {
          loop.unwatch(4);
          try {
            loop.watch(4, Epoll.IN, (newFd, newEvents) -> seen.add("new owner"));
          } catch (ErrnoException refused) {
            throw new AssertionError(refused);
          }
        });
    loop.watch(4, Epoll.IN, (fd, events) -> seen.add("old owner"));
    poller.turn(new Ready(3, Epoll.IN), new Ready(4, Epoll.IN));
    poller.turn(new Ready(4, Epoll.IN));
    turnsLeft = 2;

    loop.run(turn);

    assertThat(seen).containsExactly("end", "end", "new owner", "end");
  }

  @Test
  void givenAHandlerThatThrows_whenItsTurnComes_thenTheOthersAreStillHeard() throws ErrnoException {
    loop.watch(
        3,
        Epoll.IN,
        (fd, events) -> {
          throw new IllegalStateException("planted");
        });
    loop.watch(4, Epoll.IN, (fd, events) -> seen.add("fd " + fd));
    loop.post(
        () -> {
          throw new AssertionError("planted");
        });
    poller.turn(new Ready(3, Epoll.IN), new Ready(4, Epoll.IN));

    loop.run(turn);

    assertThat(seen).containsExactly("end", "fd 4", "end");
    assertThat(loop.failures()).isEqualTo(2);
  }

  @Test
  void givenAHandlerThatAlwaysThrows_whenItHasDoneSoOftenEnough_thenItIsUnwatched()
      throws ErrnoException {
    loop.watch(
        3,
        Epoll.IN,
        (fd, events) -> {
          throw new IllegalStateException("planted");
        });
    turnsLeft = 12;
    for (int i = 0; i < turnsLeft; i++) {
      poller.turn(new Ready(3, Epoll.IN));
    }

    loop.run(turn);

    assertThat(poller.removed).containsExactly(3);
    assertThat(loop.failures()).isEqualTo(10);
  }

  @Test
  void givenAFullInbox_whenTheLoopItselfPosts_thenItDoesNotWait() {
    loop.post(
        () -> {
          for (int i = 0; i < 10; i++) {
            loop.post(() -> seen.add("own"));
          }
        });
    turnsLeft = 2;

    loop.run(turn);

    assertThat(seen.stream().filter("own"::equals)).hasSize(10);
  }

  @Test
  void givenAFullInbox_whenAnotherThreadPosts_thenItWaitsForRoom() throws InterruptedException {
    loop.post(() -> {});
    loop.post(() -> {});
    Thread poster = new Thread(() -> loop.post(() -> seen.add("late")));
    poster.start();
    while (poster.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    assertThat(seen).isEmpty();

    loop.run(turn);
    poster.join();

    assertThat(poster.getState()).isEqualTo(Thread.State.TERMINATED);
  }

  @Test
  void givenAWatchedDescriptor_whenItIsWatchedAgain_thenThatIsRefused() throws ErrnoException {
    loop.watch(3, Epoll.IN, (fd, events) -> {});

    assertThatThrownBy(() -> loop.watch(3, Epoll.IN, (fd, events) -> {}))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> loop.change(5, Epoll.IN)).isInstanceOf(IllegalStateException.class);
    loop.unwatch(5);
    assertThat(poller.added).containsExactly(3);
  }
}
