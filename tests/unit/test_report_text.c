/* What the sheet says, in both languages and both forms: words, warnings, alarms, and that names out of
 * a log can neither drive a terminal nor become markup. */
#include "reports/words.h"
#include "tests/lib/report.h"
#include "tests/lib/small_ledger.h"
#include "tests/lib/tap.h"

static struct buf text[2], html[2]; /* by language */

static bool holds(const struct buf *b, const char *what)
{
	return memmem(b->p, b->n, what, strlen(what)) != NULL;
}

static void has(const struct buf *b, const char *what)
{
	if (!ok(holds(b, what), what))
		printf("%.*s\n", (int)b->n, (const char *)b->p);
}

/* %s and %% only, and as many in both languages. */
static int conversions(const char *s)
{
	int n = 0;

	for (; (s = strchr(s, '%')) != NULL; s += 2) {
		if (s[1] != 's' && s[1] != '%')
			return -1;
		n += s[1] == 's';
	}
	return n;
}

static void words(void)
{
	for (int w = 0; w < W_COUNT; w++) {
		int ja = conversions(word(LANG_JA, w)), en = conversions(word(LANG_EN, w));

		if (ja < 0 || ja != en || word(LANG_JA, w)[0] == '\0' || word(LANG_EN, w)[0] == '\0') {
			ok(false, word_id(w));
			return;
		}
	}
	ok(true, "every word has both languages with the same places");
}

static void render(const struct small_ledger *l, const char *yaml, struct date day)
{
	struct problems p;
	struct config *cfg;
	struct figures *f;

	problems_init(&p, "test");
	cfg = config_parse(slice_str(yaml), "test", &p);
	if (cfg == NULL) {
		problems_print(&p);
		exit(1);
	}
	problems_free(&p);
	f = test_figures(l->path, cfg, "daily", day);
	for (int i = 0; i < 2; i++) {
		test_render(f, "text", (enum lang)i, false, &text[i]);
		test_render(f, "html", (enum lang)i, false, &html[i]);
	}
	figures_free(f);
	config_free(cfg);
}

static int64_t day_start(int year, int month, int day)
{
	return zone_day_start(date_to_days((struct date){ year, (uint8_t)month, (uint8_t)day }));
}

static void watch(struct small_ledger *l, int64_t from, int64_t to)
{
	int gw = small_label(l, "gw");
	char sql[256];

	snprintf(sql, sizeof sql,
		 "INSERT INTO input VALUES (%d, '/x', 1, 0, 0, 0);"
		 "INSERT INTO watch VALUES (%d, %lld, %lld)",
		 gw, gw, (long long)(from / 60), (long long)(to / 60 - 1));
	small_sql(l, sql);
}

static void blind(void)
{
	struct small_ledger l;

	small_open(&l);
	render(&l, "{}", (struct date){ 2026, 11, 25 });
	has(&text[LANG_JA], "未監視：この日はセンサーが記録していません");
	has(&text[LANG_EN], "Not watched: the sensor recorded nothing");
	has(&text[LANG_JA], "未監視のため判定しない");
	has(&text[LANG_JA], "APIキー未登録");
	has(&text[LANG_JA], "tochoku keys adopt");
	has(&text[LANG_JA], "GeoIPデータベース未設定");
	has(&text[LANG_JA], "[× 異常]");
	ok(!holds(&text[LANG_JA], "0 回（成功"), "a blind day is not told as 0 calls");
	has(&html[LANG_JA], "未監視：この日は");
	small_close(&l);
}

static void quiet_sunday(void)
{
	struct small_ledger l;

	small_open(&l);
	watch(&l, day_start(2026, 11, 22), day_start(2026, 11, 23));
	render(&l, "budget: {month_usd: 3000}", (struct date){ 2026, 11, 22 });
	has(&text[LANG_JA], "2026年11月22日（日）");
	has(&text[LANG_JA], "休診日");
	has(&text[LANG_JA], "センサー記録率 100.00 %（欠測 0 分 / 1,440 分）");
	has(&text[LANG_JA], "0 回（成功 0 回）");
	has(&text[LANG_JA], "前日比 ―（前日 0 回）");
	has(&text[LANG_JA], "検知 0 件");
	has(&text[LANG_JA], "2026-11-22 09:00 +09:00 から 2026-11-23 09:00 +09:00 の前まで");
	has(&text[LANG_EN], "sensor coverage 100.00 % (0 of 1,440 minutes missed)");
	has(&text[LANG_JA], "日予算 100.00 USD の 0.0 %");
	small_close(&l);
}

