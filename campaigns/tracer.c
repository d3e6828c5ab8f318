/*
 * Runs a command and treats the system calls of its threads badly, counted over all of them together:
 * kills it before or in the midst of the N-th call that changes a file of its own, or has calls fail.
 *
 *   tracer --log FILE [--under PREFIX]… [--kill N | --half N] [--rules FILE] [--spawned] -- COMMAND…
 *
 * Points: calls that change what lies under one of the prefixes (writes, renames, flushes …), and, as
 * "process:", a start, a signal and the reaping of a process, and a name for a socket. Each is a line of the
 * log: its number, "w" if it can be divided, call, path. The first line is "pid N". --half N is the N-th of
 * those that can be divided: half of it is written.
 * Rules: behind a first line, the version, lines "CALL[,CALL] PREFIX|* ERRNO FROM COUNT [main|child]": from the FROM-th on COUNT of these
 * calls (0: all) that touch a path with that prefix fail with that number. They are read at the start and at
 * each SIGUSR1; then FILE.read has the version and how often each of the rules before was used and would have been.
 * What the command starts is not traced; with --spawned it is until it has become another program.
 * Without seccomp: its filters are inherited by programs, which outlive us. Linux, x86_64.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/ptrace.h>

#ifndef __x86_64__
#error "only x86_64"
#endif

enum { PATHS = 8, RULES = 32, THREADS = 1024, NAME = 4400 };

/* How a call names what it touches. */
enum touch { FD = 1, FD3, PATH1, AT1, OPENS, BINDS, EPOLLS, CLONES, CLONES3, SIGNALS, REAPS, NOTHING };

struct call {
  const char *name;
  int number;
  enum touch touch;
  int point;  /* whether it changes something, and so is a point */
  int length; /* the argument that is a length, or -1 */
};

