/* The options of the configuration: one row an option (interface.md 3). */
#include "core/config/option.h"

static const char *const languages[] = { "ja", "en" };
static const char *const user_states[] = { "active", "suspended", "left" };
static const char *const key_states[] = { "active", "revoked", "expired" };
static const char *const weeks[] = { "friday", "iso" };
static const char *const closed_fridays[] = { "before", "after" };
static const char *const report_formats[] = { "html", "pdf", "text", "csv", "json" };
static const char *const key_kinds[] = { "person", "service", "shared" };

static const struct option site_rows[] = {
	{ .key = "name", .type = &type_text, IN(config, site.name), .preset = "病院",
	  .doc = "name of the hospital, as reports show it" },
	{ .key = "time_zone", .type = &type_zone, IN(config, site.time_zone), .preset = "Asia/Tokyo",
	  .doc = "IANA zone of local days and hours" },
	{ .key = "language", .type = &type_word, IN(config, site.language), .preset = "ja", WORDS(languages),
	  .doc = "language of reports: ja or en" },
	{ .key = "sensor", .type = &type_id, IN(config, site.sensor), .preset = "tochoku",
	  .doc = "name of this sensor in exports" },
};
static const struct option_table site = TABLE(site_rows);

static const struct option tail_rows[] = {
	{ .key = "name", .type = &type_id, IN(cfg_tail, name), .flags = REQUIRED, .unique = "input name",
	  .doc = "name of the input; it is part of every event's identity" },
	{ .key = "path", .type = &type_text, IN(cfg_tail, path), .flags = REQUIRED, .unique = "input path",
	  .doc = "log file, or a glob" },
	{ .key = "format", .type = &type_format, IN(cfg_tail, format), .preset = "auto",
	  .doc = "name of a gateway format, or auto" },
	{ .key = "log_format", .type = &type_log_format, IN(cfg_tail, log_format),
	  .doc = "instead of a name the pattern of your own: nginx's log_format, Apache's LogFormat" },
	{ .key = "fields", .type = &type_fields, IN(cfg_tail, fields),
	  .doc = "what the members of a JSON log say, of format json: {time: ts, client: request.ip}" },
};
static const struct option_table tail = TABLE(tail_rows);

static const struct option capture_rows[] = {
	{ .key = "name", .type = &type_id, IN(cfg_capture, name), .flags = REQUIRED, .unique = "input name",
	  .doc = "name of the input; it is part of every event's identity" },
	{ .key = "interface", .type = &type_id, IN(cfg_capture, interface), .flags = REQUIRED,
	  .doc = "network interface, or any" },
	{ .key = "filter", .type = &type_filter, IN(cfg_capture, filter), .preset = "tcp",
	  .doc = "which packets, as pcap-filter(7) has it" },
	{ .key = "snaplen", .type = &type_size, IN(cfg_capture, snaplen), .preset = "256K",
	  .doc = "bytes of each packet that are looked at" },
	{ .key = "ring", .type = &type_size, IN(cfg_capture, ring), .preset = "64M",
	  .doc = "memory for packets that wait" },
	{ .key = "promiscuous", .type = &type_bool, IN(cfg_capture, promiscuous), .preset = "true",
	  .doc = "also packets that are not for this machine" },
	{ .key = "keylog", .type = &type_text, IN(cfg_capture, keylog),
	  .doc = "key log with the secrets of its TLS connections" },
	{ .key = "optional", .type = &type_bool, IN(cfg_capture, optional), .preset = "false",
	  .doc = "counted and not recorded while the disk's state is critical (ledger.disk)" },
};
static const struct option_table capture = TABLE(capture_rows);

