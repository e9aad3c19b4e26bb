#!/usr/bin/env python3
"""Random detections over random events: `rules eval` says what a naive reading of the digest says: strings and wildcards,
types, every modifier, conditions. Nothing is compiled or shared here: each test looks at each event. SEEDS=N (default 12)."""
import base64
import datetime
import ipaddress
import itertools
import json
import os
import random
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../..')
PROGRAM = os.environ.get('TOCHOKU', os.path.join(ROOT, 'build/tochoku'))
ANY, ONE = object(), object()
WORDS = ['admin', 'ADMIN', 'Ａdmin', 'ａDMIN', 'é', 'É', 'Σας', 'ΣΑΣ', 'привет', 'ПРИВЕТ', 'K', 'k', '\u212a', '当直', 'a*b', 'a?b', 'a\\b',
         'C:\\Temp\\x', '\\\\srv\\c$', '', ' ', 'a b', '-enc', '/enc', '–enc', 'x -enc y', 'x-enc', '50%', '%x%', "it's", '"q"', '[a]', '{b}',
         'aXb', 'ab', 'aab', 'line\nbreak', 'x' * 70, '200', '200.0', '0200', '-5', '1e3', 'true', 'False', 'null', '10.1.2.3', '٣', '🙂', 'a🙂b']
ADDRESSES = ['10.1.2.3', '10.1.2.255', '10.2.0.1', '::ffff:10.1.2.3', '2001:db8::1', '2001:DB8:0:0::2', '2001:db9::1', 'fe80::1', '10.1.2.3:80',
             '010.1.2.3', ' 10.1.2.3', '10.1.2', 'fe80::1%eth0', '::1', '255.255.255.255']
NETS = ['10.1.2.0/24', '10.0.0.0/8', '10.1.2.3/32', '0.0.0.0/0', '2001:db8::/32', '2001:db8::/128', '::/0', 'fe80::/10', '10.1.2.3']
TIMES = ['2026-01-05T23:30:00+09:00', '2026-12-31T00:00:00Z', '2027-01-01T12:59:59.999+09:00', '2024-02-29T08:05:00+09:00', '2020-12-31 10:11:12']
LISTS = {'hosts': ['web*', 'a?b', 'Ｄb'], 'empty': [''], 'ids': [404, 'x%y']}
FIELDS = ['a', 'b', 'n', 'o.p', 'l']


def fold(text):
    return ''.join(f if len(f := c.casefold()) == 1 else c for c in text)


def tokens(text):
    """Literal characters, ANY and ONE (digest 5)."""
    out, i = [], 0
    while i < len(text):
        if text[i] == '\\' and i + 1 < len(text) and text[i + 1] in '*?\\':
            out.append(text[i + 1])
            i += 1
        else:
            out.append({'*': ANY, '?': ONE}.get(text[i], text[i]))
        i += 1
    return out


def whole(want, text, cased):
    if not cased:
        text = fold(text)
    parts = ['.*' if t is ANY else '.' if t is ONE else re.escape(t if cased else fold(t)) for t in want]
    return re.fullmatch(''.join(parts), text, re.S) is not None


def text_of(value):
    return str(value).lower() if isinstance(value, bool) else json.dumps(value) if isinstance(value, (int, float)) else value


def lookup(event, name):
    """(present, values): the flat name first, then the path."""
    if name in event:
        value = event[name]
    else:
        value = event
        for part in name.split('.'):
            if not isinstance(value, dict) or part not in value:
                return False, []
            value = value[part]
    return True, value if isinstance(value, list) else [value]


def number(text):
    if isinstance(text, bool) or not re.fullmatch(r'[+-]?\d+(\.\d+)?([eE][+-]?\d+)?', str(text), re.A):
        return None
    return float(text)


def plain(want, cased):
    """A rule's value without modifiers that change it."""
    if want is None:
        return None
    if isinstance(want, bool):
        return lambda v: v is want or (isinstance(v, str) and v.lower() == str(want).lower())
    if isinstance(want, (int, float)):
        return lambda v: (not isinstance(v, (bool, str)) and v == want) or (isinstance(v, str) and v == json.dumps(want))
    toks = tokens(want)
    return lambda v: whole(toks, text_of(v), cased)


def affix(toks, mods):
    if 'contains' in mods or 'endswith' in mods:
        toks = toks if toks[:1] == [ANY] else [ANY] + toks
    if 'contains' in mods or 'startswith' in mods:
        toks = toks if toks[-1:] == [ANY] else toks + [ANY]
    return toks


def dashes(text):
    """Every spelling; a dash counts where it begins a word."""
    places = [m.start() for m in re.finditer(r'\B[-/]\b', text)]
    for spelt in itertools.product('-/–—―', repeat=len(places)):
        out = list(text)
        for at, c in zip(places, spelt):
            out[at] = c
        yield ''.join(out)


