#!/usr/bin/env python3
"""The calendar from its files to findings: imports change a file as a whole or not at all and leave a record; who
is on the roster, in a maintenance window or in an emergency raises no alert, but is counted."""
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

EXTRA = '''calendar:
  roster: %(dir)s/roster.csv
  days: %(dir)s/days.csv
%(more)s
  departments: {救急部: {hours: "00:00-24:00"}}
identities:
  users:
    - {id: tanaka, name: 田中, roles: [nurse], department: 内科}
    - {id: mori, roles: [office], department: 医事課}
    - {id: se-01, roles: [engineer], department: 情報}
    - {id: kato, roles: [nurse], department: 救急部}
'''
RULES = '''title: On duty
id: asked-true
logsource: {category: llm_api}
detection: {s: {user.on_duty: true}, condition: s}
level: low
tochoku: {entity: [cs-username], once-per: day}
---
title: Off duty
id: asked-false
logsource: {category: llm_api}
detection: {s: {user.on_duty: false}, condition: s}
level: low
tochoku: {entity: [cs-username], once-per: day}
---
title: Nobody knows
id: asked-none
logsource: {category: llm_api}
detection: {s: {user.on_duty: null}, condition: s}
level: low
tochoku: {entity: [cs-username], once-per: day}
---
title: Night is fine
id: night-ok
logsource: {category: llm_api}
detection: {s: {user.night_ok: true}, condition: s}
level: low
tochoku: {entity: [cs-username], once-per: day}
---
title: Emergency
id: emergency
logsource: {category: llm_api}
detection: {s: {cal.emergency: true}, condition: s}
level: low
tochoku: {entity: [cs-username], once-per: day}
---
title: Maintenance
id: maintenance
logsource: {category: llm_api}
detection: {s: {cal.maintenance: true}, condition: s}
level: low
tochoku: {entity: [cs-username], once-per: day}
'''
MONTHS = dict(zip(range(1, 13), 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()))


def line(user, at, n=[0]):
    n[0] += 1
    return '10.10.0.%d - %s [%s/%s/%s:%s +0900] "POST /v1/chat/completions HTTP/1.1" 200 %d "-" "x"\n' % (
        n[0] % 250 + 1, user, at[8:10], MONTHS[int(at[5:7])], at[:4], at[11:], 100 + n[0])


def new_site(more='', tails=()):
    site = Site(extra='', tails=tails)
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write(EXTRA % {'dir': site.dir, 'more': more})
    return site


def put(site, name, text, encoding='utf-8'):
    with open(site.path(name), 'wb') as f:
        f.write(text.encode(encoding))
    return site.path(name)


def get(site, name):
    with open(site.path(name), 'rb') as f:
        return f.read().decode('utf-8')


def records(site):
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True)
    try:
        return [json.loads(body) for (body,) in
                db.execute("SELECT body FROM records WHERE type = 'config' ORDER BY rowid")]
    finally:
        db.close()


ROSTER = ('date,shift,user,from,to\n2026-11-24,当直,mori,17:15,08:30\n2026-11-24,深夜,role:nurse,,\n'
          '2026-11-22,日直,dept:医事課,,\n')