static const char *const transports[] = { "udp", "tcp" };
static const struct option syslog_rows[] = {
	{ .key = "name", .type = &type_id, IN(cfg_syslog, name), .flags = REQUIRED, .unique = "input name",
	  .doc = "name of the input; it is part of every event's identity" },
	{ .key = "listen", .type = &type_listen, IN(cfg_syslog, listen), .preset = "\"127.0.0.1:5514\"",
	  .doc = "address and port that gateways send to" },
	{ .key = "transport", .type = &type_word, IN(cfg_syslog, transport), .preset = "udp",
	  WORDS(transports), .doc = "udp, or tcp, which loses nothing while this program is restarted" },
	{ .key = "format", .type = &type_format, IN(cfg_syslog, format), .preset = "auto",
	  .doc = "name of a gateway format, or auto" },
	{ .key = "log_format", .type = &type_log_format, IN(cfg_syslog, log_format),
	  .doc = "instead of a name the pattern of your own: nginx's log_format, Apache's LogFormat" },
	{ .key = "fields", .type = &type_fields, IN(cfg_syslog, fields),
	  .doc = "what the members of a JSON log say, of format json: {time: ts, client: request.ip}" },
};
static const struct option_table syslog_input = TABLE(syslog_rows);

static const struct option inputs_rows[] = {
	{ .key = "tails",
	  .shape = RECORDS,
	  .table = &tail,
	  .record = sizeof(struct cfg_tail),
	  COUNTED(config, tails, n_tails),
	  .doc = "gateway logs to follow" },
	{ .key = "captures",
	  .shape = RECORDS,
	  .table = &capture,
	  .record = sizeof(struct cfg_capture),
	  COUNTED(config, captures, n_captures),
	  .doc = "network interfaces to capture from" },
	{ .key = "syslog",
	  .shape = RECORDS,
	  .table = &syslog_input,
	  .record = sizeof(struct cfg_syslog),
	  COUNTED(config, syslog, n_syslog),
	  .doc = "sockets to which gateways send their log lines" },
	{ .key = "join_seconds",
	  .type = &type_seconds,
	  IN(config, join_seconds),
	  .preset = "5",
	  .doc = "a call seen by a capture and in a log counts once where the two lie so close; 0: each counts" },
};
static const struct option_table inputs = TABLE(inputs_rows);

static const struct option zone_rows[] = {
	{ .key = "name", .type = &type_id, IN(cfg_zone, name), .flags = REQUIRED, .doc = "name of the zone" },
	{ .key = "cidr", .shape = MANY, .type = &type_cidr, COUNTED(cfg_zone, cidr, n_cidr),
	  .flags = REQUIRED,
	  .unique = "network", .doc = "its networks" },
};
static const struct option_table zone = TABLE(zone_rows);

static const struct option list_rows[] = {
	{ .key = "name", .type = &type_id, IN(cfg_list, name), .flags = REQUIRED, .unique = "list name",
	  .doc = "name of the list, as rules and tochoku.threat.list have it" },
	{ .key = "path", .type = &type_text, IN(cfg_list, path), .flags = REQUIRED,
	  .doc = "file with one address or network a line" },
};
static const struct option_table list = TABLE(list_rows);

static const struct option networks_rows[] = {
	{ .key = "zones", .shape = RECORDS, .table = &zone, .record = sizeof(struct cfg_zone),
	  COUNTED(config, zones, n_zones),
	  /* RFC 1918, RFC 1122 3.2.1.3, RFC 3927, RFC 4193, RFC 4291 */
	  .preset = "[{name: internal, cidr: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, "
		    "169.254.0.0/16, 'fc00::/7', 'fe80::/10', '::1/128']}]",
	  .doc = "internal ranges; the longest prefix that holds an address names its zone" },
	{ .key = "trusted_proxies", .shape = MANY, .type = &type_cidr,
	  COUNTED(config, trusted_proxies, n_trusted_proxies), .preset = "[127.0.0.1/32, '::1/128']",
	  .doc = "proxies whose X-Forwarded-For is believed" },
	{ .key = "lists", .shape = RECORDS, .table = &list, .record = sizeof(struct cfg_list),
	  COUNTED(config, lists, n_lists), .doc = "threat lists, the first that holds an address names it" },
};
static const struct option_table networks = TABLE(networks_rows);