def offsets(data):
    for shift in range(3):
        whole_text = base64.b64encode(b' ' * shift + data).decode()
        yield whole_text[(0, 2, 3)[shift]:len(whole_text) - (0, 3, 2)[(len(data) + shift) % 3]]


def alternatives(want, mods):
    """Each spelling of one value, as tokens."""
    text = text_of(want)
    if 'windash' in mods:
        return [tokens(t) for t in dashes(text)]
    if 'base64' in mods or 'base64offset' in mods:
        data = text.encode('utf-16-le' if 'wide' in mods else 'utf-16-be' if 'utf16be' in mods else 'utf-8')
        if 'utf16' in mods:
            data = b'\xff\xfe' + text.encode('utf-16-le')
        return [list(t) for t in (offsets(data) if 'base64offset' in mods else [base64.b64encode(data).decode()])]
    if 'expand' in mods:
        found = [text]
        for name, values in LISTS.items():
            found = [t.replace('%' + name + '%', text_of(v)) for t in found for v in values]
        return [tokens(t) for t in found]
    return [tokens(text)]


def part_of(value, part):
    m = re.match(r'(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)', value if isinstance(value, str) else '')
    if m is None:
        return None
    y, mo, d, h, mi = map(int, m.groups())
    return {'year': y, 'month': mo, 'day': d, 'hour': h, 'minute': mi, 'week': datetime.date(y, mo, d).isocalendar()[1]}[part]


COMPARE = {'gt': lambda a, b: a > b, 'gte': lambda a, b: a >= b, 'lt': lambda a, b: a < b, 'lte': lambda a, b: a <= b}
PARTS = ['minute', 'hour', 'day', 'week', 'month', 'year']


def in_net(value, net):
    try:
        ip = ipaddress.ip_address(value)
    except ValueError:
        return False
    if getattr(ip, 'scope_id', None):
        return False
    ip = getattr(ip, 'ipv4_mapped', None) or ip
    net = ipaddress.ip_network(net)
    return ip.version == net.version and ip in net


def one_value(event, name, mods, want):
    """Does one value of a line hold?"""
    present, values = lookup(event, name)
    cased = 'cased' in mods
    if 'exists' in mods:
        return present is want
    if 'fieldref' in mods:
        there, others = lookup(event, want)
        wanted = [affix([c for c in text_of(o)], mods) for o in others if o is not None]
        return there and any(whole(t, text_of(v), cased) for v in values if v is not None for t in wanted)
    if want is None:
        return not present or all(v is None for v in values)
    values = [v for v in values if v is not None]
    compare = next((COMPARE[m] for m in mods if m in COMPARE), None)
    part = next((m for m in mods if m in PARTS), None)
    if part:
        got = [x for x in (part_of(v, part) for v in values) if x is not None]
        return any((compare or (lambda a, b: a == b))(x, want) for x in got)
    if compare:
        return any(compare(x, want) for x in map(number, values) if x is not None)
    if 're' in mods:
        flags = sum({'i': re.I, 'm': re.M, 's': re.S}.get(m, 0) for m in mods)
        return any(re.search(want, text_of(v), flags) for v in values)
    if 'cidr' in mods:
        return any(isinstance(v, str) and in_net(v, want) for v in values)
    if set(mods) & {'contains', 'startswith', 'endswith', 'windash', 'base64', 'base64offset', 'expand'}:
        return any(whole(affix(t, mods), text_of(v), cased) for v in values for t in alternatives(want, mods))
    holds = plain(want, cased)
    return any(map(holds, values))


def line(event, key, wants):
    name, *mods = key.split('|')
    wants = wants if isinstance(wants, list) else [wants]
    got = (one_value(event, name, mods, w) for w in wants)
    held = all(got) if 'all' in mods else any(got)
    return not held if 'neq' in mods else held


def scalars(value):
    if isinstance(value, (dict, list)):
        for x in value.values() if isinstance(value, dict) else value:
            yield from scalars(x)
    elif value is not None:
        yield value


def search(event, s):
    if isinstance(s, dict) and list(s) == ['|all']:
        return all(any(whole(affix(tokens(w), ['contains']), text_of(v), False) for v in scalars(event)) for w in s['|all'])
    if isinstance(s, dict):
        return all(line(event, k, w) for k, w in s.items())
    if isinstance(s, list) and isinstance(s[0], dict):
        return any(search(event, x) for x in s)
    words = s if isinstance(s, list) else [s]
    return any(whole(affix(tokens(w), ['contains']), text_of(v), False) for v in scalars(event) for w in words)


