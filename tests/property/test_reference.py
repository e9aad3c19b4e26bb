#!/usr/bin/env python3
"""Reports and counters equal a naive reference that reads only events, on ordinary days and on those on
which clocks jump; and day sums equal range sums. SEEDS=N (default 1) logs a window."""
import datetime
import fractions
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), HERE]
from harness import DEPARTMENTS, Site, Tap, identities, loggen  # noqa: E402
from reference import RULE, RULES, Reference, cost, day_start, differences, findings_of_day, model, sums  # noqa: E402

NO_REGISTER = 'no register of people and keys'
# zone, first day, days, and what is special
WINDOWS = [
    ('Asia/Tokyo', '2026-11-20', 6, 'a holiday on Monday'),
    ('Asia/Kolkata', '2026-11-20', 3, '+5:30'),
    ('Asia/Kathmandu', '2026-11-20', 3, '+5:45'),
    ('America/New_York', '2026-10-31', 3, 'an hour twice'),
    ('America/New_York', '2026-03-07', 3, 'an hour less'),
    ('Europe/Berlin', '2026-10-24', 3, 'an hour twice'),
    ('Europe/Berlin', '2026-03-28', 3, 'an hour less'),
    ('Australia/Lord_Howe', '2026-04-04', 3, 'half an hour twice'),
    ('Australia/Lord_Howe', '2026-10-03', 3, 'half an hour less'),
    ('Pacific/Apia', '2011-12-28', 4, 'a day that is not there'),
    ('Pacific/Apia', '2012-04-01', 2, 'an hour twice'),
    ('Asia/Tokyo', '2026-11-12', 3, NO_REGISTER),
]


def price_row(site, asked):
    """What the shipped table says of (provider, model, UTC date); None: it has no price."""
    provider, name, date = asked
    text = site.tochoku('prices', 'show', name, '--provider', provider, '--date', date, '--json', want=None)
    return json.loads(text, parse_float=fractions.Fraction) if site.last_status == 0 else None


def check_costs(tap, site, name, events):
    """Each call's cost, worked out again from its tokens; a model begins to have a price at UTC midnight."""
    used = [e for e in events if model(e)]
    asked = [(e.get('gen_ai.provider.name', ''), model(e), e['@timestamp'][:10]) for e in used]
    rows = {a: price_row(site, a) for a in sorted(set(asked))}
    wrong = [(e['event.id'], e.get('tochoku.cost.pico_usd'), cost(e, rows[a])) for e, a in zip(used, asked)
             if e.get('tochoku.cost.pico_usd') != cost(e, rows[a])]
    tap.ok(used and not wrong, '%s: %d costs equal the reference' % (name, len(used)), '%.600r' % wrong)
    return any(rows.values())


def check_window(tap, zone, first, days, what, seed):
    name = '%s %s (%s)' % (zone, first, what)
    site = Site(zone=zone, extra=('' if what == NO_REGISTER else identities()) + DEPARTMENTS % '')
    log = loggen(site.path('x.log'), '--start', first, '--days', days, '--calls', 400, '--misuse', '--seed', seed,
                 '--outside', 20, zone=zone)
    site.tochoku('import', '--input', 'gateway', log)
    with open(log, 'rb') as f:
        lines = f.read().count(b'\n')
    events = site.events()
    tap.equal(len(events), lines, name + ': every line is an event')
    priced = check_costs(tap, site, name, events)
    reference = Reference(events, zone)
    start = datetime.date.fromisoformat(first)
    # a call may begin on the day before the one on which it ends
    dates = [start + datetime.timedelta(i) for i in range(-1, days + 1)]
    reports = {d: site.lines('report', 'daily', '--date', d, '--format', 'json')[0] for d in dates}
    wrong = ['%s %s' % (d, x) for d in dates for x in differences(reports[d], reference.daily(d))]
    tap.ok(not wrong, name + ': reports equal the reference', '\n'.join(wrong))
    whole = sums(reference.between(day_start(dates[0], zone), day_start(dates[-1] + datetime.timedelta(1), zone)))
    added = {'calls': sum(r['calls'] for r in reports.values()),
             'tokens': sum(h['tokens'] for r in reports.values() for h in r['by.hour'].values()),
             'pico_usd': str(sum(int(r['cost.pico_usd']) for r in reports.values())),
             'errors': sum(sum(r['errors'].values()) for r in reports.values())}
    tap.equal(added, whole, name + ': day sums equal the range')
    openings = {d['date']: d['opening'] for d in site.lines('calendar', 'show', '--from', start - datetime.timedelta(40),
                                                            '--to', dates[-1], '--json')}
    want, got = [], []
    for d in dates:
        want += findings_of_day(reference.of_day(d), zone, lambda x: openings.get(str(x), 'full'))
    known = {RULE % r[0] for r in RULES}
    for f in site.lines('findings', 'list', '--json'):
        if not f.get('withdrawn') and f['rule.id'] in known:
            got.append((f['rule.id'], tuple(f['events']), f['count']))
    tap.ok(want and sorted(got) == sorted(want), '%s: %d findings equal the reference' % (name, len(want)),
           'only reported %.1200s\nonly in the reference %.1200s' % (
               sorted(set(got) - set(want)), sorted(set(want) - set(got))))
    ranged = site.lines('export', '--format', 'jsonl', '--from', dates[0], '--to', dates[-1])
    tap.equal(sum(r.get('type') == 'access' for r in ranged), lines, name + ': the export of the range is whole')
    return priced


def main():
    tap, priced = Tap(), False
    for seed in range(1, 1 + int(os.environ.get('SEEDS', '1'))):
        for window in WINDOWS:
            priced |= check_window(tap, *window, seed)
    tap.ok(priced, 'some of it costs something')
    tap.done()


if __name__ == '__main__':
    main()
