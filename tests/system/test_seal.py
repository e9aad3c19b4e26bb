#!/usr/bin/env python3
"""The trail beside a ledger: made on first use, sealed on demand and while `run` runs, in step with the ledger after
kills, free of secrets, verified by its own program and by openssl alone."""
import glob
import json
import os
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap, loggen  # noqa: E402

CANARY = 'sk-canary-7Yq2mZ9xW4vB8nT1'
LINE = ('{"time":"2026-11-20T10:00:%02d+09:00","remote_addr":"10.10.1.9","request_method":"POST",'
        '"request_uri":"/v1/chat/completions?api_key=' + CANARY + '&note=%d","status":200,"request_time":0.5,'
        '"remote_user":"tanaka","http_authorization":"Bearer ' + CANARY + '"}\n')


def verify(site, *options, want=0):
    out = site.tochoku('verify', site.path('trail'), '--site-key', site.path('trail/site-key.vkey'), '--json', *options,
                       want=want).decode().splitlines()
    return json.loads(out[-1]), [json.loads(line) for line in out[:-1]]


def records(site):
    out = []
    for name in sorted(glob.glob(site.path('trail/segments/*/*/*.jsonl'))) + [site.path('trail/open.jsonl')]:
        if os.path.exists(name):
            with open(name, encoding='utf-8') as f:
                out += [json.loads(line) for line in f]
    return out


def imported(tap):
    site = Site()
    with open(site.path('x.log'), 'w', encoding='utf-8') as f:
        f.write(''.join(LINE % (i % 60, i) for i in range(300)))
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
    tap.ok(os.path.exists(site.path('trail/notes/epoch-0001.note')) and os.path.exists(site.path('keys/site.key')),
           'the first import makes trail and keys')
    state = json.loads(site.tochoku('seal', '--json'))
    tap.ok(state['ok'] and state['segment'] == 0 and len(state['code']) == 24, 'a seal says its short code', state)
    last, _ = verify(site, '--code', state['code'])
    tap.equal((last['integrity'], last['completeness'], last['segments']), ('ok', 'ok', 1), 'it verifies')
    tap.equal(last['records'], state['records'], 'all records are in it')
    rows = records(site)
    tap.equal(sum(r['type'] == 'access' for r in rows), 300, 'every call is a record')
    tap.equal([r['seq'] for r in rows], list(range(len(rows))), 'numbered from 0 without a gap')
    tap.ok(rows[-1]['type'] == 'control' and rows[-1]['action'] == 'segment-closing', 'the last one closes it')
    everything = b''.join(open(os.path.join(top, n), 'rb').read()
                          for top, _, names in os.walk(site.path('trail')) for n in names)
    tap.ok(CANARY.encode() not in everything and b'Bearer' not in everything and b'note=' not in everything,
           'neither a key nor a query string is in any file of the trail')
    by_hand = subprocess.run([os.path.join(ROOT, 'tests/lib/verify_by_hand.sh'), site.path('trail')],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    tap.ok(by_hand.returncode == 0, 'openssl and sha256sum alone agree', by_hand.stdout.decode())
    tap.ok('site key' in site.tochoku('status', want=None).decode(), 'status asks to take the site key offline')
    os.rename(site.path('keys/site.key'), site.path('site.key'))
    tap.ok('site key' not in site.tochoku('status', want=None).decode(), 'and is content once it is')
    site.tochoku('keys', 'site', 'rotate', want=3)
    site.tochoku('keys', 'site', 'rotate', '--site-key', site.path('site.key'))
    site.tochoku('seal')
    last, findings = verify(site, '--since', site.path('trail'))
    tap.equal((last['integrity'], last['segments']), ('ok', 2), 'a rotation of the keys')
    evidence = site.path('evidence')
    with open(evidence, 'wb') as f:
        f.write(site.tochoku('verify', site.path('trail'), '--evidence', '7'))
    out = json.loads(site.tochoku('verify', evidence, '--site-key', site.path('trail/site-key.vkey'), '--json'))
    tap.equal((out['integrity'], out['seq']), ('ok', 7), 'evidence of one record')
    name = glob.glob(site.path('trail/segments/*/*/000000-*.jsonl'))[0]
    with open(name, 'r+b') as f:
        data = f.read().replace(b'"seq":7,', b'"seq":8,', 1)
        f.seek(0)
        f.write(data)
    last, findings = verify(site, want=1)
    tap.ok(last['integrity'] == 'altered' and any(x.get('seq') == 7 for x in findings), 'a change is seen, and where',
           findings)
    return site


def ledger_beside(tap):
    """T36: the ledger's rows against the trail."""
    site = Site()
    with open(site.path('x.log'), 'w', encoding='utf-8') as f:
        f.write(''.join(LINE % (i % 60, i) for i in range(300)))
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
    site.tochoku('seal')
    site.tochoku('findings', 'list')
    last, findings = verify(site, '--db', site.path('ledger.db'))
    tap.equal((last['integrity'], [f['code'] for f in findings if f['effect'] != 'note']), ('ok', []),
              'a ledger agrees with its trail, and may hold more than is sealed')

    def attempt(what, code, *statements, seq=None):
        for n in ('', '-wal', '-shm'):
            if os.path.exists(site.path('copy.db' + n)):
                os.unlink(site.path('copy.db' + n))
        db = sqlite3.connect(site.path('ledger.db'))
        db.execute('VACUUM INTO ?', (site.path('copy.db'),))
        db.close()
        db = sqlite3.connect(site.path('copy.db'))
        for s in statements:
            db.execute(s)
        db.commit()
        db.close()
        last, findings = verify(site, '--db', site.path('copy.db'), want=1)
        found = [(f['code'], f.get('seq')) for f in findings if f['effect'] == 'altered']
        tap.ok(last['integrity'] == 'altered' and any(c == code and seq in (None, s) for c, s in found), what, found[:5])

    attempt('T36 a changed record', 'ledger-row', "UPDATE record SET body = replace(body, 'root', 'toor')")
    attempt('a changed user', 'ledger-row', "UPDATE dim_who SET user = 'suzuki'")
    attempt('a changed time of recording', 'ledger-row', 'UPDATE txn SET at = at + 1000000')
    attempt('T36 a row removed', 'ledger-lacks', 'DELETE FROM event_row WHERE seq = 7', seq=6)
    attempt('the last sealed record removed', 'ledger-lacks', "DELETE FROM record WHERE body LIKE '%segment-closing%'")
    attempt('T36 a trigger planted', 'ledger-schema',
            'CREATE TRIGGER t AFTER INSERT ON record BEGIN DELETE FROM record WHERE seq = new.seq; END')
    attempt('T36 a view that hides a row', 'ledger-schema', 'DROP VIEW records',
            'CREATE VIEW records AS SELECT seq, ts, type, body FROM record WHERE seq <> 301')
    attempt('a table more', 'ledger-schema', 'CREATE TABLE x (y)')
    attempt('a chain that was not carried on', 'ledger-chain', "UPDATE record SET body = replace(body, 'root', 'toor')")


def other_ledger(tap, site):
    """A ledger that does not belong to the trail costs no event, and no record of the trail."""
    for name in glob.glob(site.path('ledger.db*')):
        os.unlink(name)
    site.tochoku('import', '--format', 'nginx-json', site.path('x.log'))
    tap.equal(site.count(), 300, 'an import beside a strange trail takes every call')
    site.tochoku('seal', want=3)
    tap.ok('do not belong together' in site.last_error or 'lacks' in site.last_error or 'trail' in site.last_error,
           'but nothing is sealed that does not continue it', site.last_error)


def starts(site):
    """How often the recorder has said that it began."""
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True, timeout=5)
    try:
        return db.execute("SELECT count(*) FROM records WHERE body LIKE '%recording-started%'").fetchone()[0]
    finally:
        db.close()


