#include "sensor/recorder/paths.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/shipped.h"
#include "rules/rules.h"
#include "sensor/confine/confine.h"

#define PATHS_MAX 256

struct paths {
	char *p[PATHS_MAX];
	size_t n;
	bool failed;
};

static void add(struct paths *t, const char *path)
{
	if (path == NULL)
		return;
	if (t->n == PATHS_MAX || (t->p[t->n] = strdup(path)) == NULL)
		t->failed = true;
	else
		t->n++;
}

/* A file that is replaced under its name is another file: its folder may be read. */
static void add_folder_of(struct paths *t, const char *path)
{
	char *copy = path == NULL ? NULL : strdup(path);

	t->failed |= path != NULL && copy == NULL;
	if (copy != NULL)
		add(t, dirname(copy));
	free(copy);
}

static void readable(const struct config *cfg, struct paths *t)
{
	/* names of users, time zones, certificates, the C library's own */
	static const char *const system[] = {
		"/etc", "/usr/share", "/usr/lib", "/lib", "/lib64", "/dev/null"
	};
	char *rules = rules_shipped_path(), *prices = shipped_path("prices.yml", "sensor/llm/prices.yml");

	for (size_t i = 0; i < COUNT(system); i++)
		add(t, system[i]);
	add(t, rules);
	add_folder_of(t, prices);
	add_folder_of(t, cfg->file);
	for (size_t i = 0; i < cfg->n_rule_paths; i++) {
		add(t, cfg->rule_paths[i]);
		add_folder_of(t, cfg->rule_paths[i]);
	}
	for (size_t i = 0; i < cfg->n_geoip; i++)
		add_folder_of(t, cfg->geoip[i]);
	for (size_t i = 0; i < cfg->n_lists; i++)
		add_folder_of(t, cfg->lists[i].path);
	for (size_t i = 0; i < cfg->n_rule_lists; i++)
		add_folder_of(t, cfg->rule_lists[i].path);
	add_folder_of(t, cfg->calendar.holidays);
	add_folder_of(t, cfg->calendar.days);
	add_folder_of(t, cfg->calendar.roster);
	add_folder_of(t, cfg->prices.table);
	add_folder_of(t, cfg->users_file);
	free(rules);
	free(prices);
}

static void writable(const struct config *cfg, struct paths *t)
{
	add_folder_of(t, cfg->ledger.path);
	add(t, cfg->ledger.keys);
	add(t, cfg->ledger.trail);
}

static void paths_free(struct paths *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->p[i]);
}

int recorder_confine(const struct config *cfg, struct err *e)
{
	struct paths read = { 0 }, write = { 0 };
	struct confine_paths all;
	int rc;

	readable(cfg, &read);
	writable(cfg, &write);
	all = (struct confine_paths){ .read = (const char *const *)read.p, .n_read = read.n,
				      .write = (const char *const *)write.p, .n_write = write.n };
	if (read.failed || write.failed)
		rc = err_set(e, TK_ELIMIT, "the configuration names more files than %d", PATHS_MAX);
	else
		rc = confine(CONFINE_RECORDER, &all, e);
	paths_free(&read);
	paths_free(&write);
	return rc;
}
