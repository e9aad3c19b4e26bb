#!/usr/bin/env python3
"""A damaged ledger: found at the start and while it is in use, set aside and told, a new one begun that continues the
trail; logs are read anew, registered keys are kept. And a second `run`, and imports while one starts."""
import collections
import glob
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import TOCHOKU, Site, Tap, loggen, request_id  # noqa: E402

TAIL = [('gateway', 'access.log', 'nginx-json')]
PAGE = 16384


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def asides(site):
    return sorted(p for p in glob.glob(site.path('ledger.db.damaged-*')) if not p.endswith(('-wal', '-shm')))


def logged(site):
    try:
        db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True, timeout=5)
        try:
            return collections.Counter(i for (i,) in db.execute('SELECT "http.request.id" FROM events'))
        finally:
            db.close()
    except sqlite3.Error:
        return collections.Counter()


def made(calls=3000):
    """A site whose log was read by a `run` that has ended, with a key and a rotated file; what the log holds."""
    site = Site(TAIL)
    log = loggen(site.path('all.log'), '--start', '2026-11-24', '--days', 1, '--calls', calls)
    with open(log, 'rb') as f:
        lines = f.readlines()
    with open(site.path('access.log.1'), 'wb') as f:
        f.writelines(lines[:calls // 3])
    with open(site.path('access.log'), 'wb') as f:
        f.writelines(lines[calls // 3:])
    site.start()
    ok = site.wait_count(len(lines))
    site.tochoku('keys', 'adopt', '--all')
    site.tochoku('seal')
    site.stop()
    return site, collections.Counter(map(request_id, lines)), ok


def keys(site):
    return sorted(k['tochoku.key.id'] if 'tochoku.key.id' in k else json.dumps(k) for k in site.lines('keys', 'list', '--json'))


def smash(path, pages, seed=1):
    """Other bytes in these pages (from 1)."""
    rng = random.Random(seed)
    with open(path, 'r+b') as f:
        for p in pages:
            f.seek((p - 1) * PAGE)
            f.write(rng.randbytes(PAGE))


def verify(site):
    site.tochoku('seal')
    out = site.tochoku('verify', site.path('trail'), '--db', site.path('ledger.db'), want=None).decode()
    return site.last_status == 0, out


def at_start(tap):
    site, want, ok = made()
    tap.ok(ok, 'a ledger', site.run_errors())
    had = keys(site)
    size = os.path.getsize(site.path('ledger.db'))
    smash(site.path('ledger.db'), range(size // PAGE // 2, size // PAGE))
    shutil.copy(site.path('ledger.db'), site.path('copy'))
    site.start()
    tap.ok(wait_for(lambda: asides(site)), 'found at the start and set aside', site.run_errors())
    with open(asides(site)[0], 'rb') as a, open(site.path('copy'), 'rb') as b:
        tap.ok(a.read() == b.read(), 'with its bytes')
    tap.ok(wait_for(lambda: logged(site) == want), 'the log and its rotated file are read anew',
           '%d of %d' % (sum(logged(site).values()), sum(want.values())))
    tap.ok(wait_for(lambda: any(f['rule.id'].endswith('811') for f in site.lines('findings', 'list', '--json')), 5), 'a finding')
    status = site.tochoku('status', want=None).decode()
    tap.ok(os.path.basename(asides(site)[0]) in status and 'set aside' in status, 'status names it', status)
    tap.ok('set aside' in site.run_errors() and 'damaged' in site.run_errors(), 'and so does the journal', site.run_errors())
    tap.equal(keys(site), had, 'registered keys are kept')
    good, out = verify(site)
    tap.ok(good, 'the trail continues, and agrees with the new ledger', out)
    tap.equal(site.stop(), 0, 'it stops')
    # The next start goes on with the new one.
    with open(site.path('access.log'), 'ab') as f, open(loggen(site.path('more'), '--start', '2026-11-25', '--days', 1,
                                                               '--calls', 50), 'rb') as more:
        f.write(more.read())
    n = sum(want.values())
    site.start()
    tap.ok(wait_for(lambda: site.count() > n) and len(asides(site)) == 1, 'and the next start goes on with it')
    good, out = verify(site)
    tap.ok(good, 'verified again', out)
    site.stop()


def while_running(tap):
    site, want, _ = made()
    site.start()
    wait_for(lambda: len(site.roles()) == 2)
    time.sleep(1.2)
    old = site.roles()
    size = os.path.getsize(site.path('ledger.db'))
    smash(site.path('ledger.db'), range(3, size // PAGE))
    db = sqlite3.connect(site.path('ledger.db'), timeout=5)  # another's write: what the recorder holds in memory is void
    try:
        db.execute("INSERT OR REPLACE INTO meta VALUES ('test', 1)")
        db.commit()
    except sqlite3.Error:
        pass
    db.close()
    with open(site.path('access.log'), 'ab') as f, open(loggen(site.path('more'), '--start', '2026-11-25', '--days', 1,
                                                               '--calls', 60), 'rb') as more:
        lines = more.readlines()
        f.writelines(lines)
    want = want + collections.Counter(map(request_id, lines))
    tap.ok(wait_for(lambda: asides(site)), 'found while it is in use', site.run_errors())
    tap.ok(wait_for(lambda: logged(site) == want), 'and everything is read anew', '%d of %d\n%s' % (
        sum(logged(site).values()), sum(want.values()), site.run_errors()))
    tap.equal(site.roles().get('recorder'), old.get('recorder'), 'by the same recorder')
    good, out = verify(site)
    tap.ok(good, 'the trail continues', out)
    tap.equal(site.stop(), 0, 'it stops')


def no_ledger_at_all(tap):
    """Not even a header; and commands without a `run` say what to do."""
    site, want, _ = made(300)
    with open(site.path('ledger.db'), 'r+b') as f:
        f.write(b'\xff' * 4096)
    site.tochoku('import', site.path('all.log'), want=None)
    tap.ok(site.last_status == 3 and 'tochoku run' in site.last_error, 'an import refuses it and says what helps', site.last_error)
    site.start()
    tap.ok(wait_for(lambda: logged(site) == want) and len(asides(site)) == 1, 'run sets it aside', site.run_errors())
    site.stop()


def second(tap):
    site = Site(TAIL)
    loggen(site.path('access.log'), '--start', '2026-11-24', '--days', 1, '--calls', 50)
    site.start()
    p = subprocess.run([TOCHOKU, '-c', site.config, 'run'], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=site.dir,
                       timeout=20)
    err = p.stderr.decode()
    tap.ok(p.returncode == 3 and 'process %d writes this ledger' % site.roles()['recorder'] in err and 'ledger.path' in err,
           'a second run is refused with the number of the first', err)
    tap.ok(len(site.roles()) == 2, 'which goes on')
    site.stop()
    bad = []
    log = loggen(site.path('past.log'), '--start', '2026-11-20', '--days', 1, '--calls', 200)
    for i in range(6):
        run = subprocess.Popen([TOCHOKU, '-c', site.config, 'run'], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=site.dir)
        time.sleep(0.01 * i)
        p = subprocess.run([TOCHOKU, '-c', site.config, 'import', log], stderr=subprocess.PIPE, cwd=site.dir, timeout=30)
        if p.returncode != 0:
            bad.append(p.stderr.decode())
        run.terminate()
        if run.wait(timeout=20) not in (0, -15):
            bad.append('run: exit %d' % run.returncode)
    tap.ok(not bad, 'an import beside a run that starts waits for it, or the run for the import', '\n'.join(bad))


def main():
    tap = Tap()
    for scenario in (at_start, while_running, no_ledger_at_all, second):
        if len(sys.argv) == 1 or scenario.__name__ in sys.argv[1:]:
            scenario(tap)
    tap.done()


if __name__ == '__main__':
    main()