static const struct option geoip_rows[] = {
	{ .key = "databases", .shape = MANY, .type = &type_text, COUNTED(config, geoip, n_geoip),
	  .doc = "MaxMind databases; for each fact the first that knows it" },
	{ .key = "expected_countries", .shape = MANY, .type = &type_country,
	  COUNTED(config, expected_countries, n_expected_countries), .preset = "[JP]",
	  .doc = "countries from which calls are no surprise" },
};
static const struct option_table geoip = TABLE(geoip_rows);

static const struct option user_rows[] = {
	{ .key = "id", .type = &type_id, IN(cfg_user, id), .flags = REQUIRED, .unique = "user id",
	  .doc = "user name, as logs and keys have it" },
	{ .key = "name", .type = &type_text, IN(cfg_user, name), .doc = "full name" },
	{ .key = "roles", .type = &type_roles, IN(cfg_user, roles), .doc = "nurse, physician, office, ..." },
	{ .key = "department", .type = &type_id, IN(cfg_user, department), .doc = "department" },
	{ .key = "status", .type = &type_word, IN(cfg_user, status), .preset = "active", WORDS(user_states),
	  .doc = "active, suspended or left" },
};
static const struct option_table user = TABLE(user_rows);

static const struct option key_rows[] = {
	{ .key = "id", .type = &type_id, IN(cfg_key, id), .flags = REQUIRED, .unique = "key id",
	  .doc = "name of the key; never the key" },
	{ .key = "key", .type = &type_id, IN(cfg_key, key), .flags = REQUIRED | SECRET, .unique = "key",
	  .doc = "the key, or the log's name of it" },
	{ .key = "user", .type = &type_id, IN(cfg_key, user),
	  .doc = "whose key it is: an id of identities.users" },
	{ .key = "state", .type = &type_word, IN(cfg_key, state), .preset = "active", WORDS(key_states),
	  .doc = "active, revoked or expired" },
	{ .key = "kind", .type = &type_word, IN(cfg_key, kind), .preset = "person", WORDS(key_kinds),
	  .doc = "person, service or shared" },
	{ .key = "owner", .type = &type_id, IN(cfg_key, owner),
	  .doc = "who answers for a key that is not one person's" },
	{ .key = "department", .type = &type_id, IN(cfg_key, department),
	  .doc = "department of calls whose user has none" },
	{ .key = "models", .type = &type_patterns, IN(cfg_key, models),
	  .doc = "models that it may use; * stands for any text" },
	{ .key = "paths", .type = &type_patterns, IN(cfg_key, paths),
	  .doc = "paths that it may call; * stands for any text" },
	{ .key = "issued", .type = &type_date, IN(cfg_key, issued), .doc = "day on which it was issued" },
	{ .key = "valid_from", .type = &type_date, IN(cfg_key, valid_from),
	  .doc = "first day on which it is valid" },
	{ .key = "expires", .type = &type_date, IN(cfg_key, expires),
	  .doc = "last day on which it is valid" },
	{ .key = "revoked", .type = &type_date, IN(cfg_key, revoked),
	  .doc = "day from which it is revoked; calls before it were good" },
};
static const struct option_table key = TABLE(key_rows);

static const struct option identities_rows[] = {
	{ .key = "users", .shape = RECORDS, .table = &user, .record = sizeof(struct cfg_user),
	  COUNTED(config, users, n_users), .doc = "people" },
	{ .key = "keys", .shape = RECORDS, .table = &key, .record = sizeof(struct cfg_key),
	  COUNTED(config, keys, n_keys), .doc = "API keys" },
	{ .key = "users_file", .type = &type_text, IN(config, users_file),
	  .doc = "CSV file with more people" },
	{ .key = "trusted_headers", .shape = MANY, .type = &type_header,
	  COUNTED(config, trusted_headers, n_trusted_headers),
	  .doc = "request headers in which trusted proxies say who calls, the first that is there counts; "
		 "default: those of the manual" },
};
static const struct option_table identities = TABLE(identities_rows);