def imports(tap):
    site = new_site()
    out = site.tochoku('calendar', 'import', '-n', put(site, 'r.csv', ROSTER, 'cp932')).decode()
    tap.ok('+ 2026-11-24,当直,mori,17:15,08:30' in out and 'not written' in out, 'a preview tells what would change', out)
    tap.ok(not os.path.exists(site.path('roster.csv')), 'and changes nothing')
    site.tochoku('calendar', 'import', site.path('r.csv'))
    first = get(site, 'roster.csv')
    tap.ok(first.startswith('date,shift,user,from,to\n2026-11-24,当直,mori,17:15,08:30\n'),
           'a roster in CP932 is kept as UTF-8', first)
    got = records(site)
    tap.ok(len(got) == 1 and got[0]['action'] == 'calendar.import' and got[0]['what'] == 'roster' and
           got[0]['actor'] and len(got[0]['sha256']) == 64, 'the ledger has a record with its author', got)
    again = site.lines('calendar', 'import', site.path('r.csv'), '--json')
    tap.equal([(r['added'], r['removed']) for r in again], [(0, 0)], 'the same again changes nothing')
    before = get(site, 'roster.csv')
    for text, place in (('date,shift,user,from,to\n2026-11-31,当直,x,,\n', ':2:1:'),
                        (ROSTER + '2026-11-25,なし,x,,\n', ':5:12:'), ('date;shift\n', ':1:1:'), ('\0', ':1:1:')):
        site.tochoku('calendar', 'import', put(site, 'bad.csv', text), want=None)
        tap.ok(site.last_status in (2, 3) and 'bad.csv' + place in site.last_error, 'an error has its place: ' + place,
               '%s %s' % (site.last_status, site.last_error))
    tap.ok(get(site, 'roster.csv') == before and len(records(site)) == 2, 'and changes nothing')
    site.tochoku('calendar', 'import', '--edit', put(site, 'swap.csv', 'date,shift,user,from,to\n'
                                                     '2026-11-24,休,mori,,\n2026-11-24,当直,ito,17:15,08:30\n'))
    day = site.lines('calendar', 'show', '--from', '2026-11-24', '--to', '2026-11-24', '--json')[0]
    tap.equal([(r['shift'], r['user']) for r in day['roster']], [('深夜', 'role:nurse'), ('休', 'mori'), ('当直', 'ito')],
              'a swap is an edit')
    text = site.tochoku('calendar', 'show', '--from', '2026-11-25', '--to', '2026-11-25').decode()
    tap.ok('当直表なし' in text, 'a date without a roster is told', text)
    site.tochoku('calendar', 'import', put(site, 'h.csv', 'date,name\n2026-01-01,x\n'), want=2)
    tap.ok('calendar.holidays names no file' in site.last_error, 'an import without a place is told', site.last_error)
    ics = put(site, 'c.ics', 'BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261128T220000\nDURATION:PT4H\n'
              'CATEGORIES:maintenance\nSUMMARY:gateway\nATTENDEE:mailto:se-01@x\nEND:VEVENT\nBEGIN:VEVENT\n'
              'DTSTART;VALUE=DATE:20261228\nSUMMARY:臨時休診\nEND:VEVENT\nEND:VCALENDAR\n')
    site.tochoku('calendar', 'import', ics, '--from', '2026-01-01', '--to', '2026-12-31')
    day = site.lines('calendar', 'show', '--from', '2026-12-28', '--to', '2026-12-28', '--json')[0]
    tap.equal((day['opening'], day['reason']), ('closed', 'extra_closed'), 'a closed day of an .ics')
    day = site.lines('calendar', 'show', '--from', '2026-11-29', '--to', '2026-11-29', '--json')[0]
    tap.equal([(w['kind'], w['who'], w['to']) for w in day['windows']],
              [('maintenance', 'se-01', '2026-11-29T02:00:00+09:00')], 'a window of an .ics')
    site.cleanup()


