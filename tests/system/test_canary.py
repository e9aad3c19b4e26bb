#!/usr/bin/env python3
"""No key, prompt or answer in any file, log or output: canaries go in by every door, then ledger, WAL, keys,
error logs and the output of every command are searched for them, raw and in the forms they could take."""
import base64
import json
import os
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402

STEMS = ['sk-proj-%sQx7Kd92mVbT4', 'sk-ant-api03-%sLw3Zt8Rr5Yp0', 'AIzaSy%sHc6Nj1Uf9Ga4Es7Bd2Mk5Vo8Xq3W']
MSEC = 1795400670


class Canaries:
    """Each value is used once, so that a hit names its door."""

    def __init__(self):
        self.made = {}

    def key(self, door, stem=0):
        value = STEMS[stem] % ('%s%02d' % ('Cnry', len(self.made)))
        self.made[value] = door
        return value

    def text(self, door):
        value = '患者カナリア%02d番の紹介状' % len(self.made)
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
    for args in (['findings', 'list'], ['findings', 'list', '--json'], ['keys', 'list'], ['keys', 'list', '--json'],
                 ['keys', 'list', '--seen'], ['keys', 'list', '--seen', '--json'], ['users', 'list'], ['status'],
                 ['status', '--json'], ['status', '--config'], ['doctor'], ['rules', 'list'], ['calendar', 'show'],
                 ['export', '--format', 'jsonl', '--from', '2026-01-01', '--to', '2027-01-01'],
                 *(['report', 'daily', '--date', day, '--format', f, '--lang', lang]
                   for f in ('text', 'html', 'json') for lang in ('ja', 'en'))):
        out = site.tochoku(*args, want=None)
        yield ' '.join(args), out
        yield ' '.join(args) + ' (messages)', site.last_error.encode()
    for name in ('access.log', 'combined.log'):
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
    extra = 'identities:\n  keys:\n    - {id: ward-7, key: "%s", user: yamada}\n' % registered
    site = Site(tails=[('gateway', 'access.log', 'nginx-json'), ('proxy', 'combined.log', 'nginx-combined')], extra=extra)
    inputs = {site.config}
    for name, lines in (('access.log', json_log(c)), ('combined.log', combined_log(c))):
        inputs.add(site.path(name))
        with open(site.path(name), 'wb') as f:
            f.writelines(lines)
    site.start()
    tap.ok(site.wait_count(site_events(site), 10), 'the logs are in the ledger', site.count())
    seen = [('WAL while it runs: ' + n, b) for n, b in files(site, inputs)]
    seen += list(outputs(site))
    site.stop()
    site.tochoku('import', site.path('access.log'))
    seen += [('import (messages)', site.last_error.encode())]
    seen += list(files(site, inputs)) + list(outputs(site))
    tap.ok(site.count() >= 40, 'events came of it', site.count())
    hits = ['%s (%s) in %s' % (door, form, where)
            for value, door in c.made.items() for form, data in forms(value)
            for where, text in seen if data in text]
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
