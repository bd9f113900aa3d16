/*
 * telemetry_house: telemetry from intake to broker with the real store, in a folder of its own, with a clock and a
 * broker that the test moves.
 *
 * Every reading has a value of its own, so that the broker can tell what is missing, doubled or renumbered.
 */
#ifndef WAKEGATE_TESTS_TELEMETRY_HOUSE_H
#define WAKEGATE_TESTS_TELEMETRY_HOUSE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "drivers/uplink.h"
#include "gateway/gaps.h"
#include "gateway/publish.h"
#include "gateway/segment_exchanges.h"
#include "gateway/telemetry.h"
#include "gateway/telemetry_settings.h"
#include "gateway/thin.h"
#include "protocols/fingerprint.h"
#include "protocols/number.h"
#include "protocols/senml.h"
#include "store/segment_store.h"

#define HOUSE_VALUES 200000
#define HOUSE_FLIGHTS 4096
#define HOUSE_NUMBERS (2 * HOUSE_VALUES)

struct house {
	char folder[64];
	struct telemetry_settings settings;
	uint64_t quota;
	bool remembers; /* has a runtime folder, so that the broker may acknowledge too */
	uint32_t boot;
	const struct boot_clock *clock;
	struct moment now;
	struct store *store;
	struct gaps *gaps;
	struct publish *publish;
	struct telemetry *telemetry;
	struct thin *thin;
	const char *vfs; /* NULL: the default */
	/* nodes */
	uint32_t value;                  /* the next one */
	bool urgent, fast, fresh, dated; /* the reports that follow */
	bool migrated;                   /* what a former version stored may be repeated */
	unsigned acknowledged, refused, repeated;
	uint32_t retry_s;
	bool acked[HOUSE_VALUES];
	/* broker */
	bool connected, lazy; /* lazy: acknowledges only when the test says so */
	int answer;           /* to every publish */
	size_t most_bytes;    /* 0: any */
	uint64_t flights[HOUSE_FLIGHTS];
	size_t flight_count, batches, largest_batch, gap_records;
	uint64_t number[HOUSE_VALUES]; /* sequence number under which a value came, 0: not yet */
	unsigned copies[HOUSE_VALUES];
	int64_t time_ms[HOUSE_VALUES]; /* that it came with, 0: none */
	uint64_t received, last_value;
	uint64_t gap_lost;
	char gap_text[128];
	/* Which sequence numbers: came, are said to be lost, or are in a gap of which not all were readings. */
	bool came[HOUSE_NUMBERS], lost[HOUSE_NUMBERS], told[HOUSE_NUMBERS];
	uint64_t thinned; /* readings that windows stand for */
};

/* Notes the number. NODE/count/SUFFIX stands for readings of a window; whether it is one. */
static inline bool house_read_thinned(struct house *house, const struct reading *reading, uint64_t number)
{
	bool again = house->came[number];

	ck_assert(!house->lost[number]);
	house->came[number] = true;
	const char *name = memchr(reading->name.data, '/', reading->name.size);
	size_t left = reading->name.size - (size_t)(name - reading->name.data);

	if (left <= 7 || memcmp(name, "/count/", 7) != 0)
		return false;
	if (!again && left == 12 && memcmp(name + 7, "count", 5) == 0)
		house->thinned += (uint64_t)number_value(&reading->number);
	return true;
}

static inline void house_read_batch(struct house *house, const struct senml_pack *pack)
{
	unsigned boot = 0;
	unsigned long long first = 0, last = 0;
	char label[128] = "";

	memcpy(label, pack->readings[0].text.data, pack->readings[0].text.size);
	ck_assert_int_eq(sscanf(label, "boot=%u first=%llu last=%llu", &boot, &first, &last), 3);
	ck_assert_uint_eq(last - first + 1, pack->count - 1);
	for (size_t i = 1; i < pack->count; i++) {
		size_t value = (size_t)number_value(&pack->readings[i].number);
		uint64_t number = first + i - 1;

		if (number < HOUSE_NUMBERS && house_read_thinned(house, &pack->readings[i], number))
			continue;
		ck_assert_uint_lt(value, HOUSE_VALUES);
		ck_assert(house->number[value] == 0 || house->number[value] == first + i - 1);
		house->number[value] = first + i - 1;
		house->copies[value]++;
		house->time_ms[value] = pack->readings[i].time_us / 1000;
		house->last_value = value;
		house->received++;
	}
	house->batches++;
	if (pack->count - 1 > house->largest_batch)
		house->largest_batch = pack->count - 1;
}

static inline void house_read_gaps(struct house *house, const struct senml_pack *pack)
{
	for (size_t i = 0; i < pack->count; i++) {
		unsigned long long first = 0, last = 0, lost = 0;

		memset(house->gap_text, 0, sizeof(house->gap_text));
		memcpy(house->gap_text, pack->readings[i].text.data, pack->readings[i].text.size);
		ck_assert_int_eq(sscanf(house->gap_text, "first=%llu last=%llu lost=%llu", &first, &last, &lost), 3);
		house->gap_lost += lost;
		for (uint64_t number = first; number <= last && number < HOUSE_NUMBERS; number++)
			*(lost == last - first + 1 ? &house->lost[number] : &house->told[number]) = true;
		house->gap_records++;
	}
}