static const struct call CALLS[] = {
    {"write", SYS_write, FD, 1, 2},
    {"pwrite64", SYS_pwrite64, FD, 1, 2},
    {"writev", SYS_writev, FD, 1, -1},
    {"pwritev", SYS_pwritev, FD, 1, -1},
    {"ftruncate", SYS_ftruncate, FD, 1, -1},
    {"fallocate", SYS_fallocate, FD, 1, -1},
    {"fsync", SYS_fsync, FD, 1, -1},
    {"fdatasync", SYS_fdatasync, FD, 1, -1},
    {"fchmod", SYS_fchmod, FD, 1, -1},
    {"fchown", SYS_fchown, FD, 1, -1},
    {"splice", SYS_splice, FD3, 1, -1},
    {"tee", SYS_tee, FD, 0, -1},
    {"sendfile", SYS_sendfile, FD, 1, -1},
    {"copy_file_range", SYS_copy_file_range, FD3, 1, -1},
    {"truncate", SYS_truncate, PATH1, 1, -1},
    {"rename", SYS_rename, PATH1, 1, -1},
    {"renameat", SYS_renameat, AT1, 1, -1},
    {"renameat2", SYS_renameat2, AT1, 1, -1},
    {"link", SYS_link, PATH1, 1, -1},
    {"linkat", SYS_linkat, AT1, 1, -1},
    {"symlink", SYS_symlink, PATH1, 1, -1},
    {"unlink", SYS_unlink, PATH1, 1, -1},
    {"unlinkat", SYS_unlinkat, AT1, 1, -1},
    {"rmdir", SYS_rmdir, PATH1, 1, -1},
    {"mkdir", SYS_mkdir, PATH1, 1, -1},
    {"mkdirat", SYS_mkdirat, AT1, 1, -1},
    {"mknod", SYS_mknod, PATH1, 1, -1},
    {"mknodat", SYS_mknodat, AT1, 1, -1},
    {"chmod", SYS_chmod, PATH1, 1, -1},
    {"fchmodat", SYS_fchmodat, AT1, 1, -1},
    {"chown", SYS_chown, PATH1, 1, -1},
    {"open", SYS_open, OPENS, 1, -1},
    {"openat", SYS_openat, OPENS, 1, -1},
    {"creat", SYS_creat, PATH1, 1, -1},
    {"clone", SYS_clone, CLONES, 1, -1},
    {"clone3", SYS_clone3, CLONES3, 1, -1},
    {"vfork", SYS_vfork, CLONES, 1, -1},
    {"fork", SYS_fork, CLONES, 1, -1},
    {"pidfd_send_signal", SYS_pidfd_send_signal, SIGNALS, 1, -1},
    {"kill", SYS_kill, SIGNALS, 1, -1},
    {"waitid", SYS_waitid, REAPS, 1, -1},
    {"read", SYS_read, FD, 0, -1},
    {"pread64", SYS_pread64, FD, 0, -1},
    {"newfstatat", SYS_newfstatat, AT1, 0, -1},
    {"stat", SYS_stat, PATH1, 0, -1},
    {"lstat", SYS_lstat, PATH1, 0, -1},
    {"fstat", SYS_fstat, FD, 0, -1},
    {"statx", SYS_statx, AT1, 0, -1},
    {"statfs", SYS_statfs, PATH1, 0, -1},
    {"getdents64", SYS_getdents64, FD, 0, -1},
    {"access", SYS_access, PATH1, 0, -1},
    {"faccessat", SYS_faccessat, AT1, 0, -1},
    {"readlink", SYS_readlink, PATH1, 0, -1},
    {"accept", SYS_accept, FD, 0, -1},
    {"accept4", SYS_accept4, FD, 0, -1},
    {"socket", SYS_socket, NOTHING, 0, -1},
    {"socketpair", SYS_socketpair, NOTHING, 0, -1},
    {"bind", SYS_bind, BINDS, 1, -1},
    {"listen", SYS_listen, FD, 0, -1},
    {"sendto", SYS_sendto, FD, 0, -1},
    {"sendmsg", SYS_sendmsg, FD, 0, -1},
    {"recvfrom", SYS_recvfrom, FD, 0, -1},
    {"recvmsg", SYS_recvmsg, FD, 0, -1},
    {"getsockopt", SYS_getsockopt, FD, 0, -1},
    {"execve", SYS_execve, PATH1, 0, -1},
    {"pidfd_open", SYS_pidfd_open, NOTHING, 0, -1},
    {"memfd_create", SYS_memfd_create, NOTHING, 0, -1},
    {"close_range", SYS_close_range, NOTHING, 0, -1},
    {"pipe2", SYS_pipe2, NOTHING, 0, -1},
    {"pipe", SYS_pipe, NOTHING, 0, -1},
    {"eventfd2", SYS_eventfd2, NOTHING, 0, -1},
    {"epoll_create1", SYS_epoll_create1, NOTHING, 0, -1},
    {"epoll_ctl", SYS_epoll_ctl, EPOLLS, 0, -1},
    {"epoll_wait", SYS_epoll_wait, NOTHING, 0, -1},
    {"epoll_pwait", SYS_epoll_pwait, NOTHING, 0, -1},
    {"epoll_pwait2", SYS_epoll_pwait2, NOTHING, 0, -1},
    {"inotify_init1", SYS_inotify_init1, NOTHING, 0, -1},
    {"inotify_add_watch", SYS_inotify_add_watch, NOTHING, 0, -1},
    {"fcntl", SYS_fcntl, FD, 0, -1},
    {"dup", SYS_dup, FD, 0, -1},
    {"dup2", SYS_dup2, FD, 0, -1},
    {"prlimit64", SYS_prlimit64, NOTHING, 0, -1},
    {"setrlimit", SYS_setrlimit, NOTHING, 0, -1},
    {"setpriority", SYS_setpriority, NOTHING, 0, -1},
    {"sched_setscheduler", SYS_sched_setscheduler, NOTHING, 0, -1},
    {"sched_setaffinity", SYS_sched_setaffinity, NOTHING, 0, -1},
    {"ioprio_set", SYS_ioprio_set, NOTHING, 0, -1},
    {"prctl", SYS_prctl, NOTHING, 0, -1},
    {"capset", SYS_capset, NOTHING, 0, -1},
    {"setresuid", SYS_setresuid, NOTHING, 0, -1},
    {"setresgid", SYS_setresgid, NOTHING, 0, -1},
    {"setreuid", SYS_setreuid, NOTHING, 0, -1},
    {"setregid", SYS_setregid, NOTHING, 0, -1},
    {"setuid", SYS_setuid, NOTHING, 0, -1},
    {"setgid", SYS_setgid, NOTHING, 0, -1},
    {"setfsuid", SYS_setfsuid, NOTHING, 0, -1},
    {"setfsgid", SYS_setfsgid, NOTHING, 0, -1},
    {"setgroups", SYS_setgroups, NOTHING, 0, -1},
    {"setsid", SYS_setsid, NOTHING, 0, -1},
    {"setpgid", SYS_setpgid, NOTHING, 0, -1},
    {"chdir", SYS_chdir, PATH1, 0, -1},
    {"mmap", SYS_mmap, NOTHING, 0, -1},
    {"getrandom", SYS_getrandom, NOTHING, 0, -1},
    {"sync_file_range", SYS_sync_file_range, FD, 0, -1},
    {"unshare", SYS_unshare, NOTHING, 0, -1},
};
enum { CALL_COUNT = sizeof CALLS / sizeof *CALLS };

