package pm.daemon.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.Test;

final class ErrnoTest {
  @Test
  void everyConstantHasTheNameThatTheLibraryGivesIt() throws Exception {
    int seen = 0;
    for (Field field : Errno.class.getDeclaredFields()) {
      if (field.getType() == int.class && Modifier.isPublic(field.getModifiers())) {
        assertThat(Errno.name(field.getInt(null))).isEqualTo(field.getName());
        seen++;
      }
    }
    assertThat(seen).isGreaterThan(30);
  }
}
