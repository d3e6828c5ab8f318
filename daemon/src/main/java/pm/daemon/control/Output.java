package pm.daemon.control;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;

/** The last lines of what an instance has printed, as an answer shows them. */
public final class Output {
  private static final Logger LOG = LoggerFactory.getLogger(Output.class);

  private final LogSource logs;

  public Output(LogSource logs) {
    this.logs = logs;
  }

  Optional<Path> file(InstanceName name, Optional<ProgramSpec> spec, LogSource.Stream stream) {
    return spec.flatMap(each -> logs.file(name, each, stream));
  }

  /**
   * Returns the last lines, oldest first: of its own error log if there is something in it, else of
   * its output. Blocks.
   *
   * @param of the invocation that printed them; empty: whichever there was
   */
  public List<String> last(
      InstanceName name, Optional<ProgramSpec> spec, Optional<LogSource.Lifetime> of) {
    for (LogSource.Stream stream : List.of(LogSource.Stream.ERR, LogSource.Stream.OUT)) {
      Optional<Path> file = file(name, spec, stream);
      List<String> lines = file.isPresent() ? last(file.get(), of) : List.of();
      if (!lines.isEmpty()) {
        return lines;
      }
    }
    return List.of();
  }

  private List<String> last(Path file, Optional<LogSource.Lifetime> of) {
    List<String> lines = new ArrayList<>();
    LogSource.From from =
        new LogSource.From(
            OptionalInt.of(Bounds.OUTPUT_LINES), of.map(LogSource.Lifetime::began), true, of);
    try (LogSource.Tail tail = logs.open(file, from, () -> {})) {
      List<LogSource.Piece> pieces = tail.next(Bounds.CHUNK_BYTES);
      // While it is being written there is always more: a few rounds reach what there was.
      for (int round = 0; !pieces.isEmpty() && round < Bounds.OUTPUT_LINES; round++) {
        for (LogSource.Piece piece : pieces) {
          if (piece instanceof LogSource.Piece.Line line) {
            lines.add(cut(line.text()));
          }
        }
        pieces = tail.next(Bounds.CHUNK_BYTES);
      }
    } catch (IOException e) {
      LOG.warn("cannot read {}: {}", file, e.getMessage());
    }
    return List.copyOf(
        lines.subList(Math.max(0, lines.size() - Bounds.OUTPUT_LINES), lines.size()));
  }

  private static String cut(String line) {
    return line.length() <= Bounds.OUTPUT_LINE ? line : line.substring(0, Bounds.OUTPUT_LINE) + "…";
  }
}
