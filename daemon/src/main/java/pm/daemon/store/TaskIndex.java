package pm.daemon.store;

/**
 * Where a store has what belongs to a task: a map from numbers to numbers, without an object for
 * each. A place stays where it is until the next {@link #put} or {@link #remove}.
 *
 * <p>Open addressing with linear probing; at most two thirds full. What belongs to a task lies side
 * by side, and so do tasks that follow one another, four at a time: they come and go together, and
 * in a large table it is the memory that costs. 32 bytes a place.
 */
final class TaskIndex {
  /** What {@link #find} returns for a task that is not there. */
  static final int NOWHERE = -1;

  private static final int LEAST = 256;

  /** 2^64 divided by the golden ratio: it spreads consecutive numbers evenly. */
  private static final long SPREAD = 0x9e3779b97f4a7c15L;

  /** So many bits of a number are not spread. */
  private static final int NEAR_BITS = 2;

  private static final int NEAR = (1 << NEAR_BITS) - 1;

  // The numbers of a place: the task, its data, its result, and first segment and size in one.
  private static final int DATA = 1;
  private static final int RESULT = 2;
  private static final int REST = 3;

  /** How many numbers a place has, as a power of two. */
  private static final int PLACE_BITS = 2;

  private long[] numbers = new long[LEAST << PLACE_BITS];
  private int places = LEAST;
  private int shift = shift(LEAST);
  private int count;
  private int generation;

  private static int shift(int places) {
    return 64 - Integer.numberOfTrailingZeros(places >> NEAR_BITS);
  }

  /** Returns how many tasks there are. */
  int count() {
    return count;
  }

  /** Returns how many places there are, taken or not. */
  int places() {
    return places;
  }

  /** Returns a number that changes when tasks may have moved to other places. */
  int generation() {
    return generation;
  }

  /** Returns the task at a place; 0 if it is free. */
  long taskAt(int place) {
    return numbers[place << PLACE_BITS];
  }

  /** Returns the place of a task, {@link #NOWHERE} if it is not there. */
  int find(long task) {
    int mask = places - 1;
    int place = home(task);
    long found = numbers[place << PLACE_BITS];
    while (found != 0) {
      if (found == task) {
        return place;
      }
      place = (place + 1) & mask;
      found = numbers[place << PLACE_BITS];
    }
    return NOWHERE;
  }

  /** Returns the place of a task, a new one with zeros if it was not there. */
  int put(long task) {
    if (task <= 0) {
      throw new IllegalArgumentException("no number of a task: " + task);
    }
    int found = find(task);
    if (found != NOWHERE) {
      return found;
    }
    if ((count + 1) * 3L > places * 2L) {
      resize(places * 2);
    }
    count++;
    return add(task);
  }

  private int add(long task) {
    int mask = places - 1;
    int place = home(task);
    while (numbers[place << PLACE_BITS] != 0) {
      place = (place + 1) & mask;
    }
    int at = place << PLACE_BITS;
    numbers[at] = task;
    numbers[at + DATA] = 0;
    numbers[at + RESULT] = 0;
    numbers[at + REST] = 0;
    return place;
  }

  /** Frees a place that is taken. */
  void remove(int freed) {
    int mask = places - 1;
    int gap = freed;
    // Whoever was pushed away by the one that goes moves up, so that probing needs no tombstones.
    int place = (gap + 1) & mask;
    for (long task = taskAt(place); task != 0; task = taskAt(place)) {
      int home = home(task);
      if (((place - home) & mask) >= ((place - gap) & mask)) {
        System.arraycopy(numbers, place << PLACE_BITS, numbers, gap << PLACE_BITS, 1 << PLACE_BITS);
        gap = place;
      }
      place = (place + 1) & mask;
    }
    numbers[gap << PLACE_BITS] = 0;
    count--;
    generation++;
    if (places > LEAST && count * 8L < places) {
      resize(places / 2);
    }
  }

  private void resize(int wanted) {
    final long[] old = numbers;
    numbers = new long[wanted << PLACE_BITS];
    places = wanted;
    shift = shift(wanted);
    generation++;
    for (int from = 0; from < old.length; from += 1 << PLACE_BITS) {
      if (old[from] != 0) {
        int at = add(old[from]) << PLACE_BITS;
        numbers[at + DATA] = old[from + DATA];
        numbers[at + RESULT] = old[from + RESULT];
        numbers[at + REST] = old[from + REST];
      }
    }
  }

  private int home(long task) {
    int near = (int) task & NEAR;
    return (int) (((task >>> NEAR_BITS) * SPREAD) >>> shift) << NEAR_BITS | near;
  }

  /** Returns the {@link Location} of its data, {@link Location#NONE} if it has none. */
  long data(int place) {
    return numbers[(place << PLACE_BITS) + DATA];
  }

  void data(int place, long location) {
    numbers[(place << PLACE_BITS) + DATA] = location;
  }

  /** Returns the {@link Location} of its result, {@link Location#NONE} if it has none. */
  long result(int place) {
    return numbers[(place << PLACE_BITS) + RESULT];
  }

  void result(int place, long location) {
    numbers[(place << PLACE_BITS) + RESULT] = location;
  }

  /** Returns the number of the first segment that has anything that is needed of it. */
  int first(int place) {
    return (int) (numbers[(place << PLACE_BITS) + REST] >>> Integer.SIZE);
  }

  void first(int place, int segment) {
    rest(place, segment, size(place));
  }

  /** Returns about how many bytes it would take to keep it anew, without data and result. */
  int size(int place) {
    return (int) numbers[(place << PLACE_BITS) + REST];
  }

  void size(int place, int bytes) {
    rest(place, first(place), bytes);
  }

  private void rest(int place, int segment, int bytes) {
    numbers[(place << PLACE_BITS) + REST] =
        (long) segment << Integer.SIZE | Integer.toUnsignedLong(bytes);
  }
}
