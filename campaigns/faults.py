"""What the lines share that end the daemon, or refuse it something, at a certain system call: the tracer, a story of
operations that knows what must be so after each, and the oracle.
"""
import concurrent.futures, gzip, json, os, platform, re, shutil, subprocess, sys, tempfile, threading, time
from lib import CANNOT, Connection, Failed, Pmd, Refused, await_, cannot, process

HERE = os.path.dirname(os.path.abspath(__file__))
LINES_OF_TALK = 60


class Died(Exception):
    """The daemon has ended; what was under way is not answered."""


def tracer(work):
    """Builds the tracer; the line is skipped where it cannot be or may trace nothing."""
    if platform.machine() != "x86_64":
        cannot("the tracer knows the system calls of x86_64 only")
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        cannot("there is no C compiler for campaigns/tracer.c")
    built = os.path.join(work, "tracer")
    subprocess.run([compiler, "-O2", "-o", built, os.path.join(HERE, "tracer.c")], check=True)
    tried = subprocess.run([built, "--log", "/dev/null", "--", "true"], capture_output=True, text=True)
    if tried.returncode:
        cannot("no process may be traced here: " + tried.stderr.strip())
    return built


class Traced(Pmd):
    """A pmd under the tracer. `points` and `rules` are as the tracer has them."""

    def __init__(self, tree, home, tracer_, options=()):
        super().__init__(tree, home)
        self.tracer, self.options = tracer_, list(options)
        self.trace = os.path.join(self.home, "trace")
        self.rules = os.path.join(self.home, "rules")
        self.version = 0
        self.traced = False

    def spawn(self, *options):
        """Without options it is not traced."""
        self.traced = bool(options)
        self.prefix = []
        if options:
            try:
                os.remove(self.trace)
            except FileNotFoundError:
                pass
            self.prefix = [self.tracer, "--log", self.trace, *options, "--"]
        super().spawn()

    def start(self, *options, seconds=90):
        self.spawn(*options)
        self.await_answer(seconds)

    def points(self, *options):
        """The options that make all that changes its own files, and what it does to processes, points."""
        run, state, log = (os.path.join(self.home, folder) for folder in ("run", "state", "log"))
        return ["--under", run, "--under", state, "--under", log, "--under", "process:", *options]

    def trace_lines(self):
        try:
            with open(self.trace, errors="replace") as file:
                return [line.rstrip("\n").replace(self.home + "/", "") for line in file]
        except OSError:
            return []

    @property
    def pid(self):
        if not self.traced:
            return self.process.pid
        return await_("the tracer has started pmd", lambda: next(
            (int(line.split()[1]) for line in self.trace_lines() if line.startswith("pid ")), None))

    def crash(self):
        if self.traced:
            try:
                os.kill(self.pid, 9)
            except ProcessLookupError:
                pass
            self.process.wait(60)
        else:
            super().crash()

    def stop(self, seconds=120):
        os.kill(self.pid, 15)
        return self.ended(seconds)

    def ended(self, seconds=120):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed("pmd did not end within %d seconds; it said: %s" % (seconds, self.said())) from None

    def inject(self, *rules):
        """From now on these rules hold, and only these; each is the text of a rule. Returns how often the ones before were
        used."""
        self.version += 1
        with open(self.rules + ".next", "w") as file:
            file.write("\n".join([str(self.version), *rules]) + "\n")
        os.rename(self.rules + ".next", self.rules)
        sent = [0.0]

        def is_read():
            if self.process.poll() is not None:
                raise Died()
            if time.monotonic() - sent[0] > 0.02:
                sent[0] = time.monotonic()
                self.process.send_signal(10)
            try:
                with open(self.rules + ".read") as file:
                    words = file.read().split()
                return words if words and words[0] == str(self.version) else None
            except OSError:
                return None
        return [int(word.split("/")[0]) for word in await_("the rules are read", is_read)[1:]]


WORKER = """\
#!/bin/sh
echo '{"jsonrpc":"2.0","method":"ready","params":{}}'
while IFS= read -r line; do
  case $line in *'"method":"shutdown"'*) exit 0 ;; esac
  id=${line#*'"id":"'}
  id=${id%%'"'*}
  case $line in
    *'"type":"slow"'*) sleep 0.3 ;;
  esac
  case $line in
    *'"method":"task"'*) echo "$id" >> DONE ;;
  esac
  printf '{"jsonrpc":"2.0","id":"%s","result":"%s"}\\n' "$id" "${id%/*}"
done
"""

