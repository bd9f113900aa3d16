#include "protocols/ezsp.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "tests/unit/suite.h"

static void open_hex(struct reader *in, const char *digits)
{
	static uint8_t bytes[256];

	ck_assert_int_eq(hex_parse(bytes, digits, strlen(digits)), 0);
	reader_init(in, bytes, strlen(digits) / 2);
}

static void assert_written(const struct writer *out, const char *digits)
{
	char found[512];

	hex_print(found, out->start, writer_size(out));
	ck_assert_str_eq(found, digits);
}

/* Captured from zigbee-herdsman 10.9.5. */
/* Profile 0x0104, cluster 0x0019, from endpoint 1 to 2, options 0x1140, no group, no counter. */
#define APS_HEX "0401190001024011000000"

START_TEST(the_first_version_is_asked_and_told_in_the_old_format)
{
	uint8_t bytes[16];
	struct writer out;
	struct reader in;
	uint8_t version = 0;
	uint16_t stack = 0;

	writer_init(&out, bytes, sizeof(bytes));
	ezsp_first_version_write(&out, 0, 13);
	assert_written(&out, "0000000d");
	open_hex(&in, "0080000d021074");
	ck_assert_int_eq(ezsp_first_version_parse(&in, &version, &stack), 0);
	ck_assert_uint_eq(version, 13);
	ck_assert_uint_eq(stack, 0x7410);
	open_hex(&in, "0080000d0210");
	ck_assert_int_eq(ezsp_first_version_parse(&in, &version, &stack), -EBADMSG);
	open_hex(&in, "0000000d021074");
	ck_assert_int_eq(ezsp_first_version_parse(&in, &version, &stack), -EBADMSG);
}
END_TEST

/* Captured likewise, version 14. */
START_TEST(a_captured_message_of_version_14_is_read)
{
	struct ezsp_header header;
	struct ezsp_incoming message;
	struct reader in;

	open_hex(&in, "2790014500"
		      "00"
		      "0401060001010001000070"
		      "dec9"
		      "0000000000000000"
		      "ffff"
		      "03"
		      "00"
		      "06000000"
		      "05"
		      "18040b0000");
	ck_assert_int_eq(ezsp_header_parse(&header, &in), 0);
	ck_assert_uint_eq(header.id, 0x45);
	ck_assert(header.is_response && header.is_callback);
	ck_assert_int_eq(ezsp_incoming_parse(ezsp_dialect(14), &in, &message), 0);
	ck_assert_uint_eq(message.aps.profile, 0x0104);
	ck_assert_uint_eq(message.aps.cluster, 0x0006);
	ck_assert_uint_eq(message.aps.own_endpoint, 1);
	ck_assert_uint_eq(message.peer, 0xc9de);
	ck_assert_uint_eq(message.lqi, 3);
	ck_assert_uint_eq(message.payload.size, 5);
	ck_assert_mem_eq(message.payload.data, "\x18\x04\x0b\0\0", 5);
}
END_TEST

START_TEST(a_message_of_version_13_is_read)
{
	struct ezsp_incoming message;
	struct reader in;

	open_hex(&in, "00"
		      "0401020401010001000070"
		      "ff"
		      "c4"
		      "dec9"
		      "ffff"
		      "02"
		      "1801");
	ck_assert_int_eq(ezsp_incoming_parse(ezsp_dialect(13), &in, &message), 0);
	ck_assert_uint_eq(message.lqi, 255);
	ck_assert_int_eq(message.rssi, -60);
	ck_assert_uint_eq(message.peer, 0xc9de);
	ck_assert_uint_eq(message.payload.size, 2);
	open_hex(&in, "00"
		      "0401020401010001000070"
		      "ff"
		      "c4"
		      "dec9"
		      "ffff"
		      "03"
		      "1801");
	ck_assert_int_eq(ezsp_incoming_parse(ezsp_dialect(13), &in, &message), -EBADMSG);
}
END_TEST

