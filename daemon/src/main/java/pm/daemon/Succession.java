package pm.daemon;

import java.util.Optional;

/**
 * From whom this daemon has its process, and to whom it can hand it over.
 *
 * @param installed the version that is installed; empty if nobody knows where
 * @param inheritance what the daemon before it in this process left; empty if there was none
 * @param lock descriptor that holds the lock
 */
record Succession(
    Optional<InstalledVersion> installed, Optional<Inheritance> inheritance, int lock) {}