static const struct option match_rows[] = {
	{ .key = "method", .type = &type_id, IN(cfg_function, method), .doc = "request method" },
	{ .key = "path", .type = &type_text, IN(cfg_function, path),
	  .doc = "url.path; * stands for any text" },
	{ .key = "host", .type = &type_id, IN(cfg_function, host), .doc = "url.domain" },
	{ .key = "model", .type = &type_id, IN(cfg_function, model), .doc = "model asked for" },
	{ .key = "key", .type = &type_id, IN(cfg_function, key), .doc = "id of the registered key" },
	{ .key = "header.", .shape = PREFIXED, .type = &type_text, .record = sizeof(struct cfg_header),
	  COUNTED(cfg_function, headers, n_headers), .doc = "a request header, of captured calls" },
};
static const struct option_table match = TABLE(match_rows);

static const struct option function_rows[] = {
	{ .key = "name", .type = &type_id, IN(cfg_function, name), .flags = REQUIRED,
	  .doc = "name of the function" },
	{ .key = "match", .shape = SECTION, .table = &match, .flags = REQUIRED,
	  .doc = "every condition must hold" },
};
static const struct option_table function = TABLE(function_rows);

static const struct option prices_rows[] = {
	{ .key = "table", .type = &type_text, IN(config, prices.table),
	  .doc = "price table, our own YAML or LiteLLM's JSON; default: the shipped one" },
};
static const struct option_table prices = TABLE(prices_rows);

static const struct option currency_rows[] = {
	{ .key = "code", .type = &type_currency, IN(config, budget.currency), .doc = "ISO 4217 code" },
	{ .key = "rate", .type = &type_rate, IN(config, budget.rate_micro),
	  .doc = "units of it for one USD" },
	{ .key = "date", .type = &type_date_text, IN(config, budget.rate_date), .doc = "day of the rate" },
	{ .key = "source", .type = &type_text, IN(config, budget.rate_source),
	  .doc = "where the rate is from" },
};
static const struct option_table currency = TABLE(currency_rows);

static const struct option budget_rows[] = {
	{ .key = "month_usd", .type = &type_usd, IN(config, budget.month_pico), .doc = "budget of a month" },
	{ .key = "day_usd", .type = &type_usd, IN(config, budget.day_pico),
	  .doc = "budget of a day; default: the month's by its days" },
	{ .key = "currency", .shape = SECTION, .table = &currency, .doc = "a second currency for reports" },
};
static const struct option_table budget = TABLE(budget_rows);

/* 許容範囲 (reports.md D2.5). The manual's numbers are those of a business day; a half or closed day
 * breaks no lower bound. */
#define RANGE_ROWS(class, calls_, cost_, users_)                                                             \
	{ .key = "calls", .type = &type_count_range, IN(config, ranges[class].calls), .preset = calls_,      \
	  .doc = "accepted number of calls" },                                                              \
	{ .key = "cost_usd", .type = &type_usd_range, IN(config, ranges[class].cost_pico), .preset = cost_,  \
	  .doc = "accepted cost" },                                                                         \
	{ .key = "users", .type = &type_count_range, IN(config, ranges[class].users), .preset = users_,      \
	  .doc = "accepted number of active users" },                                                       \
	{ .key = "user_calls", .type = &type_count, IN(config, ranges[class].user_calls), .preset = "100",   \
	  .doc = "calls of one user that are still accepted" },                                             \
	{ .key = "user_calls_alert", .type = &type_count, IN(config, ranges[class].user_calls_alert),        \
	  .preset = "200", .doc = "calls of one user that are an alert" },

