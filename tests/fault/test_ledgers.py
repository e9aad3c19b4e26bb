#!/usr/bin/env python3
"""Ledgers damaged anywhere and in any way: bytes, page headers, pages empty, exchanged or of yesterday, the file or the log
beside it cut short, torn or gone. None crashes or stalls a command or `run`: it goes on with the ledger, or sets it aside
and reads its logs anew; what is lost then, `verify` says. What looks like a ledger of another site or of a newer program it
refuses in words.
   DAMAGED=N ledgers (default 12; the gate is 5000), SEED=K, AT=I: the I-th of them alone"""
import collections
import glob
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import TOCHOKU, Site, Tap, loggen, request_id  # noqa: E402

DAMAGED = int(os.environ.get('DAMAGED', '12'))
SEED = int(os.environ.get('SEED', str(time.time_ns() % 1000000)))
AT = os.environ.get('AT')
WORKERS = 3
CALLS = 400
PATIENCE = 30
TAIL = [('gateway', 'access.log', 'nginx-json')]
KEPT = ('ledger.db', 'ledger.db-wal', 'trail', 'keys')
COMMANDS = (('verify', 'trail', '--db', 'ledger.db'), ('findings', 'list'), ('report', 'daily', '--date', '2026-11-24'),
            ('doctor',), ('keys', 'list'), ('export', '--format', 'jsonl', '--from', '2026-11-24', '--to', '2026-11-24'))


# ---- damage: each changes what lies at `path`, whose pages have `page` bytes ----

def flip(path, places, rng):
    with open(path, 'r+b') as f:
        for at in places:
            f.seek(at)
            old = f.read(1)[0]
            f.seek(at)
            f.write(bytes([old ^ rng.randrange(1, 256)]))


def put(path, at, content):
    with open(path, 'r+b') as f:
        f.seek(at)
        f.write(content)


def get(path, at, n):
    with open(path, 'rb') as f:
        f.seek(at)
        return f.read(n)


def some_bytes(path, page, rng):
    size = os.path.getsize(path)
    flip(path, [rng.randrange(size) for _ in range(rng.choice((1, 4, 16, 64)))], rng)


def headers(path, page, rng):
    pages = os.path.getsize(path) // page
    flip(path, [rng.randrange(100) if rng.random() < 0.2 else rng.randrange(pages) * page + rng.randrange(64)
                for _ in range(rng.choice((1, 2, 8)))], rng)


