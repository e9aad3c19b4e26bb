#!/usr/bin/env python3
"""`rules replay`: other rules over the ledger's days, against what they found; the ledger itself stays as it is."""
import datetime
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

RULE = '''title: Busy
id: 00000000-0000-4000-8000-00000000000%d
author: somebody
level: %s
logsource: {category: llm_api}
detection: {s: {usage.user_day.calls|gte: %d}, condition: s}
tochoku:
  entity: [cs-username]
  once-per: day
  reason: {ja: '%%cs-username%% は %%usage.user_day.calls%% 件', en: '%%cs-username%% made %%usage.user_day.calls%% calls'}
'''
CHAIN = '''---
title: part
name: part
logsource: {category: llm_api}
detection: {s: {sc-status: 503}, condition: s}
---
title: Three in a minute
id: 00000000-0000-4000-8000-000000000009
correlation: {type: event_count, rules: part, group-by: [cs-username], timespan: 1m, condition: {gte: 3}}
'''


def write(path, text):
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


def main():
    tap = Tap()
    site = Site()
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [%s]}\n' % site.path('rules.yml'))
    write(site.path('rules.yml'), RULE % (1, 'low', 5) + '---\n' + RULE % (2, 'low', 1))
    rows, n = [], 0
    for day, user, calls, status in ((2, 'sato', 3, 200), (2, 'ito', 7, 200), (3, 'sato', 6, 503), (4, 'abe', 12, 200)):
        for i in range(calls):
            n += 1
            at = datetime.datetime(2026, 3, day, 1, 0, i, tzinfo=datetime.timezone.utc)
            rows.append(json.dumps({'ts': at.isoformat(timespec='milliseconds'), 'msec': at.timestamp(), 'client': '10.10.0.1',
                                    'user': user, 'method': 'POST', 'host': 'gw', 'uri': '/v1/x', 'status': status, 'rt': .1,
                                    'rid': '%032x' % n}) + '\n')
    site.tochoku('import', write(site.path('access.log'), ''.join(rows)))
    before = site.lines('findings', 'list', '--json', '--all')

    new = write(site.path('new.yml'), RULE % (1, 'high', 7) + CHAIN)
    got = site.lines('rules', 'replay', new, '--json')
    tap.equal(sorted((g['change'], g['rule.id'][-1], g['day'], g.get('user.name'), g['reason'].split(' made')[0]) for g in got),
              [('add', '9', '2026-03-03', 'sato', 'Three in a minute: sato'), ('drop', '1', '2026-03-03', 'sato', 'sato')],
              'one less, one more')
    text = site.tochoku('rules', 'replay', new).decode()
    tap.ok('- 2026-03-03' in text and 'sato は 6 件' in text and '1 more, 1 less, 2 as before' in text, 'in words, with reasons', text)
    tap.equal(site.lines('rules', 'replay', new, '--json', '--from', '2026-03-04', '--to', '2026-03-04'), [], 'a day on which nothing differs')
    lower = write(site.path('lower.yml'), RULE % (1, 'low', 2))
    got = site.lines('rules', 'replay', lower, '--json', '--from', '2026-03-02', '--to', '2026-03-02')
    tap.equal([(g['change'], g['user.name'], g['day'], g['count']) for g in got], [('add', 'sato', '2026-03-02', 2)], 'within a range')
    tap.equal(site.lines('rules', 'replay', site.path('rules.yml'), '--json'), [], 'the same rules find the same')
    tap.equal(site.lines('findings', 'list', '--json', '--all'), before, 'and the findings are as they were')
    os.environ['TMPDIR'] = site.path('nowhere')
    site.tochoku('rules', 'replay', new, want=3)
    tap.ok('TMPDIR' in site.last_error, 'no room for the copy is told', site.last_error)
    os.mkdir(site.path('nowhere'))
    site.tochoku('rules', 'replay', new)
    tap.equal(os.listdir(site.path('nowhere')), [], 'the copy goes away')
    site.tochoku('rules', 'replay', want=2)
    site.tochoku('rules', 'replay', write(site.path('bad.yml'), 'title: x\nlogsource: {category: llm_api}\n'), want=2)
    tap.ok('bad.yml:1:1' in site.last_error, 'a broken rule is told with its place', site.last_error)
    tap.done()


if __name__ == '__main__':
    main()
