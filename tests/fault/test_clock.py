#!/usr/bin/env python3
"""Clocks that jump while it runs: an hour, a day, 1970, 2038, 2100, forward and back; a machine that slept, a sensor that
stood still; a disk whose syncs take 200 ms. Order is by sequence, every step a clock record, no duration negative, what
nobody watched is a hole of the coverage, nothing of the log is lost.   JUMPS=N sequences (default 1; the gate is 500),
SEED=K the first (default 0, in order)"""
import calendar
import collections
import json
import mmap
import os
import random
import sqlite3
import struct
import sys
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), os.path.join(HERE, '../system')]
from harness import ROOT, Site, Tap, loggen, request_id  # noqa: E402
from test_disk import beats, call, serve, wait_for  # noqa: E402

SHIM = os.path.join(ROOT, 'build/tests/clock_shim.so')
JUMPS, SEED = int(os.environ.get('JUMPS', '1')), int(os.environ.get('SEED', '0'))
HOUR, DAY = 3600, 86400
SEQUENCES = 6  # at a time


class Clock:
    """The shim's three offsets, in seconds."""

    def __init__(self, site):
        self.path = site.path('clock')
        with open(self.path, 'wb') as f:
            f.write(bytes(24))
        f = open(self.path, 'r+b')
        self.map = mmap.mmap(f.fileno(), 24)
        f.close()
        self.at = [0, 0, 0]

    def set(self, real=0, mono=0, boot=0):
        self.at = [a + b for a, b in zip(self.at, (real, mono, boot))]
        self.map[:] = struct.pack('=qqq', *(int(x * 10**9) for x in self.at))

    def now(self):
        return time.time() + self.at[0]

    def to(self, year):
        self.set(calendar.timegm((year, 3, 1, 3, 0, 0)) - self.now())


class Ledger:
    def __init__(self, site):
        self.site = site

    def sql(self, text):
        try:
            db = sqlite3.connect('file:%s?mode=ro' % self.site.path('ledger.db'), uri=True, timeout=5)
            try:
                return db.execute(text).fetchall()
            finally:
                db.close()
        except sqlite3.Error:
            return []

    def clocks(self):
        return [json.loads(b) for (b,) in self.sql("SELECT body FROM records WHERE type = 'clock' ORDER BY seq")]


def with_shim(site, clock=None, sync_ms=0):
    """From now on its processes have the shim's clock."""
    site.env = dict(os.environ, LD_PRELOAD=SHIM)
    if clock is not None:
        site.env['CLOCK_SHIM'] = clock.path
    if sync_ms:
        site.env['SYNC_MS'] = str(sync_ms)


class Kept(Tap):
    """What a sequence found, until its turn to be told comes."""

    def __init__(self):
        self.all = []

    def ok(self, *what):
        self.all.append(what)


def jumps(tap, seed):
    site = Site([('gateway', 'access.log', 'nginx-json')])
    ledger, clock = Ledger(site), Clock(site)
    log = loggen(site.path('all.log'), '--start', '2026-11-20', '--days', 3, '--calls', 100)
    with open(log, 'rb') as f:
        lines = f.readlines()
    open(site.path('access.log'), 'wb').close()
    steps = [('an hour on', lambda: clock.set(HOUR)), ('a day on', lambda: clock.set(DAY)),
             ('2038', lambda: clock.to(2038)), ('2100', lambda: clock.to(2100)),
             ('an hour back', lambda: clock.set(-HOUR)), ('a day back', lambda: clock.set(-DAY)),
             ('1970', lambda: clock.to(1970)), ('2026', lambda: clock.set(-clock.at[0]))]
    if seed > 0:
        random.Random(seed).shuffle(steps)
    with_shim(site, clock)
    site.start()
    tap.ok(wait_for(lambda: ledger.sql("SELECT 1 FROM records WHERE type = 'control'")), 'it runs', site.run_errors())
    per = len(lines) // len(steps)
    done, told = 0, 0
    for name, step in steps:
        old = site.roles()
        before = clock.now()
        step()
        size = clock.now() - before
        with open(site.path('access.log'), 'ab') as f:
            f.writelines(lines[done:done + per])
        done += per
        if abs(size) > 2:  # in another order a step may lead to where it is
            good = wait_for(lambda: len(ledger.clocks()) > told, 10)
            last = ledger.clocks()[-1] if good else None
            tap.ok(good and last['action'] == 'set' and abs(last['step_ms'] / 1000 - size) < 5, 'a clock record: ' + name,
                   (last, size, site.run_errors()))
        told = len(ledger.clocks())
        tap.ok(site.wait_count(done, 15) and site.roles() == old, 'and it records on', (site.count(), done, site.run_errors()))
    want = collections.Counter(map(request_id, lines[:done]))
    tap.equal(collections.Counter(i for (i,) in ledger.sql('SELECT "http.request.id" FROM events')), want, 'each line once')
    tap.equal(ledger.sql('SELECT count(*) FROM events WHERE "event.duration" < 0'), [(0,)], 'no duration is negative')
    tap.equal(site.stop(), 0, 'it stops')

    def sealed():
        site.tochoku('seal')
        out = site.tochoku('verify', site.path('trail'), '--db', site.path('ledger.db'), want=None).decode()
        return site.last_status == 0, out

    def said():
        return [c['action'] for c in ledger.clocks()[told:]]

    good, out = sealed()
    tap.ok(good, 'the trail verifies', out)
    tap.equal(said(), [], 'and no clock is told')
    # Set back while nothing ran, by one command, and by the next run.
    clock.set(-2 * HOUR)
    site.tochoku('findings', 'list')
    tap.equal(said(), ['behind'], 'a command behind the last record tells it')
    clock.set(-2 * HOUR)
    site.start()
    tap.ok(wait_for(lambda: said() == ['behind'] * 2), 'so does a start', said())
    site.stop()
    clock.set(-2 * HOUR)
    site.tochoku('import', '--input', 'gateway', log)
    tap.equal(said(), ['behind'] * 3, 'and an import')
    good, out = sealed()
    tap.ok(good, 'and it verifies', out)
    site.cleanup()


