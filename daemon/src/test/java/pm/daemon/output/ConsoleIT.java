package pm.daemon.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Fd;

/** Lines of programs on the daemon's own output: whole, with a name, and never in its way. */
final class ConsoleIT {
  @TempDir Path folder;

  private Fd.Pipe out;
  private Fd.Pipe err;

  @BeforeEach
  void makePipes() throws ErrnoException {
    out = Fd.pipe(0);
    err = Fd.pipe(0);
  }

  @AfterEach
  void closePipes() throws ErrnoException {
    for (Fd.Pipe pipe : List.of(out, err)) {
      Fd.close(pipe.readEnd());
      Fd.close(pipe.writeEnd());
    }
  }

  private Lab lab() throws Exception {
    return new Lab(
        folder,
        new OwnOutput(out.writeEnd(), err.writeEnd(), new Object()),
        InstantSource.system());
  }

  private static LogPlan plan(LineForm form) {
    return new LogPlan(
        new OutputTarget.Inherited(OutputTarget.Own.STDOUT),
        new OutputTarget.Inherited(OutputTarget.Own.STDERR),
        Lab.NO_LIMITS,
        form,
        Optional.empty());
  }

  private static String read(int pipe, int lines) throws ErrnoException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer bytes = ByteBuffer.allocateDirect(64 * 1024);
    int seen = 0;
    while (seen < lines) {
      assertThat(Fd.poll(pipe, Fd.POLLIN, Lab.LIMIT_SECONDS * 1_000_000_000L)).isNotZero();
      Fd.read(pipe, bytes.clear());
      bytes.flip();
      while (bytes.hasRemaining()) {
        byte b = bytes.get();
        seen += b == '\n' ? 1 : 0;
        all.write(b);
      }
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  @Test
  void linesBearTheNameOfTheirInstance() throws Exception {
    try (Lab lab = lab()) {
      lab.finish(lab.start("web@1", "echo one; echo two >&2; printf three", plan(LineForm.RAW)));
      assertThat(read(out.readEnd(), 2)).isEqualTo("web@1 | one\nweb@1 | three\n");
      assertThat(read(err.readEnd(), 1)).isEqualTo("web@1 | two\n");
    }
  }

  @Test
  void linesOfManyProgramsAreNeverMixed() throws Exception {
    try (Lab lab = lab()) {
      int programs = 8;
      int lines = 5000;
      List<Lab.Program> started = new ArrayList<>();
      for (int i = 1; i <= programs; i++) {
        started.add(
            lab.start(
                "web@" + i,
                "i=0; while [ $i -lt %d ]; do i=$((i+1)); printf $i; echo .$i; done"
                    .formatted(lines),
                plan(LineForm.RAW)));
      }
      Map<String, Integer> last = new TreeMap<>();
      for (String line : read(out.readEnd(), programs * lines).split("\n", -1)) {
        if (!line.isEmpty()) {
          String name = line.substring(0, 5);
          int number = last.merge(name, 1, Integer::sum);
          assertThat(line).isEqualTo(name + " | " + number + "." + number);
        }
      }
      assertThat(last)
          .hasSize(programs)
          .allSatisfy((name, count) -> assertThat(count).isEqualTo(lines));
      for (Lab.Program program : started) {
        lab.finish(program);
      }
    }
  }

  @Test
  void whoDoesNotReadHoldsUpThoseThatInheritAndNobodyElse() throws Exception {
    try (Lab lab = lab()) {
      Lab.Program stuck = lab.start("web@1", "seq 1 200000", plan(LineForm.RAW));
      assertThat(lab.hear()).isEqualTo("web@1 blocked stdout of pmd: nobody reads it");
      Lab.Program other = lab.start("db@1", "seq 1 200000", lab.plan("db@1.log", Lab.NO_LIMITS));
      lab.finish(other);
      assertThat(lab.log("db@1.log")).hasBinaryContent(Lab.numbers(200000));
      StringBuilder expected = new StringBuilder();
      for (int i = 1; i <= 200000; i++) {
        expected.append("web@1 | ").append(i).append('\n');
      }
      assertThat(read(out.readEnd(), 200000)).isEqualTo(expected.toString());
      assertThat(lab.hear()).isEqualTo("web@1 flows stdout of pmd");
      lab.finish(stuck);
    }
  }

  @Test
  void anEndIsNotHeldUpByWhoDoesNotRead() throws Exception {
    try (Lab lab = lab()) {
      Lab.Program program =
          lab.start("web@1", "head -c 20000 /dev/zero | tr '\\0' '\\n'", plan(LineForm.JSON));
      lab.pump.began(program.invocation(), program.pid());
      program.end();
      lab.drain(program);
      assertThat(lab.hear()).isEqualTo("web@1 blocked stdout of pmd: nobody reads it");
      assertThat(read(out.readEnd(), 20000).lines()).hasSize(20000);
      assertThat(lab.hear()).isEqualTo("web@1 flows stdout of pmd");
    }
  }
}
