#!/usr/bin/env python3
"""JSON logs end to end: fields named by the configuration, lines that hold several events, files of mixed formats."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import Site, Tap  # noqa: E402


def write(path, lines):
    with open(path, 'w', encoding='utf-8') as f:
        f.writelines((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + '\n' for line in lines)
    return path


def span(i, operation='chat'):
    return {'traceId': '%032x' % i, 'startTimeUnixNano': str(1795400000000000000 + i), 'attributes': [
        {'key': 'gen_ai.operation.name', 'value': {'stringValue': operation}},
        {'key': 'gen_ai.usage.output_tokens', 'value': {'intValue': str(i)}}]}


def batch(*spans):
    return {'resourceSpans': [{'scopeSpans': [{'spans': list(spans)}]}]}


def several(tap):
    site = Site()
    lines = [batch(*(span(3 * i + k) for k in range(3))) for i in range(50)]
    lines += [batch(span(1000), span(1001, 'execute_tool')), batch(*(span(k) for k in range(2000, 2900))), '{"resourceSpans":[']
    log = write(site.path('spans.json'), lines)
    out = site.tochoku('decode', log)
    tap.equal(out.count(b'\n'), 150 + 1 + 900, 'decode: an event for each call of each line')
    tap.ok('1 a record of no call' in site.last_error and '1 not a line' in site.last_error,
           'the tool and the line that is cut off are counted', site.last_error)
    site.tochoku('import', log)
    tap.equal(site.count(), 1051, 'import: the same')
    site.tochoku('import', log)
    tap.equal(site.count(), 1051, 'imported again they add nothing')
    site.tochoku('import', write(site.path('again.json'), [batch(span(1), span(5000))]))
    tap.equal(site.count(), 1052, 'a span that was sent again, in other company, is the same event')


FIELDS = 'json, fields: {time: when, client: [net.real, net.peer], user: who, status: code, target: url}'


def named(tap):
    site = Site(tails=[('own', 'own.json', FIELDS)])
    write(site.path('own.json'), [{'when': '2026-11-23T02:14:21Z', 'net': {'real': '-', 'peer': '10.10.0.%d' % i}, 'code': 200,
                                   'who': '佐藤', 'url': '/v1/messages'} for i in range(1, 9)])
    site.start()
    site.wait_count(8)
    got = [(e['source.ip'], e['user.name'], e['url.path']) for e in site.events()]
    tap.equal(sorted(got)[0], ('10.10.0.1', '佐藤', '/v1/messages'), 'run: fields that the configuration names')
    tap.ok('its own format' in site.tochoku('doctor', want=None).decode(), 'doctor tries them on the log')
    site.cleanup()


def mixed(tap):
    site = Site()
    caddy = {'ts': 1795400741.5, 'request': {'remote_ip': '10.0.0.9', 'method': 'POST', 'uri': '/v1/messages'}, 'duration': 1, 'status': 200}
    nginx = {'ts': '2026-11-23T02:14:21Z', 'client': '10.0.0.9', 'status': 200, 'uri': '/v1/messages'}
    out = site.tochoku('decode', write(site.path('mixed'), [caddy, nginx, caddy, batch(span(1), span(2)), {'level': 'info', 'ts': 1}]))
    tap.equal(out.count(b'\n'), 5, 'decode: the format may change within a file')
    tap.ok('mixed:5:1: a record of no call' in site.last_error, 'what is of none is told', site.last_error)


def main():
    tap = Tap()
    several(tap)
    named(tap)
    mixed(tap)
    tap.done()


main()
