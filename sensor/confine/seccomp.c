/* The system calls that a role keeps, as a seccomp filter (seccomp(2), by libseccomp). */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "sensor/confine/confine.h"

enum {
	S = 1 << CONFINE_SUPERVISOR,
	N = 1 << CONFINE_SENSOR,
	R = 1 << CONFINE_RECORDER,
	H = 1 << CONFINE_HEADS
};

struct row {
	int call; /* negative: not of this architecture */
	int roles;
};
static const struct row allowed[] = {
#define CALL(name, roles) { SCMP_SYS(name), roles },
#define NEVER(name, roles)
#include "sensor/confine/syscalls.def"
#undef CALL
#undef NEVER
};
static const struct row never[] = {
#define CALL(name, roles)
#define NEVER(name, roles) { SCMP_SYS(name), roles },
#include "sensor/confine/syscalls.def"
#undef CALL
#undef NEVER
};

static int add(scmp_filter_ctx f, const struct row *rows, size_t n, int role, uint32_t action)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		if (rows[i].roles & role)
			rc = seccomp_rule_add(f, action, rows[i].call, 0);
	return rc;
}

/* One comparison of an argument; libseccomp's own macros leave a member out. */
static struct scmp_arg_cmp argument(unsigned n, enum scmp_compare op, scmp_datum_t a, scmp_datum_t b)
{
	return (struct scmp_arg_cmp){ .arg = n, .op = op, .datum_a = a, .datum_b = b };
}

/* The sensor opens nothing: a look for a file (the C library's, say) fails, an open for writing ends it. */
static int add_sensor(scmp_filter_ctx f)
{
	static const struct {
		unsigned mode;
		uint32_t action;
	} rows[] = {
		{ O_RDONLY, SCMP_ACT_ERRNO(EACCES) },
		{ O_WRONLY, SCMP_ACT_KILL_PROCESS },
		{ O_RDWR, SCMP_ACT_KILL_PROCESS },
	};
	int rc = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 0);

	for (size_t i = 0; i < sizeof rows / sizeof *rows && rc == 0; i++)
		rc = seccomp_rule_add(f, rows[i].action, SCMP_SYS(openat), 1,
				      argument(2, SCMP_CMP_MASKED_EQ, O_ACCMODE, rows[i].mode));
	return rc;
}

/* Sockets of one family alone; any other ends the process. */
static int only_family(scmp_filter_ctx f, int family)
{
	int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				  argument(0, SCMP_CMP_EQ, (scmp_datum_t)family, 0));

	return rc != 0 ? rc
		       : seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 1,
					  argument(0, SCMP_CMP_NE, (scmp_datum_t)family, 0));
}

/* The collectors' families and the recorder's, as streams and datagrams; and it opens nothing for writing. */
static int add_heads(scmp_filter_ctx f)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
	int rc = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, SCMP_SYS(socket), 1,
				  argument(0, SCMP_CMP_GT, AF_INET6, 0));

	for (size_t i = 0; i < sizeof families / sizeof *families && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
				      argument(0, SCMP_CMP_EQ, (scmp_datum_t)families[i], 0),
				      argument(1, SCMP_CMP_MASKED_EQ, 0xf & ~(SOCK_STREAM | SOCK_DGRAM), 0));
	return rc;
}

static int fill(scmp_filter_ctx f, enum confined_role role)
{
	int rc = add(f, allowed, sizeof allowed / sizeof *allowed, 1 << role, SCMP_ACT_ALLOW);

	if (rc == 0)
		rc = add(f, never, sizeof never / sizeof *never, 1 << role, SCMP_ACT_KILL_PROCESS);
	if (rc == 0 && role == CONFINE_SENSOR)
		rc = add_sensor(f);
	if (rc == 0 && role == CONFINE_RECORDER)
		rc = only_family(f, AF_UNIX);
	if (rc == 0 && role == CONFINE_HEADS)
		rc = add_heads(f);
	return rc;
}

int confine_syscalls(enum confined_role role, bool *held, struct err *e)
{
	scmp_filter_ctx f =
		seccomp_init(role == CONFINE_SUPERVISOR ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(ENOSYS));
	int rc;

	*held = true;
	if (f == NULL)
		return err_set(e, TK_ENOMEM, "seccomp: no memory");
	/* A call by another architecture's numbers is no call of this program. */
	seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	rc = fill(f, role);
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	if (rc == -EINVAL || rc == -ENOSYS)
		*held = false;
	else if (rc != 0) {
		errno = -rc;
		return err_sys(e, "seccomp");
	}
	return TK_OK;
}
