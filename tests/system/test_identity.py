#!/usr/bin/env python3
"""Who it was: people and keys from CSV files, plans and states of keys, headers of gateways, functions by header, and the
fingerprint key when it is rotated, lost, or put back."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import capture  # noqa: E402
from harness import Site, Tap  # noqa: E402

PEOPLE = '''職員番号,氏名,職種,部門,状態,住所
tanaka,田中 一郎,看護師,内科,在職,x
"sato","佐藤, 花子","医師、院長補佐",外科,休職,y
ito,伊藤,,医事課,,z
'''
WARD, BATCH, OLD, STRANGE = 'sk-ward7-EXAMPLE0001', 'sk-batch-EXAMPLE0002', 'sk-old-EXAMPLE00003', 'sk-other-EXAMPLE0004'
KEYS = '''キーID,APIキー,利用者ID,種別,責任者,許可モデル,許可パス,発行日,有効開始日,有効期限,失効日,部門
ward-7,%s,tanaka,個人,,gpt-4o*;claude-*,/v1/*,2026/4/1,,2027/3/31,,
batch,%s,,サービス,suzuki,,,,2026-11-24,,,検査部
old,%s,ito,,,,,,,,2026-11-24,
''' % (WARD, BATCH, OLD)


def line(day, key, user='', model='gpt-4o-mini', n=0):
    e = {'ts': '2026-11-%02dT02:24:%02d+00:00' % (day, n), 'client': '10.10.0.9', 'user': user, 'method': 'POST', 'host': 'gw',
         'uri': '/v1/chat/completions', 'status': 200, 'authorization': 'Bearer ' + key, 'model': model}
    return json.dumps(e) + '\n'


def write(site, name, text, encoding='utf-8'):
    with open(site.path(name), 'wb') as f:
        f.write(text.encode(encoding))
    return site.path(name)


def new_site(extra=''):
    return Site(tails=[('gateway', 'access.log', 'nginx-json')], extra=extra)


def test_people(tap):
    want = {'tanaka': ('田中 一郎', ['nurse'], '内科', 'active'), 'ito': ('伊藤', None, '医事課', 'active'),
            'sato': ('佐藤, 花子', ['physician', '院長補佐'], '外科', 'suspended')}
    site = new_site('identities: {users_file: users.csv}')
    for encoding in ('utf-8', 'utf-8-sig', 'cp932'):
        write(site, 'users.csv', PEOPLE, encoding)
        got = {u['user.name']: (u.get('user.full_name'), u['user.roles'].split(',') if 'user.roles' in u else None,
                                u['tochoku.department'], u['status']) for u in site.lines('users', 'list', '--json')}
        tap.equal(got, want, 'people from a CSV in ' + encoding)
    own = new_site('identities: {users: [{id: tanaka, department: ICU}], users_file: users.csv}')
    write(own, 'users.csv', 'id,department\ntanaka,3F\nnew,4F\n')
    tap.equal([(u['user.name'], u['tochoku.department']) for u in own.lines('users', 'list', '--json')],
              [('tanaka', 'ICU'), ('new', '4F')], 'the entry of the configuration counts')
    for name, text, message in (
            ('a wrong status', 'id,状態\na,在職\nb,退職予定\n', 'users.csv:3:3: unknown status'),
            ('an id twice', 'id,name\na,x\nb,y\na,z\n', 'users.csv:4:1: this id is here twice'),
            ('no id', 'id,name\na,x\n,y\n', 'users.csv:3:1: a person without id'),
            ('no column of ids', '氏名,職種\na,b\n', 'users.csv:1:1: no column'),
            ('open quotes', 'id,name\na,"x\n', 'users.csv:2:3: the quotes'),
            ('nothing', '', 'users.csv:1:1: no rows')):
        write(site, 'users.csv', text)
        site.tochoku('users', 'list', want=2)
        tap.ok(message in site.last_error, name + ' is told with its place', site.last_error)
    os.unlink(site.path('users.csv'))
    site.tochoku('users', 'list', want=2)
    tap.ok('users_file' in site.last_error, 'a file that is not there', site.last_error)


def test_reload(tap):
    site = new_site('identities: {users_file: people/users.csv}')
    os.mkdir(site.path('people'))
    write(site, 'people/users.csv', 'id,部門\ntanaka,内科\n')
    log = write(site, 'access.log', line(23, 'sk-x-EXAMPLE01', user='tanaka'))
    site.start()
    tap.ok(site.wait_count(1), 'a call')
    os.rename(write(site, 'people/new.csv', 'id,部門\ntanaka,外科\n', 'cp932'), site.path('people/users.csv'))
    site.process.send_signal(signal.SIGHUP)
    departments, n = set(), 1
    end = time.monotonic() + 20
    while '外科' not in departments and time.monotonic() < end:  # when it is read is not told
        with open(log, 'a', encoding='utf-8') as f:
            f.write(line(23, 'sk-x-EXAMPLE01', user='tanaka', n=n))
        n += 1
        site.wait_count(n)
        departments = {e.get('tochoku.department') for e in site.events()}
    tap.equal(departments, {'内科', '外科'}, 'SIGHUP reads the people again, in CP932 too')
    tap.equal(site.stop(), 0, 'stopped')


def states(site):
    return {k.get('id', k['tochoku.key.id']): k['tochoku.key.state'] for k in site.lines('keys', 'list', '--json')}


def test_keys(tap):
    site = new_site('identities: {users_file: users.csv}\nfunctions:\n  - {name: 夜間要約, match: {key: batch, path: "/v1/*"}}\n'
                    '  - {name: 病棟, match: {key: "ward-*"}}\n')
    write(site, 'users.csv', PEOPLE)
    for name, text, message in (
            ('a wrong day', KEYS.replace('2027/3/31', '2027/2/30'), 'keys.csv:2:73: no such day'),
            ('a key twice', KEYS.replace(BATCH, WARD), 'keys.csv:3:7: this key is here twice'),
            ('a wrong kind', KEYS.replace('個人', '団体'), 'keys.csv:2:36: unknown kind'),
            ('no key', KEYS.replace(OLD, ''), 'keys.csv:4:5: no key'),
            ('no column of keys', 'id,user\na,b\n', 'keys.csv:1:1: the first line must name')):
        site.tochoku('keys', 'import', write(site, 'keys.csv', text), want=2)
        tap.ok(message in site.last_error and 'EXAMPLE' not in site.last_error, name + ' is told, without the key',
               site.last_error)
    tap.ok(not os.path.exists(site.path('ledger.db')), 'and nothing is registered')
    site.tochoku('keys', 'import', write(site, 'keys.csv', KEYS, 'cp932'))
    tap.equal(states(site), {'ward-7': 'active', 'batch': 'active', 'old': 'revoked'}, 'three keys in one go')
    ward = [k for k in site.lines('keys', 'list', '--json') if k['id'] == 'ward-7'][0]
    tap.equal({k: ward[k] for k in ('models', 'paths', 'issued', 'expires')},
              {'models': ['gpt-4o*', 'claude-*'], 'paths': ['/v1/*'], 'issued': '2026-04-01', 'expires': '2027-03-31'},
              'the plan of one')
    site.tochoku('keys', 'add', '--id', 'ward-8', '--user', 'sato', '--kind', 'shared', '--department', 'ICU', '--owner', 'suzuki',
                 '--models', 'o1', '--paths', '/v1/embeddings', '--issued', '2026-11-01', '--valid-from', '2030-01-01',
                 '--expires', '2031-01-01', stdin=STRANGE.encode())
    tap.equal(states(site)['ward-8'], 'not_yet_valid', 'a key of the future')
    site.tochoku('keys', 'add', '--id', 'x', '--expires', '2026-02-30', stdin=b'sk-x', want=2)
    site.tochoku('keys', 'revoke', 'nobody', want=1)
    log = [line(23, WARD), line(23, WARD, model='o3', n=1), line(23, BATCH), line(25, BATCH), line(23, OLD), line(25, OLD),
           line(23, STRANGE), line(23, 'sk-nobody-EXAMPLE5'), line(24, WARD, user='sato')]
    site.tochoku('import', write(site, 'access.log', ''.join(log)))
    events = sorted(site.events(), key=lambda e: (e['@timestamp'], e['tochoku.key.state'], e.get('user.name', '')))
    got = [(e['@timestamp'][8:10], e['tochoku.key.state'], e.get('user.name'), e.get('tochoku.department')) for e in events]
    tap.equal(got, [('23', 'active', 'ito', '医事課'), ('23', 'active', 'tanaka', '内科'), ('23', 'not_yet_valid', None, '検査部'),
                    ('23', 'not_yet_valid', 'sato', '外科'), ('23', 'unknown', None, None), ('23', 'active', 'tanaka', '内科'),
                    ('24', 'active', 'sato', '外科'), ('25', 'active', None, '検査部'), ('25', 'revoked', 'ito', '医事課')],
              'states at the time of the call, users and departments of keys')
    functions = {}
    for e in events:
        who = (e['tochoku.key.state'], e.get('user.name'), e.get('tochoku.department'))
        functions.setdefault(e.get('tochoku.function'), set()).add(who)
    tap.equal(functions, {None: {('active', 'ito', '医事課'), ('revoked', 'ito', '医事課'), ('unknown', None, None)},
                          '夜間要約': {('not_yet_valid', None, '検査部'), ('active', None, '検査部')},
                          '病棟': {('active', 'tanaka', '内科'), ('not_yet_valid', 'sato', '外科'), ('active', 'sato', '外科')}},
              'functions by key, though all calls are of one path')
    found = {(f['rule.name'], f['count']) for f in site.lines('findings', 'list', '--json')}
    tap.ok(('Model or endpoint not permitted to this key', 1) in found, 'a model outside of the plan', found)
    tap.ok(('Key used by somebody else than its owner', 1) in found, "somebody else's key", found)


def test_headers(tap):
    calls = [('10.0.0.1', [('X-Consumer-Username', 'tanaka'), ('X-Function', 'summary')]),
             ('10.0.0.2', [('X-Consumer-Username', 'mallory')]),
             ('10.0.0.1', [('X-Staff-Id', 'ito'), ('X-Function', 'letter')]),
             ('10.0.0.1', [('X-SSL-Client-S-DN', 'CN=sato,O=Hospital')])]
    extra = '''functions:
  - {name: 要約, match: {path: "/v1/*/completions", header.x-function: "sum*"}}
  - {name: 手紙, match: {path: /v1/embeddings, header.x-function: letter}}
  - {name: その他, match: {method: POST}}
%s'''
    for trusted, users in (('', ['sato', 'tanaka']), ('identities: {trusted_headers: [X-Staff-Id]}', ['ito'])):
        site = new_site(extra % trusted)
        with open(site.config, encoding='utf-8') as f:
            text = f.read().replace('networks:\n', 'networks:\n  trusted_proxies: [10.0.0.1/32]\n')
        with open(site.config, 'w', encoding='utf-8') as f:
            f.write(text)
        capture.write(site.path('tap.pcap'), [(a, capture.request(h), capture.ANSWER) for a, h in calls])
        site.tochoku('import', site.path('tap.pcap'))
        events = sorted(site.events(), key=lambda e: e['@timestamp'])
        tap.equal(sorted(e['user.name'] for e in events if 'user.name' in e), users,
                  'whom trusted proxies name' + (' in headers that the site trusts' if trusted else ''))
        tap.equal([e['tochoku.function'] for e in events], ['要約', 'その他', 'その他', 'その他'], 'functions by header')


def seen(site):
    return {k.get('id', '-'): (k['calls'], k['tochoku.key.state']) for k in site.lines('keys', 'list', '--seen', '--json')}


def key_file(site, content=None):
    path = site.path('keys/fingerprint.key')
    if content is not None:
        if os.path.exists(path):
            os.unlink(path)
        with open(path, 'wb') as f:
            f.write(content)
    with open(path, 'rb') as f:
        return f.read()


def test_rotation(tap):
    site = new_site()
    site.tochoku('keys', 'import', write(site, 'keys.csv', KEYS))
    log = write(site, 'access.log', line(23, WARD) + line(23, 'sk-nobody-EXAMPLE5'))
    site.start()
    tap.ok(site.wait_count(2), 'calls before the rotation')
    first = key_file(site)
    site.tochoku('keys', 'rotate-fingerprint')
    tap.ok(key_file(site)[:32] == first and len(key_file(site)) == 64, 'a link more, the first stays')
    want = {'ward-7': (1, 'active'), '-': (1, 'unknown')}
    tap.equal(seen(site), want, 'what was seen is linked')
    with open(log, 'a', encoding='utf-8') as f:  # the sensor still computes with the old key
        f.write(line(23, WARD, n=1))
    tap.ok(site.wait_count(3), 'a call while the sensor has the old key')
    tap.equal(seen(site), {'ward-7': (2, 'active'), '-': (1, 'unknown')}, 'is known by the register')
    tap.equal(site.stop(), 0, 'stopped')
    site.start()
    with open(log, 'a', encoding='utf-8') as f:
        f.write(line(23, WARD, n=2) + line(23, 'sk-nobody-EXAMPLE5', n=2))
    tap.ok(site.wait_count(5), 'calls with the new key')
    tap.equal(seen(site), {'ward-7': (3, 'active'), '-': (2, 'unknown')}, 'all under one name each')
    site.stop()
    ids = {e['tochoku.key.id'] for e in site.events() if e.get('user.name') == 'tanaka'}
    tap.equal(len(ids), 2, 'an event keeps the fingerprint that it was recorded with')

    second = key_file(site)
    key_file(site, first)  # a backup from before the rotation
    site.tochoku('import', log, want=2)
    tap.ok('put the right one back' in site.last_error, 'an older key file is refused', site.last_error)
    site.tochoku('keys', 'add', '--id', 'x', stdin=b'sk-x-EXAMPLE', want=3)
    site.tochoku('keys', 'rotate-fingerprint', want=1)
    tap.equal(key_file(site), first, 'and not changed')
    key_file(site, second)
    site.start()
    with open(log, 'a', encoding='utf-8') as f:
        f.write(line(23, WARD, n=3))
    tap.ok(site.wait_count(6), 'put back: calls are recorded again')
    key_file(site, first)
    site.tochoku('keys', 'rotate-fingerprint', want=1)
    site.process.send_signal(signal.SIGHUP)
    time.sleep(1)  # a sensor that started with the wrong key would have read by then
    with open(log, 'a', encoding='utf-8') as f:
        f.write(line(23, WARD, n=4))
    time.sleep(1)
    tap.equal((site.process.poll(), site.count()), (None, 6), 'under a running program too: nothing is read with it')
    key_file(site, second)
    tap.ok(site.wait_count(7, 30), 'and reading goes on when the right one is back', site.run_errors())
    tap.equal(seen(site), {'ward-7': (5, 'active'), '-': (2, 'unknown')}, 'with every key known')
    site.stop()
    os.unlink(site.path('keys/fingerprint.key'))
    site.tochoku('import', log, want=2)
    tap.ok('put it back from the backup' in site.last_error, 'so is none', site.last_error)
    tap.ok(not os.path.exists(site.path('keys/fingerprint.key')), 'and none is made')
    key_file(site, second)
    site.tochoku('import', log)
    tap.equal(seen(site)['ward-7'], (5, 'active'), 'the right one put back: all is known')

    third = second + bytes(range(32))  # the file was changed, then the power failed
    key_file(site, third)
    site.tochoku('import', write(site, 'more.log', line(24, WARD)))
    tap.equal(seen(site), {'ward-7': (6, 'active'), '-': (2, 'unknown')}, 'a rotation cut short is finished')

    site.tochoku('keys', 'rotate-fingerprint', '--lost', want=3)
    os.unlink(site.path('keys/fingerprint.key'))
    site.tochoku('keys', 'rotate-fingerprint', '--lost')
    tap.equal(set(states(site).values()), {'lost'}, 'lost: registered keys are marked so')
    site.tochoku('import', write(site, 'last.log', line(25, WARD)))
    tap.ok('unknown' not in [e.get('tochoku.key.state') for e in site.events() if e['@timestamp'] > '2026-11-25'],
           'and no key is unknown while none is registered anew')
    site.tochoku('keys', 'import', site.path('keys.csv'))
    site.tochoku('import', write(site, 'anew.log', line(25, WARD, n=1)))
    tap.equal([e['tochoku.key.state'] for e in site.events() if e['@timestamp'] == '2026-11-25T02:24:01Z'], ['active'],
              'registered again')


def main():
    tap = Tap()
    test_people(tap)
    test_reload(tap)
    test_keys(tap)
    test_headers(tap)
    test_rotation(tap)
    tap.done()


if __name__ == '__main__':
    main()
