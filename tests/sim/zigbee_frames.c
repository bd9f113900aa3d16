/*
 * zigbee_frames: what the Zigbee driver and a node say to each other, for decoders that nobody here wrote.
 *
 * A line each, "WHAT to|from PROFILE CLUSTER ENDPOINT HEX": to the gateway or from it, with the node's endpoint; all
 * numbers are hexadecimal. WHAT is the step of the interview, or what is asked after it.
 */
#include "tests/sim/staged.h"
#include "tests/unit/zigbee_stage.h"

static struct stage stage;

static void print(const char *what, const char *way, const struct zigbee_message *message)
{
	printf("%s %s %04x %04x %02x ", what, way, message->profile, message->cluster, message->peer_endpoint);
	for (size_t i = 0; i < message->payload.size; i++)
		printf("%02x", (unsigned char)message->payload.data[i]);
	putchar('\n');
}

static void print_heard(void *context, const struct zigbee_message *message)
{
	print(context, "to", message);
}

/* The node gets what was sent and answers it; both are printed. False: nothing was sent. */
static bool exchange(const char *what)
{
	struct stick *stick = stage.driver->stick;
	struct stick_dummy_sent sent;

	if (stick->sent_count == 0)
		return false;
	sent = stick->sent[0];
	sent.message.payload.data = (const char *)sent.data;
	print(what, "from", &sent.message);
	stage.heard = print_heard;
	stage.heard_context = (void *)what;
	return stage_exchange(&stage);
}

static void hear(const char *what, uint16_t cluster, const char *hex)
{
	stage.heard = print_heard;
	stage.heard_context = (void *)what;
	stage_hear_zcl(&stage, cluster, hex);
	(void)exchange(what);
}

/* As the EZSP stick is told to send it; Z-Stack makes its own. */
static void print_permit(void)
{
	uint8_t data[8];
	size_t size = zdo_write(&(struct zdo_message){ .cluster = ZDO_PERMIT, .seconds = 180 }, data, sizeof(data));

	print("permit", "from",
		&(struct zigbee_message){ .cluster = ZDO_PERMIT, .payload = { (const char *)data, size } });
}

/* What a node that cannot report a value says. */
static void print_refusal(void)
{
	const struct zcl_record refused = { .attribute = 0x0020, .status = ZCL_UNREPORTABLE };
	uint8_t data[ZIGBEE_ASDU_MAX];
	struct writer out;

	writer_init(&out, data, sizeof(data));
	zcl_frame_write(&out, &(struct zcl_frame){ .is_global = true,
				      .to_client = true,
				      .sequence = 9,
				      .command = ZCL_CONFIGURE_REPORTING_RESPONSE });
	zcl_record_write(&out, &refused, ZCL_CONFIGURE_REPORTING_RESPONSE);
	print("refusal", "to",
		&(struct zigbee_message){ .profile = 0x0104,
			.cluster = CLUSTER_BATTERY,
			.peer_endpoint = 1,
			.payload = { (const char *)data, writer_size(&out) } });
}

START_TEST(print_frames)
{
	stage_init(&stage);
	stage_up(&stage);
	stage_join(&stage);
	const struct zigbee_node *node = stage.driver->nodes.list[0];
	while (exchange(zigbee_step_name(node->interview.step)))
		;
	ck_assert_uint_eq(node->interview.step, STEP_DONE);
	hear("time", CLUSTER_TIME, "00070000000100070099990200");
	hear("unserved", 0x0006, "010502");
	hear("report", CLUSTER_TEMPERATURE, "08420a0000296608");
	stage_ask(&stage, "remove", "{\"node\":\"" STAGE_SENSOR_ID "\",\"forget\":true}");
	(void)exchange("leave");
	hear("stranger", CLUSTER_TEMPERATURE, "18430a0000296608");
	print_permit();
	print_refusal();
	stage_close(&stage);
}
END_TEST

int main(void)
{
	return staged_run("zigbee_frames", print_frames);
}
