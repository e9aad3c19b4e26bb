#!/usr/bin/env python3
"""CPU seconds of `tochoku import` (default configuration and the site's people: GeoIP, rules, counters, chain, duplicate check,
durable commits) against GoAccess with GeoIP on the same file, and against the SQLite floor. The ledger's sums
are checked; timings are printed and never decide.

BENCH_LINES (default 5000000), BENCH_DIR (default build/bench), BENCH_FORMATS (default "combined json"),
BENCH_USERS and BENCH_CALLS a business day (default 400 and 9000), BENCH_KEEP=1 leaves the ledgers."""
import os
import re
import shutil
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from measure import Run  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES = int(os.environ.get('BENCH_LINES', '5000000'))
DIR = os.path.abspath(os.environ.get('BENCH_DIR', os.path.join(ROOT, 'build/bench')))
TOCHOKU = os.path.abspath(os.environ.get('TOCHOKU', os.path.join(ROOT, 'build/tochoku')))
LOGGEN = os.path.join(ROOT, 'build/tests/loggen')
FLOOR = os.path.join(ROOT, 'build/tests/sqlite_floor')
USERS = int(os.environ.get('BENCH_USERS', '400'))
CALLS = int(os.environ.get('BENCH_CALLS', '9000'))  # a business day: some 20 a user
PEOPLE = ['--users', str(USERS)]
MIB = 1 << 20
GOACCESS = {
    'combined': ['--log-format=COMBINED'],
    'json': ['--date-format=%Y-%m-%d', '--time-format=%H:%M:%S',
             '--log-format={"ts":"%dT%t+%^","client":"%h","user":"%e","method":"%m","uri":"%U","proto":"%H",'
             '"status":"%s","sent":"%b","rt":"%T","ua":"%u"}'],
}


def measured(args, wal=None):
    run = Run(args, DIR, wal)
    if run.status != 0:
        sys.exit('bench: %s: exit status %d\n%s' % (' '.join(args), run.status, run.errors))
    return run


def generate(form):
    """The log; cached by its parameters. Returns path and the bytes its calls sent."""
    log, info = (os.path.join(DIR, '%s-%d-%d-%d-2.%s' % (form, LINES, USERS, CALLS, e)) for e in ('log', 'sum'))
    if not os.path.exists(info):
        args = ['--start', '2026-05-07', '--days', 1000, '--calls', CALLS, *PEOPLE, '--outside', 2, '--lines', LINES,
                '--format', form]
        with open(log, 'wb') as f:
            p = subprocess.run([LOGGEN, *map(str, args)], stdout=f, stderr=subprocess.PIPE, check=True,
                               env=dict(os.environ, TZ='Asia/Tokyo'))
        with open(info, 'wb') as f:
            f.write(re.search(rb'(\d+) bytes', p.stderr).group(1))
    with open(info, encoding='ascii') as f:
        return log, int(f.read())


def database():
    """One of our own, in the nested layout: GoAccess reads no other, and both must do the same work."""
    path = os.path.join(DIR, 'own.mmdb')
    rows = 'network,country\n' + ''.join('%d.%d.0.0/16,%s\n' % (i, k, ('US', 'DE', 'FR', 'CN')[(i + k) % 4])
                                         for i in range(1, 10) for k in range(256))
    subprocess.run([sys.executable, os.path.join(ROOT, 'tests/lib/mmdb_write.py'), path, '--layout', 'nested',
                    '--epoch', '1767225600'], input=rows, encoding='ascii', check=True)
    return path


def tochoku(form, log, geo):
    ledger = os.path.join(DIR, form + '.db')
    for f in os.listdir(DIR):
        if f.startswith(form + '.db'):
            os.unlink(os.path.join(DIR, f))
    shutil.rmtree(os.path.join(DIR, 'keys'), ignore_errors=True)
    config = os.path.join(DIR, form + '.yml')
    with open(config, 'w', encoding='utf-8') as f:
        f.write('calendar: {departments: {看護部: {hours: "00:00-24:00"}, 救急部: {hours: "00:00-24:00"}}}\n')
        f.write(subprocess.run([LOGGEN, '--identities', *PEOPLE], stdout=subprocess.PIPE, check=True).stdout.decode())
        f.write('geoip: {databases: ["%s"]}\nledger: {path: "%s", keys: "%s/keys"}\n'
                % (geo, ledger, DIR))
    return measured([TOCHOKU, '-c', config, 'import', '--format', 'nginx-' + form, log], ledger + '-wal'), ledger


def check_ledger(ledger, sent):
    """Rows, their sums, and the counters' sums against what the generator wrote."""
    db = sqlite3.connect('file:%s?mode=ro' % ledger, uri=True)
    n, size = db.execute('SELECT count(*), sum("http.response.body.bytes") FROM events').fetchone()
    counted, = db.execute('SELECT sum(calls) FROM counters').fetchone()
    transactions, = db.execute('SELECT count(*) FROM transactions').fetchone()
    db.close()
    bad = [t % v for t, v, good in (('%d events', n, n == LINES), ('%d bytes', size or 0, size == sent),
                                    ('%d calls in the counters', counted or 0, counted == LINES)) if not good]
    if bad:
        sys.exit('bench: the ledger is wrong: %s; written were %d lines, %d bytes' % (', '.join(bad), LINES, sent))
    return n // max(1, transactions)


def floor(batch):
    path = os.path.join(DIR, 'floor.db')
    for f in (path, path + '-wal', path + '-shm'):
        if os.path.exists(f):
            os.unlink(f)
    run = measured([FLOOR, path, str(LINES), str(batch)])
    os.unlink(path)
    return run


def row(name, run, ours):
    print('  %-28s %9.2f %10.2f %8.1f %10.1f %9.1fx' % (
        name, run.cpu, run.cpu * 1e6 / LINES, run.wall, run.peak / MIB, run.cpu / ours.cpu))


def main():
    os.makedirs(DIR, exist_ok=True)
    geo = database()
    for form in os.environ.get('BENCH_FORMATS', 'combined json').split():
        log, sent = generate(form)
        print('%s, %d lines, %.0f MiB, GeoIP %s' % (form, LINES, os.path.getsize(log) / MIB, os.path.basename(geo)))
        ours, ledger = tochoku(form, log, geo)
        batch = check_ledger(ledger, sent)
        size = os.path.getsize(ledger)
        peer = measured(['goaccess', log, '--no-global-config', '--no-progress', '--geoip-database=' + geo, '-o',
                    os.path.join(DIR, 'goaccess.json'), *GOACCESS[form]])
        base = floor(batch)
        print('  %-28s %9s %10s %8s %10s %10s' % ('', 'CPU s', 'per 10^6', 'wall s', 'peak MiB', 'CPU ratio'))
        row('tochoku import', ours, ours)
        row('goaccess', peer, ours)
        row('SQLite floor (%d a commit)' % batch, base, ours)
        print('  ledger %.0f MiB, %.0f bytes an event, WAL at most %.1f MiB; events, bytes and counters agree with the log'
              % (size / MIB, size / LINES, ours.wal / MIB))
        if not os.environ.get('BENCH_KEEP'):
            os.unlink(ledger)


if __name__ == '__main__':
    main()
