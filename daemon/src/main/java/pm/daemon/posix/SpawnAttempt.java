package pm.daemon.posix;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import pm.daemon.posix.SpawnException.Stage;

/**
 * One try to start a program. Everything is prepared by the constructor; {@link #run} then only
 * calls the kernel with numbers, because it may do so as another user, who could not read our
 * classes; {@link #failure} finally puts what was found into words, as ourselves again.
 */
final class SpawnAttempt implements AutoCloseable {
  private static final int CLONE_FS = 0x200;
  private static final int AT_FDCWD = -100;
  private static final int X_OK = 1;
  private static final int RW_OK = 6;
  private static final int PR_CAP_AMBIENT = 47;
  private static final int PR_CAP_AMBIENT_CLEAR_ALL = 4;
  private static final int SETSIGDEF_SETSIGMASK_SETSID = 0x04 | 0x08 | 0x80;
  private static final int FIRST_EXTRA = 3;
  private static final int TYPE = 0xf000;
  private static final int REGULAR = 0x8000;
  private static final int DIRECTORY = 0x4000;

  /** As much of a file as the kernel looks at to recognise an interpreter. */
  private static final int HEADER_BYTES = 256;

  /** What is added to the memory for strings: structures, alignment. */
  private static final int STRUCTURES_BYTES = 2048;

  private static final String SHELL = "/bin/sh";
  private static final String ENV = "/usr/bin/env";

  private static final long ACCESS = Libc.function("access");
  private static final long FSTATAT = Libc.function("fstatat");
  private static final long OPEN = Libc.function("open");
  private static final long READ = Libc.function("read");
  private static final long CLOSE = Libc.function("close");
  private static final long PRCTL = Libc.function("prctl");
  private static final long GETRESUID = Libc.function("getresuid");
  private static final long POSIX_SPAWN = Libc.function("posix_spawn");
  private static final long ACTIONS_INIT = Libc.function("posix_spawn_file_actions_init");
  private static final long ACTIONS_DESTROY = Libc.function("posix_spawn_file_actions_destroy");
  private static final long ACTIONS_ADDDUP2 = Libc.function("posix_spawn_file_actions_adddup2");
  private static final long ACTIONS_ADDOPEN = Libc.function("posix_spawn_file_actions_addopen");
  private static final long ACTIONS_ADDCLOSE = Libc.function("posix_spawn_file_actions_addclose");
  private static final long ACTIONS_ADDCHDIR =
      Libc.function("posix_spawn_file_actions_addchdir_np");
  private static final long ACTIONS_ADDCLOSEFROM =
      Libc.function("posix_spawn_file_actions_addclosefrom_np");
  private static final long ATTRIBUTES_INIT = Libc.function("posix_spawnattr_init");
  private static final long ATTRIBUTES_DESTROY = Libc.function("posix_spawnattr_destroy");
  private static final long ATTRIBUTES_SETFLAGS = Libc.function("posix_spawnattr_setflags");
  private static final long ATTRIBUTES_SETSIGMASK = Libc.function("posix_spawnattr_setsigmask");
  private static final long ATTRIBUTES_SETSIGDEFAULT =
      Libc.function("posix_spawnattr_setsigdefault");

  private final SpawnRequest request;
  private final boolean changesUmask;
  private final boolean changesCredentials;
  private final boolean mayUnshare;
  private final int umask;
  private final int uid;
  private final int gid;
  private final int groupCount;
  private final int ownUid;
  private final int ownEffectiveUid;
  private final int ownSavedUid;

  private final NativeBlock block;
  private final ThreadSettings thread;
  private final ChildLimits limits;
  private final Optional<Gate> gate;
  private final boolean isSearched;
  private final List<String> candidates;
  private final long[] candidateNames;
  private final long argv;
  private final long linkArgv;
  private final int linkProgram;
  private final long environment;
  private final long shell;
  private final long workingDirectory;
  private final long devNull;
  private final boolean usesDevNull;
  private final long groups;
  private final long actions;
  private final long attributes;
  private final long pidResult;
  private final long stat;
  private final long header;

  // What run() finds.
  private boolean isLinked;
  private boolean hasForeignUser;
  private int chosen;
  private int pid;
  private Stage stage = Stage.SPAWN;
  private int errno;
  private Subject subject = Subject.NOTHING;
  private long interpreter;

