#!/usr/bin/env python3
"""The HTML reports in a real browser: Japanese and English, wide, narrow, dark and on A4; nothing blocked by their own
policy, no sideways scroll, axe-core finds no violation; 513 names that would like to be markup stay names.

Pictures are left in build/browser/ to be looked at. axe-core is read from build/axe (make check-browser fetches it)."""
import datetime
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), HERE]
from chromium import Chromium  # noqa: E402
from harness import ROOT, Site, Tap  # noqa: E402

JST = datetime.timezone(datetime.timedelta(hours=9))
PICTURES = os.path.join(ROOT, 'build/browser')
AXE = os.path.join(ROOT, 'build/axe/node_modules/axe-core/axe.min.js')
FIRST = datetime.date(2026, 11, 1)
DAYS, NAMES_A_DAY = 27, 19  # three quiet days follow
SETTINGS = '''identities:
  users:
    - {id: tanaka, name: 田中 一郎, roles: [nurse], department: 内科, status: active}
functions:
  - {name: 要約, match: {path: /v1/chat/completions}}
budget: {month_usd: 30, currency: {code: JPY, rate: 150.00, date: 2026-11-20, source: TTM}}
'''
FORMS = ['<script>parent.x%d=1</script>', '"><svg onload=alert(%d)>', "'onmouseover='alert(%d)", '</td></tr></table><h1>%d',
         '<!--%d', ']]>%d', '<style>*{display:none}/*%d', '&#60;script&#62;%d', 'javascript:alert(%d)', '<base href=//x/%d>',
         '\u202e%d\u2066abc', '%d' + 'W' * 200, '%d' + '長' * 80, '<iframe srcdoc=%d>', '</title><meta http-equiv=refresh content=0 %d>',
         '\x7f\x1b[31m%d', '<a href=//evil/%d>x</a>', '%d' + '\u0301' * 40, '${7*7}{{%d}}', '</style><script>%d</script>']


def form(day, i):
    number = day * NAMES_A_DAY + i
    return FORMS[number % len(FORMS)] % number


def log():
    lines, n = [], 0
    for d in range(DAYS + 3):
        day = datetime.datetime.combine(FIRST + datetime.timedelta(days=d), datetime.time(0), JST)
        for i in range(60):
            n += 1
            name = form(d, i) if i < NAMES_A_DAY and d < DAYS else 'tanaka'
            lines.append(json.dumps({
                'time_iso8601': (day + datetime.timedelta(minutes=5 + i * 23)).isoformat(), 'user': name, 'request_method': 'POST',
                'remote_addr': '203.0.113.9' if i % 9 == 0 else '10.10.1.7', 'request_uri': '/v1/chat/completions',
                'status': 500 if n % 9 == 0 else 200, 'body_bytes_sent': 1, 'request_time': '%d.%03d' % (i % 4, n % 1000),
                'http_authorization': 'Bearer sk-x', 'model': 'gpt-4o', 'prompt_tokens': 3000, 'completion_tokens': 90}))
    return '\n'.join(lines) + '\n'


def sideways(browser):
    """What sticks out of the window, if it scrolls sideways."""
    return browser.ask('''(() => { const w = document.documentElement;
        if (w.scrollWidth <= w.clientWidth) return "";
        return w.scrollWidth + " of " + w.clientWidth + ": " + [...document.querySelectorAll("*")]
            .filter(e => e.getBoundingClientRect().right > w.clientWidth + 1).slice(0, 5).map(e => e.outerHTML.slice(0, 120)).join("\\n"); })()''')


def violations(browser):
    with open(AXE, encoding='utf-8') as f:
        browser.ask(f.read() + ';0')
    found = browser.ask('''axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v =>
        v.id + ": " + v.nodes.length + " " + v.nodes[0].html.slice(0, 160) + " " + v.nodes[0].failureSummary.slice(0, 300)))''')
    return found


