#!/usr/bin/env python3
"""Reading is recorded: what each command that reads the ledger or the trail leaves there, by whom and for what; and which
commands leave nothing, because they show nobody's calls."""
import getpass
import json
import os
import re
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, Site, Tap  # noqa: E402

SPAN = ('--from', '2026-10-20', '--to', '2026-10-20')
RULE = '''title: Any call of mori
id: 6a1d7c0e-5a2f-4d0b-9c1e-0d5f3b7e2a10
logsource: {category: llm_api}
detection:
  s: {user.name: mori}
  condition: s
level: high
tochoku: {entity: [user.name], once-per: day}
'''
FORMATS = re.findall(r'^EXPORT\((\w+)\)', open(os.path.join(ROOT, 'reports/export/exports.def'), encoding='utf-8').read(), re.M)
# (words, `what` of the log-used record)
READS = [(('findings', 'list'), 'findings list'), (('findings', 'list', '--json', *SPAN), 'findings list'),
         (('findings', 'show', '1'), 'findings show'),
         (('findings', 'suppress', '1', '--until', '2099-01-01', '--text', 'x', '--preview'), 'findings suppress --preview'),
         (('duty', 'list'), 'duty list'), (('duty', 'facts'), 'duty facts'), (('duty', 'list', '--sheet', 'weekly', '--json'), 'duty list'),
         (('incident', 'list'), 'incident list'), (('incident', 'show', '1'), 'incident show'),
         (('incident', 'windows'), 'incident windows'), (('incident', 'availability'), 'incident availability'),
         *((('report', kind, '--date', '2026-10-20', '--format', form), 'report ' + kind)
           for kind, form in (('daily', 'text'), ('daily', 'html'), ('daily', 'csv'), ('weekly', 'json'), ('monthly', 'json'))),
         *((('export', '--format', form, *SPAN), 'export ' + form) for form in FORMATS),
         (('export', '--pack', 'PACK', *SPAN), 'export pack'),
         (('keys', 'list'), 'keys list'), (('keys', 'list', '--seen', '--json'), 'keys list'),
         (('users', 'list', '--seen'), 'users list'),
         (('maintain', 'erase', '--user', 'mori', *SPAN), 'maintain erase'), (('maintain', 'hold'), 'maintain hold'),
         (('rules', 'explain', 'EVENT'), 'rules explain'), (('rules', 'replay', 'RULE', *SPAN), 'rules replay')]
# Figures of the program's own state without names, files of the site, or a folder that the program has no part in.
NOTHING = {('anchor', 'list'): 'what others hold of the trail', ('status',): 'figures', ('status', '--json'): 'figures', ('status', '--config'): 'the configuration',
           ('metrics',): 'figures, asked for every minute', ('doctor',): 'figures', ('users', 'list'): 'the configuration',
           ('calendar', 'show'): 'the calendar', ('prices', 'check'): 'the price table',
           ('prices', 'show', 'gpt-4o-mini'): 'the price table', ('rules', 'list'): 'the rules',
           ('rules', 'check'): 'the rules', ('decode', 'a.log'): 'a log, not the ledger',
           ('verify', 'trail'): 'verification writes nothing (audit-trail.md 7)', ('verify', 'ledger.db'): 'the same'}
# Commands that write, and whose record says so; what they read on the way is for that.
WRITES = {'setup', 'run', 'import', 'seal', 'maintain'}


def line(i, user):
    return json.dumps({'time': '2026-10-20T10:00:%02d+09:00' % i, 'remote_addr': '10.10.1.9', 'status': 200,
                       'request_method': 'POST', 'request_uri': '/v1/chat/completions', 'remote_user': user}) + '\n'


def in_trail(site):
    out = []
    for top, _, names in os.walk(site.path('trail')):
        for name in names:
            if name.endswith('.jsonl'):
                with open(os.path.join(top, name), encoding='utf-8') as f:
                    out += [json.loads(x) for x in f]
    return sorted(out, key=lambda r: r['seq'])


class Records:
    """What came since the last look, from the ledger; at the end the trail must hold the same."""
    last = 0

    def __init__(self, site):
        self.site, self.all = site, []
        self.new()

    def new(self):
        db = sqlite3.connect('file:%s?mode=ro' % self.site.path('ledger.db'), uri=True)
        rows = [dict(json.loads(body), type=kind, seq=seq) for seq, kind, body in
                db.execute('SELECT seq, type, body FROM record WHERE seq > ? ORDER BY seq', (self.last,))]
        db.close()
        self.last = max([self.last] + [r['seq'] for r in rows])
        self.all += rows
        return rows


def main():
    tap = Tap()
    site = Site()
    rule = site.path('rule.yml')
    with open(rule, 'w', encoding='utf-8') as f:
        f.write(RULE)
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [%s]}\n' % rule)
    with open(site.path('a.log'), 'w', encoding='utf-8') as f:
        f.write(''.join(line(i, 'mori') for i in range(5)))
    site.tochoku('import', '--format', 'nginx-json', site.path('a.log'))
    site.tochoku('incident', 'open', '--title', 'x', '--started', '2026-10-20T10:00')
    site.tochoku('seal')
    event = next(r['event.id'] for r in in_trail(site) if r['type'] == 'access')
    records = Records(site)
    for words, what in READS:
        words = [{'EVENT': event, 'RULE': rule, 'PACK': site.path('pack')}.get(w, w) for w in words]
        site.tochoku(*words)
        new = records.new()
        used = [r for r in new if r['type'] == 'log-used']
        tap.ok(len(used) == 1 and used[0]['what'] == what and used[0]['actor'] == getpass.getuser() and
               used[0]['action'] == 'read', 'tochoku %s: %s' % (' '.join(words[:4]), what), new)
        if '--from' in words and used:
            tap.equal((used[0].get('from'), used[0].get('to')), ('2026-10-19T15:00:00Z', '2026-10-20T15:00:00Z'), '  its period')
        if words[0] == 'export':
            made = [r for r in new if r['type'] == 'export']
            tap.ok(len(made) == 1 and made[0]['what'] == what and len(made[0]['sha256']) == 64, '  and what came of it', new)
    for words, why in NOTHING.items():
        site.tochoku(*words, want=None)
        tap.equal(records.new(), [], 'tochoku %s leaves nothing: %s' % (' '.join(words), why))
    site.tochoku('export', '--format', 'ecs', '-o', '/dev/full', *SPAN, want=3)
    new = records.new()
    tap.ok(any(r['type'] == 'log-used' and r['what'] == 'export ecs (not whole)' for r in new) and
           all(r['type'] != 'export' for r in new), 'an export that broke off was a reading, and no export', new)
    site.tochoku('seal')
    told = {r['seq'] + 1: {k: v for k, v in r.items() if k not in ('h', 'n', 'v', 'ts', 'seq')} for r in in_trail(site)}
    tap.equal([r['seq'] for r in records.all if told.get(r['seq']) != {k: v for k, v in r.items() if k != 'seq'}], [],
              'the trail holds each of them')
    with open(os.path.join(ROOT, 'cli/commands.def'), encoding='utf-8') as f:
        commands = set(re.findall(r'^COMMAND\((\w+)\)', f.read(), re.M))
    tap.equal(commands - {w[0] for w, _ in READS} - {w[0] for w in NOTHING} - WRITES, set(), 'every command is in this table')
    tap.done()


if __name__ == '__main__':
    main()
