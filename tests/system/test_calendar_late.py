#!/usr/bin/env python3
"""A calendar that comes late: closed days, rosters and emergencies that are told after their day are looked at again."""
import datetime
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

EXTRA = '''calendar: {days: days.csv, roster: roster.csv, week: {saturday: closed, sunday: closed}}
rules: {paths: [rules.yml]}
'''
RULES = '''title: closed
id: closed
logsource: {category: llm_api}
detection: {s: {cal.opening: closed}, condition: s}
tochoku: {entity: [cs-username], once-per: day, reason: {ja: '%cal.holiday%', en: '%cal.holiday%'}}
---
title: late
id: late
logsource: {category: llm_api}
detection: {s: {cal.in_hours: false, user.on_duty: false}, condition: s}
tochoku: {entity: [cs-username], once-per: day}
---
title: few
id: few
logsource: {product: tochoku, service: day_close}
detection: {s: {scope: site, cal.business_day: true, calls|lt: 2}, emergency: {cal.emergency: true}, condition: s and not emergency}
tochoku: {entity: [site], once-per: day}
'''
LINE = '10.10.0.9 - %s [%02d/Mar/2026:%02d:00:00 +0900] "POST /v1/chat/completions HTTP/1.1" 200 2 "-" "x"\n'
DAYS = 'from,to,kind,name,who,approver\n'
ROSTER = 'date,shift,user,from,to\n'


def put(site, name, text):
    with open(site.path(name), 'w', encoding='utf-8') as f:
        f.write(text)


def found(site):
    """Rule, user and day of what stands, with its reason where it has one."""
    return sorted((f['rule.id'], f.get('user.name', ''), f['first'][8:10] if f['rule.id'] != 'few' else '')
                  for f in site.lines('findings', 'list', '--json'))


def running(tap, site):
    """Told to a recorder that runs."""
    put(site, 'access.log', '')
    site.start()
    site.wait_closed((datetime.date.today() - datetime.date(1970, 1, 1)).days - 1)  # so it has looked once
    put(site, 'new.csv', DAYS + '2026-03-06,,closed,休診,,\n')
    site.tochoku('calendar', 'import', site.path('new.csv'))
    want = [('closed', 'mori', '06'), ('late', 'abe', '03')]
    for _ in range(300):
        got = [f for f in found(site) if f[0] != 'few']  # quiet days of its own are behind it
        if got == want:
            break
        time.sleep(.1)
    tap.equal(got, want, 'a running recorder looks again')
    site.stop()


def main():
    tap, site = Tap(), Site([('gateway', 'access.log', 'nginx-json')], extra=EXTRA)
    put(site, 'days.csv', DAYS)
    put(site, 'roster.csv', ROSTER + '2026-03-03,night,abe,17:00,23:00\n2026-03-04,night,abe,17:00,23:00\n')
    put(site, 'rules.yml', RULES)
    n = [0]

    def more(*calls):
        """Another recorder comes and goes; it has new calls, of other days."""
        n[0] += 1
        put(site, '%d.log' % n[0], ''.join(LINE % c for c in calls))
        site.tochoku('import', '--format', 'nginx-combined', site.path('%d.log' % n[0]))
        return found(site)

    first = more(('mori', 3, 10), ('abe', 3, 21), ('mori', 3, 22), ('mori', 4, 11))
    night, few = ('late', 'mori', '03'), ('few', '', '')
    tap.equal(first, [few, night], 'an open Tuesday, and a Wednesday with one call')
    put(site, 'days.csv', DAYS + '2026-03-03,,closed,創立記念日,,\n')
    tap.equal(more(('mori', 4, 12)), [('closed', 'abe', '03'), ('closed', 'mori', '03'), night],
              'the Tuesday was closed; a second call on Wednesday')
    late = [f for f in site.lines('findings', 'list', '--json') if f['rule.id'] == 'late']
    tap.equal([(f['count'], f['first'][11:16]) for f in late], [(2, '01:00')], 'on a closed day all of it is off hours')
    put(site, 'days.csv', DAYS)
    tap.equal(more(('mori', 5, 10)), [few, night], 'it was not; a Thursday with one call')
    put(site, 'days.csv', DAYS + '2026-03-05T18:00,2026-03-05T23:00,emergency,停電,,院長\n')
    tap.equal(more(('mori', 6, 10), ('mori', 6, 11)), [night], 'an emergency that was declared late on Thursday')
    put(site, 'roster.csv', ROSTER + '2026-03-03,night,mori,17:00,23:00\n')
    tap.equal(more(('mori', 9, 10), ('mori', 9, 11)), [('late', 'abe', '03')], 'the roster was another')
    before = site.lines('findings', 'list', '--json', '--all')
    tap.equal((more(('mori', 10, 10), ('mori', 10, 11)), site.lines('findings', 'list', '--json', '--all')),
              ([('late', 'abe', '03')], before), 'nothing changed, and nothing is told again')
    running(tap, site)
    tap.done()


if __name__ == '__main__':
    main()
