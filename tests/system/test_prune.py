#!/usr/bin/env python3
"""Retention and erasure: what is over goes and what was asked for goes, to the last byte of ledger, log, free pages,
dictionaries, segment files and backups made since; what is held, or kept by its type, stays; the trail verifies."""
import glob
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap  # noqa: E402

BY_HAND = os.path.join(ROOT, 'tests/lib/verify_by_hand.sh')
CANARY, OTHER = 'canary-ueda-7Yq2', 'canary-sato-9xW4'
with open(os.path.join(ROOT, 'core/event/wire.h'), encoding='utf-8') as _f:
    FRAME_REQUEST = 1 + re.findall(r'FRAME_\w+', re.search(r'enum frame_type \{(.*?)\}', _f.read(), re.S).group(1)).index('FRAME_REQUEST')
OLD, NEW = '2022-03-01', '2026-06-01'  # recorded then: over its 3 years, and within its first


def at(site, when, *args, want=0):
    """The program at another time."""
    p = subprocess.run(['faketime', when, TOCHOKU, '-c', site.config, *args], cwd=site.dir, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, timeout=120,
                       env=dict(os.environ, TZ='Asia/Tokyo', FAKETIME_DONT_FAKE_MONOTONIC='1'))
    if p.returncode != want:
        print('# at %s, %s: %d\nBail out! %s' % (when, args, p.returncode, p.stdout.decode()))
        sys.exit(1)
    return p.stdout.decode()


