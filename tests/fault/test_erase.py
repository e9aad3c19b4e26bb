#!/usr/bin/env python3
"""The i-th write, sync, rename or unlink of an erasure is its last (kill -9), or fails: by age, and on request. Before
anything else is done the trail verifies; the next seal finishes what was begun, the next order what was not: then nothing
is left of the canary, ledger and trail agree, no note that was there has changed, and only the next day's key is left.
Counted, not random.   FAULTS=N places a kind and order (default 8, 0: all)"""
import glob
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
sys.path.insert(0, os.path.join(HERE, '../system'))
from harness import ROOT, TOCHOKU, Tap  # noqa: E402
from test_prune import CANARY, OTHER, holding, two_years, verify  # noqa: E402

SHIM = os.path.join(ROOT, 'build/tests/fault_shim.so')
FAULTS = int(os.environ.get('FAULTS', '8'))
APPROVED = ('--approved-by', 'a', '--approved-by', 'b')
ORDERS = {'prune': (('prune', *APPROVED), CANARY), 'erase': (('erase', '--user', OTHER, '--why', 'request', *APPROVED), OTHER)}


def faulty(site, order, at, what):
    counter = site.path('counter.log')
    with open(counter, 'wb') as f:
        f.write(bytes(8))
    env = dict(os.environ, LD_PRELOAD=SHIM, FAULT_COUNTER=counter, FAULT_AT=str(at), FAULT_DO=what)
    p = subprocess.run([TOCHOKU, '-c', site.config, 'maintain', *order], env=env, cwd=site.dir, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, timeout=60)
    with open(counter, 'rb') as f:
        return p.returncode, int.from_bytes(f.read(), sys.byteorder), p.stderr.decode('utf-8', 'replace')


def notes(site):
    out = {}
    for name in glob.glob(site.path('trail/notes/*.note')):
        with open(name, 'rb') as f:
            out[name] = f.read()
    return out


def wrong(site, order, canary):
    """What is wrong, now and once it was finished; or None."""
    before = notes(site)
    out = site.tochoku('verify', site.path('trail'), '--json', want=None).decode().splitlines()
    if os.path.exists(site.path('trail/seal')):
        pass  # cut short in a seal, which may lack its checkpoint (test_seal.py)
    elif json.loads(out[-1])['integrity'] != 'ok' or site.last_status != 0:
        return 'as it was left: ' + '\n'.join(r for r in out if '"effect":"note"' not in r)
    site.tochoku('seal', want=None)
    if site.last_status != 0:
        return 'the next seal: ' + site.last_error[-300:]
    site.tochoku('maintain', *order, want=None)
    if site.last_status != 0:
        return 'the next order: ' + site.last_error[-300:]
    left = holding(site.dir, canary)
    if left:
        return 'the canary is in %s' % left
    after = notes(site)
    if [n for n in before if after.get(n) != before[n]]:
        return 'a note changed'
    last, findings = verify(site, '--anchor', site.path('trail/anchors.tsv'), '--db', site.path('ledger.db'), want=None)
    codes = {f['code'] for f in findings if f['effect'] != 'note'}
    if (last['integrity'], last['completeness'], codes) != ('ok', 'declared-gaps', {'erased'}):
        return json.dumps([f for f in findings if f['effect'] != 'note'], ensure_ascii=False)
    if [f for f in findings if f['code'] == 'erase-pending']:
        return 'something is declared and not done'
    keys = [os.path.basename(k) for k in glob.glob(site.path('keys/day-*'))]
    return None if keys == ['day-%06d.key' % last['segments']] else 'keys: %s' % keys


def put_back(site):
    for name in ('ledger.db', 'ledger.db-wal', 'ledger.db-shm'):
        if os.path.exists(site.path(name)):
            os.unlink(site.path(name))
    for name in ('trail', 'keys'):
        shutil.rmtree(site.path(name), ignore_errors=True)
        shutil.copytree(os.path.join(site.kept, name), site.path(name))
    shutil.copy(os.path.join(site.kept, 'ledger.db'), site.path('ledger.db'))


def started(tap, site, calls):
    """Nobody asks again: the next start of `run` finishes what was sealed."""
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('inputs: {tails: [{name: gateway, path: %s, format: nginx-json}]}\n' % site.path('none.log'))
    order, canary = ORDERS['erase']
    for at in (calls // 2, calls * 3 // 4):
        put_back(site)
        status, _, err = faulty(site, order, at, 'kill')
        left = holding(site.dir, canary)
        site.start()
        end = time.monotonic() + 20
        while holding(site.dir, canary) and time.monotonic() < end:
            time.sleep(0.1)
        site.stop()
        tap.ok(left and not holding(site.dir, canary), 'killed at %d, and finished by the next start' % at, (left, err))
        tap.equal(wrong(site, order, canary), None, 'as if nothing had been')


def main():
    tap = Tap()
    site = two_years()
    site.kept = site.dir + '.kept'
    shutil.copytree(site.dir, site.kept)
    try:
        for name, (order, canary) in ORDERS.items():
            put_back(site)
            status, calls, err = faulty(site, order, 0, 'kill')
            tap.ok(status == 0 and calls > 60, '%s makes %d such calls' % (name, calls), err)
            tap.equal(wrong(site, order, canary), None, 'and leaves nothing')
            for what in ('kill', 'enospc', 'eio'):
                places = FAULTS if what == 'kill' else max(1, FAULTS // 3)
                step = max(1, calls // places) if FAULTS else 1
                bad, n = [], 0
                for at in range(1 + step // 2, calls + 1, step):
                    put_back(site)
                    status, _, err = faulty(site, order, at, what)
                    problem = wrong(site, order, canary)
                    n += 1
                    if problem:
                        bad.append('%s at %d (status %d, %s): %s' % (what, at, status, err[-200:], problem))
                tap.ok(not bad and n >= places, '%s, %s at %d places: finished or undone' % (name, what, n),
                       '\n'.join(bad[:3]))
        started(tap, site, calls)
    finally:
        shutil.rmtree(site.kept, ignore_errors=True)
    tap.done()


if __name__ == '__main__':
    main()
