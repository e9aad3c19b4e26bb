#!/usr/bin/env python3
"""maintain: a backup made while `run` writes and seals restores to a part of what is in use; a bad one is found."""
import json
import os
import shutil
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap, loggen  # noqa: E402


def controls(site):
    db = sqlite3.connect('file:%s?mode=ro' % site.path('ledger.db'), uri=True, timeout=5)
    try:
        return [json.loads(b) for b, in db.execute("SELECT body FROM records WHERE type = 'control'")]
    finally:
        db.close()


def live(tap):
    site = Site([('gateway', 'access.log', 'nginx-json')])
    loggen(site.path('access.log'), '--start', '2026-11-10', '--days', 1, '--calls', 100000, '--lines', 3000)
    tap.ok('made never, tested never' in site.tochoku('status', want=None).decode() or site.count() == 0,
           'status knows of no backup yet')
    site.start()
    site.wait_count(3000)
    site.tochoku('seal')
    with open(site.path('access.log'), 'a', encoding='utf-8') as f, open(site.path('more.log'), 'w+', encoding='utf-8') as m:
        loggen(site.path('more.log'), '--start', '2026-11-11', '--days', 1, '--calls', 100000, '--lines', 500)
        f.write(m.read())
    site.wait_count(3500)
    backup = site.path('backup')
    said = json.loads(site.tochoku('maintain', 'backup', backup, '--json'))
    tap.ok(said['segments'] == 1 and said['records'] > 3500, 'a backup while it runs', said)
    names = {os.path.relpath(os.path.join(top, n), backup) for top, _, files in os.walk(backup) for n in files}
    tap.ok({'ledger.db', 'backup.json', 'SHA256SUMS', 'trail/open.jsonl', 'trail/anchors.tsv'} <= names,
           'ledger, trail, sums', names)
    everything = b''.join(open(os.path.join(backup, n), 'rb').read() for n in names)
    tap.ok(b'PRIVATE KEY' not in everything and not any(n.endswith('.key') for n in names), 'no private key')
    site.tochoku('seal')
    site.tochoku('maintain', 'backup', backup, want=2)
    tap.ok('is there already' in site.last_error, 'a folder that is there is not written over')
    said = json.loads(site.tochoku('maintain', 'restore-test', backup, '--json'))
    tap.equal((said['result'], said['files']), ('ok', len(names) - 1), 'it restores, verifies and is part of what is in use')
    text = site.tochoku('status', want=None).decode()
    tap.ok('tested' in text and 'never' not in text, 'status says when', text)
    tap.equal([c['action'] for c in controls(site) if c['action'] in ('backup', 'restore-test')], ['backup', 'restore-test'],
              'both are records')
    site.stop()
    return site, backup


def bad(tap, site, backup):
    def attempt(what, expected, damage):
        copy = site.path('copy')
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(backup, copy)
        damage(copy)
        site.tochoku('maintain', 'restore-test', copy, want=1)
        tap.ok(expected in site.last_error, what, site.last_error)

    def flip(name, resum):
        def damage(copy):
            path = os.path.join(copy, name)
            with open(path, 'r+b') as f:
                data = bytearray(f.read())
                data[len(data) // 2] ^= 1
                f.seek(0)
                f.write(data)
            if resum:
                os.system('cd %s && find * -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum >SHA256SUMS' % copy)
        return damage

    attempt('a changed file', 'trail/open.jsonl: is not as', flip('trail/open.jsonl', False))
    attempt('a file more', 'extra: is not as', lambda c: open(os.path.join(c, 'extra'), 'w').close())
    attempt('a file less', 'anchors.tsv: is not as', lambda c: os.unlink(os.path.join(c, 'trail/anchors.tsv')))

    def row(copy):
        db = sqlite3.connect(os.path.join(copy, 'ledger.db'))
        db.execute("UPDATE record SET body = replace(body, 'segment-closing', 'segment-closinG')")
        db.commit()
        db.close()
        os.system('cd %s && find * -type f ! -name SHA256SUMS | LC_ALL=C sort | xargs sha256sum >SHA256SUMS' % copy)
    attempt('a changed row with new sums', 'does not agree with its rows', row)
    other = Site()
    with open(other.path('x.log'), 'w', encoding='utf-8') as f:
        f.write('{"time":"2026-11-20T10:00:00+09:00","request_method":"GET","request_uri":"/","status":200}\n')
    other.tochoku('import', '--format', 'nginx-json', other.path('x.log'))
    other.tochoku('maintain', 'backup', other.path('backup'))
    other.tochoku('maintain', 'restore-test', other.path('backup'))
    site.tochoku('maintain', 'restore-test', other.path('backup'), want=1)
    tap.ok('not of the' in site.last_error, "another site's backup", site.last_error)
    tap.equal(sum(c.get('result') == 'failed' for c in controls(site)), 5, 'each failure is a record')


def optimise(tap, site):
    db = sqlite3.connect(site.path('ledger.db'))
    db.execute('CREATE TABLE filler (x)')
    db.execute('INSERT INTO filler VALUES (zeroblob(4000000))')
    db.commit()
    db.execute('DROP TABLE filler')
    db.commit()
    db.close()
    before = os.path.getsize(site.path('ledger.db'))
    freed = json.loads(site.tochoku('maintain', 'optimise', '--json'))
    tap.ok(freed['integrity'] == 'ok' and freed['freed_bytes'] >= 4000000, 'free pages are given back', freed)
    tap.ok(os.path.getsize(site.path('ledger.db')) < before, 'and the file is shorter')
    tap.ok(any(c['action'] == 'optimise' for c in controls(site)), 'which is a record')
    with open(site.path('ledger.db'), 'r+b') as f:
        for page in range(3, os.path.getsize(site.path('ledger.db')) // 16384):
            f.seek(16384 * page)
            f.write(b'\xff' * 200)
    site.tochoku('maintain', 'optimise', want=None)
    tap.ok(site.last_status in (1, 3), 'which is no', site.last_status)
    tap.ok('damaged' in site.last_error or 'malformed' in site.last_error, 'a damaged file is told and left alone', site.last_error)


def main():
    tap = Tap()
    start = time.monotonic()
    site, backup = live(tap)
    bad(tap, site, backup)
    optimise(tap, site)
    print('# %.1f s' % (time.monotonic() - start))
    tap.done()


if __name__ == '__main__':
    main()