static const struct option business_rows[] = {
	RANGE_ROWS(CLASS_BUSINESS, "[500, 2000]", "[50, 200]", "[20, 50]")
};
static const struct option half_rows[] = { RANGE_ROWS(CLASS_HALF, "[0, 2000]", "[0, 200]", "[0, 50]") };
static const struct option closed_rows[] = { RANGE_ROWS(CLASS_CLOSED, "[0, 2000]", "[0, 200]", "[0, 50]") };
static const struct option_table business = TABLE(business_rows);
static const struct option_table half = TABLE(half_rows);
static const struct option_table closed = TABLE(closed_rows);

static const struct option ranges_rows[] = {
	{ .key = "business", .shape = SECTION, .table = &business, .doc = "days that are fully open" },
	{ .key = "half", .shape = SECTION, .table = &half, .doc = "half days" },
	{ .key = "closed", .shape = SECTION, .table = &closed, .doc = "closed days" },
};
static const struct option_table ranges = TABLE(ranges_rows);

static const struct option reports_rows[] = {
	{ .key = "week",
	  .type = &type_word,
	  IN(config, reports.week),
	  .preset = "friday",
	  WORDS(weeks),
	  .doc = "friday: a week is Friday to Thursday; iso: Monday to Sunday" },
	{ .key = "closed_friday",
	  .type = &type_word,
	  IN(config, reports.closed_friday),
	  .preset = "before",
	  WORDS(closed_fridays),
	  .doc = "on which business day the report of a week is made whose Friday is closed" },
	{ .key = "half_day_counts",
	  .type = &type_bool,
	  IN(config, reports.half_day_counts),
	  .preset = "false",
	  .doc = "a half day may be the first business day of a month" },
	{ .key = "service",
	  .type = &type_hours,
	  IN(config, reports.service),
	  .preset = "00:00-24:00",
	  .doc = "hours of each day in which the system is promised to be up" },
	{ .key = "folder",
	  .type = &type_text,
	  IN(config, reports.folder),
	  .doc = "folder into which `report deliver` files the reports that are due" },
	{ .key = "formats",
	  .shape = MANY,
	  .type = &type_word,
	  COUNTED(config, reports.formats, reports.n_formats),
	  .preset = "[html]",
	  WORDS(report_formats),
	  .doc = "in which forms it files them" },
	{ .key = "mail",
	  .shape = MANY,
	  .type = &type_id,
	  COUNTED(config, reports.mail, reports.n_mail),
	  .doc = "to whom it mails the digest of the morning, figures without names" },
	{ .key = "sendmail",
	  .type = &type_text,
	  IN(config, reports.sendmail),
	  .preset = "/usr/sbin/sendmail",
	  .doc = "program that takes the mail" },
};
static const struct option_table reports = TABLE(reports_rows);

static const struct option rule_list_rows[] = {
	{ .key = "name", .type = &type_id, IN(cfg_list, name), .flags = REQUIRED, .unique = "rule list name",
	  .doc = "name of the list, as rules have it between %" },
	{ .key = "path", .type = &type_text, IN(cfg_list, path), .flags = REQUIRED,
	  .doc = "file with one value a line" },
};
static const struct option_table rule_list = TABLE(rule_list_rows);

static const struct option rules_rows[] = {
	{ .key = "paths", .shape = MANY, .type = &type_text, COUNTED(config, rule_paths, n_rule_paths),
	  .doc = "rule files and folders; default: the shipped rules" },
	{ .key = "enable", .shape = MANY, .type = &type_text, COUNTED(config, rules_on, n_rules_on),
	  .doc = "ids of rules that are off by themselves" },
	{ .key = "disable", .shape = MANY, .type = &type_text, COUNTED(config, rules_off, n_rules_off),
	  .doc = "ids of rules that are on by themselves" },
	{ .key = "lists", .shape = RECORDS, .table = &rule_list, .record = sizeof(struct cfg_list),
	  COUNTED(config, rule_lists, n_rule_lists), .doc = "lists that rules look into" },
};
static const struct option_table rules = TABLE(rules_rows);

