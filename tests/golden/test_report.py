#!/usr/bin/env python3
"""The reports of a fixed small ledger in their forms, against the files in report/.

GOLDEN_UPDATE=1 writes those files anew: read the difference before keeping it."""
import datetime
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import Site, Tap  # noqa: E402

DAY = '2026-11-24'  # a Tuesday after a Monday holiday
JST = datetime.timezone(datetime.timedelta(hours=9))
USERS = ['tanaka', 'sato', 'suzuki', 'ito', '']
SETTINGS = '''identities:
  users:
    - {id: tanaka, name: 田中 一郎, roles: [nurse], department: 内科, status: active}
    - {id: sato, name: 佐藤 花子, roles: [office], department: 医事課, status: active}
functions:
  - {name: 要約, match: {path: /v1/chat/completions}}
budget: {month_usd: 3000, currency: {code: JPY, rate: 150.00, date: 2026-11-20, source: TTM}}
rules: {paths: [%s]}
''' % os.path.join(HERE, 'report/rules.yml')
FORMS = [('daily.ja.txt', ('daily', '--format', 'text', '--lang', 'ja')),
         ('daily.en.txt', ('daily', '--format', 'text', '--lang', 'en')),
         ('daily.json', ('daily', '--format', 'json')),
         ('daily.html', ('daily', '--format', 'html', '--lang', 'ja,en')),
         ('weekly.ja.txt', ('weekly', '--format', 'text', '--lang', 'ja')),
         ('weekly.html', ('weekly', '--format', 'html', '--lang', 'en', '--for', 'managers')),
         ('monthly.en.txt', ('monthly', '--format', 'text', '--lang', 'en')),
         ('monthly.csv', ('monthly', '--format', 'csv', '--lang', 'ja', '--for', 'managers'))]


def line(n, at):
    """Call number n: everything follows from it."""
    status = 500 if n % 23 == 0 else 401 if n % 17 == 0 else 429 if n % 29 == 0 else 200
    return json.dumps({
        'time_iso8601': at.isoformat(), 'remote_addr': '203.0.113.9' if n % 31 == 0 else '10.10.1.%d' % (n % 7 + 2),
        'user': USERS[n % 5], 'request_method': 'POST',
        'request_uri': '/v1/chat/completions' if n % 4 else '/v1/embeddings', 'status': status,
        'body_bytes_sent': 500 + n, 'request_time': '%d.%03d' % (n % 5, n * 37 % 1000),
        'http_authorization': 'Bearer sk-golden-%d' % (n % 3),
        'model': 'ward-model' if n % 11 == 0 else 'gpt-4o-mini' if n % 3 else 'claude-sonnet-4', 'prompt_tokens': 100 + n % 50,
        'completion_tokens': 10 + n % 9}, ensure_ascii=False)


def log():
    """Friday, Sunday, the holiday and the day itself, 20 to 160 calls each, some of them at night."""
    out, n = [], 0
    for day, calls in ((20, 120), (22, 20), (23, 30), (24, 160)):
        for i in range(calls):
            n += 1
            minute = 150 + i * 1200 // calls
            out.append(line(n, datetime.datetime(2026, 11, day, minute // 60, minute % 60, n % 60, tzinfo=JST)))
    return '\n'.join(out) + '\n'


def main():
    tap, site = Tap(), Site(extra=SETTINGS)
    os.mkdir(site.path('keys'))
    with open(site.path('keys/fingerprint.key'), 'wb') as f:
        f.write(bytes(range(32)))  # the report names keys by their fingerprints
    with open(site.path('gateway.json'), 'w', encoding='utf-8') as f:
        f.write(log())
    site.tochoku('import', '--format', 'nginx-json', site.path('gateway.json'))
    for name, options in FORMS:
        got = site.tochoku('report', *options, '--date', DAY)
        tap.ok(got == site.tochoku('report', *options, '--date', DAY), name + ': same input, same bytes')
        path = os.path.join(HERE, 'report', name)
        if os.environ.get('GOLDEN_UPDATE'):
            with open(path, 'wb') as f:
                f.write(got)
        with open(path, 'rb') as f:
            want = f.read()
        different = [g for g, w in zip(got.decode().splitlines(), want.decode().splitlines()) if g != w]
        tap.ok(got == want, name + ' as it was', '\n'.join(different) or 'one is longer')
    site.tochoku('report', 'daily', '--date', '2026-02-30', want=2)
    tap.ok('2026-02-30' in site.last_error, 'a day that does not exist is a usage error')
    tap.done()


if __name__ == '__main__':
    main()
