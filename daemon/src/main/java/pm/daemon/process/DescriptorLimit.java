package pm.daemon.process;

import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import pm.daemon.posix.ErrnoException;
import pm.daemon.posix.Host;
import pm.daemon.posix.ResourceLimit;
import pm.daemon.posix.ResourceLimit.Resource;

/**
 * How many descriptors this process may have. It raises its own soft limit, for it has some for
 * each program; children get the one that it was started with, since many programs cannot do with
 * more than 1024, or close all that they might have one by one.
 *
 * @param original as this process was started
 * @param own as it is now
 */
public record DescriptorLimit(ResourceLimit original, ResourceLimit own) {
  private static final Logger LOG = LoggerFactory.getLogger(DescriptorLimit.class);

  /** Enough for ten thousand programs. */
  static final long MOST = 65_536;

  /** Raises the limit as far as is needed and allowed. Once, before any child is started. */
  public static DescriptorLimit raise() throws ErrnoException {
    ResourceLimit original = Host.limit(Resource.FILES);
    ResourceLimit wanted = raised(original);
    if (wanted.equals(original)) {
      return new DescriptorLimit(original, original);
    }
    try {
      Host.setLimit(Resource.FILES, wanted);
      return new DescriptorLimit(original, wanted);
    } catch (ErrnoException refused) {
      LOG.warn("the limit of descriptors stays {}: {}", original, refused.getMessage());
      return new DescriptorLimit(original, original);
    }
  }

  static ResourceLimit raised(ResourceLimit original) {
    boolean isEnough = Long.compareUnsigned(original.soft(), MOST) >= 0;
    long soft = Long.compareUnsigned(original.hard(), MOST) < 0 ? original.hard() : MOST;
    return isEnough ? original : new ResourceLimit(soft, original.hard());
  }

  /** Returns what is to be given back to children; empty if nothing was raised. */
  public Optional<ResourceLimit> givenBack() {
    return own.equals(original) ? Optional.empty() : Optional.of(original);
  }

  /** Puts back the limit as it was, for the program that this process becomes. */
  public void restore() throws ErrnoException {
    if (!own.equals(original)) {
      Host.setLimit(Resource.FILES, original);
    }
  }
}
