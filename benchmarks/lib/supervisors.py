"""The supervisors that are compared: how each is configured, started, asked and ended."""
import os, shutil, socket, subprocess, sys, tempfile, time

from machine import ROOT, TREE, Failed, kill, last_words, now, output_of, provide, wait_for

S6_LARGEST = (1 << 28) - 1  # the largest file that s6-log takes
KEPT = 120  # rotated files: all of a run, so that nothing may be missing


class Bench:
    """What all share: folders and built programs."""

    def __init__(self, options):
        self.tree = os.path.abspath(options.tree or TREE)
        self.work = tempfile.mkdtemp(prefix="pm-compare-", dir=options.work)
        self.child = os.path.join(self.work, "child")
        self.floor = os.path.join(self.work, "floor")
        for program, source in ((self.child, "child.c"), (self.floor, "floor/floor.c")):
            subprocess.run(["cc", "-O2", "-o", program, os.path.join(ROOT, "benchmarks", source)], check=True)


class System:
    """A supervisor with COUNT children in a folder of its own, and all processes that belong to it.

    Their output goes to files of ROTATE bytes; 0: to one that grows."""

    breath = 0.05  # seconds from a start to a kill, so that the next start comes at once
    kills = 20
    graceful = True

    def __init__(self, bench, count, mode, *words, rotate=0):
        self.bench = bench
        self.dir = tempfile.mkdtemp(prefix=self.name + "-", dir=bench.work)
        self.mark = os.path.join(self.dir, "marks")
        self.seen, self.at = [], 0
        self.count, self.rotate = count, rotate
        self.command = [bench.child, mode, *words, self.mark]
        self.process = None
        self.write()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        """Ends it in its own way if that is quick, then by force."""
        if self.graceful and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                pass
        end = time.monotonic() + 60
        while time.monotonic() < end:
            supervision, children = self.processes()
            if not supervision and not children:
                break
            for pid in [*supervision, *children]:
                kill(pid)
            if self.process.poll() is None:
                time.sleep(0.01)
        self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        with open(os.path.join(self.dir, "supervisor.log"), "ab") as log:
            self.launched = now()
            self.process = subprocess.Popen(self.argv(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir)
        return self

    def words(self):
        with open(os.path.join(self.dir, "supervisor.log"), errors="replace") as log:
            return last_words(log.read())

    def marks(self):
        """The lines "pid nanoseconds" that children have written so far; only what is new is read."""
        try:
            with open(self.mark) as file:
                file.seek(self.at)
                new = file.read()
        except FileNotFoundError:
            return self.seen
        whole = new[:new.rfind("\n") + 1]
        self.at += len(whole)
        self.seen += [tuple(map(int, line.split())) for line in whole.splitlines()]
        return self.seen

    def started(self, count):
        """Waits for that many starts of children since the beginning; (pid, nanoseconds) of each, the first ones first."""
        def enough():
            if self.process.poll() is not None:
                raise Failed("it has ended: " + self.words())
            return len(self.marks()) >= count
        wait_for(enough, "%d starts of children" % count)
        return sorted(self.seen, key=lambda mark: mark[1])

    def processes(self):
        """The pids of the supervision, and of the children: what works in the folder, or was told its name, or descends from that."""
        parents, ours, children = {}, set(), set()
        for entry in os.listdir("/proc"):
            if not entry.isdigit() or int(entry) == os.getpid():
                continue
            try:
                with open("/proc/%s/stat" % entry) as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                if fields[0] in "ZX":
                    continue
                with open("/proc/%s/cmdline" % entry) as file:
                    line = file.read()
                there = os.readlink("/proc/%s/cwd" % entry)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            pid = int(entry)
            parents[pid] = int(fields[1])
            if line.startswith(self.bench.child + "\0"):
                if self.mark in line:
                    children.add(pid)
            elif self.dir in line or there.startswith(self.dir):
                ours.add(pid)
        while True:
            more = {pid for pid, parent in parents.items() if parent in ours} - ours - children
            if not more:
                return sorted(ours), sorted(children)
            ours |= more

    def each(self, figure):
        """A figure of each process of the supervision that has not ended meanwhile."""
        found = []
        for pid in self.processes()[0]:
            try:
                found.append(figure(pid))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return found

    def logged(self):
        """How many bytes of output of children are in files."""
        total = 0
        for name in self.logs():
            try:
                total += os.path.getsize(name)
            except FileNotFoundError:
                return 0  # renamed just now: not to be counted twice, nor left out
        return total

    def logs(self):
        """All files that hold output of children."""
        found = []
        for folder, _, names in os.walk(self.logs_in()):
            found += [os.path.join(folder, name) for name in names if self.holds(folder, name)]
        return found

    def logs_in(self):
        return self.dir

    def holds(self, folder, name):
        return name.startswith("child")

    def is_all(self, text):
        """Whether this is the status of all children."""
        return text.count(b"child") >= self.count


class Floor(System):
    name, title = "floor", "C floor"
    note = ("`floor/floor.c`: one process, one epoll, `posix_spawn`, output spliced to files. It keeps nothing and can do nothing else. "
            "Rotated: a new file after 10 MiB, wherever that is in a line, none removed")

    @staticmethod
    def prepare(options):
        return (output_of(["cc", "--version"]) or "cc").splitlines()[0]

    def write(self):
        pass

    def argv(self):
        return [self.bench.floor, self.dir, str(self.count), str(self.rotate), *self.command]

    def ready(self):
        return ask(self.dir + "/socket", b"status\n", b"running")

    def status(self):
        return [self.bench.floor, "status", self.dir + "/socket"]

    def is_all(self, text):
        return text == b"%d of %d running\n" % (self.count, self.count)

    def stop(self):
        return self.dir + "/socket", b"stop\n", b"stopped"


class Pmd(System):
    name, title = "pmd", "pmd"
    note = ("`restart: {policy: always, delay: 0s, max_restarts: unlimited}`, `readiness: {uptime: 0s}`, `logs: {max_size: 4GiB}`; "
            "rotated: `logs: {max_size: 10MiB, keep: %d}`" % KEPT)

    @staticmethod
    def prepare(options):
        tree = os.path.abspath(options.tree or TREE)
        if not os.path.exists(tree + "/bin/pmd"):
            sys.exit("compare: there is no bin/pmd in %s. Run: ./pm build" % tree)
        version = (output_of([tree + "/bin/pmctl", "--version"]) or "pmd").strip().splitlines()[0]
        commit = output_of(["git", "-C", ROOT, "describe", "--always", "--dirty=+changes"])
        return "%s, commit %s" % (version, commit.strip()) if commit and not options.tree else version

    def write(self):
        with open(os.path.join(self.dir, "pm.yaml"), "w") as file:
            file.write("programs:\n" if self.count else "programs: {}\n")
            if self.count:
                file.write("  child:\n    command: [%s]\n    instances: %d\n    readiness: {uptime: 0s}\n"
                           "    restart: {policy: always, delay: 0s, max_restarts: unlimited}\n    logs: {%s}\n"
                           % (", ".join('"%s"' % word for word in self.command), self.count,
                              "max_size: %dKiB, keep: %d" % (self.rotate >> 10, KEPT) if self.rotate else "max_size: 4GiB"))

    def argv(self):
        return [self.bench.tree + "/bin/pmd", "--config", self.dir + "/pm.yaml", "--home", self.dir + "/home"]

    def socket(self):
        return self.dir + "/home/run/pmd.sock"

    def ready(self):
        return ask(self.socket(), b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n', b"\n")

    def client(self, *words):
        return [self.bench.tree + "/bin/pmctl", "--socket", self.socket(), *words]

    def status(self):
        return self.client("status")

    def status_of_one(self):
        return self.client("status", "child@1")

    def stop_and_start(self):
        return [self.client("stop", "child@1"), self.client("start", "child@1")]

    def stop(self):
        return self.socket(), b'{"jsonrpc":"2.0","id":1,"method":"stop","params":{"selectors":["child"]}}\n', b"\n"

    def logs_in(self):
        return self.dir + "/home/log"


class Supervisord(System):
    name, title = "supervisord", "supervisord"
    kills = 5  # each takes a second
    note = ("`startsecs=0`, `autorestart=true`, `redirect_stderr=true`, `stdout_logfile_maxbytes=0`; "
            "rotated: `stdout_logfile_maxbytes=10MB`, `stdout_logfile_backups=%d`. It looks for ended programs once a second" % KEPT)

    @staticmethod
    def prepare(options):
        return provide(options, "supervisor", "supervisord", "supervisorctl")

    def write(self):
        with open(os.path.join(self.dir, "supervisord.conf"), "w") as file:
            file.write("""[unix_http_server]
file=%(dir)s/supervisor.sock
[supervisord]
nodaemon=true
logfile=%(dir)s/supervisord.log
pidfile=%(dir)s/supervisord.pid
childlogdir=%(dir)s
minfds=8192
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://%(dir)s/supervisor.sock
""" % {"dir": self.dir})
            if self.count:
                file.write("""[program:child]
command=%(command)s
process_name=%%(program_name)s_%%(process_num)d
numprocs=%(count)d
startsecs=0
autorestart=true
redirect_stderr=true
stdout_logfile=%(dir)s/child_%%(process_num)d.log
stdout_logfile_maxbytes=%(rotate)d
stdout_logfile_backups=%(kept)d
""" % {"dir": self.dir, "command": " ".join(self.command), "count": self.count, "rotate": self.rotate, "kept": KEPT})

    def argv(self):
        return ["supervisord", "-c", self.dir + "/supervisord.conf"]

    def ready(self):
        return ask(self.dir + "/supervisor.sock", call("supervisor.getState"), b"RUNNING")

    def client(self, *words):
        return ["supervisorctl", "-c", self.dir + "/supervisord.conf", *words]

    def status(self):
        return self.client("status")

    def status_of_one(self):
        return self.client("status", "child:child_0")

    def stop_and_start(self):
        return [self.client("stop", "child:child_0"), self.client("start", "child:child_0")]

    def stop(self):
        return self.dir + "/supervisor.sock", call("supervisor.stopProcessGroup", "child"), b"</methodResponse>"


class Scanned(System):
    """A folder of services, each with a `run` and a `log/run`."""

    breath = 1.1  # runit waits for the rest of a second if the last start is younger; s6 waits a second after each end
    kills = 5
    graceful = False

    def write(self):
        for number in range(self.count):
            service = self.service(number)
            os.makedirs(service + "/log/main")
            self.script(service + "/run", "exec 2>&1\nexec %s" % " ".join(self.command))
            self.script(service + "/log/run", "exec " + self.logger(service))

    def script(self, path, text):
        with open(path, "w") as file:
            file.write("#!/bin/sh\n%s\n" % text)
        os.chmod(path, 0o755)

    def service(self, number):
        return "%s/scan/child-%d" % (self.dir, number)

    def services(self):
        return [self.service(number) for number in range(self.count)]

    def logs_in(self):
        return self.dir + "/scan"

    def holds(self, folder, name):
        return folder.endswith("/log/main") and (name == "current" or name.startswith("@"))

    def request_stop(self):
        """What s6-svc -d and sv down do, without their start."""
        for service in self.services():
            control = os.open(service + "/supervise/control", os.O_WRONLY | os.O_NONBLOCK)
            os.write(control, b"d")
            os.close(control)


class S6(Scanned):
    name, title = "s6", "s6"
    note = ("A service and a logger for each child, `run` in `/bin/sh`, `s6-log n%d s%d`: plain, but rotated at the 256 MiB that it takes at most; "
            "rotated: `s10485760`. `status` is one `s6-svstat` for each service, from one shell. It waits a second before each restart"
            % (KEPT, S6_LARGEST))

    @staticmethod
    def prepare(options):
        return provide(options, "s6", "s6-svscan", "s6-log", "s6-svstat", "s6-svc")

    def logger(self, service):
        return "s6-log n%d s%d ./main" % (KEPT, self.rotate or S6_LARGEST)

    def argv(self):
        return ["s6-svscan", "-t", "0", "-c", str(2 * self.count + 10), self.dir + "/scan"]

    def status(self):
        return ["sh", "-c", 'for service; do s6-svstat "$service"; done', "sh", *self.services()]

    def status_of_one(self):
        return ["s6-svstat", self.service(0)]

    def stop_and_start(self):
        return [["s6-svc", "-wD", "-d", self.service(0)], ["s6-svc", "-wu", "-u", self.service(0)]]

    def is_all(self, text):
        return text.count(b"up (pid ") >= self.count


class Runit(Scanned):
    name, title = "runit", "runit"
    note = ("A service and a logger for each child, `run` in `/bin/sh`, `svlogd` with `s0` (it does not rotate); rotated: `s10485760`, `n%d`. "
            "`status` is one `sv status` for all. It restarts at once what has run for a second" % KEPT)

    @staticmethod
    def prepare(options):
        return provide(options, "runit", "runsvdir", "runsv", "svlogd", "sv")

    def logger(self, service):
        with open(service + "/log/main/config", "w") as file:
            file.write("s%d\nn%d\n" % (self.rotate, KEPT))
        return "svlogd ./main"

    def argv(self):
        return ["runsvdir", self.dir + "/scan"]

    def status(self):
        return ["sv", "status", *self.services()]

    def status_of_one(self):
        return ["sv", "status", self.service(0)]

    def stop_and_start(self):
        return [["sv", "stop", self.service(0)], ["sv", "start", self.service(0)]]

    def is_all(self, text):
        return text.count(b"run: ") >= self.count


SYSTEMS = {kind.name: kind for kind in (Floor, Pmd, Supervisord, S6, Runit)}


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(path)
    except OSError:
        client.close()
        raise
    return client


def ask(path, request, expected):
    """Whether there is somebody who gives the expected answer."""
    try:
        with connect(path) as client:
            client.settimeout(10)
            client.sendall(request)
            answer = b""
            while expected not in answer:
                piece = client.recv(65536)
                if not piece:
                    return False
                answer += piece
            return True
    except OSError:
        return False


def call(method, *words):
    """A request of XML-RPC."""
    values = "".join("<param><value><string>%s</string></value></param>" % word for word in words)
    body = "<?xml version='1.0'?><methodCall><methodName>%s</methodName><params>%s</params></methodCall>" % (method, values)
    return ("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)).encode()
