#include "gateway/forecast_answer.h"

#include <errno.h>
#include <stdlib.h>

#include "gateway/forecast.h"

static int64_t number_of(const json_t *answer, const char *name)
{
	return json_integer_value(json_object_get(answer, name));
}

static struct forecast_node read_node(const json_t *item)
{
	return (struct forecast_node){
		.wave = (unsigned)json_integer_value(json_array_get(item, 0)),
		.period_ms = json_integer_value(json_array_get(item, 1)),
		.next_ms = json_integer_value(json_array_get(item, 2)),
		.missed = json_number_value(json_array_get(item, 3)),
		.silent = json_is_true(json_array_get(item, 4)),
		.stones = (uint32_t)json_integer_value(json_array_get(item, 5)),
		.stone_bytes = (uint32_t)json_integer_value(json_array_get(item, 6)),
		.parent = (uint32_t)json_integer_value(json_array_get(item, 7)),
	};
}

static void read_quarters(bool closed[FORECAST_WEEK], const json_t *text)
{
	const char *at = json_string_value(text);

	for (size_t i = 0; at && i < FORECAST_WEEK && at[i]; i++)
		closed[i] = at[i] == '1';
}

static int read_sample(struct forecast_input *input, struct forecast_node **out, const json_t *list)
{
	size_t count = json_array_size(list) < FORECAST_SAMPLE_MAX ? json_array_size(list) : FORECAST_SAMPLE_MAX;

	if (count == 0)
		return -ENODATA;
	struct forecast_node *nodes = calloc(count, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		nodes[i] = read_node(json_array_get(list, i));
	*out = nodes;
	input->sample = nodes;
	input->sampled = count;
	return 0;
}

int forecast_answer_read(struct forecast_input *input, struct forecast_node **sample, const json_t *answer)
{
	const json_t *counts = json_object_get(answer, "wave_nodes");
	double transfers = (double)number_of(answer, "transfers");

	for (size_t i = 0; i < json_array_size(counts) && i < WAVES_MAX; i++)
		input->wave_nodes[i] = (uint32_t)json_integer_value(json_array_get(counts, i));
	read_quarters(input->closed, json_object_get(answer, "closed"));
	read_quarters(input->apply_closed, json_object_get(answer, "apply_closed"));
	input->spread_ms = number_of(answer, "spread_ms");
	input->now_ms = number_of(answer, "now_ms");
	input->image_bytes = (uint32_t)number_of(answer, "image_bytes");
	/* One of fifty, where little is known. */
	input->attempt_fails = ((double)number_of(answer, "failed") + 0.2) / (transfers + 10);
	input->attempts = number_of(answer, "attempts");
	input->retry_after_ms = number_of(answer, "retry_after_ms");
	input->at_once = number_of(answer, "link_transfers");
	input->per_parent = number_of(answer, "link_per_parent");
	return read_sample(input, sample, json_object_get(answer, "sample"));
}
