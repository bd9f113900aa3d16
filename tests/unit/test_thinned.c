#include "gateway/thinned.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "protocols/number.h"
#include "protocols/segment.h"
#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define WINDOW_US INT64_C(900000000)
#define START_US INT64_C(1700000100000000) /* of a window */
#define RAW_MAX 2000

static struct thinned *open_thinned(void)
{
	struct thinned *thinned;

	ck_assert_int_eq(thinned_open(&thinned, WINDOW_US, 7), 0);
	return thinned;
}

static struct span text(const char *chars)
{
	return (struct span){ chars, strlen(chars) };
}

static struct segment_entry number_at(const char *name, int64_t time_us, const char *value)
{
	struct segment_entry entry = {
		.node = text("node-1"),
		.received_ms = time_us / 1000,
		.reading = { .name = text(name),
			.unit = text("Cel"),
			.kind = READING_NUMBER,
			.has_time = true,
			.time_us = time_us },
	};

	ck_assert_int_eq(number_parse(&entry.reading.number, value, strlen(value)), 0);
	return entry;
}

static void add(struct thinned *thinned, const struct segment_entry *entry)
{
	ck_assert_int_eq(thinned_add(thinned, entry), 0);
}

/* "NAME=VALUE@SECONDS after START_US", of the whole window. */
static const char *show(const struct thinned *thinned, size_t index)
{
	static char shown[512];
	struct thinned_report report;
	size_t used = 0;

	thinned_report(thinned, index, &report);
	for (size_t i = 0; i < report.count; i++) {
		const struct reading *reading = &report.readings[i];
		char value[NUMBER_TEXT_MAX + 1] = "";

		ck_assert(reading->has_time);
		if (reading->kind == READING_NUMBER)
			value[number_print(&reading->number, value)] = '\0';
		else if (reading->kind == READING_BOOLEAN)
			snprintf(value, sizeof(value), "%s", reading->boolean ? "true" : "false");
		else
			snprintf(value, sizeof(value), "%.*s", (int)reading->text.size, reading->text.data);
		used += (size_t)snprintf(shown + used, sizeof(shown) - used, "%s%.*s=%s@%lld", i ? " " : "",
			(int)reading->name.size, reading->name.data, value,
			(long long)(reading->time_us - START_US) / 1000000);
	}
	return shown;
}

START_TEST(four_numbers_become_min_mean_max_and_count)
{
	struct thinned *thinned = open_thinned();
	const char *const values[] = { "22.5", "21.0", "23.25", "22.5", "22.1" };

	for (int i = 0; i < 5; i++) {
		struct segment_entry entry = number_at("t", START_US + i * 60000000, values[i]);
		add(thinned, &entry);
	}
	ck_assert_uint_eq(thinned_windows(thinned), 1);
	ck_assert_str_eq(show(thinned, 0), "t/min=21.0@0 t/mean=22.2700@0 t/max=23.25@0 t/count=5@0");
	thinned_close(thinned);
}
END_TEST

START_TEST(a_few_numbers_stay_as_they_are)
{
	struct thinned *thinned = open_thinned();

	for (int i = 0; i < THINNED_KEPT; i++) {
		struct segment_entry entry = number_at("t", START_US + i * 60000000, "1.50");
		add(thinned, &entry);
	}
	ck_assert_str_eq(show(thinned, 0), "t=1.50@0 t=1.50@60 t=1.50@120");
	thinned_close(thinned);
}
END_TEST

START_TEST(windows_nodes_names_and_units_are_told_apart)
{
	struct thinned *thinned = open_thinned();
	struct segment_entry entry = number_at("t", START_US, "1");

	add(thinned, &entry);
	entry.reading.time_us = START_US - 1;
	add(thinned, &entry);
	entry.reading.time_us = START_US + WINDOW_US - 1;
	add(thinned, &entry);
	ck_assert_uint_eq(thinned_windows(thinned), 2);
	entry.reading.name = text("u");
	add(thinned, &entry);
	entry.reading.unit = text("K");
	add(thinned, &entry);
	entry.node = text("node-2");
	add(thinned, &entry);
	ck_assert_uint_eq(thinned_windows(thinned), 5);
	ck_assert_str_eq(show(thinned, 1), "t=1@0");
	thinned_close(thinned);
}
END_TEST

