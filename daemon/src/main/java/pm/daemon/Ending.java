package pm.daemon;

import pm.daemon.loop.EventLoop;

/** How the daemon ends: the loop stops after the turn in hand, with this exit code. */
final class Ending {

  private final EventLoop loop;
  private int code;

  Ending(EventLoop loop) {
    this.loop = loop;
  }

  void end(int exitCode) {
    code = exitCode;
    loop.stop();
  }

  int code() {
    return code;
  }
}
