package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import pm.daemon.core.event.Answer;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskEntry;
import pm.daemon.core.model.TaskOutcome;
import pm.daemon.core.model.TaskState;
import pm.daemon.store.KeepException;
import pm.daemon.store.TaskStore;

class TaskKeeperTest {

  private static final long SECOND = 1_000_000_000L;

  private static final String MAY_RUN =
      "; a task may be done all the same: give it an id (--id) to submit it again";

  private final List<String> said = new ArrayList<>();
  private final FakeStore store = new FakeStore();
  private long now;
  private final TaskKeeper keeper =
      new TaskKeeper(() -> now, task -> Optional.empty(), report -> said.add(report.toString()));

  @BeforeEach
  void givenAStore() {
    keeper.connect(
        store,
        new TaskKeeper.Doer() {
          @Override
          public void act(TaskEffect effect) {
            said.add("act " + effect.getClass().getSimpleName());
          }

          @Override
          public void answer(Effect.Reply reply) {
            said.add("answer " + reply.request() + " " + reply.answer());
          }
        });
  }

  private static Effect.Reply accepted(long request, String id) {
    return new Effect.Reply(
        request,
        new Answer.Tasks(List.of(new TaskOutcome(id, TaskState.QUEUED, true, "", false))),
        0,
        true);
  }

  private static Effect.Reply ended(long request, String id) {
    return new Effect.Reply(
        request,
        new Answer.Tasks(List.of(new TaskOutcome(id, TaskState.SUCCEEDED, true, "", false))),
        0,
        true);
  }

