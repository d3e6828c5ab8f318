package pm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FoldersTest {
  @Test
  void givenRoot_thenThoseOfTheSystem() throws MalformedValueException {
    assertThat(resolve(0, Map.of("XDG_CONFIG_HOME", "/ignored")))
        .isEqualTo(
            new Folders(
                Path.of("/etc/pm"),
                Path.of("/run/pm"),
                Path.of("/var/lib/pm"),
                Path.of("/var/log/pm"),
                Optional.empty()));
  }

  @Test
  void givenUser_thenXdg() throws MalformedValueException {
    assertThat(resolve(1000, Map.of("HOME", "/home/u", "XDG_RUNTIME_DIR", "/run/user/1000")))
        .isEqualTo(
            new Folders(
                Path.of("/home/u/.config/pm"),
                Path.of("/run/user/1000/pm"),
                Path.of("/home/u/.local/state/pm"),
                Path.of("/home/u/.local/state/pm/log"),
                Optional.empty()));
    Folders others =
        resolve(
            1000,
            Map.of(
                "HOME",
                "/home/u",
                "XDG_CONFIG_HOME",
                "/c",
                "XDG_STATE_HOME",
                "relative/is/ignored"));
    assertThat(others.config()).isEqualTo(Path.of("/c/pm"));
    assertThat(others.state()).isEqualTo(Path.of("/home/u/.local/state/pm"));
    assertThat(others.run()).isEqualTo(Path.of("/tmp/pm-1000"));
  }

  /** As in {@code --home "$UNSET"}, which meant the folder that it was called in. */
  @Test
  void givenAnEmptyOption_thenItIsRefused() {
    for (int uid : new int[] {0, 1000}) {
      assertThatThrownBy(
              () -> Folders.resolve(uid, Map.of("HOME", "/"), Optional.of(""), Optional.empty()))
          .hasMessage("--home is empty; name a folder, or leave it out");
      assertThatThrownBy(
              () -> Folders.resolve(uid, Map.of("HOME", "/"), Optional.empty(), Optional.of("")))
          .hasMessage("--socket is empty; name a socket, or leave it out");
    }
  }

  @Test
  void givenHomeOption_thenAllBelowItAndItWinsOverTheEnvironment() throws MalformedValueException {
    Folders folders =
        Folders.resolve(0, Map.of("PM_HOME", "/other"), Optional.of("/srv/./pm"), Optional.empty());
    assertThat(folders)
        .isEqualTo(
            new Folders(
                Path.of("/srv/pm/config"),
                Path.of("/srv/pm/run"),
                Path.of("/srv/pm/state"),
                Path.of("/srv/pm/log"),
                Optional.empty()));
    assertThat(resolve(7, Map.of("PM_HOME", "/other")).run()).isEqualTo(Path.of("/other/run"));
  }

  @Test
  void socketComesFromOptionThenEnvironmentThenFileThenRuntimeFolder()
      throws MalformedValueException {
    var spec = new SocketSpec(Optional.of("/file.sock"), 0660, "pm");
    Map<String, String> environment = Map.of("PM_HOME", "/h", "PM_SOCKET", "/env.sock");
    assertThat(
            Folders.resolve(7, environment, Optional.empty(), Optional.of("/option.sock"))
                .socket(spec))
        .isEqualTo(Path.of("/option.sock"));
    assertThat(resolve(7, environment).socket(spec)).isEqualTo(Path.of("/env.sock"));
    assertThat(resolve(7, Map.of("PM_HOME", "/h")).socket(spec)).isEqualTo(Path.of("/file.sock"));
    assertThat(resolve(7, Map.of("PM_HOME", "/h")).socket()).isEqualTo(Path.of("/h/run/pmd.sock"));
  }

  @Test
  void givenNoHome_thenSaysWhatToDo() {
    assertThatThrownBy(() -> resolve(7, Map.of("HOME", "")))
        .hasMessage("neither HOME nor XDG_STATE_HOME is set; set one, or give --home DIR");
  }

  private static Folders resolve(int uid, Map<String, String> environment)
      throws MalformedValueException {
    return Folders.resolve(uid, environment, Optional.empty(), Optional.empty());
  }
}
