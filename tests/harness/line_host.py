"""line_host: a program of ours that takes commands as lines and answers with lines of JSON, each with a "what"."""
import json
import queue
import subprocess
import threading
import time

from .find import ours


class LineHost:
    def __init__(self, program, *arguments):
        self.program = program
        self.arguments = list(arguments)
        self.child, self.lines = None, queue.Queue()

    def command(self):
        return [ours(self.program), *map(str, self.arguments)]

    def start(self, **options):
        """`options`: those of Popen."""
        self.child = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                      **options)
        self.lines = queue.Queue()
        threading.Thread(target=self.read, args=(self.child, self.lines), daemon=True).start()
        return self

    @staticmethod
    def read(child, lines):
        for line in child.stdout:
            lines.put(json.loads(line))
        lines.put({"what": "ended"})

    def wait(self, what, seconds=60):
        """The next line of that kind; earlier ones of other kinds are passed over. queue.Empty if it does not come."""
        deadline = time.monotonic() + seconds
        while True:
            line = self.lines.get(timeout=max(0, deadline - time.monotonic()))
            if line["what"] == what:
                return line
            assert line["what"] != "ended", f"{self.program} ended before it said {what}"

    def say(self, command):
        self.child.stdin.write(command + "\n")
        self.child.stdin.flush()

    def stop(self):
        self.say("quit")
        assert self.child.wait(60) == 0, f"{self.program} did not end well"

    def kill(self):
        """As a power cut would."""
        self.child.kill()
        self.child.wait()

    def restart(self):
        self.kill()
        return self.start()
