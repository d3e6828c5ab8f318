package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import pm.daemon.posix.ResourceLimit.Resource;

final class SpawnSettingsIT {
  private static final Credentials NOBODY = new Credentials(65534, 65534, List.of());

  private final Spawn spawn = new Spawn();

  SpawnSettingsIT() throws ErrnoException {}

  private static SpawnRequest script(String script) {
    return Child.script(script, new Stdio.Null());
  }

  private static SpawnRequest program(String... argv) {
    return Child.request(List.of(argv), new Stdio.Null());
  }

  private static ChildSettings limits(Map<Resource, ResourceLimit> limits) {
    return settings(limits, OptionalInt.empty(), List.of(), OptionalInt.empty());
  }

  private static ChildSettings settings(
      Map<Resource, ResourceLimit> limits, OptionalInt nice, List<Integer> cpus, OptionalInt oom) {
    return new ChildSettings(
        limits,
        Optional.empty(),
        nice,
        OptionalInt.empty(),
        cpus,
        oom,
        false,
        Optional.empty(),
        OptionalInt.empty());
  }

  private static ChildSettings capabilities(Set<Capability> capabilities, boolean noNew) {
    return new ChildSettings(
        Map.of(),
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        List.of(),
        OptionalInt.empty(),
        noNew,
        Optional.of(capabilities),
        OptionalInt.empty());
  }

  private static ResourceLimit limit(long soft, long hard) {
    return new ResourceLimit(soft, hard);
  }

  private static String field(String status, String name) {
    return status
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .map(line -> line.substring(name.length() + 1).strip())
        .findFirst()
        .orElseThrow();
  }

  private static long mask(String status, String name) {
    return Long.parseUnsignedLong(field(status, name), 16);
  }

  private static void assumeRoot() {
    assumeTrue(Host.euid() == 0, "only root may");
  }

  // Descriptors beyond the three.

  @Test
  void descriptorsArePlacedWhereTheyAreWanted() throws Exception {
    Fd.Pipe first = Fd.pipe(0);
    Fd.Pipe second = Fd.pipe(0);
    try {
      write(first.writeEnd(), "first\n");
      write(second.writeEnd(), "second\n");
      Map<Integer, Stdio> placed =
          Map.of(
              3, new Stdio.Descriptor(first.readEnd()), 7, new Stdio.Descriptor(second.readEnd()));

      String output =
          Child.output(
              spawn,
              Child.with(placed, script("read a <&3; read b <&7; echo $a $b; ls /proc/$$/fd")));

      assertThat(output.lines()).startsWith("first second").contains("0", "1", "2", "3", "7");
      assertThat(output.lines()).hasSize(6);
    } finally {
      close(first);
      close(second);
    }
  }

  @Test
  void descriptorsThatStandInEachOthersPlaceAreExchanged() throws Exception {
    Fd.Pipe first = Fd.pipe(0);
    Fd.Pipe second = Fd.pipe(0);
    try {
      write(first.writeEnd(), "first\n");
      write(second.writeEnd(), "second\n");
      // Each is wanted where the other is.
      Map<Integer, Stdio> placed =
          Map.of(
              first.readEnd(), new Stdio.Descriptor(second.readEnd()),
              second.readEnd(), new Stdio.Descriptor(first.readEnd()));

      String output =
          Child.output(
              spawn,
              Child.with(
                  placed,
                  program(
                      "/usr/bin/python3",
                      "-c",
                      "import os,sys; print(*[os.read(int(a), 99).decode().strip() for a in"
                          + " sys.argv[1:]])",
                      Integer.toString(first.readEnd()),
                      Integer.toString(second.readEnd()))));

      assertThat(output).isEqualTo("second first\n");
    } finally {
      close(first);
      close(second);
    }
  }

  private static void write(int fd, String text) throws ErrnoException {
    byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    Fd.writeFully(fd, ByteBuffer.allocateDirect(bytes.length).put(bytes).flip());
  }

  private static void close(Fd.Pipe pipe) throws ErrnoException {
    Fd.close(pipe.readEnd());
    Fd.close(pipe.writeEnd());
  }

  // Limits.