START_TEST(messages_are_written_as_each_version_has_them)
{
	const struct ezsp_outgoing message = { .peer = 0xfffc,
		.aps = { .profile = 0x0104,
			.cluster = 0x0019,
			.own_endpoint = 1,
			.peer_endpoint = 2,
			.options = 0x1140 },
		.radius = 30,
		.tag = 7,
		.payload = { (const uint8_t *)"ab", 2 } };
	uint8_t bytes[64];
	struct writer out;

	/* After the frame's head: peer, options, tag, length, payload. */
	const struct {
		void (*write)(
			const struct ezsp_dialect *dialect, struct writer *out, const struct ezsp_outgoing *message);
		uint8_t version;
		const char *hex;
	} rows[] = {
		{ ezsp_unicast_write, 8,
			"00fcff" APS_HEX "07"
			"026162" },
		{ ezsp_unicast_write, 16,
			"00fcff" APS_HEX "0700"
			"026162" },
		{ ezsp_broadcast_write, 13,
			"fcff" APS_HEX "1e"
			"07"
			"026162" },
		{ ezsp_broadcast_write, 14,
			"fffffcff00" APS_HEX "1e"
			"0700"
			"026162" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		writer_init(&out, bytes, sizeof(bytes));
		rows[i].write(ezsp_dialect(rows[i].version), &out, &message);
		assert_written(&out, rows[i].hex);
	}
}
END_TEST

START_TEST(what_became_of_a_message_is_read)
{
	struct reader in;
	uint16_t tag = 0;
	enum ezsp_status status = EZSP_OTHER;

	open_hex(&in, "00dec9"
		      "0401190001024011000000"
		      "09"
		      "66"
		      "00");
	ck_assert_int_eq(ezsp_sent_parse(ezsp_dialect(13), &in, &tag, &status), 0);
	ck_assert_uint_eq(tag, 9);
	ck_assert_int_eq(status, EZSP_NO_ACK);
	open_hex(&in, "00000000"
		      "00dec9"
		      "0401190001024011000000"
		      "0900"
		      "00");
	ck_assert_int_eq(ezsp_sent_parse(ezsp_dialect(14), &in, &tag, &status), 0);
	ck_assert_uint_eq(tag, 9);
	ck_assert_int_eq(status, EZSP_OK);
	open_hex(&in, "00000000"
		      "00dec9");
	ck_assert_int_eq(ezsp_sent_parse(ezsp_dialect(14), &in, &tag, &status), -EBADMSG);
}
END_TEST

START_TEST(each_version_has_its_dialect)
{
	ck_assert_ptr_null(ezsp_dialect(7));
	ck_assert_ptr_nonnull(ezsp_dialect(8));
	ck_assert_ptr_eq(ezsp_dialect(8), ezsp_dialect(12));
	ck_assert_ptr_ne(ezsp_dialect(12), ezsp_dialect(13));
	ck_assert_ptr_ne(ezsp_dialect(13), ezsp_dialect(14));
	ck_assert_ptr_eq(ezsp_dialect(14), ezsp_dialect(16));
	ck_assert_ptr_eq(ezsp_dialect(16), ezsp_dialect(19));
}
END_TEST

START_TEST(a_status_means_the_same_in_both_widths)
{
	struct reader in;

	open_hex(&in, "90917293c9cf4274e5");
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_UP);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_DOWN);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_BUSY);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_NOT_JOINED);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_NO_ACK);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_NO_ROUTE);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_EXPIRED);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_TOO_LONG);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(13), &in), EZSP_OTHER);
	open_hex(&in, "1500000016000000030c000017000000020c0000260c000041000000380000000100ffff");
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_UP);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_DOWN);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_BUSY);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_NOT_JOINED);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_NO_ACK);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_NO_ROUTE);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_EXPIRED);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_TOO_LONG);
	ck_assert_int_eq(ezsp_read_status(ezsp_dialect(14), &in), EZSP_OTHER);
}
END_TEST

TEST_SUITE(ezsp, the_first_version_is_asked_and_told_in_the_old_format, a_captured_message_of_version_14_is_read,
	a_message_of_version_13_is_read, messages_are_written_as_each_version_has_them,
	what_became_of_a_message_is_read, each_version_has_its_dialect, a_status_means_the_same_in_both_widths)
