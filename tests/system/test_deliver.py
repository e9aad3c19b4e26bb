#!/usr/bin/env python3
"""Reports that are due come into their folder, once, whole or not at all; a digest is mailed once a day, and tried again
where the mail was not taken."""
import datetime
import os
import re
import sqlite3
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

JST = datetime.timezone(datetime.timedelta(hours=9))
NOW = datetime.datetime.now(JST)
YESTERDAY = (NOW - datetime.timedelta(days=1)).strftime('%Y-%m-%d')
LINE = '10.10.0.9 - %s [%s] "POST /v1/chat/completions HTTP/1.1" 200 2 "-" "x"\n'
RULE = '''title: one user
id: r-1
status: experimental
level: high
logsource: {category: llm_api}
detection:
    sel: {user.name: mallory}
    condition: sel
tochoku: {entity: [cs-username], once-per: day}
'''
SENDMAIL = '''#!/bin/sh
[ ! -e "%(dir)s/refuse" ] || exit 75
{ echo "args: $*"; cat; } >> "%(dir)s/mail"
'''


def make_site(users, extra='', watched=True):
    site = Site(tails=[('gateway', 'access.log', 'nginx-combined')])
    with open(site.config, 'a', encoding='utf-8') as f:
        f.write('rules: {paths: [rules.yml]}\nreports: {folder: %s, formats: [text], sendmail: %s%s}\n' %
                (site.path('filed'), site.path('sendmail'), extra))
    with open(site.path('rules.yml'), 'w', encoding='utf-8') as f:
        f.write(RULE)
    with open(site.path('sendmail'), 'w', encoding='utf-8') as f:
        f.write(SENDMAIL % {'dir': site.dir})
    os.chmod(site.path('sendmail'), 0o755)
    start = NOW.replace(hour=0, minute=0, second=0, microsecond=0) - datetime.timedelta(days=1)
    with open(site.path('access.log'), 'w', encoding='utf-8') as f:
        for i in range(1440 if watched else 1):
            at = start + datetime.timedelta(minutes=i)
            f.write(LINE % (users[i % len(users)], at.strftime('%d/%b/%Y:%H:%M:%S +0900')))
    site.tochoku('import', '--input', 'gateway', site.path('access.log'))
    return site


def records(site):
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True)
    rows = [b for b, in db.execute("SELECT body FROM records WHERE type = 'log-used' ORDER BY seq")]
    db.close()
    return re.findall(r'"what":"(report[^"]*)"', '\n'.join(rows))


def filed(tap, site):
    out = site.lines('report', 'deliver', '--json')
    names = sorted(os.listdir(site.path('filed')))
    days = [(NOW - datetime.timedelta(days=d)).strftime('%Y-%m-%d') for d in range(1, 8)]
    tap.equal([n for n in names if n.startswith('daily')], sorted('daily-%s.txt' % d for d in days), 'a sheet for each of the last seven days')
    tap.equal(len(out), len(names), 'each is told')
    with open(site.path('filed/daily-%s.txt' % YESTERDAY), 'rb') as f:
        sheet = f.read()
    tap.equal(sheet, site.tochoku('report', 'daily', '--date', YESTERDAY), 'and is the one that `report` prints')
    tap.equal(stat.S_IMODE(os.stat(site.path('filed/daily-%s.txt' % YESTERDAY)).st_mode) & 0o007, 0, 'not for everybody')
    tap.ok(not [n for n in names if n.endswith('.part')], 'no halves', names)
    with open(site.path('filed/daily-%s.txt' % YESTERDAY), 'w') as f:
        f.write('signed on paper')
    tap.equal(site.lines('report', 'deliver', '--json'), [], 'a second time nothing is due')
    with open(site.path('filed/daily-%s.txt' % YESTERDAY)) as f:
        tap.equal(f.read(), 'signed on paper', 'what is there stays as it is')
    with open(site.path('filed/digest-%s.txt' % YESTERDAY), encoding='utf-8') as f:
        digest = f.read()
    tap.ok('検知なし、記録率 100.00 %' in digest and '1,440 回' in digest, 'a quiet day says that nothing was found', digest)
    site.tochoku('report', 'deliver', '--days', 0, want=2)
    site.tochoku('report', 'deliver', 'x', want=2)
    site.tochoku('report', 'deliver', '--to', site.path('access.log/x'), want=3)


def due(tap, site):
    """Over forty days a week and a month have always been due; each has its two readers."""
    site.tochoku('report', 'deliver', '--days', 40, '--to', site.path('more'))
    names = os.listdir(site.path('more'))
    tap.equal(len([n for n in names if n.startswith('daily')]), 40, 'forty days')
    for kind, least in (('weekly', 5), ('monthly', 1)):
        mine = {n for n in names if re.match(kind + r'-\d', n)}
        tap.ok(len(mine) >= least, kind + ' where one was due', names)
        tap.equal({n.replace(kind, kind + '-managers') for n in mine}, {n for n in names if n.startswith(kind + '-managers')},
                  kind + ' for the management too')
    with open(site.path('more/' + min(n for n in names if n.startswith('monthly-2'))), encoding='utf-8') as f:
        tap.ok('月次運用評価' in f.read(), 'a month is a month')
    site.tochoku('report', 'deliver', '--days', 1, '--to', site.path('pdf'))
    tap.ok(os.path.exists(site.path('pdf/daily-%s.txt' % YESTERDAY)), 'any folder')


def mailed(tap):
    site = make_site(['tanaka', 'mallory'], ', mail: [officer@example.jp, it@example.jp]')
    open(site.path('refuse'), 'w').close()
    site.tochoku('report', 'deliver', '--days', 1, want=3)
    tap.ok('tried again' in site.last_error and not os.path.exists(site.path('filed/digest-%s.txt' % YESTERDAY)), 'a mail that was not taken', site.last_error)
    tap.ok(os.path.exists(site.path('filed/daily-%s.txt' % YESTERDAY)), 'the files are there all the same')
    os.unlink(site.path('refuse'))
    site.tochoku('report', 'deliver', '--days', 1)
    site.tochoku('report', 'deliver', '--days', 1)
    with open(site.path('mail'), encoding='utf-8') as f:
        mail = f.read()
    tap.equal(mail.count('Subject:'), 1, 'is tried again, and sent once')
    tap.ok(mail.startswith('args: -i -- officer@example.jp it@example.jp\nTo: officer@example.jp, it@example.jp\n'), 'to whom', mail)
    tap.ok(re.search(r'検知 1 件（うち重大・高 1 件）', mail) and 'mallory' not in mail and 'tanaka' not in mail, 'figures without names', mail)
    got = records(site)
    tap.equal((got.count('report digest, mail begun'), got.count('report digest, mailed'), got.count('report daily')), (2, 1, 1),
              'tries and what was sent are in the trail')
    site.cleanup()
    for bad in ('officer', '"-oQ/tmp@x"', '"a@b c@d"', '"a@b,c@d"'):
        site = make_site(['tanaka'], ', mail: [%s]' % bad, watched=False)
        site.tochoku('report', 'deliver', '--days', 1, want=2)
        tap.ok(not os.path.exists(site.path('mail')), 'no address: ' + bad, site.last_error)
        site.cleanup()


def main():
    tap, site = Tap(), make_site(['tanaka', 'sato'])
    filed(tap, site)
    due(tap, site)
    site.cleanup()
    mailed(tap)
    tap.done()


main()
