package pm.daemon.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.config.WorkerSpec;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.posix.Fd;

/** A daemon dies, another goes on with its workers. */
@Timeout(120)
final class WorkerCrashIT {

  @TempDir private Path folder;

  private static void adopt(Workshop shop, Workshop.Played web) throws WorkerException {
    shop.workers.adopt(web.instance, web.invocation, web.spec, shop.folder.resolve("no-log"));
  }

  private static Path file(Workshop shop, Workshop.Played web, WorkerFolder.File file) {
    return new WorkerFolder(shop.folder.resolve("workers"))
        .path(web.instance, web.invocation, file);
  }

  @Test
  void givenHalfAMessage_whenTheRestComesInTheGap_thenTheNextDaemonReadsItWhole() throws Exception {
    for (int size : new int[] {0, 100_000, 900_000}) {
      Workshop first = new Workshop(folder);
      Workshop.Played web = first.start(Workshop.LINES);
      web.write("{\"jsonrpc\":\"2.0\",\"params\":{\"x\":\"" + "x".repeat(size));
      Workshop.await("half is read", () -> first.count("worker_spilled_bytes") >= size);
      first.settle();
      first.close();
      web.write("\"},\"method\":\"ready\"}\n");
      try (Workshop second = new Workshop(folder)) {
        adopt(second, web);
        assertThat(second.nextHeard()).isEqualTo("ready");
        web.answersThrough(second, 1);
        assertThat(second.count("worker_stray_lines")).isZero();
        assertThat(web.partBytes()).isZero();
        web.close();
        second.onLoop(() -> second.workers.release(web.invocation));
      }
    }
  }

  @Test
  void givenAnAnswerToADaemonBefore_whenItIsRead_thenItCountsAsLate() throws Exception {
    Workshop first = new Workshop(folder, "one");
    Workshop.Played web = first.start(Workshop.LINES);
    String id = web.pingId(1);
    first.close();
    web.write(Workshop.Played.answer(id));
    try (Workshop second = new Workshop(folder, "two")) {
      adopt(second, web);
      web.answersThrough(second, 1);
      assertThat(second.heard).isEmpty();
      assertThat(second.count("worker_late_answers")).isEqualTo(1);
      web.close();
    }
  }

  @Test
  void givenAMessageToItThatWasTorn_whenAdopted_thenOnlyItsLineIsLost() throws Exception {
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(Workshop.LINES);
    first.settle();
    first.close();
    Files.createFile(file(first, web, WorkerFolder.File.TORN));
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      assertThat(web.readLine()).isEmpty();
      web.answersThrough(second, 1);
      assertThat(web.hasFile(WorkerFolder.File.TORN)).isFalse();
      web.close();
    }
  }

  @Test
  void givenATornMessageBehindAHeader_whenAdopted_thenItsPingsFailWithTheReason() throws Exception {
    WorkerSpec headers = Workshop.HEADERS;
    Workshop first = new Workshop(folder);
    Workshop.Played web = first.start(headers);
    first.settle();
    first.close();
    Files.createFile(file(first, web, WorkerFolder.File.TORN));
    try (Workshop second = new Workshop(folder)) {
      adopt(second, web);
      second.onLoop(() -> second.workers.ping(web.invocation, 1));
      assertThat(second.nextHeard())
          .isEqualTo("failed 1: a message to it was cut off when the daemon before died");
      web.close();
    }
  }

  @Test
  void givenALargeMessageToIt_whenItIsHalfWritten_thenAFileSaysSo() throws IOException {
    WorkerFolder pipes = new WorkerFolder(Files.createDirectory(folder.resolve("workers")));
    InstanceName instance = InstanceName.parse("web@1").orElseThrow();
    InvocationId invocation = new InvocationId("0".repeat(32));
    WorkerFolder.Ends ends = pipes.make(instance, invocation, -1, -1);
    Path torn = pipes.path(instance, invocation, WorkerFolder.File.TORN);
    try (Means means = Means.open();
        Outbox outbox = new Outbox(ends.ours().in(), torn, means, new WorkerMeters())) {
      byte[] large = new byte[200_000];
      assertThat(outbox.add(large)).isTrue();
      outbox.flush();
      assertThat(torn).exists();
      assertThat(outbox.isWaiting()).isTrue();
      long read = 0;
      ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
      while (read < large.length) {
        read += Fd.read(ends.childIn(), buffer.clear());
        outbox.flush();
      }
      assertThat(torn).doesNotExist();
      // What fits into an empty pipe is not torn, and needs no mark.
      assertThat(outbox.add(new byte[10_000])).isTrue();
      outbox.flush();
      assertThat(torn).doesNotExist();
      assertThat(outbox.isWaiting()).isFalse();
    }
  }
}
