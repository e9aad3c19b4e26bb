#!/usr/bin/env python3
"""A fortnight of a hospital with a long weekend, and twice twelve incidents laid into it, by the shipped rules: every
one is found, and what else is found in a day is short. The rules know nothing of this hospital but its configuration."""
import collections
import datetime
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), os.path.join(HERE, '../property')]
from harness import Site, Tap  # noqa: E402
from reference import correlated  # noqa: E402

FIRST = datetime.date(2026, 9, 14)  # a Monday; 9-21 to 9-23 are holidays
DAYS = 14
CLOSED = {datetime.date(2026, 9, d) for d in (19, 20, 21, 22, 23, 26, 27)}
JST = datetime.timezone(datetime.timedelta(hours=9))
MODELS = ('gpt-4o', 'gpt-4o-mini')
FALSE_A_DAY = 3
CONFIG = '''
networks:
  zones:
    - {name: tower, cidr: [172.20.0.0/16]}
    - {name: remote, cidr: [192.168.240.0/22]}
  lists: [{name: blocked_ips, path: %(dir)s/blocked.txt}]
calendar:
  saturday: closed
  hours: "08:00-16:45"
  shifts: {day: "08:00-16:45", evening: "16:15-00:30", night: "22:30-08:15"}
  roster: %(dir)s/roster.csv
  departments:
    救命救急センター: {hours: "00:00-24:00"}
identities: {users_file: %(dir)s/people.csv}
budget: {day_usd: 12}
ranges:
  business: {calls: [300, 1600], cost_usd: [1, 40], users: [20, 90]}
  closed: {calls: [0, 700], cost_usd: [0, 30], users: [0, 60]}
rules: {lists: [{name: batch_users, path: %(dir)s/batch.txt}]}
'''


class Person:
    def __init__(self, n, role, department, net):
        self.id, self.role, self.department, self.status = 'p%04d' % n, role, department, '在職'
        self.ip = '172.20.%d.%d' % (net, 10 + n % 200)
        self.key = 'sk-tower-%04d-EXAMPLE%05d' % (n, n * 7919 % 99991)
        self.agent = ('openai-python/1.%d' % (50 + n % 3)) if role == '研究' else 'Mozilla/5.0 ward client %d' % (n % 2)


