"""Real traffic for the tap: nginx before an upstream that answers like an LLM API in every framing, curl as the
clients, and nginx's own log as the truth.

    python3 tests/lib/traffic.py upstream PORT      (started by Gateway)"""
import asyncio
import atexit
import calendar
import functools
import gzip
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.abspath(__file__)
WORDS = ('経過観察 血圧 内服 継続 紹介 退院 外来 再診 検査 所見 良好 発熱 なし 本日 午後 投与 中止 単位 採血 結果 右 左 胸部 異常 指示 家族 '
         '説明 同意 転棟 栄養 夜間 安静 歩行 介助 創部 疼痛 軽度 増悪 抗菌薬 点滴 mg mL CRP WBC SpO2 CT ECG the patient was seen').split()
KINDS = ('plain', 'chunked', 'gzip', 'gzip-chunked', 'stream', 'stream-gzip', 'error')
NGINX = '''daemon off;
%(user)s
pid %(dir)s/nginx.pid;
error_log %(dir)s/nginx-error.log warn;
worker_processes 2;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
	log_format truth escape=json '{"rid":"$http_x_request_id","status":$status,"method":"$request_method","uri":"$request_uri",'
		'"port":$remote_port,"msec":$msec,"rt":$request_time,"request":"$http_content_length","plain":"$upstream_http_x_plain",'
		'"input":"$upstream_http_x_input","output":"$upstream_http_x_output","kind":"$upstream_http_x_kind",'
		'"model":"$upstream_http_x_model","agent":"$http_user_agent"}';
	access_log %(dir)s/truth.log truth buffer=256k flush=1s;
	client_body_temp_path %(dir)s/tmp;
	proxy_temp_path %(dir)s/tmp;
	fastcgi_temp_path %(dir)s/tmp;
	uwsgi_temp_path %(dir)s/tmp;
	scgi_temp_path %(dir)s/tmp;
	client_body_buffer_size 256k;
	keepalive_requests 100000;
	upstream api { server 127.0.0.1:%(upstream)d; keepalive 200; keepalive_requests 100000; }
	server {
		listen %(address)s:%(port)d;
		location / {
			proxy_pass http://api;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_buffering off;
		}
	}
}
'''