def condition(expr, event, searches):
    """The condition as a tree: ('and', a, b), ('not', a), ('name', n), ('of', all?, pattern)."""
    kind = expr[0]
    if kind in ('and', 'or'):
        a, b = condition(expr[1], event, searches), condition(expr[2], event, searches)
        return a and b if kind == 'and' else a or b
    if kind == 'not':
        return not condition(expr[1], event, searches)
    if kind == 'name':
        return search(event, searches[expr[1]])
    every, pattern = expr[1:]
    names = [n for n in searches if (pattern == 'them' or re.fullmatch(re.escape(pattern).replace('\\*', '.*'), n))
             and (not n.startswith('_') or pattern.startswith('_'))]
    return (all if every else any)(search(event, searches[n]) for n in names)


# ---- made at random ----

def random_value(rng):
    return rng.choice([rng.choice(WORDS), rng.choice(WORDS), rng.choice(WORDS) + rng.choice(WORDS), rng.choice(ADDRESSES),
                       rng.choice(TIMES), rng.choice([0, 1, 200, 200.0, 404, -5, 2.5, 10**15]), rng.choice([True, False]), None,
                       base64.b64encode(b' ' * rng.randrange(3) + rng.choice(WORDS).encode() + b'..').decode()])


def random_event(rng):
    event = {}
    for f in FIELDS:
        if rng.random() < 0.2:
            continue
        if f == 'l':
            event[f] = [v for v in (random_value(rng) for _ in range(rng.randrange(4))) if v is not None]
        elif f == 'o.p' and rng.random() < 0.7:
            event['o'] = {'p': random_value(rng)}
        else:
            event[f] = random_value(rng)
    return event


def pattern_text(rng):
    word = rng.choice(WORDS)
    if rng.random() < 0.3 and word:
        at = rng.randrange(len(word) + 1)
        word = word[:at] + rng.choice(['*', '?', '\\*', '\\?', '\\\\', '\\']) + word[at + rng.randrange(2):]
    return word


def random_line(rng):
    name = rng.choice(FIELDS)
    kind = rng.choice(['text', 'text', 'text', 'affix', 'affix', 'affix', 'num', 'bool', 'null', 're', 'cidr', 'cmp', 'time', 'ref', 'exists',
                       'windash', 'b64', 'expand'])
    mods, want = [], None
    if kind in ('text', 'affix'):
        mods += [rng.choice(['contains', 'startswith', 'endswith'])] if kind == 'affix' else []
        mods += ['cased'] if rng.random() < 0.3 else []
        want = [pattern_text(rng) for _ in range(rng.choice([1, 1, 2, 3]))]
        if len(want) > 1 and rng.random() < 0.3:
            mods.append('all')
        want = want if len(want) > 1 or rng.random() < 0.2 else want[0]
    elif kind == 'num':
        mods, want = rng.choice([[], [], ['contains'], ['startswith']]), rng.choice([0, 1, 200, 2.5, 404, -5])
    elif kind == 'bool':
        want = rng.choice([True, False])
    elif kind == 're':
        mods = ['re'] + rng.choice([[], ['i'], ['m'], ['s'], ['i', 's']])
        want = rng.choice(['^a.*b$', '[0-9]{3}', 'adm(in|ax)', '^break', 'line.break', '\\\\\\\\', '(?i)ENC', '-5|1e', '^$', '\\.2\\.'])
    elif kind == 'cidr':
        mods, want = ['cidr'], rng.sample(NETS, rng.choice([1, 2]))
    elif kind == 'cmp':
        mods, want = [rng.choice(list(COMPARE))], rng.choice([0, 200, 199.5, 404, -5.0])
    elif kind == 'time':
        mods = [rng.choice(PARTS)] + rng.choice([[], [rng.choice(list(COMPARE))]])
        want = rng.choice([0, 5, 8, 12, 23, 30, 31, 1, 2, 53, 9, 2026])
    elif kind == 'ref':
        mods, want = ['fieldref'] + rng.choice([[], ['contains'], ['startswith'], ['endswith'], ['cased']]), rng.choice(FIELDS)
    elif kind == 'exists':
        return name + '|exists', rng.choice([True, False])
    elif kind == 'windash':
        mods = ['windash'] + rng.choice([[], ['contains'], ['endswith']])
        want = rng.choice(['-enc', 'x -enc', '/enc', 'x-enc', ' -enc y', '-enc /y'])
    elif kind == 'b64':
        mods = rng.choice([[], [], ['wide'], ['utf16be'], ['utf16']]) + rng.choice([['base64'], ['base64offset', 'contains']])
        want = rng.choice([w for w in WORDS if len(w) > 2 and not set(w) & set('*?\\')])  # fewer bytes leave nothing that is sure
    elif kind == 'expand':
        mods = rng.choice([[], ['contains']]) + ['expand']
        want = rng.choice(['%hosts%', 'x%hosts%', '%ids%', '%empty%a'])
    if kind not in ('ref', 'null') and rng.random() < 0.15:
        mods = mods + ['neq']
    return '|'.join([name] + mods), want