class Hospital:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.log, self.n, self.planted = [], 0, []
        self.people = []
        plan = (('看護師', '東5病棟', 14, 15), ('看護師', '西6病棟', 14, 16), ('看護師', '救命救急センター', 10, 17), ('医師', '総合内科', 12, 18),
                ('医師', '救命救急センター', 5, 17), ('薬剤師', '薬剤部', 6, 19), ('技師', '放射線部', 5, 20), ('事務', '医事課', 9, 30),
                ('事務', '地域連携室', 5, 31), ('研究', '臨床研究支援', 3, 40))
        for role, department, count, net in plan:
            for _ in range(count):
                self.people.append(Person(len(self.people) + 1, role, department, net))
        self.batch = Person(900, '研究', '臨床研究支援', 41)
        self.nights = {}  # date -> ids on duty at night
        nurses = [p for p in self.people if p.role == '看護師']
        doctors = [p for p in self.people if p.role == '医師']
        for d in range(-1, DAYS + 1):
            day = FIRST + datetime.timedelta(d)
            self.nights[day] = (self.rng.sample(nurses[:14], 2) + self.rng.sample(nurses[14:28], 2) +
                                self.rng.sample(nurses[28:], 3) + self.rng.sample(doctors, 2))
        self.by_day = {day: self.rng.sample(nurses, 9) + self.rng.sample(doctors, 4) +
                       self.rng.sample([p for p in self.people if p.role in ('薬剤師', '技師')], 2) for day in sorted(CLOSED)}

    def call(self, at, who=None, status=200, ip=None, key='', path='/v1/chat/completions', method='POST', model=None, rt=None,
             tokens=None, agent=None, user=True):
        """`key`: None for none; '' for the person's own."""
        rng, self.n = self.rng, self.n + 1
        rt = rt if rt is not None else min(45.0, rng.lognormvariate(1.0, .7))
        end = at + datetime.timedelta(seconds=rt)
        row = {'ts': end.isoformat(timespec='milliseconds'), 'msec': round(end.timestamp(), 3), 'client': ip or who.ip,
               'method': method, 'host': 'llm.tower.example.jp', 'uri': path, 'status': status, 'rt': round(rt, 3),
               'rid': '%032x' % rng.getrandbits(128), 'ua': agent or (who.agent if who else 'curl/8.5'),
               'bytes': rng.randrange(400, 9000)}
        if who is not None and user and status != 401:
            row['user'] = who.id
        key = who.key if key == '' else key
        row['authorization'] = 'Bearer ' + key if key else ''
        if path.endswith('completions') and status < 400:
            row['model'] = model or MODELS[rng.random() < .7]
            row['input_tokens'], row['output_tokens'] = tokens or (rng.randrange(200, 4000), rng.randrange(50, 900))
        self.log.append((end, row))
        return end

    def at(self, day, hour):
        return datetime.datetime.combine(day, datetime.time(), JST) + datetime.timedelta(hours=hour)

    def work(self, who, day, start, end, calls):
        """Calls in a few sittings, as people work."""
        rng = self.rng
        while calls > 0:
            at, ip = self.at(day, rng.uniform(start, end)), None
            if who.role == '医師' and rng.random() < .25:  # on another floor
                ip = '172.20.%d.77' % rng.choice((15, 16, 17))
            for _ in range(min(calls, rng.randint(1, 6))):
                calls -= 1
                status = rng.choices((200, 500, 504, 429, 400), (989, 4, 2, 3, 2))[0]
                if rng.random() < .002:
                    self.call(at, who, 401, key=who.key[:-1])  # a typing error, and again
                    at += datetime.timedelta(seconds=9)
                at = self.call(at, who, status, ip=ip) + datetime.timedelta(seconds=rng.uniform(5, 200))

    def ordinary(self):
        rng = self.rng
        for d in range(DAYS):
            day = FIRST + datetime.timedelta(d)
            for p in self.nights[day]:  # from half past ten to a quarter past eight
                self.work(p, day, 22.7, 31.5, rng.randint(1, 7))
            for p in (self.by_day[day] if day in CLOSED else self.people):
                if day in CLOSED:
                    self.work(p, day, 8.2, 16.4, rng.randint(1, 6))
                elif p.role == '研究':
                    self.work(p, day, 9, 17, rng.randint(10, 40))
                elif rng.random() < .72:
                    self.work(p, day, 8.2, 16.3, rng.choice((1, 3, 5, 8, 12, 20)))
            if d in (1, 10):  # the bills of the month before, until half past nine
                self.work(next(p for p in self.people if p.department == '医事課'), day, 18, 21.4, 14)
            for _ in range(110):  # a batch of research, every night
                self.call(self.at(day, rng.uniform(1, 3)), self.batch, model='gpt-4o-mini')
            for hour in range(24):  # the gateway's own look at itself
                self.call(self.at(day, hour + .01), None, ip='172.20.250.2', key=None, path='/healthz', method='GET', rt=.002)

    def incident(self, name, day, rules, says):
        """`says`: what stands in a finding of it."""
        self.planted.append((name, FIRST + datetime.timedelta(day), rules, says))

    def one(self, role, department=None, off=None):
        day_off = set(id(p) for p in (self.nights[off] + self.nights[off - datetime.timedelta(1)] + self.by_day.get(off, []))) if off else ()
        return self.rng.choice([p for p in self.people if p.role == role and department in (None, p.department)
                                and id(p) not in day_off and p.status == '在職' and p not in self.used])

    def plant(self, which):
        self.used = []
        for i, lay in enumerate(which):
            lay(self, FIRST + datetime.timedelta([0, 2, 3, 4, 6, 7, 8, 9, 10, 11, 1, 5][i]))


