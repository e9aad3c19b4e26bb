#!/usr/bin/env python3
"""The public cases beside the project (../shared): gateway logs against their table, the official holidays
and both day-class tables against `calendar show`. Run where they are."""
import collections
import csv
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap  # noqa: E402

SHARED = os.path.join(ROOT, '../shared')
sys.path.insert(0, os.path.join(SHARED, 'acceptance/lib'))
FORMATS = ('nginx-combined', 'nginx-json')


def gateway_logs(tap):
    import gateway
    import tk
    folder = os.path.join(SHARED, 'corpora/gateway-logs')
    rows = collections.defaultdict(list)
    for row in tk.read_tsv(os.path.join(folder, 'EXPECTED.tsv')):
        rows[row['file']].append(row)
    for name in FORMATS:
        for extra in (('--format', name), ()):
            _, events, complaints = tk.decode(TOCHOKU, os.path.join(folder, name + '.log'), extra=extra)
            pairs, left = gateway.pair(rows[name + '.log'], events)
            wrong = ['line %s: %s' % (row['line'], [k for k, good in fields.items() if good is False] if e else 'no event')
                     for row, e, fields in pairs
                     if (e is None and not gateway.optional(row)) or False in fields.values()]
            tap.ok(not wrong and not left and not complaints and pairs,
                   'decode %s %s: %d lines' % (name, 'named' if extra else 'detected', len(pairs)),
                   '\n'.join(wrong + complaints + ['%d events for no line' % len(left)]))


def table(name):
    with open(os.path.join(SHARED, 'corpora/holidays', name), encoding='utf-8') as f:
        return list(csv.DictReader(f))


def shown(site, first, last):
    return {d['date']: d for d in site.lines('calendar', 'show', '--from', first, '--to', last, '--json')}


def day_classes(tap):
    for name, calendar in (('sat-half', 'saturday: half, founding_day: "06-01"'), ('sat-closed', 'saturday: closed')):
        site = Site(extra='calendar: {closures: ["12-29..01-03"], %s}\n' % calendar)
        days, wrong, rows = shown(site, '2025-01-01', '2027-12-31'), [], table('dayclass-%s-2025-2027.csv' % name)
        for row in rows:
            d = days.get(row['date'], {})
            got = [d.get('opening'), d.get('reason'), str(d.get('gap_days')), d.get('tochoku.calendar.day')] + [
                str(int(d.get(k) or 0)) for k in ('first_after_holiday', 'first_business_day_of_month',
                                                  'tochoku.calendar.after_holiday')]
            want = [row[k] for k in ('opening', 'reason', 'gap_days', 'calendar_day', 'first_after_holiday',
                                     'first_business_day_of_month', 'after_holiday')]
            if got != want:
                wrong.append('%s: got %s, want %s' % (row['date'], got, want))
        tap.ok(rows and not wrong, 'calendar show: %d days, Saturday %s' % (len(rows), name), '\n'.join(wrong))


def holidays(tap):
    rows = table('jp-holidays.csv')
    years = {r['date'][:4] for r in rows}
    days = shown(Site(), min(years) + '-01-01', max(years) + '-12-31')
    got = {d for d, v in days.items() if v.get('tochoku.calendar.holiday') and d[:4] in years}
    want = {r['date'] for r in rows}
    tap.ok(got == want, '%d official holidays of %d years' % (len(want), len(years)),
           'too many %s\ntoo few %s' % (sorted(got - want), sorted(want - got)))


def main():
    tap = Tap()
    gateway_logs(tap)
    day_classes(tap)
    holidays(tap)
    tap.done()


if __name__ == '__main__':
    main()
