package pm.daemon.output;

import java.nio.file.Path;
import pm.daemon.core.model.InstanceName;
import pm.daemon.core.model.InvocationId;

/**
 * Hears what happens to log files. Called on the writer thread, or on that which adopts; must not
 * block.
 */
public interface OutputListener {

  /**
   * The file cannot be written. The program is held back as soon as its pipe is full; nothing is
   * dropped. Told once until {@link #flows}.
   *
   * @param reason such as {@code No space left on device}
   */
  void blocked(InstanceName instance, Path file, String reason);

  /** The file can be written again. */
  void flows(InstanceName instance, Path file);

  /** A line of this invocation is what was looked for in them; told once. */
  void found(InvocationId invocation, String line);

  /**
   * The writer thread ends by a fault, and nobody takes output any more. A daemon that went on
   * would hold up every program in the end; one that ends at once costs nothing, since the next one
   * goes on with all of them.
   */
  void failed(Throwable cause);
}