static const struct option disk_rows[] = {
	{ .key = "low",
	  .type = &type_size,
	  IN(config, disk.low),
	  .preset = "1G",
	  .doc = "free bytes below which it warns and keeps its log short; at most a fifth of the file system" },
	{ .key = "critical",
	  .type = &type_size,
	  IN(config, disk.critical),
	  .preset = "256M",
	  .doc = "free bytes below which optional captures are only counted; at most a tenth" },
	{ .key = "full",
	  .type = &type_size,
	  IN(config, disk.full),
	  .preset = "32M",
	  .doc = "free bytes below which calls are only counted until there is room again; at most a twentieth" },
	{ .key = "reserve",
	  .type = &type_size,
	  IN(config, disk.reserve),
	  .preset = "16M",
	  .doc = "kept in a file for the records of a full disk; at most a twentieth of the file system" },
};
static const struct option_table disk = TABLE(disk_rows);

static const struct option ledger_rows[] = {
	{ .key = "path", .type = &type_text, IN(config, ledger.path), .preset = "/var/lib/tochoku/ledger.db",
	  .doc = "the ledger" },
	{ .key = "keys", .type = &type_text, IN(config, ledger.keys), .preset = "/var/lib/tochoku/keys",
	  .doc = "folder of the site's own keys" },
	{ .key = "trail", .type = &type_text, IN(config, ledger.trail),
	  .doc = "folder of the sealed trail; default: trail, beside the ledger" },
	{ .key = "disk", .shape = SECTION, .table = &disk, .doc = "what is done when room grows short" },
};
static const struct option_table ledger = TABLE(ledger_rows);

static const struct option export_rows[] = {
	{ .key = "enterprise_number", .type = &type_count, IN(config, export.enterprise_number),
	  .doc = "private enterprise number (IANA) of our element in syslog lines; default: no element" },
	{ .key = "inside_providers", .shape = MANY, .type = &type_text,
	  COUNTED(config, export.inside_providers, export.n_inside_providers),
	  .preset = "[ollama, tgi, vllm]",
	  .doc = "providers whose models run in the hospital: a call is then no export of data" },
};
static const struct option_table exports = TABLE(export_rows);

static const struct option anchors_rows[] = {
	{ .key = "collectors",
	  .shape = MANY,
	  .type = &type_collector,
	  COUNTED(config, collectors, n_collectors),
	  .doc = "syslog collectors that `tochoku anchor send` tells of the trail's heads: udp:// or tcp://, "
		 "address and "
		 "port" },
};
static const struct option_table anchors = TABLE(anchors_rows);

static const char *const profiles[] = {
#define PROFILE(id, name, access, findings, reports, doc) name,
#include "core/config/profiles.def"
#undef PROFILE
};
static const struct option retention_rows[] = {
	{ .key = "profile", .type = &type_word, IN(config, retention.profile), .preset = "jp-hospital",
	  WORDS(profiles), .doc = "how long each class is kept: jp-hospital, minimal, pci or hipaa" },
	{ .key = "access", .type = &type_period, IN(config, retention.access),
	  .doc = "of calls, instead of the profile's: 5y, 18m or 400d" },
	{ .key = "findings", .type = &type_period, IN(config, retention.findings),
	  .doc = "of findings, decisions, incidents and uses of the log, instead of the profile's" },
	{ .key = "reports", .type = &type_period, IN(config, retention.reports),
	  .doc = "of reports on paper and as files, which people keep: `maintain prune` says it" },
	{ .key = "max_size", .type = &type_size, IN(config, retention.max_size),
	  .doc = "of ledger and trail: `status` warns near it, and nothing is erased for it; default: none" },
	{ .key = "approved_by", .shape = MANY, .type = &type_id,
	  COUNTED(config, retention.approved_by, retention.n_approved_by),
	  .doc = "who approved these periods: `maintain prune --scheduled` erases in their names" },
};
static const struct option_table retention = TABLE(retention_rows);

