package pm.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Holds the client apart from the daemon, and from what would make its start slow. */
class ArchitectureTest {

  private static final JavaClasses PRODUCTION =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("pm.cli");

  private static final JavaClasses EVERYTHING = new ClassFileImporter().importPackages("pm");

  @Test
  void theRulesHaveSeenTheClasses() {
    assertThat(PRODUCTION).as("classes the rules look at").hasSizeGreaterThan(40);
    assertThat(EVERYTHING.contain(ArchitectureTest.class)).isTrue();
  }

  @Test
  void theClientNeverUsesTheDaemon() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("pm.daemon..", "jnr..")
        .allowEmptyShould(true)
        .check(PRODUCTION);
  }

  @Test
  void oneClassKnowsOfTheNativeLibrary() {
    noClasses()
        .that()
        .haveNameNotMatching("pm\\.cli\\.client\\.NativeLink(\\$.*)?")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.kenai..", "java.lang.foreign")
        .check(PRODUCTION);
  }

  @Test
  void theClientStartsWithoutAHeavyLibrary() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "com.fasterxml.jackson.databind..",
            "org.slf4j..",
            "ch.qos.logback..",
            "java.net.http..")
        .allowEmptyShould(true)
        .check(PRODUCTION);
  }

  @Test
  void nobodySleeps() {
    noClasses()
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(Thread.class, "sleep", long.class, int.class)
        .orShould()
        .callMethod(Thread.class, "sleep", Duration.class)
        .orShould()
        .callMethod(TimeUnit.class, "sleep", long.class)
        .check(EVERYTHING);
  }
}
