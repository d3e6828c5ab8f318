package pm.daemon.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Looks up users and groups by the machine's name services; nsswitch.conf(5). These may ask a
 * network: never call them on the loop. Any other thread may.
 */
public final class Users {
  private static final int FIRST_BUFFER = 4 * 1024;
  private static final int LARGEST_BUFFER = 4 * 1024 * 1024;

  /** Where the answer's pointer goes: behind the structure, before the strings. */
  private static final int RESULT = 64;

  private static final int STRINGS = 72;

  private static final long GETPWNAM_R = Libc.function("getpwnam_r");
  private static final long GETPWUID_R = Libc.function("getpwuid_r");
  private static final long GETGRNAM_R = Libc.function("getgrnam_r");
  private static final long GETGRGID_R = Libc.function("getgrgid_r");
  private static final long GETGROUPLIST = Libc.function("getgrouplist");

  /** Each start asks for a user, so a thread keeps what nearly every answer fits into. */
  private static final ThreadLocal<ByteBuffer> USUAL =
      ThreadLocal.withInitial(() -> memory(STRINGS + FIRST_BUFFER));

  private Users() {}

  /** Finds a user by name or, if it has only digits, by number; getpwnam_r(3). */
  public static Optional<UserEntry> lookup(String nameOrUid) throws ErrnoException {
    OptionalInt uid = number(nameOrUid);
    return uid.isPresent()
        ? byUid(uid.getAsInt())
        : findByName("getpwnam_r", GETPWNAM_R, nameOrUid, Users::user);
  }

  /** Finds a user by number; getpwuid_r(3). */
  public static Optional<UserEntry> byUid(int uid) throws ErrnoException {
    return findByNumber("getpwuid_r", GETPWUID_R, uid, Users::user);
  }

  /** Finds a group's number by its name; one of digits only is that number; getgrnam_r(3). */
  public static OptionalInt groupId(String nameOrGid) throws ErrnoException {
    OptionalInt gid = number(nameOrGid);
    if (gid.isPresent()) {
      return gid;
    }
    return findByName(
            "getgrnam_r",
            GETGRNAM_R,
            nameOrGid,
            entry -> OptionalInt.of(entry.getInt(Layout.GROUP_GID)))
        .orElse(OptionalInt.empty());
  }

  /** Finds a group's name; getgrgid_r(3). */
  public static Optional<String> groupName(int gid) throws ErrnoException {
    return findByNumber("getgrgid_r", GETGRGID_R, gid, entry -> text(entry, Layout.GROUP_NAME));
  }

  /** Returns all groups of a user, {@code gid} among them; getgrouplist(3). */
  public static List<Integer> supplementaryGroups(String name, int gid) throws ErrnoException {
    if (name.indexOf('\0') >= 0) {
      return List.of(gid);
    }
    for (int capacity = 64; capacity <= 65536; capacity *= 4) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      int nameAt = Long.BYTES + Integer.BYTES * capacity;
      ByteBuffer memory = memory(nameAt + bytes.length + 1);
      long address = Libc.address(memory);
      memory.putInt(0, capacity).put(nameAt, bytes);
      int count = (int) Libc.call(GETGROUPLIST, address + nameAt, gid, address + 8, address);
      if (count >= 0) {
        List<Integer> groups = new ArrayList<>();
        for (int i = 0; i < memory.getInt(0); i++) {
          groups.add(memory.getInt(8 + 4 * i));
        }
        return List.copyOf(groups);
      }
    }
    throw new ErrnoException("getgrouplist", name, Errno.ERANGE);
  }

  /** Reads an answer whose strings are still in memory. */
  private interface Reader<T> {
    T read(ByteBuffer entry);
  }

  private static <T> Optional<T> findByName(
      String call, long function, String name, Reader<T> reader) throws ErrnoException {
    if (name.isEmpty() || name.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer key = memory(bytes.length + 1).put(0, bytes);
    try {
      return find(call, function, name, Libc.address(key), reader);
    } finally {
      Reference.reachabilityFence(key);
    }
  }

  private static <T> Optional<T> findByNumber(
      String call, long function, int number, Reader<T> reader) throws ErrnoException {
    long key = Integer.toUnsignedLong(number);
    return find(call, function, String.valueOf(key), key, reader);
  }

  /** The functions return their error instead of setting errno, and 0 with a null for "none". */
  private static <T> Optional<T> find(
      String call, long function, String argument, long key, Reader<T> reader)
      throws ErrnoException {
    for (int size = FIRST_BUFFER; size <= LARGEST_BUFFER; size *= 4) {
      ByteBuffer memory = size == FIRST_BUFFER ? USUAL.get() : memory(STRINGS + size);
      try {
        long address = Libc.address(memory);
        int errno =
            (int) Libc.call(function, key, address, address + STRINGS, size, address + RESULT);
        switch (errno) {
          case 0 -> {
            boolean isFound = memory.getLong(RESULT) != 0;
            return isFound ? Optional.of(reader.read(memory)) : Optional.empty();
          }
          // What name services say for "none", by getpwnam(3).
          case Errno.ENOENT, Errno.ESRCH, Errno.EBADF, Errno.EPERM -> {
            return Optional.empty();
          }
          case Errno.ERANGE, Errno.EINTR -> {}
          default -> throw new ErrnoException(call, argument, errno);
        }
      } finally {
        // The strings are read by their addresses.
        Reference.reachabilityFence(memory);
      }
    }
    throw new ErrnoException(call, argument, Errno.ERANGE);
  }

  private static UserEntry user(ByteBuffer entry) {
    return new UserEntry(
        text(entry, Layout.PASSWD_NAME),
        entry.getInt(Layout.PASSWD_UID),
        entry.getInt(Layout.PASSWD_GID),
        text(entry, Layout.PASSWD_HOME),
        text(entry, Layout.PASSWD_SHELL));
  }

  private static String text(ByteBuffer entry, int offset) {
    long address = entry.getLong(offset);
    return address == 0 ? "" : new String(Libc.bytesAt(address), StandardCharsets.UTF_8);
  }

  private static ByteBuffer memory(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private static OptionalInt number(String digits) {
    boolean isNumber = !digits.isEmpty() && digits.length() <= 10;
    for (int i = 0; i < digits.length(); i++) {
      isNumber &= digits.charAt(i) >= '0' && digits.charAt(i) <= '9';
    }
    if (!isNumber) {
      return OptionalInt.empty();
    }
    long value = Long.parseLong(digits);
    // The largest number means "none" to the kernel.
    return value < 0xffffffffL ? OptionalInt.of((int) value) : OptionalInt.empty();
  }
}
