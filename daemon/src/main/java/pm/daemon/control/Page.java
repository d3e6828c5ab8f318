package pm.daemon.control;

import java.util.Optional;
import pm.protocol.Json;
import pm.protocol.Streams;

/** A page of items, made item by item, so that their trees are short-lived. */
final class Page {
  /** Bytes of it, with what stands around the items. */
  static final int BYTES = Streams.MAX_PAGE_BYTES - 512;

  private final StringBuilder text = new StringBuilder(4_096);
  private final StringBuilder item = new StringBuilder();
  private Optional<String> last = Optional.empty();
  private int bytes;
  private boolean cut;

  /** A page whose items are called so. */
  Page(String items) {
    text.append('{');
    Json.quote(items, text);
    text.append(":[");
  }

  static int utf8Length(CharSequence text) {
    int length = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      length += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    return length;
  }

  /**
   * Adds an item; returns false if there is no room for it.
   *
   * @param key where the next page goes on behind
   */
  boolean add(String key, Object json) {
    item.setLength(0);
    Json.write(json, item);
    int size = 1 + utf8Length(item);
    if (last.isPresent() && bytes + size > BYTES) {
      cut = true;
      return false;
    }
    bytes += size;
    if (last.isPresent()) {
      text.append(',');
    }
    text.append(item);
    last = Optional.of(key);
    return true;
  }

  /** Says that there is more than was added. */
  void cut() {
    cut = true;
  }

  String end(Optional<Boolean> filesNewer) {
    text.append(']');
    if (cut && last.isPresent()) {
      text.append(",\"cursor\":");
      Json.quote(last.get(), text);
    }
    filesNewer.ifPresent(newer -> text.append(",\"files_newer\":").append(newer.booleanValue()));
    return text.append('}').toString();
  }
}
