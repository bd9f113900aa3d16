#include "gateway/rhythm.h"

#define UNHEEDED_MOST (RHYTHM_UNHEEDED + 3) /* it must keep to as many slots before it is told of them again */
#define SLACK_PART 8                        /* a visit within this part of the wait was meant for its slot */
#define SLACK_LEAST_MS 5000                 /* repeated datagrams, a node that boots */
#define SAMPLES_MOST 3
#define OUTLIER_PPM 2048 /* once the drift is known, more comes of repeated datagrams and power cuts, not of clocks */
#define TIMES_MOST 4     /* visits in a row that may have been missed */
#define MILLION 1000000

static int64_t magnitude(int64_t value)
{
	return value < 0 ? -value : value;
}

static int64_t bounded(int64_t value, int64_t most)
{
	return value > most ? most : value < -most ? -most : value;
}

bool rhythm_is_own(const struct rhythm *rhythm)
{
	return rhythm->unheeded >= RHYTHM_UNHEEDED;
}

int64_t rhythm_period_ms(const struct rhythm *rhythm, int64_t interval_ms)
{
	return rhythm_is_own(rhythm) && rhythm->period_ms ? rhythm->period_ms : interval_ms;
}

int rhythm_confidence_percent(const struct rhythm *rhythm)
{
	return rhythm->period_ms ? 100 - rhythm->spread * 100 / RHYTHM_SPREAD_MOST : 0;
}

static int64_t drift_ppm(const struct rhythm *rhythm)
{
	return (int64_t)rhythm->drift * RHYTHM_DRIFT_PPM;
}

uint32_t rhythm_tell_s(const struct rhythm *rhythm, int64_t wait_ms)
{
	int64_t told_s = (wait_ms * MILLION / (MILLION + drift_ppm(rhythm)) + 500) / 1000;

	return told_s < 1 ? 1 : (uint32_t)told_s;
}

int64_t rhythm_waits_ms(const struct rhythm *rhythm, uint32_t told_s)
{
	return (int64_t)told_s * (MILLION + drift_ppm(rhythm)) / 1000;
}

/* The first sample counts whole, the next half, and so on: soon known, and then steady. An outlier is no sample, but
 * the next one is the first again, should the clock have changed. */
static void learn_drift(struct rhythm *rhythm, int64_t late_ms, int64_t expected_ms)
{
	int64_t off = late_ms * MILLION / expected_ms;

	if (rhythm->samples > 1 && magnitude(off) > OUTLIER_PPM) {
		rhythm->samples = 0;
		return;
	}
	int64_t ppm = drift_ppm(rhythm) + off / (1 << rhythm->samples);
	rhythm->drift = (int16_t)bounded(ppm / RHYTHM_DRIFT_PPM, MILLION / SLACK_PART / RHYTHM_DRIFT_PPM);
	rhythm->samples = (uint8_t)(rhythm->samples < SAMPLES_MOST ? rhythm->samples + 1 : SAMPLES_MOST) & 3;
}

static void set_spread(struct rhythm *rhythm, int64_t deviation)
{
	int64_t spread = (rhythm->spread * INT64_C(3) + deviation) / 4;

	rhythm->spread = (uint8_t)(spread > RHYTHM_SPREAD_MOST ? RHYTHM_SPREAD_MOST : spread);
}

/* Where it missed some visits, or we did, the sleep is several periods long. */
void rhythm_learn_period(struct rhythm *rhythm, int64_t slept_ms)
{
	int64_t period = rhythm->period_ms;

	if (slept_ms <= 0 || slept_ms > UINT32_MAX)
		return;
	int64_t times = period ? (slept_ms + period / 2) / period : 0;
	bool fits = times > 0 && times <= TIMES_MOST;
	int64_t off = fits ? slept_ms / times - period : period;
	if (period == 0 || (rhythm->spread > RHYTHM_SPREAD_MOST / 2 && magnitude(off) > period / 4)) {
		rhythm->period_ms = (uint32_t)slept_ms;
		rhythm->spread = RHYTHM_SPREAD_MOST;
		return;
	}
	set_spread(rhythm, magnitude(off) * 256 / period);
	if (fits)
		rhythm->period_ms = (uint32_t)(period + off / 4);
}

static void heed(struct rhythm *rhythm)
{
	if (rhythm->unheeded == 0)
		return;
	rhythm->unheeded = (rhythm->unheeded - 1) & 15;
	if (rhythm->unheeded > 0)
		return;
	rhythm->period_ms = 0;
	rhythm->spread = 0;
}

static void disregard(struct rhythm *rhythm, int64_t slept_ms)
{
	if (rhythm->unheeded < UNHEEDED_MOST)
		rhythm->unheeded = (rhythm->unheeded + 1) & 15;
	rhythm_learn_period(rhythm, slept_ms);
}

void rhythm_learn(struct rhythm *rhythm, const struct rhythm_visit *visit)
{
	int64_t late = visit->slept_ms - visit->expected_ms, slack = visit->expected_ms / SLACK_PART;
	bool teaches = !rhythm->idle && visit->expected_ms > 0;

	rhythm->idle = 0;
	if (slack < SLACK_LEAST_MS)
		slack = SLACK_LEAST_MS;
	if (rhythm_is_own(rhythm) ? visit->in_slot : visit->in_slot || magnitude(late) <= slack)
		heed(rhythm);
	else if (teaches)
		disregard(rhythm, visit->slept_ms);
	/* Short waits tell more of how long it takes to boot than of its clock. */
	if (teaches && !rhythm_is_own(rhythm) && magnitude(late) <= visit->expected_ms / SLACK_PART &&
		visit->expected_ms >= visit->interval_ms * 7 / 16)
		learn_drift(rhythm, late, visit->expected_ms);
}

int64_t rhythm_packed(const struct rhythm *rhythm)
{
	uint32_t high = (uint32_t)(uint16_t)rhythm->drift << 16 | (uint32_t)rhythm->spread << 8 |
			(uint32_t)rhythm->unheeded << 4 | (uint32_t)rhythm->samples << 2 |
			(uint32_t)rhythm->promised << 1 | rhythm->idle;

	return (int64_t)((uint64_t)high << 32 | rhythm->period_ms);
}

struct rhythm rhythm_unpacked(int64_t packed)
{
	uint32_t high = (uint32_t)((uint64_t)packed >> 32);

	return (struct rhythm){
		.period_ms = (uint32_t)packed,
		.drift = (int16_t)(high >> 16),
		.spread = (uint8_t)(high >> 8),
		.unheeded = high >> 4 & 15,
		.samples = high >> 2 & 3,
		.promised = high >> 1 & 1,
		.idle = high & 1,
	};
}
