package pm.shipped;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what tells nobody that it has happened, up to a limit that only a failure reaches. */
final class Await {

  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private Await() {}

  static void until(String what, BooleanSupplier condition) {
    value(what, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty(), () -> "");
  }

  static void until(String what, BooleanSupplier condition, Supplier<String> otherwise) {
    value(what, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty(), otherwise);
  }

  static <T> T value(String what, Supplier<Optional<T>> value, Supplier<String> otherwise) {
    long deadline = System.nanoTime() + LIMIT_NANOS;
    while (true) {
      Optional<T> found = value.get();
      if (found.isPresent()) {
        return found.get();
      }
      if (Thread.currentThread().isInterrupted() || System.nanoTime() > deadline) {
        throw new AssertionError("not in a minute: " + what + ". " + otherwise.get());
      }
      LockSupport.parkNanos(LOOK_EVERY_NANOS);
    }
  }

  /** Lets time pass: for moments drawn at random, never to wait for something. */
  static void moment(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }
}
