package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.InstanceName;

final class DecisionStoreTest {
  @TempDir Path folder;

  private final ArrayDeque<Runnable> offLoop = new ArrayDeque<>();
  private final ArrayDeque<Runnable> loop = new ArrayDeque<>();
  private final List<String> heard = new ArrayList<>();

  @Test
  void nothingWasDecidedBeforeTheFirstDecision() throws Exception {
    assertThat(store("b1").read()).isEqualTo(Decisions.NONE);
  }

  @Test
  void aDecisionIsSafeOnceItIsHeardOf() throws Exception {
    DecisionStore store = store("b1");
    store.flush(stopped("web@1"), 1);
    assertThat(heard).isEmpty();
    assertThat(store.isIdle()).isFalse();

    offLoop.remove().run();
    assertThat(heard).isEmpty();
    loop.remove().run();
    assertThat(heard).containsExactly("flushed 1");
    assertThat(store.isIdle()).isTrue();
    assertThat(store("b1").read()).isEqualTo(stopped("web@1"));
    assertThat(RunRecordsTest.filesIn(folder)).containsExactly("decisions.json");
  }

  @Test
  void whileOneIsFlushedOnlyTheNewestWaits() throws Exception {
    DecisionStore store = store("b1");
    for (int i = 1; i <= 50; i++) {
      store.flush(stopped("web@" + i), i);
    }
    runAll();
    assertThat(heard).containsExactly("flushed 1", "flushed 50");
    assertThat(store("b1").read()).isEqualTo(stopped("web@50"));
  }

  @Test
  void aFailureIsSaidAndTheNextDecisionIsTriedAgain() throws Exception {
    DecisionStore store = store("b1");
    Files.createDirectories(folder.resolve("decisions.json.new/in-the-way"));
    store.flush(stopped("web@1"), 1);
    runAll();
    assertThat(heard).hasSize(1);
    assertThat(heard.getFirst())
        .startsWith("failed 1: cannot write " + folder.resolve("decisions.json") + ": ");

    Files.delete(folder.resolve("decisions.json.new/in-the-way"));
    store.flush(stopped("web@2"), 2);
    runAll();
    assertThat(heard).last().isEqualTo("flushed 2");
    assertThat(store("b1").read()).isEqualTo(stopped("web@2"));
  }

  @Test
  void aPoolThatIsBusyIsAFailureLikeAnyOther() throws Exception {
    boolean[] busy = {true};
    DecisionStore store =
        new DecisionStore(
            folder,
            "b1",
            task -> {
              if (busy[0]) {
                throw new RejectedExecutionException("busy");
              }
              task.run();
            },
            loop::add,
            listener());
    store.flush(stopped("web@1"), 1);
    runAll();
    assertThat(heard.getFirst()).startsWith("failed 1: cannot write ");
    busy[0] = false;
    store.flush(stopped("web@1"), 2);
    runAll();
    assertThat(heard.getLast()).isEqualTo("flushed 2");
  }

  @Test
  void whatWasStoppedIsForgottenAtReboot() throws Exception {
    store("b1").flush(stopped("web@1"), 1);
    runAll();
    assertThat(store("b2").read()).isEqualTo(Decisions.NONE);
  }

  @Test
  void refusesWhatItDoesNotUnderstand() throws IOException {
    Path file = folder.resolve("decisions.json");
    for (String text :
        List.of(
            "",
            "hello",
            "[]",
            "{\"version\":2}",
            "{\"version\":1,\"stopped\":{}}",
            "{\"version\":1,\"boot_id\":\"b1\",\"stopped\":{\"web\":\"alice\"}}",
            "{\"version\":1,\"boot_id\":\"b1\",\"stopped\":{\"web@1\":3}}")) {
      Files.writeString(file, text);
      assertThatThrownBy(() -> store("b1").read())
          .as(text)
          .isInstanceOf(StoreException.class)
          .hasMessageStartingWith(file.toString());
    }
    Files.delete(file);
    Files.createDirectory(file);
    assertThatThrownBy(() -> store("b1").read()).hasMessageContaining("is no regular file");
  }

  private void runAll() {
    while (!offLoop.isEmpty() || !loop.isEmpty()) {
      while (!offLoop.isEmpty()) {
        offLoop.remove().run();
      }
      while (!loop.isEmpty()) {
        loop.remove().run();
      }
    }
  }

  private DecisionStore store(String bootId) {
    return new DecisionStore(folder, bootId, offLoop::add, loop::add, listener());
  }

  private DecisionStore.Listener listener() {
    return new DecisionStore.Listener() {
      @Override
      public void flushed(long number) {
        heard.add("flushed " + number);
      }

      @Override
      public void failed(long number, String reason) {
        heard.add("failed " + number + ": " + reason);
      }
    };
  }

  private static Decisions stopped(String name) {
    return new Decisions.Builder(Decisions.NONE)
        .stop(InstanceName.parse(name).orElseThrow(), "alice")
        .build();
  }
}