  /** What a failure is about. */
  private enum Subject {
    NOTHING,
    WORKING_DIRECTORY,
    DEV_NULL,
    SHELL,
    THREAD,
    SEARCH,
    PROGRAM,
    INTERPRETER,
    LOADER
  }

  /**
   * Prepares an attempt.
   *
   * @param mayUnshare false: behave as where a container forbids unshare(2)
   */
  SpawnAttempt(
      SpawnRequest request, boolean changesUmask, boolean changesCredentials, boolean mayUnshare)
      throws SpawnException {
    checkTexts(request);
    this.request = request;
    this.changesUmask = changesUmask;
    this.changesCredentials = changesCredentials;
    this.mayUnshare = mayUnshare;
    umask = request.umask().orElse(0);
    List<Integer> groupIds = request.credentials().map(Credentials::groups).orElse(List.of());
    uid = request.credentials().map(Credentials::uid).orElse(0);
    gid = request.credentials().map(Credentials::gid).orElse(0);
    groupCount = groupIds.size();

    isSearched = request.argv().getFirst().indexOf('/') < 0;
    candidates = candidates(request, isSearched);
    candidateNames = new long[candidates.size()];
    List<String> variables = new ArrayList<>();
    request.environment().forEach((name, value) -> variables.add(name + "=" + value));
    isLinked = request.settings().needsGate();
    gate = isLinked ? Optional.of(new Gate(request.descriptors().keySet())) : Optional.empty();
    List<String> unnameable =
        variables.stream().filter(variable -> !isNameable(variable)).sorted().toList();
    List<String> link = linkArguments(unnameable);
    linkProgram = link.size() - request.argv().size();

    block =
        new NativeBlock(
            STRUCTURES_BYTES
                + ThreadSettings.SIZE
                + ChildLimits.sizeOf()
                + NativeBlock.sizeOf(candidates)
                + NativeBlock.sizeOf(request.argv())
                + NativeBlock.sizeOf(link)
                + NativeBlock.sizeOf(variables)
                + NativeBlock.sizeOf(request.workingDirectory())
                + Integer.BYTES * groupCount);
    for (int i = 0; i < candidates.size(); i++) {
      candidateNames[i] = block.text(candidates.get(i));
    }
    argv = block.texts(request.argv());
    linkArgv = block.texts(link);
    environment = block.texts(variables);
    shell = block.text(SHELL);
    workingDirectory = block.text(request.workingDirectory());
    devNull = block.text("/dev/null");
    usesDevNull =
        request.descriptors().values().stream().anyMatch(stdio -> stdio instanceof Stdio.Null);
    groups = block.take(Integer.BYTES * Math.max(groupCount, 1));
    for (int i = 0; i < groupCount; i++) {
      block.putInt(groups + (long) Integer.BYTES * i, groupIds.get(i));
    }
    pidResult = block.take(Integer.BYTES);
    stat = block.take(Layout.STAT_SIZE);
    header = block.take(HEADER_BYTES + 1);
    actions = block.take(Layout.SPAWN_ACTIONS_SIZE);
    attributes = block.take(Layout.SPAWN_ATTRIBUTES_SIZE);
    Libc.call(GETRESUID, stat, stat + 4, stat + 8);
    ownUid = block.getInt(stat);
    ownEffectiveUid = block.getInt(stat + 4);
    ownSavedUid = block.getInt(stat + 8);
    long signalSet = block.take(Layout.SIGNAL_SET_SIZE);
    Libc.call(ACTIONS_INIT, actions);
    prepareAttributes(signalSet);
    try {
      limits = new ChildLimits(request.settings(), block);
      thread = new ThreadSettings(request.settings(), block);
      prepareActions();
    } catch (SpawnException | RuntimeException refused) {
      close();
      throw refused;
    }
  }

