package pm.daemon.control;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.config.PoolSpec;
import pm.daemon.core.model.NewTask;
import pm.daemon.core.model.Priority;
import pm.protocol.Id;
import pm.protocol.JsonCursor;
import pm.protocol.JsonException;
import pm.protocol.MalformedJsonException;
import pm.protocol.Method;

/**
 * Reads the line of a {@code submit} without building it, for they come by the hundred thousand a
 * second: the data of each task is found, checked to be JSON and copied once. One reader is used
 * again and again. Loop thread only.
 */
final class SubmitReader {
  private static final byte[] METHOD = plain("method");
  private static final byte[] SUBMIT = plain("\"submit\"");
  private static final byte[] ID = plain("id");
  private static final byte[] VERSION = plain("jsonrpc");
  private static final byte[] VERSION_2 = plain("\"2.0\"");
  private static final byte[] PARAMS = plain("params");
  private static final byte[] TRUE = plain("true");
  private static final byte[] FALSE = plain("false");
  private static final byte[] NULL = plain("null");

  private static final byte[] POOL = plain("pool");
  private static final byte[] TASKS = plain("tasks");
  private static final byte[] WAIT = plain("wait");
  private static final byte[] WAIT_SECONDS = plain("wait_seconds");
  private static final byte[] SPACE_SECONDS = plain("space_seconds");

  private static final byte[] DATA = plain("data");
  private static final byte[] TYPE = plain("type");
  private static final byte[] PRIORITY = plain("priority");
  private static final byte[] TIMEOUT = plain("timeout_seconds");
  private static final byte[] RETRIES = plain("retries");
  private static final byte[] DELAY = plain("delay_seconds");

  // Bits of the members that an object has had, of the line, of its params, and of a task.
  private static final int HAS_METHOD = 1;
  private static final int HAS_PARAMS = 2;
  private static final int HAS_ID = 4;
  private static final int HAS_VERSION = 8;

  private static final int HAS_POOL = 1;
  private static final int HAS_TASKS = 2;
  private static final int HAS_WAIT = 4;
  private static final int HAS_WAIT_SECONDS = 8;
  private static final int HAS_SPACE_SECONDS = 16;

  private static final int HAS_DATA = 1;
  private static final int HAS_TYPE = 2;
  private static final int HAS_PRIORITY = 4;
  private static final int HAS_TIMEOUT = 8;
  private static final int HAS_RETRIES = 16;
  private static final int HAS_DELAY = 32;
  private static final int HAS_KEY = 64;

  private static final Priority[] PRIORITIES = Priority.values();
  private static final byte[][] PRIORITY_WORDS = new byte[PRIORITIES.length][];

  static {
    for (int i = 0; i < PRIORITIES.length; i++) {
      PRIORITY_WORDS[i] = plain('"' + PRIORITIES[i].word() + '"');
    }
  }

  /** Digits of a number that is read without help. */
  private static final int PLAIN_DIGITS = 9;

  private final JsonCursor cursor = new JsonCursor();
  private byte[] line = {};

  // What most tasks have in common, and is not made anew for each.
  private byte[] lastType = plain('"' + NewTask.DEFAULT_TYPE + '"');
  private String lastTypeText = NewTask.DEFAULT_TYPE;
  private byte[] lastPool = {};
  private String lastPoolText = "";

  // Of the line in hand.
  private Optional<Id> id = Optional.empty();
  private boolean isGoodId;
  private boolean isGoodVersion;
  private String pool = "";
  private List<NewTask> tasks = List.of();
  private boolean wait;
  private long waitNanos;
  private long spaceNanos;

  /**
   * Reads a line.
   *
   * @return empty if it calls another method, or none
   * @throws MalformedJsonException if it is no JSON
   * @throws JsonException if it is a submit, but not one that can be done, in a sentence
   */
  Optional<Submission> read(byte[] text) throws MalformedJsonException, JsonException {
    try {
      return submission(text);
    } finally {
      // A line may be long, and the next one late.
      line = NULL;
      cursor.release();
      tasks = List.of();
    }
  }

  private Optional<Submission> submission(byte[] text)
      throws MalformedJsonException, JsonException {
    line = text;
    id = Optional.empty();
    isGoodId = true;
    isGoodVersion = false;
    cursor.begin(text);
    if (!cursor.beginObject()) {
      return Optional.empty();
    }
    boolean isSubmit = false;
    boolean hasParams = false;
    int paramsAt = -1;
    int envelope = 0;
    while (cursor.nextName()) {
      if (cursor.isName(METHOD)) {
        envelope = once(envelope, HAS_METHOD);
        cursor.value();
        isSubmit = cursor.is(SUBMIT) || (cursor.isString() && isSubmit(cursor.string()));
        if (!isSubmit) {
          return Optional.empty();
        }
      } else if (cursor.isName(PARAMS)) {
        envelope = once(envelope, HAS_PARAMS);
        if (isSubmit) {
          readParams();
          hasParams = true;
        } else {
          paramsAt = cursor.at();
          cursor.value();
        }
      } else if (cursor.isName(ID)) {
        envelope = once(envelope, HAS_ID);
        cursor.value();
        readId();
      } else if (cursor.isName(VERSION)) {
        envelope = once(envelope, HAS_VERSION);
        cursor.value();
        isGoodVersion = cursor.is(VERSION_2);
      } else {
        cursor.value();
      }
    }
    cursor.end();
    if (!isSubmit) {
      return Optional.empty();
    }
    if (!isGoodId || !isGoodVersion) {
      // What is wrong with it is said by who reads all other lines.
      throw new JsonException("not a request");
    }
    if (!hasParams) {
      if (paramsAt < 0) {
        throw new JsonException("pool is missing");
      }
      cursor.begin(line, paramsAt);
      readParams();
    }
    return Optional.of(new Submission(id, text.length, pool, tasks, wait, waitNanos, spaceNanos));
  }

