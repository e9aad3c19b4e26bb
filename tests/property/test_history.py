#!/usr/bin/env python3
"""What rules that look back find on closed days is a function of the events alone: it equals a naive reference, and
is the same for one import, pieces, pieces backwards, lines in any order, and a tail that is killed. SEED=N."""
import datetime
import json
import os
import random
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), HERE]
from harness import ROOT, Site, Tap  # noqa: E402
from history import History  # noqa: E402

RULE = '''---
title: %(name)s
id: %(name)s
level: %(level)s
logsource: {%(source)s}
detection: {s: {%(detection)s}, condition: s}
tochoku: {entity: [%(entity)s]%(more)s}
'''
CORRELATION = '''---
title: a failure
name: failure
logsource: {category: llm_api}
detection: {s: {sc-status: 500}, condition: s}
---
title: failures
name: failures
correlation: {type: event_count, rules: [failure], group-by: [cs-username], timespan: 1h, condition: {gte: 2}}
---
title: A busy minute
name: busy minute
logsource: {product: tochoku, service: minute}
detection: {s: {calls_10m|gte: 8}, condition: s}
---
title: busy over midnight
name: busy-minutes
correlation: {type: event_count, rules: [busy minute], timespan: 5m, condition: {gte: 5}}
tochoku: {entity: [site], once-per: day}
---
title: A day with few calls
name: poor day
logsource: {product: tochoku, service: day_close}
detection: {s: {scope: site, calls|lt: 15}, condition: s}
---
title: Two in three days
name: poor-days
correlation: {type: event_count, rules: [poor day], timespan: 3d, condition: {gte: 2}}
tochoku: {entity: [site], once-per: day}
---
title: A call behind the ninth of its day
name: tenth
logsource: {category: llm_api}
detection: {s: {usage.user_day.calls|gte: 10}, condition: s}
---
title: Late calls of one who called much
name: late-calls
correlation: {type: event_count, rules: [tenth], group-by: [cs-username], timespan: 6h, condition: {gte: 4}}
tochoku: {entity: [cs-username], once-per: day}
---
title: A failure behind a busy minute
name: busy-then-failure
correlation: {type: temporal_ordered, rules: [busy minute, failure], timespan: 6h}
---
title: Regular
name: regular
logsource: {category: llm_api}
detection: {s: {usage.interval_cv|lt: 0.1}, condition: s}
---
title: Regular for long
name: regular-long
correlation: {type: event_count, rules: [regular], group-by: [key.id], timespan: 2m, condition: {gte: 9}}
tochoku: {entity: [cs-username], once-per: day}
'''
CHAINS = [
    ('busy-minutes', 'minute', lambda m: m['calls_10m'] >= 8, None, 300, 5),
    ('poor-days', 'close', lambda d: d['calls'] < 15, None, 3 * 86400, 2),
    ('late-calls', 'call', lambda h, e: e['number'] >= 10, lambda e: e['user.name'], 6 * 3600, 4),
    ('regular-long', 'call', lambda h, e: 0 <= h.variation(e) < 0.1, lambda e: e['user.name'], 120, 9),
]
CALL = 'category: llm_api'
OWN = 'product: tochoku, service: '
DAY = ', once-per: day'
USER, KEY = 'cs-username', 'key.id'


def user(e):
    return e.get('user.name')


def key(e):
    return e.get('tochoku.key.id')


def pair(kind, *names):
    def subject(e):
        return ('key', key(e)) if kind in ('ip', 'agent') else ('user', user(e))

    def fires(h, e):
        value = {'ip': e['source.ip'], 'agent': None, 'model': None, 'hour': e['wall'].hour}[kind]
        if kind == 'agent':
            from history import family
            value = family(e['user_agent.original'])
        if kind == 'model':
            value = e.get('gen_ai.request.model')
        return h.first(e, subject(e), (kind, subject(e)[1], value))
    return fires


def night(h, e):
    usual = h.usual_night(user(e), e['day'])
    return e['night_number'] >= 3 and usual is not None and 100 * e['night_number'] / usual >= 200


def above(name, limit):
    return lambda m: m[name] is not None and m[name] >= limit


