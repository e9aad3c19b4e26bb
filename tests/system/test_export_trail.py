#!/usr/bin/env python3
"""Exports and the trail: jsonl is its lines, other formats name each record's leaf, trailers the checkpoint."""
import base64
import glob
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import exports  # noqa: E402
from harness import Site, Tap  # noqa: E402

RULES = '''title: Any call of mori
id: 6a1d7c0e-5a2f-4d0b-9c1e-0d5f3b7e2a10
logsource: {category: llm_api}
detection:
  s: {user.name: mori}
  condition: s
level: high
tochoku: {entity: [user.name], once-per: day}
'''


def line(i, user, day='20'):
    return json.dumps({'time': '2026-10-%sT10:00:%02d+09:00' % (day, i), 'remote_addr': '10.10.1.9', 'status': 200,
                       'request_method': 'POST', 'request_uri': '/v1/chat/completions', 'remote_user': user}) + '\n'


def trail_lines(site):
    out = []
    for name in sorted(glob.glob(site.path('trail/segments/*/*/*.jsonl'))) + glob.glob(site.path('trail/open.jsonl')):
        with open(name, 'rb') as f:
            out += f.read().splitlines(keepends=True)
    return out


def leaf(data):
    return hashlib.sha256(b'\0' + data.rstrip(b'\n')).digest()


def put(site, name, text):
    with open(site.path(name), 'w', encoding='utf-8') as f:
        f.write(text)
    site.tochoku('import', '--format', 'nginx-json', site.path(name))


def export(site, form, *dates):
    return site.tochoku('export', '--format', form, '--from', dates[0], '--to', dates[1])


def jsonl(tap, site):
    data = export(site, 'jsonl', '1970-01-01', '2099-12-31')
    lines = data.splitlines(keepends=True)
    trailer = json.loads(lines.pop())
    site.tochoku('seal')
    have = trail_lines(site)
    tap.equal(lines, have[:len(lines)], 'every line is a line of the trail, in its order')
    rows = [json.loads(r) for r in have]
    tap.equal([r['type'] for r in rows[len(lines):]], ['log-used', 'export', 'control'],
              'behind them only the export itself, and a seal')
    tap.equal((rows[-2]['sha256'], rows[-2]['count']), (trailer['sha256'], str(len(lines))), 'whose record has its digest')
    tap.equal((trailer['count'], trailer['first_seq'], trailer['last_seq']), (len(lines), 0, len(lines) - 1), 'its range')
    with open(site.path('trail/notes/checkpoint-%06d.note' % trailer['checkpoint_size']), 'rb') as f:
        text = f.read().split(b'\n\n')[0] + b'\n'
    tap.equal(trailer['checkpoint'], hashlib.sha256(text).hexdigest(), 'and the checkpoint')
    tap.ok({'access', 'finding', 'control', 'log-used', 'export'} <= {r['type'] for r in rows}, 'every type of record',
           {r['type'] for r in rows})
    return rows


def findings(tap, site, rows):
    told = [r for r in rows if r['type'] == 'finding' and r['rule.name'] == 'Any call of mori']
    listed = {f['id']: f for f in site.lines('findings', 'list', '--json') if f['rule.name'] == 'Any call of mori'}
    last = {r['id']: {k: v for k, v in r.items() if k not in ('v', 'seq', 'ts', 'h', 'n', 'type')} for r in told}
    tap.equal(last, listed, 'the last record of a finding says what `findings list` says')
    tap.ok(all('provisional' not in r for r in last.values()), 'once its day is closed for good')
    a_day = [json.loads(x) for x in export(site, 'jsonl', '2026-10-20', '2026-10-20').splitlines()[:-1]]
    tap.equal({(r['type'], r.get('@timestamp', r.get('first', ''))[:10]) for r in a_day},
              {('access', '2026-10-20'), ('finding', '2026-10-20')}, 'a day: its calls, and findings by their first')
    tap.equal(sum(r['type'] == 'access' for r in a_day), 20, 'all of its calls')
    before = len(told)
    put(site, 'late.log', line(8, 'mori'))
    rows = [json.loads(x) for x in export(site, 'jsonl', '2026-10-20', '2026-10-20').splitlines()[:-1]]
    told = [r for r in rows if r['type'] == 'finding' and r['rule.name'] == 'Any call of mori']
    tap.equal(told[-1]['count'], 11, 'a call that comes late: the finding is told once more')
    count = len(told)
    put(site, 'other.log', line(58, 'abe'))
    rows = [json.loads(x) for x in export(site, 'jsonl', '2026-10-20', '2026-10-20').splitlines()[:-1]]
    tap.ok(sum(r['type'] == 'finding' and r['rule.name'] == 'Any call of mori' for r in rows) == count > before / 2,
           'one that changes nothing of it does not')


