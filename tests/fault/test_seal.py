#!/usr/bin/env python3
"""The i-th write, sync, rename or unlink of a seal is its last (kill -9), fails or is short. The next seal finishes it
or finds none begun: the trail verifies, no note that was there has changed, and only the next day's key is left.
Counted, not random.   FAULTS=N places a kind (default 25, 0: all)"""
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap, loggen  # noqa: E402

SHIM = os.path.join(ROOT, 'build/tests/fault_shim.so')
FAULTS = int(os.environ.get('FAULTS', '25'))


def faulty_seal(site, at, what):
    counter = site.path('counter')
    with open(counter, 'wb') as f:
        f.write(bytes(8))
    env = dict(os.environ, LD_PRELOAD=SHIM, FAULT_COUNTER=counter, FAULT_AT=str(at), FAULT_DO=what)
    p = subprocess.run([TOCHOKU, '-c', site.config, 'seal'], env=env, cwd=site.dir, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, timeout=60)
    with open(counter, 'rb') as f:
        return p.returncode, int.from_bytes(f.read(), sys.byteorder), p.stderr.decode('utf-8', 'replace')


def notes(site):
    out = {}
    for name in glob.glob(site.path('trail/notes/*.note')):
        with open(name, 'rb') as f:
            out[name] = f.read()
    return out


def wrong(site, before, sealed_before):
    """Seals again, undisturbed; what is wrong then, or None."""
    site.tochoku('seal', want=None)
    if site.last_status != 0:
        return 'the next seal: %d %s' % (site.last_status, site.last_error[-300:])
    after = notes(site)
    changed = [os.path.basename(n) for n in before if after.get(n) != before[n]]
    if changed:
        return 'changed: %s' % changed
    out = site.tochoku('verify', site.path('trail'), '--site-key', site.path('trail/site-key.vkey'), '--anchor',
                       site.path('trail/anchors.tsv'), '--json', want=None).decode().splitlines()
    last = json.loads(out[-1])
    if (last.get('integrity'), last.get('completeness')) != ('ok', 'ok') or last['records.unsealed']:
        return '\n'.join(out[-5:])
    if last['segments'] not in (sealed_before + 1, sealed_before + 2):
        return '%d segments, before %d' % (last['segments'], sealed_before)
    keys = sorted(os.path.basename(k) for k in glob.glob(site.path('keys/day-*')))
    return None if keys == ['day-%06d.key' % last['segments']] else 'keys: %s' % keys


def main():
    tap = Tap()
    site = Site()
    log = loggen(site.path('x.log'), '--start', '2026-11-10', '--days', 1, '--calls', 100000, '--lines', 3000)
    site.tochoku('import', log)
    status, calls, err = faulty_seal(site, 0, 'kill')
    tap.ok(status == 0 and calls > 30, 'an undisturbed seal makes %d such calls' % calls, err)
    tap.equal(wrong(site, notes(site), 1), None, 'and a second one adds a segment')
    sealed = 2
    for what in ('kill', 'enospc', 'eio', 'short'):
        step = max(1, calls // FAULTS) if FAULTS else 1
        bad, n = [], 0
        for at in range(1, calls + 1, step):
            status, _, err = faulty_seal(site, at, what)
            if what == 'kill' and status != -9 and status == 0:
                break  # later seals make fewer calls: all places are done
            after = notes(site)
            problem = wrong(site, after, sealed)
            sealed = len(glob.glob(site.path('trail/notes/segment-*.note')))
            n += 1
            if problem:
                bad.append('%s at %d (status %d): %s' % (what, at, status, problem))
                break
        tap.ok(not bad and n > 5, '%s at %d places: finished or undone' % (what, n), '\n'.join(bad))
    tap.done()


if __name__ == '__main__':
    main()
