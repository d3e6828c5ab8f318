/* Measures a queue server with 4 worker processes of its own (forked from here). Neither server gives the
 * submitter a result, so the workers say on a pipe what is done: as soon as the server knows it (beanstalkd),
 * or is told (gearmand). That is less than a result costs.
 *
 *   broker gearman|beanstalk ADDRESS rate COUNT IN-HAND    submit to last end, workers waiting
 *   broker gearman|beanstalk ADDRESS drain COUNT IN-HAND   the queue is filled first, then the workers come
 *   broker gearman|beanstalk ADDRESS single COUNT          one task at a time
 *   broker gearman|beanstalk ADDRESS urgent COUNT          urgent ones, one at a time, behind 1,000 of 5 ms
 *   broker gearman|beanstalk ADDRESS fill COUNT            only puts them in
 */
#include "broker.h"

enum { BLOCK = 1 << 16 };

static const struct broker *broker;
static int server, ended[2];
static pid_t workers[WORKERS];
static long seen; /* tasks that have ended */

static void start_workers(const char *address, int most) {
  for (int i = 0; i < WORKERS; i++) {
    workers[i] = fork();
    if (workers[i] < 0) fail("fork");
    if (workers[i] == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(ended[0]);
      close(server);
      broker->work(broker->connect(address), most, ended[1]);
    }
  }
  for (int i = 0, ready; i < WORKERS; i++) {
    read_some(ended[0], (char *)&ready, sizeof ready);
    if (ready != READY) {
      seen++; /* it has begun with the queue already */
      i--;
    }
  }
}

static void end_workers(void) {
  for (int i = 0; i < WORKERS; i++)
    if (workers[i] > 0) kill(workers[i], SIGKILL), waitpid(workers[i], NULL, 0);
}

/* Puts tasks first, first + 1 … in as fast as the server takes them; returns when `acks` are acknowledged and `ends`
 * have ended. */
static void run(long first, long submits, long acks, long ends, long sleep_us) {
  static char out[BLOCK], in[BLOCK];
  static int numbers[BLOCK / sizeof(int)];
  size_t waiting = 0, have = 0;
  long next = 0, acknowledged = 0;
  fcntl(server, F_SETFL, O_NONBLOCK);
  while (acknowledged < acks || seen < ends) {
    for (; next < submits && waiting + REQUEST <= sizeof out; next++)
      waiting += broker->submit(out + waiting, (struct task){first + next, sleep_us}, 0);
    struct pollfd fds[] = {{server, POLLIN | (waiting ? POLLOUT : 0), 0}, {ended[0], POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) fail("poll");
    if (fds[0].revents & POLLOUT) {
      ssize_t wrote = write(server, out, waiting);
      if (wrote < 0 && errno != EAGAIN) fail("write");
      if (wrote > 0) memmove(out, out + wrote, waiting -= wrote);
    }
    if (fds[0].revents & (POLLIN | POLLHUP)) {
      have += read_some(server, in + have, sizeof in - have);
      size_t used = broker->acknowledged(in, have, &acknowledged);
      memmove(in, in + used, have -= used);
    }
    if (fds[1].revents & POLLIN) seen += read_some(ended[0], (char *)numbers, sizeof numbers) / sizeof *numbers;
  }
  fcntl(server, F_SETFL, 0);
}

/* Submits task `number` and returns the time until it has ended, whatever else ends meanwhile. */
static int64_t one(int number, int urgent) {
  char request[REQUEST];
  long acknowledged = 0;
  int64_t begin = now();
  write_all(server, request, broker->submit(request, (struct task){number, 0}, urgent));
  for (int done = READY; done != number;) read_some(ended[0], (char *)&done, sizeof done);
  int64_t took = now() - begin;
  for (size_t have = 0; acknowledged == 0;) {
    have += read_some(server, request + have, sizeof request - have);
    size_t used = broker->acknowledged(request, have, &acknowledged);
    memmove(request, request + used, have -= used);
  }
  return took;
}

int main(int argc, char **argv) {
  broker = argc < 5 ? NULL : strcmp(argv[1], gearman.name) == 0 ? &gearman : &beanstalk;
  if (!broker || strcmp(argv[1], broker->name) != 0) {
    fputs("usage: broker gearman|beanstalk ADDRESS rate|drain|single|urgent|fill COUNT [IN-HAND]\n", stderr);
    return 2;
  }
  const char *address = argv[2], *mode = argv[3];
  long count = atol(argv[4]);
  int most = argc > 5 ? atoi(argv[5]) : 1;
  int64_t *took = need(calloc(count, sizeof *took));
  if (pipe2(ended, O_CLOEXEC) < 0) fail("pipe2");
  server = broker->connect(address);
  int64_t begin;
  if (strcmp(mode, "rate") == 0) {
    start_workers(address, most);
    begin = now();
    run(0, count, count, count, 0);
    report(count, now() - begin, NULL, 0);
  } else if (strcmp(mode, "drain") == 0) {
    run(0, count, count, 0, 0);
    begin = now();
    start_workers(address, most);
    run(0, 0, 0, count, 0);
    report(count, now() - begin, NULL, 0);
  } else if (strcmp(mode, "single") == 0) {
    start_workers(address, 1);
    for (long i = 0; i < count; i++) took[i] = one(i, 0);
    report(count, 0, took, count);
  } else if (strcmp(mode, "urgent") == 0) {
    start_workers(address, 1);
    run(0, BACKLOG, BACKLOG, 20, BACKLOG_US);
    for (long i = 0; i < count; i++) {
      pause_between(i);
      took[i] = one(BACKLOG + i, 1);
    }
    report(count, 0, took, count);
  } else if (strcmp(mode, "fill") == 0) {
    begin = now();
    run(0, count, count, 0, 0);
    report(count, now() - begin, NULL, 0);
  } else {
    return 2;
  }
  end_workers();
  return 0;
}
