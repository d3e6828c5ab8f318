package pm.shipped;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** The running daemon becomes the installed version, and nothing that it keeps notices. */
@Timeout(180)
class UpgradeIT {

  private static final String PROGRAMS =
      """
      programs:
        web:
          command: [sleep, "1000"]
          instances: 3
          readiness: {uptime: 0s}
        talker:
          command: i=0; while :; do i=$$((i + 1)); echo "$$i"; sleep 0.002; done
          shell: true
          readiness: {uptime: 0s}
        ending:
          command: sleep 0.0$${RANDOM:-5}1; sleep 0.2; exit 7
          shell: true
          instances: 5
          readiness: {uptime: 0s}
          restart: {policy: always, delay: 10ms, factor: 1, max_restarts: unlimited}
      """;

  @TempDir private Path folder;
  private Path link;
  private Path home;

  @BeforeEach
  void install() throws IOException {
    link = folder.resolve("installed");
    home = folder.resolve("home");
    Files.createSymbolicLink(link, Pmd.TREE);
  }

  @Test
  void becomesAnotherVersionTenTimesAndLosesNothing() throws Exception {
    Path other = tree("other", "9.9.9", "");
    try (Pmd pmd = new Pmd(home).from(link).with(PROGRAMS).start()) {
      long pid = pmd.pid();
      Map<String, String> before = invocations(pmd);
      String version = Wire.text(pmd.ask("daemon.status"), "version");
      for (int i = 0; i < 10; i++) {
        boolean there = i % 2 == 0;
        lead(there ? other : Pmd.TREE);
        Members answer = pmd.ask("daemon.upgrade");
        assertThat(Wire.text(answer, "to")).isEqualTo(there ? "9.9.9" : version);
        // Whoever connects now waits for the new version.
        Members status = pmd.ask("daemon.status");
        assertThat(Wire.text(status, "version")).isEqualTo(there ? "9.9.9" : version);
        assertThat(Wire.number(status, "pid")).isEqualTo(pid);
        assertThat(pmd.process().isAlive()).isTrue();
      }
      assertThat(invocations(pmd)).isEqualTo(before);

      assertThat(pmd.pmctl("stop", "all").exit()).isZero();
      List<String> lines = Files.readAllLines(pmd.log("talker@1"));
      for (int i = 0; i < lines.size(); i++) {
        assertThat(lines.get(i)).isEqualTo(Integer.toString(i + 1));
      }
      // Children of this process they were and are: how each of them ended is known.
      List<String> events = Files.readAllLines(home.resolve("state/events.jsonl"));
      assertThat(events).anyMatch(line -> line.contains("\"exit_code\":7"));
      assertThat(events).noneMatch(line -> line.contains("\"cause\":\"unknown\""));
      assertThat(pmd.processes()).isEmpty();
      try (Stream<Path> open = Files.list(Path.of("/proc", Long.toString(pid), "fd"))) {
        assertThat(open.count()).isLessThan(60);
      }
    }
  }

  /** A shell would reap whatever child of its process ends while it runs. */
  @Test
  void noShellRunsInTheProcessThatHasTheChildren() throws Exception {
    Path asked = folder.resolve("asked");
    String real = Pmd.BIN.resolve("pmd").toString();
    script(asked, "case $* in *--check-records*) exec '" + real + "' \"$@\" ;; esac; exit 1");
    try (Pmd pmd = new Pmd(home).from(link).with(PROGRAMS).start()) {
      Map<String, String> before = invocations(pmd);
      lead(asked);
      pmd.ask("daemon.upgrade");
      assertThat(Wire.number(pmd.ask("daemon.status"), "pid")).isEqualTo(pmd.pid());
      assertThat(invocations(pmd)).isEqualTo(before);
      // The command that leads to what is installed is still the one that was typed.
      lead(Pmd.TREE);
      assertThat(Wire.text(pmd.ask("daemon.upgrade"), "to")).isNotEmpty();
      assertThat(invocations(pmd)).isEqualTo(before);
    }
  }

