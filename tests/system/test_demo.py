#!/usr/bin/env python3
"""`make demo` does the main job, twice: every call that the clients made is in the ledger, every kind of planted
misuse is found, the reports are written, nothing is left running."""
import collections
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, TOCHOKU, Tap  # noqa: E402

DIR = os.path.join(ROOT, 'build/demo')
# planted kind -> numbers of the rules that must see it
FOUND_BY = {'outside-night': (201, 203), 'two-hundred': (503, 504), 'revoked-accepted': (), 'no-key': (602,),
            'unknown-accepted': (101,), 'key-in-url': (603,), 'off-hours': (301,), 'closed-day': (304,),
            'batch-allowed': ()}


def tochoku(*args):
    out = subprocess.run([TOCHOKU, '-c', os.path.join(DIR, 'tochoku.yml'), *args], cwd=DIR, check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return [json.loads(line) for line in out.splitlines()]


def left_running():
    """Processes that have the demo's folder as their own."""
    out = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            if os.readlink('/proc/%s/cwd' % pid) == DIR and int(pid) != os.getpid():
                out.append(pid)
        except OSError:
            pass
    return out


def check(tap, name):
    start = time.monotonic()
    p = subprocess.run([os.path.join(ROOT, 'demo/run.sh')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       stdin=subprocess.DEVNULL)
    text = p.stdout.decode('utf-8', 'replace')
    if not tap.ok(p.returncode == 0, '%s: exit status 0' % name, text[-3000:]):
        return
    tap.ok(time.monotonic() - start < 60, '%s: within 60 s' % name)
    tap.ok(not left_running(), '%s: nothing is left running' % name, left_running())
    names = [line for line in text.splitlines() if line.startswith(DIR)]
    tap.ok(len(names) >= 6 and all(os.path.getsize(f) > 0 for f in names), '%s: names its files' % name, names)
    findings = tochoku('findings', 'list', '--json')
    found = collections.defaultdict(set)
    for f in findings:
        for event in f['events']:
            found[event].add(int(f['rule.id'].rsplit('-', 1)[1]))
    ids = {r['http.request.id']: r['event.id'] for r in tochoku(
        'export', '--format', 'jsonl', '--from', '2000-01-01', '--to', '2099-12-31') if 'http.request.id' in r}
    by_kind = collections.defaultdict(set)
    with open(os.path.join(DIR, 'planted.tsv'), encoding='utf-8') as f:
        for kind, _, request in map(str.split, f):
            by_kind[kind] |= found[ids.get(request)]
    tap.ok(any(f['rule.id'].endswith('-000000000105') for f in findings),
           '%s: the revoked key is found when it is used again' % name)
    for kind, rules in sorted(FOUND_BY.items()):
        tap.ok(by_kind.get(kind, set()) >= set(rules) and kind in by_kind, '%s: %s is planted and found' % (name, kind),
               'rules %s of %s' % (sorted(by_kind.get(kind, ())), rules))


def main():
    tap = Tap()
    check(tap, 'first')
    check(tap, 'second')
    tap.done()


if __name__ == '__main__':
    main()
