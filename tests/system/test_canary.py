#!/usr/bin/env python3
"""No key, prompt or answer in any file, log or output: canaries go in by every door, in every form of credential, then
ledger, WAL, keys, error logs and the output of every command are searched for them, raw and in the forms they could
take."""
import base64
import json
import os
import re
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
import capture  # noqa: E402
from harness import ROOT, Site, Tap  # noqa: E402


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as f:
        return f.read()


def table(path, name):
    """The first text of each row NAME(...) of a .def file, with all of the row."""
    return [(re.findall(r'"([^"]*)"', row)[0], row) for row in re.findall(r'^%s\((.*)\)' % name, read(path), re.M)]


STEMS = ['sk-proj-%s', 'sk-ant-api03-%s', 'AIzaSy%s'] + [p + '%s' for p, _ in table('sensor/fields/credentials.def', 'CREDENTIAL')]
MARK, PATIENT = 'CnryQx7Kd92mVbT4Lw3Zt8Rr5Yp0Hc6Nj1Uf', '患者カナリア'  # one of these is in every canary
MSEC = 1795400670


class Canaries:
    """Each value is used once, so that a hit names its door."""

    def __init__(self):
        self.made = {}

    def key(self, door, stem=0):
        value = STEMS[stem] % ('%s%04d' % (MARK, len(self.made)))
        self.made[value] = door
        return value

    def text(self, door):
        value = '%s%04d番の紹介状' % (PATIENT, len(self.made))
        self.made[value] = door
        return value


def forms(value):
    """A secret as it could stand in a file. Base64 at each of its three alignments, ends cut."""
    raw = value.encode()
    yield 'raw', raw
    yield 'reversed', raw[::-1]
    yield 'hex', raw.hex().encode()
    yield 'HEX', raw.hex().upper().encode()
    yield 'url', urllib.parse.quote(value, safe='').replace('-', '%2D').encode()
    yield 'quoted', urllib.parse.quote(value, safe='').encode()
    yield 'json', json.dumps(value)[1:-1].encode()
    yield 'utf-16', value.encode('utf-16-le')
    for shift in range(3):
        code = base64.b64encode(b'\0' * shift + raw)
        yield 'base64', code[4 if shift else 0:-4]
        yield 'base64url', code[4 if shift else 0:-4].replace(b'+', b'-').replace(b'/', b'_')


def json_line(n, **more):
    e = {'ts': '2026-11-23T02:24:30+00:00', 'msec': MSEC + n + 0.125, 'client': '10.10.0.9', 'xff': '', 'user': 'yamada',
         'dept': '薬剤部', 'key_tail': '', 'method': 'POST', 'host': 'gw.example', 'uri': '/v1/chat/completions',
         'proto': 'HTTP/1.1', 'status': 200, 'req_len': 826, 'sent': 580, 'rt': 0.131, 'uht': '0.023', 'urt': '0.130',
         'ustatus': '200', 'rid': '%032x' % n, 'ct': 'application/json', 'ua': 'curl/8.6.0'}
    e.update(more)
    return json.dumps(e, ensure_ascii=False).encode() + b'\n'


