"""What is measured of a supervisor: scenes that yield names of rows and their figures, as they come."""
import os, select, signal, statistics, subprocess, sys, time

from machine import Failed, cpu_of, kill, memory_of, now, wait_for, wakeups_of
from supervisors import connect

LINES = (1 << 30) // 100
ROTATED = 10 << 20
CRASHED = 20
WINDOW = 10.0  # idle seconds

# Threads of the JVM; all others of pmd are its own. The names are those of the kernel, which has 15 characters.
RUNTIME = ("java", "GC Thread", "VM Thread", "VM Periodic Tas", "C1 CompilerThre", "C2 CompilerThre", "Reference Handl",
           "Finalizer", "Signal Dispatch", "Service Thread", "Monitor Deflati", "Common-Cleaner", "Notification Th")

ROWS = {"ready": "launch to the first answer, without a program, ms"}
for n in ("1", "200", "1,000"):
    ROWS["launch-" + n] = "launch to the first instruction of %s, ms" % ("1 child" if n == "1" else "the %sth child" % n)
ROWS.update({
    "status": "client: `status` of 100, ms",
    "status-one": "client: `status` of one of 100, ms",
    "stop-and-start": "two clients: stop and start one of 100, ms",
    "restart": "`kill -9` of a child to its successor's first instruction, ms",
    "storm": "`kill -9` of 200 to the last successor's first instruction, ms",
    "stop": "stop of 200, from the request to the last one gone, ms",
    "stop-told": "stop of 200, from the request to the answer, ms",
})
for n in ("1", "100", "1,000"):
    children = n + (" child" if n == "1" else " children")
    ROWS["pss-" + n] = "memory (PSS) with %s, MiB" % children
    ROWS["rss-" + n] = "memory (RSS) with %s, MiB" % children
for n in ("1", "100", "1,000"):
    children = n + (" child" if n == "1" else " children")
    ROWS["idle-" + n] = "wake-ups a second with %s at rest" % children
    ROWS["idle-own-%s" % n] = "– of these by threads that are not the runtime's"
ROWS.update({
    "log": "1 GiB of 100-byte lines into the log, s",
    "log-cpu": "– processor time of the supervision, s",
    "rotated": "the same, rotated after each 10 MiB, s",
    "rotated-cpu": "– processor time of the supervision, s",
})
for scene, text in (("crash", "`kill -9` of the supervisor with 20 children, and a restart"),
                    ("crash-all", "`kill -9` of all processes of the supervision with 20 children, and a restart")):
    ROWS[scene + "-running"] = text + ": children still running"
    ROWS[scene + "-doubled"] = "– children too many"
    ROWS[scene + "-lost"] = "– lines lost"
COUNTS = [name for name in ROWS if name.startswith("crash")]  # a ratio of these says nothing


def empty(kind, bench, _):
    if not hasattr(kind, "ready"):
        return
    with kind(bench, 0, "mark") as system:
        wait_for(system.ready, "an answer")
        yield "ready", (now() - system.launched) / 1e6


def launched(system, count):
    return "launch-{:,}".format(count), (system.started(count)[count - 1][1] - system.launched) / 1e6


def at_rest(kind, system, count, is_first):
    """Memory after three seconds; in the first round then also what wakes up by itself."""
    time.sleep(3)
    count = "{:,}".format(count)
    pss, rss = map(sum, zip(*system.each(memory_of)))
    yield "pss-" + count, pss
    yield "rss-" + count, rss
    if is_first:
        before, begin = wakeups(system), now()
        time.sleep(WINDOW)
        after, seconds = wakeups(system), (now() - begin) / 1e9
        rates = {name: (after[name] - before.get(name, 0)) / seconds for name in after}
        yield "idle-" + count, sum(rates.values())
        if kind.name == "pmd":
            rates = {name: rate for name, rate in rates.items() if rate > 0}
            yield "idle-own-" + count, sum(rate for name, rate in rates.items() if not name.startswith(RUNTIME))
            yield "idle-threads-" + count, rates


def wakeups(system):
    """By the name of the thread."""
    found = {}
    for threads in system.each(wakeups_of):
        for name, number in threads:
            found[name] = found.get(name, 0) + number
    return found


def one(kind, bench, is_first):
    with kind(bench, 1, "mark") as system:
        yield launched(system, 1)
        yield from at_rest(kind, system, 1, is_first)
        times = []
        for number in range(1, 1 + system.kills):
            time.sleep(system.breath)
            begin = now()
            kill(system.seen[-1][0])
            times.append((system.started(number + 1)[-1][1] - begin) / 1e6)
        yield "restart", statistics.median(times)


def run(argv):
    """What a client prints, whatever it exits with."""
    try:
        return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60).stdout
    except subprocess.TimeoutExpired:
        raise Failed("%s was not done in 60s" % " ".join(argv[:3]))


def timed(count, *commands):
    times = []
    for _ in range(count):
        begin = now()
        for argv in commands:
            run(argv)
        times.append((now() - begin) / 1e6)
    return statistics.median(times)


