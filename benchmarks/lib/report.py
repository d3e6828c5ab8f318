"""Tables of what was measured, what they say of the goals, and their place in a document."""
import re, statistics

from machine import say
from scenes import COUNTS, ROWS, RUNTIME

TASKS = {"rate1": "tasks/s, 1 in hand", "rate64": "tasks/s, 64 in hand", "single": "one task alone, µs p50", "tail": "the same, p99"}


def figure(value):
    """Three digits are more than such a figure is worth."""
    if value >= 1000:
        digits = len(str(int(value))) - 3
        return "{:,}".format(int(round(value / 10 ** digits) * 10 ** digits))
    return "%.0f" % value if value >= 100 or value == int(value) else "%.1f" % value if value >= 10 else "%.2f" % value


def cell(values, texts=figure):
    if not values:
        return "–"
    low, middle, high = (texts(part) for part in (min(values), statistics.median(values), max(values)))
    return middle if low == high else "%s (%s to %s)" % (middle, low, high)


def ratio(one, other):
    if not one or not other or statistics.median(other) == 0:
        return "–"
    return "%.2f" % (statistics.median(one) / statistics.median(other))


def table(heads, rows):
    return ["| %s |" % " | ".join(heads), "|%s" % (" --- |" * len(heads)), *("| %s |" % " | ".join(row) for row in rows)]


def supervision(run):
    """RUN: what compare keeps of a run. The rows that have a figure, each beside what it is compared with."""
    rows = []
    for name, text in ROWS.items():
        values = run["supervision"].get(name)
        if values:
            pmd = values.get("pmd")
            ratios = ["–", "–"] if name in COUNTS else [ratio(pmd, values.get(other)) for other in ("floor", "supervisord")]
            rows.append([text, *(cell(values.get(system)) for system in run["systems"]), *ratios])
    lines = table(["", *run["systems"].values(), "pmd : floor", "pmd : supervisord"], rows)
    for count, threads in run["threads"].items():
        if threads:
            named = ", ".join("%s %.1f" % (name, rate) for name, rate in sorted(threads.items(), key=lambda item: -item[1]))
            lines += ["", "Threads of pmd that woke up with %s at rest, times a second: %s." % (count, named)]
        else:
            lines += ["", "No thread of pmd woke up with %s at rest." % count]
    return lines


def tasks(run):
    rows = []
    for system, title in run["task_systems"].items():
        measured = run["tasks"].get(system, {})
        columns = {"rate1": [r["count"] / r["seconds"] for r in measured.get("rate1", [])],
                   "rate64": [r["count"] / r["seconds"] for r in measured.get("rate64", [])],
                   "single": [r["p50_us"] for r in measured.get("single", [])],
                   "tail": [r["p99_us"] for r in measured.get("single", [])]}
        rows.append([title, *(cell(columns[name]) for name in TASKS)])
    return table(["", *TASKS.values()], rows)


def setup(run):
    rounds = "one round" if run["rounds"] == 1 else "%d rounds" % run["rounds"]
    lines = [("%s, %s in %s min. %s" % (run["date"], rounds, run["minutes"], run["end"])).strip(), ""]
    lines += ["- Machine: %s. Load before and after each round: %s." % (run["machine"], ", ".join(run["loads"]))]
    return lines + ["- " + line for line in [*run["setup"], *run["notes"]]]


class Goal:
    """FIGURE makes a number of a run's medians; not more than MOST (not less than LEAST) is right."""

    def __init__(self, text, figure, most=None, least=None, below=None):
        self.text, self.figure, self.most, self.least, self.below = text, figure, most, least, below

    def row(self, run):
        try:
            value = self.figure(Medians(run["supervision"]))
        except (KeyError, ZeroDivisionError, ValueError):
            return [self.text, self.limit(), "–", "not measured"]
        fits = value <= self.most if self.most is not None else value < self.below if self.below is not None else value >= self.least
        return [self.text, self.limit(), "%.0f" % value if value == int(value) else "%.2f" % value, "reached" if fits else "not reached"]

    def limit(self):
        for word, number in (("at most", self.most), ("below", self.below), ("at least", self.least)):
            if number is not None:
                return "%s %g" % (word, number)


