#!/usr/bin/env python3
"""Weekly and monthly reports against figures counted here from the log itself; the forms CSV and PDF; what the
management may see; names out of a log that would like to be formulas, markup or commands."""
import collections
import csv
import datetime
import io
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

JST = datetime.timezone(datetime.timedelta(hours=9))
DAY = '2026-11-24'  # Tuesday; its week is Friday 20 to Thursday 26
HOSTILE = ['=HYPERLINK("http://evil","x")', '+1+1', '-2', '@SUM(A1)', '＝1', '<script>alert(1)</script>',
           '"><img src=x onerror=alert(1)>', 'a\u202eb', '長' * 120, 'x' * 200, "O'Neil & Söhne", '\t=1']
USERS = ['tanaka', 'sato', 'suzuki', ''] + HOSTILE
SETTINGS = '''identities:
  users:
    - {id: tanaka, name: 田中 一郎, roles: [nurse], department: 内科, status: active}
    - {id: sato, name: 佐藤 花子, roles: [office], department: 医事課, status: left}
    - {id: nobody, name: 無名, roles: [office], department: 医事課, status: active}
functions:
  - {name: 要約, match: {path: /v1/chat/completions}}
budget: {month_usd: 3, currency: {code: JPY, rate: 150.00, date: 2026-11-20, source: TTM}}
'''
ITEMS = {'weekly': ['W1.%d' % i for i in range(1, 9)] + ['W2.%d' % i for i in range(1, 13)],
         'monthly': ['M1.1', 'M1.2', 'M1.3', 'M2.1', 'M2.2', 'M2.3', 'M3.1', 'M3.2', 'M3.3', 'M4.1', 'M4.2', 'M4.3',
                     'M5', 'M6']}
CLASSES = {401: 'denied', 429: 'limited', 404: 'failure', 500: 'error'}