TALK = "i=0; while [ $i -lt %d ]; do i=$((i + 1)); echo $PM_INVOCATION_ID $i of talk; done; exec sleep 1000000" % LINES_OF_TALK

PROGRAMS = """\
programs:
  still: {{command: [sleep, "1000000"], instances: 2, readiness: {{uptime: 0s}}}}
  web:
    command: [sleep, "1000000"]
    instances: 2
    readiness: {{uptime: 0s}}
    restart: {{delay: 10ms, max_restarts: unlimited}}
  late: {{command: [sleep, "1000000"], autostart: false, readiness: {{uptime: 0s}}}}
  app: {{command: [sleep, "1000000"], readiness: {{uptime: 0s}}, environment: {{VERSION: "{version}"}}}}
  talk: {{command: '{talk}', shell: true, readiness: {{uptime: 0s}}, logs: {{max_size: 1KiB, keep: 90, compress: true}}}}
  work: {{type: worker, command: [sh, "{home}/worker.sh"], stop: {{timeout: 2s}}, liveness: none, pool: {{task: {{backoff: {{delay: 10ms}}}}}}}}
{more}"""
GONE = "  gone: {command: [sleep, '1000000'], readiness: {uptime: 0s}}\n"
EXTRA = "  extra: {command: [sleep, '1000000'], readiness: {uptime: 0s}}\n"
HELD = """\
  slow: {command: [sleep, "1000000"], autostart: false, readiness: {uptime: 300ms}}
  deaf: {command: "trap '' TERM; while :; do sleep 0.05; done", shell: true, readiness: {uptime: 0s}, stop: {timeout: 300ms}}
  brief: {command: [sleep, "1000000"], readiness: {uptime: 0s}, restart: {delay: 10ms, max_restarts: unlimited}}
"""
UP, DOWN, GONE_TOO = "up", "stopped", "gone"


