"""A no-op task of Celery, and what drives it. Started by benchmarks/tasks with the distribution's Python.

    PEER_REDIS=SOCKET PEER_IN_HAND=N PEER_MARKS=FOLDER python3 -m celery -A celery_peer worker …
    PEER_REDIS=SOCKET                                  python3 celery_peer.py MODE COUNT

rate: submit to last result; single: one task at a time; urgent: behind 1,000 of 5 ms; fill: only puts them in;
collect: waits until COUNT tasks of `fill` have run, by the marks of the workers.
"""
import glob, json, mmap, os, struct, sys, time

from celery import Celery
from celery.result import ResultSet
from celery.signals import worker_process_init, worker_ready

app = Celery("celery_peer",
             broker="redis+socket://" + os.environ["PEER_REDIS"],
             backend="redis+socket://" + os.environ["PEER_REDIS"])
app.conf.update(
    # As pmd does it: a task belongs to its worker until it has ended, so that a dead worker loses none.
    task_acks_late=True,
    worker_prefetch_multiplier=int(os.environ.get("PEER_IN_HAND", "1")),
    # Of Redis' queues 0 is the most urgent.
    broker_transport_options={"priority_steps": [0, 5], "queue_order_strategy": "priority"},
    task_default_priority=5,
)
MARK = struct.Struct("=qqq")  # tasks done, nanoseconds of the first and of the last
mark = None


@worker_process_init.connect
def begin(**_):
    global mark
    if "PEER_MARKS" not in os.environ:
        return
    path = "%s/%d.mark" % (os.environ["PEER_MARKS"], os.getpid())
    with open(path, "w+b") as file:
        file.truncate(mmap.PAGESIZE)
        mark = mmap.mmap(file.fileno(), mmap.PAGESIZE)
    with open(os.environ["PEER_MARKS"] + "/ready", "a") as file:
        file.write("%d %d\n" % (os.getpid(), time.clock_gettime_ns(time.CLOCK_MONOTONIC)))


@worker_ready.connect
def ready(**_):
    open(os.environ["PEER_MARKS"] + "/up", "w").close()


@app.task
def noop(sleep_us=0):
    if sleep_us:
        time.sleep(sleep_us / 1e6)
    if mark:
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        done, first, _ = MARK.unpack_from(mark)
        MARK.pack_into(mark, 0, done + 1, first or now, now)
    return {}


def one(**options):
    start = time.monotonic_ns()
    noop.apply_async(**options).get(timeout=60)
    return time.monotonic_ns() - start


def marks():
    result = []
    for path in glob.glob(os.environ["PEER_MARKS"] + "/*.mark"):
        with open(path, "rb") as file:
            result.append(MARK.unpack(file.read(MARK.size)))
    return [values for values in result if values[0]]


def report(count, elapsed=0, times=()):
    result = {"count": count, "seconds": elapsed / 1e9}
    if times:
        times = sorted(times)
        for name, at in (("p50_us", len(times) // 2), ("p99_us", len(times) * 99 // 100), ("max_us", -1)):
            result[name] = times[at] / 1e3
    print(json.dumps(result))


def main(mode, count):
    # One task first: connections are made, the result's channel is heard.
    if mode in ("rate", "single", "urgent"):
        one()
    start = time.monotonic_ns()
    if mode == "rate":
        ResultSet([noop.apply_async() for _ in range(count)]).join_native(timeout=120)
        report(count, time.monotonic_ns() - start)
    elif mode == "single":
        report(count, times=[one() for _ in range(count)])
    elif mode == "urgent":
        for _ in range(1000):
            noop.apply_async(args=[5000], ignore_result=True)
        times = []
        for i in range(count):
            time.sleep(0.005 + i * 1300 % 5000 / 1e6)
            times.append(one(priority=0))
        report(count, times=times)
    elif mode == "fill":
        for _ in range(count):
            noop.apply_async()
        report(count, time.monotonic_ns() - start)
    elif mode == "collect":
        while sum(values[0] for values in marks()) < count:
            if time.monotonic_ns() - start > 120e9:
                raise TimeoutError("the workers have not ended %d tasks in 120 s" % count)
            time.sleep(0.01)
        seen = marks()
        report(count, max(last for _, _, last in seen) - min(first for _, first, _ in seen))
    else:
        sys.exit("celery_peer: unknown mode " + mode)


if __name__ == "__main__":
    # As the module that the workers import, so that the names of the tasks are the same.
    import celery_peer

    celery_peer.main(sys.argv[1], int(sys.argv[2]))
