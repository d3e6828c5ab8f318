package pm.daemon;

import pm.daemon.loop.EventLoop;

/**
 * How the daemon ends: the loop stops after the turn in hand, with an exit code or to become
 * another version.
 */
final class Ending {

  private final EventLoop loop;
  private int code;
  private boolean upgrade;

  Ending(EventLoop loop) {
    this.loop = loop;
  }

  void end(int exitCode) {
    code = exitCode;
    loop.stop();
  }

  void upgrade() {
    upgrade = true;
    loop.stop();
  }

  boolean isUpgrade() {
    return upgrade;
  }

  int code() {
    return code;
  }
}