# name, level, source, detection, entity, more; then kind, does it fire, its subject
RULES = [
    ('idle', 'low', CALL, 'key.idle_days|gte: 10, sc-status: 200', KEY, DAY, 'call',
     lambda h, e: h.idle(e) >= 10 and e['http.response.status_code'] == 200, key),
    ('first-ip', 'medium', CALL, 'first.key_ip: true', KEY + ', c-ip', DAY, 'call', pair('ip'),
     lambda e: (key(e), e['source.ip'])),
    ('first-agent', 'low', CALL, 'first.key_agent: true', KEY, DAY, 'call', pair('agent'), key),
    ('first-model', 'low', CALL, 'first.user_model: true', USER, DAY, 'call', pair('model'), user),
    ('first-hour', 'low', CALL, 'first.user_hour: true', USER, DAY, 'call', pair('hour'), user),
    ('travel', 'high', CALL, 'geo.speed_kmh|gt: 900, geo.distance_km|gt: 300', USER, DAY, 'call',
     lambda h, e: h.leg(e)[0] > 300 and h.leg(e)[1] > 900, user),
    ('many', 'medium', CALL, 'usage.user_day.calls|gte: 12', USER, DAY, 'call', lambda h, e: e['number'] >= 12, user),
    ('night', 'medium', CALL, 'usage.user_night.calls|gte: 3, usage.user_night.pct_usual|gte: 200', USER, DAY, 'call',
     night, user),
    ('rhythm', 'low', CALL, 'usage.interval_cv|lt: 0.1', KEY, DAY, 'call', lambda h, e: 0 <= h.variation(e) < 0.1, key),
    ('quiet', 'low', CALL, 'sc-status: 500', USER, ', suppress: 10m', 'suppress',
     lambda h, e: e['http.response.status_code'] == 500, user),
    ('shift', 'low', CALL, 'sc-status: 429', USER, ', once-per: shift', 'shift',
     lambda h, e: e['http.response.status_code'] == 429, user),
    ('more', 'high', OWN + 'minute', 'usage.site_day.calls_pct_prev|gte: 150, usage.site_day.calls|gte: 20', 'site', DAY,
     'minute', lambda m: m['calls'] >= 20 and m['pct_prev'] is not None and m['pct_prev'] >= 150, None),
    ('more-than-yesterday', 'low', OWN + 'minute', 'usage.site_day.calls_pct_yesterday|gte: 200', 'site', DAY, 'minute',
     above('pct_yesterday', 200), None),
    ('errors', 'high', OWN + 'minute', 'error_pct_10m|gte: 50, calls_10m|gte: 3', 'site', DAY, 'minute',
     lambda m: m['error_pct_10m'] >= 50 and m['calls_10m'] >= 3, None),
    ('slow', 'low', OWN + 'minute', 'p95_ms|gte: 20000', 'site', DAY, 'minute', above('p95_ms', 20000), None),
    ('slower', 'low', OWN + 'minute', 'p95_pct_usual|gte: 500', 'site', DAY, 'minute',
     lambda m: m['p95_usual'] is not None and m['p95_ms'] is not None and m['p95_ms'] >= 5 * m['p95_usual'], None),
    ('silent', 'low', OWN + 'minute', 'minutes_since_call|gte: 300', 'site', DAY, 'minute', above('since', 300), None),
    ('users', 'low', OWN + 'minute', 'usage.site_day.active_users|gte: 7', 'site', DAY, 'minute', above('users', 7), None),
    ('cost', 'low', OWN + 'minute', 'usage.site_day.cost_usd|gte: 0.2', 'site', DAY, 'minute', above('cost_usd', 0.2),
     None),
    ('few', 'medium', OWN + 'day_close', 'scope: site, cal.business_day: true, calls|lt: 25', 'site', '', 'close',
     lambda d: d['business'] and d['calls'] < 25, None),
    ('few-users', 'low', OWN + 'day_close', 'scope: site, active_users|lt: 5', 'site', '', 'close', lambda d: d['users'] < 5, None),
    ('less', 'low', OWN + 'day_close', 'scope: site, calls_pct_prev|lt: 60', 'site', '', 'close',
     lambda d: d['pct_prev'] is not None and d['pct_prev'] < 60, None),
    ('wrong', 'low', OWN + 'day_close', 'scope: site, error_pct|gte: 10', 'site', '', 'close', above('error_pct', 10), None),
    ('review', 'low', OWN + 'day_close', 'cal.days_off_before|gte: 3, break.findings|gte: 1', 'site', '', 'close',
     lambda d: d['gap'] >= 3 and d['break_findings'] >= 1, None),
    ('break', 'low', OWN + 'day_close', 'cal.days_off_before|gte: 3, break.calls_pct|gt: 150', 'site', '', 'close',
     lambda d: d['gap'] >= 3 and d['break_pct'] is not None and d['break_pct'] > 150, None),
    ('department-more', 'medium', OWN + 'day_close', 'scope: department, calls_pct_prev|gte: 200', 'tochoku.department', '',
     'department', above('pct_prev', 200), None),
    ('department-idle', 'low', OWN + 'day_close', 'scope: department, active_users|lt: 2', 'tochoku.department', '',
     'department', lambda d: d['users'] < 2, None),
    ('user-more', 'low', OWN + 'day_close', 'scope: user, calls_pct_prev|gte: 300', USER, '', 'user', above('pct_prev', 300),
     None),
    ('user-yesterday', 'low', OWN + 'day_close', 'scope: user, calls_pct_yesterday|gte: 400', USER, '', 'user',
     above('pct_yesterday', 400), None),
    ('user-wrong', 'low', OWN + 'day_close', 'scope: user, error_pct|gte: 30', USER, '', 'user', above('error_pct', 30), None),
    ('user-cost', 'low', OWN + 'day_close', 'scope: user, cost_usd|gte: 0.08', USER + ', tochoku.department', '', 'user', above('cost_usd', 0.08), None),
]
REFERENCE = [(name, level, kind, fires, subject) for name, level, _, _, _, _, kind, fires, subject in RULES]
ZONE = 'Asia/Tokyo'
FIRST = datetime.date(2026, 7, 20)
DAYS = 75
PLACES = {'81.2.69.': ('GB', 51.5, -0.1), '133.11.0.': ('JP', 35.7, 139.8), '133.11.1.': ('JP', 34.7, 135.5)}


