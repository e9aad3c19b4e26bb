#!/usr/bin/env python3
"""How far estimates are off: recorded exchanges of every shape with text, their usage hidden. English and Japanese apart; by
the start values alone, and after exact exchanges of the same models. No recording is Japanese: exchanges of our own stand for
them, in every shape, with made-up counts near what vendors say of Japanese (0.6 to 1.1 tokens a character). They show that each
shape's Japanese text is found and that a site's own ratio is learned, not how far a provider's tokenizer is off."""
import glob
import json
import os
import re
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), os.path.join(HERE, '../property')]
from harness import ROOT, Site, Tap  # noqa: E402
from test_cost import conversation  # noqa: E402
from traffic import WORDS as MIXED  # noqa: E402
import random  # noqa: E402

FOLDER = os.path.join(ROOT, '../shared/corpora/exchanges')
URL = re.compile(r'^https?://([^/]+)(/[^?#]*)(?:[?#].*)?$')
SHAPES = (('OpenAI', re.compile(r'/(chat/)?completions$')), ('Responses', re.compile(r'/responses$')), ('Anthropic', re.compile(r'/v1/messages$')),
          ('Gemini', re.compile(r':(stream)?[gG]enerateContent$')), ('Bedrock', re.compile(r'/model/[^/]+/(converse|invoke)$')),
          ('Ollama', re.compile(r'/api/(chat|generate)$')), ('Cohere', re.compile(r'/v[12]/chat$')))
SAID = ('usage', 'x_groq', 'time_info', 'usageMetadata', 'meta', 'metrics', 'amazon-bedrock-invocationMetrics', 'prompt_eval_count',
        'eval_count', 'prompt_token_count', 'generation_token_count', 'inputTextTokenCount', 'tokenCount')
WORDS = [w for w in MIXED if not w.isascii()]
WIDE = re.compile('[\u3000-\ud7ff\uf900-\uffff]')


def hidden(text):
    """The body without any `usage`, as of a server that was not asked for it."""
    def strip(v):
        if isinstance(v, dict):
            return {k: strip(x) for k, x in v.items() if k not in SAID}
        return [strip(x) for x in v] if isinstance(v, list) else v
    out, lines = [], text.strip().split('\n')
    pieces = 'data:' in text[:2000] or (len(lines) > 1 and all(x.startswith('{') and x.rstrip().endswith('}') for x in lines[:2]))
    for part in re.split('(\n|\r\n)', text) if pieces else [text]:
        at = min((i for i in (part.find('{'), part.find('[')) if i >= 0), default=-1)
        try:
            out.append(part[:at] + json.dumps(strip(json.loads(part[at:])), ensure_ascii=False) if at >= 0 else part)
        except ValueError:
            out.append(part)
    return ''.join(out)


def body_of(side):
    b = side.get('body') or {}
    return b.get('text') if isinstance(b, dict) else None


def exchanges():
    for path in sorted(glob.glob(os.path.join(FOLDER, '*.json'))):
        with open(path, encoding='utf-8') as f:
            x = json.load(f)
        e, m = x['expected'], URL.match(x['request']['url'])
        shape = next((n for n, r in SHAPES if m and r.search(m.group(2))), None)
        q, s = body_of(x['request']), body_of(x['response'])
        if (shape and q and s and x['response']['status'] == 200 and not e.get('error') and e.get('output_tokens')
                and e['usage_source'] in ('json', 'sse', 'ndjson') and not e.get('anomalies')):
            yield m.group(1), m.group(2), q, s, e, shape


def http(first, host, body, kind):
    data = body.encode('utf-8')
    return ('%s\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n' % (first, host, kind, len(data))).encode() + data


