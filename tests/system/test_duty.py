#!/usr/bin/env python3
"""The duty sheets: every item of reports.md, answers and signatures by the right people, corrections, proxies, late and
missed days; and a morning of 40 findings from the list to the signed sheet."""
import datetime
import json
import os
import re
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap  # noqa: E402

JST = datetime.timezone(datetime.timedelta(hours=9))
NOW = datetime.datetime.now(JST)
TODAY = NOW.strftime('%Y-%m-%d')
YESTERDAY = NOW - datetime.timedelta(days=1)
OTHER_UID = 60123
RULE = '''title: rule %d
id: r-%d
status: experimental
level: %s
logsource: {category: llm_api}
detection:
    sel: {user.name|startswith: g%d-}
    condition: sel
tochoku: {entity: [cs-username], once-per: day}
'''
LINE = '10.10.0.9 - %s [%s] "POST /v1/chat/completions HTTP/1.1" 200 2 "-" "x"\n'


def call(user, when):
    return LINE % (user, when.strftime('%d/%b/%Y:%H:%M:%S +0900'))


def site_of_yesterday(users, rules=0):
    """A call a minute of the whole day before, of them one by each of the users."""
    site = Site(tails=[('gateway', 'access.log', 'nginx-combined')])
    if rules:
        with open(site.config, 'a', encoding='utf-8') as f:
            f.write('rules: {paths: [rules.yml]}\n')
        with open(site.path('rules.yml'), 'w', encoding='utf-8') as f:
            f.write('---\n'.join(RULE % (n, n, 'high' if n < 2 else 'medium', n) for n in range(rules)))
    start = YESTERDAY.replace(hour=0, minute=0, second=0, microsecond=0)
    with open(site.path('access.log'), 'w') as f:
        for i in range(1440):
            f.write(call(users[i % len(users)], start + datetime.timedelta(minutes=i)))
    site.tochoku('import', '--input', 'gateway', site.path('access.log'))
    return site


def items(site, *args):
    return {i['id']: i for i in site.lines('duty', 'list', '--json', *args)}


def table(tap, site):
    shown = [i for sheet in ('daily', 'weekly', 'monthly') for i in site.lines('duty', 'list', '--sheet', sheet, '--json')]
    spec = os.path.join(ROOT, '../shared/spec/reports.md')
    if not os.path.exists(spec):
        tap.skip('../shared is not here')
    else:
        with open(spec, encoding='utf-8') as f:
            text = f.read()
        want = set()
        for name, last in re.findall(r'^\| ([DWM]\d(?:\.\d+)?)(?:–(\d+))? \|', text, re.M):
            head, _, first = name.partition('.')
            want |= {'%s.%d' % (head, n) for n in range(int(first), int(last or first) + 1)} if first else {name}
        tap.ok(len(want) > 50, 'the items of reports.md are read')
        tap.equal(sorted(i['id'] for i in shown), sorted(want), 'each has its line, once')
    tap.ok(all(('value' in i) != i.get('manual', False) and i['title.ja'] and i['title.en'] for i in shown),
           'each has a value, or is for a person to fill', [i for i in shown if ('value' in i) == i.get('manual', False)])
    tap.ok(all(i['verdict'] == '' and i['signed_by'] == '' for i in shown), 'nothing is ticked beforehand')
    tap.ok(all(re.match(r'\d{4}-\d\d-\d\dT\d\d:\d\d:00\+09:00$', i['due']) for i in shown), 'each is due at a time')


def dues(tap, site):
    for args, ids in ((('--date', '2026-11-24'), {'D1.1': '2026-11-24T09:15', 'D2.1': '2026-11-24T09:40', 'D3.1': '2026-11-24T10:05'}),
                      (('--sheet', 'weekly', '--date', '2026-11-24'), {'W1.1': '2026-11-27T17:15', 'W2.1': '2026-11-28T19:00'}),
                      # Friday is a holiday (the spring equinox of 2026): the business day before; Saturday stays
                      (('--sheet', 'weekly', '--date', '2026-03-18'), {'W1.1': '2026-03-19T17:15', 'W2.1': '2026-03-21T19:00'}),
                      # the first business day of a month that begins on a Sunday
                      (('--sheet', 'monthly', '--date', '2026-11-24'), {'M1.1': '2026-11-02T17:15'}),
                      # behind the Golden Week
                      (('--sheet', 'monthly', '--date', '2027-05-20'), {'M5': '2027-05-06T17:15'})):
        got = items(site, *args)
        tap.equal({k: got[k]['due'][:16] for k in ids}, ids, 'due: ' + ' '.join(args))