def hundred(kind, bench, is_first):
    with kind(bench, 100, "mark") as system:
        system.started(100)
        yield from at_rest(kind, system, 100, is_first)
        wait_for(lambda: system.is_all(run(system.status())), "the status of all")
        yield "status", timed(11, system.status())
        if hasattr(system, "status_of_one"):
            yield "status-one", timed(11, system.status_of_one())
        if hasattr(system, "stop_and_start"):
            known = len(system.marks())
            yield "stop-and-start", timed(3, *system.stop_and_start())
            system.started(known + 3)


def two_hundred(kind, bench, _, count=200):
    with kind(bench, count, "mark") as system:
        yield launched(system, count)
        epoll, waiting = select.epoll(), {}
        try:
            for pid, _ in system.seen:
                fd = os.pidfd_open(pid)
                waiting[fd] = pid
                epoll.register(fd, select.EPOLLIN | select.EPOLLET | select.EPOLLONESHOT)
            time.sleep(1 + system.breath)
            yield from stopped(system, epoll, waiting)
        finally:
            epoll.close()
            for fd in waiting:
                os.close(fd)


def stopped(system, epoll, waiting):
    left = len(waiting)
    begin = now()
    if hasattr(system, "request_stop"):
        connection = None
        system.request_stop()
    else:
        path, request, expected = system.stop()
        connection = connect(path)
        connection.sendall(request)
        epoll.register(connection, select.EPOLLIN)
    told, answer, closed = None, b"", False
    while left or (connection and told is None and not closed):
        ready = epoll.poll(60, 1 + len(waiting))
        if not ready:
            raise Failed("%d are there 60 s after the request to stop, %s" % (left, "answered" if told else "not answered"))
        for fd, _ in ready:
            if fd in waiting:
                left -= 1
                last = now()
            else:
                piece = connection.recv(65536)
                answer, closed = answer + piece, not piece
                if told is None and expected in answer:
                    told = now()
                if closed:
                    epoll.unregister(connection)
    if connection:
        connection.close()
    yield "stop", (last - begin) / 1e6
    if told:
        yield "stop-told", (told - begin) / 1e6


def storm(kind, bench, _, count=200):
    with kind(bench, count, "mark") as system:
        known = list(system.started(count))
        time.sleep(1 + system.breath)
        begin = now()
        for pid, _ in known:
            kill(pid)
        yield "storm", (system.started(2 * count)[2 * count - 1][1] - begin) / 1e6


def thousand(kind, bench, is_first):
    with kind(bench, 1000, "mark") as system:
        yield launched(system, 1000)
        yield from at_rest(kind, system, 1000, is_first)


def log(kind, bench, _, row="log", rotate=0):
    """The child writes when it is told to, a second after it was started: the start of the supervision is not in it."""
    with kind(bench, 1, "lines", str(LINES), rotate=rotate) as system:
        child = system.started(1)[0][0]
        time.sleep(1)
        before, begin = sum(system.each(cpu_of)), now()
        kill(child, signal.SIGUSR1)
        wait_for(lambda: system.logged() >= LINES * 100, "the last byte of the log", step=0.005)
        end = now()
        yield row, (end - begin) / 1e9
        yield row + "-cpu", sum(system.each(cpu_of)) - before
        time.sleep(0.2)
        if system.logged() != LINES * 100:
            raise Failed("%d bytes are in the log, where %d were written" % (system.logged(), LINES * 100))


def crash(kind, bench, _, scene="crash", everything=False):
    """Kills the supervisor, or all processes of the supervision, and starts it again half a second later."""
    with kind(bench, CRASHED, "count") as system:
        before = {pid for pid, _ in system.started(CRASHED)}
        time.sleep(1 + system.breath)
        supervision = system.processes()[0]
        for pid in supervision if everything else [system.process.pid]:
            kill(pid)
        system.process.wait()
        time.sleep(0.5)
        system.start()
        time.sleep(5)
        after = set(system.processes()[1])
        for pid in after:
            kill(pid, signal.SIGSTOP)
        time.sleep(2)
        found = dict.fromkeys(before | after, 0)
        for name in system.logs():
            with open(name, "rb") as file:
                for line in file:
                    words = line.split()
                    if len(words) == 2 and words[0].isdigit() and int(words[0]) in found:
                        found[int(words[0])] += 1
        lost = 0
        for pid in found:
            try:
                with open("%s.%d" % (system.mark, pid), "rb") as file:
                    lost += max(0, int.from_bytes(file.read(8), sys.byteorder) - found[pid])
            except FileNotFoundError:
                pass
        yield scene + "-running", float(len(before & after))
        yield scene + "-doubled", float(max(0, len(after) - CRASHED))
        yield scene + "-lost", float(lost)


# Of each: what it does, and in how many rounds at most. Counts that are the same each time need no three. If a run ends
# early, the last ones have a round less.
SCENES = {
    "empty": (empty, 99),
    "one": (one, 99),
    "two-hundred": (two_hundred, 99),
    "storm": (storm, 99),
    "log": (log, 99),
    "rotated": (lambda *words: log(*words, "rotated", ROTATED), 99),
    "hundred": (hundred, 99),
    "thousand": (thousand, 99),
    "crash": (crash, 1),
    "crash-all": (lambda *words: crash(*words, "crash-all", True), 1),
}
