#include "protocols/senml_shapes.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/sample_readings.h"
#include "tests/unit/suite.h"

#define NOW_US (INT64_C(1700000000) * 1000000)
#define PACK_MAX 2048

/* What senml_parse() and the shapes found in the same pack. */
struct parsed {
	struct reading readings[READINGS_MAX];
	char scratch[8192];
	struct senml_pack pack;
	int result;
};

static struct senml_shapes shapes;
static struct parsed plain, shaped;

static void forget_shapes(void)
{
	shapes = (struct senml_shapes){ .clock = 0 };
}

static void prepare(struct parsed *parsed, size_t capacity, size_t scratch_size)
{
	parsed->pack = (struct senml_pack){ parsed->readings, capacity, parsed->scratch, scratch_size, 0, 0 };
	memset(parsed->readings, 0xa5, sizeof(parsed->readings));
}

/* Parses in both ways, which must agree; whether the shape was known. */
static bool parse_within(const void *data, size_t size, bool any_start, size_t capacity, size_t scratch_size)
{
	struct senml_source source = { FORMAT_CBOR, { data, size }, NOW_US, any_start };
	bool known = false;

	prepare(&plain, capacity, scratch_size);
	prepare(&shaped, capacity, scratch_size);
	plain.result = senml_parse(&plain.pack, &source);
	shaped.result = senml_shapes_parse(&shapes, &shaped.pack, &source);
	ck_assert_int_eq(plain.result, shaped.result);
	ck_assert_uint_eq(plain.pack.count, shaped.pack.count);
	ck_assert_uint_eq(plain.pack.fault_offset, shaped.pack.fault_offset);
	for (size_t i = 0; i < plain.pack.count; i++) {
		ck_assert(sample_same(&plain.readings[i], &shaped.readings[i], false));
		ck_assert_int_eq(plain.readings[i].is_dated, shaped.readings[i].is_dated);
	}
	for (size_t i = 0; i < SENML_SHAPES_MAX; i++)
		known |= shapes.met[i] && shapes.used_at[i] == shapes.clock;
	return known;
}

static bool parse(const void *data, size_t size)
{
	return parse_within(data, size, false, READINGS_MAX, sizeof(plain.scratch));
}

/* [{bn: "ab/", bt: 1.7e9 s, n: "t", u: "Cel", v: 21.5}, {n: "h", v: 40, t: -1}, {n: "f", v: 1.5 (a float)}] */
static const uint8_t sample[] = "\x83"
				"\xa5\x21\x63"
				"ab/"
				"\x22\x1a\x65\x53\xf1\x00"
				"\x00\x61t\x01\x63"
				"Cel\x02\xc4\x82\x20\x18\xd7"
				"\xa3\x00\x61h\x02\x18\x28\x06\x20"
				"\xa2\x00\x61"
				"f\x02\xfa\x3f\xc0\x00\x00";
enum { SAMPLE_SIZE = sizeof(sample) - 1, AT_BASE_NAME = 4, AT_BASE_TIME = 9, AT_DECIMAL = 26, AT_FLOAT = 42 };

static uint8_t copy[SAMPLE_SIZE];

/* The sample with other bytes at one place. */
static bool parse_changed(size_t at, const void *bytes, size_t size)
{
	memcpy(copy, sample, SAMPLE_SIZE);
	memcpy(copy + at, bytes, size);
	return parse(copy, SAMPLE_SIZE);
}

static void learn_sample(void)
{
	forget_shapes();
	ck_assert(!parse(sample, SAMPLE_SIZE));
	ck_assert_int_eq(plain.result, 0);
	ck_assert_uint_eq(plain.pack.count, 3);
}

START_TEST(a_pack_with_other_numbers_has_a_known_shape)
{
	learn_sample();
	ck_assert(parse(sample, SAMPLE_SIZE));
	ck_assert(parse_changed(AT_DECIMAL, "\x01", 1));
	ck_assert_int_eq(shaped.readings[0].number.mantissa, 1);
	ck_assert_int_eq(shaped.readings[0].number.exponent, -1);
	ck_assert(parse_changed(AT_FLOAT, "\xc1\x00\x00\x00", 4));
	ck_assert_double_eq(number_value(&shaped.readings[2].number), -8);
	ck_assert(parse_changed(AT_BASE_TIME, "\x65\x53\xf1\x05", 4));
	ck_assert_int_eq(shaped.readings[0].time_us, NOW_US + 5000000);
	ck_assert_int_eq(shaped.readings[1].time_us, shaped.readings[0].time_us - 1000000);
}
END_TEST

