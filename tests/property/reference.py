"""A naive second opinion: reads nothing but the exported events and works out the figures of `report daily`
with plain lists. Slow, simple, and written without a look at how the program does it."""
import collections
import datetime
import fractions
import math
import re
import zoneinfo

SECOND = 10**9
CLASSES = ('denied', 'limited', 'failure', 'error', 'timeout', 'reset')


def instant(text):
    """RFC 3339 to ns since 1970, exactly."""
    whole, _, rest = text.partition('.')
    digits = ''
    if rest:
        digits = ''.join(c for c in rest if c.isdigit()) if rest.endswith('Z') else rest[:-6]
        zone = 'Z' if rest.endswith('Z') else rest[-6:]
        whole += zone
    t = datetime.datetime.fromisoformat(whole.replace('Z', '+00:00'))
    return int(t.timestamp()) * SECOND + int(digits.ljust(9, '0')[:9] or 0)


def local(ns, zone):
    return datetime.datetime.fromtimestamp(ns // SECOND, zoneinfo.ZoneInfo(zone))


def day_start(day, zone):
    """First instant of a local date, found by search through the UTC minutes around it."""
    z = zoneinfo.ZoneInfo(zone)
    guess = int(datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc).timestamp())
    for t in range(guess - 27 * 3600, guess + 27 * 3600, 900):
        if datetime.datetime.fromtimestamp(t, z).date() >= day:
            return t * SECOND
    raise ValueError(day)


def error_class(status):
    if status in (401, 403):
        return 'denied'
    if status == 429:
        return 'limited'
    if 400 <= status < 500:
        return 'failure'
    if 500 <= status < 600:
        return 'error'
    return None


def successful(e):
    return 200 <= e.get('http.response.status_code', 0) < 400


def tokens(e):
    return e.get('gen_ai.usage.input_tokens', 0) + e.get('gen_ai.usage.output_tokens', 0)


def has_usage(e):
    return any(k.startswith('gen_ai.usage.') for k in e)


def sums(events):
    return {'calls': len(events), 'tokens': sum(map(tokens, events)),
            'pico_usd': str(sum(e.get('tochoku.cost.pico_usd', 0) for e in events)),
            'errors': sum(error_class(e.get('http.response.status_code', 0)) is not None for e in events)}


def by(events, key):
    groups = collections.defaultdict(list)
    for e in events:
        groups[key(e)].append(e)
    return {k: sums(v) for k, v in groups.items()}


MILLION = fractions.Fraction(1, 10**6)


def details(e):
    """What is billed apart: {name: number}, and the passes as lists of five numbers and a model."""
    got, passes = collections.Counter(), []
    for part in filter(None, e.get('tochoku.usage.details', '').split(',')):
        name, value = part.split('=')
        if name == 'pass':
            passes.append([int(x) for x in value.split('/', 5)[:5]] + [value.split('/', 5)[5]])
        else:
            got[name] = int(value)
    return got, passes


def banded(row, total):
    for band in row.get('above', ()):
        if total > band['tokens']:
            row = dict(row, **band)
    return row


def price_of_tokens(row, d, total, out, cached, write, hour):
    """USD of one pass. A kind without a price of its own costs as what it is a kind of."""
    row = banded(row, total)
    price = {'cached': 'input', 'cache_write': 'input', 'cache_write_1h': 'cache_write', 'audio_input': 'input',
             'audio_cached': 'cached', 'audio_output': 'output', 'image_input': 'input', 'image_output': 'output'}

    def of(kind):
        while kind not in row:
            kind = price[kind]
        return row[kind]

    kinds = {'cached': cached - d['audio_cached'], 'audio_cached': d['audio_cached'], 'cache_write': write - hour,
             'cache_write_1h': hour, 'audio_input': d['audio_input'] - d['audio_cached'],
             'image_input': d['image_input'], 'audio_output': d['audio_output'], 'image_output': d['image_output']}
    kinds['output'] = out - kinds['audio_output'] - kinds['image_output']
    kinds['input'] = total - cached - write - kinds['audio_input'] - kinds['image_input']
    factor = (row.get('geo_us', 1) if d['geo_us'] else 1) * (row.get('fast', 1) if d['fast'] else 1)
    return sum(n * of(kind) for kind, n in kinds.items() if n) * MILLION * factor


