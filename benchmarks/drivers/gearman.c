/* Gearman's binary protocol (https://gearman.org/protocol/): background jobs, whose queue can be durable. */
#include "broker.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>

enum packet {
  CAN_DO = 1, PRE_SLEEP = 4, NOOP = 6, JOB_CREATED = 8, GRAB_JOB = 9, NO_JOB = 10, JOB_ASSIGN = 11,
  WORK_COMPLETE = 13, SUBMIT_JOB_BG = 18, ERROR = 19, SUBMIT_JOB_HIGH_BG = 32
};
enum { HEADER = 12, BLOCK = 1 << 16 };

static int open_connection(const char *port) {
  struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(atoi(port)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) < 0) fail("gearmand");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

static size_t packet(char *to, enum packet type, const char *body, size_t length) {
  uint32_t numbers[2] = {htonl(type), htonl(length)};
  memcpy(to, "\0REQ", 4);
  memcpy(to + 4, numbers, sizeof numbers);
  memcpy(to + HEADER, body, length);
  return HEADER + length;
}

static uint32_t number_at(const char *at) {
  uint32_t number;
  memcpy(&number, at, sizeof number);
  return ntohl(number);
}

/* The length of the packet at `from`, or 0 if it is not whole yet. */
static size_t whole(const char *from, size_t length) {
  if (length < HEADER || length < HEADER + number_at(from + 8)) return 0;
  if (number_at(from + 4) == ERROR) errno = 0, fail(from + HEADER);
  return HEADER + number_at(from + 8);
}

static size_t submit(char *to, struct task task, int urgent) {
  char body[TEXT * 2];
  int name = sprintf(body, "noop") + 1;
  int unique = sprintf(body + name, "%d", task.number) + 1;
  int text = sprintf(body + name + unique, "%d %ld", task.number, task.sleep_us);
  return packet(to, urgent ? SUBMIT_JOB_HIGH_BG : SUBMIT_JOB_BG, body, name + unique + text);
}

static size_t acknowledged(const char *from, size_t length, long *count) {
  size_t used = 0;
  for (size_t step; (step = whole(from + used, length - used)); used += step)
    *count += number_at(from + used + 4) == JOB_CREATED;
  return used;
}

static _Noreturn void work(int fd, int most, int ended) {
  static char in[BLOCK], out[BLOCK];
  size_t have = 0, waiting = packet(out, CAN_DO, "noop", 4);
  int grabs = 0, numbers[BLOCK / HEADER], done = 0;
  for (; grabs < most; grabs++) waiting += packet(out + waiting, GRAB_JOB, "", 0);
  numbers[done++] = READY;
  for (;;) {
    write_all(fd, out, waiting);
    tell(ended, numbers, done);
    waiting = done = 0;
    have += read_some(fd, in + have, sizeof in - have);
    size_t used = 0;
    for (size_t step; (step = whole(in + used, have - used)); used += step) {
      const char *body = in + used + HEADER;
      enum packet type = number_at(in + used + 4);
      if (type == JOB_ASSIGN) {
        const char *text = body + strlen(body) + 1;
        text += strlen(text) + 1;
        char copy[TEXT] = {0};
        memcpy(copy, text, in + used + step - text);
        struct task task = task_of(copy);
        if (task.sleep_us) pause_us(task.sleep_us);
        waiting += packet(out + waiting, WORK_COMPLETE, body, strlen(body) + 1);
        waiting += packet(out + waiting, GRAB_JOB, "", 0);
        numbers[done++] = task.number;
      } else if (type == NO_JOB && --grabs == 0) {
        waiting += packet(out + waiting, PRE_SLEEP, "", 0);
      } else if (type == NOOP) {
        for (; grabs < most; grabs++) waiting += packet(out + waiting, GRAB_JOB, "", 0);
      }
    }
    have -= used;
    memmove(in, in + used, have);
  }
}

const struct broker gearman = {"gearman", open_connection, submit, acknowledged, work};
