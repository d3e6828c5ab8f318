package pm.daemon.notify;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import pm.daemon.core.model.Notification;
import pm.daemon.core.model.ProcessIdentity;

/**
 * One message of sd_notify(3): lines {@code NAME=VALUE}. What is not known or makes no sense is
 * passed over, as the protocol wants it.
 *
 * @param says what it says, without the main process
 * @param mainPid {@code MAINPID}, of which nothing is known yet
 * @param isBarrier whether it only asks to be told that all before it has been handled
 */
record NotifyMessage(Notification says, OptionalInt mainPid, boolean isBarrier) {
  /** The longest message; it is that of systemd. */
  static final int MOST_BYTES = 4_096;

  /** What is kept of a status. */
  static final int MOST_STATUS = 256;

  private static final long NANOS_PER_MICRO = 1_000;

  /** Reads a message; empty if it is none: not text, or with a zero in it. */
  static Optional<NotifyMessage> parse(byte[] bytes) {
    int length = bytes.length;
    if (length > 0 && bytes[length - 1] == 0) {
      length--;
    }
    for (int i = 0; i < length; i++) {
      if (bytes[i] == 0) {
        return Optional.empty();
      }
    }
    String text;
    try {
      text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
    } catch (CharacterCodingException noText) {
      return Optional.empty();
    }
    return Optional.of(read(text));
  }

  private static NotifyMessage read(String text) {
    boolean ready = false;
    boolean reloading = false;
    boolean stopping = false;
    boolean watchdog = false;
    boolean trigger = false;
    boolean barrier = false;
    Optional<String> status = Optional.empty();
    OptionalInt mainPid = OptionalInt.empty();
    OptionalLong extend = OptionalLong.empty();
    OptionalLong period = OptionalLong.empty();
    for (String line : text.split("\n", -1)) {
      int equals = line.indexOf('=');
      String name = equals < 0 ? line : line.substring(0, equals);
      String value = equals < 0 ? "" : line.substring(equals + 1);
      boolean isOne = value.equals("1");
      switch (name) {
        case "READY" -> ready |= isOne;
        case "RELOADING" -> reloading |= isOne;
        case "STOPPING" -> stopping |= isOne;
        case "BARRIER" -> barrier |= isOne;
        case "WATCHDOG" -> {
          watchdog |= isOne;
          trigger |= value.equals("trigger");
        }
        case "STATUS" -> status = Optional.of(readable(value));
        case "MAINPID" -> mainPid = pid(value);
        case "EXTEND_TIMEOUT_USEC" -> extend = nanos(value);
        case "WATCHDOG_USEC" -> period = nanos(value);
        default -> {
          // FDSTORE, ERRNO and others: nothing is done about them.
        }
      }
    }
    return new NotifyMessage(
        new Notification(
            ready,
            reloading,
            stopping,
            watchdog,
            trigger,
            status,
            Optional.empty(),
            extend,
            period),
        mainPid,
        barrier);
  }

  Notification with(ProcessIdentity main) {
    return new Notification(
        says.ready(),
        says.reloading(),
        says.stopping(),
        says.watchdog(),
        says.watchdogTrigger(),
        says.status(),
        Optional.of(main),
        says.extendTimeoutNanos(),
        says.watchdogNanos());
  }

  private static String readable(String status) {
    StringBuilder readable = new StringBuilder(status.length());
    for (int i = 0; i < status.length() && readable.length() < MOST_STATUS; i++) {
      char c = status.charAt(i);
      boolean isControl = c < ' ' || (c >= 0x7f && c < 0xa0);
      readable.append(isControl ? ' ' : c);
    }
    int last = readable.length() - 1;
    if (last >= 0 && Character.isHighSurrogate(readable.charAt(last))) {
      readable.setLength(last);
    }
    return readable.toString().strip();
  }

  private static OptionalInt pid(String digits) {
    OptionalLong number = number(digits);
    return number.isPresent() && number.getAsLong() > 0 && number.getAsLong() <= Integer.MAX_VALUE
        ? OptionalInt.of((int) number.getAsLong())
        : OptionalInt.empty();
  }

  private static OptionalLong nanos(String micros) {
    OptionalLong number = number(micros);
    if (number.isEmpty()) {
      return number;
    }
    long most = Long.MAX_VALUE / NANOS_PER_MICRO;
    return OptionalLong.of(Math.min(number.getAsLong(), most) * NANOS_PER_MICRO);
  }

  private static OptionalLong number(String digits) {
    if (digits.isEmpty() || digits.length() > 20) {
      return OptionalLong.empty();
    }
    long number = 0;
    for (int i = 0; i < digits.length(); i++) {
      char c = digits.charAt(i);
      if (c < '0' || c > '9') {
        return OptionalLong.empty();
      }
      // The protocol's numbers have 64 bits without a sign: those that do not fit mean "for ever".
      number = number > (Long.MAX_VALUE - 9) / 10 ? Long.MAX_VALUE - 9 : number * 10 + (c - '0');
    }
    return OptionalLong.of(number);
  }
}
