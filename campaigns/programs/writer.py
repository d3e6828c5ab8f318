"""Writes numbered lines until SIGTERM, RATE bytes a second on average, and as the last one `NUMBER end`.

LEAST, MOST: the lengths of the lines. NOTES: where a signal is noted that nobody should have sent.
"""
import os, signal, sys, time
from numbered import line

least, most, rate = (int(os.environ[name]) for name in ("LEAST", "MOST", "RATE"))
ending = False


def note(*words):
    file = os.open(os.path.join(os.environ["NOTES"], os.environ["PM_NAME"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(file, (" ".join(words) + "\n").encode())
    os.close(file)


def end(*_):
    global ending
    ending = True


def write(piece):
    while piece:
        piece = piece[os.write(1, piece):]


for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGPIPE):
    signal.signal(number, lambda number, _: note("signal", os.environ["PM_INVOCATION_ID"], str(number)))
signal.signal(signal.SIGTERM, end)
note("start", os.environ["PM_INVOCATION_ID"])
began, written, number = time.monotonic(), 0, 0
while not ending:
    due = rate * (time.monotonic() - began) - written
    if due > rate:
        # Somebody has held us up for more than a second: that is not made up for.
        began += due / rate - 1
    least_due = min(rate / 10, 262144)
    if due < least_due:
        time.sleep((least_due - due) / rate)
        continue
    piece = []
    size = 0
    while size < min(due, 262144):
        number += 1
        piece.append(line(number, least, most))
        size += len(piece[-1])
    write(b"".join(piece))
    written += size
write(b"%d end\n" % (number + 1))
