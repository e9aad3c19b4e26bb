#!/usr/bin/env python3
"""Tokens, what is billed apart, and costs of random calls of several vendors, in a capture, equal what was made up and the
reference's figures. SEEDS=N (default 3) makes 300 calls each."""
import collections
import fractions
import json
import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), HERE]
from harness import Site, Tap  # noqa: E402
from reference import cost  # noqa: E402

ROWS = {
    'text': {'input': '0.15', 'output': '0.6'},
    'cached': {'input': '3', 'cached': '0.3', 'cache_write': '3.75', 'output': '15',
               'above': [{'tokens': 20000, 'input': '6', 'output': '22.5'}]},
    'hour': {'input': '2', 'cached': '0.2', 'cache_write': '2.5', 'cache_write_1h': '4', 'output': '10', 'search': '0.01',
             'geo_us': '1.1', 'fast': '6'},
    'sound': {'input': '0.3000000001', 'audio_input': '1', 'audio_output': '7', 'audio_cached': '0.05', 'output': '2.5'},
    'sight': {'input': '0.3', 'image_input': '0.7', 'image_output': '30', 'output': '2.5'},
    'rank': {'search_unit': '0.002'},
    'page': {'page': '0.004'},
}
TEXT_MODELS = ['text', 'cached', 'hour', 'sound', 'sight', 'nobody']
N = 'gen_ai.usage.'
NAMES = {'input': N + 'input_tokens', 'output': N + 'output_tokens', 'cached': N + 'cache_read.input_tokens',
         'written': N + 'cache_creation.input_tokens', 'reasoning': N + 'reasoning.output_tokens'}


def exact(row):
    return {k: [exact(b) for b in v] if k == 'above' else v if k == 'tokens' else fractions.Fraction(v)
            for k, v in row.items()}


def flow(row):
    return ', '.join('%s: %s' % (k, '[%s]' % ', '.join('{%s}' % flow(b) for b in v) if k == 'above' else v)
                     for k, v in row.items())


def parts(r, whole, n):
    """n numbers, often 0, whose sum is at most `whole`."""
    cuts = sorted(r.randint(0, whole) for _ in range(n))
    return [0 if r.random() < 0.4 else b - a for a, b in zip([0] + cuts, cuts)]


def openai(r, model, size):
    cached, written, audio, image = parts(r, size, 4)
    out = r.randint(0, 900)
    reasoning, audio_out = parts(r, out, 2)
    usage = {'prompt_tokens': size, 'completion_tokens': out, 'total_tokens': size + out,
             'prompt_tokens_details': {'cached_tokens': cached, 'cache_write_tokens': written, 'audio_tokens': audio,
                                       'image_tokens': image},
             'completion_tokens_details': {'reasoning_tokens': reasoning, 'audio_tokens': audio_out}}
    return ('api.openai.com', '/v1/chat/completions', {'model': model, 'usage': usage},
            dict(input=size, output=out, cached=cached, written=written, reasoning=reasoning),
            dict(audio_input=audio, image_input=image, audio_output=audio_out), [])


def one_pass(r, size):
    cached, written = parts(r, size, 2)
    hour = r.randint(0, written) if r.random() < 0.5 else 0
    out = r.randint(0, 900)
    return ({'input_tokens': size - cached - written, 'cache_read_input_tokens': cached, 'output_tokens': out,
             'cache_creation_input_tokens': written,
             'cache_creation': {'ephemeral_5m_input_tokens': written - hour, 'ephemeral_1h_input_tokens': hour}},
            (size, out, cached, written, hour))


def anthropic(r, model, size):
    usage, numbers = one_pass(r, size)
    apart, passes = {'searches': r.choice([0, 0, 2]), 'geo_us': r.choice([0, 1]), 'fast': r.choice([0, 0, 1])}, []
    if r.random() < 0.4:
        made = [(*one_pass(r, r.randint(1, 30000)), r.choice(['', 'text', 'hour'])) for _ in range(r.randint(2, 4))]
        passes = ['/'.join(map(str, n)) + '/' + m for _, n, m in made]
        usage['iterations'] = [dict(u, **({'model': m} if m else {})) for u, _, m in made]
        numbers = [sum(n) for n in zip(*(n for _, n, _ in made))]
    usage.update(server_tool_use={'web_search_requests': apart['searches']},
                 inference_geo='us' if apart['geo_us'] else 'global', speed='fast' if apart['fast'] else 'standard')
    size, out, cached, written, apart['cache_write_1h'] = numbers
    return ('api.anthropic.com', '/v1/messages', {'model': model, 'usage': usage},
            dict(input=size, output=out, cached=cached, written=written, reasoning=0), apart, passes)


def gemini(r, model, size):
    tools, audio, image, cached = parts(r, size, 4)
    out, thoughts = r.randint(1, 900), r.choice([0, 120])
    image_out = r.choice([0, out])
    audio_cached = r.randint(0, min(audio, cached)) if r.random() < 0.5 else 0
    kinds = lambda **n: [{'modality': k.upper(), 'tokenCount': v} for k, v in n.items()]  # noqa: E731
    usage = {'promptTokenCount': size - tools, 'toolUsePromptTokenCount': tools, 'candidatesTokenCount': out,
             'thoughtsTokenCount': thoughts, 'cachedContentTokenCount': cached,
             'promptTokensDetails': kinds(text=1, audio=audio, image=image), 'cacheTokensDetails': kinds(audio=audio_cached),
             'candidatesTokensDetails': kinds(image=image_out)}
    return ('generativelanguage.googleapis.com', '/v1beta/models/%s:generateContent' % model,
            {'modelVersion': model, 'usageMetadata': usage},
            dict(input=size, output=out + thoughts, cached=cached, written=0, reasoning=thoughts),
            dict(audio_input=audio, image_input=image, audio_cached=min(audio_cached, audio), image_output=image_out), [])