def cost(e, row, row_of=lambda model: None):
    """pico-USD of a call by a row of `prices show`, whose prices are exact fractions: of USD per million tokens or
    characters, each, or per second. row_of: the row of a pass with another model."""
    d, passes = details(e)
    pieces = [(d['search_units'], 'search_unit'), (d['pages'], 'page')]
    if 'gen_ai.usage.input_tokens' not in e and 'gen_ai.usage.output_tokens' not in e:
        pieces += [(d['images'], 'image'), (d['milliseconds'] * fractions.Fraction(1, 1000), 'second'),
                   (d['characters'] * MILLION, 'character')]
    if row is None or not (has_usage(e) or any(n for n, _ in pieces)) or d['unlisted']:
        return None
    if d['from_cache']:
        return 0
    if any(n and kind not in row for n, kind in pieces):
        return None
    usd = sum(n * row[kind] for n, kind in pieces if n) + d['searches'] * row.get('search', 0)
    whole = (e.get('gen_ai.usage.input_tokens', 0), e.get('gen_ai.usage.output_tokens', 0),
             e.get('gen_ai.usage.cache_read.input_tokens', 0), e.get('gen_ai.usage.cache_creation.input_tokens', 0),
             d['cache_write_1h'])
    for *used, name in passes or [whole + ('',)]:
        one = row_of(name) if name else row
        if one is None:
            return None
        usd += price_of_tokens(one, d if not passes else collections.Counter(geo_us=d['geo_us'], fast=d['fast']), *used)
    return math.floor(usd * 10**12 + fractions.Fraction(1, 2))


def model(e):
    return e.get('gen_ai.response.model') or e.get('gen_ai.request.model') or ''


class Reference:
    def __init__(self, events, zone):
        self.zone = zone
        self.events = sorted(events, key=lambda e: instant(e['@timestamp']))
        self.at = [instant(e['@timestamp']) for e in self.events]

    def between(self, start, end):
        return [e for e, t in zip(self.events, self.at) if start <= t < end]

    def of_day(self, day):
        return self.between(day_start(day, self.zone), day_start(day + datetime.timedelta(1), self.zone))

    def daily(self, day):
        events = self.of_day(day)
        previous = self.of_day(day - datetime.timedelta(1))
        durations = sorted(e['event.duration'] for e in events if 'event.duration' in e)
        classes = collections.Counter(error_class(e.get('http.response.status_code', 0)) for e in events)
        month = day_start(day.replace(day=1), self.zone)
        end = day_start(day + datetime.timedelta(1), self.zone)
        out = {
            'calls': len(events),
            'calls.successful': sum(map(successful, events)),
            'cost.pico_usd': sums(events)['pico_usd'],
            'cost.month_pico_usd': sums(self.between(month, end))['pico_usd'],
            'cost.unpriced_calls': sum(has_usage(e) and 'tochoku.cost.pico_usd' not in e for e in events),
            'users.active': len({e['user.name'] for e in events if successful(e) and e.get('user.name')}),
            'ratio.previous_day': round(len(events) / len(previous), 6) if previous else None,
            'errors': {c: classes[c] for c in CLASSES},
            'by.hour': {str(h): sums([e for e in events if local(instant(e['@timestamp']), self.zone).hour == h])
                        for h in range(24)},
            'by.department': by(events, lambda e: e.get('tochoku.department', '')),
            'by.function': by(events, lambda e: e.get('tochoku.function', '')),
            'by.model': by(events, model),
            'by.user': by(events, lambda e: e.get('user.name', '')),
        }
        if durations:
            out['latency.mean_ms'] = sum(durations) / len(durations) / 1e6
            out['latency.max_ms'] = durations[-1] / 1e6
            for name, q in (('median', 0.5), ('p95', 0.95)):
                out['latency.%s_ms' % name] = durations[math.ceil(q * len(durations)) - 1] / 1e6
        return out


# ---- findings of the shipped rules, each written down again in plain words ----

ALWAYS_OPEN = ('看護部', '救急部')  # as the tests' configuration has it
CLINICAL = {'nurse', 'physician', 'pharmacist', 'technician'}
RULE = '7b0e5a10-%s-4c1e-9d5e-%012d'


