package com.kenai.jffi;

/**
 * As much of jffi's native library as a client needs, declared anew: its own Java side takes longer
 * to start than all that a client does. The library finds these by the names of class and methods,
 * so neither is ours to choose; they are those of its version 1.2, {@code libjffi-1.2.so}. Nothing
 * may be called before that is loaded.
 */
public final class Foreign {
  /** For {@link #dlopen}: functions are looked for when they are called first. */
  public static final int RTLD_LAZY = 1;

  /** For {@link #lookupBuiltinType}: an integer of 64 bits. */
  public static final int TYPE_SINT64 = 12;

  private Foreign() {}

  /** See dlopen(3); without a name, of the process itself. */
  public static native long dlopen(@org.jspecify.annotations.Nullable String name, int flags);

  /** See dlsym(3); 0 if there is no such function. */
  public static native long dlsym(long library, String name);

  /** Returns the address of what describes a type. */
  public static native long lookupBuiltinType(int type);

  /** Returns the address of what describes functions with this result and these parameters. */
  public static native long newCallContext(long result, long[] parameters, int flags);

  /** Calls a function that takes three words. */
  public static native long invokeN3(long context, long function, long a, long b, long c);

  /** Returns errno as it was after this thread's last call. */
  public static native int getLastError();

  /** See malloc(3). */
  public static native long allocateMemory(long bytes, boolean zeroed);

  /** Writes to native memory. */
  public static native void putInt(long address, int value);

  /** Reads from native memory. */
  public static native int getInt(long address);

  /** Writes to native memory. */
  public static native void putByteArray(long address, byte[] from, int offset, int length);

  /** Reads from native memory. */
  public static native void getByteArray(long address, byte[] into, int offset, int length);
}
