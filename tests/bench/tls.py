#!/usr/bin/env python3
"""CPU seconds of `tochoku decode` on TLS 1.3 whose secrets are in a key log, HTTP/1.1 and HTTP/2, against tshark on the same
capture in the same run: curl to nginx, on the loopback. Every call and every token is counted; timings are printed and
never decide.

BENCH_TLS_CALLS (default 20000, for each protocol), BENCH_DIR (default build/bench). Needs root, to record."""
import json
import os
import socket
import subprocess
import time

from bench import DIR, MIB, TOCHOKU, measured
from recording import Dump, die, tool

CALLS, CURLS = int(os.environ.get('BENCH_TLS_CALLS', '20000')), 4
FIELDS = ('frame.time_epoch', 'ip.src', 'tcp.srcport', 'tls.handshake.extensions_server_name')
HTTP = {'http1.1': ('http', ('http.host', 'http.request.method', 'http.request.uri', 'http.response.code')),
        'http2': ('http2', ('http2.headers.authority', 'http2.headers.method', 'http2.headers.path', 'http2.headers.status'))}
NGINX = '''
daemon off; worker_processes 1; pid %(dir)s/pid; error_log %(dir)s/error.log;
events { worker_connections 512; }
http {
    access_log off; client_body_temp_path %(dir)s/body; proxy_temp_path %(dir)s/proxy; keepalive_requests 10000000; keepalive_timeout 600;
    default_type application/json;
    gzip on; gzip_types application/json; gzip_min_length 100;
    server {
        listen 127.0.0.1:%(port)d ssl http2;
        ssl_certificate %(dir)s/cert.pem; ssl_certificate_key %(dir)s/key.pem; ssl_protocols TLSv1.3;
        location / { proxy_pass http://unix:%(dir)s/upstream:; } # so that a question is read before its answer
    }
    server {
        listen unix:%(dir)s/upstream;
        location / { return 200 '%(answer)s'; }
    }
}
'''


def answer():
    return json.dumps({'id': 'c-1', 'model': 'gpt-4o-mini', 'choices': [{'message': {'content': 'morning round, ' * 200}}],
                       'usage': {'prompt_tokens': 900, 'completion_tokens': 1200, 'total_tokens': 2100}})


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.port, self.folder = free_port(), folder
        subprocess.run([tool('openssl'), 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj',
                        '/CN=api.openai.com', '-days', '2', '-keyout', folder + '/key.pem', '-out', folder + '/cert.pem'],
                       check=True, stderr=subprocess.DEVNULL)
        if os.path.exists(folder + '/upstream'):
            os.unlink(folder + '/upstream')
        with open(folder + '/nginx.conf', 'w', encoding='utf-8') as f:
            f.write(NGINX % {'dir': folder, 'port': self.port, 'answer': answer()})
        self.process = subprocess.Popen([tool('nginx'), '-e', folder + '/error.log', '-c', folder + '/nginx.conf'])
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(('127.0.0.1', self.port)) == 0:
                    return
            time.sleep(0.1)
        die('nginx does not listen: see %s/error.log', folder)

    def end(self):
        self.process.terminate()
        self.process.wait()


def drive(server, version, keylog):
    """Connections by several curls, of HTTP/2 with many streams at a time; a third of the answers in gzip."""
    body = os.path.join(server.folder, 'request.json')
    with open(body, 'w', encoding='utf-8') as f:
        json.dump({'model': 'gpt-4o-mini', 'messages': [{'role': 'user', 'content': 'how many ' * 200}]}, f)
    curls = []
    for i in range(CURLS):
        url = 'https://api.openai.com:%d/v1/chat/completions?n=[1-%d]' % (server.port, CALLS // CURLS)
        curls.append(subprocess.Popen(
            [tool('curl'), '-sSk', '--' + version, '--resolve', 'api.openai.com:%d:127.0.0.1' % server.port, '-H',
             'Content-Type: application/json', '-H', 'Authorization: Bearer sk-canary-%d-secret' % i, '-d', '@' + body,
             '-o', '/dev/null', url] + (['-H', 'Accept-Encoding: gzip'] if i % 3 == 0 else []) +
            (['--parallel', '--parallel-max', '20'] if version == 'http2' else []),
            env={**os.environ, 'SSLKEYLOGFILE': keylog}, stderr=subprocess.PIPE))
    for c in curls:
        said = c.communicate()[1].decode('utf-8', 'replace')
        if c.returncode != 0:
            die('curl failed with %d: %s', c.returncode, said[-500:])


def record(version):
    folder = os.path.join(DIR, 'tls')
    path, keylog = os.path.join(DIR, 'tls-%s.pcap' % version), os.path.join(DIR, 'tls-%s.keys' % version)
    if os.path.exists(keylog):
        os.unlink(keylog)
    server = Server(folder)
    try:
        dump = Dump('lo', server.port, path)
        try:
            drive(server, version, keylog)
            packets = dump.end()
        finally:
            dump.process.kill()  # it does not outlive a curl that failed
            dump.process.wait()
    finally:
        server.end()
    return path, keylog, server.port, packets


def row(name, run, size, ours):
    print('  %-28s %9.2f %10.1f %8.2f %10.1f %9.2fx' % (
        name, run.cpu, size / 1e6 / run.cpu, run.wall, run.peak / MIB, run.cpu / ours), flush=True)


def check(path, keylog, calls):
    p = subprocess.Popen([TOCHOKU, 'decode', '--keylog', keylog, path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    right = set()
    for line in p.stdout:
        e = json.loads(line)
        if e.get('tochoku.complete') and (e.get('gen_ai.usage.input_tokens'), e.get('gen_ai.usage.output_tokens')) == (900, 1200):
            right.add((e['source.port'], e['event.id']))
    p.wait()
    if len(right) != calls:
        die('%d of %d calls are right', len(right), calls)


def main():
    os.makedirs(DIR, exist_ok=True)
    for version in ('http1.1', 'http2'):
        path, keylog, port, packets = record(version)
        size, calls = os.path.getsize(path), CALLS // CURLS * CURLS
        print('TLS 1.3, %s, %d calls, %.0f MB, %d packets; all of them right, and their tokens' % (
            version, calls, size / 1e6, packets))
        check(path, keylog, calls)
        ours = measured([TOCHOKU, 'decode', '--keylog', keylog, path])
        shown, fields = HTTP[version]
        print('  %-28s %9s %10s %8s %10s %10s' % ('', 'CPU s', 'MB/CPU s', 'wall s', 'peak MiB', 'CPU ratio'))
        row('tochoku decode --keylog', ours, size, ours.cpu)
        row('tshark', measured([tool('tshark'), '-n', '-r', path, '-o', 'tls.keylog_file:' + keylog, '-d',
                                'tcp.port==%d,tls' % port, '-Y', shown, '-T', 'fields',
                                *(w for f in FIELDS + fields for w in ('-e', f))]), size, ours.cpu)
        os.unlink(path)
        os.unlink(keylog)


if __name__ == '__main__':
    main()
