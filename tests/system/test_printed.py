#!/usr/bin/env python3
"""What people signed, entered and did stands on the printed reports, in both languages and every form: each item of
reports.md on its sheet, blocks signed by whoever did them, care of ledger and trail, assumptions and registers."""
import csv
import datetime
import io
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../lib'))
from harness import ROOT, TOCHOKU, Site, Tap  # noqa: E402

JST = datetime.timezone(datetime.timedelta(hours=9))
NOW = datetime.datetime.now(JST)
TODAY = NOW.strftime('%Y-%m-%d')
DAY = (NOW - datetime.timedelta(days=1)).strftime('%Y-%m-%d')
MONTH_BEFORE = (NOW.replace(day=1) - datetime.timedelta(days=1)).strftime('%Y-%m-%d')
OTHER_UID = 60124
SETTINGS = '''functions:
  - {name: 要約, match: {path: /v1/chat/completions}}
  - {name: 検索, match: {path: /v1/embeddings}}
budget: {month_usd: 3000, currency: {code: JPY, rate: 150.00, date: 2026-11-20, source: TTM}}
'''
# which items are data (the program fills or proposes them) and which a person's alone
MANUAL = {'D1.4', 'W1.7', 'W2.1', 'W2.2', 'W2.3', 'W2.11', 'W2.12', 'M3.2', 'M3.3'}
SHEETS = {'daily': 'D', 'weekly': 'W', 'monthly': 'M'}


def line(at, path, tokens):
    return json.dumps({
        'time_iso8601': at.isoformat(), 'remote_addr': '10.10.1.7', 'user': 'tanaka', 'request_method': 'POST',
        'request_uri': path, 'status': 200, 'body_bytes_sent': 5, 'request_time': '1.0', 'model': 'gpt-4o-mini',
        'http_authorization': 'Bearer sk-p', 'prompt_tokens': tokens, 'completion_tokens': 0})


def make_site():
    """A call a minute of yesterday; 120 calls of one function and 30 of another in the month before."""
    site = Site(extra=SETTINGS)
    start = datetime.datetime.fromisoformat(DAY + 'T00:00:00+09:00')
    rows = [line(start + datetime.timedelta(minutes=i), '/v1/chat/completions', 10) for i in range(1440)]
    early = datetime.datetime.fromisoformat(MONTH_BEFORE[:8] + '10T10:00:00+09:00')
    rows += [line(early + datetime.timedelta(minutes=i), '/v1/chat/completions' if i < 120 else '/v1/embeddings', 0) for i in range(150)]
    with open(site.path('gateway.json'), 'w', encoding='utf-8') as f:
        f.write('\n'.join(rows) + '\n')
    site.tochoku('import', '--format', 'nginx-json', site.path('gateway.json'))
    return site


def report(site, kind, date, lang='ja', form='json', *more):
    text = site.tochoku('report', kind, '--date', date, '--lang', lang, '--format', form, *more).decode('utf-8-sig')
    return json.loads(text) if form == 'json' else text


def items(site, kind, date, lang='ja'):
    return {i['id']: i for i in report(site, kind, date, lang)['items']}


def wanted():
    with open(os.path.join(ROOT, 'reports/duty_items.def'), encoding='utf-8') as f:
        return re.findall(r'^ITEM\("([^"]+)"', f.read(), re.M)


