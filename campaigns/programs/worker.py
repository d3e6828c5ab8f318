"""A worker that does what its tasks say, and notes each attempt in a file named as its invocation, in the folder NOTES.

The data of a task: "take" so many seconds, then "fail" or "die" in so many first attempts, or "hang".
"""
import json, os, signal, sys, time

invocation = os.environ["PM_INVOCATION_ID"]
folder = os.environ.get("NOTES")
notes = os.open(os.path.join(folder, invocation), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if folder else None


def note(*words):
    if notes is not None:
        os.write(notes, (" ".join(map(str, words)) + " %d\n" % time.monotonic_ns()).encode())


def send(**message):
    frame = json.dumps(dict({"jsonrpc": "2.0"}, **message)).encode() + b"\n"
    while frame:
        frame = frame[os.write(1, frame):]


def attend(message):
    task = message["params"]
    data, attempt = task["data"], task["attempt"]
    note("begin", task["id"], attempt)
    time.sleep(data.get("take", 0))
    while data.get("hang"):
        time.sleep(1000)
    if attempt <= data.get("die", 0):
        os.kill(os.getpid(), signal.SIGKILL)
    if attempt <= data.get("fail", 0):
        answer = {"error": {"code": 7, "message": "as it was told"}}
    else:
        answer = {"result": {"attempt": attempt, "by": invocation, "text": "x" * data.get("long", 0)}}
    # Before it is sent: one that is killed in between has perhaps answered.
    note("answering", task["id"], attempt)
    send(id=message["id"], **answer)
    note("answered", task["id"], attempt)


note("up", "-", 0)
send(method="ready", params={})
for line in sys.stdin.buffer:
    message = json.loads(line)
    method = message.get("method")
    if method == "task":
        attend(message)
    elif method == "ping":
        send(id=message["id"], result={})
    elif method == "shutdown":
        note("shutdown", "-", 0)
        break