class Story:
    """A pmd, what it was asked, and what must be so, because it has answered, or may be so, because it has not."""

    def __init__(self, tree, home, tracer_):
        self.pmd = Traced(tree, home, tracer_)
        self.home = self.pmd.home
        os.makedirs(self.home, exist_ok=True)
        with open(self.home + "/worker.sh", "w") as file:
            file.write(WORKER.replace("DONE", self.home + "/done"))
        self.may = {}  # instance: the set of what it may be
        self.pids = {}  # instance: the process that it must still be
        self.versions = set()
        self.enabled = {True}  # what late may be
        self.tasks, self.results = {}, {}  # id: whether it must be known; id: its result
        self.under_way = "start"
        self.answered = 0

    def write(self, version, more):
        self.pmd.write(PROGRAMS.format(version=version, talk=TALK, home=self.home, more=more))

    # -- operations ---------------------------------------------------------------------------------------------------

    def ask(self, method, **params):
        """An answer; Died if there is none because the daemon has ended."""
        try:
            return self.pmd.ask(method, **params)
        except OSError as broken:
            if self.pmd.process.poll() is None:
                try:
                    self.pmd.process.wait(10)
                except subprocess.TimeoutExpired:
                    raise Failed("%s was not answered, and pmd goes on: %s" % (method, broken)) from None
            raise Died() from None

    def await_(self, what, condition, seconds=60):
        def alive():
            found = condition()
            if not found and self.pmd.process.poll() is not None:
                raise Died()
            return found
        return await_(what, alive, seconds)

    def status(self):
        try:
            return self.pmd.status()
        except OSError:
            if self.pmd.process.poll() is None:
                try:
                    self.pmd.process.wait(10)
                except subprocess.TimeoutExpired:
                    raise Failed("no status, and pmd goes on") from None
            raise Died() from None

    def say(self, what, method, may=(), **params):
        """Asks for a change, after which the instances must be what `may` says; until it is answered they may be so."""
        self.under_way = what
        for instance, state in dict(may).items():
            self.may[instance] = self.may.get(instance, {GONE_TOO}) | {state}
            self.pids.pop(instance, None)
        answer = self.ask(method, **params)
        for outcome in answer.get("outcomes", []):
            if outcome.get("result") not in ("done", "unchanged", "accepted"):
                raise Failed("%s: %s" % (what, outcome))
        for instance, state in dict(may).items():
            self.may[instance] = {state}
        self.answered += 1
        return answer

    def know(self, *instances):
        """Their processes must be these from now on."""
        def up():
            items = self.status()
            return items if all(items.get(name, {}).get("state") == "IDLE" for name in instances) else None
        items = self.await_("%s are up" % " ".join(instances), up)
        for name in instances:
            self.pids[name] = (items[name]["pid"], items[name]["invocation_id"])
            self.may[name] = {UP}

    def submit(self, what, **tasks):
        """Each task by its id, with its members."""
        self.under_way = what
        for id_ in tasks:
            self.tasks.setdefault(id_, False)
        self.ask("submit", pool="work", tasks=[dict(members, id=id_) for id_, members in tasks.items()])
        for id_ in tasks:
            self.tasks[id_] = True
        self.answered += 1

    def await_tasks(self, *ids):
        self.under_way = "task.await"
        for task in self.ask("task.await", ids=list(ids), wait_seconds=60)["tasks"]:
            if task["state"] != "SUCCEEDED":
                raise Failed("task %s is %s: %s" % (task["id"], task["state"], task))
            self.results[task["id"]] = task["result"]

    def talks(self):
        """Waits until talk has printed all its lines and they are in its log."""
        self.under_way = "output of talk"
        invocation = self.status()["talk@1"]["invocation_id"]
        end = "%s %d of talk\n" % (invocation, LINES_OF_TALK)
        self.await_("the output of talk is in its log", lambda: end in self.log_of_talk())

    def log_of_talk(self):
        folder, text = self.home + "/log", ""
        for attempt in range(100):
            try:
                names = [name for name in os.listdir(folder) if re.fullmatch(r"talk@1\.log(\.\d+(\.gz)?)?", name)]
                numbers = {}
                for name in names:
                    number = re.search(r"\.log\.(\d+)", name)
                    numbers.setdefault(int(number.group(1)) if number else 0, []).append(name)
                text = ""
                for number in sorted(numbers, reverse=True):
                    path = os.path.join(folder, min(numbers[number], key=len))
                    with (gzip.open(path, "rt") if path.endswith(".gz") else open(path)) as file:
                        text += file.read()
                if sorted(names) == sorted(n for n in os.listdir(folder) if re.fullmatch(r"talk@1\.log(\.\d+(\.gz)?)?", n)):
                    return text
            except FileNotFoundError:
                if not os.path.isdir(folder):
                    return ""
        return text

    # -- the run ------------------------------------------------------------------------------------------------------

    def first(self, *options):
        """Starts it for the first time."""
        self.under_way = "start"
        self.versions = {"0"}
        self.pmd.spawn(*options)
        self.answers()

    def answers(self, seconds=90):
        def answers():
            try:
                return self.pmd.ask("ping")
            except (OSError, ValueError):
                return None
        self.await_("pmd answers; it said: %s" % self.pmd.said(), answers, seconds)

    def run(self, *options):
        """All of it, up to the end of the daemon."""
        self.write(0, GONE)
        everything = ("still@1", "still@2", "web@1", "web@2", "app@1", "talk@1", "work@1", "gone@1")
        self.may = {name: {UP, GONE_TOO} for name in everything}
        self.may["late@1"] = {DOWN, GONE_TOO}
        self.first(*options)
        self.know(*everything)
        self.may["late@1"] = {DOWN}
        self.say("start late", "start", {"late@1": UP}, selectors=["late"])
        self.know("late@1")
        self.submit("submit", a={}, b={"data": "x" * 6000}, c={"priority": "high"})
        self.await_tasks("a", "b", "c")
        self.crash_of_a_child("web@1")
        self.say("stop web@2", "stop", {"web@2": DOWN}, selectors=["web@2"])
        self.talks()
        self.say("restart talk", "restart", {"talk@1": UP}, selectors=["talk"])
        self.know("talk@1")
        self.talks()
        self.write(1, EXTRA)
        self.versions = {"0", "1"}
        self.say("apply", "apply", {"app@1": UP, "gone@1": GONE_TOO, "extra@1": UP})
        self.versions = {"1"}
        self.know("extra@1", "app@1")
        self.say("scale", "scale", {"app@2": UP}, counts={"app": 2})
        self.know("app@2")
        self.enabled = {True, False}
        self.say("disable", "disable", {"late@1": DOWN}, selectors=["late"])
        self.enabled = {False}
        self.say("pause", "pool.pause", pools=["work"])
        self.submit("submit while paused", d={}, e={"data": [1, 2, 3]})
        self.say("resume", "pool.resume", pools=["work"])
        self.await_tasks("d", "e")
        self.say("restart web@1", "restart", {"web@1": UP}, selectors=["web@1"])
        self.know("web@1")
        self.say("start web@2", "start", {"web@2": UP}, selectors=["web@2"])
        self.know("web@2")
        self.shutdown()

    def shutdown(self):
        """Of the whole; whoever asked does not know more than that it is on its way."""
        self.under_way = "shutdown"
        self.pids = {}
        for may in self.may.values():
            may |= {UP, DOWN} if may != {GONE_TOO} else set()
        self.ask("daemon.shutdown")
        code = self.pmd.ended()
        if code != 0:
            if code in (137, -9):
                raise Died()
            raise Failed("pmd ended with %s; it said: %s" % (code, self.pmd.said()))

    def crash_of_a_child(self, name):
        self.under_way = "crash of %s" % name
        pid, invocation = self.pids.pop(name)
        os.kill(pid, 9)
        self.await_("%s is replaced" % name, lambda: self.status()[name]["invocation_id"] not in (None, invocation))
        self.know(name)

    def hold(self):
        """A start up to where much is under way: a start, a stop, a task in hand, others in the queue. Then a crash, while
        one program ends with no daemon."""
        self.write(0, GONE + HELD)
        everything = ("still@1", "still@2", "web@1", "web@2", "app@1", "talk@1", "work@1", "gone@1", "brief@1", "deaf@1")
        self.first()
        self.know(*everything)
        self.may["late@1"] = {DOWN}
        self.may["slow@1"] = {DOWN}
        self.submit("submit", a={}, b={"data": "x" * 6000})
        self.await_tasks("a", "b")
        self.say("stop web@2", "stop", {"web@2": DOWN}, selectors=["web@2"])
        self.write(1, HELD + EXTRA)
        self.submit("submit", f={"type": "slow"}, g={"data": "y" * 6000}, h={"delay_seconds": 0.2})
        self.say("restart app", "restart", {"app@1": UP}, selectors=["app"], wait=False)
        self.say("stop deaf", "stop", {"deaf@1": DOWN}, selectors=["deaf"], wait=False)
        self.say("start slow", "start", {"slow@1": UP}, selectors=["slow"], wait=False)
        pid, _ = self.pids.pop("brief@1")
        self.pmd.crash()
        os.kill(pid, 9)

    # -- what must be so ----------------------------------------------------------------------------------------------

    def settle(self):
        """Waits until every instance is what it may be; then each must be it."""
        why = [""]

        def settled():
            items = self.status()
            why[0] = ""
            for name, may in self.may.items():
                item = items.get(name)
                state = GONE_TOO if item is None else UP if item["state"] == "IDLE" else \
                    DOWN if item["state"] == "DEAD" and item["reason"] in ("stopped", "new", "disabled") else None
                if state not in may:
                    why[0] = "%s should be %s, and is %s" % (
                        name, " or ".join(sorted(may)), item and "%s/%s: %s" % (item["state"], item["reason"], item["detail"]))
                    return None
            for name in items:
                if name not in self.may:
                    why[0] = "%s is there" % name
                    return None
            return items
        try:
            return self.await_("settled", settled)
        except Failed:
            raise Failed("after 60 seconds %s; pmd said: %s" % (why[0], self.pmd.said())) from None

    def check(self):
        """After a normal start: everything that was answered is so, and nothing is there twice."""
        self.answers()
        items = self.settle()
        for name, (pid, invocation) in self.pids.items():
            if (items[name]["pid"], items[name]["invocation_id"]) != (pid, invocation):
                raise Failed("%s was process %d (%s) and is %s (%s): %s" % (
                    name, pid, invocation, items[name]["pid"], items[name]["invocation_id"], self.pmd.said()))
        if items.get("late@1", {"enabled": True})["enabled"] not in self.enabled:
            raise Failed("that late was disabled is forgotten")
        self.check_processes()
        self.check_version()
        self.check_tasks()
        self.check_events()
        self.check_log()
        self.check_sound()

    def check_processes(self):
        def right():
            wanted = {(name, item["invocation_id"], item["pid"]) for name, item in self.status().items() if item["pid"]}
            have = self.pmd.children()
            leaders = {(found.environment["PM_NAME"], found.environment.get("PM_INVOCATION_ID"), found.pid)
                       for found in have if found.session == found.pid}
            others = {(found.environment["PM_NAME"], found.environment.get("PM_INVOCATION_ID")) for found in have}
            wrong[0] = "status has %s, /proc has %s" % (sorted(wanted - leaders), sorted(leaders - wanted))
            return wanted == leaders and others <= {(name, id_) for name, id_, _ in wanted}
        wrong = [""]
        try:
            self.await_("processes", right, 20)
        except Failed:
            raise Failed("processes are lost or doubled: %s; pmd said: %s" % (wrong[0], self.pmd.said())) from None

    def check_version(self):
        programs = self.ask("config.show")["programs"]
        version = programs["app"]["environment"]["VERSION"] if "app" in programs else "none"
        if version not in self.versions:
            raise Failed("the configuration in force has version %s, not %s" % (version, sorted(self.versions)))
        whole = {"0": ("gone", "extra"), "1": ("extra", "gone")}.get(version)
        if whole and (whole[0] not in programs or whole[1] in programs):
            raise Failed("half of the configuration of version %s is in force: %s" % (version, sorted(programs)))

    def check_tasks(self):
        known = {task["id"]: task for task in self.pmd.pages("task.list", "tasks")}
        for id_, must in self.tasks.items():
            if must and id_ not in known:
                raise Failed("task %s is lost; pmd said: %s" % (id_, self.pmd.said()))
        for id_ in known:
            if id_ not in self.tasks:
                raise Failed("task %s was never submitted" % id_)
        if any(pool["intake"] == "paused" for pool in self.ask("pool.list")["pools"]):
            if self.under_way not in ("pause", "submit while paused", "resume"):
                raise Failed("the pool is paused, although that was undone")
            self.ask("pool.resume", pools=["work"])
        elif self.under_way == "submit while paused":
            raise Failed("the pool is not paused any more")
        if not known:
            return
        for task in self.ask("task.await", ids=sorted(known), wait_seconds=60)["tasks"]:
            if task["state"] != "SUCCEEDED" or task["result"] != task["id"]:
                raise Failed("task %s has become %s: %s; pmd said: %s" % (task["id"], task["state"], task, self.pmd.said()))
        done = [line.split("/") for line in open(self.home + "/done")]
        for id_, result in self.results.items():
            # What the daemon told as ended is never begun again.
            attempts = [attempt for task, attempt in done if task == id_]
            if len(attempts) != len(set(attempts)):
                raise Failed("attempts of task %s were made twice: %s" % (id_, attempts))
        for id_ in known:
            if not any(task == id_ for task, _ in done):
                raise Failed("task %s has a result, and no worker has done it" % id_)

    def check_events(self):
        with Connection(self.pmd.socket) as connection:
            subscription = connection.ask("events", since=0)["subscription"]
            before = 0
            while True:
                message = json.loads(connection.file.readline())
                if message["method"] == "end":
                    return
                if message["method"] == "gap":
                    raise Failed("events are missing: %s" % message["params"])
                number = message["params"]["seq"]
                if number <= before or message["params"]["subscription"] != subscription:
                    raise Failed("event %d comes after event %d" % (number, before))
                before = number

    def check_log(self):
        """Each life of talk has printed its lines, in order, once; if it is alive, all of them."""
        if self.may.get("talk@1") != {UP}:
            return
        alive = self.status()["talk@1"]["invocation_id"]
        end = "%s %d of talk\n" % (alive, LINES_OF_TALK)
        self.await_("the output of talk is in its log", lambda: end in self.log_of_talk())
        lines = {}
        for line in self.log_of_talk().splitlines():
            words = line.split()
            if len(words) == 4 and words[2:] == ["of", "talk"]:
                lines.setdefault(words[0], []).append(int(words[1]))
            elif not line.startswith("[pmd") and "pmd" not in line:
                raise Failed("a line of the log is damaged: %r" % line)
        for invocation, numbers in lines.items():
            whole = list(range(1, LINES_OF_TALK + 1))
            if numbers != whole[:len(numbers)] or (invocation == alive and numbers != whole):
                raise Failed("the log has of %s the lines %s" % (invocation, numbers))

    def check_sound(self):
        daemon = self.ask("daemon.status")
        for member in ("impossible_events", "loop_failures"):
            if daemon[member]:
                raise Failed("%s is %d; pmd said: %s" % (member, daemon[member], self.pmd.said()))
        self.check_words()

    def check_words(self):
        with open(self.pmd.own_log, errors="replace") as file:
            text = file.read()
        for line in text.splitlines():
            if re.search(r"\tat [a-z]+\.|Exception|Error:|SIGSEGV|core dump", line):
                raise Failed("pmd's own log has a trace: %s" % text[max(0, text.find(line) - 300):][:1500])
        return text

    def close(self):
        """It still works, and leaves nothing."""
        self.ask("submit", pool="work", tasks=[{"id": "last"}], wait=True, wait_seconds=60)
        self.tasks["last"] = True
        outcome = self.ask("restart", selectors=["still@1"])["outcomes"][0]
        if outcome["result"] != "done":
            raise Failed("still@1 cannot be restarted: %s" % outcome)
        self.ask("daemon.shutdown")
        code = self.pmd.ended()
        if code:
            raise Failed("pmd ended with %s; it said: %s" % (code, self.pmd.said()))
        self.check_words()
        left = self.pmd.children()
        if left:
            raise Failed("processes are left: %s" % left)
        return self.names()

    def names(self):
        """What is in its folders, with a word for each thing that is never the same."""
        found = set()
        for folder in ("run", "state", "log"):
            for path, folders, files in os.walk(os.path.join(self.home, folder)):
                for name in folders + files:
                    name = os.path.relpath(os.path.join(path, name), self.home)
                    if name.endswith(".gz.new"):  # cut short by the end of the daemon; whoever opens that log next removes it
                        continue
                    name = re.sub(r"log\.\d+(\.gz)?$", "log.N", name)
                    name = re.sub(r"-[0-9a-f]{16}\b", "-H", name)
                    name = re.sub(r"[0-9a-f]{32}", "I", name)
                    found.add(re.sub(r"(configuration-|tasks/[a-z-]*)\d+", r"\1N", name))
        return found