START_TEST(a_pack_of_another_node_has_a_known_shape)
{
	learn_sample();
	ck_assert(parse_changed(AT_BASE_NAME, "xy:", 3));
	ck_assert_mem_eq(shaped.readings[0].name.data, "xy:t", 4);
	ck_assert_mem_eq(shaped.readings[2].name.data, "xy:f", 4);
}
END_TEST

START_TEST(a_base_name_that_is_none_is_refused)
{
	learn_sample();
	ck_assert(!parse_changed(AT_BASE_NAME, "-", 1));
	ck_assert_int_eq(shaped.result, -EBADMSG);
	ck_assert(!parse_changed(AT_BASE_NAME + 1, " ", 1));
	ck_assert_int_eq(shaped.result, -EBADMSG);
	ck_assert(!parse_changed(AT_BASE_NAME + 1, "\xff", 1));
	ck_assert_int_eq(shaped.result, -EBADMSG);
}
END_TEST

/* A name that follows a node's own may begin with any character, so that each shape is for one of both. */
START_TEST(who_may_begin_a_name_with_anything_is_asked)
{
	memcpy(copy, sample, SAMPLE_SIZE);
	copy[AT_BASE_NAME] = '-';
	learn_sample();
	ck_assert(!parse_within(copy, SAMPLE_SIZE, true, READINGS_MAX, 1000));
	ck_assert(parse_within(copy, SAMPLE_SIZE, true, READINGS_MAX, 1000));
	ck_assert(!parse_within(copy, SAMPLE_SIZE, false, READINGS_MAX, 1000));
	ck_assert_int_eq(shaped.result, -EBADMSG);
}
END_TEST

/* Infinite, a time beyond the year 9999, an integer of 64 bits: each is in the place of a good number. */
START_TEST(a_number_that_is_none_is_refused)
{
	static const uint8_t wide[] = "\x81\xa3\x00\x61\x61\x02\x1b\0\0\0\0\0\0\0\x01\x06\x1b\0\0\0\0\0\0\0\x01";
	uint8_t other[sizeof(wide) - 1];

	learn_sample();
	ck_assert(!parse_changed(AT_FLOAT, "\x7f\x80\x00\x00", 4));
	ck_assert_int_eq(shaped.result, -ERANGE);
	forget_shapes();
	parse(wide, sizeof(other));
	ck_assert(parse(wide, sizeof(other)));
	memcpy(other, wide, sizeof(other));
	other[7] = 0x80;
	ck_assert(!parse(other, sizeof(other)));
	ck_assert_int_eq(shaped.result, 0);
	ck_assert(shaped.readings[0].number.is_double);
	other[7] = 0;
	other[sizeof(other) - 8] = 0x70;
	ck_assert(!parse(other, sizeof(other)));
	ck_assert_int_eq(shaped.result, -ERANGE);
}
END_TEST

/* The head of a short integer holds its value; one that announces bytes behind it is something else. */
START_TEST(an_integer_of_one_byte_stays_one)
{
	static const uint8_t small[] = "\x81\xa2\x00\x64xxxx\x02\x05";
	uint8_t other[sizeof(small) - 1];

	forget_shapes();
	parse(small, sizeof(other));
	memcpy(other, small, sizeof(other));
	for (unsigned byte = 0; byte < 256; byte++) {
		other[sizeof(other) - 1] = (uint8_t)byte;
		/* The first negative one is another shape. */
		ck_assert_int_eq(parse(other, sizeof(other)), byte < 24 || (byte > 32 && byte < 32 + 24));
	}
}
END_TEST

START_TEST(too_little_room_is_an_error_as_ever)
{
	learn_sample();
	ck_assert(!parse_within(sample, SAMPLE_SIZE, false, 2, 1000));
	ck_assert_int_eq(shaped.result, -ENOBUFS);
	ck_assert(!parse_within(sample, SAMPLE_SIZE, false, 3, 11));
	ck_assert_int_eq(shaped.result, -ENOBUFS);
	ck_assert(parse_within(sample, SAMPLE_SIZE, false, 3, 12));
}
END_TEST

/* A pack with this text for a name, and its size. */
static size_t write_named(uint8_t *pack, unsigned number)
{
	memcpy(pack, "\x81\xa2\x00\x68", 4);
	snprintf((char *)pack + 4, 9, "name%04u", number);
	memcpy(pack + 12, "\x02\x07", 2);
	return 14;
}

static bool parse_named(unsigned number)
{
	uint8_t pack[32];

	return parse(pack, write_named(pack, number));
}

START_TEST(the_shape_that_was_of_no_use_the_longest_gives_way)
{
	forget_shapes();
	for (unsigned i = 0; i < SENML_SHAPES_MAX; i++)
		ck_assert(!parse_named(i));
	for (unsigned i = 0; i < SENML_SHAPES_MAX; i++)
		ck_assert(i == 3 || parse_named(i));
	ck_assert(!parse_named(SENML_SHAPES_MAX));
	for (unsigned i = 0; i <= SENML_SHAPES_MAX; i++)
		ck_assert(i == 3 || parse_named(i));
	ck_assert(!parse_named(3));
}
END_TEST

