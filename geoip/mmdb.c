/* MaxMind databases (format 2.0) by libmaxminddb, several at once, in both layouts that are about:
 * MaxMind's own nested one and the flat one of ip-location-db and others. */
#include <arpa/inet.h>
#include <maxminddb.h>
#include <stdlib.h>

#include "geoip/geoip.h"

#define DATABASES_MAX 16
#define TEXT_MAX 255

struct database {
	MMDB_s mmdb;
	char *path;
};

struct mmdb_set {
	struct database db[DATABASES_MAX];
	size_t n;
};

/* Where a fact stands, the first that is there wins. NULL ends a path and a list. */
struct place {
	const char *path[4];
};
static const struct place country_places[] = { { { "country", "iso_code", NULL } },
					       { { "country_code", NULL } }, { { "country", NULL } } };
static const struct place city_places[] = { { { "city", "names", "en", NULL } }, { { "city", NULL } },
					    { { "city_name", NULL } } };
static const struct place as_number_places[] = { { { "autonomous_system_number", NULL } },
						 { { "as_number", NULL } }, { { "asn", NULL } } };
static const struct place as_org_places[] = { { { "autonomous_system_organization", NULL } },
					      { { "as_organization", NULL } }, { { "as_name", NULL } } };
static const struct place lat_places[] = { { { "location", "latitude", NULL } }, { { "latitude", NULL } } };
static const struct place lon_places[] = { { { "location", "longitude", NULL } }, { { "longitude", NULL } } };

struct mmdb_set *mmdb_set_new(void)
{
	return calloc(1, sizeof(struct mmdb_set));
}

void mmdb_set_free(struct mmdb_set *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		MMDB_close(&s->db[i].mmdb);
		free(s->db[i].path);
	}
	free(s);
}

int mmdb_set_open(struct mmdb_set *s, const char *path, struct err *e)
{
	struct database *d = &s->db[s->n];
	int rc;

	if (s->n == DATABASES_MAX)
		return err_set(e, TK_ELIMIT, "%s: more than %d GeoIP databases", path, DATABASES_MAX);
	d->path = strdup(path);
	if (d->path == NULL)
		return err_set(e, TK_ENOMEM, "%s: no memory", path);
	rc = MMDB_open(path, MMDB_MODE_MMAP, &d->mmdb);
	if (rc == MMDB_SUCCESS) {
		s->n++;
		return TK_OK;
	}
	free(d->path);
	d->path = NULL;
	if (rc == MMDB_FILE_OPEN_ERROR || rc == MMDB_IO_ERROR)
		return err_sys(e, "%s", path);
	return err_set(e, TK_EMALFORMED, "%s: no MaxMind database (%s)", path, MMDB_strerror(rc));
}

size_t mmdb_set_count(const struct mmdb_set *s)
{
	return s->n;
}

const char *mmdb_set_type(const struct mmdb_set *s, size_t i)
{
	return i < s->n ? s->db[i].mmdb.metadata.database_type : NULL;
}

int64_t mmdb_set_built(const struct mmdb_set *s, size_t i)
{
	return i < s->n && s->db[i].mmdb.metadata.build_epoch <= INT64_MAX ?
	       (int64_t)s->db[i].mmdb.metadata.build_epoch : 0;
}

/* The library takes a record by value semantics but wants it writable. */
static bool value_at(const MMDB_entry_s *entry, const struct place *p, MMDB_entry_data_s *out)
{
	MMDB_entry_s e = *entry;

	return MMDB_aget_value(&e, out, p->path) == MMDB_SUCCESS && out->has_data;
}

static bool text_at(const MMDB_entry_s *entry, const struct place *places, size_t n, struct slice *out)
{
	MMDB_entry_data_s v;

	for (size_t i = 0; i < n; i++) {
		if (!value_at(entry, &places[i], &v) || v.type != MMDB_DATA_TYPE_UTF8_STRING ||
		    v.data_size == 0 || v.data_size > TEXT_MAX)
			continue;
		*out = slice_of(v.utf8_string, v.data_size);
		return true;
	}
	return false;
}

