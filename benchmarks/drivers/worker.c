/* A worker that does nothing, as fast as a process can: speaks the worker protocol (docs/worker-protocol.md),
 * one message a line, and answers all requests of one read with one write.
 *
 *   worker [--tally FILE] [--ready FILE]
 *
 * --tally  counts its tasks in FILE (struct tally)
 * --ready  appends "pid nanoseconds" to FILE when it sends `ready`
 *
 * A task whose data has "sleep_us":N or "busy_us":N sleeps or computes for so long.
 */
#include "bench.h"

enum { FRAME = 1 << 20 };
static char in[2 * FRAME], out[2 * FRAME];
static size_t waiting; /* bytes of `out` */
static struct tally *tally;
static long unreported; /* tasks done since the last write */

struct slice {
  const char *at;
  size_t length;
};

static int is(struct slice slice, const char *text) {
  return slice.length == strlen(text) && memcmp(slice.at, text, slice.length) == 0;
}

static void flush(void) {
  write_all(1, out, waiting);
  waiting = 0;
  if (tally && unreported) {
    tally->last = now();
    tally->done += unreported;
    unreported = 0;
  }
}

static void put(const char *text, size_t length) {
  memcpy(out + waiting, text, length);
  waiting += length;
}

/* `id` is the value as it came, with its quotes if it has some. */
static void answer(struct slice id, const char *tail) {
  if (waiting + id.length + 128 > sizeof out) flush();
  put("{\"jsonrpc\":\"2.0\",\"id\":", 22);
  put(id.at, id.length);
  put(tail, strlen(tail));
}

/* The end of the JSON value at `at`: of a string, of an object or array with all in it, or of a word. */
static const char *skip(const char *at, const char *end) {
  int depth = 0;
  do {
    if (*at == '"') {
      for (at++; at < end && *at != '"'; at++) at += *at == '\\';
    } else if (*at == '{' || *at == '[') {
      depth++;
    } else if (*at == '}' || *at == ']') {
      depth--;
    } else if (depth == 0) {
      while (at < end && !strchr(",}] \t\r", *at)) at++;
      return at;
    }
    at++;
  } while (depth > 0 && at < end);
  return at < end ? at : end;
}

/* The value of a member of the message itself, not of what is inside its params; empty if there is none. */
static struct slice member(const char *name, const char *at, const char *end) {
  for (at++; at < end;) {
    while (at < end && strchr(", \t\r", *at)) at++;
    if (at >= end || *at != '"') break;
    const char *key = at;
    at = skip(at, end);
    struct slice found = {key + 1, at - key - 2};
    while (at < end && strchr(": \t", *at)) at++;
    if (at >= end) break;
    const char *value = at;
    at = skip(at, end);
    if (is(found, name)) return (struct slice){value, at - value};
  }
  return (struct slice){NULL, 0};
}

static long number_behind(const char *key, const char *at, const char *end) {
  const char *found = memmem(at, end - at, key, strlen(key));
  return found ? atol(found + strlen(key)) : 0;
}

static void task(struct slice id, const char *rest, const char *end) {
  if (memmem(rest, end - rest, "_us\":", 5)) {
    flush(); /* those before it are done */
    pause_us(number_behind("\"sleep_us\":", rest, end));
    for (int64_t until = now() + 1000 * number_behind("\"busy_us\":", rest, end); now() < until;) {
    }
  }
  answer(id, ",\"result\":{}}\n");
  unreported++;
}

static void message(const char *at, const char *end) {
  /* As pmd writes them; everything else is found as JSON. */
  static const char begin[] = "{\"jsonrpc\":\"2.0\",\"id\":\"", method[] = "\",\"method\":\"task\"";
  if (end - at > 64 && memcmp(at, begin, sizeof begin - 1) == 0) {
    const char *id = at + sizeof begin - 2;
    const char *quote = memchr(id + 1, '"', end - id - 1);
    if (quote && end - quote > (long)sizeof method && memcmp(quote, method, sizeof method - 1) == 0) {
      task((struct slice){id, quote + 1 - id}, quote + sizeof method - 1, end);
      return;
    }
  }
  if (at == end || *at != '{') return;
  struct slice called = member("method", at, end), id = member("id", at, end);
  if (is(called, "\"shutdown\"")) {
    flush();
    exit(0);
  }
  if (!called.length || !id.length) return;
  if (is(called, "\"task\"")) {
    task(id, at, end);
  } else if (is(called, "\"ping\"")) {
    answer(id, ",\"result\":{}}\n");
  } else {
    answer(id, ",\"error\":{\"code\":-32601,\"message\":\"no such method\"}}\n");
  }
}

static void ready(const char *file) {
  static const char text[] = "{\"jsonrpc\":\"2.0\",\"method\":\"ready\",\"params\":{}}\n";
  put(text, sizeof text - 1);
  flush();
  if (!file) return;
  char line[64];
  int length = snprintf(line, sizeof line, "%d %lld\n", (int)getpid(), (long long)now());
  int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) fail(file);
  write_all(fd, line, length);
  close(fd);
}

int main(int argc, char **argv) {
  const char *ready_file = NULL;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc && strcmp(argv[i], "--tally") == 0) {
      tally = map_tally(argv[i + 1]);
    } else if (i + 1 < argc && strcmp(argv[i], "--ready") == 0) {
      ready_file = argv[i + 1];
    } else {
      fputs("usage: worker [--tally FILE] [--ready FILE]\n", stderr);
      return 2;
    }
  }
  ready(ready_file);
  for (size_t have = 0;;) {
    ssize_t got = read(0, in + have, sizeof in - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0;
    if (tally && !tally->first && memmem(in + have, got, "\"task\"", 6)) tally->first = now();
    have += got;
    char *at = in;
    for (char *feed; (feed = memchr(at, '\n', in + have - at)); at = feed + 1) message(at, feed);
    flush();
    have -= at - in;
    memmove(in, at, have);
    if (have == sizeof in) have = 0; /* longer than any frame may be */
  }
}
