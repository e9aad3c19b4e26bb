#!/usr/bin/env python3
"""A hospital's month, made up: what the reports say is the truth to the last unit, by day, week, month, user, department,
function and model; in five time zones, in any order of the lines, after kill -9, and after pricing anew. SEED=N (default
1), CALLS=N (default 3000)."""
import collections
import datetime
import json
import os
import random
import signal
import subprocess
import sys
import time
import zoneinfo

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import TOCHOKU, Site, Tap  # noqa: E402

ZONES = ('Asia/Tokyo', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe')
USERS = {'tanaka': '内科', 'sato': '医事課', 'suzuki': '内科', 'ito': '救急部', 'kato': ''}
FUNCTIONS = {'/v1/chat/completions': '要約', '/v1/completions': '退院サマリー', '/v1/embeddings': ''}
# USD per million tokens, in and out; b changes on the 15th (UTC); `nobody` has no price
PRICES = {'a': [('0001-01-01', 150000, 600000)], 'b': [('0001-01-01', 3000000, 15000000), ('2026-10-15', 2500000, 12000001)]}
ANEW = {'a': [('0001-01-01', 100000, 600001)], 'b': [('0001-01-01', 3000000, 15000000)]}
FIRST, LAST = datetime.date(2026, 10, 1), datetime.date(2026, 10, 31)  # clocks change in three of the zones


def table(prices):
    rows = []
    for model, dated in prices.items():
        for day, pin, pout in dated:
            since = '' if day == '0001-01-01' else ', from: %s' % day
            rows.append('  - {model: %s, input: %d.%06d, output: %d.%06d%s}\n' % (
                model, pin // 10**6, pin % 10**6, pout // 10**6, pout % 10**6, since))
    return 'models:\n' + ''.join(rows)


def cost(prices, call):
    if call['model'] not in prices:
        return None
    day = datetime.datetime.fromtimestamp(call['at'], datetime.timezone.utc).date().isoformat()
    pin, pout = [(i, o) for since, i, o in prices[call['model']] if since <= day][-1]
    return call['in'] * pin + call['out'] * pout


def month(r, zone, n):
    z = zoneinfo.ZoneInfo(zone)
    start = datetime.datetime(2026, 9, 30, tzinfo=z).timestamp()
    end = datetime.datetime(2026, 11, 2, tzinfo=z).timestamp()
    return [{'at': r.randrange(int(start), int(end)), 'user': r.choice(list(USERS)), 'path': r.choice(list(FUNCTIONS)),
             'model': r.choice(['a', 'a', 'a', 'b', 'nobody']), 'in': r.randint(0, 90000), 'out': r.randint(0, 4000),
             'rid': 'r%d' % i} for i in range(n)]


def line(call):
    at = datetime.datetime.fromtimestamp(call['at'], datetime.timezone.utc).isoformat()
    return json.dumps({'ts': at, 'client': '10.0.0.1', 'user': call['user'], 'method': 'POST', 'host': 'llm.example.jp',
                       'uri': call['path'], 'status': 200, 'rid': call['rid'], 'model': call['model'],
                       'input_tokens': call['in'], 'output_tokens': call['out']}) + '\n'


def site_in(zone, keys_of=None):
    site = Site(zone=zone, keys_of=keys_of)
    users = ''.join('    - {id: %s%s}\n' % (u, ', department: ' + d if d else '') for u, d in USERS.items())
    functions = ''.join('  - {name: %s, match: {path: %s}}\n' % (f, p) for p, f in FUNCTIONS.items() if f)
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('prices: {table: %s}\nidentities:\n  users:\n%sfunctions:\n%s' % (site.path('prices.yml'), users, functions))
    with open(site.path('prices.yml'), 'w', encoding='utf-8') as f:
        f.write(table(PRICES))
    with open(site.path('anew.yml'), 'w', encoding='utf-8') as f:
        f.write(table(ANEW))
    return site


def truth(calls, prices):
    """What the report of these calls has to say."""
    by = {k: collections.defaultdict(lambda: [0, 0]) for k in ('user', 'department', 'function', 'model')}
    for c in calls:
        for kind, name in (('user', c['user']), ('department', USERS[c['user']]), ('function', FUNCTIONS[c['path']]),
                           ('model', c['model'])):
            by[kind][name][0] += 1
            by[kind][name][1] += cost(prices, c) or 0
    return {'calls': len(calls), 'cost': sum(cost(prices, c) or 0 for c in calls),
            'unpriced': sum(cost(prices, c) is None for c in calls), **{k: dict(v) for k, v in by.items()}}


def said(report):
    return {'calls': report['calls'], 'cost': int(report['cost.pico_usd']), 'unpriced': report['cost.unpriced_calls'],
            **{k: {n: [s['calls'], int(s['pico_usd'])] for n, s in report['by.' + k].items()}
               for k in ('user', 'department', 'function', 'model')}}


def lines_add_up(report):
    lines = report['cost.lines']
    return (sum(x['calls'] for x in lines), sum(int(x['pico_usd']) for x in lines)) == (report['calls'], int(report['cost.pico_usd']))


def check(tap, site, zone, calls, prices, what, days):
    """Every one of `days`: its report, the month's total until then; and the weeks that they make up."""
    z, per_day, wrong, weeks = zoneinfo.ZoneInfo(zone), collections.defaultdict(list), [], collections.Counter()
    for c in calls:
        per_day[datetime.datetime.fromtimestamp(c['at'], z).date()].append(c)
    for day in days:
        report = site.lines('report', 'daily', '--date', day.isoformat(), '--format', 'json')[0]
        so_far = sum(cost(prices, c) or 0 for d, some in per_day.items() if FIRST <= d <= day for c in some)
        weeks[day.isocalendar()[1]] += int(report['cost.pico_usd'])
        if said(report) != truth(per_day[day], prices) or int(report['cost.month_pico_usd']) != so_far or not lines_add_up(report):
            wrong.append('%s: %s, not %s; %s until then, not %s' % (day, said(report), truth(per_day[day], prices),
                                                                    report['cost.month_pico_usd'], so_far))
    period = site.lines('report', 'monthly', '--date', LAST.isoformat(), '--format', 'json')[0]
    want = truth([c for d, some in per_day.items() if FIRST <= d <= LAST for c in some], prices)
    if said(period) != want:
        wrong.append('the month: %s, not %s' % (said(period), want))
    if len(days) > 7:
        want = collections.Counter()
        for d in days:
            want[d.isocalendar()[1]] += sum(cost(prices, c) or 0 for c in per_day[d])
        if weeks != want:
            wrong.append('weeks: %s, not %s' % (dict(weeks), dict(want)))
    tap.ok(not wrong, '%s, %s: %d days' % (zone, what, len(days)), '\n'.join(wrong[:3]))


def write(site, name, calls):
    with open(site.path(name), 'w', encoding='utf-8') as f:
        f.writelines(map(line, calls))
    return site.path(name)


def import_killed(r, site, path):
    """Begins again until one import comes to its end; each of the first few is killed somewhere on the way."""
    for _ in range(5):
        p = subprocess.Popen([TOCHOKU, '-c', site.config, 'import', '--format', 'nginx-json', path],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=site.dir)
        time.sleep(r.random() * 0.15)
        p.send_signal(signal.SIGKILL)
        p.wait()
    site.tochoku('import', '--format', 'nginx-json', path)


def reprice_killed(r, site, first, last):
    order = ['prices', 'reprice', '--from', first, '--to', last, '--table', site.path('anew.yml'), '--reason', 'a correction']
    for _ in range(3):
        p = subprocess.Popen([TOCHOKU, '-c', site.config, *order], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             cwd=site.dir)
        time.sleep(r.random() * 0.1)
        p.send_signal(signal.SIGKILL)
        p.wait()
    site.tochoku(*order)


def in_zone(tap, r, zone, n, whole):
    calls = month(r, zone, n)
    every = [FIRST + datetime.timedelta(i) for i in range((LAST - FIRST).days + 1)]
    some = every if whole else sorted(r.sample(every, 4) + [datetime.date(2026, 10, 25), LAST])
    site = site_in(zone)
    site.tochoku('import', '--format', 'nginx-json', write(site, 'x.log', sorted(calls, key=lambda c: c['at'])))
    check(tap, site, zone, calls, PRICES, 'in order', some)
    shuffled = site_in(zone)
    import_killed(r, shuffled, write(shuffled, 'x.log', r.sample(calls, len(calls))))
    check(tap, shuffled, zone, calls, PRICES, 'shuffled, killed and begun again', some)
    reprice_killed(r, shuffled, FIRST.isoformat(), LAST.isoformat())
    check(tap, shuffled, zone, calls, ANEW, 'priced anew, killed and begun again', some)
    site.cleanup()
    shuffled.cleanup()


def main():
    tap, r = Tap(), random.Random(int(os.environ.get('SEED', '1')))
    for zone in ZONES:
        in_zone(tap, r, zone, int(os.environ.get('CALLS', '3000')), zone == ZONES[0])
    tap.done()


if __name__ == '__main__':
    main()