def seconds(n):
    return datetime.timedelta(seconds=n)


# ---- incidents: each lays its calls into a day and says what is to be found ----

def note(h, name, day, rules, *says):
    h.planted.append((name, day, rules, says))


def unknown_key(h, day):
    for i in range(3):
        h.call(h.at(day, 11) + seconds(40 * i), None, ip='172.20.31.200', key='sk-nobody-EXAMPLE777777')
    note(h, 'a key that was never issued', day, {101}, '172.20.31.200')


def guessed(h, day):
    at = h.at(day, 13.2)
    for i in range(14):
        h.call(at + seconds(11 * i), None, 401, ip='172.20.30.211', key='sk-guess-EXAMPLE%06d' % (i % 9), rt=.1)
    h.call(at + seconds(300), h.one('事務'), ip='172.20.30.211', user=False)
    note(h, 'keys guessed until one worked', day, {103, 104}, '172.20.30.211')


def revoked(h, day):
    h.call(h.at(day, 10.4), None, ip='172.20.19.99', key=h.old_key)
    note(h, 'a revoked key that the gateway takes', day, {105}, '172.20.19.99', 'revoked')


def outside(h, day):
    who = h.one('事務')
    h.used.append(who)
    for i in range(5):
        h.call(h.at(day, 15) + seconds(70 * i), who, ip='198.51.100.23')
    note(h, 'a call from outside', day, {201}, who.id)


def shared(h, day):
    who = h.one('技師')
    h.used.append(who)
    for i, net in enumerate((20, 30, 15, 31)):
        h.call(h.at(day, 14.1) + seconds(90 * i), who, ip='172.20.%d.150' % net)
    note(h, 'one key in four places', day, {206}, who.id)


def office_night(h, day):
    who = h.one('事務', off=day)
    h.used.append(who)
    for i in range(4):
        h.call(h.at(day, 2.6) + seconds(200 * i), who)
    note(h, 'a clerk at half past two', day, {301}, who.id)


def ward_night(h, day):
    who = h.one('看護師', '東5病棟', off=day)
    h.used.append(who)
    for i in range(3):
        h.call(h.at(day, 3.4) + seconds(300 * i), who)
    note(h, 'a nurse at night who is not on duty', day, {302}, who.id)


def holiday(h, day):
    who = h.one('事務', '地域連携室')
    h.used.append(who)
    for i in range(6):
        h.call(h.at(day, 11) + seconds(200 * i), who)
    note(h, 'a clerk on a holiday', day, {304}, who.id)


def models(h, day):
    who = h.one('薬剤師')
    h.used.append(who)
    at = h.at(day, 12.3)
    h.call(at, who, path='/v1/models', method='GET', rt=.05)
    for i in range(5):
        h.call(at + seconds(40 + 60 * i), who, model='model-%d' % i)
    note(h, 'the list of models, then all of them', day, {401}, who.id)


def walk(h, day):
    who = h.one('技師')
    h.used.append(who)
    for i in range(70):
        h.call(h.at(day, 9.5) + seconds(6 * i), who, path='/v1/files/file-%05d/content' % (4000 + i), method='GET', rt=.2)
    note(h, 'seventy files in a row', day, {404}, who.id)


def runaway(h, day):
    who = h.one('薬剤師')
    h.used.append(who)
    for i in range(230):
        h.call(h.at(day, 9) + seconds(h.rng.uniform(0, 5 * 3600)), who)
    note(h, 'one user, 230 calls', day, {503, 504}, who.id)


def failures(h, day):
    for i in range(60):
        h.call(h.at(day, 13.5) + seconds(9 * i), h.rng.choice(h.people[:50]), 502 if i % 5 else 200, rt=1)
    note(h, 'the provider fails', day, {701}, 'calls of the last ten minutes')


def left(h, day):
    h.gone.status = '退職'
    h.call(h.at(day, 10.1), h.gone)
    note(h, 'somebody who left', day, {107}, h.gone.id)