def combined_line(n, target='/v1/chat/completions', referrer='-', agent='curl/8.6.0', user='-'):
    return ('10.10.0.9 - %s [23/Nov/2026:02:%02d:%02d +0000] "POST %s HTTP/1.1" 200 2623 "%s" "%s"\n' % (
        user, n // 60, n % 60, target, referrer, agent)).encode()


def json_log(c):
    lines = []

    def add(**more):
        lines.append(json_line(len(lines), **more))
    for name in ('api_key', 'key', 'access_token', 'token', 'secret', 'password', 'sig', 'API-KEY', 'x-api-key'):
        add(uri='/v1/chat/completions?a=1&%s=%s&b=2' % (name, c.key('query ' + name)))
    add(uri='/v1/chat/completions?key=' + c.key('google', 2))
    add(uri='/v1/chat/completions?%61pi_key=' + c.key('percent-encoded name'))
    add(uri='/v1/chat/completions?api_key=' + urllib.parse.quote(c.key('percent-encoded value')).replace('-', '%2D'))
    add(uri='/v1/chat/completions?api_key=' + c.key('absolute form').join(['', '#f']))
    add(uri='http://gw.example/v1/chat?api_key=' + c.key('absolute target'))
    add(uri='/v1/keys/%s/chat' % c.key('path'))
    add(uri='/v1/keys/%s' % c.key('path ant', 1))
    add(ua='client ' + c.key('user agent'))
    add(ua='client Authorization: Bearer ' + c.key('user agent bearer'))
    for name in ('authorization', 'Authorization', 'http_authorization', 'api_key', 'x_api_key', 'x-api-key', 'key'):
        add(**{name: 'Bearer ' + c.key('member ' + name)})
    add(authorization='Basic ' + base64.b64encode(('u:' + c.key('basic')).encode()).decode())
    for stem, text in enumerate(STEMS):
        door = text % ' in '
        add(authorization='Bearer ' + c.key(door + 'member', stem), api_key=c.key(door + 'second member', stem))
        add(uri='/v1/chat/completions?q=%s&access_token=%s' % (c.key(door + 'query', stem), c.key(door + 'named query', stem)))
        add(uri='/v1/%s/%s' % (c.key(door + 'path', stem), urllib.parse.quote(c.key(door + 'coded path', stem)).replace('-', '%2D')))
        add(ua='x/1 (%s)' % c.key(door + 'agent', stem), user=c.key(door + 'user', stem), dept=c.key(door + 'department', stem))
        add(model=c.key(door + 'model', stem), rid=c.key(door + 'request id', stem), host=c.key(door + 'host', stem))
        add(referer='https://u:%s@x.example/%s' % (c.key(door + 'referrer user', stem), c.key(door + 'referrer', stem)))
    add(authorization=jwt(c, 'member'), uri='/v1/x?t=' + jwt(c, 'query'), ua=jwt(c, 'agent'), user=jwt(c, 'user'))
    add(authorization=sigv4(c, 'member'), uri='/v1/x?X-Amz-Signature=%s&X-Amz-Security-Token=%s' % (c.key('presigned'), c.key('token')))
    add(authorization='Digest username="u", response="%s"' % c.key('digest'))
    add(cookie='session=' + c.key('cookie'))
    add(referer='https://portal.example/?api_key=' + c.key('referrer'))
    add(referrer='https://portal.example/' + c.key('referrer path'))
    for name in ('prompt', 'request_body', 'body', 'messages', 'response_body', 'completion', 'answer'):
        add(**{name: c.text('member ' + name)})
    add(request={'messages': [{'role': 'user', 'content': c.text('nested')}]})
    lines.append(b'{"ts":"2026-11-23T02:24:30+00:00","authorization":"Bearer %s" oops\n' % c.key('malformed JSON').encode())
    lines.append(c.key('no JSON at all').encode() + b'\n')
    lines.append(b'\0' + c.key('NUL').encode() + b'\n')
    lines.append(b'{"prompt":"%s"' % c.text('cut').encode() + b'x' * (1 << 20) + c.key('too long').encode() + b'\n')
    lines.append(json_line(999, ts='no time', msec='x', authorization=c.key('no time')))
    return lines


def jwt(c, door):
    """Payload and signature are canaries, and the rest of it is no less secret."""
    parts = ({'alg': 'none'}, {'sub': 'yamada', 'note': c.key('JWT payload, ' + door)})
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b'=').decode() for p in parts]
    return '.'.join(coded + [c.key('JWT signature, ' + door)])


def sigv4(c, door):
    return ('AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260819/us-east-1/bedrock/aws4_request, '
            'SignedHeaders=host;x-amz-date, Signature=' + c.key('signature, ' + door))


