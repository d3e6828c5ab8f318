package pm.daemon.control;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import pm.config.ProgramSpec;
import pm.daemon.core.model.InstanceName;

/** Log files that are lists of lines. */
final class FakeLogs implements LogSource {
  private final Map<Path, List<String>> files = new HashMap<>();
  private final Map<Path, Integer> removed = new HashMap<>();
  private final List<FakeTail> tails = new ArrayList<>();
  private Optional<Runnable> afterOpen = Optional.empty();

  /** Adds a line to an output and tells those who wait. */
  synchronized void print(String instance, Stream stream, String line) {
    Path file = path(instance, stream);
    files.computeIfAbsent(file, path -> new ArrayList<>()).add(line);
    for (FakeTail tail : List.copyOf(tails)) {
      tail.grew(file);
    }
  }

  /** Takes the first lines away, as rotation does. */
  synchronized void remove(String instance, int count) {
    removed.merge(path(instance, Stream.OUT), count, Integer::sum);
  }

  /** Does something right after the next file has been opened. */
  synchronized void onceOpened(Runnable work) {
    afterOpen = Optional.of(work);
  }

  synchronized int openTails() {
    return tails.size();
  }

  static Path path(String instance, Stream stream) {
    return Path.of("/logs/" + instance + "." + stream.word());
  }

  @Override
  public Optional<Path> file(InstanceName instance, ProgramSpec spec, Stream stream) {
    return stream == Stream.ERR && !spec.name().equals("noisy")
        ? Optional.empty()
        : Optional.of(path(instance.toString(), stream));
  }

  @Override
  public Optional<String> elsewhere(ProgramSpec spec, Stream stream) {
    return stream == Stream.ERR && !spec.name().equals("noisy")
        ? Optional.of("is with its stdout")
        : Optional.empty();
  }

  @Override
  public synchronized Tail open(Path file, From from, Runnable hasGrown) {
    int size = files.getOrDefault(file, List.of()).size();
    FakeTail tail = new FakeTail(file, Math.max(0, size - from.lines().orElse(size)), hasGrown);
    tails.add(tail);
    Optional<Runnable> work = afterOpen;
    afterOpen = Optional.empty();
    work.ifPresent(Runnable::run);
    return tail;
  }

  private final class FakeTail implements Tail {
    private final Path file;
    private final Runnable hasGrown;
    private int position;
    private boolean armed;

    private FakeTail(Path file, int position, Runnable hasGrown) {
      this.file = file;
      this.position = position;
      this.hasGrown = hasGrown;
    }

    private void grew(Path which) {
      if (armed && which.equals(file)) {
        armed = false;
        hasGrown.run();
      }
    }

    @Override
    public void arm() {
      synchronized (FakeLogs.this) {
        armed = true;
      }
    }

    @Override
    public void finish() {
      // It gives what there is, and every line is whole.
    }

    @Override
    public List<Piece> next(int bytes) {
      synchronized (FakeLogs.this) {
        List<String> lines = files.getOrDefault(file, List.of());
        List<Piece> pieces = new ArrayList<>();
        int gone = removed.getOrDefault(file, 0);
        if (position < gone) {
          pieces.add(new Piece.Gap(OptionalLong.of(position), OptionalLong.of(gone - 1)));
          position = gone;
        }
        int size = 0;
        while (position < lines.size() && size < bytes) {
          String line = lines.get(position++);
          pieces.add(new Piece.Line(line, false));
          size += line.length() + 100;
        }
        return pieces;
      }
    }

    @Override
    public void close() {
      synchronized (FakeLogs.this) {
        if (!tails.remove(this)) {
          throw new IllegalStateException("closed twice");
        }
      }
    }
  }
}
