package pm.daemon.store;

import java.util.random.RandomGenerator;

/** What ids of tasks begin with, so that those of two stores differ. */
final class Epochs {
  private static final int LETTERS = 4;

  private Epochs() {}

  /** Draws four lower-case letters and digits. */
  static String draw(RandomGenerator random) {
    StringBuilder letters = new StringBuilder(LETTERS);
    for (int i = 0; i < LETTERS; i++) {
      letters.append(Character.forDigit(random.nextInt(Character.MAX_RADIX), Character.MAX_RADIX));
    }
    return letters.toString();
  }
}
