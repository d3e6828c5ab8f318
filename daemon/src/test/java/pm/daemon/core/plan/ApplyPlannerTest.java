package pm.daemon.core.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import pm.config.Command;
import pm.config.Configuration;
import pm.config.DaemonSpec;
import pm.config.DependencyCondition;
import pm.config.Location;
import pm.config.PoolSpec;
import pm.config.Problem;
import pm.config.ProgramSpec;
import pm.config.ProgramType;
import pm.daemon.core.model.ApplyPlan;
import pm.daemon.core.model.ApplyPlan.Action;

class ApplyPlannerTest {

  private static final String FILE = "/etc/pm/programs.d/web.yaml";

  private static ProgramSpec program(String name, String command) {
    return new ProgramSpec.Builder(name, new Command(List.of(command), false))
        .location(new Location(FILE, 3, 5))
        .build();
  }

  private static SortedMap<String, ProgramSpec> inForce(ProgramSpec... programs) {
    TreeMap<String, ProgramSpec> specs = new TreeMap<>();
    for (ProgramSpec program : programs) {
      specs.put(program.name(), program);
    }
    return specs;
  }

  private static Configuration files(
      Map<String, List<Problem>> invalid, List<Problem> others, ProgramSpec... programs) {
    List<Problem> problems = new ArrayList<>(others);
    invalid.values().forEach(problems::addAll);
    return new Configuration(
        DaemonSpec.DEFAULT, inForce(programs), new TreeMap<>(invalid), problems);
  }

  private static Problem problem(String file) {
    return new Problem(new Location(file, 1, 1), "", "not readable", "");
  }

  private static Map<String, Action> actions(ApplyPlan plan) {
    Map<String, Action> actions = new TreeMap<>();
    plan.programs().forEach(step -> actions.put(step.program(), step.action()));
    return actions;
  }

  @Test
  void programsComeGoChangeAndStay() {
    ApplyPlan plan =
        ApplyPlanner.plan(
            inForce(program("db", "/bin/db"), program("old", "/bin/old"), program("web", "/bin/a")),
            files(
                Map.of(),
                List.of(),
                program("db", "/bin/db"),
                program("fresh", "/bin/fresh"),
                program("web", "/bin/b")));
    assertThat(actions(plan))
        .isEqualTo(
            Map.of(
                "db", Action.UNCHANGED,
                "fresh", Action.ADD,
                "old", Action.REMOVE,
                "web", Action.RESTART));
    assertThat(plan.problems()).isEmpty();
  }

  @Test
  void whereAProgramStandsIsNoChange() {
    ProgramSpec before = program("web", "/bin/web");
    ProgramSpec moved =
        new ProgramSpec.Builder(before).location(new Location("/elsewhere", 9, 9)).build();
    ApplyPlan plan = ApplyPlanner.plan(inForce(before), files(Map.of(), List.of(), moved));
    assertThat(actions(plan)).isEqualTo(Map.of("web", Action.UNCHANGED));
  }

  @Test
  void aPoolChangesWhileItsWorkersGoOn() {
    ProgramSpec plain =
        new ProgramSpec.Builder(program("mail", "/bin/mail")).type(ProgramType.WORKER).build();
    ProgramSpec pooled = new ProgramSpec.Builder(plain).pool(Optional.of(PoolSpec.DEFAULT)).build();
    ProgramSpec wider =
        new ProgramSpec.Builder(plain).pool(Optional.of(PoolSpec.DEFAULT.withBounds(2, 8))).build();
    for (ProgramSpec before : List.of(plain, pooled, wider)) {
      for (ProgramSpec after : List.of(plain, pooled, wider)) {
        ApplyPlan plan = ApplyPlanner.plan(inForce(before), files(Map.of(), List.of(), after));
        assertThat(actions(plan))
            .isEqualTo(Map.of("mail", before == after ? Action.UNCHANGED : Action.LIVE));
      }
    }
    ApplyPlan added = ApplyPlanner.plan(inForce(), files(Map.of(), List.of(), wider));
    assertThat(added.programs().getFirst().detail()).isEqualTo("a pool of 2 to 8");
  }

