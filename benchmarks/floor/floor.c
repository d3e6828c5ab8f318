/* What the kernel allows: a supervisor that can do nothing but keep programs running and their output.
 *
 *   floor FOLDER COUNT BYTES COMMAND...   runs COUNT of COMMAND; output goes to FOLDER/child-N.log, requests to FOLDER/socket
 *   floor status|stop SOCKET              asks one: how many run; end all, and say so when the last one is gone
 *
 * One thread, one epoll: SIGCHLD by signalfd, posix_spawn, output spliced from the pipe to its file; to a new one after
 * BYTES, wherever that is in a line, 0 for never. A program that ends is started again at once. Nothing is kept, limited,
 * removed or checked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { PIDS = 1 << 22, PIECE = 1 << 20, SIGNALS = -1, SOCKET = -2, EVENTS = 64 };

struct slot {
  pid_t pid;
  int out, in, log; /* the pipe's two ends, which stay when a child goes, and the file */
  long room, full;  /* bytes until the next file; how many were before it */
};
static struct slot *slots;
static int slot_of[PIDS]; /* by pid; only the pages that are written take memory */
static int count, running, stopping, asker = -1;
static long bytes;
static const char *folder;
static char **command;
static posix_spawnattr_t attributes;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void spawn(int number) {
  struct slot *slot = &slots[number];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, slot->in, 1);
  posix_spawn_file_actions_adddup2(&actions, slot->in, 2);
  if ((errno = posix_spawn(&slot->pid, command[0], &actions, &attributes, command, environ))) fail(command[0]);
  posix_spawn_file_actions_destroy(&actions);
  slot_of[slot->pid] = number;
  running++;
}

static void signal_all(int signal) {
  for (int i = 0; i < count; i++)
    if (slots[i].pid > 0) kill(slots[i].pid, signal);
}

static void answer(int client, const char *text) {
  if (write(client, text, strlen(text)) < 0) perror("answer");
  close(client);
}

static void reap(void) {
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) {
    int number = slot_of[pid];
    running--;
    slots[number].pid = 0;
    if (!stopping) spawn(number);
  }
  if (stopping && running == 0 && asker >= 0) {
    answer(asker, "stopped\n");
    asker = -1;
  }
}

static void request(int server) {
  char text[64] = "";
  int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
  if (client < 0) return;
  if (read(client, text, sizeof text - 1) > 0 && strcmp(text, "stop\n") == 0) {
    stopping = 1;
    asker = client;
    signal_all(SIGTERM);
    return;
  }
  snprintf(text, sizeof text, "%d of %d running\n", running, count);
  answer(client, text);
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) errno = ENAMETOOLONG, fail(path);
  strcpy(address.sun_path, path);
  return address;
}

static int ask(const char *word, const char *path) {
  struct sockaddr_un address = address_of(path);
  int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(server, (struct sockaddr *)&address, sizeof address) < 0) fail(path);
  char text[256];
  int length = snprintf(text, sizeof text, "%s\n", word);
  if (write(server, text, length) != length) fail("write");
  for (ssize_t got; (got = read(server, text, sizeof text)) > 0;)
    if (write(1, text, got) != got) fail("write");
  return 0;
}

/* Not O_APPEND, which splice refuses. */
static void open_log(int number) {
  char path[4096];
  snprintf(path, sizeof path, "%s/child-%d.log", folder, number);
  struct slot *slot = &slots[number];
  slot->log = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (slot->log < 0 || lseek(slot->log, 0, SEEK_END) < 0) fail(path);
  slot->room = bytes ? bytes : LONG_MAX;
}

static void rotate(int number) {
  char path[4096], other[4096];
  struct slot *slot = &slots[number];
  snprintf(path, sizeof path, "%s/child-%d.log", folder, number);
  snprintf(other, sizeof other, "%s/child-%d.log.%ld", folder, number, ++slot->full);
  if (rename(path, other) < 0) fail(path);
  close(slot->log);
  open_log(number);
}

static void move_output(int number) {
  struct slot *slot = &slots[number];
  size_t most = slot->room < PIECE ? slot->room : PIECE;
  ssize_t moved = splice(slot->out, NULL, slot->log, NULL, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (moved < 0 && errno != EAGAIN) fail("splice");
  if (moved > 0 && (slot->room -= moved) == 0) rotate(number);
}

static void watch(int poll, int fd, int what) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = what};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

int main(int argc, char **argv) {
  if (argc == 3) return ask(argv[1], argv[2]);
  if (argc < 5 || (count = atoi(argv[2])) < 0 || (bytes = atol(argv[3])) < 0) return 2;
  folder = argv[1];
  command = argv + 4;
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  signal(SIGPIPE, SIG_IGN);

  sigset_t watched, none, defaults;
  sigemptyset(&watched);
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&watched, SIGCHLD);
  sigaddset(&watched, SIGTERM);
  sigaddset(&defaults, SIGPIPE);
  sigprocmask(SIG_BLOCK, &watched, NULL);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  int poll = epoll_create1(EPOLL_CLOEXEC), signals = signalfd(-1, &watched, SFD_CLOEXEC);
  int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (poll < 0 || signals < 0 || server < 0) fail("setup");
  char path[4096];
  snprintf(path, sizeof path, "%s/socket", folder);
  unlink(path);
  struct sockaddr_un address = address_of(path);
  if (bind(server, (struct sockaddr *)&address, sizeof address) < 0 || listen(server, 64) < 0) fail(path);
  watch(poll, signals, SIGNALS);
  watch(poll, server, SOCKET);

  slots = calloc(count, sizeof *slots);
  for (int i = 0; i < count; i++) {
    int ends[2];
    open_log(i);
    if (pipe2(ends, O_CLOEXEC) < 0) fail("pipe2");
    slots[i].out = ends[0];
    slots[i].in = ends[1];
    watch(poll, ends[0], i);
    spawn(i);
  }

  for (struct epoll_event events[EVENTS];;) {
    int ready = epoll_wait(poll, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      int what = events[i].data.fd;
      if (what >= 0) {
        move_output(what);
      } else if (what == SOCKET) {
        request(server);
      } else {
        struct signalfd_siginfo info;
        if (read(signals, &info, sizeof info) == sizeof info && info.ssi_signo == SIGTERM) {
          signal_all(SIGTERM);
          return 0;
        }
        reap();
      }
    }
  }
}
