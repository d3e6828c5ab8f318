package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.posix.Fd;
import pm.daemon.posix.FilePath;
import pm.daemon.posix.Host;
import pm.daemon.posix.OpenFlags;

/** What stands where the log file should be, what others do to it, and a disk that is full. */
final class LogFileIT {
  @TempDir Path folder;

  private Path log;

  @BeforeEach
  void makeLogFolder() throws IOException {
    Files.createDirectories(folder.resolve("log"));
    log = folder.resolve("log/web@1.log");
  }

  private static void refuses(Lab lab, Path file, String message) throws Exception {
    lab.settle();
    long before = Lab.openDescriptors();
    LogPlan plan =
        new LogPlan(new OutputTarget.ToFile(file), new OutputTarget.WithStdout(), Lab.NO_LIMITS);
    assertThatThrownBy(() -> lab.pump.open(Lab.instance("web@1"), Lab.invocation(), plan, -1, -1))
        .isInstanceOf(OutputException.class)
        .hasMessage(message);
    lab.settle();
    assertThat(lab.folder.resolve("pipes")).isEmptyDirectory();
    assertThat(Lab.openDescriptors()).isEqualTo(before);
  }

  @Test
  void aFolder() throws Exception {
    Files.createDirectory(log);
    try (Lab lab = new Lab(folder)) {
      refuses(lab, log, log + ": Is a directory");
    }
  }

  @Test
  void aLink() throws Exception {
    Files.createSymbolicLink(log, Files.createFile(folder.resolve("secret")));
    try (Lab lab = new Lab(folder)) {
      refuses(lab, log, log + ": is a symbolic link, not a file");
    }
  }

  @Test
  void aFileWithTwoNames() throws Exception {
    Files.createLink(log, Files.createFile(folder.resolve("other")));
    try (Lab lab = new Lab(folder)) {
      refuses(lab, log, log + ": has 2 names (hard links); a log file must have one");
    }
    assertThat(folder.resolve("other")).isEmptyFile();
  }

