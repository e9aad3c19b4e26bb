#!/usr/bin/env python3
"""How far estimates are off: recorded exchanges of the shape that streams without usage, their usage hidden. English and
Japanese apart; by the start values alone, and after exact exchanges of the same models."""
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
import random  # noqa: E402

FOLDER = os.path.join(ROOT, '../shared/corpora/exchanges')
PATHS = re.compile(r'^https?://([^/]+)(/[^?#]*(?:chat/completions|/completions))(?:[?#].*)?$')
WIDE = re.compile('[\u3000-\ud7ff\uf900-\uffff]')


def hidden(text):
    """The body without any `usage`, as of a server that was not asked for it."""
    def strip(v):
        if isinstance(v, dict):
            return {k: strip(x) for k, x in v.items() if k not in ('usage', 'x_groq', 'time_info')}
        return [strip(x) for x in v] if isinstance(v, list) else v
    out = []
    for part in re.split('(\n|\r\n)', text) if 'data:' in text[:2000] else [text]:
        head, _, body = part.partition('{')
        try:
            out.append(head + json.dumps(strip(json.loads('{' + body)), ensure_ascii=False) if body else part)
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
        e, m = x['expected'], PATHS.match(x['request']['url'])
        q, s = body_of(x['request']), body_of(x['response'])
        if (m and q and s and x['response']['status'] == 200 and not e.get('error') and e.get('output_tokens')
                and e['usage_source'] in ('json', 'sse') and not e.get('anomalies')):
            yield m.group(1), m.group(2), q, s, e


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


def measure(tap, site, all_of, learned):
    pairs = {(l, s): [] for l in ('English', 'Japanese') for s in ('input', 'output')}
    for half in (0, 1) if learned else (None,):
        taught = [x for n, x in enumerate(all_of) if half is not None and n % 2 == half]
        asked = [x for n, x in enumerate(all_of) if half is None or n % 2 != half]
        events = decoded(site, [x[:4] for x in taught] + [(h, p, q, hidden(s)) for h, p, q, s, _ in asked])
        wrong = []
        for n, (_, _, q, _, e) in enumerate(asked, len(taught)):
            got = events.get(n, {})
            if got.get('tochoku.usage.quality') != 'estimated' or 'gen_ai.usage.input_tokens' in got:
                wrong.append('%s %s' % (got.get('tochoku.usage.quality'), q[:80]))
                continue
            language = 'Japanese' if len(WIDE.findall(json.dumps(json.loads(q), ensure_ascii=False))) > len(q) // 10 else 'English'
            hide = e.get('reasoning_tokens') or 0
            pairs[language, 'input'].append((got['tochoku.estimate.input_tokens'], e['input_tokens']))
            if e['output_tokens'] > hide:
                pairs[language, 'output'].append((got['tochoku.estimate.output_tokens'], e['output_tokens'] - hide))
        tap.ok(len(wrong) * 20 <= len(asked), 'hidden usage is estimated, %d of %d' % (len(asked) - len(wrong), len(asked)),
               '\n'.join(wrong[:20]))
    for (language, side), got in pairs.items():
        print('# %s, %s, %s: %s' % ('learned' if learned else 'start values', language, side, errors(got)))
    return pairs


def main():
    tap = Tap()
    if not os.path.isdir(FOLDER):
        print('1..0 # skip no ../shared/corpora/exchanges')
        return
    site, all_of = Site(), list(exchanges())
    start, learned = (measure(tap, site, all_of, which) for which in (False, True))
    for side, limit in (('input', 0.6), ('output', 0.3)):
        for name, pairs in (('start values', start), ('learned', learned)):
            tap.ok(median(pairs['English', side]) < limit, '%s, English %s: half of them less than %.0f %% off' % (
                name, side, 100 * limit))
    tap.done()


if __name__ == '__main__':
    main()