def random_search(rng):
    kind = rng.random()
    if kind < 0.1:
        return [pattern_text(rng) or 'x' for _ in range(rng.choice([1, 2, 3]))]
    if kind < 0.15:
        return {'|all': [pattern_text(rng) or 'x' for _ in range(2)]}
    maps = [dict(random_line(rng) for _ in range(rng.choice([1, 1, 2, 3]))) for _ in range(rng.choice([1, 1, 1, 2]))]
    return maps if len(maps) > 1 else maps[0]


def random_condition(rng, names, depth=0):
    kind = rng.random()
    if depth > 3 or kind < 0.4:
        return ('name', rng.choice(names))
    if kind < 0.55:
        return ('not', random_condition(rng, names, depth + 1))
    if kind < 0.65:
        pattern = rng.choice(['them', 'sel*', 's*', '_h*'])
        if any(re.fullmatch(re.escape(pattern).replace('\\*', '.*'), n) for n in names) or (
                pattern == 'them' and any(not n.startswith('_') for n in names)):
            return ('of', rng.random() < 0.5, pattern)
    return (rng.choice(['and', 'or']), random_condition(rng, names, depth + 1), random_condition(rng, names, depth + 1))


def spelled(expr, rng, inside=False):
    if expr[0] == 'name':
        return expr[1]
    if expr[0] == 'of':
        return '%s of %s' % (rng.choice(['all'] if expr[1] else ['1', 'any']), expr[2])
    if expr[0] == 'not':
        out = 'not ' + spelled(expr[1], rng, True)
    else:
        out = (' %s ' % expr[0]).join(spelled(x, rng, True) for x in expr[1:])
    return '(' + out + ')' if inside else out


def random_rule(rng, number):
    names = rng.sample(['sel', 'selection', 'not_me', 'order', '_hidden', 'sel_2'], rng.choice([1, 2, 3]))
    if all(n.startswith('_') for n in names):
        names.append('sel')
    searches = {n: random_search(rng) for n in names}
    expr = random_condition(rng, names)
    detection = dict(searches, condition=spelled(expr, rng))
    return {'title': 'r%d' % number, 'name': 'r%d' % number, 'logsource': {'category': 'x'}, 'detection': detection}, searches, expr


def run(seed, folder):
    rng = random.Random(seed)
    rules = [random_rule(rng, i) for i in range(60)]
    events = [random_event(rng) for _ in range(40)]
    paths = [os.path.join(folder, n) for n in ('rules.yml', 'events.jsonl', 'lists.yml')]
    with open(paths[0], 'w', encoding='utf-8') as f:
        f.write('\n---\n'.join(json.dumps(r[0], ensure_ascii=False) for r in rules))
    with open(paths[1], 'w', encoding='utf-8') as f:
        f.writelines(json.dumps(e, ensure_ascii=rng.random() < 0.5) + '\n' for e in events)
    with open(paths[2], 'w', encoding='utf-8') as f:
        json.dump(LISTS, f)
    p = subprocess.run([PROGRAM, 'rules', 'eval', '--rules', paths[0], '--events', paths[1], '--lists', paths[2]],
                       capture_output=True, text=True)
    if p.returncode != 0:
        return 0, 'exit status %d: %s' % (p.returncode, p.stderr[:2000])
    got = {(h['rule'], h['event']) for h in map(json.loads, p.stdout.splitlines())}
    want = {(r['name'], i) for r, searches, expr in rules for i, e in enumerate(events) if condition(expr, e, searches)}
    for name, i in sorted(got ^ want)[:3]:
        rule = rules[int(name[1:])][0]
        return len(want), 'seed %d: %s alone says that %s holds at %s' % (
            seed, 'the program' if (name, i) in got else 'the reference', json.dumps(rule['detection'], ensure_ascii=False),
            json.dumps(events[i], ensure_ascii=False))
    return len(want), None


def main():
    seeds, hits, wrong = int(os.environ.get('SEEDS', '12')), 0, []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(seeds):
            n, complaint = run(seed, folder)
            hits += n
            if complaint:
                wrong.append(complaint)
    print('%sok 1 - %d random sets of 60 rules on 40 events: %d matches, as read naively' % ('not ' if wrong else '', seeds, hits))
    print(''.join('# %s\n' % w for w in wrong[:8]) + '1..1')
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