def look(tap, browser, page, name):
    for width, dark in ((1100, False), (320, False), (1100, True)):
        where = '%s %d px%s' % (name, width, ' dark' if dark else '')
        browser.screen(width, dark=dark)
        complaints = browser.open(page)
        tap.ok(not complaints, where + ': the page complains of nothing', complaints)
        out = sideways(browser)
        tap.ok(not out, where + ': no sideways scroll', out)
        if os.path.exists(AXE):
            found = violations(browser)
            tap.ok(not found, where + ': axe-core finds nothing', '\n'.join(found))
        browser.save('Page.captureScreenshot', os.path.join(PICTURES, where.replace(' ', '-') + '.png'), captureBeyondViewport=True,
                     clip={'x': 0, 'y': 0, 'width': width, 'height': min(5000, browser.ask('document.documentElement.scrollHeight')),
                           'scale': 1})
    style = browser.ask('''(() => { const s = getComputedStyle(document.body); return [s.fontSize, s.lineHeight]; })()''')
    tap.equal(style, ['16px', '28px'], name + ': 16 px letters, lines of 1.75')


def on_paper(tap, browser, page, name, one_page):
    browser.screen(1100)
    browser.open(page)
    path = os.path.join(PICTURES, name.replace(' ', '-') + '.pdf')
    browser.save('Page.printToPDF', path, preferCSSPageSize=True, printBackground=True)
    info = subprocess.run(['pdfinfo', path], capture_output=True, text=True, check=True).stdout
    tap.ok('A4' in info, name + ': prints on A4', info)
    if one_page:
        text = subprocess.run(['pdftotext', '-l', '1', path, '-'], capture_output=True, text=True, check=True).stdout
        tap.ok(one_page in text, name + ': the check sheet is one page', text[-200:])


def hostile(tap, browser, site):
    """Each of 27 sheets has 19 names in its table of users."""
    seen, bad = 0, []
    browser.screen(320)
    for d in range(DAYS):
        day = (FIRST + datetime.timedelta(days=d)).isoformat()
        page = site.path('hostile.html')
        site.tochoku('report', 'daily', '--date', day, '--lang', 'en', '--format', 'html', '-o', page)
        bad += browser.open(page)
        out = sideways(browser)
        bad += [day + ' ' + out] if out else []
        bad += browser.ask('''[...document.querySelectorAll("script,iframe,img,base,a,svg[onload],[onmouseover],[style]")]
            .map(e => e.outerHTML.slice(0, 100)).concat(document.querySelectorAll("style").length == 1 ? [] : ["styles"],
            document.querySelectorAll("h1").length == 1 ? [] : ["headings"], document.querySelectorAll("main").length == 1 ? [] : ["main"])''')
        names = browser.ask('''[...[...document.querySelectorAll("h3")].find(e => e.textContent == "By user")
            .nextElementSibling.querySelectorAll("tbody th")].map(e => e.textContent)''')
        numbers = {n for name in names for n in re.findall(r'\d+', name)}
        seen += sum(str(d * NAMES_A_DAY + i) in numbers for i in range(NAMES_A_DAY))
    tap.ok(not bad, 'hostile names: no script, no markup, no layout broken', '\n'.join(map(str, bad[:10])))
    tap.equal(seen, DAYS * NAMES_A_DAY, 'hostile names: all of them are there as text')


def main():
    tap, site = Tap(), Site(extra=SETTINGS)
    os.makedirs(PICTURES, exist_ok=True)
    with open(site.path('gateway.json'), 'w', encoding='utf-8') as f:
        f.write(log())
    site.tochoku('import', '--format', 'nginx-json', site.path('gateway.json'))
    browser = Chromium()
    if not os.path.exists(AXE):
        tap.skip('no axe-core in build/axe: npm could not fetch it')
    try:
        for kind, options in (('daily', ()), ('weekly', ()), ('weekly', ('--for', 'managers')), ('monthly', ())):
            for lang in ('ja', 'en'):
                name = ' '.join((kind, *options[1:], lang))
                page = site.path('page.html')
                site.tochoku('report', kind, *options, '--date', '2026-11-29' if kind == 'daily' else '2026-11-18', '--lang', lang, '--format', 'html', '-o', page)
                look(tap, browser, page, name)
                special = {'ja': '特記事項', 'en': 'Special notes'}[lang]
                on_paper(tap, browser, page, name, special if kind == 'daily' or options else None)
        hostile(tap, browser, site)
    finally:
        browser.close()
    tap.done()


if __name__ == '__main__':
    main()
