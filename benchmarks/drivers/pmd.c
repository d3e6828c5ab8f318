/* Submits tasks to pmd over its control socket (docs/control-protocol.md), faster than a JVM starts.
 *
 *   pmd SOCKET POOL rate COUNT BATCH   COUNT tasks in requests of BATCH, each answered when its tasks have ended
 *   pmd SOCKET POOL single COUNT       one task at a time
 *   pmd SOCKET POOL urgent COUNT       critical ones, one at a time, behind 1,000 of 5 ms
 *   pmd SOCKET POOL fill COUNT BATCH   only puts them in: answered when they are kept
 */
#include "bench.h"

/* The whole of what is known here of `submit`. */
#define REQUEST "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"method\":\"submit\",\"params\":{\"pool\":\"%s\",\"wait\":%s,\"tasks\":["
#define NOOP "{\"data\":{}}"
#define LONG "{\"data\":{\"sleep_us\":%d}}"
#define URGENT "{\"data\":{},\"priority\":\"critical\"}"
#define END "]}}\n"

enum { LINE = 1 << 20, WINDOW = 64 };

static int server;
static const char *pool;
static char out[LINE + 256], in[LINE];
static size_t have;

/* A request of `count` equal tasks in `out`; returns its length. */
static size_t request(long id, int wait, const char *task, long count) {
  size_t length = sprintf(out, REQUEST, id, pool, wait ? "true" : "false"), each = strlen(task);
  for (long i = 0; i < count; i++) {
    if (length + each + 16 > LINE) errno = 0, fail("BATCH is too large for one message");
    if (i) out[length++] = ',';
    memcpy(out + length, task, each);
    length += each;
  }
  memcpy(out + length, END, sizeof END - 1);
  return length + sizeof END - 1;
}

/* Reads what there is; returns how many answers ended in it. An error is the end. */
static long answers(void) {
  long count = 0;
  static int begins = 1;
  size_t got = read_some(server, in + have, sizeof in - have - 1);
  have += got;
  in[have] = 0;
  char *at = in;
  for (char *feed; (feed = memchr(at, '\n', in + have - at)); at = feed + 1, count++, begins = 1) {
    *feed = 0;
    char *head = strstr(at, "\"error\":");
    if (begins && head && head < at + 64) errno = 0, fail(at);
  }
  have = in + have - at;
  memmove(in, at, have);
  if (have > LINE / 2) have = 0, begins = 0; /* the rest of a long answer, which is counted, not read */
  return count;
}

static int64_t one(long id, const char *task) {
  size_t length = request(id, 1, task, 1);
  int64_t begin = now();
  write_all(server, out, length);
  while (answers() == 0) {
  }
  return now() - begin;
}

/* At most WINDOW requests are on their way. */
static void many(long count, long batch, int wait) {
  long requests = (count + batch - 1) / batch, sent = 0, answered = 0;
  size_t length = 0, written = 0;
  fcntl(server, F_SETFL, O_NONBLOCK);
  while (answered < requests) {
    if (written == length && sent < requests && sent - answered < WINDOW) {
      long rest = count - sent * batch;
      length = request(++sent, wait, NOOP, rest < batch ? rest : batch);
      written = 0;
    }
    struct pollfd fd = {server, POLLIN | (written < length ? POLLOUT : 0), 0};
    if (poll(&fd, 1, -1) < 0) fail("poll");
    if (fd.revents & POLLOUT) {
      ssize_t wrote = write(server, out + written, length - written);
      if (wrote < 0 && errno != EAGAIN) fail("write");
      if (wrote > 0) written += wrote;
    }
    if (fd.revents & (POLLIN | POLLHUP)) answered += answers();
  }
  fcntl(server, F_SETFL, 0);
}

int main(int argc, char **argv) {
  if (argc < 5) {
    fputs("usage: pmd SOCKET POOL rate|single|urgent|fill COUNT [BATCH]\n", stderr);
    return 2;
  }
  pool = argv[2];
  const char *mode = argv[3];
  long count = atol(argv[4]), batch = argc > 5 ? atol(argv[5]) : 1;
  int64_t *took = need(calloc(count, sizeof *took));
  server = connect_unix(argv[1]);
  int64_t begin = now();
  if (strcmp(mode, "rate") == 0 || strcmp(mode, "fill") == 0) {
    many(count, batch, mode[0] == 'r');
    report(count, now() - begin, NULL, 0);
  } else if (strcmp(mode, "single") == 0) {
    for (long i = 0; i < count; i++) took[i] = one(i, NOOP);
    report(count, 0, took, count);
  } else if (strcmp(mode, "urgent") == 0) {
    char task[64];
    sprintf(task, LONG, BACKLOG_US);
    write_all(server, out, request(1, 0, task, BACKLOG));
    while (answers() == 0) {
    }
    for (long i = 0; i < count; i++) {
      pause_between(i);
      took[i] = one(i + 2, URGENT);
    }
    report(count, 0, took, count);
  } else {
    return 2;
  }
  return 0;
}