def calls():
    """(begin, user, status, seconds, function): 100 days, more on weekdays, more with time."""
    out, n = [], 0
    first = datetime.datetime(2026, 8, 24, tzinfo=JST)
    for d in range(100):
        day = first + datetime.timedelta(days=d)
        for i in range((12 if day.weekday() < 5 else 3) + d // 10):
            n += 1
            at = day + datetime.timedelta(minutes=(n * 37) % 1440, seconds=n % 60)
            user = USERS[n % (3 if d < 60 else 4 if d < 90 else len(USERS))]
            if user == 'suzuki' and d >= 88:
                user = 'tanaka'  # who is lost in the last weeks
            status = 500 if n % 23 == 0 else 401 if n % 17 == 0 else 429 if n % 29 == 0 else 404 if n % 31 == 0 else 200
            out.append((at, user, status, n % 5 + n * 37 % 1000 / 1000, '要約' if n % 4 else ''))
            if n % 6 == 0:  # of one session, as the gap is; the long call ends after the short one behind it
                out[-1] = (at, user, status, 700.25, out[-1][4])
                out += [(at + datetime.timedelta(minutes=m), user, 200, .5, '') for m in (1, 40)]
    return sorted(out, key=lambda c: c[0])


def line(n, call):
    at, user, status, seconds, function = call
    return json.dumps({
        'time_iso8601': (at + datetime.timedelta(seconds=seconds)).isoformat(timespec='milliseconds'),
        'remote_addr': '10.10.1.7', 'user': user, 'request_method': 'POST',
        'request_uri': '/v1/chat/completions' if function else '/v1/embeddings', 'status': status,
        'body_bytes_sent': 500 + n, 'request_time': '%.3f' % seconds,
        'http_authorization': 'Bearer sk-report-1', 'model': 'gpt-4o-mini', 'prompt_tokens': 10000 + n,
        'completion_tokens': 1000}, ensure_ascii=False)


def check_figures(tap, name, got, part):
    """`part`: the calls of the period."""
    tap.equal(got['calls'], len(part), name + ': calls')
    tap.equal(got['calls.successful'], sum(c[2] == 200 for c in part), name + ': successful calls')
    active = {c[1] for c in part if c[1] and c[2] == 200}
    tap.equal(got['users.active'], len(active), name + ': active users')
    classes = collections.Counter(CLASSES[c[2]] for c in part if c[2] != 200)
    tap.equal({k: v for k, v in got['errors'].items() if v}, dict(classes), name + ': errors by class')
    hours = collections.Counter(str(c[0].hour) for c in part)
    tap.equal({k: v['calls'] for k, v in got['by.hour'].items() if v['calls']}, dict(hours), name + ': by hour')
    functions = collections.Counter(c[4] for c in part)
    tap.equal({k: v['calls'] for k, v in got['by.function'].items()}, dict(functions), name + ': by function')
    plain = collections.Counter(c[1] for c in part if c[1] not in HOSTILE)
    tap.equal({k: v['calls'] for k, v in got['by.user'].items() if k in USERS and k not in HOSTILE}, dict(plain),
              name + ': by user')
    tap.equal(sum(v['calls'] for v in got['by.user'].values()), len(part), name + ': users add up to the whole')
    durations = sorted(c[3] for c in part)
    for key, q in (('latency.median_ms', .5), ('latency.p95_ms', .95)):
        want = durations[max(0, -(-int(len(durations) * q * 1000) // 1000) - 1)] * 1000
        tap.ok(abs(got[key] - want) <= want * .04 + 1, '%s: %s' % (name, key), '%s, expected about %s' % (got[key], want))


def sessions(part):
    """Hours and number of sessions of known users."""
    last, total, n = {}, 0.0, 0
    for at, user, _, seconds, _ in sorted(part, key=lambda c: c[0] + datetime.timedelta(seconds=c[3])):
        begin, end = at.timestamp(), at.timestamp() + seconds
        if not user:
            continue
        if user in last and begin - last[user][1] <= 1800:
            last[user] = [min(begin, last[user][0]), max(end, last[user][1])]
            continue
        if user in last:
            total, n = total + last[user][1] - last[user][0], n + 1
        last[user] = [begin, end]
    return (total + sum(b - a for a, b in last.values())) / 3600, n + len(last)


def check_week_text(tap, site, part, before, older):
    text = site.tochoku('report', 'weekly', '--date', DAY, '--lang', 'en').decode()
    hours, n = sessions(part)
    found = re.search(r'time of use \(estimate\) ([\d.]+) hours \((\d+) sessions', text)
    tap.ok(found and abs(float(found[1]) - hours) <= .06 and int(found[2]) == n, 'weekly: sessions',
           '%s, expected %.2f %d' % (found and found[0], hours, n))
    now, last, old = ({c[1] for c in p if c[1] and c[2] == 200} for p in (part, before, older))
    want = 'new %d, back %d, lost %d' % (len(now - last - old), len((now - last) & old), len(last - now))
    tap.ok(want in text and not want.startswith('new 0, back 0, lost 0'), 'weekly: ' + want, text[:3000])
    tap.ok('%.1f %% of the period before' % (100 * len(part) / len(before)) in text, 'weekly: against the week before')
    few = sum(n < 10 for n in collections.Counter(c[1] for c in part if c[1] in now).values())
    tap.ok('calls a user: 1 to 9: %d users, 10 to 49: %d,' % (few, len(now) - few) in text, 'weekly: frequency of use')
    tap.ok('of 3 registered users 66.7 % called' in text, 'weekly: share of registered users', text[:2500])


def check_forms(tap, site, kind):
    text = {lang: site.tochoku('report', kind, '--date', DAY, '--lang', lang).decode() for lang in ('ja', 'en')}
    for lang in text:
        missing = [i for i in ITEMS[kind] if '  %s ' % i not in text[lang]]
        tap.ok(not missing, '%s: every item is there (%s)' % (kind, lang), missing)
    table = site.tochoku('report', kind, '--date', DAY, '--lang', 'ja', '--format', 'csv')
    tap.ok(table.startswith(b'\xef\xbb\xbf') and b'\r\n' in table, kind + '.csv: BOM, CRLF')
    rows = list(csv.reader(io.StringIO(table.decode('utf-8-sig'), newline=''), strict=True))
    tap.equal({len(r) for r in rows}, {5}, kind + '.csv: every line has the same columns')
    bad = [c for r in rows for c in r if c[:1] in ('=', '+', '-', '@', '＝', '\t', '\r')]
    tap.equal(bad, [], kind + '.csv: no cell begins like a formula')
    tap.ok(any(r[2].startswith("'=HYPERLINK") for r in rows), kind + '.csv: and the name is still there')
    page = site.tochoku('report', kind, '--date', DAY, '--lang', 'ja,en', '--format', 'html').decode()
    tap.ok('<script' not in page and '<img' not in page and ' style=' not in page and '\u202e' not in page,
           kind + '.html: no markup out of a log, no inline style')
    tap.ok(page.count('<svg viewBox') >= 2 * 5 and 'Content-Security-Policy' in page, kind + '.html: charts, policy')


def check_pdf(tap, site, kind, *options, pages=None):
    name = '%s %s.pdf' % (kind, ' '.join(options))
    args = ('report', kind, '--date', DAY, '--format', 'pdf', '--lang', 'ja', *options)
    pdf = site.tochoku(*args)
    tap.ok(pdf.startswith(b'%PDF-') and pdf == site.tochoku(*args), name + ': same input, same bytes')
    path = site.path('report.pdf')
    with open(path, 'wb') as f:
        f.write(pdf)
    info = subprocess.run(['pdfinfo', path], capture_output=True, text=True, check=True).stdout
    n = int(re.search(r'Pages:\s+(\d+)', info)[1])
    tap.ok('A4' in info and (pages is None or n == pages), name + ': A4 pages', info)
    text = subprocess.run(['pdftotext', '-layout', path, '-'], capture_output=True, text=True, check=True).stdout
    tap.ok(all(re.search(r'%d\s*/\s*%d\b' % (i, n), text) for i in range(1, n + 1)), name + ': page n/N', text[-300:])
    tap.ok('承認' in text and '取扱注意' in text and '\u202e' not in text, name + ': seal boxes and mark')
    return text


def check_partly(tap):
    """Days that nobody recorded are no days without calls: no quotient tells of them."""
    week = ['2026-11-%d' % d for d in (20, 21, 22, 23, 24, 25, 26)]
    for before, ja, name in ((['2026-11-18', '2026-11-19'], '比較不可', 'recorded from its sixth day on'),
                             (['2026-11-13', '2026-11-18'], '350.0 %', 'with quiet days'),
                             (['2026-11-12', '2026-11-18'], '700.0 %', 'with quiet days behind one of the week before it')):
        site = Site()
        with open(site.path('gateway.json'), 'w', encoding='utf-8') as f:
            for n, day in enumerate(before + week):
                f.write(line(n, (datetime.datetime.fromisoformat(day + 'T10:00:00+09:00'), 'tanaka', 200, 1, '')) + '\n')
        site.tochoku('import', '--format', 'nginx-json', site.path('gateway.json'))
        text = site.tochoku('report', 'weekly', '--date', DAY, '--lang', 'ja').decode()
        tap.ok('（前期比 ' + ja in text and '前期比：回数 ' + ja in text, 'weekly: against a week ' + name, text[:1500])
        if ja == '比較不可':
            tap.ok('not comparable' in site.tochoku('report', 'weekly', '--date', DAY, '--lang', 'en').decode(), 'in English too')
        site.cleanup()


def main():
    tap, site = Tap(), Site(extra=SETTINGS)
    check_partly(tap)
    log = calls()
    with open(site.path('gateway.json'), 'w', encoding='utf-8') as f:
        f.write('\n'.join(line(n, c) for n, c in enumerate(log)) + '\n')
    site.tochoku('import', '--format', 'nginx-json', site.path('gateway.json'))

    def between(first, last):
        return [c for c in log if first <= c[0].date().isoformat() <= last]
    week, month = between('2026-11-20', '2026-11-26'), between('2026-11-01', '2026-11-30')
    got = {k: json.loads(site.tochoku('report', k, '--date', DAY, '--format', 'json')) for k in ('weekly', 'monthly')}
    daily = json.loads(site.tochoku('report', 'daily', '--date', DAY, '--format', 'json'))
    for kind, part, begin, end in (('weekly', week, '2026-11-20', '2026-11-27'), ('monthly', month, '2026-11-01', '2026-12-01')):
        tap.equal(list(got[kind]), list(daily), kind + ': the keys of the daily report')
        tap.equal((got[kind]['period.from'], got[kind]['period.to']),
                  (begin + 'T00:00:00+09:00', end + 'T00:00:00+09:00'), kind + ': its period')
        check_figures(tap, kind, got[kind], part)
        check_forms(tap, site, kind)
    days = [json.loads(site.tochoku('report', 'daily', '--date', '2026-11-%d' % d, '--format', 'json')) for d in range(20, 27)]
    tap.equal(int(got['weekly']['cost.pico_usd']), sum(int(d['cost.pico_usd']) for d in days), 'weekly: cost is that of its days')
    tap.equal(got['weekly']['cost.month_pico_usd'], days[-1]['cost.month_pico_usd'], 'weekly: cost of the month up to its end')
    check_week_text(tap, site, week, between('2026-11-13', '2026-11-19'), between('2026-08-28', '2026-11-12'))
    for edge in ('2026-11-20', '2026-11-26'):
        tap.equal(json.loads(site.tochoku('report', 'weekly', '--date', edge, '--format', 'json')), got['weekly'],
                  'weekly: %s lies in it' % edge)
    tap.ok(json.loads(site.tochoku('report', 'weekly', '--date', '2026-11-27', '--format', 'json'))['period.from']
           .startswith('2026-11-27'), 'weekly: a Friday begins the next one')

    monthly = site.tochoku('report', 'monthly', '--date', DAY, '--lang', 'en').decode()
    tap.ok('1 registered users without a call in 90 days, 1 who left' in monthly, 'monthly: idle people and those who left')
    check_pdf(tap, site, 'daily')
    text = check_pdf(tap, site, 'weekly')
    tap.ok('W2.12' in text and 'W1.1' in text, 'weekly.pdf: its items')
    check_pdf(tap, site, 'monthly')
    text = check_pdf(tap, site, 'monthly', '--for', 'managers')
    tap.ok('tanaka' not in text and '利用者別' not in text, 'monthly for managers: no names of users')
    managers = {f: site.tochoku('report', 'weekly', '--date', DAY, '--for', 'managers', '--lang', 'ja', '--format', f).decode('utf-8')
                for f in ('text', 'html', 'json', 'csv')}
    tap.equal([f for f, t in managers.items() if 'tanaka' in t or 'HYPERLINK' in t], [],
              'weekly for managers: no names of users')
    tap.ok('JPY' in managers['text'] and '利用は %d 回' % len(week) in managers['text'], 'weekly for managers: sentences, yen')
    tap.ok('令和8年11月20日（金）' in site.tochoku('report', 'weekly', '--date', DAY, '--era', '--lang', 'ja').decode(), '--era')
    for wrong in (('yearly',), ('weekly', '--for', 'all'), ('weekly', '--format', 'doc'), ('daily', '--for', 'managers'),
                  ('monthly', '--date', '2026-13-01')):
        site.tochoku('report', *wrong, want=2)
        tap.ok(wrong[-1] in site.last_error or 'managers' in site.last_error, ' '.join(wrong) + ' is a usage error')
    tap.done()


if __name__ == '__main__':
    main()
