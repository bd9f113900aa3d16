#include "drivers/znp_memory.h"

#include <errno.h>
#include <string.h>

#include "protocols/hex.h"
#include "tests/unit/suite.h"

/* Made by zigpy-znp 1.1.1, packed and aligned. */
#define PACKED_NIB                                                                                                     \
	"000000000000000000000000050000000000000000000f00000807060504030201621a00008000000000000000000000000000000008" \
	"07"                                                                                                           \
	"0605040302010000000102030405060708090a0b0c0d0e0f00000102030405060708090a0b0c0d0e0f00000000000000000000000000" \
	"03"
#define ALIGNED_NIB                                                                                                  \
	"0000000000000000000000000500000000000000000000000f0000000807060504030201621a0000008000000000000000000000"   \
	"000000000008070605040302010000000102030405060708090a0b0c0d0e0f00000102030405060708090a0b0c0d0e0f0000000000" \
	"0000000000000000000300"
#define NODE 0x00124b0022000001
#define NODE_KEY "1214153417530b1a1a1c1d3c1f5b0312"
#define PACKED_ENTRY "e8030000d007000001000022004b1200020003"

static size_t bytes_of(uint8_t *out, const char *digits)
{
	ck_assert_int_eq(hex_parse(out, digits, strlen(digits)), 0);
	return strlen(digits) / 2;
}

static void assert_nib(const char *digits, bool aligned)
{
	uint8_t nib[128];
	size_t size = bytes_of(nib, digits);
	struct stick_network network = { 0 }, moved;

	ck_assert_int_eq(znp_nib_parse(&network, nib, size, aligned), 0);
	ck_assert_uint_eq(network.channel, 15);
	ck_assert_uint_eq(network.pan, 0x1a62);
	ck_assert_uint_eq(network.extended_pan, 0x0102030405060708);
	ck_assert_uint_eq(network.update_id, 3);
	network = (struct stick_network){
		.channel = 26, .pan = 0xbeef, .extended_pan = 0xfedcba9876543210, .update_id = 9
	};
	ck_assert_int_eq(znp_nib_patch(nib, size, aligned, &network), 0);
	ck_assert_int_eq(znp_nib_parse(&moved, nib, size, aligned), 0);
	ck_assert_uint_eq(moved.channel, 26);
	ck_assert_uint_eq(moved.pan, 0xbeef);
	ck_assert_uint_eq(moved.extended_pan, network.extended_pan);
	ck_assert_uint_eq(moved.update_id, 9);
	ck_assert_int_eq(znp_nib_parse(&moved, nib, size, !aligned), -EBADMSG);
	ck_assert_int_eq(znp_nib_patch(nib, size - 1, aligned, &network), -EBADMSG);
	network.channel = 0;
	ck_assert_int_eq(znp_nib_patch(nib, size, aligned, &network), 0);
	ck_assert_int_eq(znp_nib_parse(&moved, nib, size, aligned), -ENOENT);
}

START_TEST(zigpys_structures_are_read_and_changed)
{
	assert_nib(PACKED_NIB, false);
	assert_nib(ALIGNED_NIB, true);
}
END_TEST

START_TEST(the_length_of_an_item_tells_the_layout)
{
	bool aligned;

	ck_assert_int_eq(znp_memory_layout(21, &aligned), 0);
	ck_assert(!aligned);
	ck_assert_int_eq(znp_memory_layout(24, &aligned), 0);
	ck_assert(aligned);
	ck_assert_int_eq(znp_memory_layout(0, &aligned), -EINVAL);
}
END_TEST

START_TEST(a_nodes_key_is_derived_as_zigpy_does)
{
	uint8_t seed[16], entry[32], expected[16], written[32];
	struct stick_link_key key = { 0 };
	struct reader in;
	struct writer out;
	size_t size = bytes_of(entry, PACKED_ENTRY);

	for (uint8_t i = 0; i < 16; i++)
		seed[i] = (uint8_t)(0x10 + i);
	(void)bytes_of(expected, NODE_KEY);
	reader_init(&in, entry, size);
	ck_assert_int_eq(znp_node_key_parse(&key, &in, seed), 0);
	ck_assert_uint_eq(key.eui64, NODE);
	ck_assert_uint_eq(key.tx_counter, 1000);
	ck_assert_uint_eq(key.rx_counter, 2000);
	ck_assert_mem_eq(key.key, expected, 16);
	writer_init(&out, written, sizeof(written));
	ck_assert_int_eq(znp_node_key_write(&out, false, &key, seed), 0);
	ck_assert_uint_eq(writer_size(&out), size);
	ck_assert_mem_eq(written, entry, size);
	writer_init(&out, written, sizeof(written));
	ck_assert_int_eq(znp_node_key_write(&out, true, &key, seed), 0);
	ck_assert_uint_eq(writer_size(&out), 20);
	key.key[5] ^= 1;
	ck_assert_int_eq(znp_node_key_write(&out, true, &key, seed), -ENOENT);
	memset(entry, 0, sizeof(entry));
	reader_init(&in, entry, size);
	ck_assert_int_eq(znp_node_key_parse(&key, &in, seed), -ENOENT);
	reader_init(&in, entry, size - 1);
	ck_assert_int_eq(znp_node_key_parse(&key, &in, seed), -EBADMSG);
}
END_TEST

START_TEST(an_address_is_laid_out_as_zigpy_does)
{
	uint8_t written[16], packed[16], aligned[16];
	struct writer out;
	size_t packed_size = bytes_of(packed, "02feff01000022004b1200");
	size_t aligned_size = bytes_of(aligned, "02fffeff01000022004b1200");

	writer_init(&out, written, sizeof(written));
	znp_address_write(&out, false, NODE);
	ck_assert_uint_eq(writer_size(&out), packed_size);
	ck_assert_mem_eq(written, packed, packed_size);
	writer_init(&out, written, sizeof(written));
	znp_address_write(&out, true, NODE);
	ck_assert_uint_eq(writer_size(&out), aligned_size);
	ck_assert_mem_eq(written, aligned, aligned_size);
}
END_TEST

START_TEST(a_counter_is_of_a_network)
{
	uint8_t bytes[12];
	struct writer out;
	struct reader in;
	uint32_t counter = 0;
	uint64_t pan = 0;

	writer_init(&out, bytes, sizeof(bytes));
	znp_counter_write(&out, 77, NODE);
	reader_init(&in, bytes, writer_size(&out));
	ck_assert_int_eq(znp_counter_parse(&in, &counter, &pan), 0);
	ck_assert_uint_eq(counter, 77);
	ck_assert_uint_eq(pan, NODE);
	reader_init(&in, bytes, 11);
	ck_assert_int_eq(znp_counter_parse(&in, &counter, &pan), -EBADMSG);
}
END_TEST

TEST_SUITE(znp_memory, zigpys_structures_are_read_and_changed, the_length_of_an_item_tells_the_layout,
	a_nodes_key_is_derived_as_zigpy_does, an_address_is_laid_out_as_zigpy_does, a_counter_is_of_a_network)
