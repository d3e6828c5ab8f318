"""Asks a JVM that may be attached to: it collects its garbage, and says how much of its heap is in use then.

The protocol of the JVM's attach listener, so no JDK is needed. The daemon is to run with PMD_JAVA_OPTIONS=ATTACHABLE.
"""
import os, re, signal, socket
from lib import await_

ATTACHABLE = "-XX:-DisableAttachMechanism"


def command(pid, words):
    """What jcmd would print."""
    path = "/tmp/.java_pid%d" % pid
    if not os.path.exists(path):
        trigger = "/tmp/.attach_pid%d" % pid
        with open(trigger, "w"):
            pass
        try:
            os.kill(pid, signal.SIGQUIT)
            await_("the JVM can be attached to", lambda: os.path.exists(path))
        finally:
            os.remove(trigger)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(60)
        connection.connect(path)
        connection.sendall(b"1\0jcmd\0" + words.encode() + b"\0\0\0")
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode("utf-8", "replace")


def live_heap(pid):
    """Bytes of the heap in use after a collection."""
    command(pid, "GC.run")
    return sum(int(kib) for kib in re.findall(r"total \d+K, used (\d+)K", command(pid, "GC.heap_info"))) * 1024