def answers(tap, site):
    got = items(site)['D2.1']
    tap.ok('1,440' in got['value'] and got['sheet'] == 'daily' and got['date'] == TODAY, 'the day before is on the sheet', got)
    site.tochoku('duty', 'sign', want=1)
    tap.ok('D1.1' in site.last_error and 'D3.8' in site.last_error, 'a sheet is not signed before it is judged', site.last_error)
    site.tochoku('duty', 'sign', '--accept-proposed', want=1)
    tap.equal(re.findall(r'[DWM]\d[.\d]*', site.last_error.split('judged')[1].split(':')[0]), ['D1.4'],
              'what a person must enter is not proposed')
    tap.equal({i['verdict'] for i in items(site).values()}, {''}, 'a refused signature leaves nothing behind')
    site.tochoku('duty', 'enter', 'D1.1', 'up', want=2)
    site.tochoku('duty', 'enter', 'D9.9', 'up', want=2)
    site.tochoku('duty', 'inquiry', '--new', '-1', '--open', 0, want=2)
    site.tochoku('duty', 'inquiry', '--new', 2, '--open', 1, '--text', 'ログインできない')
    site.tochoku('duty', 'inquiry', '--new', 3, '--open', 1, want=1)
    site.tochoku('duty', 'inquiry', '--new', 3, '--open', 1, '--correct', '数え違い')
    got = items(site)['D1.4']
    tap.equal((got['value'], got['corrections'], got['correction'], got['before.value']),
              ('新規 3 件・未完了 1 件', 1, '数え違い', '新規 2 件・未完了 1 件'), 'a correction keeps both versions')
    site.tochoku('duty', 'verdict', 'D3.1', 'fine', want=1)
    site.tochoku('duty', 'verdict', 'D3.1', 'abnormal', '--text', '要調査')
    site.tochoku('duty', 'sign', 'D9.1=normal', want=2)
    site.tochoku('duty', 'sign', 'D1.4=caution', '--accept-proposed', '--for', '鈴木', '--as', 'boss', want=1)
    site.tochoku('duty', 'sign', '--as', 'approver', want=1)
    tap.ok('checker signs before' in site.last_error, 'an approver comes second', site.last_error)
    site.tochoku('duty', 'sign', 'D1.4=caution', '--accept-proposed', '--for', '鈴木', '--coverage-reason', '取込のみ')
    got = items(site)
    tap.equal((got['D3.1']['verdict'], got['D3.1']['remark'], got['D1.4']['verdict'], got['D2.1']['verdict']),
              ('abnormal', '要調査', 'caution', 'normal'), 'verdicts of people stand')
    tap.ok('鈴木' in got['D1.1']['signed_by'] and '代行' in got['D1.1']['signed_by'], 'a proxy shows both names', got['D1.1'])
    tap.equal((got['D1.1']['state'], got['D1.1']['late']), ('signed', False), 'signed on its day')
    bad = sum(i['verdict'] == 'abnormal' for i in got.values())
    tap.ok(bad > 0 and '異常 %d 件' % bad in got['D1.7']['value'], 'what is abnormal goes into the month', got['D1.7'])
    site.tochoku('duty', 'sign', 'D1.4=normal', want=1)
    site.tochoku('duty', 'verdict', 'D1.4', 'normal', want=1)
    site.tochoku('duty', 'verdict', 'D1.4', 'normal', '--correct', '解決済み')
    tap.equal((items(site)['D1.4']['verdict'], items(site)['D1.4']['before.verdict']), ('normal', 'caution'), 'corrected')
    site.tochoku('duty', 'sign', '--as', 'approver', want=1)
    tap.ok('same person' in site.last_error, 'checker and approver differ', site.last_error)
    site.tochoku('duty', 'handover', '夜間に再確認')
    text = site.tochoku('duty', 'list').decode()
    tap.ok('申し送り: 夜間に再確認' in text and '訂正' in text and '代行' in text, 'the list tells it all', text)


