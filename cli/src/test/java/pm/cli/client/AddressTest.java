package pm.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AddressTest {

  @TempDir Path folder;

  @Test
  void aDaemonOfTheirOwnGoesFirstThenThatOfTheMachine() throws Exception {
    Path own = folder.resolve("own.sock");
    Path machine = folder.resolve("machine.sock");
    assertThat(Address.firstThere(own, machine)).isEqualTo(own);

    Files.createFile(machine);
    assertThat(Address.firstThere(own, machine)).isEqualTo(machine);

    Files.createFile(own);
    assertThat(Address.firstThere(own, machine)).isEqualTo(own);
  }

  @Test
  void whatIsNamedIsUsedWhetherItIsThereOrNot() throws Exception {
    String named = folder.resolve("none.sock").toString();
    assertThat(new Address(Map.of(), Optional.empty(), Optional.of(named)).socket())
        .isEqualTo(Path.of(named));
    assertThat(
            new Address(Map.of("PM_HOME", folder.toString()), Optional.empty(), Optional.empty())
                .socket())
        .isEqualTo(folder.resolve("run/pmd.sock"));
  }
}
