#!/usr/bin/env python3
"""CPU seconds of `tochoku decode` and `tochoku import` on a made capture of many small calls (a third of the bodies in
gzip, a fifth event streams, some requests pipelined), and of `tochoku decode` on one of fewer calls among very many
other connections, all open at a time. Every call and token is counted; of the calls among connections at least 99 % must
be right. Timings are printed and never decide.

BENCH_CALLS (default 300000), BENCH_FLOWS (default 1000000), BENCH_DIR (default build/bench)."""
import json
import os
import shutil
import sqlite3
import subprocess
import sys

from bench import DIR, MIB, ROOT, TOCHOKU, measured
from recording import totals

CALLS, FLOWS = int(os.environ.get('BENCH_CALLS', '300000')), int(os.environ.get('BENCH_FLOWS', '1000000'))
CAPGEN = os.path.join(ROOT, 'build/release/tests/bench/capgen')
LEDGER = os.path.join(DIR, 'made.db')


def make(name, calls, flows):
    path = os.path.join(DIR, name + '.pcap')
    with open(path, 'wb') as out:
        p = subprocess.run([CAPGEN, str(calls), str(flows)], stdout=out, stderr=subprocess.PIPE, check=True)
    return path, json.loads(p.stderr)


def clear():
    for f in os.listdir(DIR):
        if f.startswith('made.db'):
            os.unlink(os.path.join(DIR, f))
    shutil.rmtree(os.path.join(DIR, 'made-keys'), ignore_errors=True)


def row(name, run, size, calls):
    print('  %-20s %8.2f CPU s %8.1f MB/CPU s %9.0f calls/CPU s %7.1f MiB' % (
        name, run.cpu, size / 1e6 / run.cpu, calls / run.cpu, run.peak / MIB), flush=True)


def many_calls():
    path, truth = make('made-calls', CALLS, 0)
    size = os.path.getsize(path)
    print('%d calls, %.0f MB, %d packets' % (truth['calls'], size / 1e6, truth['packets']))
    config = os.path.join(DIR, 'made.yml')
    with open(config, 'w', encoding='utf-8') as f:
        f.write('ledger: {path: "%s", keys: "%s/made-keys"}\n' % (LEDGER, DIR))
    clear()
    row('tochoku import', measured([TOCHOKU, '-c', config, 'import', path], LEDGER + '-wal'), size, truth['calls'])
    db = sqlite3.connect('file:%s?mode=ro' % LEDGER, uri=True)
    got = totals(db)[:3]
    db.close()
    clear()
    want = tuple(truth[k] for k in ('calls', 'input', 'output'))
    if got != want:
        sys.exit('bench: calls, tokens in and out are %r in the ledger, not %r' % (got, want))
    row('tochoku decode', measured([TOCHOKU, 'decode', path]), size, truth['calls'])
    os.unlink(path)


def many_flows():
    path, truth = make('made-flows', min(CALLS, 20000), FLOWS)
    size = os.path.getsize(path)
    print('%d calls among %d open connections, %.0f MB, %d packets' % (
        truth['calls'], truth['flows'], size / 1e6, truth['packets']))
    row('tochoku decode', measured([TOCHOKU, 'decode', path]), size, truth['calls'])
    p = subprocess.Popen([TOCHOKU, 'decode', path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    right = set()
    for line in p.stdout:
        e = json.loads(line)
        n = e.get('gen_ai.usage.input_tokens', 0) - 100000
        if e['tochoku.complete'] and e.get('gen_ai.usage.output_tokens') == 500000 + n and e['http.request.id'] == 'r-%d' % n:
            right.add(n)
    p.wait()
    os.unlink(path)
    print('  %d of %d calls right' % (len(right), truth['calls']))
    if len(right) < 0.99 * truth['calls']:
        sys.exit('bench: too few')


if __name__ == '__main__':
    os.makedirs(DIR, exist_ok=True)
    many_calls()
    many_flows()