def leaves(tap, site):
    site.tochoku('seal')
    have = {json.loads(x)['seq']: leaf(x) for x in trail_lines(site)}
    rows, trailer = exports.json_lines(export(site, 'ecs', '2026-10-20', '2026-10-21').decode())
    calls = [r for r in rows if r['event.kind'] == 'event']
    tap.ok(len(calls) == 42 and all(r['event.hash'] == have[r['event.sequence']].hex() for r in calls),
           'ecs: event.hash is the leaf of the record event.sequence')
    tap.ok(len(trailer['checkpoint']) == 64, 'ecs: the trailer names the checkpoint')
    rows, _ = exports.json_lines(export(site, 'ocsf', '2026-10-20', '2026-10-21').decode())
    calls = [r for r in rows if r['class_uid'] != 2004]
    tap.ok(calls and all(base64.b64decode(r['unmapped']['leaf_hash']) == have[r['metadata']['sequence']] for r in calls),
           'ocsf: in unmapped')
    rows, _ = exports.json_lines(export(site, 'fhir', '2026-10-20', '2026-10-21').decode())
    found = []
    for r in rows:
        for e in r['entity']:
            if e.get('what', {}).get('identifier', {}).get('system') == 'urn:tochoku:record':
                hashes = [d['valueString'] for d in e['detail'] if d['type'] == 'leaf-hash']
                found.append(base64.b64decode(hashes[0]) == have[int(e['what']['identifier']['value'])])
    tap.ok(len(found) == 42 and all(found), 'fhir: leaf-hash of the record')
    rows, _ = exports.dicom(export(site, 'dicom', '2026-10-20', '2026-10-21').decode())
    found = []
    for r in rows:
        d = {x.get('type'): base64.b64decode(x.get('value')).decode() for x in r.iter('ParticipantObjectDetail')}
        if 'sequence' in d:
            found.append(base64.b64decode(d['leaf-hash']) == have[int(d['sequence'])])
    tap.ok(len(found) == 42 and all(found), 'dicom: leaf-hash too')


def periods(tap, site):
    """A period begins at its segment: the same lines as by a walk over all, and what lies before is not read."""
    ahead = line(7, 'abe').replace('2026-10-20', '2099-03-02')
    put(site, 'ahead.log', ahead)
    site.tochoku('seal')
    everything = [json.loads(x) for x in trail_lines(site)]

    def at(r):
        return r['@timestamp'] if r['type'] == 'access' else r['first'] if r['type'] == 'finding' else r['ts']

    for day, after in (('2026-10-20', '2026-10-21'), ('2026-10-21', '2026-10-22'), ('2099-03-02', '2099-03-03')):
        have = [json.loads(x) for x in export(site, 'jsonl', day + 'T00:00:00Z', after + 'T00:00:00Z').splitlines()[:-1]]
        tap.equal([r['seq'] for r in have], [r['seq'] for r in everything if day <= at(r)[:10] < after],
                  'the records of %s, whenever they were recorded' % day)
    tap.ok(len(have) == 1, 'a call whose clock was ahead among them', have)
    name = glob.glob(site.path('trail/segments/*/*/000000-*.jsonl'))[0]
    with open(name, 'rb') as f:
        whole = f.read()
    with open(name, 'wb') as f:
        f.write(whole.replace(b'"type":"access"', b'"type":"acce\\ss"', 1))
    export(site, 'jsonl', '2099-03-02', '2099-03-02')
    tap.ok(site.last_error == '', 'a segment before the period is not read', site.last_error)
    with open(name, 'wb') as f:
        f.write(whole)