def prefix(e):
    address = e.get('source.ip', '')
    return address.rsplit('.', 1)[0] if ':' not in address else ':'.join(address.split(':')[:3])


class Call:
    """What a rule may ask about an event, with the day it lies in."""

    def __init__(self, e, zone, opening_of, number):
        self.e, self.zone, self.number = e, zone, number
        self.wall = local(instant(e['@timestamp']), zone)
        self.hhmm = self.wall.hour * 100 + self.wall.minute
        self.status = e.get('http.response.status_code', -1)
        self.key = e.get('tochoku.key.state')
        roles = set(e.get('user.roles') or ())
        self.role = 'clinical' if roles & CLINICAL else 'office' if roles else None
        self.off_hours = e.get('tochoku.calendar.off_hours')
        self.opening = 'full' if e.get('tochoku.department') in ALWAYS_OPEN else opening_of(self.wall.date())
        self.told_by_key = (self.key == 'unknown' and 200 <= self.status < 300
                            or self.key in ('revoked', 'expired') and 0 <= self.status < 400)
        self.outside = e.get('tochoku.zone') == 'external' and 0 <= self.status < 400

    def days_off_before(self, opening_of):
        n, day = 0, self.wall.date() - datetime.timedelta(1)
        while opening_of(day) == 'closed':
            n, day = n + 1, day - datetime.timedelta(1)
        return n


def user_of(c):
    return c.e.get('user.name')


def key_of(c):
    return c.e.get('tochoku.key.id')


def client_of(c):
    return c.e.get('source.ip')


# Rules that are on by default: number, does it fire, its subject; one finding a subject and day.
RULES = [
    (('0101', 101), lambda c: c.key == 'unknown' and 200 <= c.status < 300, key_of),
    (('0105', 105), lambda c: c.key in ('revoked', 'expired') and 0 <= c.status < 400, key_of),
    (('0105', 1105), lambda c: c.key in ('revoked', 'expired') and c.status in (401, 403), key_of),
    (('0201', 201), lambda c: c.outside, lambda c: (user_of(c), prefix(c.e))),
    (('0203', 203), lambda c: c.outside and c.e.get('source.geo.country_iso_code', 'JP') != 'JP',
     lambda c: (user_of(c), c.e.get('source.geo.country_iso_code'))),
    (('0301', 301), lambda c: c.role == 'office' and c.off_hours and (c.hhmm >= 2000 or c.hhmm < 700), user_of),
    (('0304', 304), lambda c: c.opening == 'closed' and (user_of(c) or key_of(c) and not c.told_by_key)
     and c.status not in (401, 403), user_of),
    (('0503', 503), lambda c: c.number is not None and c.number > 100, user_of),
    (('0504', 504), lambda c: c.number is not None and c.number >= 200, user_of),
    (('0602', 602), lambda c: c.key == 'absent' and c.e.get('url.path', '').startswith('/v1/')
     and 200 <= c.status < 300, client_of),
    (('0603', 603), lambda c: '***' in c.e.get('url.query', ''), client_of),
]


def completion(e):
    return instant(e['@timestamp']) + e.get('event.duration', 0)


# Correlations: what takes part, its subject, what is counted (None: itself), how much within how many seconds.
WINDOWS = {
    'ten': (lambda e, s: s in (401, 403), 'source.ip', None, 10, 300),
    'five': (lambda e, s: s in (401, 403), 'source.ip', lambda e: e.get('tochoku.key.id'), 5, 300),
    206: (lambda e, s: 0 <= s < 400, 'tochoku.key.id',
          lambda e: e['source.ip'] if e.get('tochoku.zone') == 'external' else prefix(e), 3, 600),
    'four': (lambda e, s: 200 <= s < 300, 'tochoku.key.id', lambda e: e.get('gen_ai.request.model'), 4, 900),
    404: (lambda e, s: 200 <= s < 300 and re.search('/(files|patients?|Patient|documents)/[^/]+', e['url.path']),
          'tochoku.key.id', lambda e: e['url.path'], 50, 600),
    601: (lambda e, s: s == 404, 'source.ip', lambda e: e['url.path'], 20, 300),
    702: (lambda e, s: s == 429, 'tochoku.key.id', None, 10, 300),
    'three': (lambda e, s: 0 <= s < 400 and e.get('event.duration', 0) >= 20 * SECOND, None, None, 3, 300),
}


