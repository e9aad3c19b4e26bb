#!/usr/bin/env python3
"""Exactly once: sensor, recorder, supervisor and all of them are killed with -9 at random moments while a
writer appends 5,000 lines a second through rotations. The SET of request ids in the ledger must be the set
written, identical lines with their number.   KILLS=N (default 20), SEED=N (default: the clock, printed)"""
import collections
import glob
import gzip
import os
import random
import shutil
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap, loggen, request_id  # noqa: E402

KILLS = int(os.environ.get('KILLS', '20'))
RATE = 5000
PATIENCE = 20  # seconds without anything new
SEED = int(os.environ.get('SEED', str(time.time_ns() % 1000000)))


class Writer(threading.Thread):
    """Appends lines at RATE, cut at any byte between two writes, and rotates every `period` seconds."""

    def __init__(self, log, lines, rng, copytruncate):
        super().__init__(daemon=True)
        self.log, self.lines, self.rng, self.copytruncate = log, lines, rng, copytruncate
        self.enough = threading.Event()
        self.written, self.rotations, self.error = [], 0, None

    def siblings(self):
        """Rotated names, oldest first: log.3.gz log.2.gz log.1."""
        return [(n, ext) for n in range(self.rotations, 0, -1) for ext in ('', '.gz')
                if os.path.exists('%s.%d%s' % (self.log, n, ext))]

    def rotate(self, f):
        """As logrotate does: numbers move up, the newest stays plain, older ones are compressed."""
        for n, ext in self.siblings():
            os.rename('%s.%d%s' % (self.log, n, ext), '%s.%d%s' % (self.log, n + 1, ext))
        self.rotations += 1
        if self.copytruncate:
            shutil.copyfile(self.log, self.log + '.1')
            f.truncate(0)
        else:
            os.rename(self.log, self.log + '.1')
            f.close()
            f = open(self.log, 'ab', buffering=0)
        old = self.log + '.2'
        if os.path.exists(old):
            with open(old, 'rb') as i, gzip.open(old + '.gz', 'wb', compresslevel=1) as o:
                shutil.copyfileobj(i, o)
            os.unlink(old)
        return f

    def run(self):
        try:
            self.work()
        except Exception as e:  # a thread's error is the test's
            self.error = e

    def work(self):
        f = open(self.log, 'ab', buffering=0)
        start, rotate_at, at, half = time.monotonic(), 0.7, 0, b''
        while at < len(self.lines) and not self.enough.is_set():
            now = time.monotonic() - start
            upto = min(int(now * RATE), len(self.lines))
            chunk = half + b''.join(self.lines[at:upto])
            self.written += self.lines[at:upto]
            at = upto
            cut = self.rng.randrange(len(chunk) + 1) if chunk else 0
            f.write(chunk[:cut])
            half = chunk[cut:]
            if now > rotate_at:  # a logger rotates between lines
                f.write(half)
                half = b''
                f = self.rotate(f)
                rotate_at = now + self.rng.uniform(0.4, 1.2)
            time.sleep(0.01)
        f.write(half)
        f.close()


def strike(site, victim):
    if victim == 'all':
        site.kill()
        return True
    if victim == 'supervisor':
        site.process.send_signal(signal.SIGKILL)
        site.process.wait()
        return True
    pid = site.roles().get(victim)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    return pid is not None


def where(ids, written, log):
    """Runs of neighbouring lines among `ids`, and the file in which each run's first line now lies."""
    runs, last = [], None
    for i, line in enumerate(written):
        if request_id(line) in ids:
            if last is None or i > last + 1:
                runs.append([i, i])
            runs[-1][1] = last = i
    out = []
    for first, last in runs[:20]:
        name = '?'
        for path in glob.glob(log + '*'):
            with (gzip.open if path.endswith('.gz') else open)(path, 'rb') as f:
                if written[first] in f.read():
                    name = os.path.basename(path)
        out.append('lines %d to %d, beginning in %s' % (first, last, name))
    return '\n'.join(out)


def settle(site, n):
    """Until all is recorded, or nothing more came for a while. A run that met the ledger of one that was not yet gone
    has ended: it is started again, as a service manager would."""
    last, since = -1, time.monotonic()
    while last != n and time.monotonic() - since < PATIENCE:
        site.start()
        now = site.count()
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.1)
    site.start()


def scenario(tap, name, copytruncate, kills, rng):
    site = Site(tails=[('gateway', 'access.log', 'nginx-json')])
    seconds = 10 + kills * 1.2
    source = loggen(site.path('source'), '--start', '2026-11-10', '--days', 1, '--calls', int(seconds * RATE * 1.5), '--users', 40,
                    '--identical', 50, '--lines', int(seconds * RATE), '--seed', rng.randrange(10**6))
    with open(source, 'rb') as f:
        writer = Writer(site.path('access.log'), f.readlines(), rng, copytruncate)
    os.unlink(source)
    struck = collections.Counter()
    site.start()
    writer.start()
    while sum(struck.values()) < kills and writer.is_alive():
        time.sleep(rng.uniform(0.05, 0.8))
        victim = rng.choice(['sensor', 'recorder', 'supervisor', 'all'])
        if strike(site, victim):
            struck[victim] += 1
        site.start()
    while writer.rotations < 2 and writer.is_alive():
        time.sleep(0.05)
    writer.enough.set()
    writer.join()
    if writer.error is not None:
        raise writer.error
    settle(site, len(writer.written))
    status = site.stop()
    written = collections.Counter(map(request_id, writer.written))
    seen = collections.Counter(e.get('http.request.id') for e in site.events())
    lost, doubled = written - seen, seen - written
    what = '%s: %d lines, %d identical, %d rotations, kills %s' % (
        name, len(writer.written), len(writer.written) - len(written), writer.rotations, dict(struck))
    print('# ' + what)
    tap.equal(sum(struck.values()), kills, name + ': every kill struck')
    tap.ok(writer.rotations >= 1 and len(writer.written) > len(written), name + ': rotated, identical lines among them')
    tap.ok(not lost, name + ': nothing lost', '%d lost\n%s\n%s' % (
        sum(lost.values()), where(lost, writer.written, writer.log), site.run_errors()))
    tap.ok(not doubled, name + ': nothing doubled', '%d doubled\n%s\n%s' % (
        sum(doubled.values()), where(doubled, writer.written, writer.log), site.run_errors()))
    tap.equal(status, 0, name + ': SIGTERM ends it with status 0')


def main():
    tap, rng = Tap(), random.Random(SEED)
    print('# SEED=%d' % SEED)
    scenario(tap, 'rename and gzip', False, KILLS, rng)
    scenario(tap, 'copytruncate', True, max(1, KILLS // 2), rng)
    tap.done()


if __name__ == '__main__':
    main()
