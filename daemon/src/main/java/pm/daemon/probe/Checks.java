package pm.daemon.probe;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import pm.config.Durations;
import pm.config.Probe;
import pm.config.Template;
import pm.daemon.core.event.Effect;
import pm.daemon.core.event.Report;
import pm.daemon.core.model.InvocationId;
import pm.daemon.core.plan.SpawnPlanner;
import pm.daemon.loop.BlockingPool;
import pm.daemon.loop.Deadlines;
import pm.daemon.loop.SystemTime;

/**
 * Carries out checks, so many at once, each for a limited time. Loop thread only.
 *
 * <p>The texts of a probe see the environment of the process that is asked about, which is worked
 * out once for an invocation and only if a text refers to it.
 */
final class Checks {
  /** Checks over a network at a time: each holds a descriptor; the others wait. */
  static final int MOST_AT_ONCE = 1_024;

  private static final long LATE_NANOS = CommandRunner.LATE_NANOS;
  private static final long FRESH_LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final BlockingPool pool;
  private final Deadlines deadlines;
  private final SystemTime time;
  private final Plans plans;
  private final HttpProbe http;
  private final TcpProbe tcp;
  private final ExecProbe exec;
  private final Consumer<Report> reports;
  private final UnderWay underWay = new UnderWay();
  private final Map<InvocationId, Map<String, String>> environments = new HashMap<>();
  private final ArrayDeque<NetworkCheck> waiting = new ArrayDeque<>();
  private int atOnce;

  Checks(
      BlockingPool pool,
      Deadlines deadlines,
      SystemTime time,
      Plans plans,
      HttpProbe http,
      TcpProbe tcp,
      ExecProbe exec,
      Consumer<Report> reports) {
    this.pool = pool;
    this.deadlines = deadlines;
    this.time = time;
    this.plans = plans;
    this.http = http;
    this.tcp = tcp;
    this.exec = exec;
    this.reports = reports;
  }

  /** Carries out the effect. */
  void check(Effect.Check check) {
    switch (check.probe()) {
      case Probe.Http probe -> withText(check, probe.url());
      case Probe.Tcp probe -> withText(check, probe.address());
      case Probe.Exec probe ->
          underWay.add(
              check.invocation(),
              done ->
                  exec.begin(
                      check,
                      probe.command(),
                      verdict -> {
                        done.run();
                        report(check, verdict);
                      }));
    }
  }

  /** The invocation is over. */
  void end(InvocationId invocation) {
    environments.remove(invocation);
    waiting.removeIf(check -> check.check.invocation().equals(invocation));
    underWay.cancel(invocation);
  }

  private void report(Effect.Check check, Verdict verdict) {
    reports.accept(
        new Report.Checked(check.invocation(), check.number(), verdict.passed(), verdict.detail()));
  }

  private void withText(Effect.Check check, String template) {
    if (template.indexOf('$') < 0) {
      begin(check, template);
      return;
    }
    Map<String, String> known = environments.get(check.invocation());
    if (known != null) {
      expand(check, template, known);
      return;
    }
    underWay.add(check.invocation(), done -> lookUp(check, template, done));
  }

  private Attempt lookUp(Effect.Check check, String template, Runnable done) {
    boolean[] isCancelled = {false};
    boolean taken =
        pool.submit(
            () -> plans.plan(check.spec(), check.instance(), check.invocation()),
            result -> {
              if (isCancelled[0]) {
                return;
              }
              done.run();
              switch (result) {
                case SpawnPlanner.Result.Planned planned -> {
                  environments.put(check.invocation(), planned.plan().environment());
                  expand(check, template, planned.plan().environment());
                }
                case SpawnPlanner.Result.Refused refused ->
                    report(
                        check,
                        new Verdict(
                            false, template + ": " + refused.stage() + ": " + refused.reason()));
              }
            },
            thrown -> {
              if (!isCancelled[0]) {
                done.run();
                report(check, new Verdict(false, template + ": " + thrown.getMessage()));
              }
            });
    if (!taken) {
      done.run();
      report(check, new Verdict(false, template + ": too much waits to be done"));
    }
    return () -> isCancelled[0] = true;
  }

  private void expand(Effect.Check check, String template, Map<String, String> environment) {
    switch (Template.expand(template, name -> Optional.ofNullable(environment.get(name)))) {
      case Template.Expansion.Expanded expanded -> begin(check, expanded.text());
      case Template.Expansion.Unset unset ->
          report(check, new Verdict(false, template + ": ${" + unset.name() + "} is not set"));
      case Template.Expansion.TooLong tooLong ->
          report(check, new Verdict(false, template + ": is too long once it is expanded"));
    }
  }

  private void begin(Effect.Check check, String text) {
    NetworkCheck network = new NetworkCheck(check, text);
    if (atOnce < MOST_AT_ONCE) {
      network.begin();
    } else {
      // As many as there are instances: each has one check at a time.
      waiting.add(network);
    }
  }

  private void beginNext() {
    while (atOnce < MOST_AT_ONCE && !waiting.isEmpty()) {
      waiting.remove().begin();
    }
  }

  /** A check that asks over a network, from its first word until it holds nothing any more. */
  private final class NetworkCheck {
    private final Effect.Check check;
    private final String text;
    private Attempt attempt = () -> {};
    private Runnable done = () -> {};
    private Optional<Deadlines.Deadline> deadline = Optional.empty();
    private boolean isJudged;
    private boolean isClosed;

    NetworkCheck(Effect.Check check, String text) {
      this.check = check;
      this.text = text;
    }

    void begin() {
      atOnce++;
      limit(check.timeout().toNanos());
      underWay.add(
          check.invocation(),
          whenDone -> {
            done = whenDone;
            attempt = attempt();
            return this::cancel;
          });
    }

    private Attempt attempt() {
      return switch (check.probe()) {
        case Probe.Http probe ->
            http.begin(text, probe.status(), check.timeout(), this::judged, this::closed);
        case Probe.Tcp probe ->
            tcp.begin(
                text,
                verdict -> {
                  judged(verdict);
                  closed();
                });
        case Probe.Exec probe -> throw new IllegalStateException("not over a network: " + probe);
      };
    }

    private void judged(Verdict verdict) {
      if (!isJudged) {
        isJudged = true;
        done.run();
        report(check, verdict);
      }
    }

    private void limit(long nanos) {
      long due = time.nanos() + nanos;
      deadline = Optional.of(deadlines.at(due, () -> tooLong(due)));
    }

    private void tooLong(long due) {
      if (!isJudged && time.nanos() - due > LATE_NANOS) {
        // We stood still: what was sent meanwhile deserves an answer.
        limit(Math.min(check.timeout().toNanos(), FRESH_LOOK_NANOS));
        return;
      }
      attempt.cancel();
      judged(
          new Verdict(
              false,
              HttpRequest.shown(text) + ": no answer within " + Durations.format(check.timeout())));
      closed();
    }

    private void cancel() {
      isJudged = true;
      attempt.cancel();
      closed();
    }

    private void closed() {
      if (!isClosed) {
        isClosed = true;
        deadline.ifPresent(deadlines::drop);
        atOnce--;
        beginNext();
      }
    }
  }
}