static const struct option processes_rows[] = {
	{ .key = "supervisor_user",
	  .type = &type_id,
	  IN(config, processes.supervisor_user),
	  .doc = "user of the process that opens logs and captures; it keeps the capabilities for that alone" },
	{ .key = "sensor_user",
	  .type = &type_id,
	  IN(config, processes.sensor_user),
	  .doc = "user of the process that reads strangers' bytes" },
	{ .key = "recorder_user",
	  .type = &type_id,
	  IN(config, processes.recorder_user),
	  .doc = "user of the process that writes the ledger, and owner of its folder" },
};
static const struct option_table processes = TABLE(processes_rows);

static const struct option root_rows[] = {
	{ .key = "site", .shape = SECTION, .table = &site, .doc = "the hospital" },
	{ .key = "inputs", .shape = SECTION, .table = &inputs, .doc = "what is read" },
	{ .key = "networks", .shape = SECTION, .table = &networks, .doc = "addresses that are ours" },
	{ .key = "geoip", .shape = SECTION, .table = &geoip, .doc = "where outside addresses are" },
	{ .key = "calendar", .shape = SECTION, .table = &calendar_options,
	  .doc = "open and closed days and hours" },
	{ .key = "identities", .shape = SECTION, .table = &identities, .doc = "people and keys" },
	{ .key = "functions", .shape = RECORDS, .table = &function, .record = sizeof(struct cfg_function),
	  COUNTED(config, functions, n_functions),
	  .doc = "business functions; the first that matches names the call" },
	{ .key = "prices", .shape = SECTION, .table = &prices, .doc = "prices of models" },
	{ .key = "budget", .shape = SECTION, .table = &budget, .doc = "what it may cost" },
	{ .key = "ranges", .shape = SECTION, .table = &ranges, .doc = "accepted ranges by class of day" },
	{ .key = "reports", .shape = SECTION, .table = &reports, .doc = "weeks, service hours, delivery" },
	{ .key = "rules", .shape = SECTION, .table = &rules, .doc = "detection rules" },
	{ .key = "ledger", .shape = SECTION, .table = &ledger, .doc = "where everything is kept" },
	{ .key = "processes", .shape = SECTION, .table = &processes,
	  .doc = "users of the processes, where root starts `run`; read at its start" },
	{ .key = "anchors", .shape = SECTION, .table = &anchors, .doc = "who else holds the trail's heads" },
	{ .key = "export", .shape = SECTION, .table = &exports, .doc = "what exports say" },
	{ .key = "retention", .shape = SECTION, .table = &retention, .doc = "how long it is kept" },
	{ .key = "notify", .shape = ANY, .flags = LATER, .doc = "who is told of findings" },
	{ .key = "console", .shape = ANY, .flags = LATER, .doc = "the review page" },
};
const struct option_table config_options = TABLE(root_rows);

static void walk(const struct option_table *t, const char *above, option_row_fn row, void *ctx)
{
	struct buf path;
	size_t i;

	buf_init(&path, 1024);
	for (i = 0; i < t->n; i++) {
		const struct option *o = &t->rows[i];
		const char *text;

		buf_clear(&path);
		buf_fmt(&path, "%s%s%s", above, above[0] != 0 ? "." : "", o->key);
		text = buf_cstr(&path);
		if (text == NULL)
			break;
		row(ctx, text, o);
		if (o->table != NULL) {
			buf_str(&path, o->shape == RECORDS ? "[]" : o->shape == NAMED ? "{}" : "");
			walk(o->table, buf_cstr(&path), row, ctx);
		}
	}
	buf_free(&path);
}

void option_walk(option_row_fn row, void *ctx)
{
	walk(&config_options, "", row, ctx);
}