  @Test
  void everyLimitHoldsFromTheFirstInstruction() throws Exception {
    Map<Resource, ResourceLimit> wanted =
        Map.of(
            Resource.FILES, limit(100, 200),
            Resource.PROCESSES, limit(5000, 6000),
            Resource.CORE, limit(0, 0),
            Resource.FILE_SIZE, limit(1 << 20, 1 << 21),
            Resource.ADDRESS_SPACE, limit(1L << 32, ResourceLimit.UNLIMITED),
            Resource.STACK, limit(4 << 20, 6 << 20),
            Resource.LOCKED_MEMORY, limit(4096, 8192));

    String output =
        Child.output(spawn, Child.with(limits(wanted), program("cat", "/proc/self/limits")));

    assertThat(rows(output))
        .containsEntry("Max open files", "100 200")
        .containsEntry("Max processes", "5000 6000")
        .containsEntry("Max core file size", "0 0")
        .containsEntry("Max file size", "1048576 2097152")
        .containsEntry("Max address space", "4294967296 unlimited")
        .containsEntry("Max stack size", "4194304 6291456")
        .containsEntry("Max locked memory", "4096 8192");
  }

  private static Map<String, String> rows(String limits) {
    Map<String, String> rows = new TreeMap<>();
    limits
        .lines()
        .skip(1)
        .forEach(
            line -> {
              String[] values = line.substring(26).strip().split(" +", -1);
              rows.put(line.substring(0, 26).strip(), values[0] + " " + values[1]);
            });
    return rows;
  }

  @Test
  void limitsHoldForAnotherUserToo() throws Exception {
    assumeRoot();
    ChildSettings settings = limits(Map.of(Resource.FILES, limit(3000, 3001)));

    String output =
        Child.output(
            spawn,
            Child.as(NOBODY, Child.with(settings, script("id -u; exec cat /proc/self/limits"))));

    assertThat(output).startsWith("65534\n");
    assertThat(rows(output)).containsEntry("Max open files", "3000 3001");
  }

  @Test
  void withTheShellNothingElseIsDifferent() throws Exception {
    Map<String, String> environment = new HashMap<>();
    environment.put("PATH", "/usr/bin:/bin");
    environment.put("my.name", "a b");
    environment.put("1st", "");
    environment.put("LINE", "x\ny");
    SpawnRequest request =
        new SpawnRequest(
            List.of("env", "-0"),
            "/usr/bin:/bin",
            environment,
            "/",
            new TreeMap<>(),
            Optional.empty(),
            OptionalInt.empty(),
            limits(Map.of(Resource.CORE, limit(0, 0))));

    String output = Child.output(spawn, request);

    assertThat(output.split("\0", -1))
        .containsExactlyInAnyOrder("PATH=/usr/bin:/bin", "my.name=a b", "1st=", "LINE=x\ny", "");
    assertThat(
            Child.output(
                spawn,
                Child.with(
                    limits(Map.of(Resource.CORE, limit(0, 0))), program("ls", "/proc/self/fd"))))
        .isEqualTo("0\n1\n2\n3\n");
  }

  @Test
  void theProgramIsCheckedBeforeTheShell() {
    ChildSettings settings = limits(Map.of(Resource.CORE, limit(0, 0)));

    assertThatThrownBy(() -> Child.start(spawn, Child.with(settings, program("/nope/x"))))
        .hasMessage("exec: /nope/x: No such file or directory");
    assertThatThrownBy(
            () -> Child.start(spawn, Child.as(NOBODY, Child.with(settings, program("/root/x")))))
        .hasMessageStartingWith("exec: /root/x: ");
  }

  @Test
  void aLimitThatCannotBeHadIsSaidAndNothingRuns() throws Exception {
    Path mark = Files.createTempFile("pm", "ran");
    Files.delete(mark);
    long most = Long.parseLong(SelfStatus.read("/proc/sys/fs/nr_open").strip());
    ChildSettings settings = limits(Map.of(Resource.FILES, limit(most + 1, most + 1)));

    assertThatThrownBy(
            () -> Child.start(spawn, Child.with(settings, program("touch", mark.toString()))))
        .isInstanceOfSatisfying(
            SpawnException.class,
            refused -> {
              assertThat(refused.stage()).isEqualTo(SpawnException.Stage.LIMITS);
              assertThat(refused.isShortage()).isFalse();
            })
        .hasMessageStartingWith("limits: nofile: cannot be set to " + (most + 1) + ": ");
    assertThat(mark).doesNotExist();
  }