struct rule {
  unsigned char calls[CALL_COUNT];
  char prefix[512];
  int error;
  long from, count, seen, used;
  int whose; /* 0: anybody's, 1: of the command itself, 2: of what it starts */
};

struct thread {
  pid_t tid;
  int error;   /* the call under way is to fail with it, or 0 */
  int dies;    /* it is killed after the call under way */
  int is_child; /* of the command: followed until it is another program */
  int is_new;  /* its first stop has not been seen */
};

static const struct call *by_number[1024];
static struct thread threads[THREADS];
static struct rule rules[RULES];
static int rule_count;
static const char *under[PATHS];
static int under_count;
static const char *rules_file;
static int spawned;
static long kill_at, half_at, point, halves;
static FILE *said;
static pid_t command;
static volatile sig_atomic_t reload, leave;

static void die(const char *what) {
  perror(what);
  exit(125);
}

static struct thread *thread_of(pid_t tid) {
  struct thread *empty = NULL;
  for (int i = 0; i < THREADS; i++) {
    if (threads[i].tid == tid) return &threads[i];
    if (!threads[i].tid && !empty) empty = &threads[i];
  }
  if (!empty) {
    fputs("tracer: too many threads\n", stderr);
    exit(125);
  }
  memset(empty, 0, sizeof *empty);
  empty->tid = tid;
  empty->is_new = 1;
  return empty;
}

static void read_rules(void) {
  static char before[1024];
  FILE *file = fopen(rules_file, "r");
  char line[1024], version[1024] = "";
  char counts[RULES * 48] = "";
  if (file && fgets(line, sizeof line, file)) {
    memcpy(version, line, sizeof version);
    version[strcspn(version, "\n")] = 0;
  }
  if (*before && !strcmp(before, version)) { /* asked twice */
    if (file) fclose(file);
    return;
  }
  memcpy(before, version, sizeof before);
  for (int i = 0; i < rule_count; i++)
    snprintf(counts + strlen(counts), sizeof counts - strlen(counts), " %ld/%ld", rules[i].used, rules[i].seen);
  rule_count = 0;
  while (file && rule_count < RULES && fgets(line, sizeof line, file)) {
    struct rule *rule = &rules[rule_count];
    char names[512], whose[16] = "";
    memset(rule, 0, sizeof *rule);
    if (sscanf(line, "%511s %511s %d %ld %ld %15s", names, rule->prefix, &rule->error, &rule->from, &rule->count,
               whose) < 5)
      continue;
    rule->whose = !strcmp(whose, "main") ? 1 : !strcmp(whose, "child") ? 2 : 0;
    for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
      int known = 0;
      for (int i = 0; i < CALL_COUNT; i++)
        if (!strcmp(CALLS[i].name, name)) rule->calls[i] = known = 1;
      if (!known) fprintf(stderr, "tracer: no call %s\n", name);
    }
    rule_count++;
  }
  if (file) fclose(file);
  char other[4096], name[4096];
  snprintf(other, sizeof other, "%s.new", rules_file);
  snprintf(name, sizeof name, "%s.read", rules_file);
  file = fopen(other, "w");
  if (!file) die(other);
  fprintf(file, "%s%s\n", version, counts);
  fclose(file);
  if (rename(other, name)) die(name);
}

