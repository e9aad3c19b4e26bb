#!/usr/bin/env python3
"""What is made from the program's own tables: completions for three shells, tochoku.yml(5); and the operator's manual."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, TOCHOKU, Tap  # noqa: E402


# Keys of the example that stand in values: names of the site's own, members of a log, sections to come.
FREE = {'nurse', 'office', 'function', 'target', 'time', 'client', 'duration_ms', 'profile', 'max_size', 'level', 'mail', 'listen'}


def run(*args, **kw):
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding='utf-8', cwd=ROOT, **kw)


def commands():
    with open(os.path.join(ROOT, 'cli/commands.def'), encoding='utf-8') as f:
        return re.findall(r'^COMMAND\((\w+)\)', f.read(), re.M)


def bash_words(script, *line):
    """What bash offers behind the words of a line."""
    words = ' '.join("'%s'" % w for w in line)
    p = run('bash', '-c', script + '\nCOMP_WORDS=(%s); COMP_CWORD=%d; _tochoku; printf "%%s\\n" "${COMPREPLY[@]}"' % (words, len(line) - 1))
    return set(p.stdout.split())


def test_completions(tap):
    made = {shell: run('tools/completions.sh', shell, TOCHOKU).stdout for shell in ('bash', 'zsh', 'fish')}
    names = commands()
    tap.equal(bash_words(made['bash'], 'tochoku', '') - {'-c', '--help', '--version'}, set(names), 'bash offers every command')
    tap.equal(bash_words(made['bash'], 'tochoku', 'fin'), {'findings'}, 'what begins so')
    tap.equal(bash_words(made['bash'], 'tochoku', '-c', 'x.yml', 'status', '--c'), {'--config'}, 'behind -c FILE')
    tap.equal(bash_words(made['bash'], 'tochoku', 'run', '--only', '-c', ''), set(), 'a file behind -c: left to bash')
    for name in names:
        words = bash_words(made['bash'], 'tochoku', name, '')
        told = set(re.findall(r'(?<![\w-])--[a-z][a-z-]+', run(TOCHOKU, name, '--help').stdout)) | {'--help'}
        tap.ok(words >= {w for w in told if w != '--now'}, '%s: every option of its help' % name, (words, told))
        for word in sorted(w for w in words if w.startswith('-')):
            p = run(TOCHOKU, '-c', '/nonexistent/t.yml', name, word, stdin=subprocess.DEVNULL)
            tap.ok('unknown option' not in p.stderr and 'takes no' not in p.stderr, '%s knows %s' % (name, word), p.stderr)
        for shell in ('zsh', 'fish'):
            tap.ok(re.search(r'\b%s\b' % name, made[shell]), '%s offers %s' % (shell, name))
            tap.equal([w for w in sorted(words) if not re.search(r'(?<![\w-])-{0,2}%s(?![\w-])' % w.lstrip('-'), made[shell])], [],
                      '%s: its words, too' % shell)
    for shell, check in (('zsh', ['zsh', '-n']), ('fish', ['fish', '--no-execute']), ('bash', ['bash', '-n'])):
        if shutil.which(shell) is None:
            tap.skip('%s is not installed' % shell)
            continue
        p = run(*check, '/dev/stdin', input=made[shell])
        tap.ok(p.returncode == 0, '%s reads it' % shell, p.stderr)
    if shutil.which('fish'):
        p = run('fish', '-c', made['fish'] + '\ncomplete -C "tochoku findings --le"\ncomplete -C "tochoku metr"')
        tap.equal([x.split('\t')[0] for x in p.stdout.split('\n') if x], ['--level', 'metrics'], 'fish offers them', )
    tap.equal(run('tools/completions.sh', 'csh', TOCHOKU).returncode, 2, 'another shell is refused')


def test_manuals(tap):
    p = run('make', '-s', 'build/package/tochoku.yml.5', 'build/package/tochoku.1')
    tap.ok(p.returncode == 0, 'tochoku.yml.5 and tochoku.1 are made', p.stderr)
    with open(os.path.join(ROOT, 'build/package/tochoku.1'), encoding='utf-8') as f:
        page = f.read().replace('\\-', '-')
    for name in commands():
        told = re.findall(r'(?<![\w-])--?[a-z][a-z-]*', run(TOCHOKU, name, '--help').stdout)
        section = re.search(r'^\.SS %s\n\.EX\n(.*?)^\.EE' % name, page, re.M | re.S)
        tap.ok(section and all(o in section[1] for o in told) and len(section[1]) > 100, 'tochoku(1) has every option of %s' % name)
    p = run('mandoc', '-T', 'utf8', 'build/package/tochoku.1')
    shown = re.sub('.\b', '', p.stdout)
    tap.ok(run(TOCHOKU, 'verify', '--help').stdout.splitlines()[2].strip() in shown and shown.count('EXIT STATUS') == 1,
           'and shows them as they are', p.stderr)
    with open(os.path.join(ROOT, 'build/package/tochoku.yml.5'), encoding='utf-8') as f:
        text = f.read()
    with open(os.path.join(ROOT, 'sensor/tochoku.example.yml'), encoding='utf-8') as f:
        keys = {k for k in re.findall(r'([a-z_]+):(?=[ \n])', re.sub(r'#.*|"[^"]*"|\'[^\']*\'', '', f.read()))}
    listed = {k for path in re.findall(r'^\.TP\n\.B (.+)$', text, re.M) for k in re.findall(r'[a-z_]+', path)}
    tap.ok(len(listed) > 100 and not keys - listed - FREE, 'every key of the example is in the manual', keys - listed)
    tap.ok('.B processes.sensor_user\n(a name)\nUser of' in text, 'with type and meaning')
    tap.ok('.B calendar.departments{}.hours\n' in text and '.B inputs.tails[].path\n(text; required)' in text, 'below lists and names')
    tap.ok('Default:\n.BR "08:30\\-17:15" .' in text, 'and default')
    with open(os.path.join(ROOT, 'man/tochoku.8'), encoding='utf-8') as f:
        operator = f.read().replace('\\-', '-')
    for unit in os.listdir(os.path.join(ROOT, 'debian')):
        if unit.endswith(('.service', '.timer')) and unit != 'tochoku-metrics.service':
            tap.ok(unit in operator, 'tochoku(8) has %s' % unit)
    for path in ('man/tochoku.1', 'build/package/tochoku.1', 'man/tochoku.8', 'build/package/tochoku.yml.5'):
        if shutil.which('mandoc') is None:
            tap.skip('mandoc is not installed')
            continue
        p = run('mandoc', '-T', 'lint', '-W', 'warning', path)
        bad = [x for x in p.stdout.splitlines() if 'input text line longer' not in x and 'missing date' not in x]
        tap.equal(bad, [], '%s is good roff' % path)


def main():
    tap = Tap()
    test_completions(tap)
    test_manuals(tap)
    tap.done()


if __name__ == '__main__':
    main()
