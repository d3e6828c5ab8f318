package pm.daemon.control;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import pm.daemon.core.model.InstanceName;

/** Events in memory and, as far as wanted, in a file. */
final class FakeEvents implements EventSource {
  private int ring;
  private int inFile;
  private final List<Event> all = new ArrayList<>();
  volatile int openReaders;

  /** Done once when a page has been read. */
  private Optional<Runnable> afterPage = Optional.empty();

  FakeEvents(int ring, int inFile) {
    this.ring = ring;
    this.inFile = inFile;
  }

  /** Keeps so many events in memory and in files from now on. */
  synchronized void keep(int inMemory, int inFiles) {
    ring = inMemory;
    inFile = inFiles;
  }

  synchronized void onceRead(Runnable work) {
    afterPage = Optional.of(work);
  }

  synchronized void add(String instance, String message) {
    long seq = all.size() + 1L;
    all.add(
        new Event(
            seq,
            InstanceName.parse(instance),
            "{\"seq\":%d,\"instance\":\"%s\",\"message\":\"%s\"}"
                .formatted(seq, instance, message)));
  }

  @Override
  public synchronized long lastSeq() {
    return all.size();
  }

  @Override
  public long firstOfThisDaemon() {
    return 1;
  }

  @Override
  public synchronized long firstInMemory() {
    return Math.max(0, all.size() - ring) + 1L;
  }

  @Override
  public synchronized List<Event> after(long seq, int limit) {
    return all.stream()
        .filter(event -> event.seq() > seq && event.seq() >= firstInMemory())
        .limit(limit)
        .toList();
  }

  @Override
  public synchronized Reader read(long seq) {
    openReaders++;
    return new Reader() {
      private long position = seq;

      // As with real files: what is written after they were opened may be in another one.
      private final int seen = all.size();
      private boolean open = true;

      @Override
      public List<Event> next(int bytes) {
        synchronized (FakeEvents.this) {
          List<Event> page =
              all.stream()
                  .filter(
                      event ->
                          event.seq() > position
                              && event.seq() <= seen
                              && event.seq() > all.size() - (long) inFile)
                  .limit(50)
                  .toList();
          page.forEach(event -> position = event.seq());
          if (afterPage.isPresent()) {
            Runnable work = afterPage.get();
            afterPage = Optional.empty();
            work.run();
          }
          return page;
        }
      }

      @Override
      public void close() {
        synchronized (FakeEvents.this) {
          if (!open) {
            throw new IllegalStateException("closed twice");
          }
          open = false;
          openReaders--;
        }
      }
    };
  }
}