static void text_of(pid_t pid, uint64_t address, char *into, size_t size) {
  size_t have = 0;
  while (have + 1 < size) {
    size_t want = 4096 - (address + have) % 4096;
    if (want > size - 1 - have) want = size - 1 - have;
    struct iovec mine = {into + have, want}, its = {(void *)(address + have), want};
    ssize_t got = process_vm_readv(pid, &mine, 1, &its, 1, 0);
    if (got <= 0) break;
    char *end = memchr(into + have, 0, (size_t)got);
    if (end) return;
    have += (size_t)got;
  }
  into[have] = 0;
}

static void link_of(const char *name, char *into, size_t size) {
  ssize_t length = readlink(name, into, size - 1);
  into[length < 0 ? 0 : length] = 0;
}

static void fd_of(pid_t pid, int fd, char *into, size_t size) {
  char name[64];
  snprintf(name, sizeof name, "/proc/%d/fd/%d", pid, fd);
  link_of(name, into, size);
}

static void path_of(pid_t pid, int folder, uint64_t address, char *into, size_t size) {
  char text[4096];
  text_of(pid, address, text, sizeof text);
  if (*text == '/') {
    snprintf(into, size, "%s", text);
    return;
  }
  char base[4096], name[64];
  if (folder == AT_FDCWD) {
    snprintf(name, sizeof name, "/proc/%d/cwd", pid);
    link_of(name, base, sizeof base);
  } else {
    fd_of(pid, folder, base, sizeof base);
  }
  if (*text)
    snprintf(into, size, "%.*s/%.*s", 2000, base, 2000, text);
  else
    snprintf(into, size, "%s", base);
}

/* Writes what a call touches; returns whether it would change it. */
static int touched(pid_t pid, const struct call *call, const uint64_t *args, char *into, size_t size) {
  int changes = call->point;
  *into = 0;
  switch (call->touch) {
    case FD: fd_of(pid, (int)args[0], into, size); break;
    case FD3: fd_of(pid, (int)args[2], into, size); break;
    case PATH1: path_of(pid, AT_FDCWD, args[0], into, size); break;
    case AT1: path_of(pid, (int)args[0], args[1], into, size); break;
    case BINDS: {
      char address[128] = {0};
      struct iovec mine = {address, args[2] < 126 ? args[2] : 126}, its = {(void *)args[1], mine.iov_len};
      process_vm_readv(pid, &mine, 1, &its, 1, 0);
      snprintf(into, size, "process:bind");
      changes = ((struct sockaddr *)address)->sa_family == AF_UNIX;
      break;
    }
    case OPENS: {
      int at = call->number == SYS_openat;
      path_of(pid, at ? (int)args[0] : AT_FDCWD, args[at], into, size);
      changes = (args[1 + at] & (O_CREAT | O_TRUNC)) != 0;
      break;
    }
    case EPOLLS:
      snprintf(into, size, "epoll:%s", args[1] == 1 ? "add" : args[1] == 2 ? "remove" : "change");
      break;
    case CLONES:
      changes = call->number != SYS_clone || (args[0] & CLONE_THREAD) == 0;
      snprintf(into, size, changes ? "process:start" : "thread:start");
      break;
    case CLONES3: {
      uint64_t flags = 0;
      struct iovec mine = {&flags, sizeof flags}, its = {(void *)args[0], sizeof flags};
      process_vm_readv(pid, &mine, 1, &its, 1, 0);
      changes = (flags & CLONE_THREAD) == 0;
      snprintf(into, size, changes ? "process:start" : "thread:start");
      break;
    }
    case SIGNALS:
      changes = args[1] != 0;
      snprintf(into, size, "process:signal");
      break;
    case REAPS:
      changes = (args[3] & WNOWAIT) == 0;
      snprintf(into, size, "process:reap");
      break;
    case NOTHING: break;
  }
  return changes;
}

