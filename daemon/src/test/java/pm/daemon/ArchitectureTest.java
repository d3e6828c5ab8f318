package pm.daemon;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Holds the lines between the packages of the daemon, as {@code docs/architecture.md} draws them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArchitectureTest {

  // Not static: they are tens of megabytes, which the tests after these need not carry.
  private final JavaClasses production =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("pm.daemon");

  private final JavaClasses everything = new ClassFileImporter().importPackages("pm");

  /**
   * Our packages that each package of ours may use, besides itself. What is not here may not exist.
   */
  private static final Map<String, List<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("core.model", List.of("pm.config")),
          Map.entry("core.event", List.of("pm.config", "core.model")),
          Map.entry("core.instance", List.of("pm.config", "core.model", "core.event")),
          Map.entry("core.task", List.of("pm.config", "core.model", "core.event")),
          Map.entry("core.pool", List.of("pm.config", "core.model", "core.event", "core.task")),
          Map.entry("core.plan", List.of("pm.config", "core.model")),
          Map.entry("core", List.of("pm.config", "core..")),
          Map.entry("posix", List.of()),
          Map.entry("loop", List.of("core..", "posix")),
          Map.entry("process", List.of("core..", "loop", "posix", "pm.config")),
          Map.entry("output", List.of("core..", "loop", "posix", "pm.config")),
          Map.entry("worker", List.of("core..", "loop", "posix", "pm.config", "pm.protocol")),
          Map.entry("probe", List.of("core..", "loop", "posix", "pm.config")),
          Map.entry("notify", List.of("core..", "loop", "posix", "pm.config")),
          Map.entry("control", List.of("core..", "loop", "posix", "pm.config", "pm.protocol")),
          Map.entry("store", List.of("core..", "posix", "pm.config", "pm.protocol")),
          Map.entry("metrics", List.of("core..", "pm.config")));

  @Test
  void theRulesHaveSeenTheClasses() {
    assertThat(production).as("classes the rules look at").hasSizeGreaterThan(300);
    assertThat(everything.contain(ArchitectureTest.class)).isTrue();
  }

  @Test
  void everyPackageIsInTheTable() {
    assertThat(production.stream().map(JavaClass::getPackageName).distinct())
        .filteredOn(name -> !name.equals("pm.daemon"))
        .allSatisfy(name -> assertThat(MAY_USE).containsKey(name.substring("pm.daemon.".length())));
  }

  @Test
  void eachPackageUsesOnlyWhatItMay() {
    MAY_USE.forEach(
        (name, others) -> {
          String[] allowed =
              Stream.concat(Stream.of(name), others.stream())
                  .map(ArchitectureTest::qualified)
                  .toArray(String[]::new);
          classes()
              .that()
              .resideInAPackage(qualified(name))
              .should()
              .onlyDependOnClassesThat(
                  describe(
                      "are foreign or in " + Arrays.toString(allowed),
                      (JavaClass used) ->
                          !used.getPackageName().startsWith("pm.")
                              || JavaClass.Predicates.resideInAnyPackage(allowed).test(used)))
              .allowEmptyShould(true)
              .check(production);
        });
  }

  @Test
  void theCoreIsPure() {
    classes()
        .that()
        .resideInAPackage("pm.daemon.core..")
        .should()
        .onlyDependOnClassesThat(
            JavaClass.Predicates.resideInAnyPackage(
                    "pm.daemon.core..",
                    "pm.config",
                    "java.lang..",
                    "java.util",
                    "java.util.function",
                    "java.util.stream",
                    "java.util.random",
                    "java.util.regex",
                    "java.time",
                    "java.time.temporal",
                    "org.jspecify.annotations",
                    "com.google.errorprone.annotations")
                .or(primitives())
                .or(JavaClass.Predicates.type(TimeUnit.class)))
        .allowEmptyShould(true)
        .check(production);
    noClasses()
        .that()
        .resideInAPackage("pm.daemon.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.slf4j..", "java.lang.reflect", "java.lang.foreign")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Process.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(ProcessHandle.class)
        .orShould()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .orShould()
        .callMethod(System.class, "getenv", String.class)
        .orShould()
        .callMethod(System.class, "getProperty", String.class)
        .allowEmptyShould(true)
        .check(production);
  }

  @Test
  void timeAndChanceComeToTheCoreAsArguments() {
    noClasses()
        .that()
        .resideInAPackage("pm.daemon.core..")
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(LocalDateTime.class, "now")
        .orShould()
        .callMethod(ZonedDateTime.class, "now")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Clock.class)
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .callConstructor(java.util.Random.class)
        .allowEmptyShould(true)
        .check(production);
  }

  @Test
  void onlyPosixKnowsTheKernelsDoor() {
    noClasses()
        .that()
        .resideOutsideOfPackage("pm.daemon.posix")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jnr..", "com.kenai..", "java.lang.foreign", "sun..")
        .allowEmptyShould(true)
        .check(production);
  }

  @Test
  void programsAreNeverStartedThroughTheJdk() {
    noClasses()
        .that()
        // It asks another version of pmd, and tells the reaper that the child is its own.
        .doNotHaveFullyQualifiedName("pm.daemon.InstalledVersion")
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ProcessBuilder.class)
        .orShould()
        .callMethod(Runtime.class, "exec", String[].class)
        .allowEmptyShould(true)
        .check(production);
  }

  @Test
  void nothingWakesUpByItself() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .areAssignableTo(ScheduledExecutorService.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(java.util.Timer.class)
        .allowEmptyShould(true)
        .check(production);
  }

  @Test
  void nobodySleeps() {
    noClasses()
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(Thread.class, "sleep", long.class, int.class)
        .orShould()
        .callMethod(Thread.class, "sleep", java.time.Duration.class)
        .orShould()
        .callMethod(TimeUnit.class, "sleep", long.class)
        .check(everything);
  }

  @Test
  void packagesAreFreeOfCycles() {
    slices()
        .matching("pm.daemon.(**)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(production);
  }

  private static String qualified(String name) {
    return name.startsWith("pm.") ? name : "pm.daemon." + name;
  }

  private static DescribedPredicate<JavaClass> primitives() {
    return describe(
        "are primitive",
        type ->
            type.isPrimitive() || (type.isArray() && type.getBaseComponentType().isPrimitive()));
  }
}
