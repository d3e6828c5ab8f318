package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FdIT {
  @TempDir Path folder;

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private static ByteBuffer bytes(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  private static String text(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.position()];
    buffer.get(0, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @Test
  void opensWhatNoLinkLeadsToOrLeavesIt() throws Exception {
    Path real = folder.toRealPath();
    Files.createDirectory(real.resolve("log"));
    Path link = Files.createSymbolicLink(real.resolve("link"), Path.of("log"));
    Files.createFile(real.resolve("log/file"));

    int fd =
        Fd.openWithoutLinks(real.resolve("log/file").toString(), OpenFlags.RDONLY).orElseThrow();
    try {
      assertThat(Fd.status(fd).isRegular()).isTrue();
    } finally {
      Fd.close(fd);
    }
    assertThat(Fd.openWithoutLinks(link.resolve("file").toString(), OpenFlags.RDONLY)).isEmpty();
    assertThat(Fd.openWithoutLinks(link.toString(), OpenFlags.PATH)).isEmpty();
    assertThat(Fd.openWithoutLinks(real.resolve("none").toString(), OpenFlags.PATH)).isEmpty();
  }

  @Test
  void failureNamesCallArgumentAndError() {
    assertThatThrownBy(() -> Fd.open(path("none"), OpenFlags.RDONLY, 0))
        .isInstanceOfSatisfying(
            ErrnoException.class,
            e -> {
              assertThat(e.errno()).isEqualTo(Errno.ENOENT);
              assertThat(e.call()).isEqualTo("open");
              assertThat(e.argument()).isEqualTo(path("none"));
              assertThat(e.isShortage()).isFalse();
            })
        .hasMessage("open " + path("none") + ": No such file or directory");
    assertThatThrownBy(() -> Fd.close(9999)).hasMessage("close fd 9999: Bad file descriptor");
  }

  @Test
  void pathsThatTheKernelCannotTake() {
    assertThatThrownBy(() -> Fd.open("/tmp/" + "x".repeat(5000), OpenFlags.RDONLY, 0))
        .hasMessageEndingWith("File name too long");
    assertThatThrownBy(() -> Fd.open("/tmp/" + "ü".repeat(2100), OpenFlags.RDONLY, 0))
        .hasMessageEndingWith("File name too long");
    assertThatThrownBy(() -> Fd.open("/etc/pass\0wd", OpenFlags.RDONLY, 0))
        .hasMessage("open /etc/pass?wd: Invalid argument");
    assertThatThrownBy(() -> Fd.open("/etc/pässe\0wd", OpenFlags.RDONLY, 0))
        .hasMessage("open /etc/pässe?wd: Invalid argument");
  }

  @Test
  void writesAndReadsAFileWithANameOfAnyLanguage() throws Exception {
    int fd = Fd.open(path("größe-尺寸-🗂"), OpenFlags.RDWR | OpenFlags.CREAT, 0600);
    try {
      Fd.writeFully(fd, bytes("hello world"));
      assertThat(Fd.seekToEnd(fd)).isEqualTo(11);
      ByteBuffer into = ByteBuffer.allocateDirect(100).position(3);
      assertThat(Fd.readAt(fd, into, 6)).isEqualTo(5);
      assertThat(into.position()).isEqualTo(8);
      assertThat(Fd.read(fd, into)).as("at the end").isZero();
      Fd.seekTo(fd, 4);
      Fd.truncate(fd, 7);
      ByteBuffer rest = ByteBuffer.allocateDirect(100);
      assertThat(Fd.read(fd, rest)).isEqualTo(3);
      assertThat(text(rest)).isEqualTo("o w");
      Fd.sync(fd);
      Fd.syncData(fd);
    } finally {
      Fd.close(fd);
    }
    FilePath.syncDirectory(folder.toString());
  }

  @Test
  void buffersMustBeDirect() {
    assertThatThrownBy(() -> Fd.read(0, ByteBuffer.allocate(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everyDescriptorIsClosedOnExec() throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    int file = Fd.open("/dev/null", OpenFlags.RDWR, 0);
    int copy = Fd.duplicate(file);
    try (Epoll epoll = Epoll.create(1);
        EventFd event = EventFd.create();
        PidFd self = PidFd.open(Host.pid())) {
      int[] all = {pipe.readEnd(), pipe.writeEnd(), file, copy, epoll.fd(), event.fd(), self.fd()};
      for (int fd : all) {
        String flags =
            Files.readString(Path.of("/proc/self/fdinfo/" + fd))
                .lines()
                .filter(line -> line.startsWith("flags:"))
                .findFirst()
                .orElseThrow()
                .substring("flags:".length())
                .strip();
        assertThat(Integer.parseInt(flags, 8) & OpenFlags.CLOEXEC).as("fd " + fd).isNotZero();
      }
    } finally {
      Fd.close(pipe.readEnd());
      Fd.close(pipe.writeEnd());
      Fd.close(file);
      Fd.close(copy);
    }
  }

  @Test
  void nonBlockingPipe() throws Exception {
    Fd.Pipe pipe = Fd.pipe(OpenFlags.NONBLOCK);
    ByteBuffer into = ByteBuffer.allocateDirect(1 << 17);
    try {
      assertThat(Fd.read(pipe.readEnd(), into)).isEqualTo(Fd.WOULD_BLOCK);
      int room = Fd.pipeSize(pipe.writeEnd());
      assertThat(Fd.write(pipe.writeEnd(), ByteBuffer.allocateDirect(room + 1))).isEqualTo(room);
      assertThat(Fd.write(pipe.writeEnd(), bytes("x"))).isEqualTo(Fd.WOULD_BLOCK);
      assertThat(Fd.bytesReadable(pipe.readEnd())).isEqualTo(room);
      assertThat(Fd.read(pipe.readEnd(), into)).isEqualTo(room);
      Fd.setNonBlocking(pipe.writeEnd(), false);
      assertThat(Fd.setPipeSize(pipe.writeEnd(), 4096)).isEqualTo(4096);
      Fd.close(pipe.writeEnd());
      assertThat(Fd.read(pipe.readEnd(), into)).as("at the end").isZero();
    } finally {
      Fd.close(pipe.readEnd());
    }
  }

  @Test
  void brokenPipeIsAnErrorAndNotOurDeath() throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    Fd.close(pipe.readEnd());
    assertThat(Signals.survivesBrokenPipe()).isTrue();
    assertThatThrownBy(() -> Fd.write(pipe.writeEnd(), bytes("x")))
        .hasMessageEndingWith("Broken pipe");
    Fd.close(pipe.writeEnd());
  }

  @Test
  void splicesAPipeIntoAFileAndSaysWhenItIsEmptyOrEnded() throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    int file = Fd.open(path("log"), OpenFlags.WRONLY | OpenFlags.CREAT, 0600);
    try {
      assertThat(Fd.splice(pipe.readEnd(), file, 1 << 20)).isEqualTo(Fd.WOULD_BLOCK);
      Fd.write(pipe.writeEnd(), bytes("one\ntwo\n"));
      assertThat(Fd.splice(pipe.readEnd(), file, 4)).isEqualTo(4);
      assertThat(Fd.splice(pipe.readEnd(), file, 1 << 20)).isEqualTo(4);
      Fd.close(pipe.writeEnd());
      assertThat(Fd.splice(pipe.readEnd(), file, 1 << 20)).as("at the end").isZero();
    } finally {
      Fd.close(pipe.readEnd());
      Fd.close(file);
    }
    assertThat(Files.readString(folder.resolve("log"))).isEqualTo("one\ntwo\n");
  }

  @Test
  void teeLeavesTheBytesWhereTheyAre() throws Exception {
    Fd.Pipe from = Fd.pipe(0);
    Fd.Pipe to = Fd.pipe(0);
    try {
      assertThat(Fd.tee(from.readEnd(), to.writeEnd(), 100)).isEqualTo(Fd.WOULD_BLOCK);
      Fd.write(from.writeEnd(), bytes("frame"));
      assertThat(Fd.tee(from.readEnd(), to.writeEnd(), 100)).isEqualTo(5);
      assertThat(Fd.bytesReadable(from.readEnd())).isEqualTo(5);
      ByteBuffer into = ByteBuffer.allocateDirect(10);
      Fd.read(to.readEnd(), into);
      assertThat(text(into)).isEqualTo("frame");
    } finally {
      Fd.close(from.readEnd());
      Fd.close(from.writeEnd());
      Fd.close(to.readEnd());
      Fd.close(to.writeEnd());
    }
  }

  @Test
  void spliceIntoAFullDiskSaysSo() throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    int full = Fd.open("/dev/full", OpenFlags.WRONLY, 0);
    try {
      Fd.write(pipe.writeEnd(), bytes("x"));
      assertThatThrownBy(() -> Fd.write(full, bytes("x")))
          .isInstanceOfSatisfying(
              ErrnoException.class,
              e -> {
                assertThat(e.errno()).isEqualTo(Errno.ENOSPC);
                assertThat(e.isShortage()).isTrue();
              });
    } finally {
      Fd.close(full);
      Fd.close(pipe.readEnd());
      Fd.close(pipe.writeEnd());
    }
  }

  @Test
  void lockIsOfTheOpenFileAndEndsWithIt() throws Exception {
    int first = Fd.open(path("lock"), OpenFlags.RDWR | OpenFlags.CREAT, 0600);
    int second = Fd.open(path("lock"), OpenFlags.RDWR, 0);
    try {
      assertThat(Fd.tryLock(first)).isTrue();
      assertThat(Fd.tryLock(first)).as("again").isTrue();
      assertThat(Fd.tryLock(second)).isFalse();
      Fd.close(first);
      assertThat(Fd.tryLock(second)).isTrue();
    } finally {
      Fd.close(second);
    }
  }

  @Test
  void pollTellsWhatIsReadyAndWhenTheTimeIsOver() throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    try {
      assertThat(Fd.poll(pipe.readEnd(), Fd.POLLIN, 0)).isZero();
      long before = Host.monotonicNanos();
      assertThat(Fd.poll(pipe.readEnd(), Fd.POLLIN, 3_000_000)).isZero();
      assertThat(Host.monotonicNanos() - before).isGreaterThanOrEqualTo(3_000_000);
      assertThat(Fd.poll(pipe.writeEnd(), Fd.POLLOUT, -1)).isEqualTo(Fd.POLLOUT);
      Fd.close(pipe.writeEnd());
      assertThat(Fd.poll(pipe.readEnd(), Fd.POLLIN, -1)).isEqualTo(Fd.POLLHUP);
    } finally {
      Fd.close(pipe.readEnd());
    }
  }

  @Test
  void statusIsWhatTheJdkSeesToo() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "12345");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    Files.createLink(folder.resolve("other"), file);
    Files.createSymbolicLink(folder.resolve("symbolic"), file);
    Map<String, Object> expected = Files.readAttributes(file, "unix:*");

    FileStatus status = FilePath.status(file.toString());

    assertThat(status.mode()).isEqualTo(expected.get("mode"));
    assertThat(status.sizeBytes()).isEqualTo(5);
    assertThat(status.inode()).isEqualTo(expected.get("ino"));
    assertThat(status.device()).isEqualTo(expected.get("dev"));
    assertThat(status.links()).isEqualTo(2);
    assertThat(status.uid()).isEqualTo(expected.get("uid"));
    assertThat(status.gid()).isEqualTo(expected.get("gid"));
    assertThat(status.modifiedNanos() / 1_000_000)
        .isEqualTo(Files.getLastModifiedTime(file).toMillis());
    assertThat(status.isRegular()).isTrue();
    assertThat(status.permissions()).isEqualTo(0640);
    assertThat(FilePath.status(path("symbolic")).isSameFileAs(status)).isTrue();
    assertThat(FilePath.linkStatus(path("symbolic")).isSymlink()).isTrue();
    assertThat(FilePath.status(folder.toString()).isDirectory()).isTrue();
    int fd = Fd.open(file.toString(), OpenFlags.RDONLY, 0);
    assertThat(Fd.status(fd)).isEqualTo(status);
    Fd.close(fd);
  }

  @Test
  void flagsDoWhatTheyAreNamedFor() throws Exception {
    Files.writeString(folder.resolve("file"), "x");
    Files.createSymbolicLink(folder.resolve("symbolic"), folder.resolve("file"));
    assertThatThrownBy(() -> Fd.open(path("symbolic"), OpenFlags.RDONLY | OpenFlags.NOFOLLOW, 0))
        .hasMessageEndingWith("Too many levels of symbolic links");
    assertThatThrownBy(() -> Fd.open(path("file"), OpenFlags.RDONLY | OpenFlags.DIRECTORY, 0))
        .hasMessageEndingWith("Not a directory");
    assertThatThrownBy(
            () -> Fd.open(path("file"), OpenFlags.WRONLY | OpenFlags.CREAT | OpenFlags.EXCL, 0600))
        .hasMessageEndingWith("File exists");
    int appending = Fd.open(path("file"), OpenFlags.WRONLY | OpenFlags.APPEND, 0);
    Fd.write(appending, bytes("y"));
    Fd.close(appending);
    assertThat(Files.readString(folder.resolve("file"))).isEqualTo("xy");
    Fd.close(Fd.open(path("file"), OpenFlags.WRONLY | OpenFlags.TRUNC, 0));
    assertThat(Files.readString(folder.resolve("file"))).isEmpty();
    int handle = Fd.open(path("file"), OpenFlags.PATH, 0);
    assertThatThrownBy(() -> Fd.read(handle, ByteBuffer.allocateDirect(1)))
        .hasMessageEndingWith("Bad file descriptor");
    Fd.close(handle);
  }

  @Test
  void namedPipeOutlivesItsReader() throws Exception {
    FilePath.mkfifo(path("out"), 0600);
    assertThat(FilePath.status(path("out")).isFifo()).isTrue();
    int child = Fd.open(path("out"), OpenFlags.RDWR, 0);
    int reader = Fd.open(path("out"), OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
    Fd.write(child, bytes("kept"));
    Fd.close(reader);
    int successor = Fd.open(path("out"), OpenFlags.RDONLY | OpenFlags.NONBLOCK, 0);
    ByteBuffer into = ByteBuffer.allocateDirect(10);
    Fd.read(successor, into);
    assertThat(text(into)).isEqualTo("kept");
    Fd.close(child);
    assertThat(Fd.read(successor, into)).as("the end is still seen").isZero();
    Fd.close(successor);
  }

  @Test
  void namesAreChangedLinkedAndRemoved() throws Exception {
    Files.writeString(folder.resolve("a"), "a");
    FilePath.chmod(path("a"), 0604);
    FilePath.chown(path("a"), -1, Host.egid());
    FilePath.changeLinkOwner(path("a"), Host.euid(), -1);
    assertThat(FilePath.status(path("a")).permissions()).isEqualTo(0604);
    FilePath.link(path("a"), path("b"));
    assertThatThrownBy(() -> FilePath.link(path("a"), path("b")))
        .hasMessage("link " + path("a") + " to " + path("b") + ": File exists");
    FilePath.rename(path("b"), path("c"));
    FilePath.unlink(path("a"));
    assertThat(Files.readString(folder.resolve("c"))).isEqualTo("a");
    assertThatThrownBy(() -> FilePath.rename(path("a"), path("d")))
        .hasMessage("rename " + path("a") + " to " + path("d") + ": No such file or directory");
    int fd = Fd.open(path("c"), OpenFlags.RDWR, 0);
    Fd.chmod(fd, 0640);
    Fd.chown(fd, Host.euid(), Host.egid());
    assertThat(Fd.status(fd).permissions()).isEqualTo(0640);
    Fd.close(fd);
  }
}
