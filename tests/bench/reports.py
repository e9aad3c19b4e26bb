#!/usr/bin/env python3
"""Every report, the duty sheets and the availability of a month over a ledger with a year of a hospital's calls: CPU
seconds and peak memory of each. Any report is to take less than 2 s (issue 8), because it reads counters.

BENCH_LINES (default 5000000), BENCH_DAYS (default 365), BENCH_DIR (default build/bench): the ledger is kept there for
the next time."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from measure import Run  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINES = int(os.environ.get('BENCH_LINES', '5000000'))
DAYS = int(os.environ.get('BENCH_DAYS', '365'))
DIR = os.path.abspath(os.environ.get('BENCH_DIR', os.path.join(ROOT, 'build/bench')))
TOCHOKU = os.path.abspath(os.environ.get('TOCHOKU', os.path.join(ROOT, 'build/tochoku')))
LOGGEN = os.path.join(ROOT, 'build/tests/loggen')
LIMIT = 2.0
USERS = 400
CONFIG = '''site: {name: bench, time_zone: Asia/Tokyo}
ledger: {path: %(place)s/ledger.db, keys: %(place)s/keys}
networks: {zones: [{name: ward, cidr: [10.0.0.0/8]}]}
functions: [{name: 要約, match: {path: /v1/chat/completions}}]
%(people)s
'''
DATE = '2026-08-12'  # a week and a month in the last quarter of the year
WORK = ([('report', kind, '--date', DATE, '--format', form) for kind in ('daily', 'weekly', 'monthly')
         for form in ('text', 'html', 'csv', 'json', 'pdf')] +
        [('report', kind, '--date', DATE, '--for', 'managers') for kind in ('weekly', 'monthly')] +
        [('duty', 'list', '--sheet', 'daily', '--date', DATE), ('duty', 'list', '--sheet', 'weekly', '--date', DATE),
         ('incident', 'availability', '--from', '2026-08-01', '--to', '2026-08-31')])


def ledger():
    place = os.path.join(DIR, 'year-%d-%d' % (LINES, DAYS))
    config = os.path.join(place, 'tochoku.yml')
    if os.path.exists(os.path.join(place, 'done')):
        return config
    subprocess.run(['rm', '-rf', place], check=True)
    os.makedirs(place)
    people = subprocess.run([LOGGEN, '--identities', '--users', str(USERS)], stdout=subprocess.PIPE, check=True, encoding='utf-8').stdout
    with open(config, 'w', encoding='utf-8') as f:
        f.write(CONFIG % {'place': place, 'people': people})
    log = os.path.join(place, 'year.log')
    with open(log, 'wb') as f:
        subprocess.run([LOGGEN, '--start', '2025-11-01', '--days', str(DAYS), '--calls', str(LINES * 100 // (DAYS * 82)),
                        '--users', str(USERS), '--lines', str(LINES), '--format', 'json'],
                       stdout=f, stderr=subprocess.DEVNULL, check=True, env=dict(os.environ, TZ='Asia/Tokyo'))
    subprocess.run([TOCHOKU, '-c', config, 'import', '--format', 'nginx-json', log], check=True, stderr=subprocess.DEVNULL)
    os.unlink(log)
    open(os.path.join(place, 'done'), 'w').close()
    return config


def main():
    os.makedirs(DIR, exist_ok=True)
    config = ledger()
    slow = []
    print('%-64s %8s %8s %9s' % ('%d calls in %d days' % (LINES, DAYS), 'CPU s', 'wall s', 'peak MiB'))
    for words in WORK:
        run = Run([TOCHOKU, '-c', config, *words], DIR)
        if run.status != 0:
            sys.exit('bench: %s: exit status %d\n%s' % (' '.join(words), run.status, run.errors))
        print('%-64s %8.2f %8.2f %9.1f' % (' '.join(words), run.cpu, run.wall, run.peak / (1 << 20)), flush=True)
        if run.cpu >= LIMIT:
            slow.append(' '.join(words))
    if slow:
        sys.exit('bench: %g s or more: %s' % (LIMIT, ', '.join(slow)))


main()