def forbidden(h, day):
    h.call(h.at(day, 16), None, 403, ip='203.0.113.66', key='sk-x-EXAMPLE1')
    note(h, 'a forbidden address', day, {202}, '203.0.113.66')


def borrowed(h, day):
    who, lender = h.one('看護師', '西6病棟', off=day), h.one('医師', '総合内科')
    h.used += [who, lender]
    for i in range(3):
        h.call(h.at(day, 11.5) + seconds(60 * i), who, key=lender.key)
    note(h, "somebody else's key", day, {108}, who.id)


def probing(h, day):
    for i in range(45):
        h.call(h.at(day, 14.7) + seconds(3 * i), None, 404, ip='172.20.31.77', key=None, path='/admin%d/.env' % i, method='GET', rt=.01)
    note(h, 'paths tried out', day, {601}, '172.20.31.77')


def no_key(h, day):
    h.call(h.at(day, 15.5), None, ip='172.20.30.9', key=None)
    note(h, 'an answer without a key', day, {602}, '172.20.30.9')


def in_url(h, day):
    who = h.one('事務')
    h.call(h.at(day, 9.9), who, path='/v1/chat/completions?api_key=' + who.key, key=None)
    note(h, 'a key in a URL', day, {603, 602}, who.ip)


def hail(h, day):
    who = h.one('薬剤師')
    h.used.append(who)
    for i in range(90):
        h.call(h.at(day, 10.8) + seconds(3 * i), who, 429, rt=.05)
    note(h, 'refused for the quota', day, {702}, who.id)


def slow(h, day):
    for i in range(60):
        h.call(h.at(day, 14) + seconds(12 * i), h.rng.choice(h.people[:50]), rt=h.rng.uniform(18, 60))
    note(h, 'answers that take half a minute', day, {703}, 'response times')


def dear(h, day):
    who = h.one('医師', '総合内科')
    for i in range(90):
        h.call(h.at(day, 13) + seconds(100 * i), who, model='gpt-4o', tokens=(110000, 3000))
    note(h, 'cost beyond the budget', day, {511, 514}, 'Estimated cost')


def blackout(h, day):
    a, b = h.at(day, 10), h.at(day, 12.2)
    h.log = [x for x in h.log if not a <= x[0] < b]
    note(h, 'two hours without a call', day, {1801}, 'No call for')


def many_users(h, day):
    for i in range(120):
        p = Person(2000 + i, '事務', '不明', 33)
        h.call(h.at(day, 9) + seconds(30 * i), p, key=h.people[i % 60].key)
    note(h, 'a crowd', day, {508, 108}, 'active users', 'p2')


def night_shift_key(h, day):
    who = h.one('看護師', '西6病棟', off=day)
    h.used.append(who)
    h.call(h.at(day, 4.2), who)
    note(h, 'another nurse at night', day, {302}, who.id)


FIRST_DOZEN = (unknown_key, guessed, revoked, outside, holiday, shared, holiday, office_night, ward_night, walk, runaway, models)
SECOND_DOZEN = (failures, left, forbidden, borrowed, night_shift_key, holiday, in_url, probing, no_key, slow, hail, dear)
THIRD = (blackout, many_users)


def write(site, name, text):
    with open(site.path(name), 'w', encoding='utf-8') as f:
        f.write(text)
    return site.path(name)


