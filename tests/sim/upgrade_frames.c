/*
 * upgrade_frames: what the OTA Upgrade server sends, for decoders that nobody here wrote.
 *
 * Without arguments the frames of each situation and the requests that led to them, a line each, "WHAT to|from HEX".
 * With a FILE (8 KiB at most) the bytes that a node gets that asks for it block by block.
 */
#include "protocols/zigbee_ota.h"
#include "tests/sim/staged.h"
#include "tests/unit/upgrade_stage.h"

static struct upgrade_stage stage;
static const char *served_file;

static void print(const char *what, const char *way, const uint8_t *data, size_t size)
{
	printf("%s %s ", what, way);
	for (size_t i = 0; i < size; i++)
		printf("%02x", data[i]);
	putchar('\n');
}

/* The node sends this; what was sent in answer is printed after it. */
static void say(const char *what, const char *node, const struct zigbee_upgrade *message)
{
	uint8_t data[128];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zigbee_upgrade_write(&out, message, 0x2a);
	print(what, "to", data, writer_size(&out));
	stage_hear(&stage, node, data, writer_size(&out));
	while (stage.seen < stage.sent_count) {
		const struct upgrade_sent *sent = stage_next(&stage);
		print(what, "from", sent->data, sent->size);
	}
}

static void say_unasked(const char *what)
{
	struct zigbee_upgrade_peer peer = stage_peer("n1");

	zigbee_upgrades_meet(stage.upgrades, &peer, false, stage.now_ms);
	stage_pass(&stage, 120000);
	while (stage.seen < stage.sent_count) {
		const struct upgrade_sent *sent = stage_next(&stage);
		print(what, "from", sent->data, sent->size);
	}
}

static struct zigbee_upgrade request(uint8_t command)
{
	return (struct zigbee_upgrade){ .command = command, .file = stage_file(&stage) };
}

static void transfer(void)
{
	struct zigbee_upgrade query = request(UPGRADE_QUERY_NEXT);
	struct zigbee_upgrade block = request(UPGRADE_BLOCK);
	struct zigbee_upgrade page = request(UPGRADE_PAGE);
	struct zigbee_upgrade end = request(UPGRADE_END);

	query.file.version = 0x01020304;
	say("none", "n2", &query);
	query.has_hardware = true;
	query.hardware = 16;
	say("query", "n1", &query);
	block.offset = 216;
	block.most = 50;
	say("block", "n1", &block);
	block.has_eui64 = block.period_known = block.has_period = true;
	block.eui64 = 0x1122334455667788;
	block.period = 300;
	stage.fetch_ms = 60000;
	say("wait", "n1", &block);
	stage.fetch_ms = 0;
	page.offset = 300;
	page.most = 40;
	page.page_bytes = 40;
	page.spacing_ms = 20;
	say("page", "n1", &page);
	end.status = ZCL_INVALID_IMAGE;
	say("bad", "n1", &end);
	end.status = ZCL_SUCCESS;
	say("good", "n1", &end);
}

static void stage_it(void)
{
	struct zigbee_upgrade end = request(UPGRADE_END);
	struct zigbee_upgrade block = request(UPGRADE_BLOCK);

	stage_offer_at(&stage, "n3", (struct offer_times){ .apply_at_ms = stage.now_ms + 3600000 });
	say("staged", "n3", &end);
	block.file.version++;
	block.most = 50;
	say("abort", "n3", &block);
}

/* The stage is one for tests, and wants to be in one. */
START_TEST(print_frames)
{
	stage_open(&stage);
	stage_offer(&stage, "n1");
	say_unasked("unasked");
	transfer();
	stage_it();
	stage_close(&stage);
}
END_TEST

static void read_file(const char *path)
{
	struct zigbee_ota file;
	const char *fault = NULL;
	FILE *in = fopen(path, "rb");

	ck_assert_msg(in != NULL, "cannot open %s", path);
	stage.image.size_bytes = (uint32_t)fread(stage.file, 1, sizeof(stage.file), in);
	fclose(in);
	ck_assert_int_eq(zigbee_ota_parse(&file, stage.file, stage.image.size_bytes, &fault), 0);
	stage.plan.manufacturer = file.manufacturer;
	stage.plan.image_type = file.image_type;
	stage.plan.version = file.file_version;
	stage.prefix = file.offset;
}

START_TEST(serve_file)
{
	struct zigbee_upgrade query;

	stage_open(&stage);
	read_file(served_file);
	stage_offer(&stage, "n1");
	query = request(UPGRADE_QUERY_NEXT);
	query.file.version--;
	stage_ask(&stage, "n1", &query, 1);
	uint32_t size = stage_expect_command(&stage, UPGRADE_QUERY_NEXT_RESPONSE).size;
	for (uint32_t offset = 0; offset < size;) {
		stage_ask_block(&stage, "n1", offset, 50, 2);
		struct zigbee_upgrade block = stage_expect_command(&stage, UPGRADE_BLOCK_RESPONSE);
		ck_assert_uint_eq(block.offset, offset);
		(void)fwrite(block.data.data, 1, block.data.size, stdout);
		offset += (uint32_t)block.data.size;
	}
	stage_close(&stage);
}
END_TEST

int main(int argc, char **argv)
{
	served_file = argc > 1 ? argv[1] : NULL;
	return staged_run("upgrade_frames", served_file ? serve_file : print_frames);
}
