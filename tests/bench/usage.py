#!/usr/bin/env python3
"""What reading the bodies of a call costs, by reader: ns a call and MB/s of one core, for exchanges made up in each API's
shape (plain and streamed), for recorded ones where ../shared has them, and for a prompt with an image of 1 MB, which is to be
passed over at 1 GB/s at least. The status is 1 where it is not.

usage: make bench BENCH=usage"""
import base64
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), os.path.join(HERE, '../property'), os.path.join(HERE, '../corpora')]
from harness import ROOT  # noqa: E402
import test_estimates  # noqa: E402

SPEED = os.path.join(ROOT, 'build/release/tests/bench/usage_speed')
LEAST = 1000  # MB/s
JSON, EVENTS = 'application/json', 'text/event-stream'


def call(label, host, path, media, request, response):
    q, s = (x if isinstance(x, bytes) else x.encode('utf-8') for x in (request, response))
    return ('%s %s %s %s %d %d\n' % (label, host, path, media, len(q), len(s))).encode() + q + s


def events(*parts):
    return ''.join('data: %s\n\n' % json.dumps(p, ensure_ascii=False) for p in parts)


def streams(rng):
    words = [''.join(rng.choices(test_estimates.WORDS, k=2)) for _ in range(200)]
    chat = json.dumps({'model': 'm', 'stream': True, 'messages': [{'role': 'user', 'content': ''.join(words)}]}, ensure_ascii=False)
    head = {'id': 'c', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'm'}
    yield call('OpenAI-stream', 'api.openai.com', '/v1/chat/completions', EVENTS, chat, events(
        *(dict(head, choices=[{'index': 0, 'delta': {'content': w}, 'finish_reason': None}]) for w in words),
        dict(head, choices=[], usage={'prompt_tokens': 9, 'completion_tokens': 200, 'total_tokens': 209})))
    yield call('Anthropic-stream', 'api.anthropic.com', '/v1/messages', EVENTS, chat, events(
        {'type': 'message_start', 'message': {'id': 'm', 'model': 'c', 'usage': {'input_tokens': 9, 'output_tokens': 1}}},
        *({'type': 'content_block_delta', 'index': 0, 'delta': {'type': 'text_delta', 'text': w}} for w in words),
        {'type': 'message_delta', 'delta': {'stop_reason': 'end_turn'}, 'usage': {'output_tokens': 200}}))
    yield call('Gemini-stream', 'generativelanguage.googleapis.com', '/v1beta/models/g:streamGenerateContent', EVENTS,
               json.dumps({'contents': [{'parts': [{'text': ''.join(words)}]}]}, ensure_ascii=False), events(
                   *({'candidates': [{'content': {'parts': [{'text': w}]}}], 'usageMetadata': {'promptTokenCount': 9, 'candidatesTokenCount': i}}
                     for i, w in enumerate(words))))
    yield call('Ollama-stream', 'ollama.com', '/api/chat', 'application/x-ndjson', chat, ''.join(
        json.dumps(x, ensure_ascii=False) + '\n' for x in
        [{'model': 'o', 'message': {'content': w}, 'done': False} for w in words] +
        [{'model': 'o', 'message': {'content': ''}, 'done': True, 'prompt_eval_count': 9, 'eval_count': 200}]))


def images(rng):
    picture = base64.b64encode(rng.randbytes(750000)).decode()
    openai = {'model': 'm', 'messages': [{'role': 'user', 'content': [
        {'type': 'image_url', 'image_url': {'url': 'data:image/png;base64,' + picture}}]}]}
    yield call('1-MB-image-OpenAI', 'api.openai.com', '/v1/chat/completions', JSON, json.dumps(openai),
               '{"model":"m","usage":{"prompt_tokens":9,"completion_tokens":1}}')
    anthropic = {'model': 'c', 'messages': [{'role': 'user', 'content': [
        {'type': 'image', 'source': {'type': 'base64', 'media_type': 'image/png', 'data': picture}}]}]}
    yield call('1-MB-image-Anthropic', 'api.anthropic.com', '/v1/messages', JSON, json.dumps(anthropic),
               '{"model":"c","usage":{"input_tokens":9,"output_tokens":1}}')
    gemini = {'contents': [{'parts': [{'inlineData': {'mimeType': 'image/png', 'data': picture}}]}]}
    yield call('1-MB-image-Gemini', 'generativelanguage.googleapis.com', '/v1beta/models/g:generateContent', JSON, json.dumps(gemini),
               '{"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":1}}')


def main():
    rng = random.Random(1)
    data = [call(x[5], x[0], x[1], JSON, x[2], x[3]) for _ in range(20) for x in test_estimates.japanese(rng, 0.8)]
    data += list(streams(rng)) + list(images(rng))
    for host, path, q, s, _, shape in test_estimates.exchanges():
        data.append(call(shape + '-recorded', host, path, EVENTS if 'data:' in s[:2000] else JSON, q, s))
    out = subprocess.run([SPEED], input=b''.join(data), stdout=subprocess.PIPE, check=True).stdout.decode()
    print(out, end='')
    slow = [x for x in out.splitlines() if x.startswith('1-MB') and float(x.split()[4]) < LEAST]
    sys.exit(1 if slow else 0)


if __name__ == '__main__':
    main()
