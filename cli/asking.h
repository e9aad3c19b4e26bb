/* Requests through the one door for what people decide. Private to cli. */
#ifndef TK_CLI_ASKING_H
#define TK_CLI_ASKING_H

#include "cli/command.h"
#include "core/base/json.h"

struct asking {
	struct buf text, reply;
	struct json_out o;
};

void asking_begin(struct asking *a, const char *what);
void asking_text(struct asking *a, const char *key, const char *value); /* NULL: left out */
void asking_time(struct asking *a, const char *key, int64_t ns);
/* Sends it. EXIT_DONE and what was counted, or refused, and told. */
int asking_send(struct asking *a, const struct config *cfg, int64_t *count);
/* A number of the reply; 0: there is none of that name. */
int64_t asking_number(const struct asking *a, const char *key);
void asking_end(struct asking *a);

#endif
