package pm.daemon.posix;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/**
 * Calls functions of the C library by address, and reads native memory.
 *
 * <p>Every argument and result is passed as a 64-bit word, which both supported architectures allow
 * for integers and pointers, also for functions with variable arguments. A function that returns
 * {@code int} leaves the upper half of the word undefined: its caller narrows the result first.
 * This is the only class that knows of jffi, so another binding would replace it alone.
 */
final class Libc {
  private static final Invoker INVOKER = Invoker.getInstance();
  private static final MemoryIO MEMORY = MemoryIO.getInstance();
  private static final LastError LAST_ERROR = LastError.getInstance();
  private static final Library LIBRARY = Library.getDefault();

  private static final CallContext WORDS_0 = words(0);
  private static final CallContext WORDS_1 = words(1);
  private static final CallContext WORDS_2 = words(2);
  private static final CallContext WORDS_3 = words(3);
  private static final CallContext WORDS_4 = words(4);
  private static final CallContext WORDS_5 = words(5);
  private static final CallContext WORDS_6 = words(6);

  /**
   * Address of {@code syscall(2)}, for calls that the C library does not wrap, or wraps wrongly.
   */
  static final long SYSCALL = function("syscall");

  private Libc() {}

  private static CallContext words(int count) {
    Type[] parameters = new Type[count];
    java.util.Arrays.fill(parameters, Type.SINT64);
    return CallContext.getCallContext(Type.SINT64, parameters, CallingConvention.DEFAULT, true);
  }

  /**
   * Returns the address of a function of the C library.
   *
   * @throws UnsatisfiedLinkError if this C library has no such function
   */
  static long function(String name) {
    OptionalLong address = find(name);
    if (address.isEmpty()) {
      throw new UnsatisfiedLinkError("the C library has no function " + name);
    }
    return address.getAsLong();
  }

  /** Returns the address of a function that not every C library has. */
  static OptionalLong find(String name) {
    long address = LIBRARY.getSymbolAddress(name);
    return address == 0 ? OptionalLong.empty() : OptionalLong.of(address);
  }

  static long call(long function) {
    return INVOKER.invokeN0(WORDS_0, function);
  }

  static long call(long function, long a) {
    return INVOKER.invokeN1(WORDS_1, function, a);
  }

  static long call(long function, long a, long b) {
    return INVOKER.invokeN2(WORDS_2, function, a, b);
  }

  static long call(long function, long a, long b, long c) {
    return INVOKER.invokeN3(WORDS_3, function, a, b, c);
  }

  static long call(long function, long a, long b, long c, long d) {
    return INVOKER.invokeN4(WORDS_4, function, a, b, c, d);
  }

  static long call(long function, long a, long b, long c, long d, long e) {
    return INVOKER.invokeN5(WORDS_5, function, a, b, c, d, e);
  }

  static long call(long function, long a, long b, long c, long d, long e, long f) {
    return INVOKER.invokeN6(WORDS_6, function, a, b, c, d, e, f);
  }

  /** Returns the error of this thread's last call through this class. */
  static int errno() {
    return LAST_ERROR.get();
  }

  /** Returns the address of the first byte of a direct buffer, whatever its position. */
  static long address(ByteBuffer buffer) {
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException("the kernel needs a direct buffer");
    }
    return MEMORY.getDirectBufferAddress(buffer);
  }

  /** Returns zeroed memory that {@link #free} must give back. */
  static long allocate(int bytes) {
    long address = MEMORY.allocateMemory(bytes, true);
    if (address == 0) {
      throw new OutOfMemoryError("no native memory for " + bytes + " bytes");
    }
    return address;
  }

  static void free(long address) {
    MEMORY.freeMemory(address);
  }

  /** Returns a view of native memory; it does not keep that memory alive. */
  static ByteBuffer view(long address, int bytes) {
    return MEMORY.newDirectByteBuffer(address, bytes).order(ByteOrder.nativeOrder());
  }

  /** Returns the bytes at an address up to the next zero. */
  static byte[] bytesAt(long address) {
    return MEMORY.getZeroTerminatedByteArray(address);
  }
}