FORMATS = ('jsonl', 'csv', 'mhlw', 'ecs', 'ocsf', 'fhir', 'dicom', 'cef', 'leef', 'syslog')


def against(tap, site):
    """T37: exports that do not match the trail, caught and, where the format names leaves, located."""
    def check(*paths, want=0):
        words = [w for p in paths for w in ('--export', p)]
        out = [json.loads(x) for x in site.tochoku('verify', site.path('trail'), '--json', *words, want=want).splitlines()]
        return {x['code']: x for x in out[:-1] if x['effect'] != 'note'}

    def changed(name, old, new, fix=False):
        with open(site.path(name), 'rb') as f:
            data = f.read()
        assert old in data, (name, old)
        data = data.replace(old, new, 1)
        if fix:
            at = data.rstrip(b'\n').rfind(b'\n') + 1
            trailer = json.loads(data[at:][data[at:].index(b'{'):data[at:].rindex(b'}') + 1])
            data = data.replace(trailer['sha256'].encode(), hashlib.sha256(data[:at]).hexdigest().encode())
        with open(site.path('forged'), 'wb') as f:
            f.write(data)
        return check(site.path('forged'), want=1)

    for form in FORMATS:
        site.tochoku('export', '--format', form, '--from', '2026-10-20', '--to', '2026-10-21', '-o', site.path(form))
    tap.equal(check(*map(site.path, FORMATS)), {}, 'a sound export of every format agrees, before its record is sealed')
    site.tochoku('seal')
    tap.equal(check(*map(site.path, FORMATS)), {}, 'and after')
    said = site.tochoku('verify', site.path('trail'), '--export', site.path('csv')).decode()
    tap.ok('export-agrees' in said and site.path('csv') in said, 'which is said', said)
    for form in FORMATS:
        old, new = b'mori', b'abe '
        if form in ('csv', 'mhlw', 'jsonl'):
            codes = set(changed(form, old, new))
            tap.ok(codes >= {'export-unrecorded'} | ({'export-digest'} if form != 'mhlw' else set()),
                   'T37 %s: a name changed' % form, codes)
        if form != 'mhlw':
            codes = set(changed(form, old, new, fix=True))
            tap.ok('export-unrecorded' in codes and 'export-digest' not in codes, 'T37 %s: with the trailer put right' % form, codes)
    with open(site.path('jsonl'), 'rb') as f:
        first = f.readline()
    seq = json.loads(first)['seq']
    found = changed('jsonl', first, first.replace(b'"http.response.status_code":200', b'"http.response.status_code":401'), fix=True)
    tap.equal((found['export-line']['seq'], found['export-line']['offset']), (seq, 0), 'T37 jsonl: a line changed, located')
    found = changed('jsonl', first, b'', fix=True)
    tap.ok('export-digest' in found and 'export-unrecorded' in found, 'T37 jsonl: a line taken out', set(found))
    with open(site.path('ecs'), 'rb') as f:
        line = f.readlines()[3]
    mine = json.loads(line)
    found = changed('ecs', mine['event.hash'].encode(), mine['event.hash'][::-1].encode(), fix=True)
    tap.equal(found['export-line']['seq'], mine['event.sequence'], "T37 ecs: a record's leaf, located")
    for form, mark in (('ocsf', b'"leaf_hash":"'), ('fhir', b'"leaf-hash","valueString":"'), ('dicom', b'type="leaf-hash" value="')):
        with open(site.path(form), 'rb') as f:
            data = f.read()
        at = data.index(mark) + len(mark)
        leaf = data[at:data.index(b'"', at)]
        other = base64.b64decode(leaf) if form == 'dicom' else leaf  # DICOM's values are base64 of what others write
        other = (b'1' if other[:1] == b'0' else b'0') + other[1:]  # a hash in hexadecimal or base64 stays one
        found = changed(form, leaf, base64.b64encode(other) if form == 'dicom' else other, fix=True)
        tap.ok('export-line' in found and found['export-line'].get('seq', -1) >= 0, "T37 %s: a record's leaf, located" % form, found)
    with open(site.path('cef'), 'rb') as f:
        checkpoint = json.loads(f.readlines()[-1][2:])['checkpoint'].encode()
    tap.ok('export-checkpoint' in changed('cef', checkpoint, checkpoint[::-1]), 'T37 cef: another checkpoint')
    tap.ok('export-checkpoint' in changed('cef', b'tochoku/', b'tochokx/'), 'T37 cef: another log')