  @Test
  void nothingIsDoneBeforeItIsKept() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(new TaskEffect.ReadLoad());
    assertThat(said).isEmpty();
    keeper.keep();
    assertThat(store.kept).containsExactly(new TaskEntry.Forgotten(1));
    assertThat(said).containsExactly("act ReadLoad");
    assertThat(keeper.hasWork()).isFalse();
  }

  @Test
  void anAnswerWaitsForTheFlushOfItsTurn() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(accepted(7, "a-1"));
    keeper.keep();
    assertThat(said).isEmpty();
    assertThat(store.asked).containsExactly(1L);
    keeper.add(new TaskEntry.Forgotten(2));
    keeper.add(accepted(8, "a-2"));
    keeper.keep();
    keeper.flushed(1);
    assertThat(said).singleElement().asString().startsWith("answer 7");
    assertThat(keeper.isIdle()).isFalse();
    keeper.flushed(2);
    assertThat(said).hasSize(2);
    assertThat(keeper.isIdle()).isTrue();
  }

  @Test
  void whatIsSafeAlreadyIsAnsweredAtOnce() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(accepted(7, "a-1"));
    keeper.keep();
    keeper.flushed(1);
    said.clear();
    keeper.add(accepted(8, "a-1"));
    keeper.keep();
    assertThat(said).singleElement().asString().startsWith("answer 8");
  }

  @Test
  void whatCannotBeKeptWaitsAndIsSaidOnce() {
    store.refuses = true;
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(new TaskEffect.ReadLoad());
    keeper.keep();
    assertThat(said).containsExactly("StoreFailed[why=the disk is full, ids=[]]");
    assertThat(keeper.isBlocked()).isTrue();
    assertThat(keeper.hasWork()).isFalse();
    assertThat(keeper.nextDeadlineNanos()).isEqualTo(SECOND);
    now = SECOND;
    assertThat(keeper.hasWork()).isTrue();
    keeper.keep();
    assertThat(said).hasSize(1);
    now = 2 * SECOND;
    store.refuses = false;
    keeper.keep();
    assertThat(said.subList(1, said.size())).containsExactly("StoreWorks[]", "act ReadLoad");
    assertThat(store.kept).containsExactly(new TaskEntry.Forgotten(1));
    assertThat(keeper.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  private static Effect.Reply done(long request, String id, TaskState state) {
    return new Effect.Reply(
        request, new Answer.Tasks(List.of(new TaskOutcome(id, state, false, "", false))), 0, true);
  }

  @Test
  void whoCancelsOrPutsBackIsToldAtOnceThatItCannotBeKept() {
    store.refuses = true;
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(done(7, "a-1", TaskState.CANCELLED));
    keeper.add(done(8, "a-2", TaskState.QUEUED));
    keeper.add(ended(9, "a-3"));
    keeper.keep();
    assertThat(said)
        .containsExactly(
            "answer 7 TryAgain[why=the disk is full]",
            "answer 8 TryAgain[why=the disk is full]",
            "StoreFailed[why=the disk is full, ids=[]]");
    said.clear();
    keeper.add(done(10, "a-1", TaskState.CANCELLED));
    assertThat(said).containsExactly("answer 10 TryAgain[why=the disk is full]");
    said.clear();
    store.refuses = false;
    now = SECOND;
    keeper.keep();
    keeper.flushed(1);
    assertThat(said).as("a result stays true").hasSize(2);
    assertThat(said.getLast()).startsWith("answer 9 Tasks");
  }

  @Test
  void whoCancelsOrPutsBackIsToldAtOnceThatItIsNotSafe() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(done(7, "a-1", TaskState.CANCELLED));
    keeper.add(done(8, "a-2", TaskState.QUEUED));
    keeper.keep();
    keeper.failed(1, "Input/output error");
    assertThat(said)
        .containsExactly(
            "answer 7 TryAgain[why=Input/output error]",
            "answer 8 TryAgain[why=Input/output error]",
            "StoreFailed[why=Input/output error, ids=[]]");
  }

  @Test
  void aStoreThatIsFullIsToldOfAsLongAsItIsAndSomethingIsKept() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.keep();
    assertThat(said).isEmpty();
    store.fullness = "it is full";
    keeper.add(new TaskEntry.Forgotten(2));
    keeper.keep();
    keeper.keep();
    assertThat(said).containsExactly("StoreFull[isFull=true, why=it is full]");
    store.fullness = "";
    keeper.add(new TaskEntry.Forgotten(3));
    keeper.keep();
    keeper.add(new TaskEntry.Forgotten(4));
    keeper.keep();
    assertThat(said.subList(1, said.size())).containsExactly("StoreFull[isFull=false, why=]");
  }

  @Test
  void whatCouldNotBeFlushedIsNotAcknowledged() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(accepted(7, "a-1"));
    keeper.add(ended(8, "a-0"));
    keeper.keep();
    keeper.failed(1, "Input/output error");
    assertThat(said)
        .containsExactly(
            "answer 7 TryAgain[why=Input/output error" + MAY_RUN + "]",
            "StoreFailed[why=Input/output error, ids=[a-1]]");
    said.clear();
    // A result stays true; whoever waits for it is told when it is safe.
    keeper.works();
    keeper.flushed(1);
    assertThat(said).hasSize(2);
    assertThat(said.getFirst()).isEqualTo("StoreWorks[]");
    assertThat(said.getLast()).startsWith("answer 8");
  }

  @Test
  void whoAsksAfterTheFailedFlushWaitsForTheNext() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(accepted(7, "a-1"));
    keeper.keep();
    keeper.add(new TaskEntry.Forgotten(2));
    keeper.add(accepted(8, "a-2"));
    keeper.keep();
    keeper.failed(1, "Input/output error");
    assertThat(said.getFirst()).startsWith("answer 7");
    assertThat(said).noneMatch(line -> line.startsWith("answer 8"));
    keeper.works();
    assertThat(store.asked.getLast()).isEqualTo(2L);
    keeper.flushed(2);
    assertThat(said.getLast()).startsWith("answer 8");
  }

  @Test
  void whoSubmitsToAFullDiskIsToldSo() {
    store.refuses = true;
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(accepted(7, "a-1"));
    keeper.keep();
    assertThat(said)
        .containsExactly(
            "answer 7 TryAgain[why=the disk is full]",
            "StoreFailed[why=the disk is full, ids=[a-1]]");
    said.clear();
    keeper.add(new Effect.Reply(8, new Answer.TryAgain("tasks cannot be kept"), 0, true));
    keeper.add(new Effect.Reply(9, new Answer.NoMatch("a-5"), 0, true));
    assertThat(said).hasSize(2);
    // What is said of a task that has ended is true when it is kept, and not before.
    keeper.add(ended(10, "a-0"));
    assertThat(said).hasSize(2);
    assertThat(keeper.hasWork()).isFalse();
  }

  @Test
  void aKeyThatIsLostIsLostForAllWhoSubmittedIt() {
    keeper.add(new TaskEntry.Forgotten(1));
    keeper.add(accepted(7, "key"));
    keeper.keep();
    keeper.add(new TaskEntry.Forgotten(2));
    keeper.add(known(8, "key"));
    keeper.keep();
    keeper.failed(1, "Input/output error");
    // Decided in the same batch, before anybody knew.
    keeper.add(known(9, "key"));
    keeper.keep();
    assertThat(said)
        .containsExactly(
            "answer 7 TryAgain[why=Input/output error" + MAY_RUN + "]",
            "answer 8 TryAgain[why=Input/output error]",
            "StoreFailed[why=Input/output error, ids=[key]]",
            "answer 9 TryAgain[why=a task could not be kept]");
    said.clear();
    keeper.works();
    keeper.add(accepted(10, "key"));
    keeper.keep();
    keeper.flushed(2);
    assertThat(said.getLast()).startsWith("answer 10 Tasks");
  }

  private static Effect.Reply known(long request, String id) {
    return new Effect.Reply(
        request,
        new Answer.Tasks(List.of(new TaskOutcome(id, TaskState.QUEUED, false, "", false))),
        0,
        true);
  }

  /** Remembers what it was told; nothing is flushed by itself. */
  private static final class FakeStore implements TaskStore {
    final List<TaskEntry> kept = new ArrayList<>();
    final List<Long> asked = new ArrayList<>();
    boolean refuses;
    String fullness = "";

    @Override
    public String fullness() {
      return fullness;
    }

    @Override
    public String epoch() {
      return "k3f9";
    }

    @Override
    public boolean isOfThisBoot() {
      return true;
    }

    @Override
    public void replay(Consumer<TaskEntry> entries) {
      kept.forEach(entries);
    }

    @Override
    public long keep(List<TaskEntry> entries, LongFunction<Optional<TaskEntry.Whole>> whole)
        throws KeepException {
      if (refuses) {
        throw new KeepException("the disk is full", new IOException("No space left on device"));
      }
      kept.addAll(entries);
      return kept.size();
    }

    @Override
    public void flush(long position) {
      asked.add(position);
    }

    @Override
    public long lastTask() {
      return kept.size();
    }

    @Override
    public int dataBytes(long task) {
      return 0;
    }

    @Override
    public int resultBytes(long task) {
      return 0;
    }

    @Override
    public byte[] data(long task) {
      return new byte[0];
    }

    @Override
    public byte[] result(long task) {
      return new byte[0];
    }

    @Override
    public long sizeBytes() {
      return 0;
    }

    @Override
    public void close() {}
  }
}
