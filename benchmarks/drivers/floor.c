/* What the kernel allows: passes the lines of the worker protocol over pipes to 4 processes of worker.c, with
 * one epoll and nothing else between: no socket, no queue, no limits, nothing kept.
 *
 *   floor rate WORKER COUNT IN-HAND   COUNT tasks, IN-HAND at most with each worker
 *   floor single WORKER COUNT         one task at a time, to each worker in turn
 *   floor relay WORKER COUNT          the same through one more process and its socket, as every queue has it
 *   floor respawn WORKER COUNT        kill -9 of a worker until its successor's `ready` is read
 *   floor sync FOLDER COUNT           200 bytes and fdatasync: at the end of a file that grows
 *   floor resync FOLDER COUNT         the same in a file that has its size already
 */
#include "bench.h"
#include <sys/epoll.h>

extern char **environ;

enum { BLOCK = 1 << 16, DIGITS = 9 };

struct child {
  pid_t pid;
  int in, out, in_hand;
  char block[BLOCK];
  size_t have;
};
static struct child children[WORKERS];

static void spawn(struct child *child, const char *worker) {
  int to[2], from[2];
  if (pipe2(to, O_CLOEXEC) < 0 || pipe2(from, O_CLOEXEC) < 0) fail("pipe2");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], 0);
  posix_spawn_file_actions_adddup2(&actions, from[1], 1);
  char *argv[] = {(char *)worker, NULL};
  if ((errno = posix_spawn(&child->pid, worker, &actions, NULL, argv, environ))) fail(worker);
  posix_spawn_file_actions_destroy(&actions);
  close(to[0]);
  close(from[1]);
  child->in = to[1];
  child->out = from[0];
  child->have = 0;
  read_some(child->out, child->block, BLOCK); /* `ready` */
}

static const char template[] =
    "{\"jsonrpc\":\"2.0\",\"id\":\"k3f9-000000000/1\",\"method\":\"task\",\"params\":{\"id\":\"k3f9-000000000\","
    "\"type\":\"noop\",\"data\":{},\"attempt\":1,\"deadline\":\"2026-01-01T00:00:00.000Z\"}}\n";
enum { FRAME = sizeof template - 1, ID = 28, PARAMS_ID = 77 };

static void frame(char *to, long number) {
  memcpy(to, template, FRAME);
  for (int i = DIGITS - 1; i >= 0; i--, number /= 10) to[ID + i] = to[PARAMS_ID + i] = '0' + number % 10;
}

static long number_of(const char *answer) {
  long number = 0;
  for (int i = 0; i < DIGITS; i++) number = number * 10 + answer[ID + i] - '0';
  return number;
}

static void rate(long count, int most) {
  int64_t *sent = need(calloc(count, sizeof *sent)), *took = need(calloc(count, sizeof *took));
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < WORKERS; i++) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &children[i]};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, children[i].out, &event) < 0) fail("epoll_ctl");
  }
  static char frames[BLOCK];
  if (most < 1 || most * FRAME > BLOCK) errno = 0, fail("IN-HAND does not fit into a pipe");
  long next = 0, done = 0;
  int64_t begin = now();
  for (int first = 1; done < count; first = 0) {
    struct epoll_event events[WORKERS];
    int ready = first ? WORKERS : epoll_wait(epoll, events, WORKERS, -1);
    for (int i = 0; i < ready; i++) {
      struct child *child = first ? &children[i] : events[i].data.ptr;
      int64_t moment = now();
      if (!first) {
        child->have += read_some(child->out, child->block + child->have, BLOCK - child->have);
        char *at = child->block, *end = child->block + child->have;
        moment = now();
        for (char *feed; (feed = memchr(at, '\n', end - at)); at = feed + 1) {
          long number = number_of(at);
          if (number < 0 || number >= next || took[number]) errno = 0, fail("an answer that was not asked for");
          took[number] = moment - sent[number];
          child->in_hand--;
          done++;
        }
        child->have = end - at;
        memmove(child->block, at, child->have);
      }
      size_t length = 0;
      for (; child->in_hand < most && next < count; child->in_hand++, length += FRAME) {
        sent[next] = moment;
        frame(frames + length, next++);
      }
      write_all(child->in, frames, length);
    }
  }
  report(count, now() - begin, took, count);
}