static bool is_country_code(struct slice s)
{
	return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

/* A number, or "AS15169" as some flat databases have it. */
static int64_t as_number_of(const MMDB_entry_data_s *v)
{
	int64_t n = 0;
	uint32_t i = 2;

	if (v->type == MMDB_DATA_TYPE_UINT32)
		return v->uint32;
	if (v->type == MMDB_DATA_TYPE_UINT16)
		return v->uint16;
	if (v->type == MMDB_DATA_TYPE_UINT64)
		return v->uint64 <= UINT32_MAX ? (int64_t)v->uint64 : 0;
	if (v->type != MMDB_DATA_TYPE_UTF8_STRING || v->data_size < 3 || v->data_size > 12 ||
	    memcmp(v->utf8_string, "AS", 2) != 0)
		return 0;
	for (; i < v->data_size; i++) {
		if (v->utf8_string[i] < '0' || v->utf8_string[i] > '9')
			return 0;
		n = n * 10 + (v->utf8_string[i] - '0');
	}
	return n <= UINT32_MAX ? n : 0;
}

static bool degrees_at(const MMDB_entry_s *entry, const struct place *places, size_t n, double limit,
		       int64_t *micro)
{
	MMDB_entry_data_s v;

	for (size_t i = 0; i < n; i++) {
		double d;

		if (!value_at(entry, &places[i], &v))
			continue;
		if (v.type == MMDB_DATA_TYPE_DOUBLE)
			d = v.double_value;
		else if (v.type == MMDB_DATA_TYPE_FLOAT)
			d = v.float_value;
		else
			continue;
		if (!(d >= -limit && d <= limit)) /* also NaN */
			continue;
		*micro = (int64_t)(d * 1e6 + (d < 0 ? -0.5 : 0.5));
		return true;
	}
	return false;
}

static bool find_in(const struct database *d, const struct addr *a, MMDB_entry_s *entry)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	MMDB_lookup_result_s r;
	int rc;

	if (addr_is_v4(a)) {
		memcpy(&v4.sin_addr, a->b + 12, 4);
		r = MMDB_lookup_sockaddr(&d->mmdb, (const struct sockaddr *)&v4, &rc);
	} else {
		memcpy(&v6.sin6_addr, a->b, 16);
		r = MMDB_lookup_sockaddr(&d->mmdb, (const struct sockaddr *)&v6, &rc);
	}
	if (rc != MMDB_SUCCESS || !r.found_entry)
		return false;
	*entry = r.entry;
	return true;
}

/* Adds what this record knows and those before it did not. */
static void add_facts(const MMDB_entry_s *entry, struct geo *out)
{
	MMDB_entry_data_s v;
	struct slice text;
	int64_t lat, lon;

	if (out->country.n == 0 && text_at(entry, country_places, COUNT(country_places), &text) &&
	    is_country_code(text))
		out->country = text;
	if (out->city.n == 0 && text_at(entry, city_places, COUNT(city_places), &text))
		out->city = text;
	for (size_t i = 0; i < COUNT(as_number_places) && out->as_number == 0; i++)
		if (value_at(entry, &as_number_places[i], &v))
			out->as_number = as_number_of(&v);
	if (out->as_org.n == 0 && text_at(entry, as_org_places, COUNT(as_org_places), &text))
		out->as_org = text;
	if (!out->has_location && degrees_at(entry, lat_places, COUNT(lat_places), 90, &lat) &&
	    degrees_at(entry, lon_places, COUNT(lon_places), 180, &lon)) {
		out->has_location = true;
		out->lat_micro = lat;
		out->lon_micro = lon;
	}
}

bool mmdb_set_find(const struct mmdb_set *s, const struct addr *a, struct geo *out)
{
	*out = (struct geo){ 0 };
	for (size_t i = 0; i < s->n; i++) {
		MMDB_entry_s entry;

		if (find_in(&s->db[i], a, &entry))
			add_facts(&entry, out);
	}
	return out->country.n > 0 || out->city.n > 0 || out->as_org.n > 0 || out->as_number != 0 ||
	       out->has_location;
}
