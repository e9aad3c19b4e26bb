#!/usr/bin/env python3
"""What people decide about findings: states, bulks, patterns that are accepted or suppressed, and their records."""
import datetime
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

RULE = '''title: %s
id: %s
status: experimental
level: %s
logsource: {category: llm_api}
detection:
    sel: {user.name|startswith: %s}
    condition: sel
tochoku: {entity: [cs-username], once-per: day}
'''
LINE = '10.10.0.9 - %s [%s] "POST /v1/chat/completions HTTP/1.1" %d 2 "-" "x"\n'


def call(user, when, status=200):
    return LINE % (user, when.strftime('%d/%b/%Y:%H:%M:%S +0900'), status)


def site_with(rules):
    site = Site()
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [rules.yml]}\n')
    with open(site.path('rules.yml'), 'w', encoding='utf-8') as f:
        f.write('---\n'.join(RULE % r for r in rules))
    return site


def import_calls(site, calls, name='a.log'):
    with open(site.path(name), 'w') as f:
        f.write(''.join(calls))
    site.tochoku('import', '--format', 'nginx-combined', site.path(name))


def reviews(site, kind='review'):
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True)
    rows = [json.loads(b) for b, in db.execute('SELECT body FROM records WHERE type = ? ORDER BY seq', (kind,))]
    db.close()
    return rows


def state(site):
    return {(f['user.name'], f['first'][:10]): f['status'] for f in site.lines('findings', 'list', '--json')}


def states(tap):
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9)))
    day = now - datetime.timedelta(days=2)
    site = site_with([('one', 'r-1', 'high', 'a'), ('two', 'r-2', 'low', 'b')])
    import_calls(site, [call(u, day) for u in ('a1', 'a2', 'a3', 'a4', 'b1', 'b2')])
    rows = {f['user.name']: f for f in site.lines('findings', 'list', '--json')}
    ids = {u: f['id'] for u, f in rows.items()}
    tap.equal({f['status'] for f in rows.values()}, {'new'}, 'they begin as new')

    def status(user):
        return site.lines('findings', 'show', ids[user], '--json')[0]

    site.tochoku('findings', 'acknowledge', ids['a1'])
    tap.equal(status('a1')['status'], 'acknowledged', 'acknowledged')
    site.tochoku('findings', 'acknowledge', ids['a1'], want=1)
    tap.ok('only a new or reopened' in site.last_error, 'and not twice', site.last_error)
    site.tochoku('findings', 'assign', ids['a1'], '--owner', '佐藤')
    got = status('a1')
    tap.equal((got['status'], got['owner']), ('acknowledged', '佐藤'), 'assigned, in the same state')
    site.tochoku('findings', 'close', ids['a1'], '--reason', 'wrong', want=1)
    tap.ok('true_positive' in site.last_error, 'a reason that is none is told', site.last_error)
    site.tochoku('findings', 'close', ids['a1'], '--reason', 'true_positive', '--text', '本人に確認\x1b[31m')
    got = status('a1')
    tap.equal((got['status'], got['status.reason'], got['owner']), ('closed', 'true_positive', '佐藤'), 'closed with reason')
    shown = site.tochoku('findings', 'show', ids['a1'])
    tap.ok(b'\x1b' not in shown and shown.count('本人に確認'.encode()) == 2, 'show has the history, safe for a terminal', shown)
    site.tochoku('findings', 'assign', ids['a1'], '--owner', 'x', want=1)
    site.tochoku('findings', 'reopen', ids['a1'], '--text', '再発')
    tap.equal((status('a1')['status'], status('a1')['status.reopened_by']), ('reopened', 'decision'), 'reopened')
    site.tochoku('findings', 'reopen', ids['a1'], want=1)
    site.tochoku('findings', 'close', 999, '--reason', 'test', want=1)
    site.tochoku('findings', 'close', ids['a2'], ids['b1'], '--reason', 'test', want=1)
    tap.ok('several rules' in site.last_error, 'a bulk stays inside one rule', site.last_error)
    tap.equal(status('a2')['status'], 'new', 'and nothing of it was done')
    tap.equal(site.tochoku('findings', 'close', '--rule', 'r-1', '--reason', 'false_positive').split(), [b'close:', b'4'],
              'a bulk by rule')
    tap.equal({status(u)['status'] for u in ('a1', 'a2', 'a3', 'a4')}, {'closed'}, 'all of the rule')
    site.tochoku('findings', 'close', '--rule', 'r-1', '--reason', 'false_positive', want=1)
    site.tochoku('findings', 'escalate', ids['b1'], '--incident', 7, want=1)
    tap.ok('no incident' in site.last_error, 'an incident that is not there', site.last_error)
    site.tochoku('findings', 'escalate', ids['b1'], '--title', '鍵の漏えい疑い', '--severity', 'major')
    got = status('b1')
    tap.equal((got['status'], got['incident']), ('escalated', '1'), 'escalated to an incident of its own')
    opened = reviews(site, 'incident')[0]
    tap.equal((opened['title'], opened['links'], opened['incident'], opened['type']),
              ('鍵の漏えい疑い', 'finding:%d' % ids['b1'], 1, 'security'), 'the incident has the finding for its link')
    records = reviews(site)
    tap.equal([r['action'] for r in records].count('findings.close'), 5, 'a record for each decision')
    tap.ok(all(r['actor'] and r['rule.id'] and r['subject'] for r in records), 'each tells who and about what')
    site.tochoku('findings', 'list', '--status', 'gone', want=2)
    site.tochoku('findings', 'list', '--owner', 'x', want=2)
    site.tochoku('findings', 'close', '--reason', 'test', want=2)
    groups = site.lines('findings', 'list', '--group', '--json')
    tap.equal([(g['rule.id'], g['findings'], g['open']) for g in groups], [('r-1', 4, 0), ('r-2', 2, 1)], 'by rule')
    tap.equal([f['user.name'] for f in site.lines('findings', 'list', '--open', '--json')], ['b2'], 'what is undecided')
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True)
    column = dict(db.execute('SELECT id, status FROM findings'))
    db.close()
    tap.equal(column, {f['id']: f['status'] for f in site.lines('findings', 'list', '--json')},
              'the published view says the same')
    site.cleanup()