def database(site):
    rows = 'network,country,city,lat,lon\n' + ''.join(
        '%s0/24,%s,x,%s,%s\n' % (net, c, lat, lon) for net, (c, lat, lon) in PLACES.items())
    path = site.path('geo.mmdb')
    subprocess.run([sys.executable, os.path.join(ROOT, 'tests/lib/mmdb_write.py'), path, '--layout', 'nested', '--epoch',
                    '1767225600'], input=rows, encoding='ascii', check=True)
    return path


def one_call(rng, n, day, who, spike):
    hour = rng.choice([8, 9, 9, 10, 10, 11, 13, 14, 15, 16, 17, 23] if who < 7 else [1, 2, 3, 5, 23])
    if rng.random() < 0.01:
        hour = rng.randrange(24)
    start = datetime.datetime.combine(day, datetime.time(hour, rng.choice([0, 7, 8, 9, 30, 58, 59]), rng.randrange(60)))
    rt = rng.choice([0.2, 0.5, 1, 1.0, 2, 30 if spike == 'slow' else 3])
    if rng.random() < 0.01:
        rt, start = 400, start.replace(hour=23, minute=57)
    status = 500 if spike == 'errors' and hour == 10 else rng.choice([200] * 40 + [401, 429, 500, 404])
    end = start.timestamp() + rt if rng.random() < 0.5 else int(start.timestamp()) + rt
    client = '10.10.0.%d' % (who + (100 if rng.random() < 0.01 else 0))
    if rng.random() < 0.03:
        client = rng.choice(list(PLACES)) + str(rng.randrange(1, 5))
    agent = 'curl/8.%d' % rng.randrange(3) if rng.random() < 0.03 else rng.choice(['okhttp/4', 'Java']) if rng.random() < 0.005 else 'OpenAI/Python 1.%d' % rng.randrange(9)
    return end, json.dumps({
        'ts': datetime.datetime.fromtimestamp(end, datetime.timezone.utc).isoformat(timespec='milliseconds'),
        'msec': round(end, 3), 'client': client, 'user': 'u%d' % who, 'dept': 'D%d' % (who % 3 if n % 9 else 4), 'authorization': 'Bearer sk-test-%d' % who,
        'method': 'POST', 'host': 'gw', 'uri': '/v1/chat/completions', 'status': status, 'rt': rt, 'rid': '%032x' % n,
        'ua': agent, 'model': rng.choice(['gpt-4.1'] * 30 + ['gpt-4.1-mini']), 'input_tokens': rng.randrange(4000),
        'output_tokens': rng.randrange(500)})


