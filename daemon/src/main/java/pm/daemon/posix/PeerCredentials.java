package pm.daemon.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Who is at the other end of a Unix socket, as it was when it connected; unix(7).
 *
 * @param pid its process, 0 if that is of another pid namespace
 * @param gid the group it acted with
 */
public record PeerCredentials(int pid, int uid, int gid) {
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int SO_PEERGROUPS = 59;

  private static final long GETSOCKOPT = Libc.function("getsockopt");

  /** Asks for the peer of a connection; SO_PEERCRED of unix(7). */
  public static PeerCredentials of(int connection) throws ErrnoException {
    Scratch scratch = Scratch.mine();
    ByteBuffer buffer = scratch.buffer();
    buffer.putInt(16, 12);
    int result =
        (int)
            Libc.call(
                GETSOCKOPT,
                connection,
                SOL_SOCKET,
                SO_PEERCRED,
                scratch.address(),
                scratch.address(16));
    if (result != 0) {
      throw ErrnoException.about("getsockopt", "fd", connection, Libc.errno());
    }
    return new PeerCredentials(buffer.getInt(0), buffer.getInt(4), buffer.getInt(8));
  }

  /** Asks for the peer's supplementary groups; SO_PEERGROUPS of unix(7), Linux 4.13. */
  public static List<Integer> groups(int connection) throws ErrnoException {
    int capacity = 4 * 64;
    while (true) {
      ByteBuffer memory = ByteBuffer.allocateDirect(8 + capacity).order(ByteOrder.nativeOrder());
      long address = Libc.address(memory);
      memory.putInt(0, capacity);
      int result =
          (int) Libc.call(GETSOCKOPT, connection, SOL_SOCKET, SO_PEERGROUPS, address + 8, address);
      int length = memory.getInt(0);
      if (result == 0) {
        List<Integer> groups = new ArrayList<>();
        for (int offset = 0; offset < length; offset += 4) {
          groups.add(memory.getInt(8 + offset));
        }
        return List.copyOf(groups);
      }
      int errno = Libc.errno();
      if (errno != Errno.ERANGE || length <= capacity) {
        throw ErrnoException.about("getsockopt", "fd", connection, errno);
      }
      capacity = length;
    }
  }
}