class Medians:
    def __init__(self, rows):
        self.rows = rows

    def __call__(self, row, system="pmd"):
        return statistics.median(self.rows[row][system])

    def ratio(self, row, other):
        return self(row) / self(row, other)

    def peers(self, row):
        """How pmd's figure is to that of the best other that is no floor."""
        others = [self(row, system) for system in self.rows[row] if system not in ("pmd", "floor")]
        return self(row) / min(others)

    def sum(self, *rows):
        return sum(sum(self.rows[row]["pmd"]) for row in rows)


def of_three(name):
    return ["%s-%s" % (name, count) for count in ("1", "100", "1,000")]


GOALS = [
    Goal("`kill -9` of one child to its successor: times the floor", lambda m: m.ratio("restart", "floor"), 2),
    Goal("`kill -9` of 200: times the floor", lambda m: m.ratio("storm", "floor"), 2),
    Goal("launch of 1,000 children, without the start of the runtime: times the floor",
         lambda m: (m("launch-1,000") - m("ready")) / m("launch-1,000", "floor"), 2),
    Goal("stop of 200: times the floor", lambda m: m.ratio("stop", "floor"), 3),
    Goal("log, processor time: times the floor", lambda m: m.ratio("log-cpu", "floor"), 1.3),
    Goal("log, processor time: times that of the best peer", lambda m: m.peers("log-cpu"), below=1),
    Goal("log, time: times that of the best peer", lambda m: m.peers("log"), below=1),
    Goal("log with rotation, processor time: times the floor", lambda m: m.ratio("rotated-cpu", "floor"), 1.3),
    Goal("log with rotation, processor time: times that of the best peer", lambda m: m.peers("rotated-cpu"), below=1),
    Goal("log with rotation, time: times that of the best peer", lambda m: m.peers("rotated"), below=1),
    Goal("`status` of 100: how often `pmctl` fits into `supervisorctl`", lambda m: m("status", "supervisord") / m("status"), least=3),
    Goal("wake-ups of our own threads at rest, times a second, the most of 1, 100 and 1,000 children",
         lambda m: max(m(row) for row in of_three("idle-own")), 0),
    Goal("wake-ups of the runtime's threads at rest, times a second, the most of 1, 100 and 1,000 children",
         lambda m: max(m("idle" + row[8:]) - m(row) for row in of_three("idle-own")), below=2),
    Goal("memory (PSS) with 1,000 captured children: times supervisord's", lambda m: m.ratio("pss-1,000", "supervisord"), 1.6),
    Goal("memory (PSS) with 1,000 captured children: times s6's", lambda m: m.ratio("pss-1,000", "s6"), 0.2),
    Goal("`kill -9` of pmd: children that ended, or were doubled, and lines lost",
         lambda m: m.sum("crash-doubled", "crash-lost", "crash-all-doubled", "crash-all-lost")
         + sum(20 * len(m.rows[row]["pmd"]) - m.sum(row) for row in ("crash-running", "crash-all-running")), 0),
]


def goals(run):
    return table(["goal", "limit", "measured", ""], [goal.row(run) for goal in GOALS])


PARTS = {"setup": setup, "goals": goals, "supervision": supervision, "tasks": tasks}


def has(run, part):
    """Whether a run has figures for a part."""
    if part == "goals":
        return "pmd" in run["systems"] and bool(run["supervision"])
    return part == "setup" or bool(run[part])


def text(run):
    """All of it, one below the other."""
    return "\n".join("\n".join([*PARTS[part](run), ""]) for part in ("supervision", "goals", "tasks", "setup") if has(run, part))


def put(document, part, lines):
    """The document with these lines between the part's markers."""
    marked = re.compile(r"(<!-- measured: %s -->\n).*?(<!-- end -->)" % part, re.DOTALL)
    if not marked.search(document):
        say("the document has no place for %s" % part)
        return document
    return marked.sub(lambda found: found.group(1) + "\n" + "\n".join(lines) + "\n\n" + found.group(2), document)


def write(run, path):
    """Puts a run into a document with markers, or into a new one."""
    try:
        with open(path) as file:
            document = file.read()
    except FileNotFoundError:
        document = ""
    if "<!-- measured: " in document:
        for part, lines in PARTS.items():
            document = put(document, part, lines(run) if has(run, part) else ["Not measured in this run."])
    else:
        document = text(run)
    with open(path, "w") as file:
        file.write(document)