def patterns(tap):
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9)))
    days = [now - datetime.timedelta(days=n) for n in (5, 4, 3, 2)]
    until = (now + datetime.timedelta(days=9)).strftime('%Y-%m-%d')
    site = site_with([('one', 'r-1', 'medium', 'a')])
    import_calls(site, [call('a1', days[0])] * 2 + [call('a2', days[0]), call('a3', days[0])])
    ids = {f['user.name']: f['id'] for f in site.lines('findings', 'list', '--json')}
    site.tochoku('findings', 'accept', ids['a1'], '--until', '2026-01-01', '--text', 'x', want=1)
    tap.ok('expiry' in site.last_error, 'an expiry lies ahead', site.last_error)
    site.tochoku('findings', 'accept', ids['a1'], '--until', until, want=1)
    site.tochoku('findings', 'accept', ids['a1'], '--until', until, '--text', '夜間の集計')
    before = len(reviews(site))
    seen = site.tochoku('findings', 'suppress', ids['a2'], '--until', until, '--text', 'y', '--preview').decode()
    tap.ok('1 件' in seen and 'a2' in seen and 'a1' not in seen, 'what it would have hidden', seen)
    tap.equal((len(reviews(site)), state(site)[('a2', days[0].astimezone(datetime.timezone.utc).strftime('%Y-%m-%d'))]),
              (before, 'new'), 'a preview decides nothing')
    site.tochoku('findings', 'suppress', ids['a2'], '--until', until, '--text', 'y')
    import_calls(site, [call('a1', days[1])] * 2 + [call('a1', days[2])] * 3 + [call('a2', days[1])] * 9 +
                 [call('a3', days[1])], 'b.log')

    def of(user):
        rows = sorted((f['first'], f['status'], f.get('status.reopened_by')) for f in site.lines('findings', 'list', '--json')
                      if f['user.name'] == user)
        return [r[1:] for r in rows]

    tap.equal(of('a1'), [('accepted', None), ('accepted', None), ('reopened', 'envelope')],
              'an accepted risk covers what comes later, until it leaves its envelope')
    tap.equal(of('a2'), [('suppressed', None)] * 2, 'a suppression hides what comes later')
    tap.equal(of('a3'), [('new', None)] * 2, 'other subjects are not touched')
    text = site.tochoku('findings', 'list').decode()
    tap.ok('a2' not in text and '抑止中 2 件' in text, 'hidden ones are counted', text)
    tap.ok(site.tochoku('findings', 'list', '--status', 'suppressed').decode().count('a2') == 2, 'and shown when asked for')
    site.tochoku('findings', 'reopen', ids['a2'])
    tap.equal(of('a2'), [('reopened', 'decision'), ('new', None)], 'a suppression that is lifted hides no more')
    site.cleanup()


def order(tap):
    """The worst first, then by minute; those of one minute, which is what lists show, by their number."""
    site = site_with([('one', 'r-1', 'high', 'a'), ('two', 'r-2', 'low', 'b')])
    minute = datetime.datetime(2026, 3, 2, 10, 0)
    for n, (user, second) in enumerate((('b1', 0), ('a1', 50), ('a2', 10), ('a3', 70), ('a4', 30), ('a5', -10))):
        import_calls(site, [call(user, minute + datetime.timedelta(seconds=second))], '%d.log' % n)
    tap.equal([f['user.name'] for f in site.lines('findings', 'list', '--json')], ['a5', 'a1', 'a2', 'a4', 'a3', 'b1'],
              'findings of one minute in order of their numbers')
    site.cleanup()


def main():
    tap = Tap()
    order(tap)
    states(tap)
    patterns(tap)
    tap.done()


main()
