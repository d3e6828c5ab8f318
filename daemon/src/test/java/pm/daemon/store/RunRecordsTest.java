package pm.daemon.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.core.event.Entry;
import pm.daemon.core.model.Actor;
import pm.daemon.core.model.DeadReason;
import pm.daemon.core.model.Decisions;
import pm.daemon.core.model.Instance;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.Phase;

final class RunRecordsTest {
  private static final String BOOT = "b007";
  private static final Entry WEB_CONFIGURED = new Entry.ConfigurationKept(NamesOnly.of("web"));

  @TempDir Path folder;

  @Test
  void beginsWithNothing() throws Exception {
    RunRecords.Recovered recovered = recover();
    assertThat(recovered).isEqualTo(nothing(false, false));
    assertThat(recovered.isToBeResumed()).isFalse();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(journal())))
        .isEqualTo("rw-------");
  }

  /** A daemon that found its configuration wrong, or was killed at once, leaves nothing to do. */
  @Test
  void aLifeThatNeverBeganIsNotResumed() throws Exception {
    recover();
    RunRecords.Recovered recovered = recover();
    assertThat(recovered.sameBoot()).isTrue();
    assertThat(recovered.isToBeResumed()).isFalse();
  }

  @Test
  void theLastEntryAboutAThingIsRecovered() throws Exception {
    keep(List.of(WEB_CONFIGURED, dead("web@1", "first"), dead("web@2", "other")));
    keep(
        List.of(
            dead("web@1", "second"),
            new Entry.InstanceForgotten(new InstanceName("web", 2)),
            decision(1, "web@1"),
            decision(2, "web@1", "web@3")));

    RunRecords.Recovered recovered = recover();
    assertThat(recovered.entries())
        .containsExactly(WEB_CONFIGURED, decision(2, "web@1", "web@3"), dead("web@1", "second"));
    assertThat(recovered.isToBeResumed()).isTrue();
    assertThat(recovered.configurationKeptAt())
        .contains(Files.getLastModifiedTime(folder.resolve("configuration-1.json")).toInstant());
  }

  @Test
  void ofImagesThatAreKeptTogetherTheLastIsWritten() throws Exception {
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly()).records()) {
      records.keep(
          List.of(dead("web@1", "first"), dead("web@2", "other"), dead("web@1", "second")));
    }
    assertThat(Files.readString(journal())).contains("second", "other").doesNotContain("first");
    assertThat(recover().entries())
        .containsExactly(dead("web@1", "second"), dead("web@2", "other"));
  }

  @Test
  void randomHistoriesAreRecovered() throws Exception {
    long seed = Long.getLong("store.seed", System.nanoTime());
    Random random = new Random(seed);
    RandomInstances instances = new RandomInstances(random);
    TreeMap<String, Entry> truth = new TreeMap<>();
    for (int life = 0; life < 20; life++) {
      try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly()).records()) {
        for (int turn = 0; turn < 10; turn++) {
          List<Entry> entries = new ArrayList<>();
          for (int i = random.nextInt(20); i >= 0; i--) {
            Entry entry = instances.entry();
            entries.add(entry);
            remember(truth, entry);
          }
          records.keep(entries);
        }
      }
      assertThat(recover().entries())
          .as("-Dstore.seed=%d, life %d", seed, life)
          .containsExactlyElementsOf(truth.values());
    }
  }

  private static void remember(Map<String, Entry> truth, Entry entry) {
    switch (entry) {
      case Entry.DecisionsKept kept -> truth.put("", kept);
      case Entry.InstanceKept kept -> truth.put(key(kept.instance().name()), kept);
      case Entry.InstanceForgotten forgotten -> truth.remove(key(forgotten.name()));
      case Entry.ConfigurationKept _, Entry.CleanEnd _ -> throw new IllegalArgumentException();
    }
  }

  /** Sorts as names do: {@code p1@1} before {@code p10@1}. */
  private static String key(InstanceName name) {
    return name.program() + " " + name.number();
  }

  @Test
  void whatIsLostIsWrittenAnew() throws Exception {
    RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly()).records();
    try (records) {
      records.keep(List.of(WEB_CONFIGURED, dead("web@1", "first"), decision(1, "web@1")));
      assertThat(records.isInPlace()).isTrue();
      FileTime keptAt = Files.getLastModifiedTime(folder.resolve("configuration-1.json"));
      for (String lost : List.of("records", "configuration-1.json")) {
        Files.delete(folder.resolve(lost));
        assertThat(records.isInPlace()).isFalse();
      }
      Files.writeString(journal(), "somebody else's");
      assertThat(records.isInPlace()).isFalse();

      records.writeAnew(List.of(WEB_CONFIGURED, decision(2), dead("web@1", "second")));
      assertThat(records.isInPlace()).isTrue();
      records.keep(List.of(dead("web@2", "third")));
      assertThat(filesIn(folder)).containsExactly("configuration-2.json", "records");
      RunRecords.Recovered recovered = recover();
      assertThat(recovered.entries())
          .containsExactly(
              WEB_CONFIGURED, decision(2), dead("web@1", "second"), dead("web@2", "third"));
      // Files that were changed before are newer than what is in force, as they were.
      assertThat(recovered.configurationKeptAt()).contains(keptAt.toInstant());
    }
  }

  @Test
  void whatCannotBeWrittenAnewIsTriedAgain() throws Exception {
    FakeDisk disk = new FakeDisk();
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly(), disk).records()) {
      records.keep(List.of(WEB_CONFIGURED, dead("web@1", "first")));
      Files.delete(journal());
      List<Entry> truth = List.of(WEB_CONFIGURED, dead("web@1", "second"));
      disk.room = 0;
      assertThatThrownBy(() -> records.writeAnew(truth)).isInstanceOf(KeepException.class);
      disk.room = Long.MAX_VALUE;
      assertThat(records.isInPlace()).isFalse();
      records.writeAnew(truth);
      assertThat(recover().entries()).containsExactlyElementsOf(truth);
    }
  }

  @Test
  void whatTheFilesSaidComesBack() throws Exception {
    try (RunRecords records = RunRecords.open(folder, BOOT).records()) {
      records.keep(List.of(WEB_CONFIGURED, dead("web@1", "x")));
    }
    RunRecords.Opened opened = RunRecords.open(folder, BOOT);
    opened.records().close();
    assertThat(opened.recovered().entries()).containsExactly(WEB_CONFIGURED, dead("web@1", "x"));
  }

  @Test
  void afterACleanEndTheNextDaemonBeginsAnew() throws Exception {
    keep(List.of(WEB_CONFIGURED, dead("web@1", "x"), decision(1, "web@1")));
    keep(List.of(new Entry.CleanEnd()));

    assertThat(recover()).isEqualTo(nothing(true, true));
    assertThat(recover()).isEqualTo(nothing(true, false));
    assertThat(filesIn(folder)).containsExactly("records");
  }

  @Test
  void recordsOfAnotherBootAreVoid() throws Exception {
    keep(List.of(WEB_CONFIGURED, dead("web@1", "x")));

    RunRecords.Opened opened = RunRecords.open(folder, "another", new NamesOnly());
    opened.records().close();
    assertThat(opened.recovered()).isEqualTo(nothing(false, false));
    assertThat(filesIn(folder)).containsExactly("records");
  }

  @Test
  void whatALossOfPowerLeavesIsVoid() throws Exception {
    keep(List.of(WEB_CONFIGURED, dead("web@1", "x")));
    for (byte[] left :
        new byte[][] {{}, new byte[5000], "\0\0\0\n\0".getBytes(StandardCharsets.UTF_8)}) {
      Files.write(journal(), left);
      assertThat(recover()).isEqualTo(nothing(false, false));
    }
  }

  @Test
  void cutAnywhereARecordIsWholeOrNotThere() throws Exception {
    keep(List.of(dead("web@1", "first")));
    long before = Files.size(journal());
    keep(List.of(dead("web@1", "second"), dead("web@2", "ü\uD83D\uDE80"), dead("web@3", "third")));
    byte[] whole = Files.readAllBytes(journal());

    for (int cut = (int) before; cut < whole.length; cut++) {
      Files.write(journal(), java.util.Arrays.copyOf(whole, cut));
      assertThat(recover().entries())
          .as("%d of %d bytes", cut, whole.length)
          .containsExactly(dead("web@1", "first"));
      assertThat(Files.size(journal())).isEqualTo(before);
      // What comes next does not join the torn end.
      keep(List.of(dead("web@4", "next")));
      assertThat(recover().entries())
          .containsExactly(dead("web@1", "first"), dead("web@4", "next"));
    }
    Files.write(journal(), whole);
    assertThat(recover().entries())
        .containsExactly(
            dead("web@1", "second"), dead("web@2", "ü\uD83D\uDE80"), dead("web@3", "third"));
  }

  @Test
  void theConfigurationTakesEffectWithTheEntriesBesideIt() throws Exception {
    keep(List.of(WEB_CONFIGURED, dead("web@1", "x")));
    long before = Files.size(journal());
    Entry newer = new Entry.ConfigurationKept(NamesOnly.of("db", "web"));
    keep(List.of(newer, dead("db@1", "x")));
    byte[] whole = Files.readAllBytes(journal());
    assertThat(recover().entries()).containsExactly(newer, dead("db@1", "x"), dead("web@1", "x"));
    assertThat(filesIn(folder)).containsExactly("configuration-2.json", "records");

    // As if it had died after the new file and before the line that names it.
    Files.write(journal(), java.util.Arrays.copyOf(whole, (int) before + 20));
    Files.writeString(folder.resolve("configuration-1.json"), "web");
    assertThat(recover().entries()).containsExactly(WEB_CONFIGURED, dead("web@1", "x"));
    assertThat(filesIn(folder)).containsExactly("configuration-1.json", "records");
  }

  @Test
  void aFullDiskLosesNothingAndCanBeTriedAgain() throws Exception {
    FakeDisk disk = new FakeDisk();
    List<Entry> entries = List.of(dead("web@1", "second"), dead("web@2", "x"));
    for (int room = 0; room < 300; room += 7) {
      Files.deleteIfExists(journal());
      disk.room = Long.MAX_VALUE;
      try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly(), disk).records()) {
        records.keep(List.of(dead("web@1", "first")));
        disk.room = room;
        assertThatThrownBy(() -> records.keep(entries))
            .isInstanceOf(KeepException.class)
            .hasMessage("cannot write " + journal() + ": No space left on device");
        // A daemon that is killed now knows nothing of it.
        byte[] torn = Files.readAllBytes(journal());
        assertThat(recover().entries()).containsExactly(dead("web@1", "first"));
        Files.write(journal(), torn);

        disk.room = Long.MAX_VALUE;
        disk.refusesToCut = true;
        assertThatThrownBy(() -> records.keep(entries)).isInstanceOf(KeepException.class);
        disk.refusesToCut = false;
        records.keep(entries);
      }
      assertThat(recover().entries()).containsExactlyElementsOf(entries);
    }
  }

  @Test
  void aConfigurationThatCannotBeWrittenLeavesTheOldOne() throws Exception {
    FakeDisk disk = new FakeDisk();
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly(), disk).records()) {
      records.keep(List.of(WEB_CONFIGURED));
      Entry newer = new Entry.ConfigurationKept(NamesOnly.of("db", "web"));
      for (int room = 0; room < 20; room++) {
        disk.room = room;
        assertThatThrownBy(() -> records.keep(List.of(newer, dead("db@1", "x"))))
            .isInstanceOf(KeepException.class);
        assertThat(filesIn(folder)).containsExactly("configuration-1.json", "records");
      }
    }
    assertThat(recover().entries()).containsExactly(WEB_CONFIGURED);
  }

  @Test
  void aTurnIsOneWrite() throws Exception {
    FakeDisk disk = new FakeDisk();
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly(), disk).records()) {
      disk.writes = 0;
      List<Entry> entries = new ArrayList<>();
      for (int i = 1; i <= 100; i++) {
        entries.add(dead("web@" + i, "x"));
      }
      records.keep(entries);
      assertThat(disk.writes).isEqualTo(1);
      records.keep(List.of());
      assertThat(disk.writes).isEqualTo(1);
    }
  }

  @Test
  void staysBoundedAndKeepsTheTruth() throws Exception {
    List<Entry> truth = new ArrayList<>();
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly()).records()) {
      records.keep(List.of(WEB_CONFIGURED, decision(7, "web@1")));
      String detail = "x".repeat(500);
      for (int turn = 0; turn < 300; turn++) {
        truth.clear();
        for (int i = 10; i < 40; i++) {
          truth.add(dead("web@" + i, turn + detail));
        }
        records.keep(truth);
        assertThat(records.sizeBytes())
            .isEqualTo(Files.size(journal()))
            .isLessThan(RunRecords.COMPACT_FLOOR + 40_000);
      }
    }
    List<Entry> all = new ArrayList<>(List.of(WEB_CONFIGURED, decision(7, "web@1")));
    all.addAll(truth);
    assertThat(recover().entries()).containsExactlyElementsOf(all);
    assertThat(filesIn(folder)).containsExactly("configuration-1.json", "records");
  }

  @Test
  void aHalfMadeNewFileIsIgnored() throws Exception {
    keep(List.of(WEB_CONFIGURED, dead("web@1", "x")));
    byte[] whole = Files.readAllBytes(journal());
    for (int cut = 0; cut <= whole.length; cut += 11) {
      Files.write(folder.resolve(RunRecords.NEW_FILE), java.util.Arrays.copyOf(whole, cut));
      assertThat(recover().entries()).containsExactly(WEB_CONFIGURED, dead("web@1", "x"));
      assertThat(filesIn(folder)).containsExactly("configuration-1.json", "records");
    }
  }

  @Test
  void aDiskTooFullToCompactGoesOnWithTheLongFile() throws Exception {
    FakeDisk disk = new FakeDisk();
    Entry last = dead("web@1", "");
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly(), disk).records()) {
      while (records.sizeBytes() < 3 * RunRecords.COMPACT_FLOOR) {
        // Room for this entry, and none for a new file beside it.
        last = dead("web@1", "y".repeat(50_000) + records.sizeBytes());
        disk.room = 50_400;
        records.keep(List.of(last));
      }
      disk.room = Long.MAX_VALUE;
      while (records.sizeBytes() > RunRecords.COMPACT_FLOOR) {
        records.keep(List.of(last));
      }
    }
    assertThat(recover().entries()).containsExactly(last);
    assertThat(filesIn(folder)).containsExactly("records");
  }

  @Test
  void refusesWhatItDoesNotUnderstand() throws Exception {
    refused("hello\n", "line 1: these are no records of pmd");
    refused("no line at all", "line 1: these are no records of pmd");
    refused("{\"jsonrpc\":\"2.0\"}\n", "line 1: these are no records of pmd");
    refused(
        "{\"format\":\"pm-records\",\"version\":3,\"boot_id\":\"b007\"}\n",
        "line 1: version 3 is not known here, only version 2");
    keep(List.of(dead("web@1", "x")));
    refused(
        Files.readString(journal()) + "{\"from\":\"tomorrow\"}\n",
        "line 3: a record of an unknown kind");
    keep0("configuration-3.json");
    assertThatThrownBy(this::recover).hasMessageContaining("the configuration in force is gone");
    keep0("../../etc/passwd");
    assertThatThrownBy(this::recover).hasMessageContaining("names a wrong file");
    Files.delete(journal());
    keep(List.of(WEB_CONFIGURED));
    Files.writeString(folder.resolve("configuration-1.json"), "?");
    assertThatThrownBy(this::recover).hasMessageContaining("line 1: ? is no name");
  }

  private void refused(String text, String problem) throws IOException {
    Files.writeString(journal(), text);
    assertThatThrownBy(this::recover)
        .isInstanceOf(StoreException.class)
        .message()
        .containsPattern(problem);
    assertThat(journal()).hasContent(text);
    Files.delete(journal());
  }

  private void keep0(String configurationFile) throws IOException {
    Files.writeString(
        journal(),
        "{\"format\":\"pm-records\",\"version\":2,\"boot_id\":\"b007\"}\n{\"configuration\":\""
            + configurationFile
            + "\"}\n");
  }

  @Test
  void refusesAFolderOrALinkInItsPlace() throws Exception {
    Files.createDirectory(journal());
    assertThatThrownBy(this::recover).hasMessageContaining("is no regular file");
    Files.delete(journal());
    Path elsewhere = Files.writeString(folder.resolve("elsewhere"), "precious");
    Files.createSymbolicLink(journal(), elsewhere);
    assertThatThrownBy(this::recover).hasMessageContaining("is no regular file");
    assertThat(elsewhere).hasContent("precious");
    assertThatThrownBy(() -> RunRecords.open(folder.resolve("missing"), BOOT, new NamesOnly()))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("No such file or directory");
  }

  @Test
  void bytesLeftBeyondTheGoodEndAreOverwritten() throws Exception {
    FakeDisk disk = new FakeDisk();
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly(), disk).records()) {
      disk.room = 100;
      assertThatThrownBy(() -> records.keep(List.of(dead("web@1", "long".repeat(100)))))
          .isInstanceOf(KeepException.class);
      disk.room = Long.MAX_VALUE;
      records.keep(List.of(dead("a@1", "")));
    }
    assertThat(ByteBuffer.wrap(Files.readAllBytes(journal())).limit())
        .isEqualTo((int) Files.size(journal()));
    assertThat(recover().entries()).containsExactly(dead("a@1", ""));
  }

  private void keep(List<Entry> entries) throws Exception {
    try (RunRecords records = RunRecords.open(folder, BOOT, new NamesOnly()).records()) {
      records.keep(entries);
    }
  }

  private RunRecords.Recovered recover() throws StoreException, IOException {
    RunRecords.Opened opened = RunRecords.open(folder, BOOT, new NamesOnly());
    opened.records().close();
    return opened.recovered();
  }

  private static RunRecords.Recovered nothing(boolean sameBoot, boolean cleanEnd) {
    return new RunRecords.Recovered(List.of(), sameBoot, cleanEnd, Optional.empty());
  }

  private Path journal() {
    return folder.resolve("records");
  }

  static List<String> filesIn(Path folder) throws IOException {
    try (var files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Entry dead(String name, String detail) {
    return new Entry.InstanceKept(
        Instance.fresh(
            InstanceName.parse(name).orElseThrow(),
            Phase.Dead.lasting(DeadReason.STOPPED, detail, new Actor("alice", 1000, 7))));
  }

  private static Entry decision(long number, String... stopped) {
    Decisions decisions = Decisions.NONE;
    for (String name : stopped) {
      decisions =
          new Decisions.Builder(decisions)
              .stop(InstanceName.parse(name).orElseThrow(), "alice")
              .build();
    }
    return new Entry.DecisionsKept(decisions, number);
  }
}