static const char full_config[] =
	"budget: {month_usd: 3000, day_usd: 1, currency: {code: JPY, rate: 150.00,"
	" date: 2026-11-20, source: TTM}}\nidentities: {keys: [{id: k, key: sk-test, user: u}]}\n";

/* Tuesday after a Monday holiday: the literal alarm is shown, and lowered with its reason. */
static void after_holiday(void)
{
	struct small_ledger l;
	int64_t day;

	small_open(&l);
	day = day_start(2026, 11, 24);
	watch(&l, day, day + 86400 - 1800);
	small_count(&l, day + 9 * 3600, "<b>&\"x\x1b[31m", "内科", "要約", "gpt-4o",
		    "calls = 201, successful = 201, cost_pico = 1505000000000, userless = 0, duration_n = 1,"
		    " duration_ns = 2300000000");
	small_count(&l, day + 10 * 3600, "ward", "外科", "", "",
		    "calls = 150, error = 30, unpriced = 4, off_hours = 7");
	small_count(&l, day - 3600, "ward", "", "", "", "calls = 10");
	small_sql(
		&l,
		"INSERT INTO finding VALUES (1,'s','r','rule',NULL,'high',3,'new',20781,1795490000000000000,"
		"1795490000000000000,1,'鍵が<script>見えた','{}',0,x'',0)");
	render(&l, full_config, (struct date){ 2026, 11, 24 });
	has(&text[LANG_JA], "休み明け初日（直前の休診 2 日）");
	has(&text[LANG_JA], "注意に引下げ：前日比 3,510.0 %（200% 以上）");
	ok(!holds(&text[LANG_JA], "アラート：前日比"), "the literal alarm is lowered");
	has(&text[LANG_JA], "当日 1.51 USD（226 JPY）"); /* 1.505 half up; 225.75 half up */
	has(&text[LANG_JA], "未計算 4 件");
	has(&text[LANG_JA], "アラート：日予算 1.00 USD の 150.5 %");
	has(&text[LANG_JA], "注意：ward 150 回（100 回超）");
	has(&text[LANG_JA], "アラート：<b>&\"x\\x1b[31m 201 回");
	has(&text[LANG_JA], "USD（推定）");
	has(&text[LANG_JA], "欠測があります：30 分");
	has(&text[LANG_JA], "未計算  ###############"); /* a department with no price at all: never 0.00 */
	has(&text[LANG_JA], "5xx 30");
	has(&text[LANG_JA], "外科 30件");
	has(&text[LANG_JA], "時間外 7 回");
	has(&text[LANG_JA], "鍵が<script>見えた［暫定］");
	has(&text[LANG_JA], "登録済み 1 件");
	has(&text[LANG_EN], "lowered to caution: 3,510.0 % of the previous day");
	has(&html[LANG_JA], "&lt;b&gt;&amp;&quot;x\\x1b[31m");
	has(&html[LANG_JA], "<html lang=\"ja\">");
	has(&html[LANG_JA], "<th>承認</th>");
	ok(!holds(&html[LANG_JA], "<script"), "no markup out of a log");
	ok(!holds(&html[LANG_JA], "\x1b") && !holds(&text[LANG_JA], "\x1b"), "no escape byte");
	small_close(&l);
}

int main(void)
{
	struct err e;

	zone_use("Asia/Tokyo", &e);
	for (int i = 0; i < 2; i++) {
		buf_init(&text[i], 1 << 22);
		buf_init(&html[i], 1 << 22);
	}
	words();
	blind();
	quiet_sunday();
	after_holiday();
	for (int i = 0; i < 2; i++) {
		buf_free(&text[i]);
		buf_free(&html[i]);
	}
	return tap_done();
}
