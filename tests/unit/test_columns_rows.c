/* Rows become the same columns, whether their readings are told or read between, or not. */
#include <errno.h>
#include <string.h>

#include "protocols/columns.h"
#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define REPORT_MOST 6

/* One way of making columns, and what it made. */
struct way {
	struct columns_limits limits;
	void *memory;
	struct columns_writer *writer;
	uint8_t message[1 << 18];
	size_t size;
	int result;
};

static struct segment_walk walk;
static struct segment_writer rows;
static uint8_t data[1 << 16];

static void begin(struct way *way, const struct columns_limits *limits)
{
	way->limits = *limits;
	way->memory = malloc(columns_writer_memory(limits));
	ck_assert_ptr_nonnull(way->memory);
	way->writer = columns_writer_init(way->memory, limits);
}

static void write_message(struct way *way)
{
	struct writer out;

	writer_init(&out, way->message, sizeof(way->message));
	columns_write(way->writer, &out);
	ck_assert(!out.failed);
	way->size = writer_size(&out);
	ck_assert_uint_le(way->size, columns_bound(way->writer));
	ck_assert_uint_le(columns_bound(way->writer), way->limits.bytes);
}

static void add_each(struct way *way)
{
	struct segment_entry entry;

	while ((way->result = segment_walk_next(&walk, &entry)) == 1)
		if ((way->result = columns_add(way->writer, &entry)) < 0)
			break;
}

static struct way plain, fast;

/* To where the walk is after so many readings. */
static void go_to(size_t size, size_t readings)
{
	struct segment_entry entry;

	segment_walk_init(&walk, data, size);
	while (readings > 0 && segment_walk_next(&walk, &entry) == 1)
		readings--;
}

/* Both ways with the segment, perhaps not the first one of their messages, but for some readings. */
static void check_ways(size_t size, bool anew, size_t skipped)
{
	if (anew) {
		columns_begin(plain.writer);
		columns_begin(fast.writer);
	}
	go_to(size, skipped);
	add_each(&plain);
	go_to(size, skipped);
	fast.result = columns_add_rows(fast.writer, &walk);
	ck_assert_int_eq(fast.result, plain.result);
	ck_assert_uint_eq(columns_count(fast.writer), columns_count(plain.writer));
	ck_assert_uint_eq(columns_bound(fast.writer), columns_bound(plain.writer));
	write_message(&plain);
	write_message(&fast);
	ck_assert_uint_eq(fast.size, plain.size);
	ck_assert_mem_eq(fast.message, plain.message, plain.size);
}

/* What sensors report: the same fields each time, mostly. */
static void fill_likely(struct random *random, struct reading *reading, size_t place, size_t shift)
{
	static const char *const names[] = { "temperature", "humidity", "battery", "rssi", "power", "energy" };
	static const char *const units[] = { "Cel", "%RH", "V", "dBm", "W", "" };
	size_t number = (place + shift) % REPORT_MOST;
	bool odd = random_below(random, 30) == 0;

	*reading = (struct reading){
		.name = { names[number], strlen(names[number]) },
		.unit = { units[number], odd ? 0 : strlen(units[number]) },
		.kind = READING_NUMBER,
		.number = sample_number(random),
		.has_time = place < 2 || random_below(random, 20) == 0,
		.has_sum = random_below(random, 40) == 0,
	};
	if (random_below(random, 8))
		reading->number = (struct number){ .mantissa = (int)random_below(random, 90) - 9, .exponent = -1 };
	reading->time_us = reading->has_time ? INT64_C(1700000000000000) + (int64_t)random_below(random, 1 << 30) : 0;
	reading->is_dated = reading->has_time && random_below(random, 4);
}

/* A segment in `data`, of likely readings or of any. */
static size_t fill(struct random *random, size_t reports, unsigned likely)
{
	static struct sample samples[REPORT_MOST];
	struct reading readings[REPORT_MOST];
	int64_t received_ms = INT64_C(1700000000000);
	size_t shift = random_below(random, REPORT_MOST); /* the same texts have other numbers in other segments */
	char node[16];

	segment_writer_init(&rows, data, sizeof(data));
	for (; reports > 0; reports--) {
		size_t count = 1 + random_below(random, REPORT_MOST);

		(void)snprintf(node, sizeof(node), "node-%u", (unsigned)random_below(random, 40));
		received_ms += random_below(random, 3);
		for (size_t i = 0; i < count; i++) {
			sample_fill(random, &samples[i]);
			readings[i] = samples[i].reading;
			if (random_below(random, 100) < likely)
				fill_likely(random, &readings[i], i, shift);
		}
		const struct segment_report report = { { node, strlen(node) }, received_ms, readings, count };
		(void)segment_write_report(&rows, &report);
	}
	return segment_writer_size(&rows);
}

START_TEST(rows_become_the_same_columns_either_way)
{
	static const unsigned likely[] = { 100, 98, 60, 0 };
	const struct columns_limits limits = { 1000, 1 << 16, 1 << 17 };
	struct random random;

	random_init(&random, 11);
	begin(&plain, &limits);
	begin(&fast, &limits);
	for (unsigned round = 0; round < 400; round++) {
		size_t size = fill(&random, random_below(&random, 120), likely[round % 4]);
		bool anew = random_below(&random, 3) > 0 || columns_count(plain.writer) > 400;
		check_ways(size, anew, round % 5 ? 0 : random_below(&random, 20));
	}
	free(plain.memory);
	free(fast.memory);
}
END_TEST

START_TEST(limits_are_the_same_either_way)
{
	struct random random;

	random_init(&random, 12);
	for (unsigned round = 0; round < 300; round++) {
		const struct columns_limits limits = { 1 + random_below(&random, 60), 16 + random_below(&random, 200),
			2000 + random_below(&random, 3000) };

		begin(&plain, &limits);
		begin(&fast, &limits);
		check_ways(fill(&random, 1 + random_below(&random, 40), 95), true, 0);
		free(plain.memory);
		free(fast.memory);
	}
}
END_TEST

START_TEST(damaged_rows_are_the_same_either_way)
{
	const struct columns_limits limits = { 2000, 1 << 16, 1 << 17 };
	struct random random;
	unsigned refused = 0;

	random_init(&random, 13);
	begin(&plain, &limits);
	begin(&fast, &limits);
	for (unsigned round = 0; round < 3000; round++) {
		size_t size = fill(&random, 1 + random_below(&random, 20), 98);

		for (unsigned flips = 1 + (unsigned)random_below(&random, 3); flips > 0; flips--)
			data[random_below(&random, size)] ^= (uint8_t)(1 << random_below(&random, 8));
		check_ways(size, true, 0);
		refused += plain.result == -EBADMSG;
	}
	ck_assert_uint_gt(refused, 300);
	ck_assert_uint_lt(refused, 2700);
	free(plain.memory);
	free(fast.memory);
}
END_TEST

TEST_SUITE(columns_rows, rows_become_the_same_columns_either_way, limits_are_the_same_either_way,
	damaged_rows_are_the_same_either_way)
