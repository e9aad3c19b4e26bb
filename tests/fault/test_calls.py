#!/usr/bin/env python3
"""The i-th allocation fails (once, or from there on), the i-th read or open of what the main commands do. None crashes;
each either does all of it, with status 0, or says what went wrong; and the next run finds nothing lost or doubled.
`run` follows a log and captures meanwhile (runs.py).
Counted, not random.   FAULTS=N places a path and kind (default: KINDS; 0: all), SEED=K shifts them; words of the command
line: these paths alone"""
import collections
import os
import re
import shutil
import sqlite3
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap, loggen, request_id  # noqa: E402
from runs import Runs  # noqa: E402

SHIM = os.path.join(ROOT, 'build/tests/call_shim.so')
CAPGEN = os.path.join(ROOT, 'build/release/tests/bench/capgen')
FAULTS, SEED = os.environ.get('FAULTS'), int(os.environ.get('SEED', '0'))
KINDS = {'alloc': 40, 'famine': 5, 'read': 4, 'open': 4, 'files': 2}
CALLS = 60


def shimmed(site, words, at, kind):
    """Exit status, calls counted, stdout, stderr."""
    counter = site.path('counter')
    with open(counter, 'wb') as f:
        f.write(bytes(8))
    env = dict(os.environ, LD_PRELOAD=SHIM, FAULT_COUNTER=counter, FAULT_AT=str(at), FAULT_ON=kind)
    p = subprocess.run([TOCHOKU, '-c', site.config, *words], env=env, cwd=site.dir, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=60)
    with open(counter, 'rb') as f:
        return p.returncode, int.from_bytes(f.read(), sys.byteorder), p.stdout, p.stderr.decode('utf-8', 'replace')


def sound(site, want):
    """What is wrong with the ledger, or None."""
    try:
        db = sqlite3.connect(site.path('ledger.db'))
        got = collections.Counter(i for (i,) in db.execute('SELECT "http.request.id" FROM events'))
        counted = db.execute('SELECT sum(calls) FROM counters').fetchone()[0] or 0
        verdict = db.execute('PRAGMA integrity_check').fetchone()[0]
        db.close()
    except sqlite3.Error as e:
        return 'the ledger: %s' % e
    if got != want:
        return '%d lost, %d doubled' % (sum((want - got).values()), sum((got - want).values()))
    if counted != sum(want.values()):
        return 'the counters hold %d of %d calls' % (counted, sum(want.values()))
    return None if verdict == 'ok' else verdict


def verified(site):
    site.tochoku('seal', want=None)
    if site.last_status != 0:
        return 'the next seal: %d %s' % (site.last_status, site.last_error[-300:])
    out = site.tochoku('verify', site.path('trail'), '--db', site.path('ledger.db'), want=None).decode()
    return None if site.last_status == 0 else 'verify: %d\n%s' % (site.last_status, out[-600:])


class Prints:
    """A command whose product is its output."""

    def __init__(self, site, want, words, normal=lambda out: out):
        self.site, self.want, self.words, self.normal = site, want, words, normal
        self.whole = normal(site.tochoku(*words))

    def once(self, at, kind):
        status, n, out, err = shimmed(self.site, self.words, at, kind)
        if status == 0 and self.normal(out) != self.whole:
            return status, n, 'status 0, and the output is not whole (%d of %d bytes) %s' % (
                len(self.normal(out)), len(self.whole), err[-200:])
        return status, n, err or out.decode('utf-8', 'replace')

    def after(self):
        return None

    def end(self):
        return sound(self.site, self.want) if self.want is not None else None


class Imports:
    """A fresh ledger each time; an import that follows completes it."""

    def __init__(self, make, words, want):
        self.make, self.words, self.want = make, words, want
        self.site = None

    def once(self, at, kind):
        if self.site is not None:
            self.site.cleanup()
        self.site = self.make()
        status, n, _, err = shimmed(self.site, self.words, at, kind)
        if status == 0:
            wrong = sound(self.site, self.want)
            if wrong is not None:
                return status, n, 'status 0, and %s: %s' % (wrong, err[-300:])
        return status, n, err

    def after(self):
        self.site.tochoku(*self.words, want=None)
        if self.site.last_status != 0:
            return 'the next import: %d %s' % (self.site.last_status, self.site.last_error[-300:])
        return sound(self.site, self.want)

    end = after


