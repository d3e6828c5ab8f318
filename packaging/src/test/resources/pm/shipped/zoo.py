"""A worker that does one thing wrong.

The first argument says which. A file of the second name is made before it is done; those that would
never end anything otherwise do no wrong once it is there.
"""
import json
import os
import sys
import time

kind, marker = sys.argv[1:]


def write(data):
    while data:
        data = data[os.write(1, data) :]


def frame(**message):
    return json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"


def result(id, **members):
    return frame(id=id, result=members)


def first():
    """Whether it is to be done wrong."""
    if os.path.exists(marker):
        return False
    open(marker, "w").close()
    return True


def forever():
    while True:
        time.sleep(1000)


write(frame(method="ready", params={}))
if kind == "never-reads":
    forever()
if kind == "closes-stdin" and first():
    os.close(0)
    forever()
if kind == "closes-stdout" and first():
    os.close(1)
    forever()

tasks = []
for line in sys.stdin.buffer:
    message = json.loads(line)
    if message.get("method") == "ping":
        write(result(message["id"]))
    if message.get("method") != "task":
        continue
    id, params = message["id"], message["params"]
    task, attempt = params["id"], params["attempt"]
    answer = result(id, attempt=attempt)
    if kind == "pieces":
        for i in range(len(answer)):
            write(answer[i : i + 1])
    elif kind == "glued":
        tasks.append(answer)
        if len(tasks) == 10:
            write(b"".join(reversed(tasks)))
            tasks = []
    elif kind == "wrong-id":
        for wrong in ["nobody/1", f"{task}/{attempt + 98}", task, 7, f"{task}/x", f"{task}/-1"]:
            write(result(wrong, attempt=-1))
        write(frame(id=f"{task}/{attempt + 1}", error={"code": 1, "message": "wrong"}))
        write(frame(id=None, result=None) + answer)
    elif kind == "of-another":
        write(result(params["data"]["of"] + "/1", attempt=-1) + answer)
    elif kind == "doubled":
        write(answer + result(id, attempt=-1) + frame(id=id, error={"code": 1, "message": "no"}))
    elif kind == "late":
        if attempt == 1:
            write(frame(id=id, error={"code": 1, "message": "later"}))
        else:
            write(result(f"{task}/1", attempt=1) + answer)
    elif kind == "half":
        write(answer[:20])
        forever()
    elif kind == "rubbish":
        block = os.urandom(1 << 20).replace(b"\n", b"")
        for i in range(10):
            write(block + b"\n")
        write(answer)
    elif kind == "no-utf8":
        write(frame(id=id, result="@").replace(b"@", b"\xff\xfe") + answer)
    elif kind == "notifications":
        noise = frame(method="noise", params={"of": "nothing"})
        noise += frame(method="progress", params={"id": task, "value": 0.1})
        for _ in range(params["data"]["count"] // 2000):
            write(noise * 1000)
        write(answer)
    elif kind == "exits":
        if params["data"].get("at", "task") == "task":
            os._exit(0)
        write(answer)
        os._exit(0)
    elif kind == "only-pings":
        pass
    else:
        write(answer)
