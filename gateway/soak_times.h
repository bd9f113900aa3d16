/*
 * soak_times: how long each wave of a rollout is watched before the next one: one time for all, or a list of them.
 *
 * As text people write "24 h", or "1 h, 4 h, 1 d"; as JSON it is milliseconds, a number or a list of numbers. A list
 * has a time for each wave but the last, which no other follows; a 0 for that one may stand behind them.
 */
#ifndef WAKEGATE_GATEWAY_SOAK_TIMES_H
#define WAKEGATE_GATEWAY_SOAK_TIMES_H

#include <jansson.h>
#include <stdint.h>

#include "gateway/wave.h"

#define SOAK_TIME_MOST (365 * INT64_C(24) * 3600 * 1000) /* ms */
#define SOAK_TIMES_EXAMPLE "\"24 h\", or one for each wave but the last, as \"1 h, 4 h, 1 d\""

/* The JSON of a text, yours; commas or blanks are between times. -EINVAL: a part of it is no time up to
 * SOAK_TIME_MOST, or there are more than WAVES_MAX. */
int soak_times_parse(json_t **out, const char *text);

/* What a plan of so many waves has: a time for each, 0 for the last. -EINVAL with a sentence in `why`
 * (ROLLOUT_SENTENCE_SIZE), `out` untouched. */
int soak_times_read(int64_t out[WAVES_MAX], const json_t *json, unsigned wave_count, char *why);

/* The JSON that reads to the same: a number where the times are all alike. NULL if there is no memory. */
json_t *soak_times_json(const int64_t soak_ms[WAVES_MAX], unsigned wave_count);

/* After the wave of that index, of a plan's JSON that was read before. */
int64_t soak_times_after(const json_t *json, unsigned wave);

#endif
