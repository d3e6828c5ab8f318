/* The program that is supervised in the comparisons: as small as a process can be.
 *
 *   child mark FILE         append "pid nanoseconds" of CLOCK_MONOTONIC to FILE, then wait for ever
 *   child lines COUNT FILE  as above, at SIGUSR1 write COUNT lines of 100 bytes to standard output, then as above
 *   child count FILE        as the first, but write "pid number" each millisecond, whether anybody reads or not;
 *                           how often that was done or refused stands in FILE.PID, as a number of 8 bytes
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void mark(const char *file) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  char text[64];
  int length = snprintf(text, sizeof text, "%d %lld\n", (int)getpid(),
                        now.tv_sec * 1000000000LL + now.tv_nsec);
  int fd = open(file, O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (fd < 0 || write(fd, text, length) != length) _exit(3);
  close(fd);
}

static void lines(long count) {
  enum { LINE = 100, BATCH = 640 };
  static char block[LINE * BATCH];
  for (int i = 0; i < BATCH; i++) {
    memset(block + i * LINE, 'x', LINE - 1);
    block[i * LINE + LINE - 1] = '\n';
  }
  while (count > 0) {
    long now = count < BATCH ? count : BATCH;
    for (long done = 0; done < now * LINE;) {
      ssize_t wrote = write(1, block + done, now * LINE - done);
      if (wrote < 0) _exit(4);
      done += wrote;
    }
    count -= now;
  }
}

static void count(const char *file) {
  char text[4096];
  snprintf(text, sizeof text, "%s.%d", file, (int)getpid());
  int fd = open(text, O_RDWR | O_CREAT, 0644);
  if (fd < 0 || ftruncate(fd, sizeof(int64_t)) < 0) _exit(3);
  volatile int64_t *written = mmap(NULL, sizeof *written, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (written == MAP_FAILED) _exit(3);
  signal(SIGPIPE, SIG_IGN);
  for (struct timespec pause = {0, 1000000};; nanosleep(&pause, NULL)) {
    int length = snprintf(text, sizeof text, "%d %lld\n", (int)getpid(), (long long)*written);
    if (write(1, text, length) < 0) length = 0; /* refused: lost, too */
    ++*written;
  }
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "mark") == 0) {
    mark(argv[2]);
  } else if (argc == 4 && strcmp(argv[1], "lines") == 0) {
    sigset_t awaited;
    int number;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR1);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    mark(argv[3]);
    sigwait(&awaited, &number);
    lines(atol(argv[2]));
    mark(argv[3]);
  } else if (argc == 3 && strcmp(argv[1], "count") == 0) {
    mark(argv[2]);
    count(argv[2]);
  } else {
    return 2;
  }
  for (;;) pause();
}
