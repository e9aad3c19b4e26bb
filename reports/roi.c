#include "reports/roi.h"

/* Which of its three numbers an assumption is taken at. */
enum at { AT_VALUE, AT_LOW, AT_HIGH };

static figure number(const struct assumed *a, enum at at)
{
	return a->entry == NULL ? 0 : at == AT_LOW ? a->low : at == AT_HIGH ? a->high : a->value;
}

static figure half_up(figure v, figure scale)
{
	return v < 0 ? -((-v * 2 + scale) / (2 * scale)) : (v * 2 + scale) / (2 * scale);
}

static bool counts(const struct roi_function *f)
{
	return f->adoption.entry != NULL && f->minutes.entry != NULL;
}

static bool complete(const struct roi_input *in)
{
	bool any = false;

	for (int a = 0; a < ASSUMPTIONS; a++)
		if (assumption_infos[a].needed && !assumption_infos[a].per_function &&
		    in->of[a].entry == NULL)
			return false;
	for (size_t i = 0; i < in->n; i++)
		any |= counts(&in->function[i]);
	return any;
}

/* `gain`: at which end what saves is taken, `loss`: what costs, `hour`: an hour. */
static bool work_out(const struct roi_input *in, enum at gain, enum at loss, enum at hour, struct roi *out)
{
	const figure unit = FACT_UNIT, hourly = number(&in->of[ASSUME_HOURLY], hour);
	figure minutes = 0, share, running, net;

	if (!complete(in))
		return false;
	for (size_t i = 0; i < in->n; i++)
		if (counts(&in->function[i])) /* millionths of a minute */
			minutes += half_up(in->function[i].calls * number(&in->function[i].adoption, gain) *
						   number(&in->function[i].minutes, gain),
					   unit);
	out->benefit = half_up(minutes * hourly, 60 * unit) + number(&in->of[ASSUME_SAVINGS], gain);
	running = in->api + number(&in->of[ASSUME_LICENCES], loss) +
		  half_up(number(&in->of[ASSUME_OPERATION], loss) * hourly, unit);
	/* fewer months to share it are a higher cost */
	share = half_up(number(&in->of[ASSUME_INITIAL], loss) * unit,
			number(&in->of[ASSUME_SHARE], loss == AT_LOW	? AT_HIGH
						      : loss == AT_HIGH ? AT_LOW
									: loss));
	out->cost = running + share;
	if (out->cost <= 0)
		return false;
	out->percent_milli = half_up((out->benefit - out->cost) * 100000, out->cost);
	net = out->benefit - running;
	out->payback_milli = net <= 0 ? -1 : half_up(number(&in->of[ASSUME_INITIAL], loss) * 1000, net);
	return true;
}

bool roi_of(const struct roi_input *in, struct roi *out)
{
	return work_out(in, AT_VALUE, AT_VALUE, AT_VALUE, out);
}

bool roi_range(const struct roi_input *in, figure *low_milli, figure *high_milli)
{
	struct roi worst[2], best[2];

	for (int i = 0; i < 2; i++) {
		enum at hour = i == 0 ? AT_LOW : AT_HIGH;

		if (!work_out(in, AT_LOW, AT_HIGH, hour, &worst[i]) ||
		    !work_out(in, AT_HIGH, AT_LOW, hour, &best[i]))
			return false;
	}
	*low_milli = worst[0].percent_milli < worst[1].percent_milli ? worst[0].percent_milli
								     : worst[1].percent_milli;
	*high_milli =
		best[0].percent_milli > best[1].percent_milli ? best[0].percent_milli : best[1].percent_milli;
	return true;
}
