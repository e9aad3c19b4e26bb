#!/usr/bin/env python3
"""What the trail costs: a million calls of a ledger rendered, chained, sealed and made durable, and all of it verified
again, ledger included in the second verification. Sums are checked: every call once, in every segment file by wc and
sha256sum, and the verdict.

usage: make bench BENCH=trail, or tests/bench/trail.py [CALLS]"""
import glob
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import TOCHOKU, Site, loggen  # noqa: E402
from measure import Run  # noqa: E402

SEAL_SECONDS, VERIFY_MB = 20, 100  # what is asked of a million calls, and of one core


def fail(why):
    print('FAILED: ' + why)
    sys.exit(1)


def measured(site, *words):
    r = Run([TOCHOKU, '-c', site.config, *words], site.dir)
    if r.status != 0:
        fail('%s: exit status %d\n%s' % (' '.join(words), r.status, r.errors))
    print('  %-28s %7.2f %8.2f %9.1f' % (' '.join(os.path.basename(w) for w in words)[:28], r.cpu, r.wall, r.peak / 1e6), flush=True)
    return r


def check(site, calls):
    """By other programs than the one that is measured."""
    accesses, size = 0, 0
    for note in sorted(glob.glob(site.path('trail/notes/segment-*.note'))):
        with open(note, encoding='utf-8') as f:
            m = dict(line.split(' ', 1) for line in f.read().split('\n\n')[0].split('\n')[1:])
        name = site.path('trail/segments/' + m['file'])
        said = subprocess.run(['sha256sum', name], stdout=subprocess.PIPE, check=True).stdout.split()[0].decode()
        lines = int(subprocess.run(['wc', '-l', name], stdout=subprocess.PIPE, check=True).stdout.split()[0])
        if (said, lines) != (m['sha256'], int(m['records'])):
            fail('%s is not what its manifest says' % m['file'])
        accesses += int(subprocess.run(['grep', '-c', '"type":"access"', name], stdout=subprocess.PIPE, check=False).stdout)
        size += os.path.getsize(name)
    if accesses != calls:
        fail('%d calls in the trail, expected %d' % (accesses, calls))
    return size


def main():
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 1000000
    site = Site()
    loggen(site.path('x.log'), '--start', '2026-11-02', '--days', 5, '--calls', calls, '--users', 400, '--lines', calls)
    print('trail, %d calls                CPU s   wall s  peak MB' % calls)
    measured(site, 'import', '--format', 'nginx-json', site.path('x.log'))
    calls = site.count()
    seal = measured(site, 'seal')
    size = check(site, calls)
    found = subprocess.run([TOCHOKU, 'verify', site.path('trail'), '--json'], stdout=subprocess.PIPE, check=False)
    last = json.loads(found.stdout.decode().splitlines()[-1])
    if found.returncode != 0 or last['integrity'] != 'ok' or last['bytes'] != size:
        fail('verify says %s' % last)
    verify = measured(site, 'verify', site.path('trail'))
    measured(site, 'verify', site.path('trail'), '--db', site.path('ledger.db'))
    quiet = os.getloadavg()[0] < 3  # else others use the processors, and the wall clock tells of them
    million = (seal.wall if quiet else seal.cpu) * 1e6 / calls
    rate = size / 1e6 / verify.cpu
    print('  sealed: %.1f %s for a million calls; verified: %d MB at %.0f MB per CPU second' % (
        million, 's' if quiet else 'CPU s (other work is under way)', size // 1000000, rate))
    if calls >= 1000000 and (million >= SEAL_SECONDS or rate < VERIFY_MB):
        fail('expected less than %d s and at least %d MB' % (SEAL_SECONDS, VERIFY_MB))


if __name__ == '__main__':
    main()