def too_slow(what, home):
    """Whether that may come of a machine that has no time for us, so that the trial is to be repeated."""
    try:
        with open(os.path.join(home, "pmd.out"), errors="replace") as file:
            stuck = " stuck: " in file.read()
    except OSError:
        stuck = False
    return stuck or "not within" in what or "seconds" in what or "timed out" in what


class Trials:
    """Runs trials side by side, since most of each is waiting."""

    def __init__(self, line, jobs=None):
        self.line, self.jobs = line, jobs or int(os.environ.get("CAMPAIGN_JOBS", "2"))
        self.seed = line.seed
        self.lock = threading.Lock()
        self.count = 0

    def next(self):
        with self.lock:
            if self.line.over() or self.seed >= self.line.seed + self.line.count:
                return None
            self.seed += 1
            return self.seed - 1

    def worker(self, trial):
        while True:
            seed = self.next()
            if seed is None:
                return
            for again in range(3):
                home = tempfile.mkdtemp(prefix="t%d-" % seed, dir=self.line.work)
                try:
                    counts, what = trial(seed, home), None
                except Failed as failed:
                    counts, what = 1, str(failed)
                except Exception as broken:  # of the line itself: it must not end the others
                    counts, what = 1, "the line broke: %s: %s" % (type(broken).__name__, broken)
                if what is None or again == 2 or not too_slow(what, home):
                    break
                with self.lock:
                    self.line.add(repeated=1)
                print("seed %d is repeated: %s" % (seed, what[:300]), file=sys.stderr, flush=True)
                shutil.rmtree(home, ignore_errors=True)
            with self.lock:
                if counts:
                    self.count += counts
                    self.line.counted(self.count, max(self.line.last, seed))
                if what:
                    self.line.fail(seed, what, home)
                else:
                    shutil.rmtree(home, ignore_errors=True)
                if counts and time.monotonic() - self.line.said > 10:
                    self.line.progress(seed=seed)

    def run(self, trial):
        """trial(seed, home) returns how much it counts (0: there is no such trial) or raises Failed."""
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for future in [pool.submit(self.worker, trial) for _ in range(self.jobs)]:
                future.result()
