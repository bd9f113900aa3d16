#include "protocols/protobuf.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/suite.h"

static uint8_t buffer[70000];
static struct writer out;

static void begin(size_t size)
{
	writer_init(&out, buffer, size);
}

static struct span text(const char *of)
{
	return (struct span){ of, strlen(of) };
}

START_TEST(the_bytes_of_the_encoding_guide)
{
	/* protobuf.dev/programming-guides/encoding: 150 in field 1, "testing" in field 2, the first within field 3 */
	static const uint8_t expected[] = { 0x08, 0x96, 0x01, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g', 0x1a, 0x03,
		0x08, 0x96, 0x01 };

	begin(sizeof(buffer));
	protobuf_write_varint(&out, 1, 150);
	protobuf_write_bytes(&out, 2, text("testing"));
	struct protobuf_nest nest = protobuf_open(&out, 3);
	protobuf_write_varint(&out, 1, 150);
	protobuf_close(&out, nest);
	ck_assert_uint_eq(writer_size(&out), sizeof(expected));
	ck_assert_mem_eq(buffer, expected, sizeof(expected));
}
END_TEST

START_TEST(a_nest_of_any_size_is_read_back)
{
	static const size_t sizes[] = { 0, 1, 126, 127, 128, 129, 16383, 16384, 16385, 65000 };
	char *filling = malloc(65000);

	memset(filling, 'x', 65000);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct protobuf_field field, inner;
		struct reader in;

		begin(sizeof(buffer));
		struct protobuf_nest nest = protobuf_open(&out, 7);
		struct protobuf_nest second = protobuf_open(&out, 8);
		protobuf_write_bytes(&out, 9, (struct span){ filling, sizes[i] });
		protobuf_close(&out, second);
		protobuf_close(&out, nest);
		ck_assert(!out.failed);
		reader_init(&in, buffer, writer_size(&out));
		for (uint32_t number = 7; number <= 9; number++) {
			ck_assert(protobuf_read(&in, &field));
			ck_assert_uint_eq(field.number, number);
			ck_assert(!protobuf_read(&in, &inner));
			reader_init(&in, field.bytes.data, field.bytes.size);
		}
		ck_assert_uint_eq(field.bytes.size, sizes[i]);
		ck_assert_mem_eq(field.bytes.data, filling, sizes[i]);
	}
	free(filling);
}
END_TEST

START_TEST(a_nest_that_does_not_fit_fails_the_writer)
{
	for (size_t room = 0; room < 133; room++) {
		char filling[128] = { 0 };

		begin(room);
		struct protobuf_nest nest = protobuf_open(&out, 1);
		protobuf_write_bytes(&out, 1, (struct span){ filling, sizeof(filling) });
		protobuf_close(&out, nest);
		ck_assert(out.failed);
	}
}
END_TEST

START_TEST(reals_of_both_sizes_are_read)
{
	static const uint8_t single[] = { 0x0d, 0x00, 0x00, 0xc0, 0x3f };
	struct protobuf_field field;
	struct reader in;

	begin(sizeof(buffer));
	protobuf_write_double(&out, 1, -22.5);
	reader_init(&in, buffer, writer_size(&out));
	ck_assert(protobuf_read(&in, &field));
	ck_assert_double_eq(protobuf_double(&field), -22.5);
	reader_init(&in, single, sizeof(single));
	ck_assert(protobuf_read(&in, &field));
	ck_assert_double_eq(protobuf_double(&field), 1.5);
}
END_TEST

START_TEST(what_no_writer_wrote_fails_the_reader)
{
	static const struct {
		size_t size;
		uint8_t bytes[12];
	} bad[] = {
		{ 1, { 0x08 } },                                                              /* no value */
		{ 2, { 0x00, 0x01 } },                                                        /* field 0 */
		{ 2, { 0x0b, 0x01 } },                                                        /* a group */
		{ 2, { 0x0f, 0x01 } },                                                        /* wire type 7 */
		{ 3, { 0x0a, 0x02, 0x01 } },                                                  /* cut bytes */
		{ 11, { 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 } }, /* 2^64 - 1 bytes */
		{ 4, { 0x0d, 0x01, 0x02, 0x03 } },                                            /* cut fixed32 */
		{ 7, { 0xf8, 0xff, 0xff, 0xff, 0xff, 0x01, 0x01 } },                          /* a field too high */
		{ 12, { 0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 } }, /* 11 bytes */
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct protobuf_field field = { .number = 99 };
		struct reader in;

		reader_init(&in, bad[i].bytes, bad[i].size);
		ck_assert(!protobuf_read(&in, &field));
		ck_assert(in.failed);
		ck_assert_uint_eq(field.number, 99);
	}
}
END_TEST

TEST_SUITE(protobuf, the_bytes_of_the_encoding_guide, a_nest_of_any_size_is_read_back,
	a_nest_that_does_not_fit_fails_the_writer, reals_of_both_sizes_are_read, what_no_writer_wrote_fails_the_reader)
