/* Which rules one part of an event leaves possible. Parts recur and their answers with them: whoever keeps
 * the answer of each part has to run on an event only the rules that all its parts leave. */
#include "rules/run.h"

/* The part whose fields alone the values of a name are made of, P_COUNT: several, or what is no part. */
static enum part_id part_of_name(const struct rule_set *s, uint32_t number)
{
	static const uint8_t derived[D_COUNT] = {
#define DERIVED(id, name, type, part, doc) [D_##id] = part,
#include "rules/derived.def"
#undef DERIVED
	};
	static const uint8_t views[VIEW_COUNT] = {
		[VIEW_QUERY] = P_COUNT, [VIEW_TARGET] = P_COUNT, [VIEW_EXTENSION] = P_WHAT,
		[VIEW_MS] = P_EV, [VIEW_IN_HOURS] = P_WHEN,
	};
	struct binding b = s->names[number].bind;

	switch ((enum bind_kind)b.kind) {
	case BIND_FIELD:
		return event_fields[b.id].part;
	case BIND_DERIVED:
		return (enum part_id)derived[b.id];
	case BIND_VIEW:
		return (enum part_id)views[b.id];
	case BIND_ALL:
	case BIND_NONE:
		break;
	}
	return P_COUNT;
}

/* What a predicate can be: bit 0 false, bit 1 true. */
static unsigned can_be(struct rule_run *r, uint32_t number, enum part_id part)
{
	const struct pred *p = &r->set->preds[number];

	if (part_of_name(r->set, p->name) != part ||
	    (p->kind == PRED_FIELD && part_of_name(r->set, p->other) != part))
		return 3;
	return run_pred(r, number) ? 2 : 1;
}

/* All ways through the rule's code at once: reach[pc] is what the accumulator can be there. Jumps go
 * forward. */
static bool may_match(struct rule_run *r, const struct rule *rule, enum part_id part)
{
	const uint32_t *code = r->set->code;
	uint32_t end = rule->code + rule->n_code;
	uint8_t *reach = r->reach;

	memset(reach + rule->code, 0, rule->n_code + 1);
	reach[rule->code] = 1;
	for (uint32_t pc = rule->code; pc < end; pc++) {
		unsigned in = reach[pc], jumps;

		if (in == 0)
			continue;
		switch (CODE_OP(code[pc])) {
		case OP_TEST:
			reach[pc + 1] |= (uint8_t)can_be(r, CODE_ARG(code[pc]), part);
			break;
		case OP_JF:
		case OP_JT:
			jumps = in & (CODE_OP(code[pc]) == OP_JT ? 2 : 1);
			reach[CODE_ARG(code[pc])] |= (uint8_t)jumps;
			reach[pc + 1] |= (uint8_t)(in & ~jumps);
			break;
		case OP_NOT:
			reach[pc + 1] |= (uint8_t)((in & 1) << 1 | in >> 1);
			break;
		case OP_TRUE:
		case OP_FALSE:
			reach[pc + 1] |= CODE_OP(code[pc]) == OP_TRUE ? 2 : 1;
			break;
		}
	}
	return (reach[end] & 2) != 0;
}

void rule_run_prospects(struct rule_run *r, const struct access_event *ev, enum part_id part,
			struct prospects *out)
{
	memset(out, 0xff, sizeof *out);
	arena_reset(&r->arena);
	run_begin(r, ev, NULL);
	for (size_t i = 0; i < r->n_access && i < PROSPECTS; i++)
		if (!may_match(r, &r->set->rules[r->access[i]], part))
			out->word[i / 64] &= ~(UINT64_C(1) << i % 64);
}