def bedrock(r, model, size):
    cached, written = parts(r, size, 2)
    hour, out = r.randint(0, written), r.randint(0, 900)
    usage = {'inputTokens': size - cached - written, 'outputTokens': out, 'cacheReadInputTokens': cached,
             'cacheWriteInputTokens': written, 'cacheDetails': [{'ttl': '1h', 'inputTokens': hour}]}
    return ('bedrock-runtime.us-east-1.amazonaws.com', '/model/%s/converse' % model, {'usage': usage},
            dict(input=size, output=out, cached=cached, written=written, reasoning=0), dict(cache_write_1h=hour), [])


def pieces(r, model, size):
    n = r.randint(1, 9)
    host, path, body, what = r.choice([
        ('api.cohere.com', '/v2/rerank', {'meta': {'billed_units': {'search_units': n}}}, 'search_units'),
        ('api.mistral.ai', '/v1/ocr', {'model': 'page', 'usage_info': {'pages_processed': n}}, 'pages')])
    return host, path, body, dict(input=0, output=0, cached=0, written=0, reasoning=0), {what: n}, []


# ---- a capture ----

def packet(up, n, flags, seq, ack, data, at):
    ends = (bytes([10, 0, n >> 8, n & 255]), bytes([10, 1, 0, 1]))
    ports = (20000 + n, 80)
    tcp = struct.pack('>HHIIBBHHH', ports[not up], ports[up], seq, ack, 0x50, flags, 65535, 0, 0) + data
    ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, ends[not up], ends[up])
    frame = bytes(12) + b'\x08\x00' + ip + tcp
    return struct.pack('<IIII', 1795400000 + at, 0, len(frame), len(frame)) + frame


def conversation(r, n, request, response):
    out, seq = [packet(True, n, 2, 99, 0, b'', n), packet(False, n, 18, 499, 100, b'', n)], [100, 500]
    for up, data in ((True, request), (False, response)):
        while data:
            k = r.randint(1, 1400)
            out.append(packet(up, n, 24, seq[not up], seq[up], data[:k], n))
            seq[not up] += len(data[:k])
            data = data[k:]
    return b''.join(out)


def http(first, *headers, body):
    head = (first,) + headers + ('Content-Type: application/json', 'Content-Length: %d' % len(body))
    return '\r\n'.join(head + ('', body)).encode()


def check_seed(tap, site, seed):
    r, calls, frames = random.Random(seed), [], []
    for n in range(300):
        model, size = r.choice(TEXT_MODELS), r.choice([r.randint(0, 3000), r.randint(0, 40000)])
        host, path, body, tokens, apart, passes = r.choice([openai, anthropic, gemini, bedrock, pieces])(r, model, size)
        if 'rerank' in path or 'ocr' in path:
            model = 'rank' if 'rerank' in path else 'page'
        calls.append((model, tokens, apart, passes))
        frames.append(conversation(
            r, n, http('POST %s HTTP/1.1' % path, 'Host: ' + host, body=json.dumps({'model': model})),
            http('HTTP/1.1 200 OK', body=json.dumps(body))))
    with open(site.path('calls.pcap'), 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + b''.join(frames))
    events = {e['source.port'] - 20000: e for e in
              site.lines('decode', '--json', '--prices', site.path('prices.yml'), site.path('calls.pcap'))}
    rows, wrong, kinds = {k: exact(v) for k, v in ROWS.items()}, [], collections.Counter()
    for n, (model, tokens, apart, passes) in enumerate(calls):
        e = events.get(n, {})
        told = ','.join(['%s=%d' % kv for kv in apart.items() if kv[1]] + ['pass=' + p for p in passes])
        got = {k: e.get(v, 0) for k, v in NAMES.items()}
        made = dict({NAMES[k]: v for k, v in tokens.items()}, **({'tochoku.usage.details': told} if told else {}))
        want = cost(made, rows.get(model), rows.get)
        same = sorted(e.get('tochoku.usage.details', '').split(',')) == sorted(told.split(','))
        if got != tokens or not same or e.get('tochoku.cost.pico_usd') != want:
            wrong.append((n, model, tokens, told, want, got, e.get('tochoku.usage.details'), e.get('tochoku.cost.pico_usd')))
        kinds.update([k for k, v in apart.items() if v] + ['pass'] * bool(passes) + ['priced'] * (want is not None))
    tap.ok(not wrong, 'seed %d: 300 calls' % seed, '\n'.join(map(repr, wrong[:3])))
    tap.ok(len(kinds) >= 11 and min(kinds.values()) > 0, 'seed %d: every kind was there' % seed, repr(kinds))


def main():
    tap, site = Tap(), Site()
    with open(site.path('prices.yml'), 'w', encoding='utf-8') as f:
        f.write('models:\n' + ''.join('  - {model: %s, %s}\n' % (k, flow(v)) for k, v in ROWS.items()))
    for seed in range(1, 1 + int(os.environ.get('SEEDS', '3'))):
        check_seed(tap, site, seed)
    tap.done()


if __name__ == '__main__':
    main()