  @Test
  void rootWithoutTheRightToRaiseLimitsCanLowerThoseOfAnotherUser() throws Exception {
    assumeRoot();
    ResourceLimit own = Host.limit(Resource.FILES);
    ChildSettings lower = limits(Map.of(Resource.FILES, limit(64, 128)));
    ChildSettings higher = limits(Map.of(Resource.FILES, limit(64, own.hard() + 1)));

    String output =
        without(
            Capability.SYS_RESOURCE,
            () ->
                outputHere(
                    Child.as(NOBODY, Child.with(lower, program("cat", "/proc/self/limits")))));

    assertThat(rows(output)).containsEntry("Max open files", "64 128");
    assertThatThrownBy(
            () ->
                without(
                    Capability.SYS_RESOURCE,
                    () -> outputHere(Child.as(NOBODY, Child.with(higher, program("true"))))))
        .hasMessage(
            "limits: nofile: cannot be set to 64:%d: the hard limit of pmd itself is %d, and it may"
                    .formatted(own.hard() + 1, own.hard())
                + " not raise it");
  }

  /** Starts it on the calling thread, which must end soon. */
  private String outputHere(SpawnRequest request) throws Exception {
    Fd.Pipe pipe = Fd.pipe(0);
    int pid;
    try {
      Stdio stdout = new Stdio.Descriptor(pipe.writeEnd());
      pid = spawn.spawn(Child.with(Map.of(1, stdout, 2, stdout), request));
    } finally {
      Fd.close(pipe.writeEnd());
    }
    String text = Child.readAll(pipe.readEnd());
    Fd.close(pipe.readEnd());
    Child.end(pid);
    return text;
  }