  @Test
  void aNamedPipeWithAndWithoutAReader() throws Exception {
    FilePath.mkfifo(log.toString(), 0600);
    try (Lab lab = new Lab(folder)) {
      refuses(lab, log, log + ": is a named pipe, not a file");
      int reader = Fd.open(log.toString(), OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
      refuses(lab, log, log + ": is a named pipe, not a file");
      Fd.close(reader);
    }
  }

  @Test
  void aDevice() throws Exception {
    try (Lab lab = new Lab(folder)) {
      refuses(lab, Path.of("/dev/null"), "/dev/null: is a device, not a file");
    }
  }

  @Test
  void aFolderThatIsNotThereAndIsNotOurs() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Path other = folder.resolve("elsewhere");
      refuses(lab, other.resolve("web.log"), other + ": No such file or directory");
    }
  }

  @Test
  void aFileInPlaceOfItsFolder() throws Exception {
    Path other = Files.createFile(folder.resolve("elsewhere"));
    try (Lab lab = new Lab(folder)) {
      refuses(lab, other.resolve("web.log"), other + ": Not a directory");
    }
  }

  @Test
  void aFolderThatIsALinkOfARootOwnedWayIsFine() throws Exception {
    Path real = Files.createDirectory(folder.resolve("real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("log/../real"));
    try (Lab lab = new Lab(folder)) {
      LogPlan plan =
          new LogPlan(
              new OutputTarget.ToFile(link.resolve("a.log")),
              new OutputTarget.WithStdout(),
              Lab.NO_LIMITS);
      lab.finish(lab.start("web@1", "echo here", plan));
      assertThat(real.resolve("a.log")).hasContent("here\n");
    }
  }

  @Test
  void linksThatLeadInACircle() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("link"));
    try (Lab lab = new Lab(folder)) {
      refuses(lab, link.resolve("a.log"), link + ": Too many levels of symbolic links");
    }
  }

  @Test
  void aWayThatAnotherUserCanLeadElsewhere() throws Exception {
    Assumptions.assumeTrue(Host.euid() == 0, "only root is led by others");
    Path theirs = Files.createDirectory(folder.resolve("theirs"));
    FilePath.chown(theirs.toString(), 65534, 65534);
    Path link = Files.createSymbolicLink(theirs.resolve("logs"), folder.resolve("log"));
    FilePath.changeLinkOwner(link.toString(), 65534, 65534);
    try (Lab lab = new Lab(folder)) {
      refuses(
          lab,
          link.resolve("a.log"),
          link
              + ": a link on the way there is of user 65534 and leads to what is not that user's"
              + " own");
      // By way of what is their own it leads elsewhere as well.
      FilePath.chown(Files.createDirectory(theirs.resolve("own")).toString(), 65534, 65534);
      Path around = Files.createSymbolicLink(theirs.resolve("around"), Path.of("own/../../log"));
      FilePath.changeLinkOwner(around.toString(), 65534, 65534);
      refuses(
          lab,
          around.resolve("a.log"),
          around
              + ": a link on the way there is of user 65534 and leads to what is not that user's"
              + " own");
      // Their own folder is theirs to fill.
      LogPlan plan =
          new LogPlan(
              new OutputTarget.ToFile(theirs.resolve("a.log")),
              new OutputTarget.WithStdout(),
              Lab.NO_LIMITS);
      lab.finish(lab.start("web@1", "echo here", plan));
      assertThat(theirs.resolve("a.log")).hasContent("here\n");
      // So is what we have made in it, and a link of theirs that leads to it.
      Path ours = Files.createDirectory(theirs.resolve("ours"));
      Path inner = Files.createSymbolicLink(theirs.resolve("link"), Path.of("own"));
      FilePath.changeLinkOwner(inner.toString(), 65534, 65534);
      for (Path fine : List.of(ours, inner)) {
        LogPlan there =
            new LogPlan(
                new OutputTarget.ToFile(fine.resolve("b.log")),
                new OutputTarget.WithStdout(),
                Lab.NO_LIMITS);
        lab.finish(lab.start("web@1", "echo there", there));
        assertThat(fine.resolve("b.log")).hasContent("there\n");
      }
    }
  }

  @Test
  void theLogFolderIsMadeIfMissingAndNotForOthersToRead() throws Exception {
    Files.delete(folder.resolve("log"));
    try (Lab lab = new Lab(folder)) {
      lab.finish(lab.start("echo made"));
      assertThat(log).hasContent("made\n");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log.getParent())))
          .endsWith("---");
    }
  }

  /** A program that prints a line when a file appears, so that a test can tell it when. */
  private Lab.Program printer(Lab lab, int lines) throws Exception {
    StringBuilder script = new StringBuilder();
    for (int i = 1; i <= lines; i++) {
      script.append("until [ -e %s ]; do sleep 0.01; done; echo line %d;".formatted(go(i), i));
    }
    return lab.start(script.toString());
  }

  private Path go(int line) {
    return folder.resolve("go" + line);
  }

  private void print(int line) throws IOException {
    Files.createFile(go(line));
  }

  @Test
  void aFileThatIsCutIsContinuedAtItsNewEnd() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Lab.Program program = printer(lab, 2);
      print(1);
      lab.awaitBytes(log, 7);
      Files.write(log, new byte[0]);
      print(2);
      lab.finish(program);
      assertThat(log).hasContent("line 2\n");
    }
  }

  @Test
  void aFileThatOthersWriteToIsContinuedAfterThem() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Lab.Program program = printer(lab, 2);
      print(1);
      lab.awaitBytes(log, 7);
      Files.writeString(log, "a note\n", StandardOpenOption.APPEND);
      print(2);
      lab.finish(program);
      assertThat(log).hasContent("line 1\na note\nline 2\n");
    }
  }

  @Test
  void aFileThatIsRemovedIsMadeAnew() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Lab.Program program = printer(lab, 2);
      print(1);
      lab.awaitBytes(log, 7);
      Files.delete(log);
      print(2);
      lab.finish(program);
      assertThat(log).hasContent("line 2\n");
    }
  }

  @Test
  void aFileThatLogrotateRenamesAndMakesAnewWhileItsProgramPrints() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Lab.Program program = lab.start("i=0; while :; do i=$((i+1)); echo $i; done");
      lab.awaitBytes(log, 1000);
      Path old = log.resolveSibling("web@1.log-20260101");
      Files.move(log, old);
      Files.createFile(log);
      lab.awaitBytes(log, 1000);
      program.kill();
      lab.finish(program);
      String both = Lab.text(old) + Lab.text(log);
      assertThat(both.getBytes(StandardCharsets.US_ASCII))
          .isEqualTo(Lab.numbers((int) both.lines().count()));
    }
  }

  @Test
  void filesAreOpenedAnewWhenAskedFor() throws Exception {
    try (Lab lab = new Lab(folder)) {
      Lab.Program program = printer(lab, 3);
      print(1);
      lab.awaitBytes(log, 7);
      // A file that nobody has touched is continued,
      lab.pump.reopenAll();
      print(2);
      lab.awaitBytes(log, 14);
      assertThat(log).hasContent("line 1\nline 2\n");
      // and one that was renamed is made anew.
      Path old = Files.move(log, log.resolveSibling("old"));
      lab.pump.reopenAll();
      print(3);
      lab.finish(program);
      assertThat(log).hasContent("line 3\n");
      assertThat(old).hasContent("line 1\nline 2\n");
    }
  }

  @Test
  void aFolderThatVanishesHoldsTheProgramBackUntilItIsThereAgain() throws Exception {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path file = elsewhere.resolve("a.log");
    LogPlan plan =
        new LogPlan(new OutputTarget.ToFile(file), new OutputTarget.WithStdout(), Lab.NO_LIMITS);
    try (Lab lab = new Lab(folder)) {
      Lab.Program program =
          lab.start(
              "web@1",
              "echo first; until [ -e %s ]; do sleep 0.01; done; seq 1 100000; echo last"
                  .formatted(go(1)),
              plan);
      lab.awaitBytes(file, 6);
      Files.delete(file);
      Files.delete(elsewhere);
      print(1);
      assertThat(lab.hear()).isEqualTo("web@1 blocked a.log: No such file or directory");
      assertThat(lab.pump.meters().blockedFiles()).isEqualTo(1);
      Files.createDirectory(elsewhere);
      assertThat(lab.hear()).isEqualTo("web@1 flows a.log");
      lab.finish(program);
      assertThat(file).hasSize(588895 + 5);
      assertThat(lab.heard).isEmpty();
      assertThat(lab.pump.meters().blockedFiles()).isZero();
    }
  }

  @Test
  void aFullDiskLosesNothing() throws Exception {
    Path small = mountSmallFileSystem();
    try {
      Path file = small.resolve("a.log");
      Path ballast = small.resolve("ballast");
      Files.write(ballast, new byte[150 * 1024]);
      LogPlan plan =
          new LogPlan(new OutputTarget.ToFile(file), new OutputTarget.WithStdout(), Lab.NO_LIMITS);
      try (Lab lab = new Lab(folder)) {
        Lab.Program program = lab.start("web@1", "seq 1 30000", plan);
        assertThat(lab.hear()).isEqualTo("web@1 blocked a.log: No space left on device");
        // A second program of the same file is told too, and waits behind the first.
        Lab.Program second = lab.start("web@2", "echo second", plan);
        assertThat(lab.hear()).isEqualTo("web@2 blocked a.log: No space left on device");
        second.end();
        lab.drain(second);
        Files.delete(ballast);
        assertThat(List.of(lab.hear(), lab.hear()))
            .containsExactly("web@1 flows a.log", "web@2 flows a.log");
        program.end();
        lab.drain(program);
        lab.drain(second);
        StringBuilder expected = new StringBuilder();
        for (int i = 1; i <= 30000; i++) {
          expected.append(i).append('\n');
        }
        // What the second printed comes after what the first had printed by then.
        assertThat(Lab.text(file).replaceFirst("second\n", "")).isEqualTo(expected.toString());
        assertThat(Lab.text(file)).contains("second\n");
        assertThat(lab.pump.meters().blockages()).isPositive();
        assertThat(lab.pump.meters().blockedFiles()).isZero();
      }
    } finally {
      run("umount", small.toString());
    }
  }

  @Test
  void onlySoManyEndedProgramsWaitForAFullDisk() throws Exception {
    Path small = mountSmallFileSystem();
    try {
      Path file = small.resolve("a.log");
      Path ballast = small.resolve("ballast");
      LogPlan plan =
          new LogPlan(new OutputTarget.ToFile(file), new OutputTarget.WithStdout(), Lab.NO_LIMITS);
      try (Lab lab = new Lab(folder)) {
        Files.write(ballast, new byte[256 * 1024 - 4096]);
        Lab.Program filler = lab.start("filler@1", "seq 1 5000", plan);
        assertThat(lab.hear()).isEqualTo("filler@1 blocked a.log: No space left on device");
        List<Integer> drained = new CopyOnWriteArrayList<>();
        CountDownLatch all = new CountDownLatch(30);
        for (int i = 1; i <= 30; i++) {
          int number = i;
          Lab.Program program = lab.start("web@1", "echo program " + number, plan);
          program.end();
          lab.pump.drain(
              program.invocation(),
              () -> {
                drained.add(number);
                all.countDown();
              });
          lab.pump.release(program.invocation());
        }
        lab.settle();
        assertThat(drained).hasSizeBetween(10, 20);
        Files.delete(ballast);
        assertThat(all.await(Lab.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        filler.end();
        lab.drain(filler);
        StringBuilder expected =
            new StringBuilder(new String(Lab.numbers(5000), StandardCharsets.US_ASCII));
        for (int i = 1; i <= 30; i++) {
          expected.append("program ").append(i).append('\n');
        }
        assertThat(Lab.text(file)).isEqualTo(expected.toString());
      }
    } finally {
      run("umount", small.toString());
    }
  }

  private Path mountSmallFileSystem() throws Exception {
    Path small = Files.createDirectory(folder.resolve("small"));
    Assumptions.assumeTrue(
        Host.euid() == 0
            && run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", small.toString()) == 0,
        "mounting needs root");
    return small;
  }

  private static int run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).inheritIO().start();
    assertThat(process.waitFor(Lab.LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
