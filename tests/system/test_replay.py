#!/usr/bin/env python3
"""`rules replay`: other rules over the ledger's days, against what they found; the ledger itself stays as it is."""
import datetime
import fcntl
import hashlib
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


def digest(site):
    with open(site.path('ledger.db'), 'rb') as f:
        return hashlib.sha256(f.read()).hexdigest()


def needs_no_room(tap, site, rules):
    """It reads the ledger where it lies: no copy, no lock, nothing written."""
    before, lock = digest(site), open(site.path('ledger.db.lock'), 'r+b')
    fcntl.lockf(lock, fcntl.LOCK_EX)
    os.environ['TMPDIR'] = site.path('nowhere')
    text = site.tochoku('rules', 'replay', rules).decode()
    lock.close()
    del os.environ['TMPDIR']
    tap.ok('1 more, 1 less' in text, 'beside a process that writes', text)
    tap.equal(digest(site), before, 'nothing was written')
    tap.ok(not os.path.exists(site.path('nowhere')), 'and nothing copied')


KEYS = '''title: Keys change
id: 00000000-0000-4000-8000-00000000001%d
logsource: {product: tochoku, service: keys}
detection: {s: {action: %s}, condition: s}
level: low
tochoku: {entity: [key.id], once-per: day}
'''


def keys(tap, site):
    """Changes of keys are in the record, so rules on them can be tried; rules on the sensor find nothing."""
    site.tochoku('keys', 'add', '--id', 'new-one', '--user', 'sato', stdin=b'sk-tochoku-0123456789abcdefghij\n')
    rules = write(site.path('keys.yml'), KEYS % (1, 'add') + '---\n' + KEYS % (2, 'revoke') + '''---
title: Always
id: 00000000-0000-4000-8000-000000000013
logsource: {product: tochoku, service: sensor}
detection: {s: {loss_pct|gte: 0}, condition: s}
---
title: A day without calls
id: 00000000-0000-4000-8000-000000000014
logsource: {product: tochoku, service: day_close}
detection: {s: {calls|lt: 1}, condition: s}
''')
    got = site.lines('rules', 'replay', rules, '--json')
    tap.equal([(g['change'], g['rule.id'][-2:]) for g in got], [('add', '11')], 'what was done to keys')
    tap.equal(site.lines('rules', 'replay', rules, '--json', '--to', '2026-03-04'), [], 'on its day alone')


BREAK = '''title: After a break
id: 00000000-0000-4000-8000-000000000020
logsource: {product: tochoku, service: day_close}
detection: {s: {break.findings|gte: 1}, condition: s}
level: low
tochoku: {entity: [site], reason: {ja: "%break.findings% 件", en: "%break.findings% findings"}}
'''


def looks_back(tap, site):
    """What other rules found on earlier days is there, though they are not in the files at hand."""
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('calendar: {week: {sunday: closed}}\n')
    rows = [json.dumps({'ts': '2026-03-0%dT10:00:0%d+09:00' % (day, i), 'client': '10.10.0.1', 'user': 'mori', 'method': 'POST',
                        'host': 'gw', 'uri': '/v1/y', 'status': 200, 'rt': .1, 'rid': '%d%031x' % (day, i)}) + '\n'
            for day in (8, 9) for i in range(2)]
    write(site.path('rules.yml'), (RULE % (3, 'medium', 2)))
    site.tochoku('import', write(site.path('sunday.log'), ''.join(rows)))
    found = [f for f in site.lines('findings', 'list', '--json') if f['rule.id'].endswith('3') and f['first'] < '2026-03-08T12']
    got = site.lines('rules', 'replay', write(site.path('break.yml'), BREAK), '--json', '--from', '2026-03-09')
    tap.equal((len(found), [(g['day'], g['reason']) for g in got]), (1, [('2026-03-09', '1 findings')]),
              'findings of a closed Sunday, counted on Monday')


def off(tap, site):
    """Rules that are off find nothing; `rules list --hits` has the days evaluated with them on."""
    quiet = (RULE % (5, 'low', 3)).replace('tochoku:', 'tochoku:\n  enabled: false')
    rules = write(site.path('off.yml'), RULE % (1, 'low', 5) + '---\n' + quiet + CHAIN.replace(
        'condition: {gte: 3}}', 'condition: {gte: 3}}\ntochoku: {enabled: false}'))
    before = site.lines('findings', 'list', '--json', '--all')

    def counted(*more):
        return {r['rule.id'][-1]: (r['findings'], r['hits']) for r in site.lines('rules', 'list', rules, '--hits', '--json', *more)
                if 'hits' in r}

    # from the third call of a user on a day: 1 + 5 + 4 + 10; of the chain the third 503 and those behind it
    tap.equal(counted('--to', '2026-03-04'), {'5': (4, 20), '9': (1, 4)}, 'what rules that are off would have found')
    tap.equal(counted('--from', '2026-03-04', '--to', '2026-03-04'), {'5': (1, 10), '9': (0, 0)}, 'on a day')
    tap.ok('hits' not in str(site.lines('rules', 'list', rules, '--json')), 'counted where it is asked for alone')
    text = site.tochoku('rules', 'list', rules, '--hits', '--to', '2026-03-04').decode()
    tap.ok('Busy(有効なら 4 件、該当 20 回)' in text and text.count('有効なら') == 2, 'in words', text)
    tap.equal(site.lines('findings', 'list', '--json', '--all'), before, 'and nothing is found by it')
    with open(site.config, encoding='utf-8') as f:
        config = f.read()
    write(site.config, config.replace('rules: {', 'rules: {disable: [00000000-0000-4000-8000-000000000001], '))
    tap.equal(counted('--to', '2026-03-04')['1'], (3, 13), "off by the site's word, though it was on when the days were closed")
    write(site.config, config)
    site.tochoku('rules', 'list', rules, '--from', '2026-03-04', want=2)
    site.tochoku('rules', 'list', rules, '--hits', '--from', 'never', want=2)


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
    needs_no_room(tap, site, new)
    off(tap, site)
    keys(tap, site)
    looks_back(tap, site)
    site.tochoku('rules', 'replay', want=2)
    site.tochoku('rules', 'replay', write(site.path('bad.yml'), 'title: x\nlogsource: {category: llm_api}\n'), want=2)
    tap.ok('bad.yml:1:1' in site.last_error, 'a broken rule is told with its place', site.last_error)
    tap.done()


if __name__ == '__main__':
    main()
