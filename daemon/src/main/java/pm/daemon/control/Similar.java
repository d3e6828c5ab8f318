package pm.daemon.control;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** Finds what somebody may have meant. */
final class Similar {
  private static final int MOST = 3;
  private static final int LONGEST = 80;

  private Similar() {}

  private record Candidate(String name, int distance) {}

  /** Returns at most three of {@code names} that are near {@code text}, the nearest first. */
  static List<String> to(String text, Collection<String> names) {
    String word = text.toLowerCase(Locale.ROOT);
    if (word.length() > LONGEST) {
      return List.of();
    }
    int most = Math.min(3, Math.max(1, word.length() / 3));
    return new TreeSet<>(names)
        .stream()
            .map(name -> new Candidate(name, distance(word, name.toLowerCase(Locale.ROOT))))
            .filter(candidate -> candidate.distance() <= most)
            .sorted(Comparator.comparingInt(Candidate::distance))
            .limit(MOST)
            .map(Candidate::name)
            .toList();
  }

  /** Insertions, deletions, replacements and exchanges of neighbours between two words. */
  private static int distance(String a, String b) {
    int[][] cost = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          cost[i][j] = i + j;
          continue;
        }
        int replace = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int best = Math.min(replace, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        boolean exchanged =
            i > 1
                && j > 1
                && a.charAt(i - 1) == b.charAt(j - 2)
                && a.charAt(i - 2) == b.charAt(j - 1);
        cost[i][j] = exchanged ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
      }
    }
    return cost[a.length()][b.length()];
  }
}
