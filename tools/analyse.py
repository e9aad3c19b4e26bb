#!/usr/bin/env python3
"""Static analysis by four programs: analyse.py [-t TOOL,TOOL] [FILE or FOLDER]...

    gcc       gcc -fanalyzer           tidy      clang-tidy, checks of .clang-tidy
    cppcheck  warnings, performance    clang     clang --analyze

What they find ends with status 1, unless tools/accepted.tsv has a row for it, with the reason; a row that nothing meets any
more must go. The files are taken folder by folder. Slow (a quarter of an hour on two cores), so it is no part of `make lint`."""
import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDERS = ('core', 'geoip', 'rules', 'sensor', 'reports', 'cli')
ACCEPTED = os.path.join(ROOT, 'tools/accepted.tsv')
LIMIT = 600  # seconds for a file; on a busy machine the slowest takes one
PACKAGES = ('sqlite3 yaml-0.1 libmaxminddb libcrypto libpcre2-8 zlib libzstd libbrotlidec libdeflate liblzma libpcap libnghttp2 libseccomp '
            'libcap-ng libical pangocairo').split()
# FILE:LINE[:COLUMN]: warning: TEXT [CHECK,...]
FOUND = re.compile(r'^(/?[\w./-]+\.[ch]):(\d+):(?:\d+:)? (?:warning|error|portability|performance|style): (.*?) ?\[([\w.,-]+)\]$', re.M)
CPPCHECK = ('--enable=warning,performance,portability', '--std=c11', '--inline-suppr', '--suppress=missingIncludeSystem', '-q', '-I.',
            '--template={file}:{line}: {severity}: {message} [{id}]')


def run(*args):
    try:
        p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, encoding='utf-8', errors='replace',
                           timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return 124, '%s: over %d s' % (' '.join(args[-1:]), LIMIT)
    return p.returncode, p.stdout


def flags():
    p = subprocess.run(['pkg-config', '--cflags', *PACKAGES], stdout=subprocess.PIPE, check=True, encoding='utf-8')
    return ['-std=c17', '-D_GNU_SOURCE', '-I.', *p.stdout.split()]


def of_gcc(path, options):
    return run('gcc', *options, '-O1', '-fanalyzer', '-c', path, '-o', '/dev/null')


def of_tidy(path, options):  # one file at a time: of several, va_lists are told of that are none
    return run('clang-tidy', '--quiet', path, '--', *options)


def of_clang(path, options):
    return run('clang', '--analyze', '-Xclang', '-analyzer-output=text', '-o', '/dev/null', *options, path)


def of_cppcheck(path, options):
    return run('cppcheck', *CPPCHECK, path)


TOOLS = {'gcc': of_gcc, 'tidy': of_tidy, 'clang': of_clang, 'cppcheck': of_cppcheck}


def accepted():
    """{(tool, file, check): reason}"""
    out = {}
    with open(ACCEPTED, encoding='utf-8') as f:
        for n, line in enumerate(f, 1):
            if line.startswith('#') or not line.strip():
                continue
            row = line.rstrip('\n').split('\t')
            if len(row) != 4 or row[0] not in TOOLS or not os.path.exists(os.path.join(ROOT, row[1])) or len(row[3]) < 20:
                sys.exit('%s:%d: expected TOOL, FILE, CHECK and a reason, with tabs between' % (ACCEPTED, n))
            out[tuple(row[:3])] = row[3]
    return out


def sources(places):
    out = []
    for place in places:
        if os.path.isfile(os.path.join(ROOT, place)):
            out.append(place)
        for d, _, files in sorted(os.walk(os.path.join(ROOT, place))):
            out += [os.path.relpath(os.path.join(d, f), ROOT) for f in sorted(files) if f.endswith('.c')]
    return out


def look(tool, path, options):
    """The findings in a file and its headers: {(tool, file, check): first line}, and what broke."""
    status, text = TOOLS[tool](path, options)
    found = {}
    for name, line, what, checks in FOUND.findall(text):
        name = os.path.relpath(name, ROOT) if name.startswith('/') else os.path.normpath(name)
        if name.startswith('..') or name.startswith('/'):
            continue
        for check in re.sub(r'^-W(analyzer-)?', '', checks).split(','):
            found.setdefault((tool, name, check), '%s:%s: %s [%s]' % (name, line, re.sub(r' ?\[CWE-\d+\]', '', what), check))
    return found, status if status != 0 and not found else 0, text


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('-j', type=int, default=os.cpu_count(), help='so many at once')
    p.add_argument('-t', '--tools', default=','.join(TOOLS))
    p.add_argument('places', nargs='*', default=FOLDERS)
    o = p.parse_args()
    known, met, bad = accepted(), set(), 0
    tools, files, options = o.tools.split(','), sources(o.places), flags()
    if not files or not set(tools) <= set(TOOLS):
        sys.exit('analyse.py: no C file in %s, or no such program in %s' % (', '.join(o.places), o.tools))
    with ThreadPoolExecutor(o.j) as pool:
        for tool in tools:
            new = {}
            for found, broken, text in pool.map(lambda f: look(tool, f, options), files):
                met |= set(found)
                new.update({k: v for k, v in found.items() if k not in known})
                if broken:
                    new[(tool, text, '')] = '%s ended with status %d: %s' % (tool, broken, text[-600:])
            print(''.join('%s: %s\n' % (tool, v) for _, v in sorted(new.items())), end='')
            print('%s: %d files, %d findings, %d of them not accepted' % (tool, len(files), sum(k[0] == tool for k in met), len(new)),
                  flush=True)
            bad += len(new)
    stale = [k for k in known if k[0] in tools and k[1] in files and k not in met]
    for k in stale:
        print('tools/accepted.tsv: nothing meets the row %s any more: take it away' % ' '.join(k))
    sys.exit(1 if bad or stale else 0)


if __name__ == '__main__':
    main()