def answer(n, model, stream, size, events):
    """The decoded body of call n of some `size` characters, or a stream of `events` at most, and its usage."""
    usage = {'prompt_tokens': 20 + n % 977, 'completion_tokens': 1 + n % 311}
    usage['total_tokens'] = usage['prompt_tokens'] + usage['completion_tokens']
    head = {'id': 'chatcmpl-%d' % n, 'created': 1795400000, 'model': model}
    text = ' '.join(random.Random(n).choices(WORDS, k=1 + size // 3))
    if not stream:
        body = dict(head, object='chat.completion', usage=usage, choices=[
            {'index': 0, 'message': {'role': 'assistant', 'content': text[:size]}, 'finish_reason': 'stop'}])
        return [json.dumps(body, ensure_ascii=False).encode()], usage
    parts = [dict(head, object='chat.completion.chunk', choices=[{'index': 0, 'delta': {'content': text[i:i + 40]}}])
             for i in range(0, min(len(text), 40 * events), 40)]
    parts.append(dict(head, object='chat.completion.chunk', choices=[], usage=usage))
    return [b'data: ' + json.dumps(p, ensure_ascii=False).encode() + b'\n\n' for p in parts] + [b'data: [DONE]\n\n'], usage


@functools.lru_cache(1000)
def response(n, kind, model, size, events):
    """Head and pieces as they go on the wire."""
    stream = kind.startswith('stream')
    parts, usage = answer(n, model, stream, size, events)
    status = '200 OK'
    if kind == 'error':
        parts, status = [b'{"error":{"type":"rate_limit_error","message":"slow down"}}'], '429 Too Many Requests'
    plain = sum(map(len, parts))
    head = ['HTTP/1.1 ' + status, 'Content-Type: ' + ('text/event-stream' if stream else 'application/json'),
            'X-Plain: %d' % plain, 'X-Kind: ' + kind]
    if kind != 'error':
        head += ['X-Input: %d' % usage['prompt_tokens'], 'X-Output: %d' % usage['completion_tokens'], 'X-Model: ' + model]
    if 'gzip' in kind:
        parts = [gzip.compress(b''.join(parts), 1)]
        head.append('Content-Encoding: gzip')
        if kind != 'gzip':
            parts = [parts[0][i:i + 500] for i in range(0, len(parts[0]), 500)]
    elif kind == 'chunked':
        parts = [parts[0][i:i + 3000] for i in range(0, len(parts[0]), 3000)]
    if kind in ('plain', 'gzip', 'error'):
        head.append('Content-Length: %d' % len(parts[0]))
    else:
        head.append('Transfer-Encoding: chunked')
        parts = [b'%x\r\n%s\r\n' % (len(p), p) for p in parts] + [b'0\r\n\r\n']
    return '\r\n'.join(head).encode() + b'\r\n\r\n', parts


async def serve(reader, writer):
    try:
        while True:
            head = await reader.readuntil(b'\r\n\r\n')
            length = next((int(x[15:]) for x in head.decode('latin-1').split('\r\n') if x.lower().startswith('content-length:')), 0)
            body = await reader.readexactly(length)
            request = json.loads(body)
            n, size, events = (int(request['metadata'][k]) for k in ('n', 'size', 'events'))
            first, parts = response(n, request['metadata']['kind'], request['model'], size, events)
            writer.write(first)
            for p in parts:
                writer.write(p)
                if request.get('stream'):
                    await asyncio.sleep(0)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def upstream(port):
    server = await asyncio.start_server(serve, '127.0.0.1', port, backlog=512)
    await server.serve_forever()


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


class Gateway:
    """nginx and its upstream in folder `path`; `stop` waits until the log is written."""

    def __init__(self, path, address='127.0.0.1'):
        self.dir, self.address, self.port = path, address, free_port()
        up = free_port()
        os.makedirs(os.path.join(path, 'tmp'), exist_ok=True)
        user = 'user root;' if os.getuid() == 0 else ''
        with open(os.path.join(path, 'nginx.conf'), 'w', encoding='utf-8') as f:
            f.write(NGINX % {'dir': path, 'user': user, 'upstream': up, 'port': self.port, 'address': address})
        env = dict(os.environ, PATH=os.environ['PATH'] + ':/usr/sbin:/sbin')
        self.parts = [subprocess.Popen([sys.executable, HERE, 'upstream', str(up)]),
                      subprocess.Popen([shutil.which('nginx', path=env['PATH']), '-p', path, '-c', os.path.join(path, 'nginx.conf'),
                                        '-e', os.path.join(path, 'nginx-error.log')])]
        atexit.register(self.stop)
        for host, port in (('127.0.0.1', up), (address, self.port)):
            end = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection((host, port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.05)

    def url(self):
        return 'http://%s:%d' % (self.address, self.port)

    def stop(self):
        for p, sig in zip(reversed(self.parts), (signal.SIGQUIT, signal.SIGTERM)):
            p.send_signal(sig)
            try:
                p.wait(20)
            except subprocess.TimeoutExpired:
                p.kill()
        self.parts = []

    def truth(self):
        with open(os.path.join(self.dir, 'truth.log'), encoding='utf-8') as f:
            return [json.loads(line) for line in f]


def call(path, n, kind, size=600, prompt=200, events=20):
    """The request body of call n, in a file."""
    body = {'model': ('gpt-4o-mini', 'gpt-4.1', 'local-llm-7b')[n % 3], 'stream': kind.startswith('stream'),
            'metadata': {'n': str(n), 'kind': kind, 'size': str(size), 'events': str(events)},
            'messages': [{'role': 'user', 'content': '紹介状の要約 ' * (1 + prompt // 8)}]}
    name = os.path.join(path, 'q%d.json' % n)
    with open(name, 'w', encoding='utf-8') as f:
        json.dump(body, f, ensure_ascii=False)
    return name


def drive(gateway, path, n, connections=200, size=lambda i: 100 + i * 37 % 4000, prompt=lambda i: 50 + i * 13 % 2000, first=0,
          events=20, bodies=None, run=(), kinds=KINDS):
    """n calls by one curl over that many connections, kinds in turn. Returns curl's exit status. `bodies`: make that many
    and use them in turn, with a request id of its own for each call; `run`: the words before curl."""
    config = os.path.join(path, 'curl.cfg')
    folder = os.path.join(path, 'bodies')
    os.makedirs(folder, exist_ok=True)
    made = {}
    with open(config, 'w', encoding='utf-8') as f:
        for i in range(first, first + n):
            b = i % bodies if bodies else i
            if b not in made:
                made[b] = call(folder, b, kinds[b % len(kinds)], size(b), prompt(b), events)
            f.write('%surl = "%s/v1/chat/completions"\ndata-binary = "@%s"\nheader = "Content-Type: application/json"\n'
                    'header = "X-Request-ID: %032x"\nheader = "Expect:"\nheader = "Authorization: Bearer sk-canary-%d-secret"\noutput = "/dev/null"\n'
                    % ('next\n' if i > first else '', gateway.url(), made[b], i, i % 7))
    p = subprocess.run([*run, 'curl', '-sS', '--parallel', '--parallel-immediate', '--parallel-max', str(connections), '-K', config],
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if p.returncode != 0:
        print('# curl: ' + p.stderr.decode()[-500:])
    return p.returncode


def nanoseconds(text):
    """RFC 3339 in UTC as epoch nanoseconds."""
    whole, _, rest = text.rstrip('Z').partition('.')
    return calendar.timegm(time.strptime(whole, '%Y-%m-%dT%H:%M:%S')) * 10**9 + int(rest.ljust(9, '0'))


def differences(truth, events):
    """Where events are not what nginx logged: one line each."""
    bad, by_id = [], {}
    for e in events:
        by_id.setdefault(e.get('http.request.id'), []).append(e)
    for t in truth:
        es = by_id.pop(t['rid'], [])
        if len(es) != 1:
            bad.append('%s: %d events' % (t['rid'], len(es)))
            continue
        e, good = es[0], t['kind'] != 'error'
        want = {'http.response.status_code': t['status'], 'http.request.method': t['method'], 'url.path': t['uri'],
                'source.port': t['port'], 'http.request.body.bytes': int(t['request']), 'http.response.body.bytes': int(t['plain']),
                'user_agent.original': t['agent'], 'tochoku.complete': True, 'tochoku.stream': t['kind'].startswith('stream'),
                'gen_ai.usage.input_tokens': int(t['input']) if good else None,
                'gen_ai.usage.output_tokens': int(t['output']) if good else None,
                'gen_ai.response.model': t['model'] if good else None, 'gen_ai.operation.name': 'chat',
                'tochoku.usage.quality': 'exact' if good else 'none'}
        wrong = ['%s is %r, not %r' % (k, e.get(k), v) for k, v in want.items() if e.get(k) != v]
        end = (nanoseconds(e['@timestamp']) + e.get('event.duration', 0)) / 1e9
        if abs(end - t['msec']) > 1:
            wrong.append('ends at %.3f, not %.3f' % (end, t['msec']))
        if not 0 <= e.get('tochoku.ttfb', -1) <= e.get('event.duration', -1):
            wrong.append('ttfb %r of %r' % (e.get('tochoku.ttfb'), e.get('event.duration')))
        bad += ['%s (%s): %s' % (t['rid'], t['kind'], w) for w in wrong]
    return bad + ['%s: nginx knows nothing of it' % rid for rid in by_id]


if __name__ == '__main__':
    if sys.argv[1:2] == ['upstream']:
        asyncio.run(upstream(int(sys.argv[2])))