def holes(tap):
    """What a capture did not watch."""
    if os.geteuid() != 0:
        tap.skip('capturing needs root')
        return
    server = serve()
    site = Site(extra='inputs:\n  captures:\n    - {name: tap, interface: lo, filter: "tcp port %d"}\n' % server.server_port)
    ledger, clock = Ledger(site), Clock(site)
    site.sql = ledger.sql
    with_shim(site, clock)
    site.start()
    tap.ok(wait_for(lambda: beats(site, 'tap')), 'it captures', site.run_errors())
    call(server, range(5))
    tap.ok(site.wait_count(5), 'calls')

    def watched(at):
        return ledger.sql('SELECT count(*) FROM watched WHERE %d BETWEEN minute_from AND minute_to' % (at // 60))[0][0]

    def stalls():
        rows = ledger.sql("SELECT sum(n) FROM losses WHERE reason = 'stall'")
        return rows[0][0] if rows and rows[0][0] else 0
    for name, step, action in (('the machine slept', lambda: clock.set(2 * HOUR, 0, 2 * HOUR), 'suspended'),
                               ('the clock was set', lambda: clock.set(2 * HOUR), 'set'),
                               ('it stood still', lambda: clock.set(600, 600, 600), None)):
        middle, n, s = clock.now(), len(ledger.clocks()), stalls()
        step()
        middle = (middle + clock.now()) / 2
        tap.ok(wait_for(lambda: stalls() == s + 1), 'counted: ' + name, stalls())
        tap.ok(wait_for(lambda: watched(clock.now()) or watched(clock.now() - 60)), 'watched again', ledger.sql('SELECT * FROM watched'))
        tap.equal(watched(middle), 0, 'and not in between')
        if action is not None:
            tap.ok(wait_for(lambda: [c['action'] for c in ledger.clocks()[n:]] == [action]), 'one clock record: ' + action,
                   ledger.clocks())
    tap.equal(site.stop(), 0, 'it stops')
    server.shutdown()
    site.cleanup()


def slow(tap):
    """Syncs of 200 ms: later, but nothing is lost that is not counted."""
    site = Site([('gateway', 'access.log', 'nginx-json')])
    log = loggen(site.path('all.log'), '--start', '2026-11-20', '--days', 1, '--calls', 4000)
    with open(log, 'rb') as f:
        lines = f.readlines()
    root = os.geteuid() == 0
    server = serve() if root else None
    if root:
        with open(site.config, encoding='utf-8') as f:
            text = f.read().replace('\nnetworks:', '\n  captures:\n    - {name: tap, interface: lo, filter: "tcp port %d", '
                                    'ring: 2M}\nnetworks:' % server.server_port, 1)
        with open(site.config, 'w', encoding='utf-8') as f:
            f.write(text)
    open(site.path('access.log'), 'wb').close()
    with_shim(site, sync_ms=200)
    site.start()
    ledger = Ledger(site)
    site.sql = ledger.sql
    if root:
        wait_for(lambda: beats(site, 'tap'))
    with open(site.path('access.log'), 'ab') as f:
        for i in range(0, len(lines), 500):
            f.writelines(lines[i:i + 500])
            f.flush()
            if root:
                call(server, range(i, i + 100))
    calls = 100 * ((len(lines) + 499) // 500) if root else 0

    def seen(name):
        return ledger.sql("SELECT count(*) FROM events WHERE \"tochoku.input\" = '%s'" % name)[0][0]

    def dropped():
        return ledger.sql("SELECT coalesce(sum(n), 0) FROM losses WHERE input = 'tap' AND reason IN ('kernel_drop', 'stream_gap',"
                          " 'cut_head', 'exchange_limit', 'not_recorded')")[0][0]
    tap.ok(wait_for(lambda: seen('gateway') == len(lines), 30), 'every line is recorded beside a slow disk',
           '%d of %d' % (seen('gateway'), len(lines)))
    if root:
        tap.ok(wait_for(lambda: seen('tap') == calls or dropped() > 0, 15), 'every captured call is recorded, or its loss counted',
               (seen('tap'), calls, dropped()))
        server.shutdown()
    tap.equal(site.stop(), 0, 'it stops')


def sequence(seed):
    kept = Kept()
    jumps(kept, seed)
    return kept.all


def main():
    tap = Tap()
    with ThreadPoolExecutor(SEQUENCES) as pool:  # which wait for the most part
        for kept in pool.map(sequence, range(SEED, SEED + JUMPS)):
            for what in kept:
                tap.ok(*what)
    print('# %d sequences of jumps, from SEED=%d on' % (JUMPS, SEED))
    holes(tap)
    slow(tap)
    tap.done()


if __name__ == '__main__':
    main()
