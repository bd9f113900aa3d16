/*
 * fuzz_sparkplug: any bytes as a Sparkplug payload; what is accepted is written and read back as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "protocols/sparkplug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool same(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Bits, so that a NaN is itself. */
static bool same_real(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void check_metric(const struct sparkplug_metric *metric, uint8_t *buffer, size_t room)
{
	struct sparkplug_metric again;
	struct writer out;
	struct reader rest;

	writer_init(&out, buffer, room);
	sparkplug_write_metric(&out, metric);
	require(!out.failed);
	reader_init(&rest, buffer, writer_size(&out));
	require(sparkplug_next(&rest, &again) == 1);
	require(same(again.name, metric->name) && same(again.unit, metric->unit) &&
		same(again.text, metric->text) ==
			(metric->kind == SPARKPLUG_A_TEXT || metric->kind == SPARKPLUG_SOME_BYTES ||
				metric->text.size == 0));
	require(again.alias == metric->alias && again.timestamp_ms == metric->timestamp_ms);
	require(again.datatype == metric->datatype && again.kind == metric->kind);
	require(again.is_historical == metric->is_historical && again.is_null == metric->is_null);
	require(again.has_sum == metric->has_sum && same_real(again.sum, metric->sum));
	if (metric->kind == SPARKPLUG_A_REAL)
		require(same_real(again.real, metric->real));
	if (metric->kind == SPARKPLUG_AN_INTEGER)
		require(again.integer == metric->integer);
	if (metric->kind == SPARKPLUG_A_TRUTH)
		require(again.truth == metric->truth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sparkplug_payload payload;
	struct sparkplug_metric metric;
	struct sparkplug_state state;
	struct reader rest;
	size_t count = 0;

	(void)sparkplug_state_parse(&state, data, size);
	if (sparkplug_parse(&payload, data, size) < 0)
		return 0;
	uint8_t *buffer = malloc(size + 256);
	require(buffer);
	reader_init(&rest, data, size);
	while (sparkplug_next(&rest, &metric)) {
		check_metric(&metric, buffer, size + 256);
		count++;
	}
	require(count == payload.metrics);
	free(buffer);
	return 0;
}
