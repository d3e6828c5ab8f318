"""What the comparisons share: time, processes, packages of the distribution, and what machine this is."""
import os, platform, shutil, signal, subprocess, sys, time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TREE = os.path.join(ROOT, "packaging", "target", "pm")
COMMAND = os.path.basename(sys.argv[0])


class Missing(Exception):
    """Why a system is not measured, in one sentence."""


class Failed(Exception):
    """Why a measure has no figure, in one sentence."""


def say(text):
    print("%s: %s" % (COMMAND, text), file=sys.stderr, flush=True)


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def wait_for(condition, what, seconds=120.0, step=0.001):
    """Waits in steps; what is measured has its own time stamps."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(step)
    raise Failed("waited %gs for %s" % (seconds, what))


def marks(path):
    """The lines "pid nanoseconds" that children write."""
    try:
        with open(path) as file:
            return [tuple(map(int, line.split())) for line in file if line.endswith("\n")]
    except FileNotFoundError:
        return []


def memory_of(pid):
    """PSS and RSS in MiB."""
    with open("/proc/%d/smaps_rollup" % pid) as file:
        sizes = {line.split(":")[0]: line.split()[1] for line in file}
    return int(sizes["Pss"]) / 1024, int(sizes["Rss"]) / 1024


def wakeups_of(pid):
    """How often each thread has gone to sleep by itself: a list of its name and that number."""
    found = []
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task)) as file:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        found.append((fields["Name"], int(fields["voluntary_ctxt_switches"])))
    return found


def cpu_of(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def last_words(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def output_of(argv, **options):
    """What a command prints, or None if it is not there or fails."""
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, **options)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def install(package):
    """Installs a package of the distribution, without starting what is in it."""
    if os.getuid() != 0 or not shutil.which("apt-get"):
        raise Missing("the package %s is not installed" % package)
    found = output_of(["apt-cache", "show", package])
    if found is None:
        output_of(["apt-get", "update", "-q"])
        found = output_of(["apt-cache", "show", package])
    if found is None:
        raise Missing("the distribution has no package %s" % package)
    policy = "/usr/sbin/policy-rc.d"
    ours = not os.path.exists(policy)
    if ours:
        with open(policy, "w") as file:
            file.write("#!/bin/sh\nexit 101\n")
        os.chmod(policy, 0o755)
    try:
        say("installing %s" % package)
        done = subprocess.run(
            ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "install", "--no-install-recommends", package],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
        if done.returncode != 0:
            raise Missing("apt-get could not install %s: %s" % (package, last_words(done.stderr)))
    finally:
        if ours:
            os.unlink(policy)


def provide(options, package, *programs):
    """Sees to it that the programs are there; returns the package's name and version."""
    if not all(map(shutil.which, programs)):
        if options.no_install:
            raise Missing("the package %s is not installed" % package)
        install(package)
    if not all(map(shutil.which, programs)):
        raise Missing("the package %s did not bring %s" % (package, ", ".join(programs)))
    version = output_of(["dpkg-query", "-W", "-f", "${Version}", package])
    return (package + " " + version) if version else package


def load():
    return "%.1f" % os.getloadavg()[0]


def description(folder):
    """Processors, system and disk of this machine, in a line."""
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")] or ["unknown"]
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) >> 20
    with open("/etc/os-release") as file:
        release = [line.split("=", 1)[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME")] or ["Linux"]
    disk = (output_of(["findmnt", "-no", "FSTYPE,SOURCE", "--target", folder]) or "unknown").split()
    return "%d processors (%s), %d GiB; %s, Linux %s; files on %s" % (
        os.cpu_count(), models[0], memory, release[0], platform.release(), " ".join(disk))
