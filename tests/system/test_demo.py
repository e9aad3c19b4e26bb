#!/usr/bin/env python3
"""`make demo` does the main job, once with the right to capture and once without: every call that the clients
made is in the ledger, every kind of planted misuse is found, the reports are written, nothing is left running.
In CI a missing right is a failure."""
import collections
import json
import os
import re
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
FORBIDDEN = ['setpriv', '--bounding-set', '-net_raw', '--inh-caps', '-net_raw']
CAPTURED = re.compile(r'^the research service, (.*): (\d+) calls, each in the ledger once \((\d+) gzipped, '
                      r'(\d+) streamed, (\d+) refused or failed\): ([0-9,]+) tokens, \$([0-9.]+)$', re.M)


def tochoku(*args):
    out = subprocess.run([TOCHOKU, '-c', os.path.join(DIR, 'tochoku.yml'), *args], cwd=DIR, check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    return [json.loads(line) for line in out.splitlines()]


def exported():
    return tochoku('export', '--format', 'jsonl', '--from', '2000-01-01', '--to', '2099-12-31')


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


def demo(before=(), **env):
    return subprocess.run([*before, os.path.join(ROOT, 'demo/run.sh')], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, 'CI': '', **env})


def check_captured(tap, name, text, how):
    told = CAPTURED.search(text)
    if not tap.ok(told and told.group(1) == how, '%s: the research service is %s' % (name, how), text[-3000:]):
        return
    calls, gzipped, streamed, failed = map(int, told.groups()[1:5])
    tap.ok(calls == 73 and 30 < gzipped <= 36 and 20 <= streamed <= 24 and 0 < failed < 10 and
           int(told.group(6).replace(',', '')) > 1000 and float(told.group(7)) > 0,
           '%s: its calls, tokens and cost' % name, told.group(0))
    ids = [e['http.request.id'] for e in exported() if e.get('tochoku.input') == 'research']
    tap.equal(sorted(ids), sorted('research-%d' % i for i in range(73)), '%s: each captured call once' % name)


def check_report(tap, name):
    with open(os.path.join(DIR, 'report-en.json'), encoding='utf-8') as f:
        report = json.load(f)
    tap.ok(int(report['cost.pico_usd']) > 10 ** 12 and report['cost.unpriced_calls'] == 0,
           '%s: every call of the history is priced' % name, report['cost.pico_usd'])


def check(tap, name, how, before=()):
    start = time.monotonic()
    p = demo(before)
    text = p.stdout.decode('utf-8', 'replace')
    if not tap.ok(p.returncode == 0, '%s: exit status 0' % name, text[-3000:]):
        return
    tap.ok(time.monotonic() - start < 60, '%s: within 60 s' % name)
    tap.ok(not left_running(), '%s: nothing is left running' % name, left_running())
    names = [line for line in text.splitlines() if line.startswith(DIR)]
    tap.ok(len(names) >= 6 and all(os.path.getsize(f) > 0 for f in names), '%s: names its files' % name, names)
    check_captured(tap, name, text, how)
    check_report(tap, name)
    findings = tochoku('findings', 'list', '--json')
    found = collections.defaultdict(set)
    for f in findings:
        for event in f['events']:
            found[event].add(int(f['rule.id'].rsplit('-', 1)[1]))
    ids = {r['http.request.id']: r['event.id'] for r in exported() if 'http.request.id' in r}
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
    root = os.geteuid() == 0
    before = FORBIDDEN if root else []
    if root:
        check(tap, 'with the right to capture', 'captured live on lo')
    else:
        tap.skip('capturing needs root')
    check(tap, 'without the right to capture', 'read from research.pcap', before)
    p = demo(before, CI='true')
    tap.ok(p.returncode == 1 and b'no right to capture' in p.stdout and not left_running(),
           'in CI a missing right to capture is a failure', p.stdout[-3000:])
    tap.done()


if __name__ == '__main__':
    main()
