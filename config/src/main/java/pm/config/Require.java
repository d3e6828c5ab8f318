package pm.config;

import java.time.Duration;

/**
 * What records ask of their values. It is no part of one of them, so that none has to be
 * initialised before those that it is made of.
 */
final class Require {
  private Require() {}

  static void range(String key, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(key + " is " + least + " to " + most + ": " + value);
    }
  }

  static void positive(String key, Duration value) {
    if (!value.isPositive()) {
      throw new IllegalArgumentException(key + " is longer than 0: " + value);
    }
  }

  static void notNegative(String key, Duration value) {
    if (value.isNegative()) {
      throw new IllegalArgumentException(key + " is not negative: " + value);
    }
  }

  /**
   * Takes 0 to 1.
   *
   * @return the same, but 0.0 for -0.0, which is not equal to it in a record
   */
  static double fraction(String key, double value) {
    // Written so that NaN is refused too.
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(key + " is 0 to 1: " + value);
    }
    return value + 0.0;
  }
}
