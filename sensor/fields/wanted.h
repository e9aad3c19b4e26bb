/* What a site asks of request headers besides what the program looks at anyway. */
#ifndef TK_SENSOR_FIELDS_WANTED_H
#define TK_SENSOR_FIELDS_WANTED_H

#include "core/base/slice.h"

struct person_header {
	struct slice name; /* in lower case */
	uint8_t fact;	   /* enum person_fact */
};

/* A condition of `functions`: one bit of a mask each. */
struct header_condition {
	struct slice name;    /* in lower case */
	struct slice pattern; /* core/base/wildcard.h */
};

struct header_function {
	struct slice name;   /* number and name: EVENT_FUNCTIONS */
	uint64_t conditions; /* all of these must hold */
};

#define WANTED_CONDITIONS 64
#define WANTED_PERSONS 64

struct wanted_headers {
	struct person_header person[WANTED_PERSONS]; /* identities.trusted_headers; none: person.def */
	struct header_condition condition[WANTED_CONDITIONS];
	struct header_function function[WANTED_CONDITIONS]; /* those that ask for a header, in their order */
	size_t n_person, n_conditions, n_functions;
};

#endif
