/* What the kernel says of the processes of `run`: not what they say of themselves. */
#include <dirent.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/health.h"

struct process {
	int pid, parent;
	unsigned long long capabilities; /* effective */
	int no_new_privs, seccomp;	 /* 2: a filter */
};

/* proc(5): status. False: gone, or not to be seen. */
static bool look(int pid, struct process *p)
{
	char path[64], line[256];
	FILE *f;

	*p = (struct process){ .pid = pid };
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "PPid:", 5) == 0)
			p->parent = atoi(line + 5);
		else if (strncmp(line, "CapEff:", 7) == 0)
			p->capabilities = strtoull(line + 7, NULL, 16);
		else if (strncmp(line, "NoNewPrivs:", 11) == 0)
			p->no_new_privs = atoi(line + 11);
		else if (strncmp(line, "Seccomp:", 8) == 0)
			p->seccomp = atoi(line + 8);
	}
	fclose(f);
	return true;
}

/* Has its command line the two words, the second behind the first? Each with its NUL. */
static bool has_words(int pid, const char *want, size_t n_want)
{
	char path[64], text[256];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	return memmem(text, n, want, n_want) != NULL;
}
#define HAS(pid, words) has_words(pid, words, sizeof(words))

/* The recorder's supervisor has one sensor; with a recorder of its own (0) the supervisor says so. */
static bool find_sensor(int supervisor, struct process *p)
{
	DIR *all = opendir("/proc");
	struct dirent *d;
	bool found = false;

	while (all != NULL && !found && (d = readdir(all)) != NULL) {
		int pid = atoi(d->d_name);

		found = pid > 0 && HAS(pid, "--role\0sensor") && look(pid, p) &&
			(supervisor == 0 ? HAS(p->parent, "--only\0sensor") : p->parent == supervisor);
	}
	if (all != NULL)
		closedir(all);
	return found;
}

static void tell(struct report_out *o, const char *name, const struct process *p, bool may_capture)
{
	bool caps = p->capabilities == 0 || may_capture,
	     good = caps && p->no_new_privs == 1 && p->seccomp == 2;

	health_tell(o, good ? HEALTH_OK : HEALTH_WARN, name,
		    "process %d, capabilities %llx, no_new_privs %s, seccomp %s", p->pid, p->capabilities,
		    p->no_new_privs == 1 ? "on" : "off",
		    p->seccomp == 2 ? "filter" : "off: this kernel, or this build, has none");
}

void health_processes(struct report_out *o, const struct config *cfg)
{
	struct process recorder, supervisor, sensor;
	bool alone;
	int pid = cli_recorder_pid(cfg);
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (pid == 0 || !look(pid, &recorder))
		return; /* nothing runs, which health_recorder tells */
	alone = HAS(pid, "--only\0recorder");
	if (find_sensor(alone ? 0 : recorder.parent, &sensor)) {
		if (look(sensor.parent, &supervisor))
			tell(o, "supervisor", &supervisor, true);
		tell(o, "sensor", &sensor, false);
	} else
		health_tell(o, HEALTH_WARN, "sensor", "no such process now; it is started again");
	tell(o, "recorder", &recorder, false);
	if (abi > 0)
		health_tell(o, HEALTH_OK, "landlock",
			    "the kernel's version %ld: sensor and recorder open only what they must", abi);
	else
		health_tell(o, HEALTH_WARN, "landlock",
			    "this kernel has none: seccomp and permissions alone hold the processes");
}
