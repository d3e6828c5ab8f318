package pm.shipped;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What workers have noted of the tasks that they got, each process in a file of its own: the truth
 * that the books of the daemon are compared with.
 */
final class Notes {

  /**
   * One attempt.
   *
   * @param invocation who had it
   * @param beganNanos on the clock that {@code System.nanoTime} reads on Linux
   * @param reached how far it came
   */
  record Attempt(String invocation, String task, int number, long beganNanos, Reached reached) {

    /** Whether all of its answer was surely written. */
    boolean isAnswered() {
      return reached == Reached.ANSWERED;
    }

    /** Whether its worker has at least begun to answer. */
    boolean mayBeAnswered() {
      return reached != Reached.BEGUN;
    }
  }

  /** How far an attempt came. */
  enum Reached {
    BEGUN,
    ANSWERING,
    ANSWERED
  }

  /**
   * @param attempts in the order in which they began
   * @param invocations all that have written anything
   * @param cancels how often each task was to be cancelled
   * @param shutdowns how many workers were told to finish
   */
  record Book(
      List<Attempt> attempts,
      List<String> invocations,
      Map<String, Integer> cancels,
      int shutdowns) {

    List<String> tasks() {
      return attempts.stream().map(Attempt::task).toList();
    }

    List<Attempt> of(String task) {
      return attempts.stream().filter(attempt -> attempt.task().equals(task)).toList();
    }
  }

  private final Path folder;

  Notes(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    try (InputStream script = Notes.class.getResourceAsStream("noting.py")) {
      Files.writeString(
          folder.resolveSibling("noting.py"), new String(script.readAllBytes(), UTF_8));
    }
  }

  /** Returns the keys of a program that makes it a worker which notes what it does. */
  String worker() {
    return """
        type: worker
        command: [python3, "%s"]
        environment: {NOTES: "%s"}
    """
        .formatted(folder.resolveSibling("noting.py"), folder)
        .indent(0);
  }

  /**
   * Returns the keys of such a worker that has several tasks in hand.
   *
   * @param environment further variables, as {@code FRAMING: line}; empty for none
   */
  String busyWorker(String environment) {
    String more = "THREADS: \"yes\"" + (environment.isEmpty() ? "" : ", " + environment);
    return worker().replace("environment: {", "environment: {" + more + ", ");
  }

  Book read() {
    List<Attempt> attempts = new ArrayList<>();
    List<String> invocations = new ArrayList<>();
    Map<String, Integer> cancels = new HashMap<>();
    int shutdowns = 0;
    for (Path file : files()) {
      String invocation = file.getFileName().toString();
      invocations.add(invocation);
      Map<String, Attempt> open = new HashMap<>();
      for (String line : lines(file)) {
        String[] words = line.split(" ", -1);
        String task = words[1];
        int number = words.length > 2 ? Integer.parseInt(words[2]) : 0;
        switch (words[0]) {
          case "begin" -> {
            long nanos = Long.parseLong(words[3]);
            Attempt begun = new Attempt(invocation, task, number, nanos, Reached.BEGUN);
            Attempt before = open.put(task + "/" + number, begun);
            if (before != null) {
              attempts.add(before);
            }
          }
          case "answered" -> {
            Attempt begun = Objects.requireNonNull(open.remove(task + "/" + number), line);
            attempts.add(reached(begun, Reached.ANSWERED));
          }
          case "answering" ->
              open.computeIfPresent(
                  task + "/" + number, (name, begun) -> reached(begun, Reached.ANSWERING));
          case "cancel" -> cancels.merge(task, 1, Integer::sum);
          case "shutdown" -> shutdowns++;
          default -> throw new AssertionError(line);
        }
      }
      attempts.addAll(open.values());
    }
    attempts.sort(Comparator.comparingLong(Attempt::beganNanos));
    return new Book(attempts, invocations, cancels, shutdowns);
  }

  private static Attempt reached(Attempt attempt, Reached reached) {
    return new Attempt(
        attempt.invocation(), attempt.task(), attempt.number(), attempt.beganNanos(), reached);
  }

  private List<Path> files() {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  /** The whole lines; a killed worker leaves no other, for each is one write. */
  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
