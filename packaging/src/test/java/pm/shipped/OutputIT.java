package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What programs print, in each form that it can be kept in, as it is shipped. */
@Timeout(180)
class OutputIT {
  private static final long MILLISECOND = TimeUnit.MILLISECONDS.toNanos(1);

  /** The number that a writer has put into a line, whatever stands around it. */
  private static final Pattern NUMBER = Pattern.compile("number (\\d+) end");

  @TempDir private Path folder;
  private final List<Path> mounts = new ArrayList<>();

  @AfterEach
  void unmount() throws Exception {
    for (Path mount : mounts) {
      run("umount", "-l", mount.toString());
    }
  }

  /** {@code kill -9} may have what was written last written again; it loses nothing. */
  @Test
  void inEachFormNoLineIsLostToACrash() throws Exception {
    long seed = Long.getLong("crash.seed", System.nanoTime());
    System.out.println("crash.seed=" + seed);
    Random random = new Random(seed);
    String yaml =
        """
        programs:
          raw:
            command: &numbers |
              exec 2> /dev/null # where the shell says that its sleep was killed
              i=0
              trap 'exit 0' TERM
              while :; do
                n=0
                while [ $n -lt 200 ]; do n=$((n + 1)); i=$((i + 1)); echo "number $i end"; done
                sleep 0.02
              done
            shell: true
            logs: {format: raw, max_size: 32KiB, keep: 1000, compress: true}
          time:
            command: *numbers
            shell: true
            logs: {format: time, max_size: 64KiB, keep: 1000, compress: true}
          json:
            command: *numbers
            shell: true
            logs: {format: json, max_size: 128KiB, keep: 1000, compress: true}
          inherit:
            command: *numbers
            shell: true
            logs: {file: inherit}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      for (int crash = 1; crash <= 6; crash++) {
        Await.moment(random.nextLong(600 * MILLISECOND));
        pmd.crash();
        pmd.start();
      }
      // Which of them it is depends on how quickly the next ones come.
      Path logs = folder.resolve("log");
      Await.until(
          "rotated files are compressed", () -> !files(logs, "raw@1", ".gz").isEmpty(), pmd::said);
      assertThat(pmd.status().values()).allMatch(item -> Wire.number(item, "restarts") == 0);
      assertThat(pmd.pmctl("stop", "all").exit()).isZero();

      List<Integer> raw = numbers(lines(pmd.log("raw@1")));
      assertThat(raw).hasSizeGreaterThan(1000);
      assertThat(raw).isEqualTo(IntStream.rangeClosed(1, raw.size()).boxed().toList());
      for (String instance : List.of("time@1", "json@1")) {
        noneIsMissing(numbers(lines(pmd.log(instance))));
      }
      List<String> own =
          Files.readAllLines(pmd.ownLog()).stream()
              .filter(line -> line.startsWith("inherit@1 | "))
              .toList();
      noneIsMissing(numbers(own));
      assertThat(lines(pmd.log("json@1")))
          .allMatch(line -> line.startsWith("{\"ts\":\"") && line.endsWith("\"}"));
      // What the crashes left half done is done by now, or at the latest with the last file.
      Await.until("none is half compressed", () -> files(logs, "", ".new").isEmpty());
    }
  }

  private static List<Path> files(Path logs, String begin, String end) {
    try (Stream<Path> all = Files.list(logs)) {
      return all.filter(path -> path.getFileName().toString().startsWith(begin))
          .filter(path -> path.toString().endsWith(end))
          .toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** Each comes at least once, and none before the one before it. */
  private static void noneIsMissing(List<Integer> numbers) {
    assertThat(numbers).hasSizeGreaterThan(1000);
    int last = 0;
    for (int number : numbers) {
      assertThat(number).isLessThanOrEqualTo(last + 1);
      last = Math.max(last, number);
    }
  }

  @Test
  void whatIsAskedForIsFoundOverRotatedAndCompressedFiles() throws Exception {
    String yaml =
        """
        programs:
          web:
            command: "seq 1 20000; sleep 8; seq 20001 40000; exec sleep 1000"
            shell: true
            readiness: {uptime: 0s}
            logs: {max_size: 16KiB, keep: 100, compress: true}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      Path log = pmd.log("web@1");
      Await.until("all is printed", () -> all(log).endsWith("40000\n"), pmd::said);
      List<String> since = pmd.pmctl("logs", "web", "--no-prefix", "--since", "6s").lines();
      assertThat(since).isEqualTo(sequence(20_001, 40_000));
      Await.until("all is compressed", () -> plainRotated(log) == 0, pmd::said);
      assertThat(pmd.pmctl("logs", "web", "--no-prefix", "--since", "1h").lines())
          .isEqualTo(sequence(1, 40_000));
      assertThat(pmd.pmctl("logs", "web", "--no-prefix", "-n", "30000").lines())
          .isEqualTo(sequence(10_001, 40_000));
    }
  }

  private static long plainRotated(Path log) {
    try (Stream<Path> all = Files.list(log.getParent())) {
      return all.filter(path -> path.toString().matches(".*\\.log\\.\\d+")).count();
    } catch (IOException gone) {
      return -1;
    }
  }

  private static List<String> sequence(int first, int last) {
    return IntStream.rangeClosed(first, last).mapToObj(Integer::toString).toList();
  }

  @Test
  void modesDoNotDependOnTheUmaskAndStderrHasAFileOfItsOwn() throws Exception {
    String yaml =
        """
        programs:
          web:
            command: "echo out; echo bad >&2; echo ready to serve; exec sleep 1000"
            shell: true
            readiness: {log_line: "ready .*"}
            logs: {format: json, stderr: "sub/${PM_NAME}.err"}
        """;
    List<String> umask = List.of("/bin/sh", "-c", "umask 077; exec \"$@\"", "sh");
    try (Pmd pmd = new Pmd(umask, folder).with(yaml).start()) {
      pmd.await("web@1", "IDLE");
      Path err = folder.resolve("log/sub/web@1.err");
      Await.until("stderr is kept", () -> all(err).contains("bad"), pmd::said);
      assertThat(all(pmd.log("web@1")))
          .contains("\"stream\":\"stdout\",\"line\":\"out\"", "\"line\":\"ready to serve\"")
          .doesNotContain("bad");
      assertThat(all(err)).contains("\"stream\":\"stderr\",\"line\":\"bad\"");
      assertThat(pmd.pmctl("logs", "web", "--stderr").out()).contains("bad").doesNotContain("out");
      for (Path file : List.of(err, pmd.log("web@1"))) {
        assertThat(mode(file)).isEqualTo("rw-r-----");
      }
      assertThat(mode(folder.resolve("log/sub"))).isEqualTo("rwxr-x---");
    }
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void outputThatIsInNoFileIsSaidToBeElsewhere() throws Exception {
    String yaml =
        """
        programs:
          loud: {command: "echo hello; exec sleep 1000", shell: true, logs: {file: inherit}}
          mute: {command: "echo hello; exec sleep 1000", shell: true, logs: {file: none}}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      Await.until("it is heard", () -> pmd.said().contains("loud@1 | hello\n"), pmd::said);
      Pmd.Outcome loud = pmd.pmctl("logs", "loud");
      assertThat(loud.exit()).isZero();
      assertThat(loud.out()).isEmpty();
      assertThat(loud.err())
          .contains("loud: its output goes to the output of pmd itself (logs.file: inherit).");
      assertThat(pmd.pmctl("logs", "mute").err())
          .contains("mute: its output is not kept (logs.file: none).");
    }
  }

  @Test
  void aFullDiskHoldsBackWhatIsWrittenInRecords() throws Exception {
    mount("size=1m");
    String yaml =
        """
        programs:
          time:
            command: &numbers |
              i=0
              while [ $i -lt 40000 ]; do i=$((i + 1)); echo "number $i end"; done
              exec sleep 1000
            shell: true
            readiness: {uptime: 0s}
            logs: {format: time}
          json:
            command: *numbers
            shell: true
            readiness: {uptime: 0s}
            logs: {format: json}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      for (String instance : List.of("time@1", "json@1")) {
        Await.until(
            instance + " is held back",
            () -> events(pmd, instance).contains("No space"),
            pmd::said);
      }
      pmd.crash();
      pmd.start();
      assertThat(run("mount", "-o", "remount,size=64m", folder.resolve("log").toString())).isZero();
      for (String instance : List.of("time@1", "json@1")) {
        Await.until(
            "all is there", () -> all(pmd.log(instance)).contains("number 40000 end"), pmd::said);
        List<Integer> numbers = numbers(lines(pmd.log(instance)));
        noneIsMissing(numbers);
        assertThat(numbers).last().isEqualTo(40_000);
      }
    }
  }

  private static String events(Pmd pmd, String instance) {
    try {
      return pmd.pmctl("events", instance).out();
    } catch (IOException broken) {
      throw new AssertionError(pmd.said(), broken);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  @Test
  void aFolderThatIsReadOnlyRefusesTheStartWithTheReason() throws Exception {
    mount("size=1m");
    String yaml =
        """
        programs:
          web: {command: "echo hello; exec sleep 1000", shell: true, autostart: false, readiness: {uptime: 0s}}
        """;
    try (Pmd pmd = new Pmd(folder).with(yaml).start()) {
      assertThat(run("mount", "-o", "remount,ro", folder.resolve("log").toString())).isZero();
      Pmd.Outcome start = pmd.pmctl("start", "web", "--timeout", "2s");
      assertThat(start.exit()).as("%s", start).isNotZero();
      assertThat(pmd.pmctl("describe", "web").out()).contains("Read-only file system");
      assertThat(run("mount", "-o", "remount,rw", folder.resolve("log").toString())).isZero();
      assertThat(pmd.pmctl("restart", "web").exit()).isZero();
      Await.until("it is kept", () -> all(pmd.log("web@1")).equals("hello\n"), pmd::said);
    }
  }

  private void mount(String options) throws Exception {
    Path place = Files.createDirectories(folder.resolve("log"));
    boolean mounted =
        run("mount", "-t", "tmpfs", "-o", "mode=0755," + options, "pm", place.toString()) == 0;
    assumeTrue(mounted, "only root may mount a small file system");
    mounts.add(place);
  }

  private static int run(String... command) throws Exception {
    return Pmd.Outcome.of(new ProcessBuilder(command)).exit();
  }

  private static List<Integer> numbers(List<String> lines) {
    List<Integer> numbers = new ArrayList<>();
    for (String line : lines) {
      Matcher number = NUMBER.matcher(line);
      if (number.find()) {
        numbers.add(Integer.valueOf(number.group(1)));
      }
    }
    return numbers;
  }

  private static List<String> lines(Path log) {
    return Await.value(log + " is read", () -> read(log), () -> "").lines().toList();
  }

  private static String all(Path log) {
    return read(log).orElse("");
  }

  /** Returns what a log holds over all of its files, as other programs unpack them. */
  private static Optional<String> read(Path log) {
    TreeMap<Integer, Path> oldestFirst = new TreeMap<>();
    StringBuilder text = new StringBuilder();
    String name = log.getFileName().toString();
    try (Stream<Path> files = Files.list(log.getParent())) {
      for (Path file : files.toList()) {
        String rest = file.getFileName().toString().replaceFirst("\\.gz$", "");
        if (rest.equals(name)) {
          oldestFirst.put(0, file);
        } else if (rest.matches(Pattern.quote(name) + "\\.\\d+")) {
          oldestFirst.put(-Integer.parseInt(rest.substring(name.length() + 1)), file);
        }
      }
      for (Path file : oldestFirst.values()) {
        text.append(text(file));
      }
      return Optional.of(text.toString());
    } catch (IOException changing) {
      // It is not there yet, or was compressed while we looked.
      return Optional.empty();
    }
  }

  private static String text(Path file) throws IOException {
    if (!file.toString().endsWith(".gz")) {
      return Files.readString(file);
    }
    try (InputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }
}
