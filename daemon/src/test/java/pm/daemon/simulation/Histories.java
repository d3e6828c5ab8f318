package pm.daemon.simulation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.slf4j.LoggerFactory;
import pm.protocol.Json;

/**
 * Lives the histories of the seeds that it reads, a line each: {@code SIMULATION SEED STEPS}. It
 * answers each with a line of JSON: how many events the history had, and what was broken, if
 * anything.
 */
public final class Histories {

  private static final int MOST_CHARACTERS = 1_500;

  private Histories() {}

  /** How one went: {@code what} is empty if all laws held. */
  private record Lived(long events, String what) {}

  /** Takes no arguments. */
  public static void main(String[] arguments) throws IOException {
    // Daemons that find torn journals say so; here that is what they are to find.
    ((Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
    BufferedReader asked =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = asked.readLine(); line != null; line = asked.readLine()) {
      String[] words = line.split(" ", -1);
      Lived lived = live(words[0], Long.parseLong(words[1]), Integer.parseInt(words[2]));
      String what =
          lived.what.length() > MOST_CHARACTERS
              ? lived.what.substring(0, MOST_CHARACTERS)
              : lived.what;
      System.out.println(Json.write(Map.of("events", lived.events, "what", what)));
      System.out.flush();
    }
  }

  private static Lived live(String simulation, long seed, int steps) {
    try {
      return switch (simulation.toLowerCase(Locale.ROOT)) {
        case "instances" -> instances(seed, steps);
        case "tasks" -> tasks(seed, steps);
        case "order" -> new Lived(OrderSimulation.run(seed, steps, OrderSimulation.Bug.NONE), "");
        default -> throw new IllegalArgumentException("no simulation " + simulation);
      };
    } catch (RuntimeException | StackOverflowError thrown) {
      return new Lived(0, thrown.toString());
    }
  }

  private static Lived instances(long seed, int count) {
    List<Integer> steps = new ArrayList<>(IntStream.range(0, count).boxed().toList());
    Simulation.Outcome outcome = Simulation.run(seed, steps, Sabotage.NONE, false);
    return new Lived(outcome.events(), outcome.violation().map(Violation::told).orElse(""));
  }

  private static Lived tasks(long seed, int steps) {
    TaskSimulation.Outcome outcome = TaskSimulation.run(seed, steps, TaskSabotage.NONE, false);
    return new Lived(
        outcome.events(), outcome.violation().map(RuntimeException::toString).orElse(""));
  }
}
