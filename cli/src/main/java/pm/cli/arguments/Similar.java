package pm.cli.arguments;

import java.util.ArrayList;
import java.util.List;

/** Finds what a mistyped word may have been meant to be. */
public final class Similar {
  private static final int MOST = 3;

  private Similar() {}

  /**
   * The words that are nearest to {@code typed}: at most two letters too many, too few, wrong or
   * changed about, one in a short word; or those that it begins.
   */
  public static List<String> words(String typed, List<String> known) {
    int nearest = typed.length() <= 4 ? 1 : 2;
    List<String> similar = new ArrayList<>();
    for (String word : known) {
      int distance = distance(typed, word);
      if (distance < nearest) {
        nearest = distance;
        similar.clear();
      }
      if (distance == nearest) {
        similar.add(word);
      }
    }
    for (String word : known) {
      if (similar.isEmpty() && typed.length() >= 2 && word.startsWith(typed)) {
        similar.add(word);
      }
    }
    return similar.size() > MOST ? List.copyOf(similar.subList(0, MOST)) : similar;
  }

  /** "Did you mean" with a blank after it; empty if nothing is like it. */
  public static String hint(String typed, List<String> known) {
    List<String> words = words(typed, known);
    return words.isEmpty() ? "" : "Did you mean " + String.join(" or ", words) + "? ";
  }

  /** The optimal string alignment distance: edits, a swap of two neighbours counts as one. */
  private static int distance(String one, String two) {
    int[][] distances = new int[one.length() + 1][two.length() + 1];
    for (int i = 0; i <= one.length(); i++) {
      for (int j = 0; j <= two.length(); j++) {
        if (i == 0 || j == 0) {
          distances[i][j] = i + j;
          continue;
        }
        int change = one.charAt(i - 1) == two.charAt(j - 1) ? 0 : 1;
        int best = Math.min(distances[i - 1][j], distances[i][j - 1]) + 1;
        best = Math.min(best, distances[i - 1][j - 1] + change);
        boolean swapped =
            i > 1
                && j > 1
                && one.charAt(i - 1) == two.charAt(j - 2)
                && one.charAt(i - 2) == two.charAt(j - 1);
        distances[i][j] = swapped ? Math.min(best, distances[i - 2][j - 2] + 1) : best;
      }
    }
    return distances[one.length()][two.length()];
  }
}