static inline void house_receive(struct house *house, const struct uplink_message *message)
{
	static struct reading readings[1100];
	static char scratch[1 << 20];
	struct senml_pack pack = { readings, 1100, scratch, sizeof(scratch), 0, 0 };
	struct senml_source source = { FORMAT_JSON, { message->payload, message->size }, 0 };

	ck_assert_str_eq(message->topic, "telemetry/gw-1");
	ck_assert_int_eq(senml_parse(&pack, &source), 0);
	struct span name = pack.readings[0].name;
	if (name.size == 8 && memcmp(name.data, "gw-1/gap", 8) == 0)
		house_read_gaps(house, &pack);
	else
		house_read_batch(house, &pack);
}

static inline int house_send(void *context, const struct uplink_message *message, uint64_t ticket)
{
	struct house *house = context;

	if (!house->connected)
		return -ENOTCONN;
	if (house->most_bytes && message->size > house->most_bytes)
		return -EMSGSIZE;
	ck_assert_uint_lt(house->flight_count, HOUSE_FLIGHTS);
	house->flights[house->flight_count++] = ticket;
	if (house->answer == 0)
		house_receive(house, message);
	return 0;
}

static inline void house_open(struct house *house)
{
	struct store_options options = {
		.directory = house->folder,
		.threadless = true,
		.telemetry_quota_bytes = house->quota,
		.vfs = house->vfs,
		.tell_exchanges = segment_exchanges_told,
	};
	struct store_findings findings;
	char why[256];

	house->boot++;
	ck_assert_int_eq(store_open(&house->store, &options, &findings, why, sizeof(why)), 0);
	ck_assert_int_eq(gaps_open(&house->gaps, house->store), 0);
	struct publish_parts publish = { house->store, house->gaps, &house->settings, "gw-1", "telemetry/gw-1",
		house_send, house, .clock = house->clock };
	ck_assert_int_eq(publish_open(&house->publish, &publish), 0);
	char memory[80];
	snprintf(memory, sizeof(memory), "%s/run", house->folder);
	struct telemetry_parts telemetry = { .store = house->store,
		.gaps = house->gaps,
		.publish = house->publish,
		.settings = &house->settings,
		.boot = house->boot,
		.journal_name = 4711,
		.runtime_directory = house->remembers ? memory : NULL };
	ck_assert_int_eq(telemetry_open(&house->telemetry, &telemetry, house->now), 0);
	struct thin_parts thin = { house->store, house->gaps, house->publish, house->telemetry, &house->settings, 1 };
	ck_assert_int_eq(thin_open(&house->thin, &thin), 0);
}

/* In memory if possible: the disk's pace is not what is tested. */
static inline void house_make_folder(char folder[64])
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : ".";
	const char *parent = getenv("TMPDIR");

	snprintf(folder, 64, "%s/telemetry-XXXXXX", parent ? parent : memory);
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static inline struct house *house_build(void)
{
	struct house *house = calloc(1, sizeof(*house));

	ck_assert_ptr_nonnull(house);
	house_make_folder(house->folder);
	house->settings = (struct telemetry_settings){ .quota_bytes = 1 << 28,
		.retry_after_ms = 60000,
		.commit_delay_ms = 250,
		.thin_above = 75,
		.thin_window_ms = 900000,
		.alarm_share = 25,
		.batch_count = 1000,
		.batch_bytes = 128 * 1024,
		.batch_age_ms = 1000,
		.window = 20 };
	house->now = (struct moment){ .monotonic_ms = 1000, .wall_ms = INT64_C(1700000000000) };
	house->value = 1;
	return house;
}

static inline void house_turn(struct house *house)
{
	store_dispatch(house->store);
	(void)telemetry_tick(house->telemetry, house->now);
	(void)publish_tick(house->publish, house->now);
	(void)thin_tick(house->thin, house->now);
	while (house->connected && !house->lazy && house->flight_count > 0)
		publish_on_delivered(house->publish, house->flights[--house->flight_count], house->answer, house->now);
}

static inline void house_advance(struct house *house, int64_t duration_ms)
{
	for (int64_t i = 0; i < duration_ms; i += 10) {
		house->now.monotonic_ms += 10;
		house->now.wall_ms += 10;
		house_turn(house);
	}
}

static inline void house_connect(struct house *house)
{
	house->connected = true;
	house->flight_count = 0;
	publish_on_connected(house->publish, 20, house->now);
}

/* The broker keeps what it got but its acknowledgements are lost. */
static inline void house_disconnect(struct house *house)
{
	house->connected = false;
	while (house->flight_count > 0)
		publish_on_delivered(house->publish, house->flights[--house->flight_count], -ENOTCONN, house->now);
	publish_on_disconnected(house->publish, house->now);
}

