/*
 * bench_upstream: bytes that a reading takes on the way upstream, in every format.
 *
 * A message of a thousand readings of a thousand nodes, as gateway/publish hands it to the uplink. Measured twice: with
 * one value of each node, and with a report of four values of each (temperature, humidity, battery, signal). Reports
 * come within a second, in any order, each dated by its node to the millisecond. The ids of the nodes are in the
 * message, as are gateway, boot and sequence numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/batch.h"
#include "gateway/random.h"
#include "gateway/telemetry_settings.h"
#include "protocols/segment.h"
#include "tests/bench/figure.h"

#define NODES 1000
#define VALUES 4
#define BATCHES 20
#define BATCH_BYTES (512 * 1024)

struct quantity {
	const char *name, *unit;
	int8_t exponent;
	int64_t least;
	uint32_t range;
};

/* What rooms and batteries are like, in the steps that sensors tell. */
static const struct quantity quantities[VALUES] = {
	{ "temperature", "Cel", -2, 1500, 1500 },
	{ "humidity", "%RH", -1, 300, 400 },
	{ "battery", "V", -3, 2700, 600 },
	{ "rssi", "dBm", 0, -95, 50 },
};

struct site {
	struct random random;
	char ids[NODES][24];
	unsigned order[NODES];
	int64_t values[NODES][VALUES];
	int64_t now_ms;
};

/* Most rooms are alike: the sum of four dice is bell-shaped enough. */
static int64_t first_value(struct site *site, const struct quantity *quantity)
{
	int64_t value = quantity->least;

	for (int i = 0; i < 4; i++)
		value += random_below(&site->random, quantity->range / 4);
	return value;
}

static void init_site(struct site *site, bool random_ids)
{
	random_init(&site->random, 1);
	site->now_ms = INT64_C(1700000000000);
	for (unsigned i = 0; i < NODES; i++) {
		if (random_ids)
			snprintf(site->ids[i], sizeof(site->ids[i]), "%016llx",
				(unsigned long long)random_next(&site->random));
		else
			snprintf(site->ids[i], sizeof(site->ids[i]), "node-%03u", i);
		site->order[i] = i;
		for (unsigned j = 0; j < VALUES; j++)
			site->values[i][j] = first_value(site, &quantities[j]);
	}
}

static void shuffle(struct site *site)
{
	for (unsigned i = NODES; i > 1; i--) {
		unsigned other = random_below(&site->random, i);
		unsigned id = site->order[i - 1];

		site->order[i - 1] = site->order[other];
		site->order[other] = id;
	}
}

static void add_report(struct site *site, struct batch *batch, unsigned node, unsigned values)
{
	int64_t time_us = (site->now_ms - 20 - random_below(&site->random, 50)) * 1000;
	unsigned first = values == 1 ? node % VALUES : 0;

	for (unsigned i = first; i < first + values; i++) {
		int64_t *value = &site->values[node][i];

		*value += (int64_t)random_below(&site->random, 7) - 3;
		struct segment_entry entry = { { site->ids[node], strlen(site->ids[node]) }, site->now_ms,
			{ .name = { quantities[i].name, strlen(quantities[i].name) },
				.unit = { quantities[i].unit, strlen(quantities[i].unit) },
				.kind = READING_NUMBER,
				.has_time = true,
				.is_dated = true,
				.number = { .mantissa = *value, .exponent = quantities[i].exponent },
				.time_us = time_us } };
		if (batch_add(batch, &entry) < 0)
			abort();
	}
}

/* Payload bytes of a message for each node in it. */
static double measure(int format, int compression, unsigned values, bool random_ids)
{
	static struct site site;
	struct batch_options options = { "gateway-1", format, compression, BATCH_BYTES };
	struct batch *batch = NULL;
	double bytes = 0;

	if (batch_open(&batch, &options) < 0)
		abort();
	init_site(&site, random_ids);
	for (unsigned round = 0; round < BATCHES; round++) {
		struct batch_label label = { 3, 1 + (uint64_t)round * NODES * values };
		struct uplink_message message = { 0 };

		shuffle(&site);
		batch_begin(batch);
		for (unsigned i = 0; i < NODES; i++, site.now_ms += i % NODES ? 1 : 0)
			add_report(&site, batch, site.order[i], values);
		batch_finish(batch, &label, &message);
		bytes += (double)message.size;
	}
	batch_close(batch);
	return bytes / NODES / BATCHES;
}

int main(void)
{
	static const char *const formats[] = { "json", "cbor", "columnar" };

	for (int format = BATCH_JSON; format <= BATCH_COLUMNS; format++)
		for (int compression = BATCH_PLAIN; compression <= BATCH_ZSTD; compression++) {
			bool best = format == BATCH_COLUMNS && compression == BATCH_ZSTD;
			const char *packed = compression == BATCH_ZSTD ? "_zstd" : "";
			char name[64];

			snprintf(name, sizeof(name), "upstream.%s%s_per_value", formats[format], packed);
			figure(name, measure(format, compression, 1, false), "B", 0, false);
			snprintf(name, sizeof(name), "upstream.%s%s_per_report_of_four", formats[format], packed);
			figure(name, measure(format, compression, VALUES, false), "B", best ? 8 : 0, false);
		}
	figure("upstream.columnar_zstd_per_report_random_ids", measure(BATCH_COLUMNS, BATCH_ZSTD, VALUES, true), "B", 0,
		false);
	return 0;
}