  private static boolean isSubmit(String method) {
    return method.equals(Method.SUBMIT.wireName());
  }

  private void readId() throws JsonException {
    if (cursor.isNumber() && isPlainNumber(cursor.from())) {
      id = Optional.of(new Id.Number(plainNumber()));
    } else if (cursor.isNumber() && cursor.parsed() instanceof Long number) {
      id = Optional.of(new Id.Number(number));
    } else if (cursor.isString() && cursor.string().length() <= Id.MAX_LENGTH) {
      id = Optional.of(new Id.Text(cursor.string()));
    } else {
      isGoodId = false;
    }
  }

  private void readParams() throws MalformedJsonException, JsonException {
    pool = "";
    tasks = List.of();
    wait = false;
    waitNanos = -1;
    spaceNanos = 0;
    if (!cursor.beginObject()) {
      throw new JsonException("params must be an object");
    }
    int has = 0;
    while (cursor.nextName()) {
      if (cursor.isName(TASKS)) {
        has = once(has, HAS_TASKS);
        readTasks();
      } else if (cursor.isName(POOL)) {
        has = once(has, HAS_POOL);
        cursor.value();
        pool = pool();
      } else if (cursor.isName(WAIT)) {
        has = once(has, HAS_WAIT);
        cursor.value();
        wait = truth("wait");
      } else if (cursor.isName(WAIT_SECONDS)) {
        has = once(has, HAS_WAIT_SECONDS);
        cursor.value();
        waitNanos = nanos("wait_seconds", -1);
      } else if (cursor.isName(SPACE_SECONDS)) {
        has = once(has, HAS_SPACE_SECONDS);
        cursor.value();
        spaceNanos = nanos("space_seconds", 0);
      } else {
        throw new JsonException(
            "unknown parameter "
                + Params.shortened(cursor.name())
                + "; known are "
                + String.join(", ", Method.SUBMIT.parameters()));
      }
    }
    if (pool.isEmpty()) {
      throw new JsonException("pool is missing");
    }
    if ((has & HAS_TASKS) == 0) {
      throw new JsonException("tasks is missing: [{\"data\":…}]");
    }
    if (waitNanos >= 0 && !wait) {
      throw new JsonException("wait_seconds needs wait");
    }
    if (waitNanos < 0) {
      waitNanos = Long.MAX_VALUE;
    }
  }

  private String pool() throws JsonException {
    if (!cursor.isString()) {
      throw new JsonException("pool must be a string");
    }
    if (!cursor.is(lastPool)) {
      lastPool = cursor.copy();
      lastPoolText = cursor.string();
    }
    return lastPoolText;
  }

  private boolean truth(String name) throws JsonException {
    if (cursor.is(TRUE)) {
      return true;
    }
    if (cursor.is(FALSE) || cursor.isNull()) {
      return false;
    }
    throw new JsonException(name + " must be true or false");
  }

  private void readTasks() throws MalformedJsonException, JsonException {
    if (!cursor.beginArray()) {
      throw new JsonException("tasks must be an array of objects");
    }
    List<NewTask> read = new ArrayList<>();
    while (cursor.nextElement()) {
      if (read.size() >= Bounds.TASKS_OF_SUBMIT) {
        throw new JsonException(
            "tasks has more than "
                + Bounds.TASKS_OF_SUBMIT
                + " elements: send the others in further requests");
      }
      read.add(task(read.size()));
    }
    if (read.isEmpty()) {
      throw new JsonException("tasks is empty");
    }
    tasks = read;
  }

