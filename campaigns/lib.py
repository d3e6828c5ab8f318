"""What the lines of the campaigns share: a line's arguments, trials and words; a pmd of its own; processes; waiting.

A line looks like this:

    from lib import Failed, Line, Pmd
    line = Line(__doc__, "kills of the daemon", count=1000)
    for seed in line.trials():
        try:
            …
        except Failed as failed:
            line.fail(seed, str(failed))
    line.end()
"""
import argparse, json, os, random, select, shutil, signal, socket, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CANNOT = 77  # how a line ends that this machine cannot run
LOOK_AGAIN = 0.005
PROGRESS_SECONDS = 10


class Failed(Exception):
    """What a trial has shown, in one sentence."""


def cannot(sentence):
    """Ends a line that this machine cannot run."""
    print(sentence, file=sys.stderr)
    sys.exit(CANNOT)


def need(*programs):
    """Ends the line if a program is missing."""
    for program in programs:
        if not shutil.which(program):
            cannot("%s is not installed" % program)


def await_(what, condition, seconds=60):
    """Returns what the condition returns as soon as that is true; raises Failed if it is not within the time."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise Failed("not within %g seconds: %s" % (seconds, what))
        time.sleep(LOOK_AGAIN)


class Line:
    """The arguments of a line, its trials, and what it says. Its last word is end()."""

    def __init__(self, description, unit, count=1000, minutes=0):
        parser = argparse.ArgumentParser(description=(description or "").strip().splitlines()[0])
        parser.add_argument("--tree", default=os.path.join(ROOT, "packaging", "target", "pm"), help="a built tree")
        parser.add_argument("--work", help="an empty folder of its own (one below the folder for temporary files)")
        parser.add_argument("--seed", type=int, default=1, help="the first seed (1)")
        parser.add_argument("--count", type=int, default=0, help="so many trials (%d)" % count)
        parser.add_argument("--minutes", type=float, default=0, help="at most so long (%s)" % (minutes or "no limit"))
        options = parser.parse_args()
        self.tree = os.path.abspath(options.tree)
        self.ours = not options.work
        self.work = tempfile.mkdtemp(prefix="campaign-") if self.ours else os.path.abspath(options.work)
        os.makedirs(self.work, exist_ok=True)
        self.unit = unit
        self.seed, self.last = options.seed, options.seed - 1
        self.count = options.count or count
        self.minutes = options.minutes or (0 if options.count else minutes)
        self.began = self.said = time.monotonic()
        self.done = 0  # trials; a line that counts something else says so by counted()
        self.failed = []
        self.figures = {}
        self.stopped = False
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)

    def stop(self, *_):
        self.stopped = True

    def over(self):
        """Whether no further trial is to begin, since the time is over or somebody ended it."""
        return self.stopped or (self.minutes and time.monotonic() - self.began >= self.minutes * 60)

    def seconds_left(self):
        """How long until the time is over; None without a limit."""
        return max(0.0, self.began + self.minutes * 60 - time.monotonic()) if self.minutes else None

    def trials(self):
        """The seeds, one for each trial, until there are enough or the time is over."""
        for seed in range(self.seed, self.seed + self.count):
            if self.over():
                return
            yield seed
            self.last = seed
            self.done += 1
            if time.monotonic() - self.said > PROGRESS_SECONDS:
                self.progress()

    def random(self, seed):
        """Chance that is the same for the same seed."""
        return random.Random(seed)

    def counted(self, count, last=None):
        """For what is not one seed a trial."""
        self.done = count
        self.last = self.last if last is None else last

    def add(self, **figures):
        """Adds to figures that are sums."""
        for name, value in figures.items():
            self.figures[name] = self.figures.get(name, 0) + value

    def highest(self, **figures):
        """Keeps the highest of each figure."""
        for name, value in figures.items():
            self.figures[name] = max(self.figures.get(name, value), value)

    def fail(self, seed, what, kept=None):
        """Notes a failure. kept: a file or folder that shows it; it is moved to WORK/kept."""
        name = os.path.basename(sys.argv[0])
        failure = {"seed": seed, "what": " ".join(str(what).split())[:2000],
                   "replay": "campaigns/lines/%s --seed %d --count 1" % (name, seed)}
        if kept and os.path.exists(kept):
            place = os.path.join(self.work, "kept", "%s-%d" % (name, seed))
            os.makedirs(os.path.dirname(place), exist_ok=True)
            while os.path.exists(place):
                place += "+"
            failure["kept"] = shutil.move(kept, place)
        self.failed.append(failure)
        print("%s: seed %d: %s" % (name, seed, failure["what"]), file=sys.stderr, flush=True)
        self.progress()

    def progress(self, **more):
        self.said = time.monotonic()
        self.print({"progress": dict({"count": self.done, "failures": len(self.failed)}, **more)})

    def print(self, value):
        print(json.dumps(value), flush=True)

    def end(self):
        """The last line."""
        self.print({"count": self.done, "unit": self.unit, "failures": len(self.failed),
                    "seeds": [self.seed, max(self.seed, self.last)], "figures": self.figures, "failed": self.failed})
        if self.ours and not self.failed:
            shutil.rmtree(self.work, ignore_errors=True)


class Java:
    """A class of the tests that answers each line it reads with a line of JSON. `with` ends it."""

    def __init__(self, main, *options):
        self.main, self.options, self.process = main, options, None

    def start(self):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(java(*self.options) + [self.main], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, line, seconds=120):
        """The answer; raises Failed if it ends or has none in time. Then the next question begins anew."""
        self.start()
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.close()
            raise Failed("no answer within %d seconds to: %s" % (seconds, line))
        answer = self.process.stdout.readline()
        if not answer.endswith(b"\n"):
            raise Failed("it ended with %d at: %s" % (self.process.wait(), line))
        return json.loads(answer)

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def java(*options):
    """The command that runs classes of the daemon and of its tests, as the build has left them."""
    home = os.environ.get("JAVA_HOME")
    program = os.path.join(home, "bin", "java") if home else shutil.which("java")
    dependencies = os.path.join(ROOT, "daemon", "target", "dependencies.classpath")
    if not program or not os.path.exists(program):
        cannot("there is no java: set JAVA_HOME to a JDK 25")
    if not os.path.exists(dependencies):
        cannot("the tests are not built: run ./pm build")
    folders = [os.path.join(ROOT, folder, "target", classes) for folder, classes in
               (("daemon", "test-classes"), ("protocol", "test-classes"), ("config", "test-classes"), ("daemon", "classes"),
                ("protocol", "classes"), ("config", "classes"))]
    with open(dependencies) as file:
        path = ":".join(folders + [file.read().strip()])
    return [program, "--enable-native-access=ALL-UNNAMED", *options, "-cp", path]


class Process:
    """What /proc says of one process at one moment. `start` with the pid tells it from a later one."""

    def __init__(self, pid):
        with open("/proc/%d/stat" % pid, "rb") as file:
            fields = file.read().rsplit(b")", 1)[1].split()
        with open("/proc/%d/environ" % pid, "rb") as file:
            words = file.read().decode("utf-8", "replace").split("\0")
        self.pid, self.state, self.parent = pid, fields[0].decode(), int(fields[1])
        self.group, self.session, self.start = int(fields[2]), int(fields[3]), int(fields[19])
        self.environment = dict(word.split("=", 1) for word in words if "=" in word)

    def __repr__(self):
        return "%d (%s, %s)" % (self.pid, self.environment.get("PM_NAME", "?"), self.state)


def process(pid):
    """The process, or None if it is gone; what is left of it is, unless it has been waited for, a zombie: also None."""
    try:
        found = Process(pid)
        return None if found.state in "ZX" else found
    except (OSError, ValueError, IndexError):
        return None


def processes():
    """All that live now."""
    return [found for found in (process(int(name)) for name in os.listdir("/proc") if name.isdigit()) if found]


def children_of(home):
    """The processes that a pmd with this home has started, and theirs, by their environment; also of one that is dead."""
    mark = os.path.join(os.path.abspath(home), "run", "pmd.sock")
    return [found for found in processes() if found.environment.get("PM_SOCKET") == mark and "PM_NAME" in found.environment]


def zombies_of(pid):
    """The pids of its children that nobody has waited for."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/stat" % name, "rb") as file:
                    fields = file.read().rsplit(b")", 1)[1].split()
                if fields[0] == b"Z" and int(fields[1]) == pid:
                    found.append(int(name))
            except OSError:
                pass
    return found