def holidays(tap):
    site = new_site('  holidays: HOLIDAYS')
    with open(site.config, encoding='utf-8') as f:
        text = f.read().replace('HOLIDAYS', site.path('holidays.csv'))
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(text)
    bare = new_site()
    days = bare.lines('calendar', 'show', '--from', '2027-01-01', '--to', '2027-12-31', '--json')
    named = [(d['date'], d['tochoku.calendar.holiday']) for d in days if d['tochoku.calendar.holiday']]
    tap.ok(all(d['computed'] for d in days if d['tochoku.calendar.holiday']), 'computed days say so')
    rows = ['%d/%d/%d,%s' % (*map(int, d.split('-')), '休日' if n in ('振替休日', '国民の休日') else n) for d, n in named]
    head = '国民の祝日・休日月日,国民の祝日・休日名称'
    out = site.tochoku('calendar', 'import',
                       put(site, 's.csv', '\r\n'.join([head, *rows]) + '\r\n', 'cp932')).decode()
    tap.ok('Differences from the rule:\nnone\n' in out, 'the official form in CP932: no difference', out)
    moved = [r.replace('2027/11/23', '2027/11/22') for r in rows]
    out = site.tochoku('calendar', 'import', put(site, 's.csv', '\n'.join([head, *moved]) + '\n')).decode()
    tap.ok('+ 2027-11-22 勤労感謝の日\n- 2027-11-23 勤労感謝の日' in out, 'a day that moved is shown', out)
    more = site.lines('calendar', 'import', '-n', put(site, 'k.csv', 'date,name,kind\n' + ''.join(
        r + ',named\n' for r in moved)), '--json')
    tap.equal([(r['what'], r['added']) for r in more], [('holidays', 0)], 'a list with a column more is one too')
    days = site.lines('calendar', 'show', '--from', '2027-11-22', '--to', '2027-11-23', '--json')
    tap.equal([(d['tochoku.calendar.day'], d['computed']) for d in days], [('holiday', False), ('business', False)],
              'and holds')
    ics = site.tochoku('calendar', 'export', '--from', '2027-01-01', '--to', '2027-12-31').decode()
    tap.equal(ics.count('CATEGORIES:holiday'), len(named), 'the holidays go out as iCalendar')
    site.tochoku('calendar', 'import', put(bare, 'out.ics', ics), '--from', '2027-01-01', '--to', '2027-12-31')
    tap.ok('2027-11-22,2027-11-22,holiday,勤労感謝の日,,' in get(site, 'days.csv'), 'and come in again')
    site.cleanup()
    bare.cleanup()


DAYS = ('from,to,kind,name,who,approver\n2026-11-28T22:00,2026-11-29T02:00,maintenance,x,se-01,y\n'
        '2026-11-20T00:00,2026-11-20T12:00,emergency,地震,,院長\n')
CALLS = [  # user, time, what user.on_duty says
    ('mori', '2026-11-24T22:00:00', 'true'), ('mori', '2026-11-25T03:00:00', 'true'),
    ('se-01', '2026-11-24T22:10:00', 'false'), ('tanaka', '2026-11-24T03:00:00', 'true'),
    ('tanaka', '2026-11-24T23:00:00', 'false'), ('mori', '2026-11-26T22:00:00', 'none'),
    ('mori', '2026-11-22T12:00:00', 'true'), ('se-01', '2026-11-22T12:00:00', 'false'),
    ('se-01', '2026-11-28T23:00:00', 'true'), ('kato', '2026-11-26T23:00:00', 'none'),
]


