package pm.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.config.Command;
import pm.config.Liveness;
import pm.config.LivenessKind;
import pm.config.OnUnhealthy;
import pm.config.ProgramSpec;
import pm.config.Readiness;
import pm.config.StopScope;
import pm.config.Template;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.ProcessIdentity;
import pm.daemon.core.plan.SpawnPlan;
import pm.daemon.core.plan.SpawnPlanner;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.EventLoop;
import pm.daemon.loop.SystemTime;
import pm.daemon.loop.Turn;
import pm.daemon.notify.NotifySockets;
import pm.daemon.notify.ReadyPipes;
import pm.daemon.notify.Senders;
import pm.daemon.posix.Fd;
import pm.daemon.posix.Host;
import pm.daemon.posix.UnixDatagrams;
import pm.daemon.process.NoOutput;
import pm.daemon.process.Processes;
import pm.daemon.process.Provision;
import pm.daemon.process.ProvisionRefusedException;
import pm.daemon.process.StartPlans;

/** Real programs that say how they are, and strangers who say it for them. */
class OwnWordsIT {
  private static final InstanceName WEB = new InstanceName("web", 1);

  /** Longer than anything here takes; only a failure reaches it. */
  private static final long LIMIT_SECONDS = 30;

  private static final String SEND =
      """
      import array, os, socket, sys, time
      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
      path = os.environ['NOTIFY_SOCKET']
      def say(text, fds=()):
          if isinstance(text, str):
              text = text.encode()
          s.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [], 0, path)
      """;

  @TempDir private Path folder;
  private final LinkedBlockingQueue<Report> reports = new LinkedBlockingQueue<>();
  private final List<InvocationId> started = new ArrayList<>();
  private EventLoop loop;
  private BlockingPool pool;
  private Processes processes;
  private OwnWords words;
  private Thread thread;