class Seals:
    """From one unsealed state, put back each time."""

    def __init__(self, site, want):
        self.site, self.want = site, want
        for name in ('ledger.db', 'keys', 'trail'):
            self.copy(site.path(name), site.path('kept-' + name))

    @staticmethod
    def copy(a, b):
        shutil.rmtree(b, ignore_errors=True)
        if os.path.isdir(a):
            shutil.copytree(a, b)
        elif os.path.exists(a):
            shutil.copy(a, b)

    def once(self, at, kind):
        for name in os.listdir(self.site.dir):
            if name.startswith('ledger.db'):
                os.unlink(self.site.path(name))
        for name in ('ledger.db', 'keys', 'trail'):
            self.copy(self.site.path('kept-' + name), self.site.path(name))
        status, n, _, err = shimmed(self.site, ['seal'], at, kind)
        return status, n, err

    def after(self):
        return verified(self.site) or sound(self.site, self.want)

    end = after


def paths():
    site = Site()
    log = loggen(site.path('x.log'), '--start', '2026-11-10', '--days', 1, '--calls', 2000, '--lines', CALLS)
    with open(log, 'rb') as f:
        want = collections.Counter(map(request_id, f))
    pcap = site.path('x.pcap')
    with open(pcap, 'wb') as f:
        subprocess.run([CAPGEN, '24', '0'], stdout=f, stderr=subprocess.DEVNULL, check=True)
    calls = collections.Counter('r-%d' % i for i in range(24))
    site.tochoku('import', log)
    yield 'decode-log', lambda: Prints(site, None, ['decode', log])
    yield 'decode-pcap', lambda: Prints(site, None, ['decode', pcap])
    yield 'rules', lambda: Prints(site, None, ['rules', 'check', os.path.join(ROOT, 'rules/catalogue'), '--json'])
    yield 'import-log', lambda: Imports(Site, ['import', log], want)
    yield 'import-pcap', lambda: Imports(Site, ['import', pcap], calls)
    yield 'report', lambda: Prints(site, want, ['report', 'daily', '--date', '2026-11-10', '--format', 'json'])
    yield 'export', lambda: Prints(site, want, ['export', '--format', 'ecs', '--from', '2026-11-10', '--to', '2026-11-10'],
                                   lambda out: re.sub(rb'"event.hash":"[0-9a-f]*",?', b'', out[:out.rindex(b'\n', 0, -1)]))
    with open(log, 'rb') as f:
        lines = f.readlines()
    yield 'run', lambda: Runs(SHIM, lines[:-10], lines[-10:], request_id)
    yield 'seal', lambda: Seals(site, want)
    verified(site)
    site.tochoku('export', '--format', 'csv', '--from', '2026-11-10', '--to', '2026-11-10')  # records that are not sealed
    yield 'verify', lambda: Prints(site, want, ['verify', site.path('trail'), '--site-key', site.path('trail/site-key.vkey')])


def places(calls, kind, part):
    n = max(1, KINDS[kind] // part) if FAULTS is None else int(FAULTS) or calls
    return sorted({1 + (i * calls // n + SEED) % calls for i in range(n)})


def walk(path, kind):
    """Every chosen place; places done, all of them, statuses, what was wrong."""
    status, calls, err = path.once(0, kind)
    wrong = err if err.startswith('status 0, and') else path.after() if isinstance(path, Runs) else None
    bad = [] if status == 0 and wrong is None else ['undisturbed: %d %s %s' % (status, err, wrong)]
    statuses, reached = collections.Counter(), 0
    for at in places(calls, kind, getattr(path, 'part', 1)):
        try:
            status, n, err = path.once(at, kind)
        except subprocess.TimeoutExpired:
            bad.append('%s %d: over a minute' % (kind, at))
            continue
        statuses[status] += 1
        reached += n >= at
        wrong = 'signal %d %s' % (-status, err[-300:]) if status < 0 or status > 3 else \
            err if status == 0 and err.startswith('status 0, and') else \
            'status %d without a word' % status if status != 0 and not re.search(r'\w', err) else path.after()
        if status == 1 and wrong is None:  # "the answer is no" is no answer to a disk that does not read
            wrong = 'the status of a verdict\n' + err[-300:]
        if wrong is not None:
            bad.append('%s %d of %d (status %d): %s' % (kind, at, calls, status, wrong))
    wrong = path.end()
    return reached, calls, statuses, bad + ([wrong] if wrong else [])


def main():
    tap, chosen = Tap(), sys.argv[1:]
    for name, make in paths():
        if chosen and name not in chosen:
            continue
        path = make()
        for kind in KINDS:
            reached, calls, statuses, bad = walk(path, kind)
            tap.ok(not bad and reached > 0, '%s: %s at %d of %d calls (exit %s)' % (
                name, kind, reached, calls, dict(sorted(statuses.items()))), '\n'.join(bad))
    tap.done()


if __name__ == '__main__':
    main()