def line(day, i, user):
    return json.dumps({'ts': '%sT09:%02d:%02d+09:00' % (day, i // 60, i % 60), 'client': '10.10.1.9', 'user': user,
                       'dept': 'of ' + user, 'method': 'POST', 'host': 'gw', 'uri': '/v1/%s/chat' % user, 'proto': 'HTTP/1.1',
                       'status': 200, 'req_len': 10, 'sent': 20, 'rt': 0.0, 'rid': '%s-%s-%d' % (user, day, i),
                       'ua': 'agent of ' + user, 'model': 'model-' + user}) + '\n'


def write(site, name, day, users, n=40):
    with open(site.path(name), 'w', encoding='utf-8') as f:
        f.writelines(line(day, i, users[i % len(users)]) for i in range(n))
    return site.path(name)


def holding(top, text):
    """Files below that hold the bytes."""
    out = []
    for folder, _, names in os.walk(top):
        for name in names:
            if not name.endswith(('.log', '.yml', '.sock')):
                with open(os.path.join(folder, name), 'rb') as f:
                    if text.encode() in f.read():
                        out.append(os.path.relpath(os.path.join(folder, name), top))
    return sorted(out)


def verify(site, *options, want=0):
    out = site.tochoku('verify', site.path('trail'), '--site-key', site.path('trail/site-key.vkey'), '--json', *options,
                       want=want).decode().splitlines()
    return json.loads(out[-1]), [json.loads(row) for row in out[:-1]]


def verdicts(site, *options, want=0):
    """Both verdicts, against an anchor and the ledger."""
    last, findings = verify(site, '--anchor', site.path('trail/anchors.tsv'), '--db', site.path('ledger.db'), *options,
                            want=want)
    return last['integrity'], last['completeness'], sorted({f['code'] for f in findings if f['effect'] != 'note'})


def records(site):
    out = []
    for name in sorted(glob.glob(site.path('trail/segments/*/*/*.jsonl'))) + [site.path('trail/open.jsonl')]:
        with open(name, encoding='utf-8') as f:
            out += [json.loads(row) for row in f if not row.startswith('#')]
    return out


def order(site, *args, want=0):
    return json.loads(site.tochoku('maintain', *args, '--json', want=want) or b'{}')


def two_years(retention='{profile: minimal}'):
    site = Site(extra='retention: %s' % retention)
    at(site, OLD + ' 10:00:00', 'import', '--format', 'nginx-json', write(site, 'a.log', '2022-02-28', [CANARY, 'tanaka']))
    at(site, OLD + ' 10:01:00', 'findings', 'list')
    at(site, OLD + ' 10:02:00', 'seal')
    at(site, NEW + ' 10:00:00', 'import', '--format', 'nginx-json', write(site, 'b.log', '2026-05-31', [OTHER, 'tanaka']))
    at(site, NEW + ' 10:01:00', 'seal')
    return site


def report(site, day):
    return json.loads(site.tochoku('report', 'daily', '--date', day, '--format', 'json'))


def retention(tap, site):
    tap.ok(set(holding(site.dir, CANARY)) >= {'ledger.db', 'trail/segments/2022/03/000000-20220301.jsonl'},
           'before, ledger and segment hold the canary', holding(site.dir, CANARY))
    site.tochoku('maintain', 'backup', site.path('before'))
    tap.equal(verdicts(site), ('ok', 'ok', []), 'before, both verdicts are good')

    held = json.loads(site.tochoku('maintain', 'hold', 'place', '--user', CANARY, '--reason', 'court', '--approved-by', 'kanri',
                                   '--json'))['hold']
    shown = order(site, 'prune')
    tap.ok(shown['records'] > 20 and shown['held'] >= 20 and not shown['done'], 'a preview says what goes and what is held', shown)
    tap.ok(len(holding(site.path('trail/segments/2022'), 'tanaka')) == 1, 'and erases nothing')
    done = order(site, 'prune', '--approved-by', 'kanri')
    tap.ok(done['done'] and done['records'] >= shown['records'], 'with an approval it does', done)
    old = [r['user.name'] for r in records(site) if r['type'] == 'access' and r['@timestamp'] < '2023']
    tap.equal(old, 20 * [CANARY], 'a held user\'s calls stay, and no other of that time')
    tap.equal(verdicts(site), ('ok', 'declared-gaps', ['erased']), 'which verifies, and so does the ledger beside it')

    site.tochoku('maintain', 'hold', 'release', held, '--reason', 'over', '--approved-by', 'kanri')
    tap.equal([h['status'] for h in site.lines('maintain', 'hold', '--json')], ['released'], 'holds are listed')
    order(site, 'prune', '--approved-by', 'kanri')
    left = [f for f in holding(site.dir, CANARY) if not f.startswith('before/')]
    with open(site.path('ledger.db'), 'rb') as f:
        times = f.read().count(CANARY.encode())
    tap.ok(len(left) == 2 and left[1].startswith('trail/segments/2026/11/') and times == 1,
           'released, everything of it goes but the hold\'s own record', (left, times))


def holds(tap):
    """By time, by person and by incident; all that one names must hold of a record."""
    site = two_years()

    def left(*hold):
        """What a preview would let go of calls with this hold alone."""
        number = json.loads(site.tochoku('maintain', 'hold', 'place', *hold, '--reason', 'r', '--approved-by', 'a', '--json'))['hold']
        shown = order(site, 'prune')
        site.tochoku('maintain', 'hold', 'release', number, '--reason', 'r', '--approved-by', 'a')
        return shown.get('records.access', 0)

    day = '2022-02-28T09:00:%02d+09:00'
    tap.equal(left('--from', day % 10, '--to', day % 20), 30, 'ten calls of a time')
    tap.equal(left('--from', '2022-02-28', '--to', '2022-02-28'), 0, 'all of a day')
    tap.equal(left('--from', '2022-03-01'), 40, 'none of a time without calls')
    tap.equal(left('--user', CANARY, '--from', day % 10, '--to', day % 20), 35, 'those of a person in it')
    site.tochoku('incident', 'open', '--title', 'x', '--started', day % 30)
    tap.equal(left('--incident', '1'), 30, 'an incident that goes on: from its start')
    site.tochoku('incident', 'update', '1', '--restored', day % 34)
    tap.equal(left('--incident', '1'), 35, 'one that is over: to its restoration')
    for args, why in ((('--incident', '7'), 'no incident'), ((), 'say what is held'),
                      (('--from', '2022-03-02', '--to', '2022-03-01'), 'after')):
        site.tochoku('maintain', 'hold', 'place', *args, '--reason', 'r', '--approved-by', 'a', want=None)
        tap.ok(site.last_status in (1, 2) and why in site.last_error, 'refused: ' + why, site.last_error)
    site.tochoku('maintain', 'hold', 'place', '--user', 'x', '--reason', 'r', want=2)
    site.tochoku('maintain', 'hold', 'release', '9', '--reason', 'r', '--approved-by', 'a', want=1)
    site.tochoku('maintain', 'hold', 'place', '--user', 'tanaka', '--reason', 'r', '--approved-by', 'a')
    done = order(site, 'erase', '--user', 'tanaka', '--why', 'request', '--approved-by', 'a', '--approved-by', 'b')
    tap.ok(done['records'] == 0 and done['held'] >= 40, 'a hold stops a person\'s request too', done)
    tap.equal(sum(r['type'] == 'access' and r['user.name'] == 'tanaka' for r in records(site)), 40, 'each of the calls is there')
    site.cleanup()


def no_canary(tap, site):
    """Without a hold, whose record names whom it holds."""
    site.tochoku('maintain', 'backup', site.path('before'))
    before = report(site, '2022-02-28')
    done = order(site, 'prune', '--approved-by', 'kanri')
    tap.ok(done['records'] >= 40 and done['records.access'] == 40, 'the calls of a time that is over go', done)
    tap.equal([f for f in holding(site.dir, CANARY) if not f.startswith('before/')], [],
              'no byte of the canary in ledger, log, free pages, dictionaries, segments')
    tap.ok(len(holding(site.path('before'), CANARY)) == 2, 'the backup made before still has it')
    site.tochoku('maintain', 'backup', site.path('since'))
    tap.equal(holding(site.path('since'), CANARY), [], 'one made since has not')
    site.tochoku('maintain', 'restore-test', site.path('since'))
    tap.equal(verdicts(site), ('ok', 'declared-gaps', ['erased']), 'both verdicts, with anchor and ledger')
    after = report(site, '2022-02-28')
    tap.equal((after['calls'], after['by.hour']), (before['calls'], before['by.hour']), 'counters keep their sums')
    tap.ok(not any(CANARY in u for u in after['by.user']) and any(u.startswith('erased:') for u in after['by.user']),
           'without the names that no record has any more', after['by.user'])
    p = subprocess.run([BY_HAND, site.path('trail')], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.ok(p.returncode == 0 and b'records were erased' in p.stdout, 'openssl and sha256sum alone agree, and say what they '
           'cannot see', p.stdout.decode())
    status = site.tochoku('status', want=None).decode()
    tap.ok('retention' in status and 'prune ran: ' in status and 'not yet' not in status,
           'status says when it ran', status)
    week = {x['id']: x for x in site.lines('duty', 'list', '--sheet', 'weekly', '--date', time.strftime('%Y-%m-%d', time.localtime(
        time.time() + 7 * 86400)), '--json')}
    tap.ok('value' in week['W2.5'], 'and the weekly sheet fills its item', week['W2.5'])
    again = order(site, 'prune', '--approved-by', 'kanri')
    tap.equal((again['records'], again['segments']), (0, 0), 'a second run finds nothing')


def on_request(tap, site):
    refused = order(site, 'erase', '--user', OTHER, '--why', 'request', '--approved-by', 'kanri', want=1)
    tap.ok(refused['two_approvals'] >= 20 and 'two people' in site.last_error, 'young records need two people', site.last_error)
    order(site, 'erase', '--user', OTHER, '--why', 'request', '--approved-by', 'kanri', '--approved-by', 'kanri', want=1)
    tap.ok(len(holding(site.dir, OTHER)) >= 2, 'the same one twice is one: nothing is erased')
    one = [r['seq'] for r in records(site) if r.get('user.name') == OTHER][:1]
    done = order(site, 'erase', '--seq', one[0], '--why', 'order', '--approved-by', 'kanri', '--approved-by', 'inchou')
    tap.equal((done['records'], done.get('records.access')), (1, 1), 'a single record')
    tap.ok(one[0] not in [r['seq'] for r in records(site)], 'is gone')
    done = order(site, 'erase', '--user', OTHER, '--why', 'request', '--reference', 'No. 17', '--approved-by', 'kanri',
                 '--approved-by', 'inchou')
    tap.ok(done['records.access'] == 19, 'and then the rest of the person\'s calls', done)
    tap.equal([f for f in holding(site.dir, OTHER) if not f.startswith(('before/', 'since/'))], [],
              'no byte of the person is left, findings, indexes and free pages included')
    site.tochoku('maintain', 'backup', site.path('later'))
    tap.equal(holding(site.path('later'), OTHER), [], 'nor in a backup made since')
    erase = [r for r in records(site) if r['type'] == 'erase']
    tap.ok(all(r['hold_checked'] is True and OTHER not in json.dumps(r) for r in erase) and
           erase[-1]['approved_by'] == ['kanri', 'inchou'] and erase[-1]['reference'] == 'No. 17',
           'the erase record says who and why, and not whom', erase[-1])
    n = len(erase)
    order(site, 'erase', '--text', 'inchou', '--why', 'request', '--approved-by', 'a', '--approved-by', 'b')
    tap.equal(sum(r['type'] == 'erase' for r in records(site)) - n, 0, 'an erase record itself is never erased')
    tap.equal(verdicts(site), ('ok', 'declared-gaps', ['erased']), 'both verdicts')
    tap.equal(subprocess.run([BY_HAND, site.path('trail')], stdout=subprocess.DEVNULL).returncode, 0, 'by hand too')
    site.tochoku('import', '--format', 'nginx-json', write(site, 'c.log', '2026-11-20', ['tanaka', 'newcomer']))
    site.tochoku('seal')
    tap.equal(verdicts(site), ('ok', 'declared-gaps', ['erased']), 'and after more was recorded')
    tap.equal(report(site, '2026-11-20')['calls'], 40, 'which is counted')


def attacks(tap, site):
    """T18 to T21 on a log that was pruned."""
    cut = sorted(n for n in glob.glob(site.path('trail/segments/*/*/*.jsonl')) if open(n, encoding='utf-8').read(2) == '# ')
    whole = open(cut[0], encoding='utf-8').read().splitlines(True)
    erase = [n for n in glob.glob(site.path('trail/segments/*/*/*.jsonl')) if '"type":"erase"' in open(n).read()]

    def attempt(what, path, lines, *codes):
        kept = open(path, 'rb').read()
        if lines is None:
            os.unlink(path)
        else:
            with open(path, 'w', encoding='utf-8') as f:
                f.writelines(lines)
        found = verify(site, want=1)[1]
        by_hand = subprocess.run([BY_HAND, site.path('trail')], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path, 'wb') as f:
            f.write(kept)
        tap.ok(any(f['code'] in codes for f in found), what, found[:4])
        tap.ok(by_hand.returncode != 0, what + ': by hand too')

    attempt('T18: a file that no erase record lets go', erase[0], None, 'segment-missing')
    attempt('T18: one of which only some records were', cut[0], None, 'segment-missing')
    attempt('T20: a stub with another hash', cut[0], [whole[0][:-3] + ('00\n' if whole[0][-3:-1] != '00' else '11\n')] + whole[1:],
            'segment-root', 'record-chain', 'segment-hash')
    last = len(whole) - 1
    attempt('T20: one stub more', cut[0], whole[:last] + [whole[0]], 'segment-root', 'stub-undeclared', 'segment-hash')
    text = open(erase[0], encoding='utf-8').read().splitlines(True)
    i = next(k for k, row in enumerate(text) if '"type":"erase"' in row)
    attempt('T21: the erase record stubbed', erase[0], text[:i] + [whole[0]] + text[i + 1:], 'segment-root', 'stub-undeclared')
    tap.equal(verify(site)[0]['integrity'], 'ok', 'put back, it verifies')


def short(tap):
    site = two_years('{profile: minimal, access: 30d, approved_by: [kanri]}')
    tap.ok('under a year' in site.tochoku('status', want=None).decode(), 'status tells a period under a year')
    site.tochoku('maintain', 'prune', '--approved-by', 'kanri', want=1)
    tap.ok('--i-accept-short-retention' in site.last_error, 'which needs more than an approval', site.last_error)
    accept = ('--i-accept-short-retention', '--reason', 'test of ours')
    order(site, 'prune', '--scheduled', *accept, want=1)
    tap.ok('two people' in site.last_error, 'two people, where a record is younger than a year', site.last_error)
    done = order(site, 'prune', '--scheduled', '--approved-by', 'inchou', *accept)
    tap.equal(done['records.access'], 80, 'then it is done')
    tap.ok(any(r['type'] == 'config' and r.get('reason') == 'test of ours' for r in records(site)), 'and the reason is a record')
    tap.equal(verdicts(site)[:2], ('ok', 'declared-gaps'), 'both verdicts')
    site.tochoku('maintain', 'prune', '--scheduled', '-x', want=2)
    site.cleanup()


def ask(site, request):
    """Through the door, as the program's own commands do."""
    text = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(site.path('ledger.db.sock'))
        s.sendall(struct.pack('<IB', len(text), FRAME_REQUEST) + text)
        answer = b''
        while len(answer) < 5 or len(answer) < 5 + struct.unpack('<I', answer[:4])[0]:
            more = s.recv(65536)
            if not more:
                break
            answer += more
    return json.loads(answer[5:])


def live(tap):
    """Through the door of a running recorder, which knows rows in memory."""
    site = Site([('gateway', 'access.log', 'nginx-json')])
    today = time.strftime('%Y-%m-%d')
    write(site, 'access.log', today, [OTHER, 'tanaka'], 30)
    site.start()
    tap.ok(site.wait_count(30), 'thirty calls are tailed')
    recorder = site.roles()['recorder']
    site.tochoku('seal')
    said = ask(site, {'do': 'maintain.erase', 'user': OTHER, 'why': 'request', 'segment': 0, 'approved_by': ['a', 'a']})
    tap.ok(not said['ok'] and 'two people' in said['error'], 'the recorder itself asks for two people', said)
    order(site, 'erase', '--user', OTHER, '--why', 'request', '--approved-by', 'a', '--approved-by', 'b')
    tap.equal(site.count(), 15, 'those of one user are erased while it runs')
    tap.equal(holding(site.dir, OTHER), [], 'to the last byte')
    with open(site.path('access.log'), 'a', encoding='utf-8') as f:
        f.writelines(line(today, 100 + i, (OTHER, 'tanaka')[i % 2]) for i in range(10))
    tap.ok(site.wait_count(25), 'the user calls again, and is recorded again')
    site.tochoku('seal')
    tap.equal(verdicts(site)[:2], ('ok', 'declared-gaps'), 'ledger and trail agree')
    users = [e['user.name'] for e in site.events()]
    tap.equal((users.count(OTHER), users.count('tanaka')), (5, 20), 'each call is its user\'s')
    tap.equal(site.roles().get('recorder'), recorder, 'by the same recorder')
    site.stop()


def main():
    tap = Tap()
    site = two_years()
    no_canary(tap, site)
    on_request(tap, site)
    attacks(tap, site)
    site.cleanup()
    site = two_years()
    retention(tap, site)
    site.tochoku('maintain', 'prune', '--scheduled', want=2)
    tap.ok('approved_by' in site.last_error, 'a scheduled run needs names in the configuration')
    site.cleanup()
    holds(tap)
    short(tap)
    live(tap)
    tap.done()


if __name__ == '__main__':
    main()