def build(seed, incidents):
    h = Hospital(seed)
    h.gone = h.people[-12]
    h.used = [h.gone]
    h.old_key = 'sk-tower-old-EXAMPLE55555'
    h.people.remove(h.gone)
    h.ordinary()
    h.plant(incidents)
    h.people.append(h.gone)
    site = Site(extra='')
    with open(site.config, encoding='utf-8') as f:
        head = f.read().split('networks:')[0]
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(head + 'ledger: {path: %s/ledger.db, keys: %s/keys}\n' % (site.dir, site.dir) + CONFIG % {'dir': site.dir})
    write(site, 'blocked.txt', '203.0.113.64/28\n')
    write(site, 'batch.txt', h.batch.id + '\n')
    write(site, 'people.csv', 'id,氏名,職種,部門,状態\n' + ''.join(
        '%s,職員%s,%s,%s,%s\n' % (p.id, p.id, p.role, p.department, p.status) for p in h.people))
    rows = ['date,shift,user,from,to']
    for day, on in sorted(h.nights.items()):
        rows += ['%s,night,%s,,' % (day, p.id) for p in on]
    for day, on in sorted(h.by_day.items()):
        rows += ['%s,holiday_duty,%s,08:00,17:00' % (day, p.id) for p in on]
    write(site, 'roster.csv', '\n'.join(rows) + '\n')
    site.tochoku('keys', 'import', write(site, 'keys.csv', 'キーID,APIキー,利用者ID,種別,失効日\n' + ''.join(
        'k-%s,%s,%s,個人,\n' % (p.id, p.key, p.id) for p in h.people) +
        'k-batch,%s,%s,サービス,\nk-old,%s,p0001,個人,2026-09-01\n' % (h.batch.key, h.batch.id, h.old_key)))
    h.log = sorted((x for x in h.log if x[0] < h.at(FIRST, 24 * DAYS)), key=lambda x: x[0])
    write(site, 'access.log', ''.join(json.dumps(row) + '\n' for _, row in h.log))
    site.tochoku('import', site.path('access.log'))
    return h, site


CORRELATIONS = (103, 104, 206, 401, 404, 601, 702, 703)


def numbered(found):
    for f in found:
        at = datetime.datetime.fromisoformat(f['first'].replace('Z', '+00:00'))
        yield int(f['rule.id'][-4:]), at.astimezone(JST).date(), f


def judge(tap, seed, incidents, name):
    h, site = build(seed, incidents)
    found = site.lines('findings', 'list', '--json')
    left_over = collections.defaultdict(list)
    hit = set()
    for rule, day, f in numbered(found):
        text = json.dumps(f, ensure_ascii=False)
        mine = [p for p in h.planted if p[1] == day and any(s in text for s in p[3])]
        hit |= {p[0:2] for p in mine if rule in p[2]}
        if not mine:
            left_over[day].append((rule, f['reason']))
    missed = [p[:2] for p in h.planted if p[:2] not in hit]
    tap.equal(missed, [], '%s: all %d incidents are found among %d calls' % (name, len(h.planted), len(h.log)))
    most = max((len(v) for v in left_over.values()), default=0)
    tap.ok(most <= FALSE_A_DAY, '%s: at most %d other findings a day' % (name, FALSE_A_DAY),
           '\n'.join('%s %s' % (d, r) for d in sorted(left_over) for r in left_over[d]))
    got = {(rule, day, f.get('source.ip') or f.get('tochoku.key.id') or 'site') for rule, day, f in numbered(found)
           if rule in CORRELATIONS}
    tap.equal(sorted(got ^ correlated(site.events(), 'Asia/Tokyo'), key=str), [], '%s: the %d of correlations equal the reference' %
              (name, len(got)))
    print('# %d findings, %d of no incident, at most %d a day' % (len(found), sum(map(len, left_over.values())), most))
    if os.environ.get('TEST_SHOW'):
        for d in sorted(left_over):
            for rule, reason in left_over[d]:
                print('#   %s %d %s' % (d, rule, reason))
    return site


def main():
    tap = Tap()
    judge(tap, 1, (), 'no incident')
    site = judge(tap, 2, FIRST_DOZEN, 'a dozen')
    judge(tap, 3, SECOND_DOZEN, 'another dozen')
    judge(tap, 4, THIRD, 'two more')
    sheet = site.tochoku('report', 'daily', '--date', '2026-09-22').decode()
    tap.ok('休診日に' in sheet, 'the morning sheet has the sentence', sheet)
    tap.done()


if __name__ == '__main__':
    main()
