#!/usr/bin/env python3
"""Every export format says the same of the same records, and no byte of a stranger breaks out of its place."""
import base64
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import exports  # noqa: E402
from harness import Site, Tap  # noqa: E402

FORMATS = ('jsonl', 'csv', 'mhlw', 'ecs', 'ocsf', 'fhir', 'dicom', 'cef', 'leef', 'syslog')
RANGE = ('--from', '2026-11-20', '--to', '2026-11-21')
EXTRA = '''export: {enterprise_number: 55555}
identities:
  users:
    - {id: tanaka, name: 田中 直子, roles: [nurse], department: 5F病棟}
'''
HOSTILE = ['=1+1', '+1', '-1', '@SUM(A1)', '＝1', '＋1', '－1', '＠x', '"quoted"', "it's", 'a,b', 'a|b\\c', 'k=v]"', '<b>&amp;',
           ']]>', '日本語', '\u200b\u202e', '😀', 'a\u2028b', 'x' * 3000, 'é' * 1500]


def record(i, agent, **more):
    row = {'time': '2026-11-20T%02d:%02d:%02d+09:00' % (9 + i // 3600, i // 60 % 60, i % 60), 'remote_addr': '10.10.0.7',
           'request_method': 'POST', 'request_uri': '/v1/chat/completions?patient=SECRETQUERY', 'status': 200,
           'http_user_agent': agent, 'request_id': 'r%d' % i, 'request_time': 1.5, 'user': 'tanaka', 'model': 'gpt-4o-mini',
           'host': 'gw.example'}
    row.update(more)
    return json.dumps(row, ensure_ascii=True)


def clean(text):
    """exports.md 1: C0 as U+FFFD, cut at 1,024 bytes with a visible mark."""
    out = b''
    for c in text:
        one = ('\ufffd' if ord(c) < 0x20 or c in '\x7f\ufffe\uffff' else c).encode()
        if len(out) + len(one) > 1024:
            return out.decode() + '…'
        out += one
    return out.decode()


def records_of(name, data):
    """Access records as (user agent or None where the format has none), how many records in all, the trailer."""
    if name == 'csv':
        head, rows, trailer = exports.table(data)
        return [r[head.index('user_agent.original')] for r in rows], len(rows), trailer
    text = data.decode()
    if name == 'dicom':
        rows, trailer = exports.dicom(text)
        alerts = [r for r in rows if r.find('.//EventID').get('csd-code') == '110113']
        return [None] * (len(rows) - len(alerts)), len(rows), trailer
    if name in ('ecs', 'ocsf', 'fhir', 'jsonl'):
        rows, trailer = exports.json_lines(text)
        access = {'jsonl': lambda r: r['type'] == 'access', 'ecs': lambda r: r['event.kind'] == 'event',
                  'ocsf': lambda r: r['class_uid'] != 2004, 'fhir': lambda r: r['type']['code'] != '110113'}[name]
        agent = {'jsonl': lambda r: r['user_agent.original'], 'ecs': lambda r: r['user_agent.original'],
                 'ocsf': lambda r: r['http_request']['user_agent'] if 'http_request' in r else None,
                 'fhir': lambda r: None}[name]
        return [agent(r) for r in rows if access(r)], len(rows), trailer
    lines, trailer = exports.hashed(text)
    if name == 'cef':
        rows = [exports.cef(line) for line in lines]
        return [v['requestClientApplication'] for h, v in rows if h[4].startswith('access.')], len(rows), trailer
    if name == 'leef':
        rows = [exports.leef(line) for line in lines]
        return [None for h, v in rows if v['cat'] == 'access'], len(rows), trailer
    rows = [exports.syslog(line) for line in lines]
    return [r[3]['user_agent.original'] for r in rows if r[1][4] == 'ACCESS'], len(rows), trailer


def same_everywhere(tap, site, names):
    for name in FORMATS:
        data = site.tochoku('export', '--format', name, '--lang', 'en', *RANGE)
        tap.ok(b'SECRETQUERY' not in data, '%s holds no query' % name)
        if name == 'mhlw':
            continue
        agents, total, trailer = records_of(name, data)
        tap.equal(len(agents), len(names), '%s holds every record' % name)
        tap.equal(trailer['count'], total, '%s counts them in its trailer' % name)
        body = data[:data.rstrip(b'\n').rindex(b'\n') + 1]
        tap.equal(trailer['sha256'], hashlib.sha256(body).hexdigest(), '%s: the trailer has the digest' % name)
        if agents[0] is None:
            continue
        if name == 'csv':
            want = [("'" if clean(n)[0] in '=+-@＝＋－＠' else '') + clean(n) for n in names]
        else:
            want = [n if name in ('jsonl', 'syslog') else clean(n) for n in names]
        wrong = [(g, w) for g, w in zip(agents, want) if g not in (w, None)]
        tap.equal(wrong[:3], [], '%s gives each name back' % name)


def the_mapping(tap, site):
    """One ordinary call and one refused, in the words of each format."""
    one = {}
    for name in ('ecs', 'ocsf', 'fhir'):
        rows, _ = exports.json_lines(site.tochoku('export', '--format', name, *RANGE).decode())
        one[name] = [r for r in rows if r.get('event.kind') != 'alert' and r.get('class_uid') != 2004 and
                     r.get('type', {}).get('code') != '110113']
    ecs = one['ecs'][0]
    tap.equal((ecs['event.outcome'], ecs['event.type'], ecs['user.id'], ecs['user.roles'], ecs['group.name'], ecs['source.ip'],
               ecs['event.duration'], ecs['event.timezone'], ecs['@timestamp']),
              ('success', ['access', 'allowed'], 'tanaka', ['nurse'], '5F病棟', '10.10.0.7', 1500000000, '+09:00',
               '2026-11-19T23:59:58.500Z'), 'ecs: an ordinary call')
    ocsf = one['ocsf'][0]
    tap.equal((ocsf['class_uid'], ocsf['type_uid'], ocsf['status_id'], ocsf['time'], ocsf['timezone_offset'], ocsf['duration']),
              (6003, 600301, 1, 1795132798500, 540, 1500), 'ocsf: API Activity')
    tap.equal(one['ocsf'][-1]['class_uid'], 3002, 'ocsf: a refused key is Authentication')
    tap.equal(one['ocsf'][-1]['user']['uid'], 'unknown', 'ocsf: its user is unknown')
    fhir = one['fhir'][0]
    tap.equal((fhir['type']['code'], fhir['action'], fhir['outcome'], [a['requestor'] for a in fhir['agent']]),
              ('110106', 'R', '0', [False, False, True]), 'fhir: data left the hospital; the user asked')
    refused = one['fhir'][-1]
    tap.equal((refused['type']['code'], refused['outcome'], [a['requestor'] for a in refused['agent']]),
              ('110114', '4', [True, False]), 'fhir: a refused key')
    messages, _ = exports.dicom(site.tochoku('export', '--format', 'dicom', *RANGE).decode())
    detail = {d.get('type'): base64.b64decode(d.get('value')).decode()
              for d in messages[0].iter('ParticipantObjectDetail')}
    tap.equal(detail['model'], 'gpt-4o-mini', 'dicom: details are base64')
    lines, _ = exports.hashed(site.tochoku('export', '--format', 'syslog', *RANGE).decode())
    priority, head, elements, _ = exports.syslog(lines[0])
    tap.equal((priority, head[1], head[4], elements['access@55555']['user']), (85, 'tochoku', 'ACCESS', 'tanaka'),
              'syslog: facility 10, our own element')


def the_ministry(tap, site):
    head, rows, trailer = exports.table(site.tochoku('export', '--format', 'mhlw', *RANGE))
    tap.equal(head, ['ユーザーID', '氏名', '時刻', 'カテゴリ', '操作情報'], 'mhlw: the five columns')
    tap.equal(rows[0], ['tanaka', '田中 直子', '2026/11/20 8:59:58', 'チャット', 'AI呼び出し（チャット）成功 gpt-4o-mini'],
              'mhlw: a call as the ministry writes it')
    tap.equal(trailer, None, 'mhlw: no trailer')
    data = site.tochoku('export', '--format', 'csv', '--encoding', 'cp932', *RANGE)
    head, rows, trailer = exports.table(data, 'cp932')
    tap.ok(all(head) and len(set(head)) == len(head) == len(rows[0]), 'csv: every column has a heading of its own', head)
    tap.equal(head[0], '日時', 'csv: headings in the site\'s language')
    tap.ok(trailer['replaced_characters'] > 0 and any('〓' in cell for r in rows for cell in r),
           'cp932: what it lacks is 〓 and counted', trailer)
    _, rows, _ = exports.table(site.tochoku('export', '--format', 'csv', '--excel-text', '--lang', 'en', *RANGE))
    tap.ok(all(r[3].startswith("'") for r in rows), 'csv: --excel-text keeps ids as text')


# Of each format: field of the event -> how to get it out of a parsed record. None: the format has no place for it.
def attribute(role, name):
    def get(r):
        for p in r.iter('ActiveParticipant'):
            code = p.find('RoleIDCode')
            if (code.get('csd-code') if code is not None else 'user') == role:
                return p.get(name)
        return None
    return get


def detail(name):
    return lambda r: next((base64.b64decode(d.get('value')).decode() for d in r.iter('ParticipantObjectDetail') if d.get('type') == name), None)


def fhir_detail(name):
    return lambda r: next((d['valueString'] for e in r['entity'] for d in e.get('detail', ()) if d['type'] == name), None)


FIELDS = ('user.name', 'gen_ai.request.model', 'url.path', 'url.domain', 'http.request.id', 'tochoku.department',
          'user_agent.original')
PLACES = {
    'ecs': {'user.name': lambda r: r.get('user.id'), 'url.domain': lambda r: r.get('destination.domain'),
            'tochoku.department': lambda r: r.get('group.name'),
            **{f: (lambda r, f=f: r.get(f)) for f in ('gen_ai.request.model', 'url.path', 'http.request.id', 'user_agent.original')}},
    'ocsf': {'user.name': lambda r: r['actor']['user']['uid'], 'url.path': lambda r: r['http_request']['url'].get('path'),
             'url.domain': lambda r: r['http_request']['url'].get('hostname'),
             'http.request.id': lambda r: r['api'].get('request', {}).get('uid'),
             'user_agent.original': lambda r: r['http_request'].get('user_agent'),
             'tochoku.department': lambda r: r['actor']['user'].get('groups', [{}])[0].get('name')},
    'fhir': {'user.name': lambda r: r['agent'][-1]['who'].get('identifier', {}).get('value'),
             'url.path': lambda r: r['entity'][-1].get('name'), 'gen_ai.request.model': fhir_detail('model'),
             'http.request.id': lambda r: r['entity'][0]['what']['identifier']['value'] if len(r['entity']) > 1 else None},
    'dicom': {'user.name': attribute('user', 'UserID'), 'url.path': lambda r: r.find('.//ParticipantObjectIdentification').get('ParticipantObjectID'),
              'gen_ai.request.model': detail('model'), 'http.request.id': detail('request-id')},
    'cef': {f: (lambda r, k=k: r[1].get(k)) for f, k in (('user.name', 'suser'), ('gen_ai.request.model', 'cs2'), ('url.path', 'request'),
                                                         ('url.domain', 'dhost'), ('tochoku.department', 'cs3'),
                                                         ('user_agent.original', 'requestClientApplication'))},
    'leef': {f: (lambda r, k=k: r[1].get(k)) for f, k in (('user.name', 'usrName'), ('url.path', 'url'))},
    'syslog': {**{f: (lambda r, f=f: r[3].get(f)) for f in FIELDS}, 'user.name': lambda r: r[2]['access@55555'].get('user')},
}


def parsed(name, data):
    text = data.decode()
    if name == 'dicom':
        return exports.dicom(text)[0]
    if name in ('ecs', 'ocsf', 'fhir'):
        return exports.json_lines(text)[0]
    return [getattr(exports, name)(x) for x in exports.hashed(text)[0]]


def every_field(tap):
    """Every byte, and whole texts, in every field that a stranger fills: each comes back out of its place in each format."""
    site = Site(extra='export: {enterprise_number: 55555}\n')
    texts = ['x%cy' % chr(i) for i in range(1, 256)] + [chr(i) for i in range(33, 127)] + [h for h in HOSTILE if len(h) < 100]
    with open(site.path('in.log'), 'w', encoding='utf-8') as f:
        for i, t in enumerate(texts):
            f.write(record(i, t, user=t, model=t, host=t, request_uri='/v1/' + t, request_id=t, department=t, dept=t) + '\n')
    site.tochoku('import', '--format', 'nginx-json', site.path('in.log'))
    want = [r for r in exports.json_lines(site.tochoku('export', '--format', 'jsonl', *RANGE).decode())[0] if r['type'] == 'access']
    tap.ok(len(want) > 300, 'events came of it', len(want))
    for field in FIELDS:
        n = len({r.get(field) for r in want})
        tap.ok(n > 150, '%s holds %d different texts' % (field, n))
    for name, places in PLACES.items():
        rows = parsed(name, site.tochoku('export', '--format', name, *RANGE))
        bad = ['%s' % len(rows)] if len(rows) < len(want) else []  # findings are behind the calls
        for r, w in zip(rows, want):
            for field, get in places.items():
                text = None if field not in w else clean(w[field]) if name != 'syslog' or field == 'user.name' else w[field]
                if name == 'leef' and text is not None:
                    text = text.replace('\t', ' ').replace('\n', ' ')
                if field == 'user.name' and text is None:
                    continue  # a format may require one
                if get(r) != text:
                    bad.append('%s: got %r, want %r' % (field, get(r), text))
        tap.ok(not bad, '%s: %d records, each text in its place' % (name, len(rows)), '\n'.join(bad[:8]))
    head, rows, _ = exports.table(site.tochoku('export', '--format', 'csv', '--lang', 'en', *RANGE))
    bad = []
    for r, w in zip(rows, want):
        for field in FIELDS:
            text = clean(w[field]) if field in w else ''
            text = "'" + text if text[:1] in tuple('=+-@\t\r＝＋－＠') and text else text
            if r[head.index(field)] != text:
                bad.append('%s: got %r, want %r' % (field, r[head.index(field)], text))
    tap.ok(len(rows) == len(want) and not bad, 'csv: each text in its place', '\n'.join(bad[:8]))


def main():
    tap = Tap()
    every_field(tap)
    site = Site(extra=EXTRA)
    names = ['byte %c here' % chr(i) for i in range(1, 256)] + HOSTILE
    lines = [record(i, n) for i, n in enumerate(names)]
    lines.append(record(len(names), 'refused', status=401, user=''))
    names.append('refused')
    with open(site.path('in.log'), 'w', encoding='utf-8') as f:
        f.write('\n'.join(lines) + '\n')
    site.tochoku('import', '--format', 'nginx-json', site.path('in.log'))
    same_everywhere(tap, site, names)
    the_mapping(tap, site)
    the_ministry(tap, site)
    site.tochoku('export', '--format', 'nope', *RANGE, want=2)
    tap.ok('jsonl, csv, mhlw' in site.last_error, 'an unknown format: the known ones are named', site.last_error)
    site.tochoku('export', '--format', 'ecs', '--excel-text', *RANGE, want=2)
    tap.ok('for csv and mhlw' in site.last_error, 'an option that a format has no use for is refused')
    tap.done()


if __name__ == '__main__':
    main()