static int is_file(pid_t pid, int fd) {
  char name[64];
  struct stat status;
  snprintf(name, sizeof name, "/proc/%d/fd/%d", pid, fd);
  return stat(name, &status) == 0 && S_ISREG(status.st_mode);
}

static void set_register(pid_t tid, size_t offset, long value) {
  ptrace(PTRACE_POKEUSER, tid, (void *)offset, (void *)value);
}

static void entered(struct thread *thread, const struct __ptrace_syscall_info *info) {
  uint64_t number = info->entry.nr;
  if (number >= 1024 || !by_number[number]) return;
  const struct call *call = by_number[number];
  const uint64_t *args = (const uint64_t *)info->entry.args;
  int ruled = 0;
  for (int i = 0; i < rule_count; i++) ruled |= rules[i].calls[call - CALLS];
  if (!ruled && (!call->point || !under_count || thread->is_child)) return;
  char path[NAME];
  int changes = touched(thread->tid, call, args, path, sizeof path);
  for (int i = 0; ruled && i < rule_count; i++) {
    struct rule *rule = &rules[i];
    if (!rule->calls[call - CALLS]) continue;
    if (rule->whose && rule->whose != 1 + thread->is_child) continue;
    if (strcmp(rule->prefix, "*") && strncmp(path, rule->prefix, strlen(rule->prefix))) continue;
    rule->seen++;
    if (rule->seen < rule->from || (rule->count && rule->seen >= rule->from + rule->count)) continue;
    if (rule->used++ < 5) fprintf(said, "fails %s %s %d\n", call->name, path, rule->error);
    fflush(said);
    thread->error = rule->error;
    set_register(thread->tid, offsetof(struct user_regs_struct, orig_rax), -1);
    return;
  }
  if (!changes || !under_count || thread->is_child) return;
  int counts = 0;
  for (int i = 0; i < under_count; i++) counts |= !strncmp(path, under[i], strlen(under[i]));
  if (!counts) return;
  point++;
  /* Only of a file: a write to a pipe that fits is one piece to the kernel as well. */
  int divides = call->length >= 0 && args[call->length] > 1 && is_file(thread->tid, (int)args[0]);
  halves += divides;
  fprintf(said, "%ld %s %s %s\n", point, divides ? "w" : "-", call->name, path);
  fflush(said);
  if (divides && halves == half_at) {
    set_register(thread->tid, offsetof(struct user_regs_struct, rdx), (long)(args[call->length] / 2));
    thread->dies = 1;
  } else if (point == kill_at) {
    kill(command, SIGKILL);
  }
}

static void left(struct thread *thread) {
  if (thread->error) {
    set_register(thread->tid, offsetof(struct user_regs_struct, rax), -thread->error);
    thread->error = 0;
  }
  if (thread->dies) kill(command, SIGKILL);
}

static void on_reload(int signal) {
  (void)signal;
  reload = 1;
}

static void on_leave(int signal) {
  (void)signal;
  leave = 1;
}

