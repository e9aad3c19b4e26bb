"""The hospital of the operations guide: some weeks of its calls, of which the last day has what the guide speaks of.

The guide's own day is TODAY; a test that runs on another day moves every date by the difference."""
import datetime
import json
import os
import re
import shutil
import subprocess
import sys

from harness import LOGGEN, ROOT, TOCHOKU, temporary_folder

TODAY = datetime.date(2026, 11, 26)  # a Thursday, behind a holiday on Monday
CALLS, USERS = 300, 32
PEOPLE = {'sato': '佐藤 花子', 'suzuki': '鈴木 一郎', 'watanabe': '渡辺 健', 'tanaka': '田中 次郎'}
CONFIG = '''site: {name: 中央病院}
inputs:
  tails:
    - {name: gateway, path: %(dir)s/log/access.json, format: nginx-json}
networks:
  zones:
    - {name: ward, cidr: [10.10.0.0/16]}
geoip: {databases: [%(dir)s/country.mmdb]}
calendar:
  extra_closed: [%(closed)s]
  roster: %(dir)s/etc/roster.csv
  holidays: %(dir)s/etc/holidays.csv
  days: %(dir)s/etc/days.csv
  departments:
    看護部: {hours: "00:00-24:00"}
    救急部: {hours: "00:00-24:00"}
identities:
  users:
%(users)s
functions:
  - {name: 文書作成支援, match: {path: /v1/chat/completions}}
  - {name: 退院サマリー, match: {path: /v1/messages}}
  - {name: 問い合わせ応答, match: {path: /v1/responses}}
  - {name: 文献検索, match: {path: /v1/embeddings}}
prices: {table: %(dir)s/etc/prices.yml}
budget: {month_usd: 60, currency: {code: JPY, rate: 150.00, date: %(today)s, source: TTM}}
ranges:
  business: {calls: [200, 800], cost_usd: [0.5, 5]}
ledger: {path: %(dir)s/state/ledger.db, trail: %(dir)s/state/trail, keys: %(dir)s/state/keys}
'''


class GuideSite:
    def __init__(self, today=TODAY, days=40):
        self.dir, self.today, self.n_days = temporary_folder('tochoku-guide-'), today, days
        for name in ('etc', 'state', 'log', 'backup', 'usb', 'bin', 'work'):
            os.mkdir(self.path(name))
        self.config = self.path('etc/tochoku.yml')
        users = self.generator('--identities').split('  users:\n')[1].split('  keys:')[0]
        users = re.sub(r'\{id: (\w+),', lambda m: '{id: %s, name: %s,' % (m[1], PEOPLE.get(m[1], m[1])), users)
        # where no holiday lies in the weeks before, the hospital closes for a day of its own
        own = today - datetime.timedelta(days=4 if (today - datetime.timedelta(days=4)).isoweekday() != 7 else 5)
        self.settings = {'dir': self.dir, 'users': users.rstrip(), 'today': today, 'closed': ''}
        self.write('etc/tochoku.yml', CONFIG % self.settings)
        if not self.days('--from', str(today - datetime.timedelta(days=20)), '--to', str(today - datetime.timedelta(days=1))):
            self.settings['closed'] = own.isoformat()
            self.write('etc/tochoku.yml', CONFIG % self.settings)
        shutil.copy(os.path.join(ROOT, 'sensor/llm/prices.yml'), self.path('etc/prices.yml'))
        subprocess.run([sys.executable, os.path.join(ROOT, 'tests/lib/mmdb_write.py'), self.path('country.mmdb'), '--layout', 'nested'],
                       input='network,country\n203.0.113.0/24,US\n', encoding='utf-8', check=True)
        self.lists()
        self.history()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode='w'):
        with open(self.path(name), mode, encoding='utf-8') as f:
            f.write(text)

    def generator(self, *args):
        return subprocess.run([LOGGEN, '--users', str(USERS), '--seed', '7', '--calls', str(CALLS), *args], check=True, encoding='utf-8',
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(os.environ, TZ='Asia/Tokyo')).stdout

    def tochoku(self, *args):
        return subprocess.run([TOCHOKU, '-c', self.config, *args], check=True, stdout=subprocess.PIPE, cwd=self.path('work'),
                              encoding='utf-8').stdout

    def lists(self):
        """The official list of holidays, as the Cabinet Office words it; two weeks of a roster; empty lists of one's own."""
        days = [self.today + datetime.timedelta(days=n) for n in range(-self.n_days, 24)]
        with open(self.path('work/syukujitsu.csv'), 'w', encoding='cp932', newline='') as f:
            f.write('国民の祝日・休日月日,国民の祝日・休日名称\r\n')
            shown = self.days('--from', '%d-01-01' % days[0].year, '--to', '%d-12-31' % days[-1].year)
            f.writelines('%d/%d/%d,%s\r\n' % (int(d[:4]), int(d[5:7]), int(d[8:10]), name) for d, name in shown)
        self.write('work/roster.csv', 'date,shift,user,from,to\n' + ''.join(
            '%s,night,%s,,\n' % (d.isoformat(), 'tanaka') for d in days[self.n_days:]))

    def days(self, *args):
        out = self.tochoku('calendar', 'show', *args, '--json')
        rows = [json.loads(line) for line in out.splitlines()]
        return [(r['date'], r['tochoku.calendar.holiday']) for r in rows if r.get('tochoku.calendar.holiday')]

    def history(self):
        first = self.today - datetime.timedelta(days=self.n_days)
        closed = [x for d, _ in self.days('--from', first.isoformat(), '--to', self.today.isoformat()) for x in ('--closed', d)]
        closed += ['--closed', self.settings['closed']] if self.settings['closed'] else []
        log = self.generator('--start', first.isoformat(), '--days', str(self.n_days), '--misuse', *closed).splitlines(True)
        now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9))).isoformat()
        log += [x for x in self.generator('--start', self.today.isoformat(), '--days', '1').splitlines(True)
                if self.today == TODAY and x[7:26] < '%sT09:00' % TODAY or x[7:26] < now[:19]]
        middle = (self.today - datetime.timedelta(days=7)).isoformat()
        self.write('work/history-1.log', ''.join(x for x in log if x[7:17] < middle))
        self.write('work/history-2.log', ''.join(x for x in log if x[7:17] >= middle))
        self.tochoku('import', '--input', 'gateway', self.path('work/history-1.log'))
        self.tochoku('keys', 'adopt', '--all')
        self.tochoku('import', '--input', 'gateway', self.path('work/history-2.log'))
        self.write('log/access.json', '')