def actors(tap, site):
    """T41: a record names somebody who is not in the register."""
    me = [json.loads(x) for x in trail_lines(site) if b'"actor"' in x][0]['actor']
    register = site.path('people.csv')

    def check(text, want):
        with open(register, 'w', encoding='utf-8') as f:
            f.write(text)
        out = [json.loads(x) for x in site.tochoku('verify', site.path('trail'), '--json', '--actors', register, want=want).splitlines()]
        return [x for x in out[:-1] if x['code'] == 'actor']
    tap.equal(check('id,name\n"%s",x\nabe,y' % me, 0), [], 'everybody who used the log is in the register')
    tap.equal(check('\ufeff# people\r\n%s\r\n' % me, 0), [], 'one name a line does too')
    found = check('id,name\nabe,y\n', 1)
    first = next(i for i, x in enumerate(trail_lines(site)) if b'"actor"' in x)
    tap.ok(found and (found[0]['seq'], found[0]['detail'], found[0]['effect']) == (first, me, 'altered') and 'offset' in found[0] and
           found[0]['segment'] >= 0, 'T41 one who is not there is told, with place', found[:1])
    check_none = site.path('none.csv')
    open(check_none, 'w', encoding='utf-8').close()
    site.tochoku('verify', site.path('trail'), '--actors', check_none, want=2)


def gone(tap, site):
    """What is no longer there is counted; a damaged trail gives no export that looks whole."""
    name = glob.glob(site.path('trail/segments/*/*/000000-*.jsonl'))[0]
    os.rename(name, site.path('away'))
    trailer = json.loads(export(site, 'jsonl', '1970-01-01', '2099-12-31').splitlines()[-1])
    with open(site.path('away'), 'rb') as f:
        n = len(f.read().splitlines())
    tap.equal((trailer['absent_records'], trailer['first_seq']), (n, n), 'the records of a file that is not there')
    rows, _ = exports.json_lines(export(site, 'ecs', '2026-10-20', '2026-10-20').decode())
    tap.ok(rows and 'event.hash' not in rows[0], 'and no leaf is made up for them')
    with open(site.path('away'), 'rb') as f, open(name, 'wb') as g:
        g.write(f.read().replace(b'"type":"access"', b'"type":"acce\\ss"', 1))
    site.tochoku('export', '--format', 'jsonl', '--from', '1970-01-01', '--to', '2099-12-31', want=3)
    tap.ok('damaged' in site.last_error and 'not whole' in site.last_error, 'a damaged line ends the export',
           site.last_error)


def main():
    tap = Tap()
    rules = '/tmp/trail-rules-%d.yml' % os.getpid()
    with open(rules, 'w', encoding='utf-8') as f:
        f.write(RULES)
    site = Site(extra='rules: {paths: [%s]}\n' % rules)
    put(site, 'a.log', ''.join(line(i, 'mori' if i % 2 else 'abe') for i in range(20)))
    site.tochoku('seal')
    put(site, 'b.log', ''.join(line(i, 'mori' if i % 2 else 'abe', '21') for i in range(20)))
    rows = jsonl(tap, site)
    findings(tap, site, rows)
    leaves(tap, site)
    periods(tap, site)
    against(tap, site)
    actors(tap, site)
    gone(tap, site)
    os.unlink(rules)
    tap.done()


if __name__ == '__main__':
    main()
