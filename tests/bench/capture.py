#!/usr/bin/env python3
"""CPU seconds of `tochoku decode` and `tochoku import` (default configuration: GeoIP, rules, prices, counters, chain,
duplicate check, durable commits) on a capture of real traffic, against tcpdump, httpry and tshark in the same run.
Calls and tokens in the ledger are checked against nginx's log; timings are printed and never decide.

BENCH_CAPTURE_MB (default 1024), BENCH_TSHARK_MB (default 128: tshark is slow and reads a smaller capture of the same
traffic), BENCH_DIR (default build/bench), BENCH_KEEP=1 leaves the ledger. Needs root, to record."""
import os
import shutil
import sqlite3

from bench import DIR, MIB, TOCHOKU, database, measured
from recording import die, losses, people, recording, tool, totals

SIZE = int(os.environ.get('BENCH_CAPTURE_MB', '1024'))
SMALL = min(SIZE, int(os.environ.get('BENCH_TSHARK_MB', '128')))
FIELDS = ('frame.time_epoch', 'ip.src', 'tcp.srcport', 'http.host', 'http.request.method', 'http.request.uri',
          'http.user_agent', 'http.response.code', 'http.content_length')
LEDGER = os.path.join(DIR, 'capture.db')


def clear():
    for f in os.listdir(DIR):
        if f.startswith('capture.db'):
            os.unlink(os.path.join(DIR, f))


def imported(c):
    """The run of `tochoku import`, and what is to be said about its ledger."""
    clear()
    shutil.rmtree(os.path.join(DIR, 'keys'), ignore_errors=True)
    config = os.path.join(DIR, 'capture.yml')
    with open(config, 'w', encoding='utf-8') as f:
        f.write('geoip: {databases: ["%s"]}\nledger: {path: "%s", keys: "%s/keys"}\n%s' % (database(), LEDGER, DIR, people()))
    run = measured([TOCHOKU, '-c', config, 'import', c.path], LEDGER + '-wal')
    db = sqlite3.connect('file:%s?mode=ro' % LEDGER, uri=True)
    got, lost = totals(db), losses(db)
    counted, = db.execute('SELECT sum(calls) FROM counters').fetchone()
    db.close()
    want = (c.calls, c.input, c.output)
    if got[:3] != want or counted != c.calls or got[3] <= 0:
        die('the ledger is wrong: calls, tokens in and out are %r, cost %d, calls in the counters %r; nginx logged %r; lost: %r',
            got[:3], got[3], counted, want, lost)
    size = os.path.getsize(LEDGER)
    if not os.environ.get('BENCH_KEEP'):
        clear()
    return run, 'ledger %.0f MiB, %.0f bytes an event, WAL at most %.1f MiB, $%.2f; calls, tokens and counters agree with nginx' % (
        size / MIB, size / c.calls, run.wal / MIB, got[3] / 1e12) + ('; lost: %r' % lost if lost else '')


def row(name, run, c, ours):
    """`ours`: CPU seconds of tochoku import a byte."""
    print('  %-28s %9.2f %10.1f %8.2f %10.1f %9.2fx' % (
        name, run.cpu, c.bytes / 1e6 / run.cpu, run.wall, run.peak / MIB, run.cpu / c.bytes / ours), flush=True)


def main():
    os.makedirs(DIR, exist_ok=True)
    c, small = recording(SIZE), recording(SMALL)
    print('capture, %.0f MB, %d packets, %d calls on 200 connections' % (c.bytes / 1e6, c.packets, c.calls))
    with open(c.path, 'rb') as f:  # no program pays for the first reading from the disk
        while f.read(MIB):
            pass
    only = 'tcp port %d' % c.port
    ours, ledger = imported(c)
    rate = ours.cpu / c.bytes
    print('  %-28s %9s %10s %8s %10s %10s' % ('', 'CPU s', 'MB/CPU s', 'wall s', 'peak MiB', 'CPU ratio'))
    row('tochoku import', ours, c, rate)
    row('tochoku decode', measured([TOCHOKU, 'decode', c.path]), c, rate)
    row('tcpdump -w', measured([tool('tcpdump'), '-r', c.path, '-w', '/dev/null']), c, rate)
    row('httpry', measured([tool('httpry'), '-r', c.path, '-o', '/dev/null', only]), c, rate)
    row('tshark (%.0f MB)' % (small.bytes / 1e6),
        measured([tool('tshark'), '-n', '-r', small.path, '-d', 'tcp.port==%d,http' % small.port, '-Y', 'http', '-T', 'fields',
                  *(w for f in FIELDS for w in ('-e', f))]), small, rate)
    print('  CPU ratio: CPU seconds a byte, against tochoku import; tshark read a smaller capture of the same traffic')
    print('  ' + ledger)


if __name__ == '__main__':
    main()
