#!/usr/bin/env python3
"""A worker in Python: answers pings, does tasks, lets go of them, ends when asked to.

Messages are JSON-RPC 2.0, one a line, on stdin and stdout. What else it has to say
goes to stderr, which is its log. A thread reads, so that a ping or a cancel is heard
while a task is being done.
"""
import json, queue, sys, threading

tasks = queue.Queue()
cancelled = set()
writing = threading.Lock()


def send(**message):
    with writing:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def work(task):
    """Replace this by what you do. Whatever it returns is the result."""
    if task["type"] == "fail":
        raise ValueError("asked to fail")
    send(method="progress", params={"id": task["id"], "value": 1, "message": "done"})
    if task["id"] in cancelled:  # Long work looks at this now and then.
        raise InterruptedError("cancelled")
    return {"type": task["type"], "data": task.get("data")}


def read():
    for line in sys.stdin:
        message = json.loads(line)
        method, params = message.get("method"), message.get("params", {})
        if method == "ping":
            send(id=message["id"], result={})
        elif method == "task":
            tasks.put((message["id"], params))
        elif method == "cancel":
            cancelled.add(params["id"])
        elif method == "shutdown":
            break
        elif "id" in message and method:
            send(id=message["id"], error={"code": -32601, "message": "no method " + method})
    tasks.put(None)


threading.Thread(target=read, daemon=True).start()
send(method="ready", params={})
send(method="log", params={"level": "info", "message": "ready for work"})
for request, task in iter(tasks.get, None):
    try:
        send(id=request, result=work(task))
    except Exception as problem:
        # retry: whether another attempt may help.
        data = {"retry": not isinstance(problem, ValueError)}
        send(id=request, error={"code": 1, "message": str(problem), "data": data})
    cancelled.discard(task["id"])