  @Test
  void clientsAreToldAndTheirConnectionsEnd() throws Exception {
    try (Pmd pmd = new Pmd(home).from(link).with(PROGRAMS).start();
        Wire other = Wire.connect(pmd.socket())) {
      assertThat(other.ask("ping").has("pong")).isTrue();
      pmd.ask("daemon.upgrade");
      assertThat(other.line().orElse("")).contains("\"closing\"").contains("upgrading");
      assertThat(other.line()).isEmpty();
      pmd.awaitAnswer();
    }
  }

  @Test
  void aVersionThatCannotTakeOverLeavesTheOldOneInCharge() throws Exception {
    Path bad = folder.resolve("bad");
    script(bad, "echo 'libfoo.so: cannot open shared object file' >&2; exit 127");
    try (Pmd pmd = new Pmd(home).from(link).with(PROGRAMS).start()) {
      Map<String, String> before = invocations(pmd);
      lead(bad);
      assertRefused(pmd, "libfoo.so: cannot open shared object file");
      script(bad, "exit 3");
      assertRefused(pmd, "ended with code 3");
      Files.delete(link);
      assertRefused(pmd, "No such file or directory");
      Files.createSymbolicLink(link, Pmd.TREE);
      assertThat(invocations(pmd)).isEqualTo(before);
      assertThat(Wire.text(pmd.ask("daemon.upgrade"), "to")).isNotEmpty();
    }
  }

  @Test
  void aVersionThatCannotReadTheTasksLeavesTheOldOneInCharge() throws Exception {
    try (Pmd pmd = new Pmd(home).from(link).with(PROGRAMS).start()) {
      Map<String, String> before = invocations(pmd);
      // The journal as a later version may write it: its name for itself, then its number.
      Path journal = home.resolve("state/tasks/tasks-0000000001");
      Files.write(
          journal,
          ByteBuffer.allocate(128)
              .order(ByteOrder.LITTLE_ENDIAN)
              .put("pmtasks\n".getBytes(US_ASCII))
              .putInt(99)
              .array());
      assertRefused(pmd, "version 99");
      assertThat(invocations(pmd)).isEqualTo(before);
      Files.delete(journal);
      assertThat(Wire.text(pmd.ask("daemon.upgrade"), "to")).isNotEmpty();
    }
  }

  @Test
  void aVersionThatFailsAfterItSaidYesIsGoneBackFrom() throws Exception {
    // It reads the records well, and then misses a part of itself.
    Path bad = tree("bad", "9.9.9", "pm/config/ConfigurationLoader.class");
    try (Pmd pmd = new Pmd(home).from(link).with(PROGRAMS).start()) {
      Map<String, String> before = invocations(pmd);
      lead(bad);
      pmd.ask("daemon.upgrade");
      Members status = pmd.ask("daemon.status");
      assertThat(Wire.number(status, "pid")).isEqualTo(pmd.pid());
      assertThat(invocations(pmd)).isEqualTo(before);
      assertThat(status.value("last_upgrade").orElse("").toString())
          .contains("ConfigurationLoader");
      assertThat(pmd.said()).contains("goes back to version");
    }
  }

  @Test
  void noOtherDaemonCanComeBetween() throws Exception {
    try (Pmd pmd = new Pmd(home).from(link).with(PROGRAMS).start()) {
      for (int i = 0; i < 3; i++) {
        pmd.ask("daemon.upgrade");
        Pmd.Outcome second =
            Pmd.Outcome.of(
                new ProcessBuilder(Pmd.BIN.resolve("pmd").toString(), "--home", home.toString()));
        assertThat(second.exit()).as("%s", second).isEqualTo(75);
        assertThat(second.err()).contains("(pid " + pmd.pid() + ")");
      }
    }
  }

