package pm.config;

import com.fasterxml.jackson.core.ErrorReportConfiguration;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.io.ContentReference;
import com.fasterxml.jackson.core.io.IOContext;
import com.fasterxml.jackson.core.util.BufferRecycler;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import java.io.IOException;
import java.io.StringReader;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.ScalarEvent;

/**
 * Jackson's YAML tokens, with scalars left as they are written. YAML 1.1 would read {@code no} as
 * false, {@code 0777} as 511 and refuse {@code 0_}; a configuration key knows better what it
 * expects.
 */
final class YamlTokens extends YAMLParser {
  private static final int NO_FEATURES = 0;

  private boolean plain;
  private String tag = "";

  YamlTokens(String text) {
    super(
        new IOContext(
            StreamReadConstraints.defaults(),
            StreamWriteConstraints.defaults(),
            ErrorReportConfiguration.defaults(),
            new BufferRecycler(),
            ContentReference.unknown(),
            false),
        NO_FEATURES,
        NO_FEATURES,
        new LoaderOptions(),
        null,
        new StringReader(text));
  }

  /** Whether the last scalar is written without quotes. */
  boolean isPlain() {
    return plain;
  }

  /** The explicit tag of the last event; empty if it has none. */
  String tag() {
    return tag;
  }

  @Override
  protected Event getEvent() throws IOException {
    Event event = super.getEvent();
    String explicit = null;
    if (event instanceof ScalarEvent scalar) {
      plain = scalar.getScalarStyle() == DumperOptions.ScalarStyle.PLAIN;
      explicit = scalar.getTag();
    } else if (event instanceof CollectionStartEvent collection) {
      explicit = collection.getTag();
    }
    tag = explicit == null ? "" : explicit;
    return event;
  }

  @Override
  protected JsonToken _decodeScalar(ScalarEvent scalar) {
    _textValue = scalar.getValue();
    _cleanedTextValue = null;
    // The parser above knows those of collections only.
    _currentAnchor = scalar.getAnchor();
    return JsonToken.VALUE_STRING;
  }
}