int main(int argc, char **argv) {
  const char *log = NULL;
  int at = 1;
  for (; at < argc && strcmp(argv[at], "--"); at++) {
    const char *value = at + 1 < argc ? argv[at + 1] : "";
    if (!strcmp(argv[at], "--spawned")) {
      spawned = 1;
      continue;
    }
    if (!strcmp(argv[at], "--log")) log = value;
    else if (!strcmp(argv[at], "--kill")) kill_at = atol(value);
    else if (!strcmp(argv[at], "--half")) half_at = atol(value);
    else if (!strcmp(argv[at], "--rules")) rules_file = value;
    else if (!strcmp(argv[at], "--under") && under_count < PATHS) under[under_count++] = value;
    else {
      fprintf(stderr, "tracer: what is %s?\n", argv[at]);
      return 125;
    }
    at++;
  }
  if (!log || at + 1 >= argc) {
    fputs("tracer: --log FILE -- COMMAND…\n", stderr);
    return 125;
  }
  said = fopen(log, "we");
  if (!said) die(log);
  for (int i = 0; i < CALL_COUNT; i++)
    if (CALLS[i].number < 1024) by_number[CALLS[i].number] = &CALLS[i];
  if (rules_file) read_rules();

  command = fork();
  if (command < 0) die("fork");
  if (!command) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) die("ptrace");
    raise(SIGSTOP);
    execvp(argv[at + 1], argv + at + 1);
    die(argv[at + 1]);
  }
  struct sigaction action = {.sa_handler = on_reload};
  sigaction(SIGUSR1, &action, NULL);
  action.sa_handler = on_leave;
  sigaction(SIGTERM, &action, NULL);
  int status;
  if (waitpid(command, &status, 0) < 0 || !WIFSTOPPED(status)) {
    fputs("tracer: may trace nothing here\n", stderr);
    return 125;
  }
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
  if (spawned) options |= PTRACE_O_TRACEVFORK | PTRACE_O_TRACEFORK;
  if (ptrace(PTRACE_SETOPTIONS, command, 0, (void *)options)) die("ptrace options");
  thread_of(command)->is_new = 0;
  fprintf(said, "pid %d\n", command);
  fflush(said);
  ptrace(PTRACE_SYSCALL, command, 0, 0);

  int ended = 0;
  for (;;) {
    if (reload) {
      reload = 0;
      read_rules();
    }
    if (leave) kill(command, SIGKILL);
    pid_t tid = waitpid(-1, &status, __WALL);
    if (tid < 0) {
      if (errno == EINTR) continue;
      break; /* nobody is left */
    }
    if (WIFEXITED(status) || WIFSIGNALED(status)) {
      if (tid == command) ended = status;
      for (int i = 0; i < THREADS; i++)
        if (threads[i].tid == tid) threads[i].tid = 0;
      continue;
    }
    struct thread *thread = thread_of(tid);
    int signal = WSTOPSIG(status), event = status >> 16, deliver = 0;
    if (signal == (SIGTRAP | 0x80)) {
      struct __ptrace_syscall_info info;
      if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, (void *)sizeof info, &info) > 0) {
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) entered(thread, &info);
        else if (info.op == PTRACE_SYSCALL_INFO_EXIT) left(thread);
      }
    } else if (event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_FORK) {
      unsigned long child = 0;
      ptrace(PTRACE_GETEVENTMSG, tid, 0, &child);
      struct thread *other = thread_of((pid_t)child);
      other->is_child = 1;
    } else if (event == PTRACE_EVENT_EXEC && thread->is_child) {
      thread->tid = 0;
      ptrace(PTRACE_DETACH, tid, 0, 0);
      continue;
    } else if (event) {
      /* a new thread: it stops by itself */
    } else if (thread->is_new && signal == SIGSTOP) {
      thread->is_new = 0;
    } else {
      deliver = signal;
    }
    ptrace(PTRACE_SYSCALL, tid, 0, (void *)(long)deliver);
  }
  fprintf(said, "ended %d\n", WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended));
  fclose(said);
  return WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
}