def decoded(site, calls):
    """calls: (host, path, request, response); by number the event."""
    r, frames = random.Random(1), []
    for n, (host, path, q, s) in enumerate(calls):
        kind = 'text/event-stream' if 'data:' in s[:2000] else 'application/json'
        frames.append(conversation(r, n, http('POST %s HTTP/1.1' % path, host, q, 'application/json'),
                                   http('HTTP/1.1 200 OK', host, s, kind)))
    with open(site.path('calls.pcap'), 'wb') as f:
        f.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) + b''.join(frames))
    return {e['source.port'] - 20000: e for e in site.lines('decode', '--json', site.path('calls.pcap'))}


def median(pairs):
    return sorted(abs(g - w) / w for g, w in pairs)[len(pairs) // 2]


def errors(pairs):
    """Mean and median of |estimate - truth| / truth, and the error of the sum. A few prompts of the recordings were
    lengthened by the provider (searches, its own instructions) or are documents: no text tells of that."""
    if not pairs:
        return 'no recording'
    return '%d calls: mean error %.0f %%, median %.0f %%, of their sum %+.0f %%' % (
        len(pairs), 100 * sum(abs(g - w) / w for g, w in pairs) / len(pairs), 100 * median(pairs),
        100 * (sum(g for g, _ in pairs) / sum(w for _, w in pairs) - 1))


def japanese(rng, ratio):
    """One exchange of each shape in Japanese, `ratio` tokens a character, give or take a tenth."""
    text = [''.join(rng.choices(WORDS, k=rng.randint(20, 200))) for _ in range(2)]
    prompt, answer = text
    i, o = (max(1, round(len(t) * ratio * rng.uniform(0.9, 1.1))) for t in text)
    e = {'input_tokens': i, 'output_tokens': o}
    chat = {'messages': [{'role': 'user', 'content': prompt}]}
    for shape, host, path, q, s in (
            ('OpenAI', 'api.openai.com', '/v1/chat/completions', dict(chat, model='m'),
             {'id': 'c', 'model': 'm', 'choices': [{'message': {'content': answer}}], 'usage': {'prompt_tokens': i, 'completion_tokens': o}}),
            ('Responses', 'api.openai.com', '/v1/responses', {'model': 'm', 'input': prompt},
             {'id': 'r', 'model': 'm', 'output': [{'type': 'message', 'content': [{'type': 'output_text', 'text': answer}]}],
              'usage': {'input_tokens': i, 'output_tokens': o}}),
            ('Anthropic', 'api.anthropic.com', '/v1/messages', dict(chat, model='c', system=[{'type': 'text', 'text': ''}]),
             {'id': 'm', 'model': 'c', 'content': [{'type': 'text', 'text': answer}], 'usage': {'input_tokens': i, 'output_tokens': o}}),
            ('Gemini', 'generativelanguage.googleapis.com', '/v1beta/models/g:generateContent', {'contents': [{'parts': [{'text': prompt}]}]},
             {'candidates': [{'content': {'parts': [{'text': answer}]}}], 'usageMetadata': {'promptTokenCount': i, 'candidatesTokenCount': o}}),
            ('Bedrock', 'bedrock-runtime.us-east-1.amazonaws.com', '/model/b/converse', {'messages': [{'role': 'user', 'content': [{'text': prompt}]}]},
             {'output': {'message': {'content': [{'text': answer}]}}, 'usage': {'inputTokens': i, 'outputTokens': o}}),
            ('Ollama', 'ollama.com', '/api/chat', dict(chat, model='o', stream=False),
             {'model': 'o', 'message': {'content': answer}, 'done': True, 'prompt_eval_count': i, 'eval_count': o}),
            ('Cohere', 'api.cohere.com', '/v2/chat', dict(chat, model='h'),
             {'id': 'h', 'message': {'content': [{'type': 'text', 'text': answer}]}, 'usage': {'billed_units': {'input_tokens': i, 'output_tokens': o}}})):
        yield host, path, json.dumps(q, ensure_ascii=False), json.dumps(s, ensure_ascii=False), e, shape


def own(tap, site):
    rng = random.Random(3)
    for ratio, limits in ((0.75, {'start values': 0.45, 'learned': 0.15}), (1.0, {'start values': 0.15, 'learned': 0.15})):
        taught = [x for _ in range(12) for x in japanese(rng, ratio)]
        asked = [x for _ in range(6) for x in japanese(rng, ratio)]
        for name, before in (('start values', []), ('learned', taught)):
            events = decoded(site, [x[:4] for x in before] + [(h, p, q, hidden(s)) for h, p, q, s, _, _ in asked])
            worst = {}
            for n, (_, _, _, _, e, shape) in enumerate(asked, len(before)):
                for side in ('input', 'output'):
                    got = events.get(n, {}).get('tochoku.estimate.%s_tokens' % side, 0)
                    worst.setdefault((shape, side), []).append(abs(got - e[side + '_tokens']) / e[side + '_tokens'])
            mean = {k: sum(v) / len(v) for k, v in worst.items()}
            print('# made Japanese, %.2f tokens a character, %s: mean error %.0f %%' % (ratio, name, 100 * sum(mean.values()) / len(mean)))
            tap.ok(len(mean) == 2 * len(SHAPES) and max(mean.values()) < limits[name],
                   'Japanese of our own, %.2f, %s: every shape within %.0f %%' % (ratio, name, 100 * limits[name]),
                   '\n'.join('%s: %.2f' % (k, v) for k, v in sorted(mean.items())))


def measure(tap, site, all_of, learned):
    pairs, every = {}, {}
    for half in (0, 1) if learned else (None,):
        taught = [x for n, x in enumerate(all_of) if half is not None and n % 2 == half]
        asked = [x for n, x in enumerate(all_of) if half is None or n % 2 != half]
        events = decoded(site, [x[:4] for x in taught] + [(h, p, q, hidden(s)) for h, p, q, s, _, _ in asked])
        wrong = []
        for n, (_, _, q, _, e, shape) in enumerate(asked, len(taught)):
            got = events.get(n, {})
            if got.get('tochoku.usage.quality') != 'estimated' or 'gen_ai.usage.input_tokens' in got:
                wrong.append('%s %s' % (got.get('tochoku.usage.quality'), q[:80]))
                continue
            language = 'Japanese' if len(WIDE.findall(re.sub(r'\\u[0-9a-fA-F]{4}', lambda m: json.loads('"' + m.group() + '"'), q))) > len(q) // 10 else 'English'
            hide = e.get('reasoning_tokens') or 0
            pairs.setdefault((language, shape, 'input'), []).append((got['tochoku.estimate.input_tokens'], e['input_tokens']))
            if e['output_tokens'] > hide:
                pairs.setdefault((language, shape, 'output'), []).append((got['tochoku.estimate.output_tokens'], e['output_tokens'] - hide))
        tap.ok(len(wrong) * 20 <= len(asked), 'hidden usage is estimated, %d of %d' % (len(asked) - len(wrong), len(asked)),
               '\n'.join(wrong[:20]))
    for (language, shape, side), got in sorted(pairs.items()):
        print('# %s, %s, %s, %s: %s' % ('learned' if learned else 'start values', language, shape, side, errors(got)))
    for side in ('input', 'output'):
        every[side] = [x for (l, _, s), got in pairs.items() if (l, s) == ('English', side) for x in got]
        print('# %s, English, all, %s: %s' % ('learned' if learned else 'start values', side, errors(every[side])))
    return every


def main():
    tap = Tap()
    site, all_of = Site(), list(exchanges())
    own(tap, site)
    if not all_of:
        tap.skip('no ../shared/corpora/exchanges')
        tap.done()
    start, learned = (measure(tap, site, all_of, which) for which in (False, True))
    for side, limit in (('input', 0.6), ('output', 0.3)):
        for name, pairs in (('start values', start), ('learned', learned)):
            tap.ok(median(pairs[side]) < limit, '%s, English %s: half of them less than %.0f %% off' % (
                name, side, 100 * limit))
    tap.done()


if __name__ == '__main__':
    main()
