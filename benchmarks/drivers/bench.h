/* What the programs of the task benchmark share: time, percentiles, reading and writing, tallies. */
#ifndef BENCH_H
#define BENCH_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 4 };

/* Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share. */
static inline int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static inline _Noreturn void fail(const char *what) {
  fprintf(stderr, "%s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
  exit(3);
}

static inline void *need(void *memory) {
  if (!memory || memory == MAP_FAILED) fail("no memory");
  return memory;
}

static inline void pause_us(long us) {
  struct timespec left = {us / 1000000, us % 1000000 * 1000};
  while (nanosleep(&left, &left) < 0 && errno == EINTR) {
  }
}

/* Behind how many tasks of which length the urgent ones are put. */
enum { BACKLOG = 1000, BACKLOG_US = 5000 };

/* Waits before the urgent task `i`, so that they come at all phases of the tasks before them. */
static inline void pause_between(long i) {
  pause_us(5000 + i * 1300 % BACKLOG_US);
}

static inline void write_all(int fd, const char *from, size_t length) {
  while (length > 0) {
    ssize_t wrote = write(fd, from, length);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail("write");
    from += wrote;
    length -= wrote;
  }
}

/* Returns the number of bytes, at least 1; the end of the stream is a failure. */
static inline size_t read_some(int fd, char *to, size_t room) {
  for (;;) {
    ssize_t got = read(fd, to, room);
    if (got > 0) return got;
    if (got == 0) errno = 0, fail("the other side has closed the connection");
    if (errno != EINTR) fail("read");
  }
}

static inline int connect_unix(const char *path) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof name.sun_path) errno = ENAMETOOLONG, fail(path);
  strcpy(name.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) < 0) fail(path);
  return fd;
}

static inline int by_size(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return a < b ? -1 : a > b;
}

/* Prints the result, one JSON object: how many, in which time (0: does not apply), and percentiles of
 * `times`, which are nanoseconds and are sorted here. */
static inline void report(long count, int64_t elapsed, int64_t *times, long samples) {
  printf("{\"count\":%ld,\"seconds\":%.6f", count, elapsed / 1e9);
  if (samples > 0) {
    qsort(times, samples, sizeof *times, by_size);
    printf(",\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f", times[samples / 2] / 1e3,
           times[samples * 99 / 100] / 1e3, times[samples - 1] / 1e3);
  }
  printf("}\n");
  fflush(stdout);
}

/* What one worker process has done; a file of these is mapped by all of them and read by benchmarks/tasks. */
struct tally {
  _Atomic int64_t taken; /* the first tally only: how many processes have one */
  int64_t done, first, last; /* tasks; when the first came and the last was answered */
  int64_t unused[4];
};
enum { TALLIES = 256 };

static inline struct tally *map_tally(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0 || ftruncate(fd, TALLIES * sizeof(struct tally)) < 0) fail(path);
  struct tally *all = need(mmap(NULL, TALLIES * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  close(fd);
  int64_t mine = atomic_fetch_add(&all->taken, 1);
  if (mine >= TALLIES) errno = 0, fail("too many workers for one tally file");
  return all + mine;
}
#endif
