/* The two queue servers that the benchmark drives: how tasks are put in, and the loop of a worker. */
#ifndef BROKER_H
#define BROKER_H
#include "bench.h"

enum { REQUEST = 256, TEXT = 64 };

/* A task's text is "NUMBER MICROSECONDS": which it is, and how long its worker sleeps. */
struct task {
  int number;
  long sleep_us;
};

struct broker {
  const char *name;
  int (*connect)(const char *address);
  /* Writes a request that puts the task in, at most REQUEST bytes; returns its length. */
  size_t (*submit)(char *to, struct task task, int urgent);
  /* How many of the bytes at `from` are whole acknowledgements of submits; adds their number to `count`. */
  size_t (*acknowledged)(const char *from, size_t length, long *count);
  /* Takes tasks, at most `most` in hand, and says each to `ended`; never returns. Says that it is ready first. */
  void (*work)(int fd, int most, int ended);
};
extern const struct broker gearman, beanstalk;

enum { READY = -1 };

static inline struct task task_of(const char *text) {
  struct task task = {0, 0};
  sscanf(text, "%d %ld", &task.number, &task.sleep_us);
  return task;
}

static inline void tell(int fd, const int *numbers, int count) {
  write_all(fd, (const char *)numbers, count * sizeof *numbers);
}
#endif
