package pm.daemon.control;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import pm.config.Folders;
import pm.daemon.core.model.Moment;

/**
 * What the daemon says of itself.
 *
 * @param version of the program
 * @param pid its own process
 * @param user the name of the user that it runs as
 * @param startedAt when it was started
 * @param socket where it listens
 * @param folders where its files are
 * @param counters further numbers for {@code daemon.status}, by name; asked on the loop thread
 */
public record DaemonFacts(
    String version,
    int pid,
    String user,
    Moment startedAt,
    Path socket,
    Folders folders,
    Supplier<Map<String, Long>> counters) {}