  private NewTask task(int index) throws MalformedJsonException, JsonException {
    if (!cursor.beginObject()) {
      throw wrong(index, "must be an object");
    }
    byte[] data = NULL;
    String key = "";
    String type = NewTask.DEFAULT_TYPE;
    Priority priority = Priority.NORMAL;
    long timeoutNanos = NewTask.POOLS;
    int retries = NewTask.POOLS;
    long delayNanos = 0;
    int seen = 0;
    while (cursor.nextName()) {
      if (cursor.isName(DATA)) {
        seen = once(seen, HAS_DATA, index);
        cursor.value();
        data = data(index);
      } else if (cursor.isName(TYPE)) {
        seen = once(seen, HAS_TYPE, index);
        cursor.value();
        type = type(index);
      } else if (cursor.isName(PRIORITY)) {
        seen = once(seen, HAS_PRIORITY, index);
        cursor.value();
        priority = priority(index);
      } else if (cursor.isName(TIMEOUT)) {
        seen = once(seen, HAS_TIMEOUT, index);
        cursor.value();
        timeoutNanos = nanos(index, "timeout_seconds", NewTask.POOLS);
        if (timeoutNanos == 0) {
          throw wrong(index, "timeout_seconds must be more than 0");
        }
      } else if (cursor.isName(RETRIES)) {
        seen = once(seen, HAS_RETRIES, index);
        cursor.value();
        retries = retries(index);
      } else if (cursor.isName(DELAY)) {
        seen = once(seen, HAS_DELAY, index);
        cursor.value();
        delayNanos = nanos(index, "delay_seconds", 0);
      } else if (cursor.isName(ID)) {
        seen = once(seen, HAS_KEY, index);
        cursor.value();
        key = key(index);
      } else {
        throw wrong(
            index,
            "has an unknown member "
                + Params.shortened(cursor.name())
                + "; known are data, type, priority, timeout_seconds, retries, delay_seconds, id");
      }
    }
    return new NewTask(key, type, priority, timeoutNanos, retries, delayNanos, data);
  }

  private int once(int seen, int member, int index) throws JsonException {
    if ((seen & member) != 0) {
      throw wrong(index, "has " + cursor.name() + " twice");
    }
    return seen | member;
  }

  private int once(int seen, int member) throws JsonException {
    if ((seen & member) != 0) {
      throw new JsonException(cursor.name() + " stands twice");
    }
    return seen | member;
  }

  private byte[] data(int index) throws JsonException {
    int length = cursor.to() - cursor.from();
    if (length > NewTask.MOST_DATA_BYTES) {
      throw wrong(
          index,
          "has "
              + length
              + " bytes of data, and at most "
              + NewTask.MOST_DATA_BYTES
              + " are taken: put it into a file and submit the file's name");
    }
    return cursor.isNull() ? NULL : cursor.copy();
  }

  private String type(int index) throws JsonException {
    if (cursor.is(lastType)) {
      return lastTypeText;
    }
    if (cursor.isNull()) {
      return NewTask.DEFAULT_TYPE;
    }
    String type = cursor.isString() ? cursor.string() : "";
    if (type.isEmpty()
        || type.length() > PoolSpec.LONGEST_GLOB
        || type.chars().anyMatch(Character::isISOControl)) {
      throw wrong(
          index,
          "type must be a string of 1 to "
              + PoolSpec.LONGEST_GLOB
              + " characters without control characters");
    }
    lastType = cursor.copy();
    lastTypeText = type;
    return type;
  }

  private Priority priority(int index) throws JsonException {
    for (int i = 0; i < PRIORITIES.length; i++) {
      if (cursor.is(PRIORITY_WORDS[i])) {
        return PRIORITIES[i];
      }
    }
    if (cursor.isNull()) {
      return Priority.NORMAL;
    }
    throw wrong(index, "priority must be critical, high, normal or low");
  }

  private int retries(int index) throws JsonException {
    if (cursor.isNull()) {
      return NewTask.POOLS;
    }
    long retries =
        cursor.isNumber() && isPlainNumber(cursor.from()) ? plainNumber() : Long.MAX_VALUE;
    if (retries > PoolSpec.TaskRules.MOST_RETRIES) {
      throw wrong(index, "retries must be an integer from 0 to " + PoolSpec.TaskRules.MOST_RETRIES);
    }
    return (int) retries;
  }

  private String key(int index) throws JsonException {
    if (cursor.isNull()) {
      return "";
    }
    String key = cursor.isString() ? cursor.string() : "";
    if (!TaskIds.isKey(key)) {
      throw wrong(index, "id must be " + TaskIds.KEY_RULE);
    }
    return key;
  }

  private long nanos(int index, String name, long otherwise) throws JsonException {
    try {
      return nanos(name, otherwise);
    } catch (JsonException e) {
      throw wrong(index, e.sentence());
    }
  }

  private long nanos(String name, long otherwise) throws JsonException {
    if (cursor.isNull()) {
      return otherwise;
    }
    if (!cursor.isNumber()) {
      throw new JsonException(name + " must be a number");
    }
    if (isPlainNumber(cursor.from())) {
      return plainNumber() * 1_000_000_000L;
    }
    return Params.nanos(new BigDecimal(cursor.parsed().toString()), name);
  }

  /** Returns whether the number in hand is a short whole one that is not negative. */
  private boolean isPlainNumber(int from) {
    if (cursor.to() - from > PLAIN_DIGITS) {
      return false;
    }
    for (int i = from; i < cursor.to(); i++) {
      if (line[i] < '0' || line[i] > '9') {
        return false;
      }
    }
    return true;
  }

  private long plainNumber() {
    long number = 0;
    for (int i = cursor.from(); i < cursor.to(); i++) {
      number = number * 10 + (line[i] - '0');
    }
    return number;
  }

  private static JsonException wrong(int index, String what) {
    return new JsonException("tasks[" + index + "] " + what);
  }

  private static byte[] plain(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
