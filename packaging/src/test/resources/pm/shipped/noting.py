"""A worker that does what its tasks say, and notes each attempt in a file of its own.

NOTES: the folder of these files; each is named as the invocation is.
FRAMING, TRANSPORT: as in the configuration.

The data of a task are an object: "do" says what to do, the rest how.
"""
import json
import os
import signal
import sys
import threading
import time

invocation = os.environ["PM_INVOCATION_ID"]
notes = os.open(
    os.path.join(os.environ["NOTES"], invocation), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
)
by_fd = os.environ.get("TRANSPORT") == "fd"
framed = os.environ.get("FRAMING") == "content-length"
source = open(3 if by_fd else 0, "rb", buffering=65536)
target = 4 if by_fd else 1
sending = threading.Lock()
cancelled = {}


def note(*words):
    line = " ".join(str(word) for word in words)
    os.write(notes, f"{line} {time.monotonic_ns()}\n".encode())


def send(**message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    frame = b"Content-Length: %d\r\n\r\n%s" % (len(body), body) if framed else body + b"\n"
    with sending:
        while frame:
            frame = frame[os.write(target, frame) :]


def receive():
    if not framed:
        line = source.readline()
        return json.loads(line) if line else None
    length = 0
    while (line := source.readline()).strip():
        name, value = line.split(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return json.loads(source.read(length)) if length else None


class Failure(Exception):
    """An attempt that has failed; the argument says whether another may help."""


def until(path, task, ignores=False):
    """Goes on until there is a file, or, unless it ignores that, it is to be cancelled."""
    event = cancelled[task["id"]]
    while not os.path.exists(path):
        if not ignores and event.is_set():
            return False
        event.wait(0.005) if not ignores else time.sleep(0.005)
    return True


def work(task):
    data = task["data"] if isinstance(task["data"], dict) else {"text": task["data"]}
    todo = data.get("do", "echo")
    attempt = task["attempt"]
    if todo == "echo":
        return {"data": data, "type": task["type"], "attempt": attempt, "by": invocation}
    if todo == "take":
        time.sleep(data["seconds"])
        return {"attempt": attempt, "by": invocation}
    if todo == "fail":
        # So many attempts, or as long as there is no such file.
        if attempt <= data.get("attempts", 0):
            raise Failure(True)
        if "until" in data and not os.path.exists(data["until"]):
            raise Failure(data.get("retry", True))
        return {"attempt": attempt}
    if todo == "wait":
        # For a file; what is done about a cancel: "error", "result" or "ignore".
        if "progress" in data:
            send(method="progress", params={"id": task["id"], "value": 0.5, "message": "half"})
        answer = data.get("cancel", "error")
        if until(data["for"], task, answer == "ignore") or answer == "result":
            return {"attempt": attempt, "by": invocation}
        raise Failure(True)
    if todo == "die":
        if attempt > data.get("attempts", 1_000_000):
            return {"attempt": attempt}
        print(f"the last words of attempt {attempt}", file=sys.stderr, flush=True)
        if "exit" in data:
            os._exit(data["exit"])
        os.kill(os.getpid(), signal.SIGKILL)
    raise Failure(False)


def attend(message):
    task = message["params"]
    name = f"{task['id']} {task['attempt']}"
    note("begin", name)
    try:
        answer = {"result": work(task)}
    except Failure as failure:
        error = {"code": 7, "message": "as it was told", "data": {"retry": failure.args[0]}}
        answer = {"error": error}
    # Before it is sent: one that is killed in between has perhaps answered.
    note("answering", name)
    send(id=message["id"], **answer)
    note("answered", name)
    cancelled.pop(task["id"], None)


def begin(message):
    cancelled[message["params"]["id"]] = threading.Event()
    if os.environ.get("THREADS", "no") == "no":
        attend(message)
    else:
        threading.Thread(target=attend, args=(message,), daemon=True).start()


send(method="ready", params={})
while message := receive():
    method = message.get("method")
    if method == "task":
        begin(message)
    elif method == "cancel":
        note("cancel", message["params"]["id"], 0)
        if event := cancelled.get(message["params"]["id"]):
            event.set()
    elif method == "shutdown":
        note("shutdown", "-", 0)
        break
    elif method == "ping":
        send(id=message["id"], result={})
while cancelled:
    time.sleep(0.002)
