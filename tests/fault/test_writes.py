#!/usr/bin/env python3
"""The i-th write, sync, truncation, rename or unlink of an import is its last (kill -9), fails (no space, I/O
error) or is short; the import that follows must bring the ledger to exactly the log's events. Counted, not
random: each i is a place of its own.   FAULTS=N places a kind (default 25, 0: all)"""
import collections
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap, loggen, request_id  # noqa: E402

SHIM = os.path.join(ROOT, 'build/tests/fault_shim.so')
FAULTS = int(os.environ.get('FAULTS', '25'))
WORKERS = 3
TAIL = [('gateway', 'access.log', 'nginx-json')]


def faulty_import(site, log, at, what):
    """Exit status and the number of calls counted."""
    counter = site.path('counter')
    with open(counter, 'wb') as f:
        f.write(bytes(8))
    env = dict(os.environ, LD_PRELOAD=SHIM, FAULT_COUNTER=counter, FAULT_AT=str(at), FAULT_DO=what)
    p = subprocess.run([TOCHOKU, '-c', site.config, 'import', '--input', 'gateway', log], env=env, cwd=site.dir,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=60)
    with open(counter, 'rb') as f:
        return p.returncode, int.from_bytes(f.read(), sys.byteorder), p.stderr.decode('utf-8', 'replace')


def damage(site, log, want):
    """Imports again, undisturbed; what is wrong then, or None."""
    site.tochoku('import', '--input', 'gateway', log, want=None)
    if site.last_status != 0:
        return 'the next import: exit status %d %s' % (site.last_status, site.last_error[-300:])
    got = collections.Counter(e['http.request.id'] for e in site.events())
    if got != want:
        return '%d lost, %d doubled' % (sum((want - got).values()), sum((got - want).values()))
    db = sqlite3.connect(site.path('ledger.db'))
    verdict = db.execute('PRAGMA integrity_check').fetchone()[0]
    counted = db.execute('SELECT sum(calls) FROM counters').fetchone()[0]
    db.close()
    if counted != sum(want.values()):
        return 'the counters hold %s of %d calls' % (counted, sum(want.values()))
    return None if verdict == 'ok' else verdict


def struck(log, want, at, what, calls):
    """Exit status, whether the call was reached, and what is wrong."""
    site, bad = Site(TAIL), []
    status, reached, err = faulty_import(site, log, at, what)
    wrong = damage(site, log, want)
    if wrong is not None:
        bad.append('call %d of %d: %s' % (at, calls, wrong))
    if status < 0 and what != 'kill':
        bad.append('call %d: the import died by signal %d' % (at, -status))
    if status not in (0, 3) and status >= 0:
        bad.append('call %d: exit status %d %s' % (at, status, err[-200:]))
    site.cleanup()
    return status, reached >= at, bad


def main():
    tap, first = Tap(), Site(TAIL)
    log = loggen(first.path('x.log'), '--start', '2026-11-10', '--days', 1, '--calls', 100000, '--lines', 9000,
                 '--identical', 100)
    with open(log, 'rb') as f:
        want = collections.Counter(map(request_id, f))
    status, calls, err = faulty_import(first, log, 0, 'kill')
    tap.ok(status == 0 and calls > 10, 'an undisturbed import makes %d such calls' % calls, err)
    tap.equal(damage(first, log, want), None, 'and a second one changes nothing')
    places = range(1, calls + 1, max(1, calls // FAULTS) if FAULTS else 1)
    for what in ('kill', 'enospc', 'eio', 'short'):
        with ThreadPoolExecutor(WORKERS) as pool:
            all_of_them = list(pool.map(lambda at: struck(log, want, at, what, calls), places))
        n = sum(reached for _, reached, _ in all_of_them)
        bad = [b for _, _, wrong in all_of_them for b in wrong]
        tap.ok(not bad and n > 0, '%s at %d of %d calls: nothing lost, nothing doubled (exit %s)' % (
            what, n, calls, dict(collections.Counter(s for s, _, _ in all_of_them))), '\n'.join(bad))
    tap.done()


if __name__ == '__main__':
    main()