def tapped(c):
    """Calls as a capture has them: every header that is looked at, and those in which credentials go otherwise."""
    names = [n for n, row in table('sensor/proto/headers.def', 'HEADER') if row.startswith('REQUEST') and
             n not in ('content-type', 'content-encoding', 'upgrade', 'host')]
    names += [n for n, _ in table('sensor/fields/person.def', 'PERSON')]
    names += ['x-amz-security-token', 'x-goog-iam-authorization-token', 'x-vendor-secret', 'x-csrf-token']
    calls = []

    def add(headers, answer=capture.ANSWER, **more):
        calls.append(('10.0.0.1', capture.request(headers, **more), answer))
    for n in names:
        for form in ('%s', 'Bearer %s', 'CN=%s,O=x', 'session=%s; theme=dark'):
            add([(n, form % c.key('%s: %s' % (n, form % '')))])
        add([(n, jwt(c, n))])
        add([(n, 'a=1; t=' + jwt(c, n + ', cookie'))])
        add([(n, sigv4(c, n))])
        add([(n, 'Basic ' + base64.b64encode(('u:' + c.key(n + ', basic')).encode()).decode())])
        add([(n, 'Basic ' + base64.b64encode((c.key(n + ', basic user') + ':').encode()).decode())])
    add([('Host', c.key('host'))], path='/v1/%s?key=%s' % (c.key('captured path'), c.key('captured query', 2)))
    add([], body=json.dumps({'model': c.key('captured model'), 'user': c.key('captured user'),
                             'messages': [{'role': 'user', 'content': c.text('captured prompt')}]}).encode())
    body = json.dumps({'model': 'gpt-4o', 'choices': [{'message': {'content': c.text('captured answer')}}]}).encode()
    add([], answer=b'HTTP/1.1 200 OK\r\nSet-Cookie: session=%s\r\nX-Request-Id: %s\r\nContent-Length: %d\r\n\r\n' % (
        c.key('set-cookie').encode(), c.key('answer id').encode(), len(body)) + body)
    return calls


def combined_log(c):
    lines = []

    def add(**more):
        lines.append(combined_line(len(lines), **more))
    add(target='/v1/chat/completions?api_key=' + c.key('combined query'))
    add(target='/v1/%s/x' % c.key('combined path'))
    add(referrer='https://portal.example/?token=' + c.key('combined referrer'))
    add(referrer='https://u:%s@portal.example/' % c.key('combined referrer user'))
    add(agent='x ' + c.key('combined agent'))
    add(user=c.key('combined user'))
    lines.append(b'10.10.0.9 - - [23/Nov/2026:02:24:30 +0000] "%s" 400 0 "-" "-"\n' % c.key('garbage request').encode())
    lines.append(b'10.10.0.9 %s\n' % c.key('malformed combined').encode())
    return lines


def outputs(site):
    """Name -> bytes of whatever a person or program can see."""
    day = '2026-11-23'
    formats = [n for n in re.findall(r'^EXPORT\((\w+)\)', read('reports/export/exports.def'), re.M)]
    assert len(formats) == 10, formats
    for args in (['findings', 'list'], ['findings', 'list', '--json'], ['keys', 'list'], ['keys', 'list', '--json'],
                 ['keys', 'list', '--seen'], ['keys', 'list', '--seen', '--json'], ['users', 'list'], ['status'],
                 ['status', '--json'], ['status', '--config'], ['doctor'], ['rules', 'list'], ['calendar', 'show'],
                 *(['export', '--format', f, '--from', '2026-01-01', '--to', '2027-01-01'] for f in formats),
                 *(['report', kind, '--date', day, '--format', f, '--lang', lang] for kind in ('daily', 'weekly', 'monthly')
                   for f in ('text', 'html', 'json', 'csv') for lang in ('ja', 'en'))):
        out = site.tochoku(*args, want=None)
        yield ' '.join(args), out
        yield ' '.join(args) + ' (messages)', site.last_error.encode()
    for name in ('access.log', 'combined.log', 'tap.pcap'):
        out = site.tochoku('decode', '--json', site.path(name), want=None)
        yield 'decode ' + name, out
        yield 'decode %s (messages)' % name, site.last_error.encode()


def files(site, inputs):
    for folder, _, names in os.walk(site.dir):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.abspath(path) not in inputs and os.path.isfile(path):
                with open(path, 'rb') as f:
                    yield os.path.relpath(path, site.dir), f.read()


