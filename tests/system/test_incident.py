#!/usr/bin/env python3
"""Incidents from their opening to their end, planned windows, and the availability that traffic shows."""
import datetime
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

JST = datetime.timezone(datetime.timedelta(hours=9))
LINE = '10.10.0.9 - u [%s] "POST /v1/chat/completions HTTP/1.1" %d 2 "-" "x"\n'


def records(site):
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True)
    rows = [json.loads(b) for b, in db.execute("SELECT body FROM records WHERE type = 'incident' ORDER BY seq")]
    db.close()
    return rows


def steps(tap, site):
    site.tochoku('incident', 'open', '--title', 'x', want=1)
    site.tochoku('incident', 'open', '--title', 'x', '--started', 'soon', want=2)
    site.tochoku('incident', 'open', '--titel', 'x', want=2)
    site.tochoku('incident', 'update', 'x', want=2)
    out = site.tochoku('incident', 'open', '--title', '応答なし\x1b[1m', '--started', '2026-11-20T09:00', '--detected',
                       '2026-11-20T09:10:00+09:00', '--severity', 'major', '--type', 'outage', '--personal_data', 'yes')
    tap.equal(out.split(), [b'open:', b'1'], 'the first incident')
    site.tochoku('incident', 'update', 1, '--responded', '2026-11-20T09:15', '--workaround', '再起動')
    site.tochoku('incident', 'update', 1, '--started', '2026-11-20T08:55', want=1)
    tap.ok('reason' in site.last_error, 'a time is corrected with a reason', site.last_error)
    site.tochoku('incident', 'update', 1, '--started', '2026-11-20T08:55', '--reason', '記録の確認')
    site.tochoku('incident', 'close', 1, want=1)
    site.tochoku('incident', 'close', 1, '--restored', '2026-11-20T09:55', '--fix', '増強')
    got = site.lines('incident', 'show', 1, '--json')[0]
    tap.equal((got['status'], got['started'], got['restored'], got['changes'], got['fix']),
              ('closed', '2026-11-20T08:55:00+09:00', '2026-11-20T09:55:00+09:00', 3, '増強'), 'what holds in the end')
    tap.equal(got['leak.first_notice'], '2026-11-25T09:10:00+09:00', 'the clock of a leak')
    shown = site.tochoku('incident', 'show', 1)
    tap.ok(b'\x1b' not in shown and b'2026-11-20T00:00:00Z' in shown and '記録の確認'.encode() in shown,
           'every version stays, safe for a terminal', shown)
    site.tochoku('incident', 'update', 1, '--cause', 'x', want=1)
    site.tochoku('incident', 'reopen', 1, want=1)
    site.tochoku('incident', 'reopen', 1, '--reason', '再発')
    tap.ok('漏えい等報告' in site.tochoku('incident', 'list').decode(), 'the list shows the days left')
    site.tochoku('incident', 'close', 1)
    tap.equal(site.tochoku('incident', 'list'), b'', 'a closed one is not listed')
    tap.ok(b'1  major' in site.tochoku('incident', 'list', '--all'), 'but with --all')
    site.tochoku('incident', 'show', 7, want=1)
    tap.equal([r['action'] for r in records(site)],
              ['incident.open', 'incident.update', 'incident.update', 'incident.close', 'incident.reopen', 'incident.close'],
              'each step is a record')


def windows(tap, site):
    now = datetime.datetime.now(JST)
    for hours, state in ((100, 'planned'), (60, 'late')):
        start = now + datetime.timedelta(hours=hours)
        site.tochoku('incident', 'window', '--title', '更新', '--from', start.strftime('%Y-%m-%dT%H:%M'), '--to',
                     (start + datetime.timedelta(hours=1)).strftime('%Y-%m-%dT%H:%M'), '--accounts', 'se-01')
        tap.equal(site.lines('incident', 'windows', '--json')[-1]['status'], state, '%d hours before' % hours)
    site.tochoku('incident', 'cancel', 1)
    site.tochoku('incident', 'cancel', 1, want=1)
    tap.equal([w['status'] for w in site.lines('incident', 'windows', '--json')], ['cancelled', 'late'], 'cancelled')
    site.tochoku('incident', 'window', '--title', 'x', '--from', '2026-11-28T10:00', '--to', '2026-11-28T09:00', want=1)


def availability(tap, site):
    """2026-11-20 with a call a minute; from 08:57 to 09:59 every call fails."""
    start = datetime.datetime(2026, 11, 20, tzinfo=JST)
    with open(site.path('access.log'), 'w') as f:
        for i in range(1440):
            f.write(LINE % ((start + datetime.timedelta(minutes=i, seconds=30)).strftime('%d/%b/%Y:%H:%M:%S +0900'),
                            502 if 537 <= i < 600 else 200))
    site.tochoku('import', '--input', 'gateway', site.path('access.log'))
    rows = site.lines('incident', 'availability', '--from', '2026-11-20', '--to', '2026-11-20', '--json')
    tap.equal([(r['outage.from'], r['outage.to'], r['entered']) for r in rows[1:]],
              [('2026-11-20T08:57:30+09:00', '2026-11-20T10:00:30+09:00', True)], 'the outage, which is entered')
    a = rows[0]
    minute = 60 * 10 ** 9
    tap.equal((a['calls'], a['calls.failed'], a['minutes.traffic'], a['outages']), (1440, 63, 1440, 1), 'counts')
    down, unknown = a['down_ns'], a['unknown_ns']
    tap.equal((down, unknown), (63 * minute, 0), '63 minutes down, all of it seen')
    tap.equal(a['availability.percent'], '95.62', '1377 of 1440 minutes are 95.625 %, rounded down')
    tap.equal((a['mttr_ns'], a['detect_ns'], a['respond_ns'], a['incidents.restored']),
              (60 * minute, 15 * minute, 20 * minute, 1), 'times of the incident')
    half = site.lines('incident', 'availability', '--from', '2026-11-20T09:30:00+09:00', '--to', '2026-11-20', '--json')
    tap.equal((half[0]['down_ns'], half[1]['outage.from']), (30 * minute + minute // 2, '2026-11-20T09:30:00+09:00'),
              'the part of it that lies in the period')
    text = site.tochoku('incident', 'availability', '--from', '2026-11-19', '--to', '2026-11-20').decode()
    tap.ok('unknown' in text and '1440.0 min' in text, 'a day that nobody watched is unknown', text)
    site.tochoku('incident', 'availability', '--from', '2020-01-01', want=3)
    tap.ok('400 days' in site.last_error, 'a period that is too long is told', site.last_error)


def main():
    tap = Tap()
    site = Site(tails=[('gateway', 'access.log', 'nginx-combined')])
    with open(site.path('access.log'), 'w') as f:
        f.write(LINE % ('10/Nov/2026:10:00:00 +0900', 200))
    site.tochoku('import', '--input', 'gateway', site.path('access.log'))
    steps(tap, site)
    windows(tap, site)
    availability(tap, site)
    tap.done()


main()
