"""process: a child process with its output in a file, ended by its own id."""
import os
import pathlib
import signal
import subprocess
import time


started = []  # all processes of this run


def end_all():
    """Kills what a test that failed has left running."""
    for process in started:
        if process.running:
            process.kill()


class Process:
    """Starts `command`; standard output and error go to `log`, appended."""

    def __init__(self, command, log, **options):
        self.command = [str(word) for word in command]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, **options)
        started.append(self)

    @property
    def running(self):
        return self.child.poll() is None

    def output(self):
        return self.log.read_text(errors="replace")

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds):
        return self.child.wait(seconds)

    def kill(self):
        """kill -9, as a power cut would."""
        self.child.kill()
        return self.child.wait()

    def stop(self, seconds=30):
        """SIGTERM, and SIGKILL where that does not help; the exit status."""
        if self.running:
            self.signal(signal.SIGTERM)
            try:
                return self.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.child.returncode


def wait_until(what, condition, seconds=60, step=0.05):
    """Waits for `condition()` to be true and returns it; fails with `what` otherwise."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(step)
    raise AssertionError(f"{what}: not within {seconds} s")


def pin(pid, core):
    """Keeps the process with all its threads on one core, where there are two or more."""
    if os.cpu_count() > 1:
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), {core})


def cpu_s(pid):
    """Seconds of processor time that the process has used, all threads together."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid, field):
    """VmRSS or VmHWM, the most so far."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))