def empty(path, page, rng):
    """Sectors, pages, or a stretch of them that a disk gives back as zeros."""
    n = rng.choice((512, 4096, page, 4 * page))
    put(path, rng.randrange(os.path.getsize(path) // n) * n, bytes(n))


def but_positions(path, page):
    """Where the pages begin, but for those of positions in logs: nothing tells that they are not right (README, Faults)."""
    db = sqlite3.connect('file:%s-before?mode=ro' % path, uri=True)
    positions = db.execute("SELECT rootpage - 1 FROM sqlite_master WHERE name = 'generation'").fetchone()[0]
    db.close()
    return [p * page for p in range(os.path.getsize(path) // page) if p != positions]


def exchange(path, page, rng):
    a, b = rng.choices(but_positions(path, page), k=2)
    kept = get(path, a, page)
    put(path, a, get(path, b, page))
    put(path, b, kept)


def cut(path, page, rng):
    n = rng.choice((1, 512, page))
    os.truncate(path, rng.randrange(os.path.getsize(path) // n) * n)


def old_pages(path, page, rng):
    """Writes that the disk said it had done: pages as they were in the ledger of before."""
    before = path + '-before'
    pages = [at for at in but_positions(path, page) if at < os.path.getsize(before)]
    for at in rng.choices(pages, k=rng.choice((1, 2, 8))):
        put(path, at, get(before, at, page))


def log_bytes(path, page, rng):
    some_bytes(path + '-wal', page, rng)


def log_empty(path, page, rng):
    empty(path + '-wal', page, rng)


def log_cut(path, page, rng):
    cut(path + '-wal', page, rng)


def log_gone(path, page, rng):
    os.unlink(path + '-wal')


REFUSALS = ("is not the key that the ledger's fingerprints were made with", 'install the newer program again')
DAMAGES = (some_bytes, some_bytes, headers, empty, exchange, cut, old_pages, log_bytes, log_empty, log_cut, log_gone)


# ---- a site that is damaged again and again ----

class Bench:
    def __init__(self):
        self.site = Site(TAIL)
        log = loggen(self.site.path('all.log'), '--start', '2026-11-24', '--days', 1, '--calls', CALLS)
        with open(log, 'rb') as f:
            self.lines = f.readlines()
        self.want = collections.Counter(map(request_id, self.lines))
        self.record(0, CALLS // 2)
        self.site.tochoku('keys', 'adopt', '--all')
        self.site.stop()
        self.keep('before')
        self.record(CALLS // 2, CALLS - 2)
        self.site.tochoku('seal')
        self.site.stop()
        self.keep('ended')
        self.record(CALLS - 2, CALLS - 1)
        self.site.kill()
        self.keep('killed')
        with open(self.site.path('access.log'), 'ab') as f:
            f.writelines(self.lines[CALLS - 1:])
        self.page = int.from_bytes(get(self.site.path('ledger.db'), 16, 2), 'big')

    def damage(self, rng):
        how = rng.choice(DAMAGES)
        state = 'killed' if how.__name__.startswith('log') else rng.choice(('ended', 'killed'))
        self.restore(state)
        how(self.site.path('ledger.db'), self.page, rng)
        return '%s of one that was %s' % (how.__name__, state)

    def record(self, first, last):
        with open(self.site.path('access.log'), 'ab') as f:
            f.writelines(self.lines[first:last])
        self.site.start()
        if not self.site.wait_count(last):
            sys.exit('%d of %d lines recorded\n%s' % (self.site.count(), last, self.site.run_errors()))

    def keep(self, name):
        for k in KEPT:
            self.copy(self.site.path(k), self.site.path('%s-%s' % (k, name)))

    @staticmethod
    def copy(a, b):
        shutil.rmtree(b) if os.path.isdir(b) else None
        if os.path.isdir(a):
            shutil.copytree(a, b)
        elif os.path.exists(a):
            shutil.copyfile(a, b)

    def restore(self, name):
        for path in glob.glob(self.site.path('ledger.db.*')) + [self.site.path(k) for k in ('ledger.db-wal', 'ledger.db-shm')]:
            if os.path.exists(path):
                os.unlink(path)
        for k in KEPT:
            self.copy(self.site.path('%s-%s' % (k, name)), self.site.path(k))

    def asides(self):
        return [p for p in glob.glob(self.site.path('ledger.db.damaged-*')) if not p.endswith(('-wal', '-shm'))]

    def logged(self):
        try:
            db = sqlite3.connect('file:%s?mode=ro' % self.site.path('ledger.db'), uri=True, timeout=5)
            db.text_factory = lambda b: b.decode('utf-8', 'replace')
            try:
                return collections.Counter(i for (i,) in db.execute('SELECT "http.request.id" FROM events'))
            finally:
                db.close()
        except (sqlite3.Error, UnicodeDecodeError):  # an error's text can name what is damaged
            return collections.Counter()

    def command(self, words):
        """What is wrong with a command on it, or None."""
        try:
            self.site.tochoku(*words, want=None)
        except subprocess.TimeoutExpired:
            return '%s: does not end' % words[0]
        status, err = self.site.last_status, self.site.last_error
        if not 0 <= status <= 3 or (status > 1 and not err.strip()):
            return '%s: exit %d %s' % (words[0], status, err[-300:])
        return None

    def run(self, longer):
        """Until the log's last line is recorded, and all of it in a new ledger."""
        with open(self.site.path('run.err'), 'wb') as err:
            p = subprocess.Popen([TOCHOKU, '-c', self.site.config, 'run'], stdout=err, stderr=err, stdin=subprocess.DEVNULL,
                                 cwd=self.site.dir, start_new_session=True)
        end = time.monotonic() + PATIENCE
        last = request_id(self.lines[-1])
        while p.poll() is None and time.monotonic() < end:
            got = self.logged()
            if got == self.want or (last in got and not self.asides()):
                break
            time.sleep(0.02)
        slow = p.poll() is None and time.monotonic() >= end
        if longer:
            time.sleep(1.5)
        p.terminate()
        try:
            status = p.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            status = 'does not end'
        if status != 0:
            try:
                os.killpg(p.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            p.wait()
        err = self.site.run_errors()
        self.refused = status in (2, 3) and any(r in err for r in REFUSALS)
        if self.refused:
            return None
        if status != 0 or 'signal' in err:
            return 'run: exit %s\n%s' % (status, err)
        return 'run: the last line is not recorded\n' + err if slow else None

    def judged(self):
        """Whole, or verify says that it is not; a new one always whole."""
        bad = self.command(COMMANDS[0])
        verified, got = self.site.last_status == 0, self.logged()
        if bad is None and not self.refused and got != self.want and (verified or self.asides()):
            bad = '%d lost, %d others, and verify: exit %d %s' % (sum((self.want - got).values()), sum((got - self.want).values()),
                                                                  self.site.last_status, self.site.last_error)
        return '%s\n%s' % (bad, self.site.run_errors()) if bad else None

    def once(self, i):
        """How it was damaged, whether it was set aside, what is wrong."""
        rng = random.Random('%d:%d' % (SEED, i))
        how = self.damage(rng)
        bad = self.command(rng.choice(COMMANDS)) or self.run(rng.random() < 0.1) or self.judged()
        return how, bool(self.asides()), '%d, %s: %s' % (i, how, bad) if bad else None


def main():
    tap, own = Tap(), threading.local()

    def once(i):
        if not hasattr(own, 'bench'):
            own.bench = Bench()
        return own.bench.once(i)
    print('# SEED=%d' % SEED)
    which = [int(AT)] if AT else range(DAMAGED)
    with ThreadPoolExecutor(min(WORKERS, len(which))) as pool:
        all_of_them = list(pool.map(once, which))
    bad = [b for _, _, b in all_of_them if b]
    for how, n in sorted(collections.Counter(h for h, _, _ in all_of_them).items()):
        print('# %s: %d, set aside %d' % (how, n, sum(a for h, a, _ in all_of_them if h == how)))
    tap.ok(not bad, '%d damaged ledgers, %d set aside: none crashed or stalled it, nothing lost in silence' % (
        len(which), sum(a for _, a, _ in all_of_them)), '\n'.join(bad))
    tap.done()


if __name__ == '__main__':
    main()
