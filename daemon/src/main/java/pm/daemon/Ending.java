package pm.daemon;

import java.util.List;
import pm.daemon.loop.EventLoop;

/**
 * How the daemon ends: the loop stops after the turn in hand, with an exit code or to become
 * another version.
 */
final class Ending {

  private final EventLoop loop;
  private int code;
  private List<String> successor = List.of();

  Ending(EventLoop loop) {
    this.loop = loop;
  }

  void end(int exitCode) {
    code = exitCode;
    loop.stop();
  }

  /**
   * Ends to become another program.
   *
   * @param words its path and arguments, not empty
   */
  void upgrade(List<String> words) {
    successor = List.copyOf(words);
    loop.stop();
  }

  boolean isUpgrade() {
    return !successor.isEmpty();
  }

  /** Returns the program to become, and its arguments; none if this is no upgrade. */
  List<String> successor() {
    return successor;
  }

  int code() {
    return code;
  }
}
