package pm.config;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * Gathers what is wrong with one program or one file. Bounded, for a file can be wrong on every
 * line.
 */
final class Problems {
  static final int MOST = 100;

  private final String file;
  private final List<Problem> all = new ArrayList<>(0);

  /** Where nodes stand that do not come from {@link #file}, by identity. */
  private final IdentityHashMap<Object, String> origins;

  Problems(String file) {
    this(file, new IdentityHashMap<>(0));
  }

  Problems(String file, IdentityHashMap<Object, String> origins) {
    this.file = file;
    this.origins = origins;
  }

  /** An empty one for the same file. */
  Problems another() {
    return new Problems(file, origins);
  }

  String file() {
    return file;
  }

  void add(Node at, String path, String message, String remedy) {
    add(locate(at), path, message, remedy);
  }

  void add(Node.Entry at, String path, String message, String remedy) {
    add(locate(at), path, message, remedy);
  }

  void add(Location at, String path, String message, String remedy) {
    add(new Problem(at, path, message, remedy));
  }

  void add(Problem problem) {
    if (all.size() < MOST) {
      all.add(problem);
    } else if (all.size() == MOST) {
      all.add(
          new Problem(
              problem.location(),
              "",
              "there are more problems from here on",
              "mend those before this first"));
    }
  }

  void addAll(List<Problem> problems) {
    for (Problem problem : problems) {
      add(problem);
    }
  }

  /**
   * Whether another problem would not be kept, so that there is no need to think about a remedy.
   */
  boolean isFull() {
    return all.size() > MOST;
  }

  boolean isEmpty() {
    return all.isEmpty();
  }

  List<Problem> sorted() {
    var sorted = new ArrayList<>(all);
    sorted.sort(null);
    return List.copyOf(sorted);
  }

  Location locate(Node node) {
    return new Location(fileOf(node), node.line(), node.column());
  }

  Location locate(Node.Entry entry) {
    return new Location(fileOf(entry), entry.line(), entry.column());
  }

  private String fileOf(Object place) {
    return origins.isEmpty() ? file : origins.getOrDefault(place, file);
  }
}
