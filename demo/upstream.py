#!/usr/bin/env python3
"""A small upstream that answers like an LLM API: chats as plain JSON and as event streams, embeddings, with usage;
401 without a known key, now and then 429 and 500.   upstream.py PORT KEYS...   (KEYS: files with one tab-separated
line a key, the key in the third column, as `loggen --keys` prints)

What it counted stands in two headers besides, so that the gateway's own log can tell."""
import itertools
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = '発熱|37.8 度、|咳嗽|あり。|血液検査と|胸部X線を|行い、|経過を|観察します。'.split('|')


def told(model, prompt, completion):
    return [('openai-model', model), ('x-prompt-tokens', str(prompt)), ('x-completion-tokens', str(completion))]


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
        answer = {'/v1/chat/completions': self.chat, '/v1/embeddings': self.embeddings}.get(self.path.split('?')[0])
        if answer is None:
            return self.send_error_json(404, 'invalid_request_error', 'Unknown request URL.')
        try:
            request = json.loads(body)
            text = request['input'] if answer == self.embeddings else request['messages'][-1]['content']
        except (ValueError, KeyError, IndexError, TypeError):
            return self.send_error_json(400, 'invalid_request_error', 'The body is no such request.')
        with self.lock:
            n = next(self.count)
        if n % 37 == 0:
            return self.send_error_json(429, 'rate_limit_error', 'Rate limit reached.')
        if n % 53 == 0:
            return self.send_error_json(500, 'server_error', 'The server had an error.')
        answer(request, n, 8 + len(text) // 2)

    def embeddings(self, request, n, prompt):
        data = [{'object': 'embedding', 'index': 0, 'embedding': [(i * n % 97 - 48) / 512 for i in range(256)]}]
        model = request.get('model', 'text-embedding-3-small')
        usage = {'prompt_tokens': prompt, 'total_tokens': prompt}
        self.send_json(200, {'object': 'list', 'data': data, 'model': model, 'usage': usage}, told(model, prompt, 0))

    def chat(self, request, n, prompt):
        words = WORDS[:1 + n % len(WORDS)]
        completion = 3 * len(words)
        usage = {'prompt_tokens': prompt, 'completion_tokens': completion, 'total_tokens': prompt + completion}
        head = {'id': 'chatcmpl-%08d' % n, 'created': int(time.time()), 'model': request.get('model', 'gpt-4.1-mini')}
        headers = told(head['model'], prompt, completion)
        if request.get('stream'):
            return self.stream(head, words, usage, headers)
        message = {'role': 'assistant', 'content': ''.join(words)}
        choice = {'index': 0, 'message': message, 'finish_reason': 'stop'}
        self.send_json(200, dict(head, object='chat.completion', choices=[choice], usage=usage), headers)

    def stream(self, head, words, usage, headers):
        self.send_response(200)
        self.send_header('Content-Type', 'text/event-stream')
        self.send_header('Transfer-Encoding', 'chunked')
        for k, v in headers:
            self.send_header(k, v)
        self.end_headers()
        for word in words:
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


def main(port, *files):
    for name in files:
        with open(name, encoding='utf-8') as f:
            Upstream.keys |= {line.rstrip('\n').split('\t')[2] for line in f}
    Server(('127.0.0.1', int(port)), Upstream).serve_forever()


if __name__ == '__main__':
    main(*sys.argv[1:])