def each_item(tap, site):
    ids = wanted()
    spec = os.path.join(ROOT, '../shared/spec/reports.md')
    if os.path.exists(spec):
        with open(spec, encoding='utf-8') as f:
            rows = re.findall(r'^\| ([DWM]\d(?:\.\d+)?)(?:–(\d+))? \|', f.read(), re.M)
        want = []
        for name, last in rows:
            head, _, first = name.partition('.')
            want += ['%s.%d' % (head, n) for n in range(int(first), int(last or first) + 1)] if first else [name]
        tap.equal(sorted(ids), sorted(want), 'every item of reports.md is in the table')
    else:
        tap.skip('../shared is not here')
    for kind, letter in SHEETS.items():
        mine = [i for i in ids if i.startswith(letter)]
        for lang in ('ja', 'en'):
            got = items(site, kind, DAY, lang)
            tap.equal(sorted(got), sorted(mine), '%s %s: each item is on the printed sheet, once' % (kind, lang))
            tap.equal({i for i in got if got[i]['manual']}, {i for i in mine if i in MANUAL},
                      '%s %s: which are a person\'s, and no others' % (kind, lang))
            tap.equal([i for i in mine if i not in MANUAL and not any(got[i]['results'])], [], '%s %s: the others have data' % (kind, lang))
        text = {lang: report(site, kind, DAY, lang, 'text') for lang in ('ja', 'en')}
        page = report(site, kind, DAY, 'ja,en', 'html')
        rows = list(csv.reader(io.StringIO(report(site, kind, DAY, 'ja', 'csv'))))
        tap.equal([i for i in mine if not all(re.search(r'^  %s\s' % re.escape(i), t, re.M) for t in text.values())], [], kind + ': in the text')
        tap.equal([i for i in mine if page.count('<span>%s</span>' % i) != 2], [], kind + ': in the page, in both languages')
        tap.equal([i for i in mine if not any(r[1] == i for r in rows)], [], kind + ': in the table for a spreadsheet')
        pdf = site.path('sheet.pdf')
        site.tochoku('report', kind, '--date', DAY, '--lang', 'ja', '--format', 'pdf', '-o', pdf)
        words = subprocess.run(['pdftotext', pdf, '-'], capture_output=True, text=True, check=True).stdout
        tap.equal([i for i in mine if i not in words], [], kind + ': in the PDF')
    numbers = {lang: re.findall(r'\d(?:[\d,.]*\d)?', ' '.join(r for i in items(site, 'monthly', DAY, lang).values()
                                                         for r in i['results'] if i['id'] not in ('M4.1', 'M2.1'))) for lang in ('ja', 'en')}
    tap.equal(sorted(numbers['ja']), sorted(numbers['en']), 'the figures of the month are the same in both languages')


def blocks(tap, site):
    """Three people could have done the three blocks."""
    site.tochoku('duty', 'sign', '--block', 'D9', want=1)
    site.tochoku('duty', 'sign', '--block', 'D2', 'D1.4=normal', want=2)
    site.tochoku('duty', 'sign', '--block', 'D2', '--accept-proposed')
    state = {i['id']: i for i in site.lines('duty', 'list', '--json')}
    tap.equal((state['D2.1']['verdict'], state['D1.1']['verdict'], state['D1.1']['signed_by'], state['D1.1']['state']),
              ('normal', '', '', 'open'), 'one block is signed, the sheet is not')
    text = report(site, 'daily', DAY, 'ja', 'text')
    block = [part for part in text.split('== ') if part.startswith('2 利用状況監視')][0]
    tap.ok(re.search(r'予定 9:30', block) and re.search(r'実施時刻 %s \d\d:\d\d  確認者 \S' % TODAY, text),
           'planned and actual time and who did it', text[:600])
    site.tochoku('duty', 'sign', '--block', 'D2', '--accept-proposed', want=1)
    site.tochoku('duty', 'sign', '--as', 'approver', want=1)
    with open(site.path('desk.csv'), 'w', encoding='cp932') as f:
        f.write('番号,受付日,状態,内容\n1,%s,未完了,ログイン\n2,%s,完了,遅い\n3,2026-01-05,対応中,古い\n' % (DAY.replace('-', '/'), DAY))
    site.tochoku('duty', 'inquiry', '--csv', site.path('desk.csv'), '--text', '窓口から')
    site.tochoku('duty', 'verdict', 'D1.2', 'caution', '--text', '要観察')
    site.tochoku('duty', 'verdict', 'D1.2', 'abnormal', '--correct', '再確認した')
    site.tochoku('duty', 'sign', '--block', 'D1', 'D1.4=normal', '--accept-proposed', '--for', '鈴木')
    site.tochoku('duty', 'sign', '--block', 'D3', '--accept-proposed', '--text', '特に異常なし')
    site.tochoku('duty', 'handover', '夜間に再確認')
    state = {i['id']: i for i in site.lines('duty', 'list', '--json')}
    tap.equal(({i['state'] for i in state.values()}, all(i['verdict'] for i in state.values())), ({'signed'}, True), 'the last block signs the sheet')
    sheet = report(site, 'daily', DAY, 'ja')
    got = {i['id']: i for i in sheet['items']}
    tap.ok(got['D1.4']['results'][0].startswith('新規 2 件・未完了 2 件（'), 'what the help desk counted', got['D1.4'])
    tap.equal((got['D1.2']['verdict'], got['D1.4']['manual'], '窓口から' in got['D1.4']['remarks']), ('abnormal', False, True), 'verdicts and entries')
    tap.ok(any('訂正（前は 注意）：再確認した' in r for r in got['D1.2']['remarks']), 'a correction shows both versions', got['D1.2'])
    tap.ok('夜間に再確認' in ' '.join(sheet['special']) and '特に異常なし' in ' '.join(sheet['special']), 'notes', sheet['special'])
    text = report(site, 'daily', DAY, 'en', 'text')
    tap.ok('(in the stead of 鈴木)' in text and re.search(r'Checked \S+ %s \d\d:\d\d record \d+' % TODAY, text), 'a proxy, and the seal', text)
    tap.ok('D1.5' in text and '21 of 21 items judged' in text, 'how much of it is done')
    page = report(site, 'daily', DAY, 'ja', 'html')
    rows = report(site, 'daily', DAY, 'ja', 'csv')
    for what in ('夜間に再確認', '窓口から', '再確認した', '鈴木'):
        tap.ok(what in page and what in rows, 'page and table have ' + what)
    tap.ok('>判定</th>' in page and '>判定案</th>' not in page, 'the column is no proposal any more')
    pdf = site.path('signed.pdf')
    site.tochoku('report', 'daily', '--date', DAY, '--lang', 'ja', '--format', 'pdf', '-o', pdf)
    words = subprocess.run(['pdftotext', pdf, '-'], capture_output=True, text=True, check=True).stdout
    tap.ok('夜間に再確認' in words and '鈴木' in words.replace('\n', ''), 'and so has the PDF', words)
    month = items(site, 'monthly', TODAY)
    opening = [r for r in site.lines('calendar', 'show', '--from', TODAY, '--to', TODAY, '--json')][0]['opening']
    tap.ok(opening == 'closed' or month['M5']['results'][0].startswith('日次点検 3 / '), 'the month counts three checks', month['M5'])