def make_log(seed):
    """Lines in order of their end. Keys sleep, days are busy, slow or wrong, people travel and clocks tie."""
    os.environ['TZ'] = ZONE
    time.tzset()
    rng, calls = random.Random(seed), []
    for i in range(DAYS):
        day = FIRST + datetime.timedelta(i)
        if i in (31, 32):
            continue
        spike = 'slow' if i % 17 == 5 else 'errors' if i % 13 == 6 else None
        n = (12 if day.weekday() >= 5 or 23 <= i <= 27 else 45) * (3 if i % 11 == 10 else 1)
        for _ in range(n):
            who = rng.choice([0, 1, 2, 3, 4, 5, 7] if i % 3 else [0, 1, 2, 3, 4, 5, 6, 7, 7])
            if who in (1, 6) and (12 < i < 26 or i > 70):
                continue
            calls.append(one_call(rng, len(calls), day, who, spike))
        if i % 10 == 4:  # a script, every seven seconds or nearly so
            for k in range(70):
                end, line = one_call(rng, len(calls), day, 4, None)
                start = datetime.datetime.combine(day, datetime.time(23, 56)).timestamp() + 7 * k
                end = round(start + rng.choice([0, 0, 0.3]), 3)
                calls.append((end, json.dumps(dict(json.loads(line), msec=end, rt=0.2, status=200))))
    return [line + '\n' for _, line in sorted(calls)]


def new_site(like=None, tails=()):
    site = Site(tails=tails, zone=ZONE, keys_of=like)
    with open(site.path('rules.yml'), 'w', encoding='utf-8') as f:
        for name, level, source, detection, entity, more, *_ in RULES:
            f.write(RULE % {'name': name, 'level': level, 'source': source, 'detection': detection, 'entity': entity,
                            'more': more})
        f.write(CORRELATION)
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [%s]}\ngeoip: {databases: [%s]}\n' % (site.path('rules.yml'), database(site)))
        f.write('calendar: {closures: [08-12..08-16]}\nbudget: {day_usd: 1}\n')
    return site


def import_lines(site, lines):
    with open(site.path('part.log'), 'w', encoding='utf-8') as f:
        f.writelines(lines)
    site.tochoku('import', '--input', 'gateway', '--format', 'nginx-json', site.path('part.log'))


def found(site):
    """Findings that stand, with the local day they are of."""
    out = []
    for f in site.lines('findings', 'list', '--json'):
        if not f.get('withdrawn'):
            day = datetime.datetime.fromisoformat(f['first'].replace('Z', '+00:00')).astimezone()
            out.append((f['rule.id'], str(day.date()), tuple(f['events']), f['count']))
    return sorted(out)


def numbers(site):
    """What stands beside the subjects: the numbers and days that were compared."""
    end = str(FIRST + datetime.timedelta(DAYS + 1))  # a program that runs has quiet days of its own behind it
    return sorted(json.dumps({k: v for k, v in f.items() if k not in ('id', 'provisional')}, sort_keys=True)
                  for f in site.lines('findings', 'list', '--json') if not f.get('withdrawn') and f['first'] < end)


def same(tap, site, want, name):
    got = numbers(site)
    tap.ok(got == want, name, 'only here %.1500s\nonly in one import %.1500s' % (
        sorted(set(got) - set(want))[:4], sorted(set(want) - set(got))[:4]))


def by_tail(tap, like, lines, want, rng):
    """Written in pieces under a running program, which is killed between two of them and in one."""
    site = new_site(like, [('gateway', 'access.log', 'nginx-json')])
    open(site.path('access.log'), 'w').close()
    at, n = 0, 0
    site.start()
    while at < len(lines):
        step = rng.randrange(1, 500)
        with open(site.path('access.log'), 'a', encoding='utf-8') as f:
            f.writelines(lines[at:at + step])
        at = min(len(lines), at + step)
        n += 1
        if n % 3 != 0 or at == len(lines):
            site.wait_count(at)
        if n % 3 == 0:
            site.kill()
            site.start()
    tap.ok(site.wait_count(len(lines)), 'a tail: every line is an event')
    last = (FIRST - datetime.date(1970, 1, 1)).days + DAYS + 1
    tap.ok(site.wait_closed(last), 'a tail: its days are closed')
    site.stop()
    same(tap, site, want, 'a tail in pieces, killed now and then, finds the same')


