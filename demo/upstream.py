#!/usr/bin/env python3
"""A small upstream that answers like an LLM API: plain JSON and event streams with usage, 401 without a
known key, now and then 429 and 500.   upstream.py PORT KEYS   (KEYS: one tab-separated line a key,
the key in the third column, as `loggen --keys` prints)"""
import itertools
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = '発熱 37.8 度、咳嗽あり。血液検査と胸部X線を行い、経過を観察します。'.split('、')


class Upstream(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    keys = frozenset()
    count = itertools.count(1)
    lock = threading.Lock()

    def log_message(self, *args):
        pass

    def send_json(self, status, obj, headers=()):
        body = json.dumps(obj, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        self.wfile.write(body)

    def send_error_json(self, status, kind, text):
        self.send_json(status, {'error': {'type': kind, 'message': text}})

    def allowed(self):
        scheme, _, key = self.headers.get('Authorization', '').partition(' ')
        return scheme == 'Bearer' and key in self.keys

    def do_GET(self):
        if self.path == '/v1/models' and self.allowed():
            self.send_json(200, {'object': 'list', 'data': [{'id': 'gpt-4.1-mini', 'object': 'model'}]})
        elif self.path == '/v1/models':
            self.send_error_json(401, 'invalid_request_error', 'Incorrect API key provided.')
        else:
            self.send_error_json(404, 'invalid_request_error', 'Unknown request URL.')

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        if not self.allowed():
            return self.send_error_json(401, 'invalid_request_error', 'Incorrect API key provided.')
        if self.path.split('?')[0] != '/v1/chat/completions':
            return self.send_error_json(404, 'invalid_request_error', 'Unknown request URL.')
        try:
            request = json.loads(body)
            prompt = request['messages'][-1]['content']
        except (ValueError, KeyError, IndexError, TypeError):
            return self.send_error_json(400, 'invalid_request_error', 'The body is no chat request.')
        with self.lock:
            n = next(self.count)
        if n % 37 == 0:
            return self.send_error_json(429, 'rate_limit_error', 'Rate limit reached.')
        if n % 53 == 0:
            return self.send_error_json(500, 'server_error', 'The server had an error.')
        usage = {'prompt_tokens': 8 + len(prompt) // 2, 'completion_tokens': 3 * len(WORDS)}
        usage['total_tokens'] = usage['prompt_tokens'] + usage['completion_tokens']
        head = {'id': 'chatcmpl-%08d' % n, 'created': int(time.time()), 'model': request.get('model', 'gpt-4.1-mini')}
        if request.get('stream'):
            self.stream(head, usage)
        else:
            message = {'role': 'assistant', 'content': '、'.join(WORDS)}
            choice = {'index': 0, 'message': message, 'finish_reason': 'stop'}
            self.send_json(200, dict(head, object='chat.completion', choices=[choice], usage=usage),
                           [('openai-model', head['model'])])

    def stream(self, head, usage):
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Transfer-Encoding', 'chunked')
        self.send_header('openai-model', head['model'])
        self.end_headers()
        for word in WORDS:
            choice = {'index': 0, 'delta': {'content': word}, 'finish_reason': None}
            self.chunk('data: %s\n\n' % json.dumps(dict(head, object='chat.completion.chunk', choices=[choice])))
            time.sleep(0.02)
        self.chunk('data: %s\n\n' % json.dumps(dict(head, object='chat.completion.chunk', choices=[], usage=usage)))
        self.chunk('data: [DONE]\n\n')
        self.wfile.write(b'0\r\n\r\n')

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b'%x\r\n%s\r\n' % (len(data), data))
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main(port, keys):
    with open(keys, encoding='utf-8') as f:
        Upstream.keys = frozenset(line.split('\t')[2] for line in f)
    Server(('127.0.0.1', int(port)), Upstream).serve_forever()


if __name__ == '__main__':
    main(*sys.argv[1:])