  private static void checkTexts(SpawnRequest request) throws SpawnException {
    for (String argument : request.argv()) {
      if (argument.indexOf('\0') >= 0) {
        throw new SpawnException(
            Stage.EXEC, Errno.EINVAL, "an argument of the command contains a zero byte");
      }
    }
    for (Map.Entry<String, String> variable : request.environment().entrySet()) {
      String name = variable.getKey();
      if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0) {
        throw new SpawnException(
            Stage.EXEC, Errno.EINVAL, "not the name of an environment variable: \"" + name + "\"");
      }
      if (variable.getValue().indexOf('\0') >= 0) {
        throw new SpawnException(
            Stage.EXEC, Errno.EINVAL, "environment variable " + name + " contains a zero byte");
      }
    }
    if (request.workingDirectory().indexOf('\0') >= 0) {
      throw new SpawnException(Stage.WORKING_DIR, Errno.EINVAL, "its path contains a zero byte");
    }
  }

  /** Lists where the program may be, in the order to be tried. */
  private static List<String> candidates(SpawnRequest request, boolean isSearched) {
    String program = request.argv().getFirst();
    if (!isSearched) {
      return List.of(below(request.workingDirectory(), program));
    }
    List<String> candidates = new ArrayList<>();
    for (String directory : request.searchPath().split(":", -1)) {
      // An empty entry is the working directory, as for execvp(3); an empty path has no entries.
      if (!request.searchPath().isEmpty()) {
        candidates.add(below(below(request.workingDirectory(), directory), program));
      }
    }
    return candidates;
  }

  private static String below(String directory, String path) {
    if (path.startsWith("/")) {
      return path;
    }
    if (path.isEmpty()) {
      return directory;
    }
    return directory.endsWith("/") ? directory + path : directory + "/" + path;
  }

  /**
   * The command line that sets the umask first, waits at the gate, or both; the word for the
   * program is replaced by what was found. Some shells drop variables that they could not name, so
   * these go by way of env(1).
   */
  private List<String> linkArguments(List<String> unnameable) {
    StringBuilder script = new StringBuilder();
    if (changesUmask) {
      script.append("umask 0").append(Integer.toOctalString(umask)).append("; ");
    }
    gate.ifPresent(g -> script.append(g.script()));
    for (String own : List.of("PWD", "OLDPWD", "SHLVL")) {
      if (!request.environment().containsKey(own)) {
        script.append("unset ").append(own).append("; ");
      }
    }
    script.append("exec \"$@\"");
    List<String> link = new ArrayList<>(List.of(SHELL, "-c", script.toString(), "sh"));
    if (!unnameable.isEmpty()) {
      link.add(ENV);
      link.addAll(unnameable);
    }
    link.addAll(request.argv());
    return link;
  }

  private static boolean isNameable(String variable) {
    int end = variable.indexOf('=');
    for (int i = 0; i < end; i++) {
      char c = variable.charAt(i);
      boolean isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      if (!isLetter && (i == 0 || c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }

  /** A session of its own, no signal blocked, all at their default; posix_spawnattr_init(3). */
  private void prepareAttributes(long signalSet) {
    Libc.call(ATTRIBUTES_INIT, attributes);
    Libc.call(ATTRIBUTES_SETFLAGS, attributes, SETSIGDEF_SETSIGMASK_SETSID);
    Libc.call(ATTRIBUTES_SETSIGMASK, attributes, signalSet);
    // Also the two signals of the C library, which it would leave ignored in the child otherwise.
    block.putLong(signalSet, ~(bit(Signals.KILL) | bit(Signals.STOP)));
    Libc.call(ATTRIBUTES_SETSIGDEFAULT, attributes, signalSet);
  }

  private static long bit(int signal) {
    return 1L << (signal - 1);
  }

  /** The descriptors, the working directory, nothing else left open; posix_spawn(3). */
  private void prepareActions() throws SpawnException {
    SortedMap<Integer, Stdio> wanted = new TreeMap<>(request.descriptors());
    gate.ifPresent(g -> wanted.put(g.childFd(), new Stdio.Descriptor(g.childEnd())));
    // What is ours begins at 3, so these overwrite nothing that is still to be placed.
    for (Map.Entry<Integer, Stdio> standard : wanted.headMap(FIRST_EXTRA).entrySet()) {
      int flags = standard.getKey() == 0 ? OpenFlags.RDONLY : OpenFlags.WRONLY;
      place(standard.getValue(), standard.getKey(), flags);
    }
    placeExtras(wanted.tailMap(FIRST_EXTRA));
    check(Libc.call(ACTIONS_ADDCHDIR, actions, workingDirectory));
    int last = wanted.lastKey();
    for (int fd = FIRST_EXTRA; fd < last; fd++) {
      if (!wanted.containsKey(fd)) {
        // Closing what is not open is no error there.
        check(Libc.call(ACTIONS_ADDCLOSE, actions, fd));
      }
    }
    check(Libc.call(ACTIONS_ADDCLOSEFROM, actions, last + 1));
  }

  /** Those that stand where another is to go are moved out of the way first. */
  private void placeExtras(SortedMap<Integer, Stdio> extras) throws SpawnException {
    int free = extras.isEmpty() ? 0 : extras.lastKey() + 1;
    for (Stdio stdio : extras.values()) {
      free = stdio instanceof Stdio.Descriptor(int fd) ? Math.max(free, fd + 1) : free;
    }
    Map<Integer, Stdio> moved = new TreeMap<>(extras);
    for (Map.Entry<Integer, Stdio> extra : extras.entrySet()) {
      if (extra.getValue() instanceof Stdio.Descriptor(int fd)
          && fd != extra.getKey()
          && extras.containsKey(fd)) {
        check(Libc.call(ACTIONS_ADDDUP2, actions, fd, free));
        moved.put(extra.getKey(), new Stdio.Descriptor(free));
        free++;
      }
    }
    for (Map.Entry<Integer, Stdio> extra : moved.entrySet()) {
      place(extra.getValue(), extra.getKey(), OpenFlags.RDWR);
    }
  }

  private void place(Stdio stdio, int target, int flags) throws SpawnException {
    switch (stdio) {
      case Stdio.Null() -> check(Libc.call(ACTIONS_ADDOPEN, actions, target, devNull, flags, 0));
      case Stdio.Descriptor(int fd) -> check(Libc.call(ACTIONS_ADDDUP2, actions, fd, target));
    }
  }

  private void check(long result) throws SpawnException {
    if ((int) result != 0) {
      throw new SpawnException(Stage.SPAWN, (int) result, Errno.message((int) result));
    }
  }

  boolean changesCredentials() {
    return changesCredentials;
  }

  /** Returns the new process's pid, 0 if there is none. */
  int pid() {
    return pid;
  }

  /**
   * Starts the program, or finds out why not. On a thread that is to end soon if anything is
   * changed: its umask, groups and group stay changed.
   */
  void run() {
    if (changesUmask && !changeUmask()) {
      return;
    }
    if (!thread.applyAsOurselves()) {
      fail(Stage.LIMITS, Errno.EPERM, Subject.THREAD);
      return;
    }
    if (changesCredentials && !changeCredentials()) {
      return;
    }
    if (!thread.applyAsChild((changesCredentials ? uid : ownUid) == 0)) {
      fail(Stage.SECURITY, Errno.EPERM, Subject.THREAD);
      return;
    }
    if (isSearched && !search()) {
      return;
    }
    if (isLinked) {
      if (!findFault(0)) {
        block.putLong(linkArgv + (long) Long.BYTES * linkProgram, candidateNames[chosen]);
        int result = spawn(shell, linkArgv);
        if (result != 0) {
          fail(gate.isPresent() ? Stage.LIMITS : Stage.UMASK, result, Subject.SHELL);
        }
      }
      return;
    }
    int result = spawn(candidateNames[chosen], argv);
    if (result != 0 && !findFault(result)) {
      fail(Stage.EXEC, result, Subject.PROGRAM);
    }
  }

  private int spawn(long program, long arguments) {
    int result =
        (int)
            Libc.call(POSIX_SPAWN, pidResult, program, actions, attributes, arguments, environment);
    if (result == 0) {
      pid = block.getInt(pidResult);
    }
    return result;
  }

  /**
   * Sets what is set on the child, and lets it go if it was held back. As ourselves, after {@link
   * #run} has made it.
   *
   * @throws SpawnException if something cannot be had; there is no child any more
   */
  void complete() throws SpawnException {
    try {
      if (gate.isEmpty() || gate.get().await()) {
        limits.set(pid, changesCredentials ? OptionalInt.of(uid) : OptionalInt.empty());
        if (gate.isPresent()) {
          gate.get().open();
        }
      }
    } catch (SpawnException refused) {
      Waits.destroy(pid);
      throw refused;
    }
  }

  /** Gives this thread a umask of its own; unshare(2), umask(2). */
  private boolean changeUmask() {
    if (!mayUnshare) {
      isLinked = true;
      return true;
    }
    if ((int) Libc.call(Libc.SYSCALL, Layout.SYS_UNSHARE, CLONE_FS) != 0) {
      int error = Libc.errno();
      if (error != Errno.EPERM && error != Errno.ENOSYS) {
        return fail(Stage.UMASK, error, Subject.NOTHING);
      }
      isLinked = true;
      return true;
    }
    Libc.call(Libc.SYSCALL, Layout.SYS_UMASK, umask);
    return true;
  }

  /**
   * Gives this thread, and no other, the child's rights; setgroups(2), setresgid(2), setresuid(2),
   * PR_CAP_AMBIENT of prctl(2). The saved user stays our own: the kernel replaces it at exec, and
   * until then that keeps other processes of the new user from tracing this thread.
   */
  private boolean changeCredentials() {
    if (call(Layout.SYS_SETGROUPS, groupCount, groups, 0) != 0
        || call(Layout.SYS_SETRESGID, gid, gid, -1) != 0) {
      return fail(Stage.GROUP, Libc.errno(), Subject.NOTHING);
    }
    // EINVAL: a kernel without ambient capabilities has none to pass on.
    Libc.call(PRCTL, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (call(Layout.SYS_SETRESUID, uid, uid, -1) != 0) {
      return fail(Stage.USER, Libc.errno(), Subject.NOTHING);
    }
    hasForeignUser = true;
    return true;
  }

  private static int call(int number, long a, long b, long c) {
    return (int) Libc.call(Libc.SYSCALL, number, a, b, c);
  }

  /**
   * Takes back this thread's own user, so that no one may signal it any longer; setresuid(2). If
   * the kernel refuses, the thread, which is about to end, stays as it is.
   */
  void returnToOwnUser() {
    if (hasForeignUser) {
      call(Layout.SYS_SETRESUID, ownUid, ownEffectiveUid, ownSavedUid);
    }
  }

  /** Chooses the first candidate that is a file this thread may execute. */
  private boolean search() {
    int refused = -1;
    for (int i = 0; i < candidateNames.length; i++) {
      if (stat(candidateNames[i]) == 0 && (mode() & TYPE) == REGULAR) {
        if ((int) Libc.call(ACCESS, candidateNames[i], X_OK) == 0) {
          chosen = i;
          return true;
        }
        refused = refused < 0 ? i : refused;
      }
    }
    if (refused >= 0) {
      chosen = refused;
      return fail(Stage.EXEC, Errno.EACCES, Subject.PROGRAM);
    }
    return fail(Stage.EXEC, Errno.ENOENT, Subject.SEARCH);
  }

  /**
   * Looks for what made posix_spawn fail, or would make it fail, with this thread's rights.
   *
   * @param result its error, 0 if it has not been tried
   */
  private boolean findFault(int result) {
    if (Errno.isShortage(result)) {
      return !fail(Stage.SPAWN, result, Subject.NOTHING);
    }
    if (result == Errno.EBADF) {
      return !fail(Stage.PIPES, result, Subject.NOTHING);
    }
    if (usesDevNull && (int) Libc.call(ACCESS, devNull, RW_OK) != 0) {
      return !fail(Stage.PIPES, Libc.errno(), Subject.DEV_NULL);
    }
    int error = stat(workingDirectory);
    if (error == 0 && (mode() & TYPE) != DIRECTORY) {
      error = Errno.ENOTDIR;
    }
    if (error == 0 && (int) Libc.call(ACCESS, workingDirectory, X_OK) != 0) {
      error = Libc.errno();
    }
    if (error != 0) {
      return !fail(Stage.WORKING_DIR, error, Subject.WORKING_DIRECTORY);
    }
    error = faultOf(candidateNames[chosen]);
    if (error != 0) {
      return !fail(Stage.EXEC, error, Subject.PROGRAM);
    }
    return findFaultInHeader(result);
  }

  private boolean findFaultInHeader(int result) {
    int length = readHeader();
    if (length < 0) {
      return false;
    }
    if (block.getByte(header) == '#' && block.getByte(header + 1) == '!') {
      cutInterpreter(length);
      int error = block.getByte(interpreter) == '/' ? faultOf(interpreter) : 0;
      return error != 0 && !fail(Stage.EXEC, error, Subject.INTERPRETER);
    }
    boolean isElf = block.getByte(header) == 0x7f && block.getByte(header + 1) == 'E';
    if (isElf && result == Errno.ENOENT) {
      return !fail(Stage.EXEC, result, Subject.LOADER);
    }
    // The shell of the link would run a file of no known format as a script; execve does not.
    return !isElf && isLinked && !fail(Stage.EXEC, Errno.ENOEXEC, Subject.PROGRAM);
  }

  /** Returns the error of executing a file, 0 if nothing speaks against it. */
  private int faultOf(long path) {
    int error = stat(path);
    if (error != 0) {
      return error;
    }
    int type = mode() & TYPE;
    if (type == DIRECTORY) {
      return Errno.EISDIR;
    }
    if (type != REGULAR) {
      return Errno.EACCES;
    }
    return (int) Libc.call(ACCESS, path, X_OK) == 0 ? 0 : Libc.errno();
  }

  /** Returns how much of the program's start could be read, -1 if nothing. */
  private int readHeader() {
    int fd = (int) Libc.call(OPEN, candidateNames[chosen], OpenFlags.RDONLY | OpenFlags.CLOEXEC, 0);
    if (fd < 0) {
      return -1;
    }
    int length = (int) Libc.call(READ, fd, header, HEADER_BYTES);
    Libc.call(CLOSE, fd);
    return length;
  }

  /** Ends the interpreter's name behind {@code #!} with a zero. */
  private void cutInterpreter(int length) {
    long at = header + 2;
    long end = header + length;
    while (at < end && isBlank(block.getByte(at))) {
      at++;
    }
    interpreter = at;
    while (at < end && !isBlank(block.getByte(at)) && block.getByte(at) != '\n') {
      at++;
    }
    block.putByte(at, 0);
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }

  private int stat(long path) {
    return (int) Libc.call(FSTATAT, AT_FDCWD, path, stat, 0) == 0 ? 0 : Libc.errno();
  }

  private int mode() {
    return block.getInt(stat + Layout.STAT_MODE);
  }

  /** Notes a failure. Returns false, for the caller to return. */
  private boolean fail(Stage at, int error, Subject about) {
    stage = at;
    errno = error;
    subject = about;
    return false;
  }

  /** Puts what {@link #run} found into words. */
  SpawnException failure() {
    if (subject == Subject.THREAD) {
      return thread.failure();
    }
    String message = Errno.message(errno);
    String detail =
        switch (subject) {
          case NOTHING -> nothingMore(message);
          case WORKING_DIRECTORY -> request.workingDirectory() + ": " + message;
          case DEV_NULL -> "/dev/null: " + message;
          case SHELL -> SHELL + ": " + message;
          case THREAD -> message;
          case SEARCH ->
              request.argv().getFirst() + ": not found in PATH (" + request.searchPath() + ")";
          case PROGRAM -> candidates.get(chosen) + ": " + message;
          case INTERPRETER ->
              candidates.get(chosen) + ": its interpreter " + interpreterName() + ": " + message;
          case LOADER ->
              candidates.get(chosen) + ": the loader that it was linked for does not exist";
        };
    return new SpawnException(stage, errno, detail);
  }

  private String nothingMore(String message) {
    return switch (stage) {
      case USER -> "cannot become user " + Integer.toUnsignedString(uid) + ": " + message;
      case GROUP -> "cannot take group " + Integer.toUnsignedString(gid) + ": " + message;
      case PIPES, WORKING_DIR, UMASK, LIMITS, SECURITY, EXEC, SPAWN -> message;
    };
  }

  private String interpreterName() {
    String name = new String(Libc.bytesAt(interpreter), StandardCharsets.UTF_8);
    return name.endsWith("\r")
        ? name.substring(0, name.length() - 1) + "\\r (the file has Windows line ends)"
        : name;
  }

  @Override
  public void close() {
    Libc.call(ACTIONS_DESTROY, actions);
    Libc.call(ATTRIBUTES_DESTROY, attributes);
    block.close();
    gate.ifPresent(Gate::close);
  }
}