def second_person(tap, site):
    if os.geteuid() != 0 or not os.access(TOCHOKU, os.X_OK):
        tap.skip('a second person needs root')
        return
    subprocess.run(['chmod', '-R', 'a+rwX', site.dir], check=True)
    p = subprocess.run([TOCHOKU, '-c', site.config, 'duty', 'sign', '--as', 'approver'], user=OTHER_UID, cwd=site.dir,
                       stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    if not tap.equal(p.returncode, 0, 'another person approves'):
        print(p.stderr.decode())
    got = items(site)['D1.1']
    tap.equal((got['state'], got['approved_by']), ('approved', 'uid %d' % OTHER_UID), 'and is named')


def group(tap, site):
    """While `run` runs: the people of its group, under their own names, and nobody else, whatever the files allow."""
    if os.geteuid() != 0 or not os.access(TOCHOKU, os.X_OK):
        tap.skip('other people need root')
        return
    site.start()
    site.tochoku('duty', 'handover', 'the recorder listens')
    subprocess.run(['chmod', '-R', 'a+rwX', site.dir], check=True)
    for uid, own, more, want in ((OTHER_UID + 1, OTHER_UID, [os.getegid(), 4], 0), (OTHER_UID + 2, os.getegid(), [], 0),
                                 (OTHER_UID + 3, OTHER_UID, [4], 3)):
        p = subprocess.run([TOCHOKU, '-c', site.config, 'duty', 'handover', 'by %d' % uid], user=uid, group=own, extra_groups=more,
                           cwd=site.dir, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        tap.ok(p.returncode == want and b'ermission' not in p.stderr, 'a person of groups %s' % [own, *more], p.stderr.decode())
    text = site.tochoku('duty', 'list').decode()
    tap.ok('by %d (uid %d)' % (OTHER_UID + 2, OTHER_UID + 2) in text, 'and the last that was said has the name of who said it', text)
    site.stop()


def days(tap, site):
    past = (NOW - datetime.timedelta(days=3)).strftime('%Y-%m-%d')
    tap.equal(items(site, '--date', past)['D1.1']['state'], 'missed', 'a day without signature is told as not done')
    tap.ok('未実施' in site.tochoku('duty', 'list', '--date', past).decode(), 'in words')
    site.tochoku('duty', 'sign', 'D1.4=normal', 'D1.1=normal', 'D1.3=normal', '--accept-proposed', '--date', past, '--coverage-reason', '停止')
    got = items(site, '--date', past)['D1.1']
    tap.equal((got['state'], got['late'], got['signed_at'][:10]), ('signed_late', True, TODAY), 'a later one bears its real date')
    tap.ok('後日確認' in site.tochoku('duty', 'list', '--date', past).decode(), 'in words')
    site.tochoku('duty', 'list', '--date', '2026-02-30', want=2)
    site.tochoku('duty', 'list', '--sheet', 'yearly', want=2)
    kinds = [json.loads(b).get('action') for b, in sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True).execute(
        "SELECT body FROM records WHERE type IN ('review', 'entry') ORDER BY seq")]
    tap.equal((kinds.count('duty.enter'), kinds.count('duty.sign')), (2, 3 if os.geteuid() == 0 else 2), 'all of it is in the trail')


def morning(tap):
    """40 findings in 9 groups: seen, decided and signed with at most 25 commands."""
    users = ['g%d-%d' % (n % 9, n) for n in range(40)]
    site = site_of_yesterday(users, rules=9)
    n = 0

    def command(*args):
        nonlocal n
        n += 1
        return site.tochoku(*args)

    groups = [json.loads(line) for line in command('findings', 'list', '--group', '--json').splitlines()]
    tap.equal((len(groups), sum(g['open'] for g in groups)), (9, 40), 'forty findings of nine rules')
    command('findings', 'list')
    command('findings', 'escalate', '--rule', 'r-0', '--title', '鍵の共有疑い', '--severity', 'minor')
    command('findings', 'suppress', '--rule', 'r-1', '--until', '2099-01-01', '--text', '検証中', '--preview')
    for g in groups:
        if g['rule.id'] != 'r-0':
            command('findings', 'close', '--rule', g['rule.id'], '--reason', 'expected', '--text', '定時の集計')
    tap.equal(site.lines('findings', 'list', '--open', '--json'), [], 'every one is decided')
    command('duty', 'list')
    command('duty', 'inquiry', '--new', 0, '--open', 0)
    command('duty', 'sign', 'D1.4=normal', '--accept-proposed', '--coverage-reason', '取込のみ')
    command('duty', 'handover', '特になし')
    tap.equal({(i['state'], bool(i['signed_by'])) for i in site.lines('duty', 'list', '--json')}, {('signed', True)}, 'signed')
    tap.ok(n <= 25, 'with %d commands' % n)
    text = site.tochoku('findings', 'list').decode()
    tap.ok(TODAY in text.splitlines()[0] and 'g0-' not in text, 'the next list begins at the sign-off', text)
    tap.equal(len(site.lines('findings', 'list', '--json')), 40, 'a script without a range gets all of them')
    site.cleanup()


def main():
    tap = Tap()
    site = site_of_yesterday(['tanaka', 'sato'])
    table(tap, site)
    dues(tap, site)
    answers(tap, site)
    second_person(tap, site)
    group(tap, site)
    days(tap, site)
    site.cleanup()
    morning(tap)
    tap.done()


main()