/* A report under way. */
struct house_report {
	struct house *house;
	uint32_t value, count;
	uint64_t exchange; /* as version 3 had it */
};

static inline void house_done(void *context, int result, uint32_t retry_s)
{
	struct house_report *report = context;
	struct house *house = report->house;

	if (result == 0) {
		house->acknowledged++;
		for (uint32_t i = 0; i < report->count; i++)
			house->acked[report->value + i] = true;
	} else if (result == -EALREADY) {
		house->repeated++;
	} else {
		house->refused++;
		house->retry_s = retry_s;
	}
	free(report);
}

/* SplitMix64, made positive: neither its values nor their differences compress. */
static inline int64_t house_scramble(uint64_t value)
{
	value *= 0x9e3779b97f4a7c15;
	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
	value = (value ^ value >> 27) * 0x94d049bb133111eb;
	return (int64_t)((value ^ value >> 31) >> 2);
}

static inline uint64_t house_former(void *context)
{
	const struct house_report *report = context;

	return report->exchange;
}

static inline void house_take_as(struct house *house, uint32_t value, uint32_t count, uint64_t exchange)
{
	struct house_report *context = malloc(sizeof(*context));
	struct reading readings[READINGS_MAX];
	char node[16];

	ck_assert_ptr_nonnull(context);
	*context = (struct house_report){ house, value, count, exchange };
	snprintf(node, sizeof(node), "node-%u", value % 50);
	for (uint32_t i = 0; i < count; i++)
		readings[i] = (struct reading){
			.name = { "count", 5 },
			.kind = READING_NUMBER,
			.number = number_from_integer(value + i),
			.has_sum = true, /* which does not compress */
			.sum = number_from_integer(house_scramble(value + i)),
			.has_time = house->dated,
			.is_dated = house->dated,
			.time_us = house->dated ? INT64_C(1700000000000000) + value + i : 0,
		};
	uint64_t told = fingerprint_of_report((struct span){ node, strlen(node) }, readings, count);
	struct reading_report report = {
		.node = node,
		.readings = readings,
		.count = count,
		.exchange = exchange == 0 ? 0
			    : told        ? told
					  : fingerprint_of_message(exchange),
		.told = told != 0,
		.former = house->migrated ? house_former : NULL,
		.done = house_done,
		.context = context,
		.urgent = house->urgent,
		.fast = house->fast,
		.fresh = house->fresh,
	};
	telemetry_take(house->telemetry, &report, house->now);
}

/* A report with the next `count` values; the first of them. */
static inline uint32_t house_take(struct house *house, uint32_t count)
{
	uint32_t value = house->value;

	house->value += count;
	ck_assert_uint_lt(house->value, HOUSE_VALUES);
	house_take_as(house, value, count, value);
	return value;
}

static inline void house_stop(struct house *house)
{
	telemetry_flush(house->telemetry, house->now);
	publish_flush(house->publish, house->now);
	store_close(house->store);
	telemetry_close(house->telemetry);
	thin_close(house->thin);
	publish_close(house->publish);
	gaps_close(house->gaps);
	house->connected = false;
	house->flight_count = 0;
}

/* Runs `verb FOLDER/pattern target` in the shell. */
static inline void house_files(const char *verb, const char *folder, const char *pattern, const char *target)
{
	char command[256];

	snprintf(command, sizeof(command), "%s %s%s %s", verb, folder, pattern, target);
	ck_assert_int_eq(system(command), 0);
}

/* What is on the disk now, and in memory unless the power was cut, is all that is left; then it starts again. */
static inline void house_end(struct house *house, bool power_cut)
{
	char copy[sizeof(house->folder)];

	house_make_folder(copy);
	house_files("cp", house->folder, "/*.db*", copy);
	if (house->remembers && !power_cut)
		house_files("cp -r", house->folder, "/run", copy);
	/* Nobody hears what the killed process still says. */
	unsigned acknowledged = house->acknowledged;
	bool *acked = malloc(sizeof(house->acked));
	ck_assert_ptr_nonnull(acked);
	memcpy(acked, house->acked, sizeof(house->acked));
	house_stop(house);
	house->acknowledged = acknowledged;
	memcpy(house->acked, acked, sizeof(house->acked));
	free(acked);
	house_files("rm -r", house->folder, "", "");
	memcpy(house->folder, copy, sizeof(copy));
	house_open(house);
}

static inline void house_crash(struct house *house)
{
	house_end(house, false);
}

static inline void house_tear_down(struct house *house)
{
	house_stop(house);
	house_files("rm -r", house->folder, "", "");
	free(house);
}

/* Every acknowledged value came upstream; how many did. */
static inline uint64_t house_check(const struct house *house)
{
	uint64_t found = 0;

	for (size_t i = 0; i < HOUSE_VALUES; i++) {
		ck_assert_msg(!house->acked[i] || house->number[i] > 0, "value %zu is missing", i);
		found += house->number[i] > 0;
	}
	return found;
}

#endif