  /** Does something on a thread that has not got a capability, and ends. */
  private static <T> T without(Capability capability, Callable<T> work) throws Exception {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              drop(capability);
              return work.call();
            });
    Thread thread = new Thread(task, "without");
    thread.start();
    try {
      return task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw e;
    } finally {
      thread.join();
    }
  }

  private static void drop(Capability capability) {
    ByteBuffer memory = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
    long header = Libc.address(memory);
    memory.putInt(0, 0x20080522);
    assertThat((int) Libc.call(Libc.SYSCALL, Layout.SYS_CAPGET, header, header + 16, 0)).isZero();
    int kept = (int) ~capability.bit();
    memory.putInt(16, memory.getInt(16) & kept).putInt(20, memory.getInt(20) & kept);
    assertThat((int) Libc.call(Libc.SYSCALL, Layout.SYS_CAPSET, header, header + 16, 0)).isZero();
  }

  @Test
  void theLimitOfDescriptorsIsGivenBackWithoutAShell() throws Exception {
    ChildSettings settings =
        new ChildSettings(
            Map.of(),
            Optional.of(limit(333, 444)),
            OptionalInt.empty(),
            OptionalInt.empty(),
            List.of(),
            OptionalInt.empty(),
            false,
            Optional.empty(),
            OptionalInt.empty());
    Fd.Pipe gate = Fd.pipe(0);
    int pid =
        Child.start(
            spawn,
            Child.with(
                Map.of(0, new Stdio.Descriptor(gate.readEnd())),
                Child.with(settings, program("cat"))));

    assertThat(Files.readString(Path.of("/proc/" + pid + "/comm"))).isEqualTo("cat\n");
    assertThat(rows(Files.readString(Path.of("/proc/" + pid + "/limits"))))
        .containsEntry("Max open files", "333 444");
    close(gate);
    assertThat(Child.end(pid)).isEqualTo(new WaitStatus.Code(0));
  }

  @Test
  void aShellWhoseDaemonDiesDoesNotRunTheProgram() throws Exception {
    Gate gate = new Gate(Set.of(9));
    SpawnRequest request =
        Child.with(
            Map.of(gate.childFd(), new Stdio.Descriptor(gate.childEnd())),
            script(gate.script() + "exit 7"));
    int pid = Child.start(spawn, request);

    assertThat(gate.await()).isTrue();
    gate.close();

    assertThat(gate.childFd()).isEqualTo(8);
    assertThat(Child.end(pid)).isEqualTo(new WaitStatus.Code(125));
  }

  // What belongs to a thread.

  @Test
  void nicenessAndProcessorsAreTheChildsAlone() throws Exception {
    String before = SelfStatus.field("Cpus_allowed");
    ChildSettings settings = settings(Map.of(), OptionalInt.of(7), List.of(0), OptionalInt.empty());

    String output =
        Child.output(spawn, Child.with(settings, script("nice; exec cat /proc/self/status")));

    assertThat(output).startsWith("7\n");
    assertThat(field(output, "Cpus_allowed_list")).isEqualTo("0");
    assertThat(SelfStatus.field("Cpus_allowed")).isEqualTo(before);
  }

  @Test
  void processorsThatAreMissingAreSaid() {
    assertThatThrownBy(
            () ->
                Child.start(
                    spawn,
                    Child.with(
                        settings(
                            Map.of(),
                            OptionalInt.empty(),
                            List.of(0, 1000, 1001),
                            OptionalInt.empty()),
                        program("true"))))
        .hasMessage("limits: cpu_affinity: these processors cannot be used here: 1000, 1001");
    assertThatThrownBy(
            () ->
                Child.start(
                    spawn,
                    Child.with(
                        settings(Map.of(), OptionalInt.empty(), List.of(1000), OptionalInt.empty()),
                        program("true"))))
        .hasMessage("limits: cpu_affinity: none of the processors [1000] can be used here");
  }

  @Test
  void ioClassIsSet() throws Exception {
    ChildSettings settings =
        new ChildSettings(
            Map.of(),
            Optional.empty(),
            OptionalInt.empty(),
            OptionalInt.of(ChildSettings.ioPriority(ChildSettings.IoPriorityClass.BEST_EFFORT, 6)),
            List.of(),
            OptionalInt.empty(),
            false,
            Optional.empty(),
            OptionalInt.empty());

    String output = Child.output(spawn, Child.with(settings, program("ionice")));

    assertThat(output).isEqualTo("best-effort: prio 6\n");
  }

  @Test
  void oomScoreIsSetWithAndWithoutTheShell() throws Exception {
    ChildSettings exact =
        settings(
            Map.of(Resource.CORE, limit(0, 0)),
            OptionalInt.empty(),
            List.of(),
            OptionalInt.of(345));
    assertThat(Child.output(spawn, Child.with(exact, program("cat", "/proc/self/oom_score_adj"))))
        .isEqualTo("345\n");

    Fd.Pipe gate = Fd.pipe(0);
    ChildSettings soon = settings(Map.of(), OptionalInt.empty(), List.of(), OptionalInt.of(345));
    int pid =
        Child.start(
            spawn,
            Child.with(
                Map.of(0, new Stdio.Descriptor(gate.readEnd())), Child.with(soon, program("cat"))));
    assertThat(Files.readString(Path.of("/proc/" + pid + "/oom_score_adj"))).isEqualTo("345\n");
    close(gate);
    Child.end(pid);
  }

  // Capabilities.

  @Test
  void anotherUserHasTheCapabilitiesThatHeIsGivenAndNoOther() throws Exception {
    assumeRoot();
    String before = SelfStatus.read("/proc/self/status");
    Set<Capability> wanted = EnumSet.of(Capability.NET_BIND_SERVICE, Capability.CHOWN);
    long mask = Capability.NET_BIND_SERVICE.bit() | Capability.CHOWN.bit();

    String status =
        Child.output(
            spawn,
            Child.as(
                NOBODY,
                Child.with(capabilities(wanted, true), program("cat", "/proc/self/status"))));

    for (String set : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")) {
      assertThat(mask(status, set)).as(set).isEqualTo(mask);
    }
    assertThat(field(status, "NoNewPrivs")).isEqualTo("1");
    assertThat(field(status, "Uid")).isEqualTo("65534\t65534\t65534\t65534");
    String after = SelfStatus.read("/proc/self/status");
    for (String own : List.of("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs")) {
      assertThat(field(after, own)).as(own).isEqualTo(field(before, own));
    }
  }

  @Test
  void theyWorkTogetherWithLimits() throws Exception {
    assumeRoot();
    ChildSettings settings =
        new ChildSettings(
            Map.of(Resource.CORE, limit(0, 0)),
            Optional.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            List.of(),
            OptionalInt.empty(),
            true,
            Optional.of(EnumSet.of(Capability.NET_BIND_SERVICE)),
            OptionalInt.empty());

    String status =
        Child.output(
            spawn, Child.as(NOBODY, Child.with(settings, program("cat", "/proc/self/status"))));

    assertThat(mask(status, "CapEff")).isEqualTo(Capability.NET_BIND_SERVICE.bit());
    assertThat(mask(status, "CapBnd")).isEqualTo(Capability.NET_BIND_SERVICE.bit());
  }

  @Test
  void rootKeepsNoMoreThanItsList() throws Exception {
    assumeRoot();

    String none =
        Child.output(
            spawn,
            Child.with(
                capabilities(EnumSet.noneOf(Capability.class), false),
                program("cat", "/proc/self/status")));
    String one =
        Child.output(
            spawn,
            Child.with(
                capabilities(EnumSet.of(Capability.KILL), false),
                program("cat", "/proc/self/status")));

    assertThat(mask(none, "CapEff")).isZero();
    assertThat(mask(none, "CapBnd")).isZero();
    assertThat(mask(one, "CapEff")).isEqualTo(Capability.KILL.bit());
    assertThat(field(one, "NoNewPrivs")).isEqualTo("0");
  }

  @Test
  void aCapabilityThatWeDoNotHaveCannotBeGiven() throws Exception {
    Optional<Capability> missing =
        EnumSet.allOf(Capability.class).stream()
            .filter(capability -> !hasOwn(capability))
            .findFirst();
    assumeTrue(missing.isPresent(), "we have them all");

    assertThatThrownBy(
            () ->
                Child.start(
                    spawn,
                    Child.with(capabilities(EnumSet.of(missing.get()), false), program("true"))))
        .hasMessage(
            "security: capability "
                + missing.get().word()
                + " cannot be given: pmd does not have it itself");
  }

  private static boolean hasOwn(Capability capability) {
    try {
      return capability.isIn(SelfStatus.mask("CapPrm"));
    } catch (ErrnoException refused) {
      throw new IllegalStateException(refused);
    }
  }

  @Test
  void namesOfCapabilitiesAreThoseOfTheKernel() {
    assertThat(Capability.byName("net_bind_service")).contains(Capability.NET_BIND_SERVICE);
    assertThat(Capability.byName("CHECKPOINT_RESTORE")).contains(Capability.CHECKPOINT_RESTORE);
    assertThat(Capability.byName("nothing")).isEmpty();
    assertThat(Capability.CHECKPOINT_RESTORE.bit()).isEqualTo(1L << 40);
    assertThat(Capability.SYS_RESOURCE.bit()).isEqualTo(1L << 24);
    assertThat(Capability.word(63)).isEqualTo("number 63");
  }

  // The control group.

  @Test
  void theChildIsInItsControlGroupFromTheFirstInstruction() throws Exception {
    Path group = Path.of("/sys/fs/cgroup/unified/pm-test-" + Host.randomHex());
    assumeTrue(Files.isWritable(group.getParent()), "no cgroup2 file system that we may write");
    Files.createDirectory(group);
    try {
      int procs = Fd.open(group.resolve("cgroup.procs").toString(), OpenFlags.WRONLY, 0);
      ChildSettings settings =
          new ChildSettings(
              Map.of(),
              Optional.empty(),
              OptionalInt.empty(),
              OptionalInt.empty(),
              List.of(),
              OptionalInt.empty(),
              false,
              Optional.empty(),
              OptionalInt.of(procs));
      try {
        String output =
            Child.output(
                spawn, Child.as(NOBODY, Child.with(settings, program("cat", "/proc/self/cgroup"))));
        assertThat(output.lines()).contains("0::/" + group.getFileName());
      } finally {
        Fd.close(procs);
      }
    } finally {
      Files.delete(group);
    }
  }
}
