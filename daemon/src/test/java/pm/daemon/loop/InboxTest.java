package pm.daemon.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class InboxTest {
  private final Inbox inbox = new Inbox(1);

  @AfterEach
  void forgetTheInterrupt() {
    Thread.interrupted();
  }

  @Test
  void whoIsInterruptedAndNeedNotWaitPutsHisWorkIn() throws Exception {
    Thread.currentThread().interrupt();
    inbox.put(() -> {});
    ArrayDeque<Runnable> taken = new ArrayDeque<>();
    inbox.drainTo(taken, 10);
    assertThat(taken).hasSize(1);
    assertThat(Thread.currentThread().isInterrupted()).isTrue();
  }

  @Test
  void atTheEndWorkOfWhoIsInterruptedIsDroppedWithoutAWord() throws Exception {
    inbox.put(() -> {});
    inbox.close();
    Thread.currentThread().interrupt();
    inbox.put(() -> {});
    ArrayDeque<Runnable> taken = new ArrayDeque<>();
    inbox.drainTo(taken, 10);
    assertThat(taken).hasSizeLessThanOrEqualTo(1);
  }

  @Test
  void whoHasToWaitForRoomCanBeInterrupted() throws Exception {
    inbox.put(() -> {});
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> inbox.put(() -> {})).isInstanceOf(InterruptedException.class);
  }
}
