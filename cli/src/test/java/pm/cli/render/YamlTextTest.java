package pm.cli.render;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import pm.protocol.Json;

/** Whatever we write as YAML, a YAML reader reads as what it was. */
final class YamlTextTest {
  private static final String[] STRINGS = {
    "",
    "web",
    "yes",
    "No",
    "null",
    "~",
    "true",
    "1",
    "1.5",
    "0x10",
    "1e3",
    "-",
    "- a",
    "a: b",
    "a #b",
    "#",
    "a b",
    " a",
    "a ",
    "a\nb",
    "\t",
    "'",
    "\"",
    "\\",
    "{a}",
    "[a]",
    "*a",
    "&a",
    "!a",
    "|",
    ">",
    "%",
    "@a",
    "`",
    "a,b",
    "2026-01-01",
    "12:30",
    "/etc/pm",
    "\u00e9",
    "\ud83d\ude00",
    "\u0000\u001b\u007f\u0085\u2028",
    "=",
    "<<",
    "?",
    ": ",
    ":",
    "---",
    "...",
    "on",
    "Off",
    "y",
    "N",
    "a/b-c_d.e@f",
    "1s",
    "1m30s",
    "50MiB",
    "1d",
    "10B",
    "1K",
    "1e",
    "12f",
    "0b",
    "1_0s",
    "one\ntwo\n",
    "one\ntwo",
    "one\n\ntwo\n",
    "one\n",
    "\none",
    " one\ntwo",
    "one\n two\n",
    "one \ntwo\t\n",
    "# one\n- two: x\n",
    "one\ntwo\n\n",
    "echo \"a\"\nwhile :; do b; done\n",
    "INF",
    ".inf",
    "nan"
  };

  @Test
  void readsBackAsWhatItWas() throws IOException {
    Random random = new Random(3);
    for (int i = 0; i < 3_000; i++) {
      Object value = random.nextInt(20) == 0 ? scalar(random) : tree(random, 0);
      String yaml = YamlText.document(value);
      assertThat(parse(yaml)).as(yaml).isEqualTo(value);
    }
  }

  private static Object tree(Random random, int depth) {
    int size = random.nextInt(4);
    if (random.nextBoolean()) {
      List<Object> list = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        list.add(depth < 4 && random.nextInt(3) == 0 ? tree(random, depth + 1) : scalar(random));
      }
      return list;
    }
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      map.put(
          STRINGS[random.nextInt(STRINGS.length)],
          depth < 4 && random.nextInt(3) == 0 ? tree(random, depth + 1) : scalar(random));
    }
    return map;
  }

  private static Object scalar(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> Json.NULL;
      case 1 -> random.nextBoolean();
      case 2 -> random.nextLong();
      case 3 -> random.nextInt(1000) / 8.0;
      default -> STRINGS[random.nextInt(STRINGS.length)];
    };
  }

  private static Object parse(String yaml) throws IOException {
    try (JsonParser parser = new YAMLFactory().createParser(yaml)) {
      Object value = value(parser, parser.nextToken());
      assertThat(parser.nextToken()).isNull();
      return value;
    }
  }

  private static Object value(JsonParser parser, JsonToken token) throws IOException {
    switch (token) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          map.put(name, value(parser, parser.nextToken()));
        }
        return map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
          list.add(value(parser, t));
        }
        return list;
      }
      case VALUE_NULL -> {
        return Json.NULL;
      }
      case VALUE_TRUE -> {
        return true;
      }
      case VALUE_FALSE -> {
        return false;
      }
      case VALUE_NUMBER_INT -> {
        return parser.getLongValue();
      }
      case VALUE_NUMBER_FLOAT -> {
        return parser.getDoubleValue();
      }
      default -> {
        return parser.getText();
      }
    }
  }
}
