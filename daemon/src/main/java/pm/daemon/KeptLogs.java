package pm.daemon;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import pm.config.ProgramSpec;
import pm.daemon.control.LogSource;
import pm.daemon.core.model.InstanceName;
import pm.daemon.output.LogChunk;
import pm.daemon.output.LogFollowers;
import pm.daemon.output.LogLine;
import pm.daemon.output.LogPosition;
import pm.daemon.output.LogReader;

/** What programs printed, as clients ask for it. */
final class KeptLogs implements LogSource {

  /** What a line costs beside its bytes. */
  private static final int PER_LINE = 100;

  private final ProgramOutput output;
  private final LogReader reader;
  private final LogFollowers followers;

  KeptLogs(ProgramOutput output, LogReader reader, LogFollowers followers) {
    this.output = output;
    this.reader = reader;
    this.followers = followers;
  }

  @Override
  public Optional<Path> file(InstanceName instance, ProgramSpec spec, Stream stream) {
    return switch (stream) {
      case OUT -> output.file(instance, spec, false);
      case ERR -> output.file(instance, spec, true);
    };
  }

  @Override
  public Optional<String> elsewhere(ProgramSpec spec, Stream stream) {
    return switch (stream) {
      case OUT -> output.elsewhere(spec, false);
      case ERR -> output.elsewhere(spec, true);
    };
  }

  @Override
  public Tail open(Path file, From from, Runnable hasGrown) throws IOException {
    Optional<LogReader.Span> span = Optional.empty();
    if (from.of().isPresent()) {
      span = Optional.of(reader.printedBy(file, from.of().get().ended().orElse(Instant.MAX)));
    }
    Optional<LogPosition> end = span.flatMap(LogReader.Span::end);
    if (end.isEmpty() && from.untilNow()) {
      end = Optional.of(reader.end(file));
    }
    LogPosition begin =
        from.lines().isPresent()
            ? reader.lastLines(
                file, from.lines().getAsInt(), end.isPresent() ? end.get() : reader.end(file))
            : LogPosition.START;
    if (from.since().isPresent()) {
      LogPosition since = reader.since(file, from.since().get());
      begin = from.lines().isPresent() ? reader.later(file, begin, since) : since;
    }
    if (span.isPresent()) {
      begin = reader.later(file, begin, span.get().begin());
    }
    return new FileTail(file, begin, end, followers.follow(file, hasGrown));
  }

  /** A file and its predecessors, read on. */
  private final class FileTail implements Tail {
    private final Path file;

    /** Where reading ends; empty where it goes on as the file grows. */
    private Optional<LogPosition> end;

    private final LogFollowers.Follower follower;
    private LogPosition position;

    FileTail(
        Path file, LogPosition begin, Optional<LogPosition> end, LogFollowers.Follower follower) {
      this.file = file;
      this.position = begin;
      this.end = end;
      this.follower = follower;
    }

    @Override
    public void arm() {
      follower.arm();
    }

    @Override
    public void finish() throws IOException {
      if (end.isEmpty()) {
        end = Optional.of(reader.end(file));
      }
    }

    @Override
    public List<Piece> next(int bytes) throws IOException {
      List<Piece> pieces = new ArrayList<>();
      int taken = 0;
      while (taken < bytes && !isAtEnd()) {
        LogChunk chunk = reader.read(file, position, end, end.isPresent());
        if (chunk.isGap()) {
          // How far the file went that is gone nobody knows.
          pieces.add(new Piece.Gap(OptionalLong.of(position.offset()), OptionalLong.empty()));
        }
        for (LogLine line : chunk.lines()) {
          pieces.add(new Piece.Line(line.text(), !line.isWhole()));
          taken += line.text().length() + PER_LINE;
        }
        position = chunk.next();
        if (!chunk.isMore()) {
          break;
        }
      }
      return pieces;
    }

    /** A program that prints faster than it is read would otherwise never be at its end. */
    private boolean isAtEnd() throws IOException {
      return end.isPresent() && reader.later(file, position, end.get()).equals(position);
    }

    @Override
    public void close() {
      follower.close();
    }
  }
}
