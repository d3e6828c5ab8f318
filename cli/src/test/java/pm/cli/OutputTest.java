package pm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import pm.cli.render.Output;
import pm.protocol.ExitCode;

/** What happens when nobody takes our output. */
final class OutputTest {

  private static Call help(String problem) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException(problem);
          }
        };
    Pmctl pmctl =
        new Pmctl(
            Map.of(),
            Duration.ofSeconds(1),
            InputStream.nullInputStream(),
            new Output(broken, false),
            new Output(err, false));
    int value = pmctl.run(List.of("--help"));
    return new Call(value, "", err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aBrokenPipeEndsQuietly() {
    Call call = help("Broken pipe");
    assertThat(call.exitCode()).isEqualTo(ExitCode.DONE);
    assertThat(call.err()).isEmpty();
  }

  @Test
  void aFullDiskIsSaid() {
    Call call = help("No space left on device");
    assertThat(call.exitCode()).isEqualTo(ExitCode.FAILED);
    assertThat(call.err()).isEqualTo("pmctl: cannot write the output: No space left on device.\n");
  }
}
