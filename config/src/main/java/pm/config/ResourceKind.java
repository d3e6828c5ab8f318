package pm.config;

/** A resource that the kernel limits for each process (getrlimit(2)). */
public enum ResourceKind implements Word {
  /** The largest descriptor, plus one. */
  NOFILE("nofile"),
  /** Processes and threads of the user. */
  NPROC("nproc"),
  /** Bytes of a core dump. */
  CORE("core"),
  /** Bytes of a file that is written. */
  FSIZE("fsize"),
  /** Bytes of address space. */
  AS("as"),
  /** Bytes of the first thread's stack. */
  STACK("stack"),
  /** Bytes locked into memory. */
  MEMLOCK("memlock");

  private final String word;

  ResourceKind(String word) {
    this.word = word;
  }

  @Override
  public String word() {
    return word;
  }
}
