#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "geoip/geoip.h"
#include "tests/lib/tap.h"

static char folder[256];

static const char rows_where[] =
	"network,country,city,lat,lon,asn,org\n"
	"203.0.113.0/24,JP,Sapporo,43.0621,141.3544,,\n"
	"203.0.113.128/25,US,,,,,\n"
	"2001:db8::/32,DE,Berlin,52.52,-13.405,,\n"
	"198.51.100.0/24,jp,,,,,\n"; /* no ISO code: not believed */
static const char rows_as[] =
	"network,country,asn,org\n"
	"203.0.113.0/24,FR,64500,Example Net K.K.\n"
	"2001:db8::/32,,4200000000,\n"
	"192.0.2.0/24,NL,64501,Other\n";

static void write_database(const char *name, const char *layout, const char *size, const char *rows)
{
	char command[1024], path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s.csv", folder, name);
	f = fopen(path, "w");
	if (f == NULL || fputs(rows, f) < 0 || fclose(f) != 0)
		ok(false, path);
	snprintf(command, sizeof command,
		 "python3 tests/lib/mmdb_write.py '%s/%s.mmdb' '%s' --layout %s --record-size %s --type "
		  "Test-%s", folder,
		 name, path, layout, size, layout);
	ok_int(system(command), 0, name);
}

static void open_database(struct mmdb_set *s, const char *name)
{
	char path[512];
	struct err e = { 0 };

	snprintf(path, sizeof path, "%s/%s.mmdb", folder, name);
	if (!ok(mmdb_set_open(s, path, &e) == TK_OK, name))
		printf("# %s\n", e.text);
}

static void find(const struct mmdb_set *s, const char *address, const char *want, const char *name)
{
	struct addr a;
	struct geo g;
	char got[256] = "nothing";

	if (!addr_parse(slice_str(address), &a))
		ok(false, address);
	if (mmdb_set_find(s, &a, &g))
		snprintf(got, sizeof got, "%.*s|%.*s|%lld|%lld|%lld|%.*s", (int)g.country.n,
		  (const char *)g.country.p,
			 (int)g.city.n, (const char *)g.city.p, (long long)g.lat_micro,
			  (long long)g.lon_micro,
			 (long long)g.as_number, (int)g.as_org.n, (const char *)g.as_org.p);
	ok_str(got, want, name);
}

static void both_layouts(const char *layout, const char *size)
{
	struct mmdb_set *s = mmdb_set_new();
	char where[32], as[32];

	snprintf(where, sizeof where, "where-%s", layout);
	snprintf(as, sizeof as, "as-%s", layout);
	write_database(where, layout, size, rows_where);
	write_database(as, layout, size, rows_as);
	open_database(s, where);
	open_database(s, as);
	ok_int((int64_t)mmdb_set_count(s), 2, "two databases");
	ok(strncmp(mmdb_set_type(s, 0), "Test-", 5) == 0, "type");
	ok_int(mmdb_set_built(s, 1), 1767225600, "build time");
	find(s, "203.0.113.7", "JP|Sapporo|43062100|141354400|64500|Example Net K.K.",
	  "the first that knows it wins");
	find(s, "203.0.113.200", "US||0|0|64500|Example Net K.K.", "longer prefix");
	find(s, "2001:db8:5::1", "DE|Berlin|52520000|-13405000|4200000000|", "IPv6");
	find(s, "192.0.2.1", "NL||0|0|64501|Other", "only the second knows it");
	find(s, "198.51.100.1", "nothing", "a country code in small letters is none");
	find(s, "192.0.3.1", "nothing", "outside of all networks");
	mmdb_set_free(s);
}

static void bad_files(void)
{
	struct mmdb_set *s = mmdb_set_new();
	struct err e = { 0 };
	char path[512], command[1200];

	snprintf(path, sizeof path, "%s/none.mmdb", folder);
	ok_int(mmdb_set_open(s, path, &e), TK_EIO, "a file that is not there");
	ok(strstr(e.text, "none.mmdb") != NULL, "its name is in the message");
	snprintf(command, sizeof command, "head -c 200 '%s/where-nested.mmdb' > '%s'", folder, path);
	ok_int(system(command), 0, "cut");
	ok_int(mmdb_set_open(s, path, &e), TK_EMALFORMED, "a file that is cut off");
	ok_int((int64_t)mmdb_set_count(s), 0, "neither counts");
	mmdb_set_free(s);
}

int main(void)
{
	const char *base = getenv("TOCHOKU_TMP");
	char command[512];

	snprintf(folder, sizeof folder, "%s/test-mmdb-XXXXXX", base == NULL ? "/tmp" : base);
	if (mkdtemp(folder) == NULL)
		return 1;
	both_layouts("nested", "24");
	both_layouts("flat", "28");
	bad_files();
	snprintf(command, sizeof command, "rm -r '%s'", folder);
	ok_int(system(command), 0, "tidied up");
	return tap_done();
}
