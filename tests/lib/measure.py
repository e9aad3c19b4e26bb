"""What a command costs: CPU seconds, memory, the size of a write-ahead log while it runs."""
import os
import re
import subprocess
import time


class Run:
    """One command: CPU seconds of it and of every child it waited for, wall time, peak memory of all at once."""

    def __init__(self, args, cwd, wal=None):
        start, self.peak, self.wal, err = time.monotonic(), 0, 0, b''
        p = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=cwd)
        os.set_blocking(p.stderr.fileno(), False)
        while True:
            pid, status, usage = os.wait4(p.pid, os.WNOHANG)
            err = (err + (p.stderr.read() or b''))[-4000:]
            if pid:
                break
            self.peak = max(self.peak, memory(p.pid), high_water(p.pid))
            if wal and os.path.exists(wal):
                self.wal = max(self.wal, os.path.getsize(wal))
            time.sleep(0.05)
        p.stderr.close()
        p.returncode = self.status = os.waitstatus_to_exitcode(status)
        self.cpu, self.wall = usage.ru_utime + usage.ru_stime, time.monotonic() - start
        self.errors = err.decode('utf-8', 'replace')


def high_water(pid):
    """Peak resident bytes of the program alone: rusage would count what it was forked from, too."""
    try:
        with open('/proc/%d/status' % pid, encoding='ascii', errors='replace') as f:
            return sum(int(m) << 10 for m in re.findall(r'^VmHWM:\s+(\d+)', f.read(), re.M))
    except OSError:
        return 0


def memory(pid):
    """Proportional resident bytes of a process and its descendants."""
    total = 0
    try:
        with open('/proc/%d/smaps_rollup' % pid, encoding='ascii') as f:
            total += sum(int(m) << 10 for m in re.findall(r'^Pss:\s+(\d+)', f.read(), re.M))
        for task in os.listdir('/proc/%d/task' % pid):
            with open('/proc/%d/task/%s/children' % (pid, task), encoding='ascii') as f:
                total += sum(memory(int(child)) for child in f.read().split())
    except (OSError, ValueError):
        pass
    return total