def main():
    tap, seed = Tap(), int(os.environ.get('SEED', '1'))
    rng, lines = random.Random(seed), make_log(seed)
    whole = new_site()
    import_lines(whole, lines)
    days = {d['date']: d['opening'] for d in whole.lines(
        'calendar', 'show', '--from', FIRST - datetime.timedelta(100), '--to', FIRST + datetime.timedelta(DAYS + 9),
        '--json')}
    events = whole.events()
    tap.equal(len(events), len(lines), 'every line is an event')
    want = History(events, ZONE, lambda d: days[str(d)]).findings(REFERENCE)
    got = found(whole)
    for name, *_ in RULES:
        mine, theirs = [x for x in got if x[0] == name], [x for x in want if x[0] == name]
        tap.ok(theirs and mine == theirs, '%s: %d findings equal the reference' % (name, len(theirs)),
               'only reported %.900s\nonly in the reference %.900s' % (
                   sorted(set(mine) - set(theirs))[:5], sorted(set(theirs) - set(mine))[:5]))
    chained = History(events, ZONE, lambda d: days[str(d)]).chains(CHAINS)
    mine = sorted((f['rule.id'], str(datetime.datetime.fromisoformat(f['first'].replace('Z', '+00:00')).astimezone().date()),
                   f.get('user.name', 'site'), f['count']) for f in whole.lines('findings', 'list', '--json'))
    for name, *_ in CHAINS:
        got, theirs = [x for x in mine if x[0] == name], [x for x in chained if x[0] == name]
        tap.ok(theirs and got == theirs, '%s: %d findings of a correlation equal the reference' % (name, len(theirs)),
               'only reported %.900s\nonly in the reference %.900s' % (
                   sorted(set(got) - set(theirs))[:5], sorted(set(theirs) - set(got))[:5]))
    tap.ok(any(f['rule.id'] == 'busy-then-failure' for f in whole.lines('findings', 'list', '--json')), 'minutes and calls together')
    base = [f for f in whole.lines('findings', 'list', '--json') if f['rule.id'] == 'more']
    tap.ok(base and all('baseline.day' in f and f['usage.site_day.calls_pct_prev'] ==
                        f['usage.site_day.calls'] * 10**8 // f['baseline.calls'] / 10**6 for f in base),
           'a finding tells what it compared', base[:1])
    tap.ok(not any('tochoku.department' in f for f in whole.lines('findings', 'list', '--json') if f['rule.id'] == 'user-cost'),
           "a user's close is of no department that was told before it")
    want = numbers(whole)
    tap.ok(any('failures' in f for f in want), 'a correlation finds')
    site = new_site(whole)
    import_lines(site, lines)
    import_lines(site, lines)
    same(tap, site, want, 'the same file again changes nothing')
    site.cleanup()
    site, at = new_site(whole), 0
    while at < len(lines):
        step = rng.randrange(1, 700)
        import_lines(site, lines[at:at + step])
        at += step
    same(tap, site, want, 'pieces, one import each')
    site.cleanup()
    site, at = new_site(whole), len(lines)
    while at > 0:
        step = rng.randrange(1, 700)
        import_lines(site, lines[max(0, at - step):at])
        at -= step
    same(tap, site, want, 'pieces, the last one first')
    site.cleanup()
    site = new_site(whole)
    shuffled = lines[:]
    rng.shuffle(shuffled)
    import_lines(site, shuffled)
    same(tap, site, want, 'all lines in any order')
    site.cleanup()
    site = new_site(whole)
    import_lines(site, [x for i, x in enumerate(lines) if i % 5])
    import_lines(site, [x for i, x in enumerate(lines) if i % 5 == 0])
    same(tap, site, want, 'every fifth line late')
    site.cleanup()
    by_tail(tap, whole, lines, want, rng)
    tap.done()


if __name__ == '__main__':
    main()