START_TEST(dates_and_what_the_gateway_timed_are_told_apart)
{
	struct thinned *thinned = open_thinned();
	struct thinned_report report;

	for (int i = 0; i < 10; i++) {
		struct segment_entry entry = number_at("t", START_US + i * 1000000, "1");
		entry.reading.is_dated = i % 2 == 0;
		add(thinned, &entry);
	}
	ck_assert_uint_eq(thinned_windows(thinned), 2);
	for (size_t window = 0; window < 2; window++) {
		thinned_report(thinned, window, &report);
		ck_assert_uint_eq(report.count, 4);
		for (size_t i = 0; i < report.count; i++)
			ck_assert(report.readings[i].is_dated == (window == 0));
	}
	thinned_close(thinned);
}
END_TEST

START_TEST(of_texts_and_booleans_the_last_one_and_the_count_stay)
{
	struct thinned *thinned = open_thinned();
	struct segment_entry entry = number_at("state", START_US, "1");
	const char *const texts[] = { "closed", "open", "opening", "ajar" };

	entry.reading.kind = READING_STRING;
	for (int i = 0; i < 4; i++) {
		entry.reading.text = text(texts[i]);
		entry.reading.time_us = START_US + i * 1000000;
		add(thinned, &entry);
	}
	entry.reading.time_us = START_US;
	entry.reading.text = text("older");
	add(thinned, &entry);
	entry.reading.kind = READING_BOOLEAN;
	entry.reading.boolean = true;
	add(thinned, &entry);
	ck_assert_str_eq(show(thinned, 0), "state/last=ajar@3 state/count=5@0");
	ck_assert_str_eq(show(thinned, 1), "state=true@0");
	thinned_close(thinned);
}
END_TEST

START_TEST(the_last_sum_is_kept)
{
	struct thinned *thinned = open_thinned();
	struct segment_entry entry = number_at("power", START_US, "5");
	struct thinned_report report;

	entry.reading.has_sum = true;
	for (int i = 0; i < 9; i++) {
		entry.reading.time_us = START_US + i;
		entry.reading.sum = number_from_integer(100 + i);
		add(thinned, &entry);
	}
	thinned_report(thinned, 0, &report);
	ck_assert_uint_eq(report.count, 5);
	ck_assert_int_eq(memcmp(report.readings[4].name.data, "power/last", 10), 0);
	ck_assert(report.readings[4].has_sum && report.readings[4].sum.mantissa == 108);
	thinned_close(thinned);
}
END_TEST

START_TEST(it_says_when_it_is_full_and_is_as_it_was)
{
	struct thinned *thinned = open_thinned();
	struct segment_entry entry = number_at("t", START_US, "1");
	char node[16];

	for (int i = 0; i < THINNED_WINDOWS_MAX; i++) {
		snprintf(node, sizeof(node), "node-%d", i);
		entry.node = text(node);
		add(thinned, &entry);
	}
	entry.node = text("one-more");
	ck_assert_int_eq(thinned_add(thinned, &entry), -ENOBUFS);
	ck_assert_uint_eq(thinned_windows(thinned), THINNED_WINDOWS_MAX);
	ck_assert_str_eq(show(thinned, THINNED_WINDOWS_MAX - 1), "t=1@0");
	thinned_close(thinned);
}
END_TEST

/* A reading of a property test, and what is worked out of those of one window by plain counting. */
struct raw {
	char node[8], name[8];
	int64_t start_us;
	struct number number;
};

struct reference {
	size_t count;
	double sum, least, most;
	int places;
};

static struct reference work_out(const struct raw *raw, size_t count, const struct raw *like)
{
	struct reference reference = { .least = INFINITY, .most = -INFINITY };

	for (size_t i = 0; i < count; i++) {
		double value = number_value(&raw[i].number);

		if (raw[i].start_us != like->start_us || strcmp(raw[i].node, like->node) != 0 ||
			strcmp(raw[i].name, like->name) != 0)
			continue;
		reference.count++;
		reference.sum += value;
		reference.least = fmin(reference.least, value);
		reference.most = fmax(reference.most, value);
		if (raw[i].number.is_double)
			reference.places = 300;
		else if (-raw[i].number.exponent > reference.places)
			reference.places = -raw[i].number.exponent;
	}
	return reference;
}