static unsigned shapes_learned(void)
{
	unsigned learned = 0;

	for (size_t i = 0; i < SENML_SHAPES_MAX; i++)
		learned += shapes.shapes[i].size > 0 && shapes.used_at[i] == shapes.clock && !shapes.met[i];
	return learned;
}

START_TEST(packs_that_are_never_alike_are_learned_ever_less)
{
	unsigned learned = 0;

	forget_shapes();
	for (unsigned i = 0; i < 1000; i++) {
		parse_named(i);
		learned += shapes_learned();
	}
	ck_assert_uint_gt(learned, SENML_SHAPES_MAX);
	ck_assert_uint_lt(learned, 2 * SENML_SHAPES_MAX);
	for (unsigned i = 0; !parse_named(2000); i++)
		ck_assert_uint_lt(i, 2 * SENML_SHAPES_PAUSE_MAX);
	ck_assert(!parse_named(2001));
	ck_assert(parse_named(2001));
}
END_TEST

/* Base values and sums, two base names: such packs are parsed as ever, and make no shape give way. */
START_TEST(packs_without_a_shape_are_parsed_as_ever)
{
	static const uint8_t value[] = "\x81\xa3\x24\x01\x00\x61\x61\x02\x07",
			     sum[] = "\x81\xa3\x25\x01\x00\x61\x61\x05\x07",
			     names[] = "\x82\xa2\x21\x61\x61\x02\x07\xa2\x21\x61\x62\x02\x07";

	learn_sample();
	for (int i = 0; i < 3 * SENML_SHAPES_MAX; i++) {
		ck_assert(!parse(value, sizeof(value) - 1));
		ck_assert_int_eq(shaped.readings[0].number.mantissa, 8);
		ck_assert(!parse(sum, sizeof(sum) - 1));
		ck_assert_int_eq(shaped.readings[0].sum.mantissa, 8);
		ck_assert(!parse(names, sizeof(names) - 1));
		ck_assert_int_eq(shaped.readings[1].name.data[0], 'b');
	}
	ck_assert(parse(sample, SAMPLE_SIZE));
}
END_TEST

/* Some readings of all kinds, as a pack in CBOR. */
static size_t write_random(struct random *random, uint8_t *pack)
{
	static struct sample samples[4];
	struct reading readings[4];
	struct writer out;
	size_t count = 1 + random_below(random, 4);

	for (size_t i = 0; i < count; i++) {
		sample_fill(random, &samples[i]);
		samples[i].reading.text.size %= 12;
		readings[i] = samples[i].reading;
	}
	writer_init(&out, pack, PACK_MAX);
	int64_t size = senml_write(
		FORMAT_CBOR, &out, (struct span){ "base/", random_below(random, 2) ? 5 : 0 }, readings, count);
	ck_assert_int_gt(size, 0);
	return (size_t)size;
}

/* Whatever is changed in a pack whose shape is known, it means what senml_parse() says that it means. */
START_TEST(any_pack_is_read_as_the_parser_reads_it)
{
	struct random random;
	unsigned known = 0, refused = 0;
	uint8_t pack[PACK_MAX], changed[PACK_MAX];

	for (unsigned round = 0; round < 1500; round++) {
		random_init(&random, round);
		forget_shapes();
		size_t size = write_random(&random, pack);
		parse(pack, size);
		for (int i = 0; i < 60; i++) {
			memcpy(changed, pack, size);
			for (unsigned changes = 1 + random_below(&random, 3); changes > 0; changes--)
				changed[random_below(&random, (uint32_t)size)] ^=
					(uint8_t)(1u << random_below(&random, 8));
			known += parse(changed, size);
			refused += shaped.result < 0;
		}
	}
	ck_assert_uint_gt(known, 5000);
	ck_assert_uint_gt(refused, 5000);
}
END_TEST

TEST_SUITE(senml_shapes, a_pack_with_other_numbers_has_a_known_shape, a_pack_of_another_node_has_a_known_shape,
	a_base_name_that_is_none_is_refused, who_may_begin_a_name_with_anything_is_asked,
	a_number_that_is_none_is_refused, an_integer_of_one_byte_stays_one, too_little_room_is_an_error_as_ever,
	the_shape_that_was_of_no_use_the_longest_gives_way, packs_that_are_never_alike_are_learned_ever_less,
	packs_without_a_shape_are_parsed_as_ever, any_pack_is_read_as_the_parser_reads_it)
