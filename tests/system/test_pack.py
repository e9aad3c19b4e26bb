#!/usr/bin/env python3
"""The evidence pack: whole, signed, verified by the program and by openssl alone, and false in any byte it is found."""
import csv
import glob
import json
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402


def line(i, when='2026-11-20T10:00:%02d+09:00'):
    return json.dumps({'time': when % i if '%' in when else when, 'remote_addr': '10.10.1.9', 'status': 200,
                       'request_method': 'POST', 'request_uri': '/v1/chat/completions?q=SECRETQUERY',
                       'remote_user': 'mori'}) + '\n'


def put(site, name, text):
    with open(site.path(name), 'w', encoding='utf-8') as f:
        f.write(text)
    site.tochoku('import', '--format', 'nginx-json', site.path(name))


def table(path):
    with open(path, encoding='utf-8', newline='') as f:
        rows = [r for r in f if not r.startswith('#')]
    return list(csv.DictReader(rows, delimiter='\t', quoting=csv.QUOTE_NONE))


def verify(site, pack, want=0, *options):
    out = site.tochoku('verify', pack, '--site-key', site.path('trail/site-key.vkey'), '--json', *options,
                       want=want).decode().splitlines()
    return json.loads(out[-1]), [json.loads(x) for x in out[:-1]]


def whole(tap, site, pack):
    names = {os.path.relpath(os.path.join(top, n), pack) for top, _, files in os.walk(pack) for n in files}
    tap.ok({'README.txt', 'cover.txt', 'limits.txt', 'index-ja.txt', 'index-en.txt', 'requirements.tsv', 'coverage.tsv',
            'segments.tsv', 'erasures.tsv', 'verify.txt', 'verify.json', 'pack.json', 'SHA256SUMS', 'SHA256SUMS.note',
            'trail/site-key.vkey', 'trail/site-key.pub.pem', 'trail/anchors.tsv'} <= names, 'what an auditor needs', names)
    data = b''.join(open(os.path.join(pack, n), 'rb').read() for n in names)
    tap.ok(b'SECRETQUERY' not in data and b'PRIVATE' not in data, 'no query, no private key')
    with open(os.path.join(pack, 'cover.txt'), encoding='utf-8') as f:
        cover = f.read()
    tap.ok('監査法人' in cover and 'yearly audit' in cover and 'Sato' in cover and '\x1b' not in cover, 'the cover', cover)
    lines = [json.loads(x) for name in sorted(glob.glob(pack + '/trail/segments/*/*/*')) for x in open(name, encoding='utf-8')]
    tap.ok(any(r['type'] == 'log-used' and r.get('what') == 'export pack' for r in lines), 'the pack holds its own making')
    segments = table(pack + '/segments.tsv')
    tap.equal([s['in_pack'] for s in segments], ['no', 'yes', 'yes'], 'segments that were closed before it are left out')
    days = {r['day']: r for r in table(pack + '/coverage.tsv')}
    made = [r for r in lines if r['type'] == 'access']
    tap.equal(days[max(days)]['sealed_in'], '2', 'the day of its making is sealed')
    tap.equal(sum(int(r['access']) for r in days.values()), len(made), 'coverage counts the calls of the period')
    rows = {r['id']: r for r in table(pack + '/requirements.tsv')}
    tap.equal((len(rows), rows['R1']['records']), (24, str(len(made))), 'every requirement, with its records')
    with open(pack + '/verify.json', encoding='utf-8') as f:
        tap.equal(json.loads(f.read().splitlines()[-1])['integrity'], 'ok', 'the verification when it was made')
    last, findings = verify(site, pack)
    tap.equal((last['integrity'], last['completeness']), ('ok', 'unknown'), 'it verifies')
    tap.equal([x['code'] for x in findings if x['code'] == 'pack-part'], ['pack-part'], 'and says that it is a part')
    moved = site.path('elsewhere')
    os.rename(pack, moved)
    tap.equal(verify(site, moved, 0, '--anchor', site.path('trail/anchors.tsv'))[0]['completeness'], 'ok',
              'elsewhere, with an anchor')
    os.rename(moved, pack)


def by_hand(tap, site, pack):
    """The README's way: sha256sum and openssl."""
    run = subprocess.run(['sha256sum', '-c', '--quiet', 'SHA256SUMS'], cwd=pack, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT)
    tap.equal((run.returncode, run.stdout), (0, b''), 'sha256sum -c')
    script = r'''
set -e
note=$1 key=$2 name=${2%%+*} b64=$(echo "$2" | sed 's/^[^+]*+[^+]*+//')
sed '/^$/,$d' "$note" > text
sed -n "s|^— $name ||p" "$note" | base64 -d | tail -c +5 > sig
{ printf '\060\052\060\005\006\003\053\145\160\003\041\000'; echo "$b64" | base64 -d | tail -c +2; } > k.der
openssl pkeyutl -verify -pubin -keyform DER -inkey k.der -rawin -in text -sigfile sig
'''
    last = sorted(glob.glob(pack + '/trail/notes/segment-*.note'))[-1]
    with open(last, encoding='utf-8') as f:
        key = next(x.split(' ', 1)[1] for x in f.read().splitlines() if x.startswith('next-key '))
    run = subprocess.run(['sh', '-c', script, 'sh', os.path.join(pack, 'SHA256SUMS.note'), key], cwd=site.dir,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, 'LC_ALL': 'C.UTF-8'})
    tap.ok(run.returncode == 0 and b'Verified Successfully' in run.stdout, 'openssl verifies the signature', run.stdout)