def windows(events):
    """{name: {event id: subject}} at which each of WINDOWS holds, by looking at the whole window each time."""
    out = {}
    for name, (takes, subject, value, least, span) in WINDOWS.items():
        groups, holds = collections.defaultdict(list), {}
        for e in events:
            of, what = e.get(subject) if subject else 'site', value(e) if value else e['event.id']
            if of is None or what is None or not takes(e, e.get('http.response.status_code', -1)):
                continue
            groups[of] = [x for x in groups[of] if completion(e) - x[0] <= span * SECOND] + [(completion(e), what)]
            if len({x[1] for x in groups[of]}) >= least:
                holds[e['event.id']] = of
        out[name] = holds
    return out


def correlated(events, zone):
    """{(number of the rule, local day, subject)} of the shipped correlations that are on."""
    events = sorted(events, key=lambda e: (completion(e), e['event.id']))
    held, found, last = windows(events), set(), {}
    recent = []

    def within(kind, of, t, span):
        return t - last.get((kind, of), -10**30) <= span * SECOND

    for e in events:
        t, status, key, ip = completion(e), e.get('http.response.status_code', -1), e.get('tochoku.key.id'), e.get('source.ip')
        day = local(instant(e['@timestamp']), zone).date()
        now = {name for name in held if e['event.id'] in held[name]}
        for rule in now & {206, 404, 601, 702}:
            found.add((rule, day, held[rule][e['event.id']]))
        if 200 <= status < 300 and within('ten', ip, t, 600):
            found.add((104, day, ip))
        for kind in now & {'ten', 'five'}:
            last[kind, ip] = t
        if now & {'ten', 'five'} and within('ten', ip, t, 300) and within('five', ip, t, 300):
            found.add((103, day, ip))
        if 'four' in now and within('list', key, t, 900):
            found.add((401, day, key))
        if e.get('http.request.method') == 'GET' and e.get('url.path', '').endswith('/models') and 200 <= status < 300:
            last['list', key] = t
        if 0 <= status < 400 and 'event.duration' in e:
            recent = [x for x in recent if t - x[0] <= 300 * SECOND] + [(t, e['event.duration'] // 10**6)]
            times = sorted(x[1] for x in recent)
            place, rest = divmod(95 * (len(times) - 1), 100)
            slow = 100 * times[place] + (rest * (times[place + 1] - times[place]) if rest else 0) >= 100 * 20000
            for kind in [k for k, yes in (('slow', slow), ('three', 'three' in now)) if yes]:
                last[kind, 'site'] = t
            if (slow or 'three' in now) and within('slow', 'site', t, 300) and within('three', 'site', t, 300):
                found.add((703, day, 'site'))
    return found


def findings_of_day(events, zone, opening_of):
    """{(rule id, ids of the first twenty events, count)} of one local day, of RULES."""
    numbers, hits = collections.Counter(), collections.defaultdict(list)
    for e in sorted(events, key=lambda e: (completion(e), e['event.id'])):
        user = e.get('user.name')
        numbers[user] += 1
        c = Call(e, zone, opening_of, numbers[user] if user else None)
        c.days_off = c.days_off_before(opening_of)
        for (block, number), fires, subject in RULES:
            if fires(c):
                hits[RULE % (block, number), subject(c)].append(e['event.id'])
    return sorted((rule, tuple(ids[:20]), len(ids)) for (rule, _), ids in hits.items())


def close(name, got, want):
    """Equal; quantiles within the stated error of the histogram, half a bin of 1/32."""
    if name in ('latency.median_ms', 'latency.p95_ms'):
        return got is not None and abs(got - want) <= want / 62 + 0.001
    if name in ('latency.mean_ms', 'latency.max_ms', 'ratio.previous_day') and want is not None:
        return got is not None and abs(got - want) <= 0.0011
    return got == want


def differences(report, want):
    return ['%s: the report says %.300r, the events say %.300r' % (k, report.get(k), v)
            for k, v in want.items() if not close(k, report.get(k), v)]
