"""What the fuzzed lines share: Jazzer, guided by coverage, on one class of the tests that judges one input.

What reached something new is kept in a folder (campaigns/target/corpus/NAME, or below PM_CORPUS), where the next run
goes on. An input that shows a mistake is kept; it is given again by --input FILE.
"""
import os, re, shutil, signal, subprocess, sys, time
from lib import ROOT, Line, cannot, java, need

JAZZER = "0.30.0"
JARS = os.path.join(ROOT, "campaigns", "target", "jazzer")
MINUTES = 60
SECONDS_OF_ONE = 120  # what takes longer hangs; the first input also loads all classes, on a machine that may be busy
MEGABYTES = 512
SANITIZERS = ("Clojure", "CommandInjection", "Deserialization", "ExpressionLanguage", "LdapInjection", "NamingContextLookup",
              "ReflectiveCall", "RegexInjection", "RegexRoadblocks", "ScriptEngineInjection", "ServerSideRequestForgery",
              "SqlInjection", "XPathInjection")


def jars():
    """Where Jazzer is; Maven fetches it once."""
    found = [os.path.join(JARS, "%s-%s.jar" % (name, JAZZER)) for name in ("jazzer", "jazzer-api")]
    if not all(map(os.path.exists, found)):
        need("mvn")
        for name in ("jazzer", "jazzer-api"):
            done = subprocess.run(["mvn", "-q", "-N", "dependency:copy", "-Dartifact=com.code-intelligence:%s:%s" % (name, JAZZER),
                                   "-DoutputDirectory=" + JARS], cwd=ROOT, stdout=sys.stderr, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                cannot("Maven could not fetch %s %s from Maven Central" % (name, JAZZER))
    return found


def fuzz(description, target, reached, seeds=(), words=(), longest=2000):
    """The whole of a line.

    reached: the packages whose coverage guides. seeds: inputs to begin with, as bytes; None: target's main writes them.
    """
    again = sys.argv.index("--input") if "--input" in sys.argv else None
    one = None
    if again is not None:
        one = os.path.abspath(sys.argv[again + 1])
        del sys.argv[again:again + 2]
    line = Line(description, "inputs", count=10**12, minutes=MINUTES)
    name = os.path.basename(sys.argv[0])
    base = java("-Xmx%dm" % MEGABYTES, "-Xss1m", "-XX:+UseSerialGC", "-XX:-OmitStackTraceInFastThrow")
    base[-1] = ":".join(jars() + [base[-1]])
    argv = base + ["com.code_intelligence.jazzer.Jazzer", "--target_class=" + target,
                   "--instrumentation_includes=" + ":".join(reached), "--disabled_hooks=" + ":".join(
                       "com.code_intelligence.jazzer.sanitizers." + each for each in SANITIZERS)]
    if one:
        sys.exit(subprocess.run(argv + ["--reproducer_path=" + line.work, one]).returncode)
    corpus = os.path.join(os.environ.get("PM_CORPUS") or os.path.join(ROOT, "campaigns", "target", "corpus"), name)
    begin = os.path.join(line.work, "seeds")
    for folder in (corpus, begin):
        os.makedirs(folder, exist_ok=True)
    if seeds is None:
        subprocess.run(java() + [target, begin], check=True, stdout=sys.stderr)
    for number, seed in enumerate(seeds or ()):
        with open(os.path.join(begin, str(number)), "wb") as file:
            file.write(seed)
    dictionary = os.path.join(line.work, "words")
    words = words or ["pmd"]  # an empty dictionary is an error
    with open(dictionary, "w") as file:
        for word in words:
            file.write('"%s"\n' % "".join(chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else "\\x%02x" % byte
                                          for byte in word.encode()))
    argv += ["--reproducer_path=" + line.work, "-artifact_prefix=%s/found-" % line.work, "-seed=%d" % line.seed,
             "-max_len=%d" % longest, "-timeout=%d" % SECONDS_OF_ONE, "-rss_limit_mb=4096", "-print_final_stats=1",
             "-dict=" + dictionary]
    if line.minutes:
        argv.append("-max_total_time=%d" % max(1, int(line.minutes * 60)))
    if line.count < 10**12:
        argv.append("-runs=%d" % line.count)
    run(line, name, argv + [corpus, begin], corpus)


def run(line, name, argv, corpus):
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace")

    def ended(*_):
        line.stopped = True
        process.send_signal(signal.SIGINT)  # libFuzzer then says what it has done

    signal.signal(signal.SIGTERM, ended)
    signal.signal(signal.SIGINT, ended)
    tail, figures, begun = [], {}, False
    for text in process.stdout:
        tail = (tail + [text.rstrip()])[-60:]
        counted = re.match(r"#(\d+)\s.*?cov: (\d+) ft: (\d+)(?:.*corp: (\d+))?", text)
        if counted:
            begun = True
            line.counted(int(counted.group(1)), line.seed)
            figures = {"most edges reached": int(counted.group(2)), "most features": int(counted.group(3))}
            if time.monotonic() - line.said > 30:
                line.progress(**figures)
        stat = re.match(r"stat::number_of_executed_units:\s+(\d+)", text)
        if stat:
            line.counted(max(line.done, int(stat.group(1))), line.seed)
    code = process.wait()
    line.figures.update(figures)
    line.figures["most inputs kept"] = len(os.listdir(corpus))
    line.figures["minutes"] = round((time.monotonic() - line.began) / 60, 1)
    # What took ten seconds is put aside as well; on a busy machine that says nothing.
    found = sorted(each for each in os.listdir(line.work) if each.startswith("found-") and not each.startswith("found-slow-unit"))
    if found:
        path = os.path.join(line.work, found[0])
        what = next((each for each in tail if each.startswith("== Java Exception")), None) or next(
            (each for each in tail if "ERROR" in each), "an input that fails")
        line.fail(line.seed, what + " " + " ".join(tail)[:600], path)
        line.failed[-1]["replay"] = "campaigns/lines/%s --input %s" % (name, line.failed[-1]["kept"])
    elif code not in (0, 72, 130, -2, -15, 143) or not begun and line.done == 0:
        print("\n".join(tail), file=sys.stderr)
        sys.exit("the fuzzer ended with %d" % code)
    for each in ("seeds", "words"):
        path = os.path.join(line.work, each)
        shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
    line.end()