  @BeforeEach
  void open() throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    Files.createDirectory(folder.resolve("n"));
    Files.createDirectory(folder.resolve("pipes"));
    loop = EventLoop.open(new SystemTime(), 1024);
    pool = new BlockingPool(loop, 2, 64);
    processes =
        Processes.open(
            loop,
            (nanos, work) -> loop.post(work),
            new Processes.Settings(
                Map.of("PATH", "/usr/bin:/bin"),
                "/none.sock",
                8,
                List.of(this::provide),
                pid -> false),
            new NoOutput(),
            this::report);
    words =
        new OwnWords(
            new NotifySockets(
                loop,
                pool,
                folder.resolve("n"),
                new ProcessSenders(processes.membership()),
                reports::add),
            new ReadyPipes(loop, folder.resolve("pipes"), reports::add));
    thread = new Thread(() -> loop.run(new Idle()), "loop");
    thread.start();
  }

  private Provision provide(ProgramSpec spec, SpawnPlan plan) throws ProvisionRefusedException {
    return words.provide(spec, plan);
  }

  private void report(Report report) {
    reports.add(report);
    words.observe(report);
  }

  @AfterEach
  void close() throws Exception {
    for (InvocationId invocation : started) {
      onLoop(() -> processes.killRemains(new Effect.KillRemains(WEB, invocation, StopScope.TREE)));
      await(
          report ->
              (report instanceof Report.Exited exited && !exited.remains())
                  || report instanceof Report.RemainsGone);
      onLoop(
          () -> {
            words.release(invocation);
            processes.release(new Effect.Release(WEB, invocation));
          });
    }
    loop.stop();
    thread.join();
    words.close();
    processes.close();
    pool.close();
    loop.close();
    assertThat(loop.failures()).isZero();
    try (var left = Files.list(folder.resolve("n"))) {
      assertThat(left).isEmpty();
    }
    try (var left = Files.list(folder.resolve("pipes"))) {
      assertThat(left).isEmpty();
    }
  }

  private static final class Idle implements Turn {
    @Override
    public void endOfBatch() {}

    @Override
    public long nextDeadlineNanos() {
      return Long.MAX_VALUE;
    }

    @Override
    public void timePassed() {}
  }

  private void onLoop(Runnable work) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    loop.post(
        () -> {
          try {
            work.run();
            done.complete(true);
          } catch (RuntimeException | Error thrown) {
            done.completeExceptionally(thrown);
          }
        });
    done.join();
  }

  private static ProgramSpec.Builder program(String... words) {
    List<String> escaped = new ArrayList<>();
    for (String word : words) {
      escaped.add(Template.escape(word));
    }
    return new ProgramSpec.Builder("web", new Command(escaped, false))
        .readiness(new Readiness.Notify());
  }

  private static ProgramSpec.Builder sh(String script) {
    return program("/bin/sh", "-c", script);
  }

  private static ProgramSpec.Builder python(String script) {
    return program("/usr/bin/python3", "-c", SEND + script + "\ntime.sleep(1000)\n");
  }

  private InvocationId start(ProgramSpec.Builder program) throws InterruptedException {
    InvocationId invocation = InvocationId.draw(RandomGenerator.getDefault());
    started.add(invocation);
    onLoop(() -> processes.spawn(new Effect.Spawn(WEB, invocation, program.build())));
    assertThat(await(report -> true)).isInstanceOf(Report.Spawned.class);
    return invocation;
  }

  private Report await(Predicate<Report> wanted) throws InterruptedException {
    while (true) {
      Report report = reports.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
      if (report == null) {
        throw new AssertionError("it is not reported");
      }
      if (wanted.test(report)) {
        return report;
      }
    }
  }

  private Notification next() throws InterruptedException {
    return ((Report.Notified) await(report -> report instanceof Report.Notified)).notification();
  }

  private void awaitFile(Path file) throws IOException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    while (!Files.exists(file) || Files.size(file) == 0) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      LockSupport.parkNanos(2_000_000);
    }
  }

  private String socket(InvocationId invocation) {
    return folder.resolve("n").resolve(invocation.hex().substring(0, 16)).toString();
  }

  @Test
  void systemdNotifySaysThatItIsReadyAndHearsThatItWasHeard() throws Exception {
    needs("systemd-notify");
    Path code = folder.resolve("code");
    start(
        sh(
            "systemd-notify --ready --status='warm and ready'; echo $? >"
                + code
                + "; exec sleep 1000"));
    Notification said = next();
    assertThat(said.ready()).isTrue();
    assertThat(said.status()).hasValue("warm and ready");
    awaitFile(code);
    assertThat(Files.readString(code)).isEqualTo("0\n");
  }

  @Test
  void aSocketThatIsRemovedUnderItIsMadeAnew() throws Exception {
    Path go = folder.resolve("go");
    InvocationId invocation =
        start(
            python(
                """
                say('STATUS=before')
                while not os.path.exists('%s'): time.sleep(0.01)
                say('STATUS=after')
                """
                    .formatted(go)));
    assertThat(next().status()).hasValue("before");
    Path socket = Path.of(socket(invocation));
    var mode = Files.getPosixFilePermissions(socket);
    onLoop(words::restore);
    Files.delete(socket);
    onLoop(words::restore);
    assertThat(Files.getPosixFilePermissions(socket)).isEqualTo(mode);
    Files.createFile(go);
    assertThat(next().status()).hasValue("after");
  }

  @Test
  void allThatCanBeSaid() throws Exception {
    start(
        python(
            """
            say('STATUS=one')
            say('RELOADING=1\\nMONOTONIC_USEC=1')
            say('READY=1\\nSTATUS=two')
            say('EXTEND_TIMEOUT_USEC=5000000')
            say('WATCHDOG_USEC=2000000')
            say('WATCHDOG=1')
            say('WATCHDOG=trigger')
            say('STOPPING=1\\nERRNO=2\\nX_MINE=3')
            """));
    List<Notification> said = new ArrayList<>();
    while (said.stream().noneMatch(Notification::stopping)) {
      said.add(next());
    }
    assertThat(said.getFirst().status()).hasValue("one");
    assertThat(said).filteredOn(Notification::reloading).hasSize(1);
    assertThat(said)
        .filteredOn(Notification::ready)
        .first()
        .satisfies(n -> assertThat(n.status()).hasValue("two"));
    assertThat(said).anySatisfy(n -> assertThat(n.extendTimeoutNanos()).hasValue(5_000_000_000L));
    assertThat(said).anySatisfy(n -> assertThat(n.watchdogNanos()).hasValue(2_000_000_000L));
    assertThat(said).anySatisfy(n -> assertThat(n.watchdog()).isTrue());
    assertThat(said).filteredOn(Notification::watchdogTrigger).hasSize(1);
  }

  @Test
  void aProcessOfItsOwnMayBeNamedAsTheMainOneAndNoOther() throws Exception {
    start(
        python(
            """
            say('READY=1\\nMAINPID=1\\nSTATUS=init')
            say('READY=1\\nMAINPID=%d\\nSTATUS=daemon' % os.getppid())
            child = os.fork()
            if child == 0:
                time.sleep(1000)
            say('MAINPID=%d\\nSTATUS=child' % child)
            say('MAINPID=0\\nSTATUS=none')
            """));
    for (String status : List.of("init", "daemon")) {
      Notification refused = next();
      assertThat(refused.status()).hasValue(status);
      assertThat(refused.mainProcess()).isEmpty();
    }
    Notification own = next();
    assertThat(own.status()).hasValue("child");
    assertThat(own.mainProcess()).isPresent();
    assertThat(own.mainProcess().orElseThrow().startTicks()).isPositive();
    assertThat(next().mainProcess()).isEmpty();
  }

  @Test
  void childrenAndWhatLeftItsSessionCount() throws Exception {
    start(
        python(
            """
            if os.fork() == 0:
                os.setsid()
                say('STATUS=session left')
                time.sleep(1000)
            """));
    assertThat(next().status()).hasValue("session left");
    start(
        python(
            """
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    while os.getppid() == main: time.sleep(0.001)
                    say('STATUS=orphan')
                    time.sleep(1000)
                os._exit(0)
            """
                .replace("main:", "os.getsid(0):")));
    assertThat(next().status()).hasValue("orphan");
  }

  private static void needs(String program) {
    Assumptions.assumeTrue(Files.isExecutable(Path.of("/usr/bin", program)), program);
  }

  @Test
  void strangersDoNotCount() throws Exception {
    needs("systemd-notify");
    Path ready = folder.resolve("ready");
    InvocationId invocation = start(python("open('" + ready + "', 'w').write('x')\ntime.sleep(0)"));
    awaitFile(ready);
    int sender = UnixDatagrams.socket();
    try {
      // We are the daemon here, which is no process of its programs.
      UnixDatagrams.send(sender, socket(invocation), "READY=1".getBytes(StandardCharsets.UTF_8));
    } finally {
      Fd.close(sender);
    }
    InvocationId other =
        start(
            sh(
                "NOTIFY_SOCKET="
                    + socket(invocation)
                    + " systemd-notify --ready; systemd-notify --status=own; exec sleep 1000"));
    Report.Notified heard = (Report.Notified) await(r -> r instanceof Report.Notified);
    assertThat(heard.invocation()).isEqualTo(other);
    assertThat(heard.notification().ready()).isFalse();
    assertThat(heard.notification().status()).hasValue("own");
    long[] dropped = {0};
    onLoop(() -> dropped[0] = words.dropped());
    // systemd-notify also asks whether it was heard.
    assertThat(dropped[0]).isBetween(2L, 3L);
  }

  @Test
  void rubbishAndFloodsDoNoHarm() throws Exception {
    start(
        python(
            """
            import random
            random.seed(7)
            for i in range(2000):
                say(random.randbytes(random.randrange(200)))
            say('A' * 10000)
            say('READY=1' + 'B' * 5000)
            say('READY=1\\0')
            say('')
            for i in range(20000):
                say('STATUS=%d' % i)
            say('STATUS=' + '\\x1b[31m' + 'x' * 1000)
            say('STOPPING=1')
            """));
    Notification last = Notification.NOTHING;
    int readies = 0;
    int heard = 0;
    Notification before = last;
    while (!last.stopping()) {
      before = last;
      last = next();
      heard++;
      readies += last.ready() ? 1 : 0;
    }
    // A zero at the end is no rubbish; what is too long is.
    assertThat(readies).isEqualTo(1);
    assertThat(heard).isLessThan(25_000);
    assertThat(before.status().orElseThrow()).startsWith("[31mxxx").hasSize(255);
  }

  @Test
  void descriptorsThatComeAlongAreClosed() throws Exception {
    int before = openDescriptors();
    Path done = folder.resolve("done");
    start(
        python(
            """
            fds = [os.open('/dev/null', os.O_RDONLY) for i in range(250)]
            for i in range(50):
                say('FDSTORE=1\\nFDNAME=x', fds)
            r, w = os.pipe()
            say('BARRIER=1', [w])
            os.close(w)
            got = os.read(r, 1)
            open('%s', 'w').write('end of file' if got == b'' else 'data')
            """
                .formatted(done)));
    awaitFile(done);
    assertThat(Files.readString(done)).isEqualTo("end of file");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
    // The pidfd and the socket of the program are its own.
    while (openDescriptors() > before + 4 && System.nanoTime() < deadline) {
      LockSupport.parkNanos(5_000_000);
    }
    assertThat(openDescriptors()).isLessThanOrEqualTo(before + 4);
  }

  private static int openDescriptors() throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return (int) descriptors.count();
    }
  }

  @Test
  void aBarrierFallsWhenAllBeforeItWasHeard() throws Exception {
    Path done = folder.resolve("done");
    start(
        python(
            """
            for i in range(300):
                say('MAINPID=' + str(os.getpid()))
            r, w = os.pipe()
            say('BARRIER=1', [w])
            os.close(w)
            os.read(r, 1)
            open('%s', 'w').write('x')
            """
                .formatted(done)));
    awaitFile(done);
    assertThat(reports.stream().filter(r -> r instanceof Report.Notified).count()).isEqualTo(300);
    reports.clear();
  }

  @Test
  void anotherUserMaySend() throws Exception {
    Assumptions.assumeTrue(Host.euid() == 0, "only root may be somebody else");
    InvocationId invocation = start(python("say('READY=1')").user(Optional.of("nobody")));
    assertThat(next().ready()).isTrue();
    assertThat(Files.getAttribute(Path.of(socket(invocation)), "unix:uid")).isEqualTo(65534);
    assertThat(Files.getAttribute(Path.of(socket(invocation)), "unix:mode")).isEqualTo(0140600);
  }

  @Test
  void theWatchdogsPeriodIsTold() throws Exception {
    start(
        python("say('STATUS=' + os.environ['WATCHDOG_USEC'])")
            .readiness(Readiness.DEFAULT)
            .liveness(
                Optional.of(
                    new Liveness(
                        new LivenessKind.Watchdog(),
                        Duration.ofMillis(1500),
                        Liveness.USUAL_TIMEOUT,
                        1,
                        1,
                        Duration.ZERO,
                        false,
                        OnUnhealthy.RESTART,
                        Optional.empty()))));
    assertThat(next().status()).hasValue("1500000");
  }

  @Test
  void aNewlineOnADescriptor() throws Exception {
    start(
        sh("printf half >&3; echo >&3; exec 3>&-; exec sleep 1000")
            .readiness(new Readiness.FdLine(3)));
    Report.BecameReady ready =
        (Report.BecameReady) await(report -> report instanceof Report.BecameReady);
    assertThat(ready.how()).isEqualTo("a newline on descriptor 3");
  }

  @Test
  void anEndWithoutANewlineSaysNothing() throws Exception {
    Path closed = folder.resolve("closed");
    start(
        sh("printf nothing >&7; exec 7>&-; echo x >" + closed + "; exec sleep 1000")
            .readiness(new Readiness.FdLine(7)));
    awaitFile(closed);
    onLoop(() -> {});
    assertThat(reports).noneMatch(report -> report instanceof Report.BecameReady);
  }

  @Test
  void redisSaysThatItIsReady() throws Exception {
    needs("redis-server");
    Path data = Files.createDirectory(folder.resolve("redis"));
    start(
        program(
            "/usr/bin/redis-server",
            "--port",
            "0",
            "--unixsocket",
            data.resolve("s").toString(),
            "--dir",
            data.toString(),
            "--save",
            "",
            "--supervised",
            "systemd"));
    List<Notification> said = new ArrayList<>();
    while (said.stream().noneMatch(Notification::ready)) {
      said.add(next());
    }
    assertThat(said).anySatisfy(n -> assertThat(n.status().orElse("")).startsWith("Ready"));
  }

  @Test
  void aPathThatIsTooLongIsARefusalWithARemedy() throws Exception {
    Path deep = folder.resolve("x".repeat(100));
    Files.createDirectory(deep);
    NotifySockets sockets =
        new NotifySockets(
            loop, pool, deep, new ProcessSenders(processes.membership()), reports::add);
    OwnWords far = new OwnWords(sockets, new ReadyPipes(loop, deep, reports::add));
    ProgramSpec spec = program("/bin/true").build();
    SpawnPlan plan =
        switch (new StartPlans(Map.of(), "/none.sock")
            .plan(spec, WEB, InvocationId.draw(RandomGenerator.getDefault()))) {
          case SpawnPlanner.Result.Planned planned -> planned.plan();
          case SpawnPlanner.Result.Refused refused -> throw new AssertionError(refused);
        };
    try {
      far.provide(spec, plan);
      throw new AssertionError("it is not refused");
    } catch (ProvisionRefusedException refused) {
      assertThat(refused).hasMessageContaining("is too long").hasMessageContaining("--home DIR");
    }
  }

  @Test
  void theNextDaemonHearsAtTheSamePlace() throws Exception {
    InvocationId invocation = InvocationId.draw(RandomGenerator.getDefault());
    InvocationId stale = InvocationId.draw(RandomGenerator.getDefault());
    NotifySockets before = sockets();
    before.make(WEB, invocation, Host.euid(), Host.egid());
    before.make(WEB, stale, Host.euid(), Host.egid());
    before.close();
    NotifySockets after = sockets();
    after.removeStale(Set.of(invocation));
    assertThat(Path.of(socket(stale))).doesNotExist();
    onLoop(
        () -> {
          after.remake(WEB, invocation);
          after.listen(invocation);
          after.remake(WEB, stale);
        });
    int sender = UnixDatagrams.socket();
    assertThat(
            UnixDatagrams.send(
                sender, socket(invocation), "STATUS=again".getBytes(StandardCharsets.UTF_8)))
        .isTrue();
    Fd.close(sender);
    assertThat(next().status()).hasValue("again");
    onLoop(() -> after.release(invocation));
    assertThat(Path.of(socket(invocation))).doesNotExist();
  }

  /** Sockets that take whatever comes. */
  private NotifySockets sockets() {
    return new NotifySockets(
        loop,
        pool,
        folder.resolve("n"),
        new Senders() {
          @Override
          public void ask(InvocationId invocation, int pid, Consumer<Standing> then) {
            then.accept(Standing.OWN);
          }

          @Override
          public Optional<ProcessIdentity> identity(int pid) {
            return Optional.empty();
          }
        },
        reports::add);
  }

  @Test
  void aFailedStartLeavesNoSocket() throws Exception {
    InvocationId invocation = InvocationId.draw(RandomGenerator.getDefault());
    onLoop(
        () ->
            processes.spawn(
                new Effect.Spawn(WEB, invocation, program("/no/such/program").build())));
    assertThat(await(report -> true)).isInstanceOf(Report.SpawnFailed.class);
    onLoop(() -> {});
    assertThat(Path.of(socket(invocation))).doesNotExist();
  }
}