def altered(tap, site, pack):
    def attempt(what, damage, code='pack'):
        copy = site.path('copy')
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(pack, copy)
        damage(copy)
        last, findings = verify(site, copy, 1)
        tap.ok('altered' in last['integrity'] and any(x['code'] == code for x in findings), what, findings)

    def change(name, old, new, resum=False):
        def damage(copy):
            with open(os.path.join(copy, name), 'r+b') as f:
                data = f.read()
                assert old in data, (name, data)
                f.seek(0)
                f.truncate()
                f.write(data.replace(old, new, 1))
            if resum:
                with open(os.path.join(copy, 'SHA256SUMS'), encoding='utf-8') as f:
                    names = [x[66:].rstrip('\n') for x in f]
                with open(os.path.join(copy, 'SHA256SUMS'), 'w', encoding='utf-8') as f:
                    subprocess.run(['sha256sum', *names], cwd=copy, stdout=f, check=True)
        return damage

    attempt('a changed cover', change('cover.txt', b'Sato', b'Sata'))
    attempt('a changed cover with new sums', change('cover.txt', b'Sato', b'Sata', True))
    attempt('a segment more left out', change('pack.json', b'"first_segment":1', b'"first_segment":2', True))
    attempt('a file more', lambda c: open(os.path.join(c, 'trail/extra.txt'), 'w').close())
    attempt('a signature that is not there', lambda c: os.unlink(os.path.join(c, 'SHA256SUMS.note')))
    attempt('another number of segments in the note', change('SHA256SUMS.note', b'segments 3', b'segments 2'))
    attempt('a note that was signed for something else',
            lambda c: shutil.copy(os.path.join(c, 'trail/notes/segment-000002.note'), os.path.join(c, 'SHA256SUMS.note')))
    attempt('a segment of the period removed', lambda c: os.unlink(glob.glob(c + '/trail/segments/*/*/000002-*')[0]),
            'segment-missing')
    segment = os.path.relpath(glob.glob(pack + '/trail/segments/*/*/000002-*')[0], pack)
    attempt('a changed record with new sums', change(segment, b'"mori"', b'"mora"', True), 'record-chain')


def main():
    tap = Tap()
    site = Site()
    put(site, 'a.log', ''.join(line(i) for i in range(20)))
    site.tochoku('seal')
    time.sleep(1.1)  # segments close at whole seconds
    first = json.loads(site.tochoku('seal', '--json'))
    tap.equal(first['segment'], 1, 'two segments')
    time.sleep(1.1)
    now = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime())
    put(site, 'b.log', ''.join(line(i, now) for i in range(20)))
    since = subprocess.check_output(['sed', '-n', 's/^closed //p', site.path('trail/notes/segment-000000.note')]).decode().strip()
    pack = site.path('pack')
    site.tochoku('export', '--pack', pack, '--from', since, '--to', '2099-12-31', '--requested-by', '監査法人', '--reason',
                 'yearly audit\x1b[31m', '--approved-by', 'Sato')
    whole(tap, site, pack)
    by_hand(tap, site, pack)
    altered(tap, site, pack)
    site.tochoku('export', '--pack', pack, '--from', '2026-11-20', '--to', '2026-11-21', want=2)
    tap.ok('is there already' in site.last_error, 'a folder that is there is not written over', site.last_error)
    site.tochoku('export', '--pack', site.path('p2'), '--format', 'csv', '--from', '2026-11-20', '--to', '2026-11-21', want=2)
    site.tochoku('export', '--reason', 'x', '--format', 'csv', '--from', '2026-11-20', '--to', '2026-11-21', want=2)
    tap.ok('go with --pack' in site.last_error, 'options that do nothing are refused', site.last_error)
    rows = site.lines('export', '--format', 'jsonl', '--from', since, '--to', '2099-12-31')
    made = [r for r in rows if r.get('type') == 'export' and r['what'] == 'export pack']
    sums = subprocess.check_output(['sha256sum', pack + '/SHA256SUMS']).split()[0].decode()
    tap.equal([r['sha256'] for r in made], [sums], 'the finished pack is a record with its digest')
    tap.done()


if __name__ == '__main__':
    main()