def connect(path, seconds=60):
    """A socket that is connected; while too many wait to be accepted, it waits with them."""
    end = time.monotonic() + seconds
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        while True:
            try:
                connection.connect(path)
                return connection
            except BlockingIOError:
                if time.monotonic() > end:
                    raise
                time.sleep(LOOK_AGAIN)
    except OSError:
        connection.close()
        raise


class Connection:
    """A client of the control socket: one request at a time, each answered before the next."""

    def __init__(self, path, seconds=60):
        self.socket = connect(path, seconds)
        self.file = self.socket.makefile("rb")
        self.number = 0

    def ask(self, method, **params):
        """The result; raises Refused for an error, OSError if the daemon is gone."""
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method}
        if params:
            request["params"] = params
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise ConnectionError("the connection ended before the response to %s" % method)
            message = json.loads(line)
            if message.get("id") == self.number:
                if "error" in message:
                    raise Refused(message["error"])
                return message["result"]

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Refused(Exception):
    """An error that the daemon answered with: its code, message and data."""

    def __init__(self, error):
        super().__init__("%s (%s)" % (error.get("message"), error.get("code")))
        self.code, self.message, self.data = error.get("code"), error.get("message"), error.get("data")


class Pmd:
    """A built pmd in a folder of its own, and what is needed to treat it badly. `with` leaves nothing of it behind."""

    def __init__(self, tree, home, prefix=(), environment=None):
        """prefix: a command that runs the daemon, such as strace; environment: more variables for it."""
        self.tree, self.home, self.prefix = os.path.abspath(tree), os.path.abspath(home), list(prefix)
        self.more = environment or {}
        self.socket = os.path.join(self.home, "run", "pmd.sock")
        self.own_log = os.path.join(self.home, "pmd.out")
        self.process = None
        os.makedirs(self.home, exist_ok=True)
        if not os.access(self.tree + "/bin/pmd", os.X_OK):
            cannot("there is no bin/pmd in %s: run ./pm build" % self.tree)

    def write(self, yaml, name="programs.yaml"):
        """Writes the programs, in one step: an apply that was held up may come at any moment."""
        folder = os.path.join(self.home, "config", "programs.d")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, name)
        with open(path + ".new", "w") as file:
            file.write(yaml)
        os.replace(path + ".new", path)

    def write_daemon(self, yaml):
        """Writes what pmd.yaml says of the daemon itself."""
        os.makedirs(os.path.join(self.home, "config"), exist_ok=True)
        with open(os.path.join(self.home, "config", "pmd.yaml"), "w") as file:
            file.write(yaml)

    def environment(self):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PM_") and name != "NOTIFY_SOCKET"}
        return dict(clean, **self.more)

    def spawn(self):
        """Starts it without waiting."""
        with open(self.own_log, "ab") as log:
            self.process = subprocess.Popen(self.prefix + [self.tree + "/bin/pmd", "--home", self.home], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, env=self.environment(), start_new_session=True)

    def start(self, seconds=60):
        """Starts it, and waits until it answers."""
        self.spawn()
        self.await_answer(seconds)

    def await_answer(self, seconds=60):
        def answers():
            if self.process.poll() is not None:
                raise Failed("pmd ended by itself (%s); it said: %s" % (self.process.returncode, self.said()))
            try:
                return self.ask("ping")
            except (OSError, ValueError, Refused):
                return None
        await_("pmd answers; it said: " + self.said(), answers, seconds)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def crash(self):
        """SIGKILL, and waits for the end."""
        self.process.kill()
        self.process.wait(60)

    def stop(self, seconds=120):
        """SIGTERM, and waits until it has stopped everything and ended; returns its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed("pmd did not end within %d seconds of SIGTERM; it said: %s" % (seconds, self.said())) from None

    def ask(self, method, **params):
        """One request on a connection of its own."""
        with Connection(self.socket) as connection:
            return connection.ask(method, **params)

    def pages(self, method, key="items", **params):
        """All items of a query that comes in pages."""
        with Connection(self.socket) as connection:
            items, cursor = [], None
            while True:
                page = connection.ask(method, **(dict(params, cursor=cursor) if cursor else params))
                items += page[key]
                cursor = page.get("cursor")
                if not cursor:
                    return items

    def status(self, *selectors):
        """Instance by name."""
        return {item["name"]: item for item in self.pages("status", **({"selectors": list(selectors)} if selectors else {}))}

    def await_state(self, state, *selectors, seconds=60):
        """Waits until all of them have that state; returns the status."""
        def are():
            found = self.status(*selectors)
            return found if found and all(item["state"] == state for item in found.values()) else None
        return await_("%s %s" % (" ".join(selectors) or "all", state), are, seconds)

    def pmctl(self, *words, seconds=120):
        """Runs the client; returns what subprocess.run does."""
        return subprocess.run([self.tree + "/bin/pmctl", "--socket", self.socket, *words], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=seconds, env=self.environment())

    def log(self, instance):
        """The current log file of an instance; older ones have .1, .2 … behind it."""
        return os.path.join(self.home, "log", instance + ".log")

    def log_bytes(self, instance):
        """All that its log files hold, the oldest first; they must not be compressed."""
        path, parts, number = self.log(instance), [], 1
        while os.path.exists("%s.%d" % (path, number)):
            parts.insert(0, "%s.%d" % (path, number))
            number += 1
        content = b""
        for part in parts + [path]:
            if os.path.exists(part):
                with open(part, "rb") as file:
                    content += file.read()
        return content

    def said(self, most=3000):
        """The end of its own log."""
        try:
            with open(self.own_log, "rb") as file:
                file.seek(max(0, os.path.getsize(self.own_log) - most))
                return file.read().decode("utf-8", "replace").strip() or "nothing"
        except OSError:
            return "nothing"

    def children(self):
        return children_of(self.home)

    def close(self):
        """Kills it and everything that it started."""
        if self.runs():
            self.crash()
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            left = self.children()
            if not left:
                return
            for found in left:
                try:
                    os.kill(found.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(LOOK_AGAIN)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def descriptors_of(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def threads_of(pid):
    return len(os.listdir("/proc/%d/task" % pid))


def memory_of(pid):
    """Its proportional share in bytes."""
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:"))


def cpu_of(pid):
    """Seconds of processor time."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