  @Test
  void aProgramWithAnErrorGoesOnAsItWas() {
    Problem problem = problem(FILE);
    ApplyPlan plan =
        ApplyPlanner.plan(
            inForce(program("web", "/bin/web")),
            files(Map.of("web", List.of(problem), "new", List.of(problem)), List.of()));
    assertThat(actions(plan)).isEqualTo(Map.of("new", Action.INVALID, "web", Action.INVALID));
    assertThat(plan.programs().get(0).detail()).isEqualTo("its definition has an error");
    assertThat(plan.programs().get(1).detail())
        .isEqualTo("its new definition has an error; it goes on as it was");
    assertThat(plan.problems()).contains(problem);
  }

  @Test
  void aBrokenFileTakesNothingAway() {
    ApplyPlan plan =
        ApplyPlanner.plan(
            inForce(program("web", "/bin/web")), files(Map.of(), List.of(problem(FILE))));
    assertThat(actions(plan)).isEqualTo(Map.of("web", Action.INVALID));
    assertThat(plan.programs().getFirst().detail())
        .isEqualTo(FILE + " has an error; it goes on as it was");
  }

  @Test
  void aBrokenFileElsewhereKeepsNothing() {
    Problem other = problem("/etc/pm/programs.d/other.yaml");
    ApplyPlan plan =
        ApplyPlanner.plan(
            inForce(program("web", "/bin/web")),
            new Configuration(
                DaemonSpec.DEFAULT,
                new TreeMap<>(),
                new TreeMap<>(),
                new TreeMap<>(Map.of(other.location().file(), List.of(other))),
                List.of(other)));
    assertThat(actions(plan)).isEqualTo(Map.of("web", Action.REMOVE));
  }

  @Test
  void whatIsNewSaysHowManyItIs() {
    ProgramSpec one = program("one", "/bin/a");
    ProgramSpec three = new ProgramSpec.Builder(program("three", "/bin/a")).instances(3).build();
    ApplyPlan plan = ApplyPlanner.plan(inForce(), files(Map.of(), List.of(), one, three));
    assertThat(plan.programs())
        .extracting(ApplyPlan.ProgramStep::detail)
        .containsExactly("1 instance", "3 instances");
  }

  @Test
  void whatWouldDependOnItselfWithWhatGoesOnWaits() {
    Problem error = problem("/etc/pm/programs.d/db.yaml");
    ProgramSpec db = dependent("db", "web");
    ApplyPlan plan =
        ApplyPlanner.plan(
            inForce(db, program("web", "/bin/web")),
            files(Map.of("db", List.of(error)), List.of(), dependent("web", "db")));
    assertThat(actions(plan)).isEqualTo(Map.of("db", Action.INVALID, "web", Action.INVALID));
    assertThat(plan.programs().get(1).detail())
        .isEqualTo("it would depend on itself; it goes on as it was");
    assertThat(plan.problems())
        .last()
        .hasToString(
            FILE
                + ":3:5: programs.web.depends_on: with what goes on as it was, it depends on"
                + " itself: db -> web -> db; mend the other definitions first");
    ApplyPlan fresh =
        ApplyPlanner.plan(
            inForce(db), files(Map.of("db", List.of(error)), List.of(), dependent("web", "db")));
    assertThat(fresh.programs().get(1).detail()).isEqualTo("it would depend on itself");
  }

  private static ProgramSpec dependent(String name, String on) {
    return new ProgramSpec.Builder(program(name, "/bin/" + name))
        .dependsOn(new TreeMap<>(Map.of(on, DependencyCondition.READY)))
        .build();
  }

  @Test
  void nothingToNothingIsNothing() {
    assertThat(ApplyPlanner.plan(new TreeMap<>(), Configuration.EMPTY).programs()).isEmpty();
  }
}