  /** Tasks in hand and in the queue are those of the next version, and their workers too. */
  @Test
  void tasksAndWorkersNoticeNothing() throws Exception {
    Path other = tree("other", "9.9.9", "");
    Notes notes = new Notes(folder.resolve("notes"));
    String yaml =
        "programs:\n  work:\n"
            + notes.worker()
            + "    pool: {min: 4, max: 4, queue: {capacity: 100000}, task: {keep_max: 100000}}\n";
    try (Pmd pmd = new Pmd(home).from(link).with(yaml).start()) {
      Tasks tasks = new Tasks(pmd);
      Map<String, Long> workers = tasks.awaitWorkers("work", 4);
      Map<String, Object> slow =
          Tasks.task(Tasks.object("do", "wait", "for", folder.resolve("go").toString()));
      List<String> ids = new ArrayList<>(tasks.submitAll("work", Tasks.times(2, slow)));
      Map<String, Object> quick = Tasks.task(Tasks.object("do", "take", "seconds", 0.002));
      for (int i = 0; i < 4; i++) {
        ids.addAll(tasks.submitAll("work", Tasks.times(500, quick)));
        lead(i % 2 == 0 ? other : Pmd.TREE);
        assertThat(Wire.number(tasks.pool("work"), "queued")).isPositive();
        pmd.ask("daemon.upgrade");
        assertThat(Wire.number(pmd.ask("daemon.status"), "pid")).isEqualTo(pmd.pid());
      }
      Files.createFile(folder.resolve("go"));
      tasks.endAll(ids, "SUCCEEDED");
      assertThat(tasks.workers("work")).isEqualTo(workers);
      assertThat(tasks.list("work"))
          .hasSameSizeAs(ids)
          .allMatch(task -> Wire.number(task, "attempts") == 1);
      assertThat(notes.read().tasks()).hasSameSizeAs(ids).doesNotHaveDuplicates();
      assertThat(notes.read().attempts()).allMatch(Notes.Attempt::isAnswered);
      tasks.assertSound();
    }
  }

  private void assertRefused(Pmd pmd, String why) throws IOException {
    try (Wire wire = Wire.connect(pmd.socket())) {
      wire.request("daemon.upgrade");
      assertThat(wire.line().orElse("")).contains("\"error\"").contains(why);
    }
    assertThat(pmd.ask("ping").has("pong")).isTrue();
  }

  private static Map<String, String> invocations(Pmd pmd) {
    List.of("web@1", "web@2", "web@3", "talker@1").forEach(name -> pmd.await(name, "IDLE"));
    Map<String, String> invocations = new TreeMap<>();
    pmd.status()
        .forEach(
            (name, item) -> {
              if (!name.startsWith("ending")) {
                invocations.put(name, Wire.text(item, "invocation_id") + " " + item.value("pid"));
              }
            });
    return invocations;
  }

  /** Has the link of what is installed lead elsewhere, in one step. */
  private void lead(Path tree) throws IOException {
    Path next = folder.resolve("next");
    Files.createSymbolicLink(next, tree);
    Files.move(next, link, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void script(Path tree, String body) throws IOException {
    Path bin = Files.createDirectories(tree.resolve("bin"));
    Path file = bin.resolve("pmd");
    Files.writeString(file, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Copies the shipped tree under another version, without one of its classes. */
  private Path tree(String name, String version, String without) throws IOException {
    Path copy = folder.resolve(name);
    try (Stream<Path> all = Files.walk(Pmd.TREE)) {
      for (Path each : all.toList()) {
        Path target = copy.resolve(Pmd.TREE.relativize(each).toString());
        if (Files.isDirectory(each)) {
          Files.createDirectories(target);
        } else if (each.getFileName().toString().matches("pm-.*\\.jar")) {
          relabel(each, target, version, without);
        } else {
          Files.copy(each, target, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
    return copy;
  }

  private static void relabel(Path jar, Path target, String version, String without)
      throws IOException {
    try (JarFile from = new JarFile(jar.toFile())) {
      Manifest manifest = from.getManifest();
      manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, version);
      try (JarOutputStream to = new JarOutputStream(Files.newOutputStream(target), manifest)) {
        for (ZipEntry entry : from.stream().toList()) {
          if (!entry.getName().equals(JarFile.MANIFEST_NAME) && !entry.getName().equals(without)) {
            to.putNextEntry(new ZipEntry(entry.getName()));
            from.getInputStream(entry).transferTo(to);
          }
        }
      }
    }
  }
}
