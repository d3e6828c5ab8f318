package pm.daemon.loop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** A poller that finds ready what the test has put into its script, one list for each turn. */
final class ScriptedPoller implements Poller {
  record Ready(int fd, int events) {}

  final Deque<List<Ready>> script = new ArrayDeque<>();
  final List<Integer> added = new ArrayList<>();
  final List<Integer> removed = new ArrayList<>();
  final List<Long> timeouts = new ArrayList<>();
  int wakes;
  private List<Ready> ready = List.of();

  void turn(Ready... next) {
    script.add(List.of(next));
  }

  @Override
  public void add(int fd, int events) {
    added.add(fd);
  }

  @Override
  public void change(int fd, int events) {}

  @Override
  public void remove(int fd) {
    removed.add(fd);
  }

  @Override
  public int await(long timeoutNanos) {
    timeouts.add(timeoutNanos);
    List<Ready> next = script.poll();
    ready = next == null ? List.of() : next;
    return ready.size();
  }

  @Override
  public int fd(int index) {
    return ready.get(index).fd();
  }

  @Override
  public int events(int index) {
    return ready.get(index).events();
  }

  @Override
  public void wake() {
    wakes++;
  }

  @Override
  public void close() {}
}
