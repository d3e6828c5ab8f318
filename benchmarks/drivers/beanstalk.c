/* beanstalkd's text protocol (its doc/protocol.txt). Priorities: the smaller number comes first. */
#include "broker.h"

enum { BLOCK = 1 << 16, MOST = 256 };

static size_t submit(char *to, struct task task, int urgent) {
  char text[TEXT];
  int length = snprintf(text, sizeof text, "%d %ld", task.number, task.sleep_us);
  return sprintf(to, "put %d 0 600 %d\r\n%s\r\n", urgent ? 0 : 1024, length, text);
}

static size_t acknowledged(const char *from, size_t length, long *count) {
  const char *at = from;
  for (const char *feed; (feed = memchr(at, '\n', from + length - at)); at = feed + 1) {
    if (memcmp(at, "INSERTED ", 9) != 0) errno = 0, fail("beanstalkd has refused a job");
    ++*count;
  }
  return at - from;
}

static int fd;
static char in[BLOCK];
static size_t have, used;

/* The next line, which ends with a zero; valid until the next call. */
static char *line(void) {
  for (;;) {
    char *feed = memchr(in + used, '\n', have - used);
    if (feed) {
      char *begin = in + used;
      feed[-1] = 0;
      used = feed + 1 - in;
      return begin;
    }
    have -= used;
    memmove(in, in + used, have);
    used = 0;
    have += read_some(fd, in + have, sizeof in - have);
  }
}

/* Reads the answer to a reserve; returns whether there was a job, and does it. */
static int reserved(unsigned long long *id, int *number) {
  char *answer = line();
  if (strcmp(answer, "TIMED_OUT") == 0) return 0;
  if (sscanf(answer, "RESERVED %llu", id) != 1) errno = 0, fail(answer);
  struct task task = task_of(line());
  if (task.sleep_us) pause_us(task.sleep_us);
  *number = task.number;
  return 1;
}

static void expect(const char *text) {
  char *answer = line();
  if (strcmp(answer, text) != 0) errno = 0, fail(answer);
}

/* One in hand: delete and the next reserve go out together. Many: as many as there are at once, then all deletes. */
static _Noreturn void work(int connection, int most, int ended) {
  fd = connection;
  if (most > MOST) errno = 0, fail("too many in hand");
  unsigned long long ids[MOST];
  int numbers[MOST], ready = READY;
  static char out[MOST * TEXT];
  tell(ended, &ready, 1);
  if (most == 1) {
    write_all(fd, "reserve\r\n", 9);
    for (;;) {
      while (!reserved(ids, numbers)) {
      }
      write_all(fd, out, sprintf(out, "delete %llu\r\nreserve\r\n", ids[0]));
      expect("DELETED");
      tell(ended, numbers, 1);
    }
  }
  for (;;) {
    int count = 0;
    size_t waiting = 0;
    for (int i = 0; i < most; i++) waiting += sprintf(out + waiting, "reserve-with-timeout 0\r\n");
    write_all(fd, out, waiting);
    for (int i = 0; i < most; i++) count += reserved(ids + count, numbers + count);
    if (count == 0) {
      write_all(fd, "reserve\r\n", 9);
      count = reserved(ids, numbers);
    }
    waiting = 0;
    for (int i = 0; i < count; i++) waiting += sprintf(out + waiting, "delete %llu\r\n", ids[i]);
    write_all(fd, out, waiting);
    for (int i = 0; i < count; i++) expect("DELETED");
    tell(ended, numbers, count);
  }
}

const struct broker beanstalk = {"beanstalk", connect_unix, submit, acknowledged, work};
