#!/usr/bin/env python3
"""A worker in Python: answers pings, does tasks, ends when it is asked to.

Messages are JSON-RPC 2.0, one a line, on stdin and stdout. What else it has to
say goes to stderr, which is its log.
"""
import json
import sys


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def notify(method, **params):
    send({"method": method, "params": params})


def work(task):
    """Replace this by what you do. Whatever it returns is the result."""
    if task["type"] == "fail":
        raise ValueError("asked to fail")
    notify("progress", id=task["id"], value=1, message="done")
    return {"type": task["type"], "data": task.get("data")}


def answer(request):
    method, params = request["method"], request.get("params", {})
    if method == "ping":
        return {"result": {}}
    if method == "task":
        try:
            return {"result": work(params)}
        except Exception as problem:
            # retry: whether another attempt may help.
            data = {"retry": not isinstance(problem, ValueError)}
            return {"error": {"code": 1, "message": str(problem), "data": data}}
    return {"error": {"code": -32601, "message": "no method " + method}}


notify("ready")
notify("log", level="info", message="ready for work")
for line in sys.stdin:
    message = json.loads(line)
    if message.get("method") == "shutdown":
        break
    if "id" in message and "method" in message:
        send({"id": message["id"], **answer(message)})