def second_person(tap, site):
    if os.geteuid() != 0:
        tap.skip('a second person needs root')
        return
    subprocess.run(['chmod', '-R', 'a+rwX', site.dir], check=True)
    p = subprocess.run([TOCHOKU, '-c', site.config, 'duty', 'sign', '--as', 'approver', '--text', '承認する'], user=OTHER_UID, cwd=site.dir,
                       stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    tap.equal(p.returncode, 0, 'another person approves')
    sheet = report(site, 'daily', DAY)
    tap.ok(str(OTHER_UID) in sheet['approved_by'] and sheet['checked_by'] and not sheet['prepared_by'], 'an empty box stays empty', sheet['approved_by'])
    tap.ok('承認済' in report(site, 'daily', DAY, 'ja', 'text'), 'and the sheet says so')


def month_state(tap, site):
    text = report(site, 'monthly', MONTH_BEFORE, 'ja', 'text')
    tap.ok('署名        未署名' in text, 'a month that nobody signed', text[:300])
    site.tochoku('duty', 'sign', '--sheet', 'monthly', '--accept-proposed', '--coverage-reason', '取込のみ', 'M3.2=normal', 'M3.3=normal',
                 '--date', TODAY)
    tap.ok('未承認（2名の署名が必要）' in report(site, 'monthly', MONTH_BEFORE, 'ja', 'text'), 'one signature is not enough for a month')
    tap.ok('取込のみ' in ' '.join(report(site, 'monthly', MONTH_BEFORE)['special']), 'why it was signed without being watched')


def care(tap, site):
    for command in (('seal',), ('maintain', 'backup', site.path('backup')), ('maintain', 'restore-test', site.path('backup')),
                    ('maintain', 'optimise')):
        site.tochoku(*command)
    # the sheet whose maintenance hour is on Saturday of this week
    saturday = NOW + datetime.timedelta(days=5 - NOW.weekday()) if NOW.weekday() < 6 else NOW + datetime.timedelta(days=6)
    day = (saturday - datetime.timedelta(days=2)).strftime('%Y-%m-%d')
    got = items(site, 'weekly', day)
    for i in ('W2.6', 'W2.7', 'W2.8', 'W2.9'):
        tap.ok(TODAY in got[i]['results'][0] and got[i]['proposed'] == 'normal', i + ' is prefilled from its record', got[i])
    code = site.tochoku('seal').decode().split()[-1]
    tap.ok(re.search(r'封印 [12] 区分・照合コード %s' % code, items(site, 'weekly', day)['W2.4']['results'][0]), 'W2.4: the sealed segments', got['W2.4'])
    listed = {i['id']: i for i in site.lines('duty', 'list', '--sheet', 'weekly', '--date', day, '--json')}
    tap.ok(TODAY in listed['W2.7']['value'] and listed['W2.7']['proposed'] == 'normal', 'the sheet that is signed says the same', listed['W2.7'])
    late = (saturday + datetime.timedelta(days=40)).strftime('%Y-%m-%d')
    got = items(site, 'weekly', late)
    tap.equal([got[i]['proposed'] for i in ('W2.7', 'W2.8', 'W2.9')], ['caution'] * 3, 'none of it is in time 40 days later')
    tap.ok(code in report(site, 'daily', TODAY, 'ja', 'text') or code in report(site, 'monthly', TODAY, 'ja', 'text'), 'paper bears the short code')


def effect(tap, site):
    """By hand: 120 calls x 0.5 x 6 min = 360 min = 6 h at 3,000 = 18,000; savings 2,000: 20,000. Cost: calls without
    tokens 0, licences 4,000, 1 h of operation 3,000, 36,000 over 12 months 3,000: 10,000. ROI 100 %. Payback
    36,000 / (20,000 - 7,000) = 2.77 months. Range, all at their worse ends: adoption 0.25 is 9,000 + 2,000 of 10,000."""
    first = MONTH_BEFORE[:8] + '01'
    tap.ok('算定不可' in items(site, 'monthly', MONTH_BEFORE)['M3.1']['results'][0], 'without assumptions it cannot be told')
    site.tochoku('duty', 'assume', 'speed', 1, '--source', 'x', want=1)
    site.tochoku('duty', 'assume', 'adoption', '1.5', '--function', '要約', '--source', 'x', want=1)
    site.tochoku('duty', 'assume', 'minutes', 6, '--source', 'x', want=1)
    site.tochoku('duty', 'assume', 'hourly_cost', 3000, want=1)
    site.tochoku('duty', 'assume', 'hourly_cost', 3000, '--low', 4000, '--source', 'x', want=1)
    site.tochoku('duty', 'assume', 'hourly_cost', 3000, '--source', 'x', '--from', '2026-02-30', want=1)
    for name, value, *more in (('adoption', '0.5', '--function', '要約', '--low', '0.25', '--high', '0.5'), ('minutes', 6, '--function', '要約'),
                               ('hourly_cost', 3000), ('other_savings', 2000), ('licences', 4000), ('operation_hours', 1),
                               ('initial_cost', 36000)):
        site.tochoku('duty', 'assume', name, value, '--source', '聞取り', '--from', first, *more)
    tap.ok('算定不可' in items(site, 'monthly', MONTH_BEFORE)['M3.1']['results'][0], 'one that is missing is enough')
    site.tochoku('duty', 'assume', 'initial_months', 12, '--source', '契約書', '--from', first)
    for lang, want in (('ja', ['ROI 100.0 %（前提の幅 10.0 ～ 100.0 %）', '効果額 20,000・費用 10,000（うちAPI 0）JPY', '回収期間 2.8 か月']),
                       ('en', ['ROI 100.0 % (the assumptions allow 10.0 to 100.0 %)', 'benefit 20,000, cost 10,000 (API 0 of it) JPY', 'payback 2.8 months'])):
        got = items(site, 'monthly', MONTH_BEFORE, lang)['M3.1']
        tap.equal(got['results'], want, 'by hand, ' + lang)
    got = items(site, 'monthly', MONTH_BEFORE)['M3.1']
    tap.ok(any('要約 採用率' in r and '0.5（0.25～0.5）出典 聞取り' in r and first in r for r in got['remarks']), 'printed with their assumptions', got)
    tap.ok(any('前提のない機能 1 件' in r for r in got['remarks']), 'a function without any is named', got)
    site.tochoku('duty', 'assume', 'licences', 14000, '--source', '改定')  # from today
    tap.equal(items(site, 'monthly', MONTH_BEFORE)['M3.1']['results'][0], 'ROI 100.0 %（前提の幅 10.0 ～ 100.0 %）', 'a later version leaves the past')
    facts = site.lines('duty', 'facts', '--json')
    tap.equal([f['value'] for f in facts if f.get('assumption') == 'licences'], ['14000'], 'and holds from its day on')


def registers(tap, site):
    site.tochoku('duty', 'register', 'vulnerabilities', 'V-1', want=1)
    site.tochoku('duty', 'register', 'vulnerability', 'V-1', '--title', 'x', '--state', 'open', want=1)
    site.tochoku('duty', 'register', 'vulnerabilities', 'V-1', '--title', 'nginx 更新\x1b[1m', '--state', 'open', '--due', '2026-01-31', '--owner', '佐藤')
    site.tochoku('duty', 'register', 'vulnerabilities', 'V-2', '--title', '鍵長', '--state', 'done')
    site.tochoku('duty', 'register', 'audit_findings', 'A-1', '--title', '権限の棚卸し', '--state', 'planned', '--due', '2099-01-31')
    got = items(site, 'monthly', TODAY)
    tap.equal((got['M2.2']['results'][0], got['M2.2']['proposed']), ('登録 2 件・未完了 1 件・期限超過 1 件', 'abnormal'), 'vulnerabilities')
    tap.ok('V-1' in got['M2.2']['results'][1] and '期限超過' in got['M2.2']['results'][1] and '佐藤' in got['M2.2']['results'][1], 'open ones first', got['M2.2'])
    tap.ok('権限の棚卸し' in got['M4.3']['results'][1] and got['M4.3']['proposed'] == 'caution', 'audit findings', got['M4.3'])
    site.tochoku('duty', 'register', 'vulnerabilities', 'V-1', '--state', 'accepted', '--text', '回避策あり')
    got = items(site, 'monthly', TODAY)['M2.2']
    tap.ok(got['results'][0] == '登録 2 件・未完了 0 件・期限超過 0 件' and '回避策あり' in ' '.join(got['results']), 'a change keeps the rest', got)
    tap.equal([f['changes'] for f in site.lines('duty', 'facts', '--json') if f.get('key') == 'V-1'], [1], 'and is counted')
    tap.ok(b'\x1b' not in site.tochoku('duty', 'facts') and '\x1b' not in report(site, 'monthly', TODAY, 'ja', 'text'), 'safe for a terminal')


def surveys(tap, site):
    with open(site.path('s.csv'), 'w', encoding='utf-8-sig') as f:
        f.write('評価,コメント\r\n5,早い\r\n4,\r\n4,=1+1\r\n,未回答\r\n2,遅い\r\n')
    site.tochoku('duty', 'survey', 'M3.3', site.path('s.csv'), '--asked', 10, '--date', TODAY)
    with open(site.path('t.csv'), 'w', encoding='utf-8') as f:
        f.write('function,minutes\n要約,5\n要約,4.5\n検索,1\n')
    site.tochoku('duty', 'survey', 'M3.2', site.path('t.csv'), '--date', TODAY)
    got = items(site, 'monthly', MONTH_BEFORE)
    tap.ok(got['M3.3']['results'][0].startswith('回答 4 件（回答率 40.0 %）・平均 3.75（5段階）・5：1／4：2／3：0／2：1／1：0'), 'satisfaction', got['M3.3'])
    tap.ok('早い / =1+1 / 遅い' in got['M3.3']['remarks'], 'with what they wrote', got['M3.3'])
    tap.ok(got['M3.2']['results'][0].startswith('要約 4.8 分（2 件）、検索 1.0 分（1 件）'), 'time saved', got['M3.2'])
    with open(site.path('bad.csv'), 'w', encoding='utf-8') as f:
        f.write('評価\n5\n6\n')
    site.tochoku('duty', 'survey', 'M3.3', site.path('bad.csv'), '--correct', 'x', want=3)
    tap.ok('bad.csv:3:1: a score is 1 to 5' in site.last_error, 'what is wrong and where', site.last_error)
    site.tochoku('duty', 'survey', 'M3.1', site.path('s.csv'), want=2)
    rows = list(csv.reader(io.StringIO(report(site, 'monthly', MONTH_BEFORE, 'ja', 'csv'))))
    tap.equal([r for r in rows for c in r if c[:1] in '=+-@' and c], [], 'no cell begins like a formula')


def main():
    tap, site = Tap(), make_site()
    each_item(tap, site)
    effect(tap, site)
    surveys(tap, site)
    registers(tap, site)
    blocks(tap, site)
    second_person(tap, site)
    month_state(tap, site)
    care(tap, site)
    tap.done()


main()
