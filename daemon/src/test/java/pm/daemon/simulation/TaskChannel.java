package pm.daemon.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import pm.daemon.core.event.Report;
import pm.daemon.core.event.TaskEffect;
import pm.daemon.core.event.TaskReport;
import pm.daemon.core.pool.PoolOracle;

/**
 * What a daemon has to do with the pipes of one worker, and loses when it is killed: what waits to
 * be written, and how much of what it has heard is still in the pipe because it is not yet kept.
 */
final class TaskChannel {

  /** What channels need of their daemon. */
  interface Owner {
    /** Something was heard. */
    void hears(pm.daemon.core.event.Event event);

    /** Something is heard in a later turn. */
    void hearsLater(pm.daemon.core.event.Event event);

    /** Data of a task are to be read. */
    void reads(TaskChannel channel, TaskEffect.Send send);

    /** There is something to look at. */
    void looks(TaskChannel channel);

    /** Here it may be killed. */
    void mayDie();

    int number();
  }

  final SimulatedWorker worker;
  private final TaskWorld world;
  private final Owner owner;
  private final ArrayDeque<TaskEffect> orders = new ArrayDeque<>();
  private final List<Runnable> drains = new ArrayList<>();
  private Optional<Long> ping = Optional.empty();
  private Optional<String> mute = Optional.empty();
  private final Set<String> refused = new HashSet<>();
  private byte[] fetched = {};
  private boolean isFetching;
  private int found;

  TaskChannel(SimulatedWorker worker, TaskWorld world, Owner owner) {
    this.worker = worker;
    this.world = world;
    this.owner = owner;
  }

  /** Goes on with what a daemon before left. */
  void adopt() {
    if (worker.isInputTorn && worker.isLineFramed) {
      worker.isInputTorn = false;
    } else if (worker.isInputTorn) {
      mute = Optional.of("a message to it was cut off when the daemon before died");
    } else if (worker.hasClosedInput || !worker.isAlive) {
      mute = Optional.of("it has closed its input");
    }
    mute.ifPresent(why -> owner.hears(new TaskReport.Unreachable(worker.id, true, why)));
    owner.hears(new TaskReport.SentThrough(worker.id, worker.sentMark));
    owner.looks(this);
  }

  void ping(long number) {
    if (mute.isPresent()) {
      owner.hearsLater(new Report.Checked(worker.id, number, false, "unreachable"));
    } else {
      ping = Optional.of(number);
    }
  }

  void send(TaskEffect.Send send) {
    if (mute.isPresent()) {
      notSent(send, mute.get());
    } else {
      orders.add(send);
    }
  }

  void tell(TaskEffect order) {
    if (mute.isEmpty()) {
      orders.add(order);
    }
  }

  private void notSent(TaskEffect.Send send, String why) {
    refused.add(send.task() + "/" + send.attempt());
    owner.hearsLater(new TaskReport.NotSent(worker.id, send.task(), send.attempt(), why));
  }

  /**
   * The data of the first task that waits are there.
   *
   * @param data empty if they cannot be read
   */
  void read(TaskEffect.Send send, byte[] data, boolean isDamage) {
    if (!isFetching || orders.peek() != send) {
      return;
    }
    if (data.length == 0) {
      owner.hears(
          new TaskReport.NoData(
              worker.id, send.task(), send.attempt(), isDamage, PoolOracle.UNREAD));
      return;
    }
    isFetching = false;
    fetched = data;
  }

  /** The first task that waits is not sent, for want of data. */
  void withdraw(TaskEffect.Withdraw withdraw) {
    if (isFetching
        && orders.peek() instanceof TaskEffect.Send send
        && send.task() == withdraw.task()
        && send.attempt() == withdraw.attempt()) {
      isFetching = false;
      orders.remove();
      refused.add(withdraw.task() + "/" + withdraw.attempt());
    }
  }