def main():
    tap, c = Tap(), Canaries()
    registered = c.key('configuration')
    extra = 'identities:\n  keys:\n    - {id: ward-7, key: "%s", user: yamada}\n' \
        'functions:\n  - {name: f, match: {header.authorization: "Bearer *"}}\n' % registered
    site = Site(tails=[('gateway', 'access.log', 'nginx-json'), ('proxy', 'combined.log', 'nginx-combined')], extra=extra)
    inputs = {site.config}
    for name, lines in (('access.log', json_log(c)), ('combined.log', combined_log(c))):
        inputs.add(site.path(name))
        with open(site.path(name), 'wb') as f:
            f.writelines(lines)
    with open(site.config, encoding='utf-8') as f:
        text = f.read().replace('networks:\n', 'networks:\n  trusted_proxies: [10.0.0.1/32]\n')
    with open(site.config, 'w', encoding='utf-8') as f:
        f.write(text)
    inputs |= {capture.write(site.path('tap.pcap'), tapped(c)), site.path('keys.csv'), site.path('wrong.csv')}
    with open(site.path('keys.csv'), 'w', encoding='utf-8') as f:
        f.write('id,key\na,%s\nb,Bearer %s\n' % (c.key('keys import'), c.key('keys import, bearer')))
    with open(site.path('wrong.csv'), 'w', encoding='utf-8') as f:
        f.write('id,key,expires\na,%s,never\nb,"%s" x,\n' % (c.key('wrong row'), c.key('wrong CSV')))
    site.start()
    tap.ok(site.wait_count(site_events(site), 10), 'the logs are in the ledger', site.count())
    seen = [('WAL while it runs: ' + n, b) for n, b in files(site, inputs)]
    seen += list(outputs(site))
    before = site.count()
    for args in (['keys', 'import', site.path('keys.csv')], ['keys', 'import', site.path('wrong.csv')],
                 ['keys', 'add', '--id', 'c'], ['import', site.path('tap.pcap')], ['keys', 'rotate-fingerprint']):
        seen += [(' '.join(args), site.tochoku(*args, want=None, stdin=c.key('keys add').encode())),
                 (' '.join(args) + ' (messages)', site.last_error.encode())]
    joined = sum('tochoku.twin' in e for e in site.events())  # a call that is logged too is one call
    tap.equal(site.count() - before + joined, len(tapped(Canaries())), 'the captured calls are in the ledger')
    seen += [('WAL behind the capture: ' + n, b) for n, b in files(site, inputs)]
    site.stop()
    site.tochoku('import', site.path('access.log'))
    seen += [('import (messages)', site.last_error.encode())]
    site.tochoku('export', '--pack', site.path('pack'), '--from', '2026-01-01', '--to', '2027-01-01')
    evidence = site.tochoku('verify', site.path('trail'), '--evidence', '5')
    seen += list(files(site, inputs)) + list(outputs(site)) + [('evidence file', evidence)]
    names = [n for n, _ in seen]
    tap.ok(any(n.startswith('pack/trail/segments/') for n in names) and any(n.startswith('trail/segments/') for n in names),
           'segments of the trail and the pack with its own are among them')
    tap.ok(site.count() >= 40, 'events came of it', site.count())
    caught = [(where, text) for where, text in seen if any(d in text for m in (MARK, PATIENT) for _, d in forms(m))]
    hits = ['a canary in %s' % where for where, _ in caught]
    hits += ['%s (%s) in %s' % (door, form, where) for value, door in c.made.items() for form, data in forms(value)
             for where, text in caught if data in text]
    tap.ok(not hits, '%d canaries in %d files and outputs: no hit' % (len(c.made), len(seen)), '\n'.join(hits))
    control = b'x' + base64.b64encode(b'ab' + registered.encode()) + b'y'
    tap.ok(any(data in control for _, data in forms(registered)), 'the search finds what is there')
    tap.done()


def site_events(site):
    """Waits until the number of events stands still; that number."""
    last, since = -1, time.monotonic()
    end = since + 15
    while time.monotonic() < end and (time.monotonic() - since < 1 or last <= 0):
        n = site.count()
        if n != last:
            last, since = n, time.monotonic()
        time.sleep(0.1)
    return last


if __name__ == '__main__':
    main()
