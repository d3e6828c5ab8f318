package pm.daemon.store;

/** Four-byte numbers in arrays, lowest byte first; a view of the JDK's is slow without C2. */
final class LittleEndian {
  private LittleEndian() {}

  static int getInt(byte[] from, int at) {
    return (from[at] & 0xff)
        | ((from[at + 1] & 0xff) << 8)
        | ((from[at + 2] & 0xff) << 16)
        | ((from[at + 3] & 0xff) << 24);
  }

  static void putInt(byte[] to, int at, int value) {
    to[at] = (byte) value;
    to[at + 1] = (byte) (value >>> 8);
    to[at + 2] = (byte) (value >>> 16);
    to[at + 3] = (byte) (value >>> 24);
  }
}