static void check_window(const struct thinned_report *report, const struct reference *reference)
{
	double mean = reference->sum / (double)reference->count;
	double tolerance =
		0.51 * pow(10, -reference->places - 2) + 1e-9 * (fabs(reference->most) + fabs(reference->least));

	ck_assert_uint_eq(report->count, 4);
	ck_assert(number_value(&report->readings[0].number) == reference->least);
	ck_assert(fabs(number_value(&report->readings[1].number) - mean) <= tolerance);
	ck_assert(number_value(&report->readings[2].number) == reference->most);
	ck_assert(number_value(&report->readings[3].number) == (double)reference->count);
}

static void make_raw(struct random *random, struct raw *raw, struct thinned *thinned)
{
	int64_t time_us = START_US + (int64_t)random_below(random, 4 * (uint64_t)WINDOW_US);
	char value[32];

	snprintf(raw->node, sizeof(raw->node), "n%u", (unsigned)random_below(random, 5));
	snprintf(raw->name, sizeof(raw->name), "s%u", (unsigned)random_below(random, 3));
	snprintf(value, sizeof(value), "%d.%0*u", (int)random_below(random, 20000) - 10000,
		1 + (int)random_below(random, 3), (unsigned)random_below(random, 10));
	raw->start_us = START_US + (time_us - START_US) / WINDOW_US * WINDOW_US;
	struct segment_entry entry = number_at(raw->name, time_us, value);
	entry.node = text(raw->node);
	if (random_below(random, 50) == 0)
		entry.reading.number = number_from_double((double)random_below(random, 1000) / 7);
	raw->number = entry.reading.number;
	add(thinned, &entry);
}

START_TEST(what_stands_for_numbers_is_what_plain_counting_says)
{
	static struct raw raw[RAW_MAX];

	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct thinned *thinned = open_thinned();
		struct random random;
		size_t counted = 0;

		random_init(&random, seed);
		size_t count = 1 + (size_t)random_below(&random, RAW_MAX);
		for (size_t i = 0; i < count; i++)
			make_raw(&random, &raw[i], thinned);
		for (size_t i = 0; i < thinned_windows(thinned); i++) {
			struct thinned_report report;
			struct raw like = { .node = "" };

			thinned_report(thinned, i, &report);
			memcpy(like.node, report.node.data, report.node.size);
			memcpy(like.name, report.readings[0].name.data, 2);
			like.start_us = START_US + (report.readings[0].time_us - START_US) / WINDOW_US * WINDOW_US;
			struct reference reference = work_out(raw, count, &like);
			counted += reference.count;
			if (reference.count <= THINNED_KEPT)
				ck_assert_uint_eq(report.count, reference.count);
			else
				check_window(&report, &reference);
		}
		ck_assert_uint_eq(counted, count);
		thinned_close(thinned);
	}
}
END_TEST

/* Whatever a node may say: as many readings are counted as came. */
START_TEST(no_kind_of_reading_is_left_out)
{
	struct thinned *thinned = open_thinned();
	struct random random;
	double counted = 0;

	random_init(&random, 3);
	for (int i = 0; i < RAW_MAX; i++) {
		struct sample sample;
		struct segment_entry entry = { .node = text("node-1"), .received_ms = START_US / 1000 };

		sample_fill(&random, &sample);
		entry.reading = sample.reading;
		add(thinned, &entry);
	}
	for (size_t i = 0; i < thinned_windows(thinned); i++) {
		struct thinned_report report;
		double windows_own = 0;

		thinned_report(thinned, i, &report);
		for (size_t at = 0; at < report.count; at++)
			if (report.readings[at].name.size > 6 &&
				memcmp(report.readings[at].name.data + report.readings[at].name.size - 6, "/count",
					6) == 0)
				windows_own = number_value(&report.readings[at].number);
		counted += windows_own > 0 ? windows_own : (double)report.count;
	}
	ck_assert(counted == RAW_MAX);
	thinned_close(thinned);
}
END_TEST

TEST_SUITE(thinned, four_numbers_become_min_mean_max_and_count, a_few_numbers_stay_as_they_are,
	windows_nodes_names_and_units_are_told_apart, dates_and_what_the_gateway_timed_are_told_apart,
	of_texts_and_booleans_the_last_one_and_the_count_stay, the_last_sum_is_kept,
	it_says_when_it_is_full_and_is_as_it_was, what_stands_for_numbers_is_what_plain_counting_says,
	no_kind_of_reading_is_left_out)
