#!/usr/bin/env python3
"""The pictures of README and the operations guides (docs/*.png), taken of the guide's own hospital: `make pictures`.

Written into the folder that is named, build/browser otherwise. A test: each has its size, and a page that complains of
something or is mostly empty is none."""
import html
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, '../lib'), HERE]
from chromium import Chromium  # noqa: E402
from guide_site import TODAY, GuideSite  # noqa: E402
from harness import ROOT, Tap  # noqa: E402

WIDTH, HEIGHT = 960, 1360
YESTERDAY = '2026-11-25'
# name, report and options, height that is shown
REPORTS = [('report', ('daily', '--date', YESTERDAY), HEIGHT), ('weekly', ('weekly', '--date', '2026-11-18'), HEIGHT),
           ('monthly', ('monthly', '--date', '2026-10-15'), HEIGHT)]
TERMINAL = '''<!doctype html><meta charset="utf-8"><style>
body{margin:0;background:#1d2430;color:#e6e9ef;font:15px/1.6 "IPAexGothic","Noto Sans Mono CJK JP",monospace}
pre{font:inherit;margin:0;padding:18px 22px;white-space:pre-wrap}b{color:#8fd18b;font-weight:normal}
</style><pre><b>$</b> %s
%s</pre>'''


def take(tap, browser, page, path, height):
    browser.screen(WIDTH, 200)
    complaints = browser.open(page)
    whole = browser.ask('document.documentElement.scrollHeight')
    browser.save('Page.captureScreenshot', path, captureBeyondViewport=True,
                 clip={'x': 0, 'y': 0, 'width': WIDTH, 'height': min(height, whole), 'scale': 1})
    letters = browser.ask('document.body.innerText.length')
    tap.ok(not complaints and whole > 200 and letters > 300 and os.path.getsize(path) > 20000, os.path.basename(path),
           (complaints, whole, letters))


def main():
    tap, folder = Tap(), sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, 'build/browser')
    os.makedirs(folder, exist_ok=True)
    site, browser = GuideSite(TODAY, 92), Chromium()  # the month before last is whole
    try:
        for lang in ('ja', 'en'):
            for name, options, height in REPORTS:
                page = site.path('work/page.html')
                site.tochoku('report', *options, '--lang', lang, '--format', 'html', '-o', page)
                take(tap, browser, page, os.path.join(folder, '%s-%s.png' % (name, lang)), height)
            command = 'findings list'
            subprocess.run(['sed', '-i', 's/^site: .*/site: {name: 中央病院, language: %s}/' % lang, site.config], check=True)
            text = site.tochoku(*command.split())
            with open(site.path('work/terminal.html'), 'w', encoding='utf-8') as f:
                f.write(TERMINAL % ('tochoku ' + command, html.escape(text)))
            take(tap, browser, site.path('work/terminal.html'), os.path.join(folder, 'morning-%s.png' % lang), HEIGHT)
    finally:
        browser.close()
    tap.done()


if __name__ == '__main__':
    main()
