#include "protocols/zigbee_backup.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/suite.h"

static struct zigbee_backup_device room[8];

/* As zigpy 2.4.0 writes one, with members that nobody here needs. */
static const char zigpys[] =
	"{\"metadata\": {\"version\": 1, \"format\": \"zigpy/open-coordinator-backup\", \"source\": "
	"\"zigpy-znp@1.1.1\", "
	"\"internal\": {\"creation_time\": \"2026-01-02T03:04:05+00:00\", \"node\": {\"ieee\": \"00124b0001020304\", "
	"\"nwk\": \"0000\", \"type\": \"coordinator\", \"model\": null}, \"network\": {\"tc_link_key\": {\"key\": "
	"\"5a6967426565416c6c69616e63653039\", \"frame_counter\": 0}, \"tc_address\": \"00124b0001020304\"}, "
	"\"link_key_seqs\": {}, \"route_table\": {}, \"tx_power\": null}}, \"stack_specific\": {\"zstack\": "
	"{\"tclk_seed\": "
	"\"00\"}}, \"coordinator_ieee\": \"00124b0001020304\", \"pan_id\": \"1a62\", \"extended_pan_id\": "
	"\"dddddddddddddddd\", \"nwk_update_id\": 3, \"security_level\": 5, \"channel\": 15, \"channel_mask\": [15, "
	"20], "
	"\"network_key\": {\"key\": \"01030507090b0d0f00020406080a0c0d\", \"sequence_number\": 1, \"frame_counter\": "
	"4294967295}, \"devices\": [{\"ieee_address\": \"00124b0014d26937\", \"nwk_address\": \"abc\", \"is_child\": "
	"false, "
	"\"link_key\": {\"key\": \"00112233445566778899aabbccddeeff\", \"tx_counter\": 7, \"rx_counter\": 9}}, "
	"{\"ieee_address\": \"000d6f0001020304\", \"nwk_address\": null, \"is_child\": true}]}";

static int parse(struct zigbee_backup *out, const char *json, size_t size, const char **fault)
{
	*out = (struct zigbee_backup){ .devices = room, .device_room = sizeof(room) / sizeof(room[0]) };
	return zigbee_backup_parse(out, (struct span){ json, size }, fault);
}

static void check_zigpys(const struct zigbee_backup *backup)
{
	static const uint8_t key[16] = { 1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13 };

	ck_assert_uint_eq(backup->coordinator, 0x00124b0001020304);
	ck_assert_uint_eq(backup->pan, 0x1a62);
	ck_assert_uint_eq(backup->extended_pan, 0xdddddddddddddddd);
	ck_assert_uint_eq(backup->update_id, 3);
	ck_assert_uint_eq(backup->channel, 15);
	ck_assert_uint_eq(backup->key_sequence, 1);
	ck_assert_uint_eq(backup->frame_counter, UINT32_MAX);
	ck_assert_mem_eq(backup->key, key, sizeof(key));
	ck_assert(backup->has_link_key);
	ck_assert_mem_eq(backup->link_key, "ZigBeeAlliance09", 16);
	ck_assert_uint_eq(backup->device_count, 2);
	ck_assert_uint_eq(backup->devices[0].eui64, 0x00124b0014d26937);
	ck_assert_uint_eq(backup->devices[0].nwk, 0x0abc);
	ck_assert(backup->devices[0].has_key && !backup->devices[0].is_child);
	ck_assert_uint_eq(backup->devices[0].rx_counter, 9);
	ck_assert(!backup->devices[1].has_nwk && !backup->devices[1].has_key && backup->devices[1].is_child);
}

START_TEST(zigpys_backup_is_read)
{
	struct zigbee_backup backup;
	const char *fault;

	ck_assert_int_eq(parse(&backup, zigpys, strlen(zigpys), &fault), 0);
	check_zigpys(&backup);
}
END_TEST

START_TEST(what_is_written_is_read_again)
{
	char text[ZIGBEE_BACKUP_HEAD_BYTES + 2 * ZIGBEE_BACKUP_DEVICE_BYTES];
	struct zigbee_backup backup;
	struct writer out;
	const char *fault;

	ck_assert_int_eq(parse(&backup, zigpys, strlen(zigpys), &fault), 0);
	writer_init(&out, text, sizeof(text));
	zigbee_backup_write(&out, &backup);
	ck_assert_uint_gt(writer_size(&out), 0);
	ck_assert_int_eq(parse(&backup, text, writer_size(&out), &fault), 0);
	check_zigpys(&backup);
}
END_TEST

START_TEST(a_cut_backup_is_refused_at_every_length)
{
	struct zigbee_backup backup;
	const char *fault;

	for (size_t size = 0; size < strlen(zigpys); size++) {
		char *copy = malloc(size + 1);
		memcpy(copy, zigpys, size);
		ck_assert_int_eq(parse(&backup, copy, size, &fault), -EBADMSG);
		free(copy);
	}
}
END_TEST

START_TEST(something_else_is_refused_in_words)
{
	struct zigbee_backup backup;
	const char *fault;

	ck_assert_int_eq(parse(&backup, "{}", 2, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "it does not say that it is a zigpy/open-coordinator-backup of version 1");
	ck_assert_int_eq(parse(&backup, "[]", 2, &fault), -EBADMSG);
	ck_assert_str_eq(fault, "it is not the JSON of a coordinator backup");
	static const char bare[] = "{\"metadata\":{\"format\":\"zigpy/open-coordinator-backup\",\"version\":1}}";
	ck_assert_int_eq(parse(&backup, bare, strlen(bare), &fault), -EBADMSG);
	ck_assert_str_eq(fault, "it lacks the network's key, addresses or channel");
}
END_TEST

START_TEST(more_devices_than_there_is_room_are_refused)
{
	struct zigbee_backup backup = { .devices = room, .device_room = 1 };
	const char *fault;

	ck_assert_int_eq(zigbee_backup_parse(&backup, (struct span){ zigpys, strlen(zigpys) }, &fault), -ENOBUFS);
}
END_TEST

TEST_SUITE(zigbee_backup, zigpys_backup_is_read, what_is_written_is_read_again, a_cut_backup_is_refused_at_every_length,
	something_else_is_refused_in_words, more_devices_than_there_is_room_are_refused)
