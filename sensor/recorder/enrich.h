/* What the site knows of an event: network, geography, person, key state, function, calendar. Loaded once
 * from the configuration and the ledger's register; a reload makes a new one. Parts are enriched once for
 * each distinct part of a batch, not for each event. One thread. */
#ifndef TK_SENSOR_RECORDER_ENRICH_H
#define TK_SENSOR_RECORDER_ENRICH_H

#include "core/config/config.h"
#include "core/event/event.h"
#include "core/ledger/ledger.h"
#include "rules/calendar/calendar.h"
#include "sensor/recorder/key_register.h"
#include "sensor/llm/price.h"

struct enrich;
/* Borrows cfg. Databases and lists that cannot be read are warnings on standard error: the sensor runs
 * without them and `status` says so. A configured price table that is wrong is an error (TK_ECONFIG). */
struct enrich *enrich_new(const struct config *cfg, struct ledger *l, struct slice fingerprint_chain,
			  struct err *e);
void enrich_free(struct enrich *en);

/* Strings put in live as long as the enrich. */
void enrich_where(struct enrich *en, struct part *where);
/* The key's state is that of the instant; *varies: the key has an end, ask again for each event. */
void enrich_who(struct enrich *en, struct part *who, int64_t at_ns, bool *varies);
/* `key`: of the registered key that it was called with, NULL: of none; asked for where enrich_by_key says so.
 */
/* What the register of users says of the user. */
void enrich_person(struct enrich *en, struct part *who);
void enrich_what(struct enrich *en, struct part *what, const struct registered_key *key);
bool enrich_by_key(const struct enrich *en); /* does a function ask for a key? */
void enrich_when(struct enrich *en, struct part *when, int32_t day, bool off_hours, enum on_duty duty);
/* Sets tochoku.cost.pico_usd where the call used tokens that have a price. The memo belongs to the event's
 * WHAT. */
void enrich_cost(struct enrich *en, struct access_event *ev, struct price_memo *memo);
/* Days until the first model of the price table has no price any more; 0: one ran out in the last
 * PRICES_SOON_DAYS. False: none does. */
bool enrich_prices_left(const struct enrich *en, int64_t now_ns, int64_t *days);
bool enrich_off_hours(struct enrich *en, const struct person *who, int64_t utc_sec);

/* For derived rule fields; empty when not known. */
struct slice enrich_user_status(struct enrich *en, struct slice user);
const struct registered_key *enrich_key(struct enrich *en,
					struct slice fingerprint); /* NULL: not registered */
struct calendar *enrich_calendar(struct enrich *en);

#endif
