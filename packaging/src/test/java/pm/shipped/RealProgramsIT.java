package pm.shipped;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import pm.protocol.Members;

/** Daemons that people run, as the distribution ships them, and the examples that run them. */
@Timeout(180)
class RealProgramsIT {

  private static final Path EXAMPLES = Path.of("../config-examples").toAbsolutePath().normalize();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @TempDir private Path folder;

  @Test
  void redisSaysByItselfWhenItIsReady() throws Exception {
    need("redis-server");
    int port = freePort();
    String yaml =
        """
        programs:
          redis:
            command: [redis-server, --supervised, systemd, --port, "%1$d", --bind, 127.0.0.1, --save, "", --dir, %2$s]
            readiness: {notify: true}
            liveness: {exec: [redis-cli, -p, "%1$d", ping], period: 200ms, timeout: 500ms}
            restart: {delay: 10ms}
        """
            .formatted(port, folder);
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      Members up = pmd.await("redis@1", "IDLE");
      assertThat(Wire.text(up, "detail")).contains("Ready to accept connections");
      // It overwrites its environment and its title; it is known all the same.
      pmd.crash();
      pmd.start();
      Members adopted = pmd.await("redis@1", "IDLE");
      assertThat(Wire.number(adopted, "pid")).isEqualTo(Wire.number(up, "pid"));

      // Frozen: three checks that are not answered in time, then a new one.
      signal("STOP", Wire.number(adopted, "pid"));
      Members next =
          Await.value(
              "another process",
              () ->
                  java.util.Optional.of(pmd.status("redis@1"))
                      .filter(item -> Pmd.is(item, "IDLE"))
                      .filter(item -> Wire.number(item, "pid") != Wire.number(up, "pid")),
              pmd::said);
      assertThat(Wire.number(next, "restarts")).isEqualTo(1);
      assertThat(pmd.pmctl("why", "redis").out()).contains("liveness");
      assertThat(pmd.pmctl("stop", "redis").exit()).isZero();
      assertThat(pmd.processes()).isEmpty();
    }
  }

  @Test
  void nginxReloadsAndEndsWithoutDroppingAnybody() throws Exception {
    need("nginx");
    int port = freePort();
    Path conf = folder.resolve("nginx.conf");
    nginxConf(conf, port, "one");
    String yaml =
        """
        programs:
          nginx:
            command: [nginx, -p, %1$s, -c, %2$s, -e, stderr, -g, "daemon off;"]
            hooks: {pre_start: [nginx, -t, -q, -p, %1$s, -c, %2$s, -e, stderr]}
            readiness: {http: {url: "http://127.0.0.1:%3$d/"}, period: 50ms}
            stop: {signal: QUIT, timeout: 20s}
            reload: {signal: HUP}
            restart: never
        """
            .formatted(folder, conf, port);
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      long master = Wire.number(pmd.await("nginx@1", "IDLE"), "pid");
      assertThat(get(port)).isEqualTo("one");
      nginxConf(conf, port, "two");
      assertThat(pmd.pmctl("reload", "nginx").exit()).isZero();
      Await.until("the new configuration", () -> get(port).equals("two"));
      assertThat(Wire.number(pmd.status("nginx@1"), "pid")).isEqualTo(master);

      Pmd.Outcome stopped = pmd.pmctl("stop", "nginx");
      assertThat(stopped.exit()).as("%s", stopped).isZero();
      assertThat(pmd.processes()).isEmpty();

      // What is wrong in its configuration is found before the start, in its own words.
      Files.writeString(conf, "nonsense;");
      Pmd.Outcome wrong = pmd.pmctl("start", "nginx");
      assertThat(wrong.exit()).isEqualTo(1);
      assertThat(wrong.err() + wrong.out()).contains("pre_start");
      assertThat(pmd.said()).contains("unknown directive \"nonsense\"");
    }
  }

  /** The example, with the folders and ports of this test. */
  @Test
  void nginxInFrontOfPhp() throws Exception {
    need("nginx");
    need("php-fpm8.2");
    int port = freePort();
    Path fpm = folder.resolve("fpm.conf");
    Path socket = folder.resolve("fpm.sock");
    Files.writeString(
        fpm,
        """
        [global]
        error_log = /dev/stderr
        [www]
        user = nobody
        group = nogroup
        listen = %s
        listen.mode = 0666
        pm = static
        pm.max_children = 2
        """
            .formatted(socket));
    Path script = folder.resolve("index.php");
    Files.writeString(script, "<?php echo 'php says ', 6 * 7;");
    run("chmod", "755", folder.toString());
    Path conf = folder.resolve("nginx.conf");
    Files.writeString(
        conf,
        """
        pid nginx.pid;
        user nobody nogroup;
        events {}
        http {
          access_log off;
          client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
          server {
            listen 127.0.0.1:%d;
            location / {
              fastcgi_pass unix:%s;
              fastcgi_param SCRIPT_FILENAME %s;
              fastcgi_param REQUEST_METHOD $request_method;
            }
          }
        }
        """
            .formatted(port, socket, script));
    String own = "-p, " + folder + ", -c, " + conf + ", -e, stderr, ";
    String yaml =
        Files.readString(EXAMPLES.resolve("nginx-php-fpm.yaml"))
            .replace("/etc/php/8.2/fpm/php-fpm.conf", fpm.toString())
            .replace("[/usr/sbin/nginx, -g", "[/usr/sbin/nginx, " + own + "-g")
            .replace("[/usr/sbin/nginx, -t, -q]", "[/usr/sbin/nginx, " + own + "-t, -q]")
            .replace("nofile: 65536", "nofile: 1024")
            .replace("127.0.0.1:80/", "127.0.0.1:" + port + "/");
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      pmd.await("nginx@1", "IDLE");
      assertThat(Wire.text(pmd.status("php-fpm@1"), "state")).isEqualTo("IDLE");
      assertThat(get(port)).isEqualTo("php says 42");
      long master = Wire.number(pmd.status("php-fpm@1"), "pid");
      assertThat(pmd.pmctl("reload", "php-fpm").exit()).isZero();
      Await.until("php answers after its reload", () -> get(port).equals("php says 42"));
      assertThat(Wire.number(pmd.status("php-fpm@1"), "pid")).isEqualTo(master);
      Pmd.Outcome stopped = pmd.pmctl("stop", "php-fpm");
      assertThat(stopped.exit()).as("%s", stopped).isZero();
      assertThat(Pmd.is(pmd.status("nginx@1"), "DEAD/waiting")).isTrue();
      assertThat(pmd.processes()).isEmpty();
    }
  }

  @Test
  void aPythonServerIsAskedByHttpAndTcp() throws Exception {
    need("python3");
    int first = freePort();
    int second = freePort();
    String yaml =
        """
        programs:
          by-http:
            command: [python3, -m, http.server, "%1$d", --bind, 127.0.0.1]
            working_dir: %3$s
            readiness: {http: {url: "http://127.0.0.1:%1$d/"}, period: 50ms}
            liveness: {http: {url: "http://127.0.0.1:%1$d/missing", status: 404}, period: 100ms}
          by-tcp:
            command: [python3, -m, http.server, "%2$d", --bind, 127.0.0.1]
            working_dir: %3$s
            readiness: {tcp: "127.0.0.1:%2$d", period: 50ms}
          by-line:
            command: [python3, -u, -c, "print('warming up'); import time; time.sleep(0.3); print('listening on 1'); time.sleep(1000)"]
            readiness: {log_line: "listening on .*"}
          never:
            command: [python3, -u, -c, "import time; time.sleep(1000)"]
            readiness: {log_line: "listening on .*"}
            start_timeout: 1s
            restart: never
        """
            .formatted(first, second, folder);
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      pmd.await("by-http@1", "IDLE");
      pmd.await("by-tcp@1", "IDLE");
      pmd.await("by-line@1", "IDLE");
      Members never = pmd.await("never@1", "DEAD/failed");
      assertThat(Wire.text(never, "exit_cause")).isEqualTo("start-timeout");
      assertThat(pmd.status("by-http@1").value("healthy")).contains(true);
    }
  }

  @Test
  void postgresqlAndWhatNeedsIt() throws Exception {
    Path bin = Path.of("/usr/lib/postgresql/15/bin");
    assumeTrue(Files.exists(bin.resolve("postgres")), "postgresql 15 is missing");
    assumeTrue(System.getProperty("user.name").equals("root"), "only root may change to postgres");
    Path data = Files.createTempDirectory(Path.of("/var/tmp"), "pm-pg");
    try {
      run("chown", "postgres", data.toString());
      Path cluster = data.resolve("main");
      run(
          "setpriv",
          "--reuid",
          "postgres",
          "--regid",
          "postgres",
          "--init-groups",
          bin.resolve("initdb").toString(),
          "-D",
          cluster.toString(),
          "-A",
          "trust",
          "--no-sync");
      // The example, with the folders of this test.
      String yaml =
          Files.readString(EXAMPLES.resolve("postgresql.yaml"))
              .replace("/var/lib/postgresql/15/main", cluster.toString())
              .replace("config_file=/etc/postgresql/15/main/postgresql.conf", "listen_addresses=")
              .replace("-h, /var/run/postgresql", "-h, " + data)
              .replace("-h /var/run/postgresql", "-h " + data)
              .replace("      - -c\n", "      - -k\n      - " + data + "\n      - -c\n")
              .replace("limits: {oom_score_adj: -900}", "limits: {nofile: 4096}");
      // Root's folders below a test's are not to be entered by others; its socket's folder is.
      run("chmod", "755", folder.toString());
      try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
        Members database = pmd.await("postgres@1", "IDLE");
        pmd.await("app@1", "IDLE");
        // It forks and overwrites its environment; all of it goes when it goes.
        Pmd.Outcome stopped = pmd.pmctl("stop", "postgres");
        assertThat(stopped.exit()).as("%s; %s", stopped, pmd.said()).isZero();
        assertThat(Pmd.is(pmd.status("app@1"), "DEAD/waiting")).isTrue();
        assertThat(Files.exists(cluster.resolve("postmaster.pid"))).isFalse();
        assertThat(pmd.pmctl("start", "postgres").exit()).isZero();
        pmd.await("app@1", "IDLE");
        assertThat(Wire.number(pmd.status("postgres@1"), "pid"))
            .isNotEqualTo(Wire.number(database, "pid"));
        assertThat(pmd.pmctl("daemon", "shutdown").exit()).isZero();
        assertThat(pmd.awaitEnd()).isZero();
        assertThat(Files.exists(cluster.resolve("postmaster.pid"))).isFalse();
      }
    } finally {
      run("rm", "-rf", data.toString());
    }
  }

  @Test
  void aNodeServerIsReplacedWithoutAnErrorForAnybody() throws Exception {
    need("node");
    int base = 3100;
    String yaml =
        Files.readString(EXAMPLES.resolve("node/pm.yaml"))
            .replace("working_dir: .", "working_dir: " + EXAMPLES.resolve("node"));
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      Members first = pmd.await("web@1", "IDLE");
      pmd.await("web@2", "IDLE");
      AtomicBoolean isDone = new AtomicBoolean();
      List<String> errors = new ArrayList<>();
      int[] answers = {0};
      // A proxy that goes to the other one when one does not take its connection.
      Thread visitor =
          Thread.ofPlatform()
              .start(
                  () -> {
                    while (!isDone.get()) {
                      if (get(base + 1).isEmpty() && get(base + 2).isEmpty()) {
                        errors.add("nobody answers");
                      }
                      answers[0]++;
                    }
                  });
      Pmd.Outcome rolled = pmd.pmctl("restart", "--rolling", "web");
      isDone.set(true);
      visitor.join();
      assertThat(rolled.exit()).as("%s", rolled).isZero();
      assertThat(errors).isEmpty();
      assertThat(answers[0]).isPositive();
      assertThat(Wire.number(pmd.status("web@1"), "pid")).isNotEqualTo(Wire.number(first, "pid"));
    }
  }

  @Test
  void aFrozenJvmWritesItsThreadsBeforeItIsStopped() throws Exception {
    int port = freePort();
    String java = Path.of(System.getProperty("java.home"), "bin/java").toString();
    String yaml =
        Files.readString(EXAMPLES.resolve("jvm/pm.yaml"))
            .replace("[java,", "[" + java + ",")
            .replace("working_dir: .", "working_dir: " + EXAMPLES.resolve("jvm"))
            .replace("\"3120\"", "\"" + port + "\"")
            .replace("period: 10s", "period: 100ms")
            .replace("timeout: 5s", "timeout: 200ms")
            .replace("/health\"}\n      period: 100ms", "/gone\"}\n      period: 100ms");
    try (Pmd pmd = new Pmd(folder.resolve("home")).with(yaml).start()) {
      // Its liveness asks for a path that is not there, so it is taken for ill as soon as it is up.
      Await.until(
          "a second life", () -> Wire.number(pmd.status("orders@1"), "restarts") > 0, pmd::said);
      String log = Files.readString(pmd.log("orders@1"));
      assertThat(log).contains("listening on " + port).contains("Full thread dump");
    }
  }

  private static void nginxConf(Path file, int port, String text) throws IOException {
    Files.writeString(
        file,
        """
        pid nginx.pid;
        worker_processes 2;
        events {}
        http {
          access_log off;
          client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
          server { listen 127.0.0.1:%d; location / { return 200 "%s"; } }
        }
        """
            .formatted(port, text));
  }

  /** What is answered, nothing if nobody does. */
  private static String get(int port) {
    try {
      return HTTP.send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
                  .timeout(java.time.Duration.ofSeconds(5))
                  .build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (IOException refused) {
      return "";
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return "";
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    run("kill", "-" + name, Long.toString(pid));
  }

  private static void need(String command) throws IOException, InterruptedException {
    assumeTrue(
        Pmd.Outcome.of(new ProcessBuilder("sh", "-c", "PATH=$PATH:/usr/sbin command -v " + command))
                .exit()
            == 0,
        command + " is missing");
  }

  private static void run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .directory(Path.of("/").toFile())
            .start();
    String said =
        new String(
            process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
  }
}
