package pm.daemon.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class InstanceNameTest {

  @Test
  void readsWhatItWrites() {
    for (String text :
        List.of("w@1", "web@1", "web@1000", "web@90", "web@999999", "a.b-c_d@12", "x@y@3")) {
      assertThat(InstanceName.parse(text).map(Object::toString)).isEqualTo(Optional.of(text));
    }
  }

  @Test
  void refusesWhatIsNoInstance() {
    for (String text : List.of("", "web", "@1", "web@", "web@0", "web@-1", "web@+1", "web@1x")) {
      assertThat(InstanceName.parse(text)).as(text).isEmpty();
    }
    for (String text : List.of("web@1000000", "web@99999999999", "web@1/", "web@1:")) {
      assertThat(InstanceName.parse(text)).as(text).isEmpty();
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new InstanceName("web", 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new InstanceName("", 1));
  }

  @Test
  void numbersAreOrderedAsNumbers() {
    TreeSet<InstanceName> names = new TreeSet<>();
    for (String text : List.of("web@10", "web@2", "api@3", "web@1")) {
      names.add(InstanceName.parse(text).orElseThrow());
    }
    assertThat(names.stream().map(Object::toString))
        .containsExactly("api@3", "web@1", "web@2", "web@10");
  }
}
