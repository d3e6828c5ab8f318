package pm.daemon.core.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What is known of the health of a process that is up, and when it is looked at next. It is not
 * kept across a crash of the daemon: the next one looks anew.
 *
 * @param number of the last check that was begun in this invocation; 0 before the first
 * @param flights checks that are not answered yet, oldest first
 * @param nextAt when the next one is due; {@link Moment#NEVER} for none
 * @param failures failed in a row
 * @param successes passed in a row
 * @param tries failed since this phase began
 * @param lastFailure what the last failed one has seen, in words
 * @param passed whether one has passed since it is ready
 * @param watchdogAt when {@code WATCHDOG=1} is missing; {@link Moment#NEVER} where none is awaited
 * @param meter what it uses
 */
public record Health(
    long number,
    List<Flight> flights,
    long nextAt,
    int failures,
    int successes,
    long tries,
    String lastFailure,
    boolean passed,
    long watchdogAt,
    Meter meter) {

  /** The most checks of one instance that may be unanswered at a time. */
  public static final int MOST_FLIGHTS = 16;

  /** Nothing is known and nothing looked at. */
  public static final Health NONE =
      new Health(0, List.of(), Moment.NEVER, 0, 0, 0, "", false, Moment.NEVER, Meter.OFF);

  public Health {
    flights = List.copyOf(flights);
  }

  /** Returns when something of it is due. */
  public long deadline() {
    long earliest = Math.min(Math.min(nextAt, watchdogAt), meter.nextAt());
    for (Flight flight : flights) {
      earliest = Math.min(earliest, flight.until());
    }
    return earliest;
  }

  /** Returns health of which only the numbering and the meter go on, as a phase begins. */
  public Health anew(long firstAt, long watchdog) {
    return new Health(number, List.of(), firstAt, 0, 0, 0, "", false, watchdog, meter);
  }

  /** Returns this one with another time of the next check. */
  public Health next(long nanos) {
    return new Health(
        number, flights, nanos, failures, successes, tries, lastFailure, passed, watchdogAt, meter);
  }

  /** Returns this one with another time at which a sign of life is missing. */
  public Health watching(long nanos) {
    return new Health(
        number, flights, nextAt, failures, successes, tries, lastFailure, passed, nanos, meter);
  }

  /** Returns this one with another meter. */
  public Health with(Meter other) {
    return new Health(
        number,
        flights,
        nextAt,
        failures,
        successes,
        tries,
        lastFailure,
        passed,
        watchdogAt,
        other);
  }

  /** Returns this one with one more check begun. */
  public Health sent(long sentAt, long until, long next) {
    List<Flight> more = new ArrayList<>(flights);
    more.add(new Flight(number + 1, sentAt, until));
    return new Health(
        number + 1, more, next, failures, successes, tries, lastFailure, passed, watchdogAt, meter);
  }

  /** Returns this one without the check {@code upTo} and those before it. */
  public Health landed(long upTo) {
    return keeping(flight -> flight.number() > upTo);
  }

  /** Returns this one without the check {@code only}. */
  public Health without(long only) {
    return keeping(flight -> flight.number() != only);
  }

  private Health keeping(Predicate<Flight> open) {
    return new Health(
        number,
        flights.stream().filter(open).toList(),
        nextAt,
        failures,
        successes,
        tries,
        lastFailure,
        passed,
        watchdogAt,
        meter);
  }

  /** Returns the check of this number, if it is not answered yet. */
  public Optional<Flight> flight(long wanted) {
    return flights.stream().filter(flight -> flight.number() == wanted).findFirst();
  }

  /** Returns this one with one more success. */
  public Health better() {
    return new Health(
        number, flights, nextAt, 0, successes + 1, tries, lastFailure, true, watchdogAt, meter);
  }

  /** Returns this one with one more failure. */
  public Health worse(String why) {
    return new Health(
        number, flights, nextAt, failures + 1, 0, tries + 1, why, passed, watchdogAt, meter);
  }
}