/* One task to the worker, as `rate` sends them, and its answer. */
static void one(struct child *child, long number) {
  char text[FRAME];
  frame(text, number);
  write_all(child->in, text, FRAME);
  size_t got = read_some(child->out, child->block, BLOCK);
  if (child->block[got - 1] != '\n' || number_of(child->block) != number) errno = 0, fail("not the answer");
}

static void single(long count) {
  int64_t *took = need(calloc(count, sizeof *took));
  for (long i = 0; i < count; i++) {
    int64_t begin = now();
    one(&children[i % WORKERS], i);
    took[i] = now() - begin;
  }
  report(count, 0, took, count);
}

static void relay(long count) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) fail("socketpair");
  pid_t between = fork();
  if (between < 0) fail("fork");
  if (between == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    char number[sizeof(long)];
    for (;;) {
      read_some(ends[1], number, sizeof number);
      long task;
      memcpy(&task, number, sizeof task);
      one(&children[task % WORKERS], task);
      write_all(ends[1], number, sizeof number);
    }
  }
  int64_t *took = need(calloc(count, sizeof *took));
  for (long i = 0; i < count; i++) {
    int64_t begin = now();
    write_all(ends[0], (char *)&i, sizeof i);
    long answered;
    read_some(ends[0], (char *)&answered, sizeof answered);
    took[i] = now() - begin;
  }
  report(count, 0, took, count);
  kill(between, SIGKILL);
}

static void respawn(const char *worker, long count) {
  int64_t *took = need(calloc(count, sizeof *took));
  for (long i = 0; i < count; i++) {
    struct child *child = &children[i % WORKERS];
    int64_t begin = now();
    kill(child->pid, SIGKILL);
    waitpid(child->pid, NULL, 0);
    close(child->in);
    close(child->out);
    spawn(child, worker);
    took[i] = now() - begin;
  }
  report(count, 0, took, count);
}

static void sync_file(const char *folder, long count, int grows) {
  char path[4096], bytes[200], zeros[4096] = {0};
  snprintf(path, sizeof path, "%s/sync", folder);
  memset(bytes, 'x', sizeof bytes);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) fail(path);
  for (long i = 0; !grows && i <= count * (long)sizeof bytes / (long)sizeof zeros; i++)
    write_all(fd, zeros, sizeof zeros);
  if (fsync(fd) < 0) fail("fsync");
  int64_t *took = need(calloc(count, sizeof *took));
  for (long i = 0; i < count; i++) {
    int64_t begin = now();
    if (pwrite(fd, bytes, sizeof bytes, i * sizeof bytes) != sizeof bytes || fdatasync(fd) < 0) fail("fdatasync");
    took[i] = now() - begin;
  }
  report(count, 0, took, count);
  unlink(path);
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fputs("usage: floor rate|single|relay|respawn|sync|resync WORKER|FOLDER COUNT [IN-HAND]\n", stderr);
    return 2;
  }
  const char *mode = argv[1];
  long count = atol(argv[3]);
  if (strcmp(mode, "sync") == 0 || strcmp(mode, "resync") == 0) {
    sync_file(argv[2], count, mode[0] == 's');
    return 0;
  }
  for (int i = 0; i < WORKERS; i++) spawn(&children[i], argv[2]);
  if (strcmp(mode, "rate") == 0 && argc == 5) {
    rate(count, atoi(argv[4]));
  } else if (strcmp(mode, "single") == 0) {
    single(count);
  } else if (strcmp(mode, "relay") == 0) {
    relay(count);
  } else if (strcmp(mode, "respawn") == 0) {
    respawn(argv[2], count);
  } else {
    return 2;
  }
  return 0;
}
