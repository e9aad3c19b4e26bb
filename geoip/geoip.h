/* What is known of an address: named internal networks (longest prefix) and MaxMind databases.
 * Loaded once, then read-only; one thread. */
#ifndef TK_GEOIP_GEOIP_H
#define TK_GEOIP_GEOIP_H

#include "core/base/addr.h"
#include "core/base/err.h"

struct nets;
/* zone i of cidrs[]; the same network in two zones was refused by the configuration. */
struct nets *nets_new(void);
int nets_add(struct nets *n, const struct cidr *c, const char *name); /* name is borrowed */
/* Sort once, after the last add. */
void nets_seal(struct nets *n);
/* Name of the longest prefix that holds the address, or NULL. */
const char *nets_find(const struct nets *n, const struct addr *a);
void nets_free(struct nets *n);

struct geo {
	struct slice country, city, as_org; /* borrow the database; empty: not known */
	int64_t as_number;                  /* 0: not known */
	bool has_location;
	int64_t lat_micro, lon_micro;       /* degrees x 10^6 */
};

struct mmdb_set;
/* Opens several databases; for each fact the first that knows it wins. Both layouts: nested
 * country.iso_code and flat country_code; autonomous_system_number/organization in any of them.
 * TK_EIO, TK_EMALFORMED with the file's name. */
struct mmdb_set *mmdb_set_new(void);
int mmdb_set_open(struct mmdb_set *s, const char *path, struct err *e);
size_t mmdb_set_count(const struct mmdb_set *s);
/* Type and build time (UTC seconds) of database i, for status. */
const char *mmdb_set_type(const struct mmdb_set *s, size_t i);
int64_t mmdb_set_built(const struct mmdb_set *s, size_t i);
/* False when no database knows the address. Results live until the set is freed. */
bool mmdb_set_find(const struct mmdb_set *s, const struct addr *a, struct geo *out);
void mmdb_set_free(struct mmdb_set *s);

#endif