  /** Writes what there is room for; a kill may come before it, after it, and in its midst. */
  void flush() {
    if (worker.hasClosedInput || !worker.isAlive) {
      refuse();
      return;
    }
    List<SimulatedWorker.Frame> frames = new ArrayList<>();
    List<byte[]> data = new ArrayList<>();
    int room = SimulatedWorker.ROOM - worker.input.size();
    long last = 0;
    if (ping.isPresent() && room > 0) {
      frames.add(new SimulatedWorker.Frame.Ping(owner.number(), ping.get()));
      data.add(fetched);
      ping = Optional.empty();
    }
    for (Iterator<TaskEffect> each = orders.iterator(); each.hasNext() && frames.size() < room; ) {
      TaskEffect order = each.next();
      if (order instanceof TaskEffect.Send send) {
        byte[] bytes = send.data().length > 0 ? send.data() : fetched;
        if (bytes.length == 0) {
          if (!isFetching) {
            isFetching = true;
            each.remove();
            orders.addFirst(send);
            owner.reads(this, send);
          }
          break;
        }
        if (send.data().length == 0) {
          fetched = new byte[0];
        }
        frames.add(new SimulatedWorker.Frame.Task(send));
        data.add(bytes);
        last = send.sequence();
      } else if (order instanceof TaskEffect.Cancel cancel) {
        frames.add(new SimulatedWorker.Frame.GiveUp(cancel.id()));
        data.add(fetched);
      } else {
        frames.add(new SimulatedWorker.Frame.Finish());
        data.add(fetched);
      }
      each.remove();
    }
    if (frames.isEmpty()) {
      return;
    }
    if (world.sabotage.marksFirst() && last > 0) {
      worker.sentMark = last;
    }
    try {
      owner.mayDie();
    } catch (Killed killed) {
      tear(frames, data);
      throw killed;
    }
    world.deliver(worker, frames, data);
    owner.mayDie();
    if (last > 0) {
      worker.sentMark = last;
    }
  }

  /** Killed in the midst of a write that is longer than the pipe takes at once. */
  private void tear(List<SimulatedWorker.Frame> frames, List<byte[]> data) {
    if (world.random.nextInt(3) == 0) {
      worker.isInputTorn = true;
      int whole = world.random.nextInt(frames.size());
      List<SimulatedWorker.Frame> out = new ArrayList<>(frames.subList(0, whole));
      out.add(new SimulatedWorker.Frame.Torn());
      world.deliver(worker, out, data);
    }
  }

  private void refuse() {
    ping = Optional.empty();
    String why = "it has closed its input";
    mute = Optional.of(why);
    for (TaskEffect order : orders) {
      if (order instanceof TaskEffect.Send send) {
        notSent(send, why);
      }
    }
    owner.hearsLater(new TaskReport.Unreachable(worker.id, true, why));
    orders.clear();
    isFetching = false;
    fetched = new byte[0];
  }

  /** Looks at what the worker has written; all of it stays in the pipe. */
  void look() {
    if (found > 0) {
      return;
    }
    int most = worker.output.size();
    int count = most == 0 ? 0 : 1 + world.random.nextInt(most);
    for (SimulatedWorker.Message message : worker.output) {
      if (found == count) {
        break;
      }
      found++;
      switch (message) {
        case SimulatedWorker.Message.Told told -> owner.hears(told.report());
        case SimulatedWorker.Message.Pong pong -> {
          if (pong.daemon() == owner.number()) {
            owner.hears(new Report.Checked(worker.id, pong.number(), true, ""));
          }
        }
      }
    }
    if (world.sabotage.takesFirst()) {
      take();
    }
    drained();
  }

  /** What was heard is kept: takes it out of the pipe. */
  void take() {
    for (; found > 0; found--) {
      if (worker.output.remove() instanceof SimulatedWorker.Message.Told told) {
        world.watch.taken(told.report());
      }
    }
    if (worker.output.isEmpty()) {
      drained();
    } else {
      owner.looks(this);
    }
  }

  boolean hasFound() {
    return found > 0;
  }

  /** Has something done when all is heard that the worker has written. */
  void drain(Runnable whenDone) {
    drains.add(whenDone);
    look();
    if (found == 0) {
      drained();
    } else {
      owner.looks(this);
    }
  }

  private void drained() {
    if (worker.output.size() <= found && !drains.isEmpty()) {
      List<Runnable> done = List.copyOf(drains);
      drains.clear();
      done.forEach(Runnable::run);
    }
  }

  /** Whether the worker has got an attempt, or will, or it is told that it has not. */
  boolean isGiven(long task, int attempt) {
    return worker.given.contains(task + "/" + attempt)
        || refused.contains(task + "/" + attempt)
        || orders.stream()
            .anyMatch(
                order ->
                    order instanceof TaskEffect.Send send
                        && send.task() == task
                        && send.attempt() == attempt);
  }

  /** Whether it is known which frames a daemon before has sent, and it is no longer silent. */
  boolean isReachable() {
    return mute.isEmpty();
  }

  boolean isWaiting() {
    return !orders.isEmpty() || ping.isPresent();
  }
}
