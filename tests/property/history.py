"""A naive second opinion on rules that look back: reads nothing but the exported events, keeps lists, and works out
the findings of every closed day. Slow, simple, and written without a look at how the program does it."""
import collections
import datetime
import math

from reference import completion, day_start, instant, local

SECOND = 10**9
SPAN = 60
CLOSE = '(the close of the day)'


def key_of(e):
    return e.get('tochoku.key.id')


def refused(e):
    return e.get('http.response.status_code') in (401, 403)


def successful(e):
    return 200 <= e.get('http.response.status_code', 0) < 400


def model_of(e):
    return e.get('gen_ai.response.model') or e.get('gen_ai.request.model')


def family(agent):
    for i in range(len(agent) - 1):
        if agent[i] in ' /' and agent[i + 1].isdigit():
            return agent[:i]
    return agent


def shift(wall):
    minute = wall.hour * 60 + wall.minute
    return 'evening' if minute < 45 else 'night' if minute < 510 else 'day' if minute < 990 else 'evening'


def kilometres(a, b):
    (lat1, lon1), (lat2, lon2) = [[math.radians(x) for x in p] for p in (a, b)]
    h = math.sin((lat2 - lat1) / 2)**2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2)**2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1, h)))


def median(values):
    values = sorted(values)
    return (values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2


class History:
    """All events; what a rule may ask about one, about a minute and about a day."""

    def __init__(self, events, zone, opening_of):
        self.zone, self.opening_of = zone, opening_of
        self.events = sorted(events, key=lambda e: (completion(e), e['event.id']))
        for e in self.events:
            e['start'], e['end'] = instant(e['@timestamp']), completion(e)
            e['wall'] = local(e['start'], zone)
            e['day'] = e['wall'].date()
        self.by_day = collections.defaultdict(list)
        self.met = collections.defaultdict(set)  # (kind, ...) -> days
        self.nights = collections.defaultdict(collections.Counter)
        for e in self.events:
            self.by_day[e['day']].append(e)
            user, key = e.get('user.name'), e.get('tochoku.key.id')
            if shift(e['wall']) == 'night':
                self.nights[user][e['day']] += 1
            if refused(e):
                continue
            for pair in (('key', key), ('user', user), ('ip', key, e['source.ip']),
                         ('agent', key, family(e['user_agent.original'])), ('model', user, model_of(e)),
                         ('hour', user, e['wall'].hour)):
                self.met[pair].add(e['day'])
        self.of_key, self.place = collections.defaultdict(list), {}
        for e in self.events:
            self.place[e['event.id']] = len(self.of_key[key_of(e)])
            self.of_key[key_of(e)].append(e)
        self.days = self.all_days()
        self.first_day = min(self.by_day)

    def all_days(self):
        """Those with calls, and the quiet ones between two that are no more than 14 days apart."""
        with_calls = sorted(self.by_day)
        out = set(with_calls)
        for a, b in zip(with_calls, with_calls[1:]):
            if (b - a).days <= 14:
                out |= {a + datetime.timedelta(i) for i in range((b - a).days)}
        return sorted(out)

    # ---- what a call looks back on ----

    def before(self, pair, day):
        return {d for d in self.met[pair] if 1 <= (day - d).days <= SPAN}

    def first(self, e, subject, pair):
        known = self.before(subject, e['day'])
        if subject[0] == 'key':
            known = any((e['day'] - d).days >= 14 for d in known)
        else:
            known = len(known) >= 10
        return known and not self.before(pair, e['day'])

    def idle(self, e):
        earlier = [d for d in self.met[('key', e['tochoku.key.id'])] if d < e['day']]
        return (e['day'] - max(earlier)).days if earlier else -1

    def usual_night(self, user, day):
        got = [n for d, n in self.nights[user].items() if 1 <= (day - d).days <= SPAN]
        return median(got) if len(got) >= 10 else None

    def leg(self, e):
        """Kilometres and kilometres an hour from the user's place before."""
        if 'source.geo.location.lat' not in e:
            return 0, 0
        for b in reversed(self.events[:self.events.index(e)]):
            if b.get('user.name') == e.get('user.name') and 'source.geo.location.lat' in b:
                if e['end'] - b['end'] > 24 * 3600 * SECOND:
                    break
                place = [(float(x['source.geo.location.lat']), float(x['source.geo.location.lon'])) for x in (b, e)]
                km, hours = kilometres(*place), (e['end'] - b['end']) / 3600 / SECOND
                return km, 0 if km == 0 else math.inf if hours == 0 else km / hours
        return 0, 0

    def variation(self, e):
        """Of the times between the key's last sixty calls, if they lie within ten minutes; -1: they do not."""
        ends = [b['end'] for b in self.of_key[key_of(e)][:self.place[e['event.id']] + 1]][-60:]
        if len(ends) < 60 or ends[-1] - ends[0] > 600 * SECOND:
            return -1
        gaps = [b - a for a, b in zip(ends, ends[1:])]
        mean = sum(gaps) / len(gaps)
        return math.sqrt(sum((g - mean)**2 for g in gaps) / len(gaps)) / mean if mean else 0

    # ---- days and minutes ----

    def calls(self, day):
        return len(self.by_day.get(day, ()))

    def comparable(self, day):
        """Calls of the last earlier day of the class, and of yesterday; None: none, or learning."""
        if (day - self.first_day).days < 14:
            return None, None
        for i in range(1, SPAN + 1):
            d = day - datetime.timedelta(i)
            if self.opening_of(d) == self.opening_of(day) and self.calls(d):
                return self.calls(d), self.calls(day - datetime.timedelta(1)) or None
        return None, self.calls(day - datetime.timedelta(1)) or None

    def gap(self, day):
        if self.opening_of(day) == 'closed':
            return 0
        n = 0
        while self.opening_of(day - datetime.timedelta(n + 1)) == 'closed':
            n += 1
        return n

    def minutes(self, day):
        """Of each minute of the day in which a call ended: its numbers."""
        start = day_start(day, self.zone)
        end = day_start(day + datetime.timedelta(1), self.zone)
        ended = [e for e in self.events if start <= e['end'] < end and e['end'] - e['start'] <= 2 * 3600 * SECOND]
        usual = self.usual_p95(day)
        at = sorted({(e['end'] - start) // (60 * SECOND) for e in ended})
        base, yesterday = self.comparable(day)
        for i, m in enumerate(at):
            own = [e for e in ended if e['day'] == day and (e['end'] - start) // (60 * SECOND) <= m]
            ten = [e for e in ended if m - 10 < (e['end'] - start) // (60 * SECOND) <= m]
            errors = sum(500 <= e.get('http.response.status_code', 0) < 600 for e in ten)
            times = sorted(e['event.duration'] for e in ten if 'event.duration' in e)
            yield {
                'end': start + (m + 1) * 60 * SECOND,
                'last': [e for e in ended if (e['end'] - start) // (60 * SECOND) == m][-1]['event.id'],
                'since': m - at[i - 1] if i else None,
                'calls_10m': len(ten), 'error_pct_10m': 100 * errors / len(ten),
                'p95_ms': times[math.ceil(len(times) * 0.95) - 1] / 1e6 if times else None,
                'p95_usual': usual.get(local(start + m * 60 * SECOND, self.zone).hour),
                'calls': len(own), 'users': len({e['user.name'] for e in own if successful(e)}),
                'cost_usd': sum(e.get('tochoku.cost.pico_usd', 0) for e in own) / 1e12,
                'pct_prev': 100 * len(own) / base if base else None,
                'pct_yesterday': 100 * len(own) / yesterday if yesterday else None,
            }

    def usual_p95(self, day):
        """Of each hour, in ms, the median of its 95th percentiles on the 14 days before."""
        if (day - self.first_day).days < 14:
            return {}
        out = collections.defaultdict(list)
        for i in range(1, 15):
            times = collections.defaultdict(list)
            for e in self.by_day.get(day - datetime.timedelta(i), ()):
                times[e['wall'].hour].append(e['event.duration'])
            for hour, found in times.items():
                if len(found) >= 5:
                    out[hour].append(sorted(found)[math.ceil(len(found) * 0.95) - 1] / 1e6)
        return {hour: median(found) for hour, found in out.items() if len(found) >= 5}

    def close(self, day, medium):
        """The numbers of a whole day; medium: findings of level medium or above by day."""
        events, (base, yesterday), gap = self.by_day.get(day, []), self.comparable(day), self.gap(day)
        off = [day - datetime.timedelta(i) for i in range(1, gap + 1)]
        out = {'calls': len(events), 'business': self.opening_of(day) == 'full', 'gap': gap,
               'users': len({e['user.name'] for e in events if successful(e)}),
               'error_pct': 100 * sum(500 <= e['http.response.status_code'] < 600 for e in events) / len(events)
               if events else None,
               'pct_prev': 100 * len(events) / base if base else None,
               'pct_yesterday': 100 * len(events) / yesterday if yesterday else None,
               'break_findings': sum(medium[d] for d in off) if gap else None, 'break_pct': None}
        d = day - datetime.timedelta(gap + 1)
        while gap and d > max(self.first_day, day - datetime.timedelta(366)):
            before = self.gap(d)
            if before >= 3:
                then = sum(self.calls(d - datetime.timedelta(i)) for i in range(1, before + 1))
                now = sum(map(self.calls, off))
                out['break_pct'] = 100 * now * before / (then * gap) if then else None
                break
            d -= datetime.timedelta(1)
        return out

    def shares(self, day, field):
        """{name: numbers} of each department or user that called on the day, each against its own calls."""
        (base, yesterday), out = self.comparable(day), {}
        if base:
            base = next(d for d in (day - datetime.timedelta(i) for i in range(1, SPAN + 1))
                        if self.opening_of(d) == self.opening_of(day) and self.calls(d))
        for name in {e.get(field) for e in self.by_day.get(day, ())} - {None}:
            own, before, prev = ([e for e in self.by_day.get(d, ()) if e.get(field) == name] for d in (
                day, day - datetime.timedelta(1), base))
            out[name] = {'calls': len(own), 'users': len({e['user.name'] for e in own if successful(e)}),
                         'error_pct': 100 * sum(500 <= e['http.response.status_code'] < 600 for e in own) / len(own),
                         'cost_usd': sum(e.get('tochoku.cost.pico_usd', 0) for e in own) / 1e12,
                         'pct_prev': 100 * len(own) / len(prev) if prev else None,
                         'pct_yesterday': 100 * len(own) / len(before) if yesterday and before else None}
        return out

    # ---- findings ----

    def findings(self, rules):
        """[(rule, level, kind, fires, subject)] -> sorted [(rule, day, ids, count)]."""
        medium, out = collections.Counter(), []
        for day in self.days:
            hits = collections.defaultdict(list)
            self.of_calls(day, rules, hits)
            for m in self.minutes(day):
                for rule, _, kind, fires, _ in rules:
                    if kind == 'minute' and fires(m):
                        hits[rule, 'site'].append(m['last'])
            whole = self.close(day, medium)
            for rule, _, kind, fires, _ in rules:
                if kind == 'close' and fires(whole):
                    hits[rule, 'site'].append(CLOSE)
            for field, closes in (('tochoku.department', 'department'), ('user.name', 'user')):
                for name, numbers in self.shares(day, field).items():
                    for rule, _, kind, fires, _ in rules:
                        if kind == closes and fires(numbers):
                            hits[rule, name].append(CLOSE)
            levels = {r[0]: r[1] for r in rules}
            for (rule, _), ids in hits.items():
                medium[day] += levels[rule] in ('medium', 'high', 'critical')
                shown = () if ids == [CLOSE] else tuple(ids[:20])
                out.append((rule, str(day), shown, len(ids)))
        return sorted(out)

    # ---- correlations that reach over midnight ----

    def chains(self, rules):
        """[(rule, kind, fires, subject, seconds, least)] -> sorted [(rule, day, subject, evaluations that held)]."""
        out = collections.Counter()
        for rule, kind, fires, subject, span, least in rules:
            recent = collections.defaultdict(list)
            for at, day, who in sorted(self.parts(kind, fires, subject), key=lambda x: x[0]):
                recent[who] = [t for t in recent[who] if t[0] >= at[0] - span * SECOND] + [at]
                if len(recent[who]) >= least:
                    out[rule, str(day), who] += 1
        return sorted((*k, n) for k, n in out.items())

    def parts(self, kind, fires, subject):
        """((time, id), day, subject) of each event that a correlation counts."""
        for day in self.days:
            if kind == 'call':
                numbers = collections.Counter()
                for e in self.by_day.get(day, ()):
                    numbers[e['user.name']] += 1
                    e['number'] = numbers[e['user.name']]
                    if fires(self, e):
                        yield (e['end'] // 1000 * 1000, e['event.id']), day, subject(e)
            elif kind == 'minute':
                for m in self.minutes(day):
                    if fires(m):
                        yield (m['end'], ''), day, 'site'
            elif fires(self.close(day, collections.Counter())):
                yield (day_start(day + datetime.timedelta(1), self.zone), ''), day, 'site'

    def of_calls(self, day, rules, hits):
        numbers, nights = collections.Counter(), collections.Counter()
        quiet = {}  # suppressed subject -> end of the first hit of its finding
        for e in self.by_day.get(day, ()):
            user = e['user.name']
            numbers[user] += 1
            nights[user] += shift(e['wall']) == 'night'
            e['number'], e['night_number'] = numbers[user], nights[user]
            for rule, _, kind, fires, subject in rules:
                if kind not in ('call', 'shift', 'suppress') or not fires(self, e):
                    continue
                who = subject(e)
                if kind == 'shift':
                    who = who, shift(e['wall'])
                elif kind == 'suppress':
                    if (rule, who) not in quiet or e['end'] > quiet[rule, who] + 600 * SECOND:
                        quiet[rule, who] = e['end']
                    who = who, quiet[rule, who]
                hits[rule, who].append(e['event.id'])
