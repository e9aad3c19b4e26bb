"""Readers of our own export formats, written from their specifications: what a program gets that believes them."""
import csv
import io
import json
import re
import xml.etree.ElementTree as ElementTree


def json_lines(text):
    rows = [json.loads(line) for line in text.split('\n')[:-1]]
    return rows[:-1], rows[-1]


def hashed(text):
    lines = text.split('\n')[:-1]
    assert lines[-1].startswith('# '), lines[-1]
    return lines[:-1], json.loads(lines[-1][2:])


def table(data, encoding='utf-8'):
    """RFC 4180 with CRLF: header and rows; the trailer apart (None for mhlw)."""
    text = data.decode(encoding)
    trailer = None
    if encoding == 'utf-8':
        assert text[0] == '\ufeff', 'a byte order mark first'
        text = text[1:]
    body, mark, rest = text.rpartition('\r\n# ')
    if mark:
        text, trailer = body + '\r\n', json.loads(rest)
    rows = list(csv.reader(io.StringIO(text, newline=''), strict=True))
    return rows[0], rows[1:], trailer


def split_unescaped(text, mark, most=-1):
    out, at, i = [], 0, 0
    while i < len(text) and most != 0:
        if text[i] == '\\':
            i += 2
            continue
        if text[i] == mark:
            out.append(text[at:i])
            at = i + 1
            most -= 1
        i += 1
    return out + [text[at:]]


def cef(line):
    head = split_unescaped(line, '|', 7)
    head, extension = [re.sub(r'\\([\\|])', r'\1', h) for h in head[:7]], head[7]
    marks = list(re.finditer(r'(?:^| )([A-Za-z0-9]+)=', re.sub(r'\\.', '__', extension)))
    values = {}
    for m, n in zip(marks, marks[1:] + [None]):
        values[m.group(1)] = re.sub(r'\\([\\=])', r'\1', extension[m.end():n.start() if n else None])
    return head, values


def leef(line):
    head = line.split('|', 6)
    return head[:6], dict(pair.split('=', 1) for pair in head[6].split('\t'))


SYSLOG = re.compile(r'<(\d{1,3})>1 (\S+) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32}) ((?:\[(?:[^\]\\]|\\.)*\])+|-) ?(.*)',
                    re.S)
PARAM = re.compile(r' ([^ =\]"]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"')


def syslog(line):
    m = SYSLOG.fullmatch(line)
    assert m, line
    elements = {}
    for body in re.findall(r'\[((?:[^\]\\]|\\.)*)\]', m.group(7)):
        name = body.split(' ', 1)[0]
        elements[name] = {k: re.sub(r'\\(["\\\]])', r'\1', v) for k, v in PARAM.findall(body[len(name):])}
    assert m.group(8)[0] == '\ufeff', 'the byte order mark of MSG'
    return int(m.group(1)), m.groups()[1:6], elements, json.loads(m.group(8)[1:])


def dicom(text):
    lines = text.split('\n')[:-1]
    trailer = re.fullmatch(r'<!-- (.*) -->', lines[-1])
    ElementTree.fromstring('<all>%s</all>' % text)  # the whole is well-formed, too
    return [ElementTree.fromstring(line) for line in lines[:-1]], json.loads(trailer.group(1))