def live(tap):
    site = Site([('gateway', 'access.log', 'nginx-json')])
    loggen(site.path('access.log'), '--start', '2026-11-10', '--days', 1, '--calls', 100000, '--lines', 3000)
    for i in range(3):
        site.start()
        end = time.monotonic() + 60
        while (site.count() < 3000 or starts(site) <= i) and time.monotonic() < end:
            time.sleep(0.1)
        if i < 2:
            site.tochoku('seal')
            site.kill()
    state = json.loads(site.tochoku('seal', '--json'))
    last, findings = verify(site, '--code', state['code'])
    tap.equal((last['integrity'], last['completeness'], last['segments']), ('ok', 'ok', 3),
              'sealed through the door while it runs, killed in between')
    rows = records(site)
    tap.equal(sum(r['type'] == 'access' for r in rows), 3000, 'every call once')
    tap.equal(sum(r.get('action') == 'recording-started' for r in rows), 3, 'each start is a record')
    site.stop()
    site.tochoku('seal')
    tap.ok(any(r.get('action') == 'recording-stopped' for r in records(site)), 'and the end is one')
    tap.equal(verify(site)[0]['integrity'], 'ok', 'which verifies too')


def while_sealing(tap):
    """T40: a verification that runs while segments are sealed raises no false alarm."""
    site = Site()
    loggen(site.path('x.log'), '--start', '2026-11-10', '--days', 1, '--calls', 100000, '--lines', 2000)
    site.tochoku('import', site.path('x.log'))
    site.tochoku('seal')
    sealing = subprocess.Popen(['sh', '-c', 'for i in 1 2 3 4 5 6 7 8 9 10; do "$0" -c "$1" seal || exit 1; done', TOCHOKU,
                                site.config], stdout=subprocess.DEVNULL)
    alarms, n = [], 0
    while sealing.poll() is None or n == 0:
        out = site.tochoku('verify', site.path('trail'), '--json', want=None).decode().splitlines()
        n += 1
        if site.last_status != 0:
            alarms.append('\n'.join(line for line in out if '"effect":"note"' not in line))
    tap.ok(sealing.returncode == 0 and not alarms, 'T40 %d verifications while ten segments are sealed' % n,
           '\n'.join(alarms))
    tap.equal(verify(site)[0]['segments'], 11, 'which are there in the end')


def main():
    tap = Tap()
    while_sealing(tap)
    ledger_beside(tap)
    other_ledger(tap, imported(tap))
    live(tap)
    tap.done()


if __name__ == '__main__':
    main()
