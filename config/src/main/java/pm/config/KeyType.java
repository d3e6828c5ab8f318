package pm.config;

import java.util.ArrayList;
import java.util.List;

/** What a key takes, in as much detail as an editor can use. The readers check the rest. */
sealed interface KeyType {
  /** Any text; a number or {@code true} is text too. */
  record Text() implements KeyType {}

  /** {@code true} or {@code false}. */
  record Truth() implements KeyType {}

  record Whole(long least, long most) implements KeyType {}

  record Decimal(double least, double most) implements KeyType {}

  /** {@code 250ms}, {@code 1m30s}. */
  record Span() implements KeyType {}

  /** {@code 64KiB}. */
  record Size() implements KeyType {}

  /** Text that a regular expression matches as a whole. */
  record Form(String pattern, String described) implements KeyType {}

  record OneOf(List<String> words) implements KeyType {}

  record ListOf(KeyType item) implements KeyType {}

  /** A mapping whose keys are the user's. */
  record MapOf(KeyType value, boolean nullable) implements KeyType {}

  /** A mapping with keys of ours. */
  record Below(Keys keys) implements KeyType {}

  record AnyOf(List<KeyType> types) implements KeyType {}

  KeyType TEXT = new Text();
  KeyType TRUTH = new Truth();
  KeyType SPAN = new Span();
  KeyType SIZE = new Size();
  KeyType BITS = new Form("[0-7]{1,4}", "octal digits in quotes");
  KeyType SIGNAL =
      new Form("(SIG)?[A-Z][A-Z0-9]*([+-][0-9]{1,2})?", "the name of a signal such as TERM");
  KeyType PROGRAM_NAME = new Form("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", "a name");

  static KeyType words(Word[] words) {
    var list = new ArrayList<String>(words.length);
    for (Word word : words) {
      list.add(word.word());
    }
    return new OneOf(list);
  }

  static KeyType word(String word) {
    return new OneOf(List.of(word));
  }

  static KeyType list(KeyType item) {
    return new ListOf(item);
  }

  static KeyType any(KeyType... types) {
    return new AnyOf(List.of(types));
  }

  static KeyType whole(long least, long most) {
    return new Whole(least, most);
  }

  static KeyType below(Keys keys) {
    return new Below(keys);
  }

  /** For people: {@code a duration such as 1m30s}. */
  static String describe(KeyType type) {
    return switch (type) {
      case Text text -> "text";
      case Truth truth -> "true or false";
      case Whole whole -> "a number from " + whole.least() + " to " + whole.most();
      case Decimal decimal ->
          "a number from "
              + Section.shortest(decimal.least())
              + " to "
              + Section.shortest(decimal.most());
      case Span span -> "a duration such as 250ms, 5s, 1m30s or 7d";
      case Size size -> "a size such as 64KiB or 1GiB";
      case Form form -> form.described();
      case OneOf one -> listed(one.words());
      case ListOf list -> "a list (" + describe(list.item()) + ")";
      case MapOf map -> "a mapping of names (" + describe(map.value()) + ")";
      case Below below -> "a mapping";
      case AnyOf any -> {
        var all = new ArrayList<String>();
        for (KeyType each : any.types()) {
          all.add(describe(each));
        }
        yield listed(all);
      }
    };
  }

  private static String listed(List<String> words) {
    if (words.size() == 1) {
      return words.getFirst();
    }
    return String.join(", ", words.subList(0, words.size() - 1)) + " or " + words.getLast();
  }
}
