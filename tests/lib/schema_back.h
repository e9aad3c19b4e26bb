/* Later schemas taken back, for tests of upgrades. */
#ifndef TK_TESTS_SCHEMA_BACK_H
#define TK_TESTS_SCHEMA_BACK_H

#define SMALL_BEFORE_7                                                                                       \
	"DROP VIEW erasures_due; DROP TABLE erasing; DROP TABLE erasing_file; DROP TABLE erasing_finding;"   \
	"DROP TABLE erased; DROP TABLE erased_day; DROP TABLE kept_digest;"

#endif