def findings(tap):
    site = new_site()
    put(site, 'roster.csv', ROSTER)
    put(site, 'days.csv', DAYS)
    log = put(site, 'a.log', ''.join(line(u, t) for u, t, _ in CALLS + [('mori', '2026-11-20T02:00:00', None)]))
    site.tochoku('import', '--format', 'nginx-combined', log)
    shipped = {(f['rule.id'][-4:], f.get('user.name'), f['first'][:13]): f['reason']
               for f in site.lines('findings', 'list', '--json')}
    tap.equal(sorted((r, u) for r, u, _ in shipped if r in ('0301', '0302', '0304')),
              [('0301', 'mori'), ('0301', 'se-01'), ('0304', 'se-01')],
              'duty, windows and emergencies raise no alert; who is on no roster does')
    for (rule, user, _), reason in shipped.items():
        if rule == '0301':
            tap.ok(('当直表なし' in reason) == (user == 'mori'), '%s: %s' % (user, reason))
    english = site.tochoku('findings', 'list').decode()
    tap.ok('当直表なし' in english or 'no roster' in english, 'the list says it too', english)
    covered = {(e['user.name'], e['@timestamp']): e.get('tochoku.calendar.covered') for e in site.events()}
    tap.equal(covered[('mori', '2026-11-24T13:00:00Z')], True, 'an event off hours and covered')
    tap.equal(covered[('se-01', '2026-11-24T13:10:00Z')], False, 'one that is not')
    tap.equal(covered[('mori', '2026-11-26T13:00:00Z')], None, 'one of a date without a roster')
    sheet = site.tochoku('report', 'daily', '--date', '2026-11-24', '--format', 'text', '--lang', 'ja').decode()
    tap.ok('時間外 4 回' in sheet and '載る者 2 回' in sheet, 'the report counts them', sheet[:1])
    site.cleanup()
    asked = new_site()
    with open(asked.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [%s]}\n' % put(asked, 'rules.yml', RULES))
    put(asked, 'roster.csv', ROSTER)
    put(asked, 'days.csv', DAYS)
    asked.tochoku('import', '--format', 'nginx-combined', put(asked, 'a.log', ''.join(
        line(u, t) for u, t, _ in CALLS + [('mori', '2026-11-20T02:00:00', None)])))
    rows = asked.lines('findings', 'list', '--json')
    for answer in ('true', 'false', 'none'):
        want = sorted((u, t[:10]) for u, t, a in CALLS if a == answer)
        if answer == 'none':
            want = sorted(want + [('mori', '2026-11-20')])
        got = sorted((f['user.name'], local_day(f['first'])) for f in rows if f['rule.id'] == 'asked-' + answer)
        tap.equal(got, want, 'user.on_duty: ' + answer)
    tap.equal(sorted((f['user.name'], local_day(f['first'])) for f in rows if f['rule.id'] == 'night-ok'),
              sorted({(u, t[:10]) for u, t, a in CALLS if a == 'true' or u == 'kato'}), 'user.night_ok')
    tap.equal([(f['user.name'], local_day(f['first'])) for f in rows if f['rule.id'] == 'emergency'],
              [('mori', '2026-11-20')], 'cal.emergency')
    tap.equal([(f['user.name'], local_day(f['first'])) for f in rows if f['rule.id'] == 'maintenance'],
              [('se-01', '2026-11-28')], 'cal.maintenance')
    asked.cleanup()


def local_day(utc):
    """Of a time of the finding, in Japan."""
    h = int(utc[11:13]) + 9
    return utc[:10] if h < 24 else '%s%02d' % (utc[:8], int(utc[8:10]) + 1)


def live(tap):
    """A running recorder takes up what is imported."""
    site = new_site(tails=[('gateway', 'access.log', 'nginx-combined')])
    put(site, 'access.log', line('mori', '2026-11-24T22:00:00'))
    site.start()
    tap.ok(site.wait_count(1), 'a call before the import')
    site.tochoku('calendar', 'import', put(site, 'r.csv', ROSTER))
    site.tochoku('calendar', 'emergency', '--reason', '停電', '--approver', '院長', '--from', '2026-11-26T00:00',
                 '--to', '2099-01-01T00:00')
    with open(site.path('access.log'), 'a', encoding='utf-8') as f:
        f.write(line('mori', '2026-11-24T22:01:00') + line('se-01', '2026-11-26T23:00:00'))
    tap.ok(site.wait_count(3), 'calls after it')
    covered = {e['@timestamp']: e.get('tochoku.calendar.covered') for e in site.events()}
    tap.equal((covered['2026-11-24T13:00:00Z'], covered['2026-11-24T13:01:00Z']), (None, True),
              'the roster holds from the import on')
    found = [f['user.name'] for f in site.lines('findings', 'list', '--json') if f['rule.id'].endswith('0301')]
    tap.equal(found, ['mori'], 'the emergency silences the rules of hours')
    tap.equal([r['action'] for r in records(site)], ['calendar.import', 'calendar.emergency'], 'both are in the ledger')
    tap.ok('停電' in site.tochoku('doctor', want=None).decode(), 'doctor tells of the emergency')
    site.tochoku('calendar', 'emergency', '--reason', 'x', '--to', '2099-01-01T00:00', want=2)
    tap.ok('approver' in site.last_error, 'none without an approver', site.last_error)
    tap.equal(site.stop(), 0, 'run ends well')
    site.cleanup()


def main():
    tap = Tap()
    imports(tap)
    holidays(tap)
    findings(tap)
    live(tap)
    tap.done()


if __name__ == '__main__':
    main()
