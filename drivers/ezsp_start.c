#include <stdio.h>
#include <string.h>

#include "drivers/ezsp_stick.h"
#include "drivers/stick_endpoints.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CONFIG_MESSAGES 0x03
#define CONFIG_KEY_TABLE 0x1e
#define COORDINATOR 1
#define START_MS 15000
#define CONCENTRATOR_HIGH_RAM 0xfff9
#define ROUTE_MODE_RESCHEDULE 2

struct setting {
	uint8_t id;
	uint16_t value;
};

/* UG100, section 2.3.1; what the stick has no room for stays as its firmware has it. */
static const struct setting configs[] = {
	{ 0x19, 2 },    /* addresses that the trust centre remembers */
	{ 0x12, 7680 }, /* ms that a frame waits for a child: as Zigbee PRO has it */
	{ 0x10, 30 },   /* hops at most */
	{ 0x2d, 1 },    /* networks */
	{ 0x0c, 2 },    /* stack profile: Zigbee PRO */
	{ 0x0d, 5 },    /* security level */
	{ 0x11, 32 },   /* children that sleep */
	{ 0x13, 8 },    /* a child that has not polled for 2^8 minutes is forgotten */
	{ 0x36, 300 },  /* s that a key for joining is kept */
};

static const struct setting policies[] = {
	{ 0x01, 0x12 }, /* bindings are changed if endpoint and cluster are there */
	{ 0x04, 0x40 }, /* what was sent comes back as its tag only */
	{ 0x05, 0x51 }, /* who asks for the trust centre's key gets it */
	{ 0x06, 0x60 }, /* keys between nodes are not given */
	{ 0x00, 0x02 }, /* nodes that were here come back, others do not join */
};

/* ---- versions ---- */

static enum script_turn refuse(struct ezsp *ezsp, const char *why)
{
	stick_set_state(&ezsp->stick, STICK_REFUSED, why);
	return SCRIPT_DONE;
}

static void write_version(void *context, struct writer *out)
{
	struct ezsp *ezsp = context;

	write_u8(out, ezsp->version ? ezsp->version : EZSP_VERSION_MOST);
}

static enum script_turn take_first_version(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	uint16_t stack;
	char why[160];

	if (ezsp_first_version_parse(answer, &ezsp->version, &stack) < 0)
		return SCRIPT_FAILED;
	snprintf(ezsp->stick.firmware, sizeof(ezsp->stick.firmware), "EmberZNet %u.%u.%u.%u", stack >> 12,
		stack >> 8 & 15, stack >> 4 & 15, stack & 15);
	ezsp->dialect = ezsp_dialect(ezsp->version);
	if (ezsp->dialect)
		return SCRIPT_NEXT;
	snprintf(why, sizeof(why),
		"the stick's firmware is too old: it speaks version %u of EZSP, and %u to %u are known; flash "
		"EmberZNet 7.4 or later",
		ezsp->version, EZSP_VERSION_LEAST, EZSP_VERSION_MOST);
	return refuse(ezsp, why);
}

static enum script_turn take_second_version(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	if (read_u8(answer) != ezsp->version)
		return SCRIPT_FAILED;
	if (ezsp->version > EZSP_VERSION_MOST)
		stick_event(&ezsp->stick, DRIVER_WARNING, "zigbee.stick_new ezsp=%u known=%u", ezsp->version,
			EZSP_VERSION_MOST);
	return SCRIPT_NEXT;
}

/* ---- configuration ---- */

static enum script_turn turn_until(const struct ezsp *ezsp, size_t count)
{
	return ezsp->stick.script.turn + 1 < count ? SCRIPT_AGAIN : SCRIPT_NEXT;
}

static void write_config(void *context, struct writer *out)
{
	const struct setting *config = &configs[((struct ezsp *)context)->stick.script.turn];

	write_u8(out, config->id);
	write_le16(out, config->value);
}

static enum script_turn take_config(void *context, struct reader *answer)
{
	(void)answer;
	return turn_until(context, COUNT(configs));
}

static void write_policy(void *context, struct writer *out)
{
	const struct setting *policy = &policies[((struct ezsp *)context)->stick.script.turn];

	write_u8(out, policy->id);
	write_u8(out, (uint8_t)policy->value);
}

static enum script_turn take_policy(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	if (ezsp_read_status(ezsp->dialect, answer) != EZSP_OK)
		return SCRIPT_FAILED;
	return turn_until(ezsp, COUNT(policies));
}

static void write_messages_question(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, CONFIG_MESSAGES);
}

static enum script_turn take_messages(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	ezsp->takes = ezsp_read_status(ezsp->dialect, answer) == EZSP_OK ? read_le16(answer) : 1;
	return SCRIPT_NEXT;
}

static void write_entries_question(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, CONFIG_KEY_TABLE);
}

static enum script_turn take_entries(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	ezsp->key_entries = ezsp_read_status(ezsp->dialect, answer) == EZSP_OK ? read_le16(answer) : 0;
	return SCRIPT_NEXT;
}

static void write_endpoint(void *context, struct writer *out)
{
	const struct stick_endpoint *endpoint = &stick_endpoints[((struct ezsp *)context)->stick.script.turn];

	write_u8(out, endpoint->number);
	write_le16(out, endpoint->profile);
	write_le16(out, endpoint->device);
	write_u8(out, 0);
	write_u8(out, endpoint->server_count);
	write_u8(out, endpoint->client_count);
	stick_write_clusters(out, endpoint->servers, endpoint->server_count);
	stick_write_clusters(out, endpoint->clients, endpoint->client_count);
}

static enum script_turn take_endpoint(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	if (ezsp_read_status(ezsp->dialect, answer) != EZSP_OK)
		return SCRIPT_FAILED;
	return turn_until(ezsp, STICK_ENDPOINTS);
}

/* ---- the network ---- */

static enum script_turn take_eui64(void *context, struct reader *answer)
{
	((struct ezsp *)context)->stick.network.eui64 = read_le64(answer);
	return SCRIPT_NEXT;
}

static void write_init(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, 0);
}

/* An order waits for a stick without a network: to make one. */
static enum script_turn take_init(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	enum ezsp_status status = ezsp_read_status(ezsp->dialect, answer);

	if (status == EZSP_OK)
		return SCRIPT_NEXT;
	if (status != EZSP_NOT_JOINED)
		return SCRIPT_FAILED;
	if (ezsp->order == EZSP_NO_ORDER)
		stick_set_state(&ezsp->stick, STICK_EMPTY, "");
	return SCRIPT_DONE;
}

static enum script_turn take_network(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	struct stick_network *network = &ezsp->stick.network;
	enum ezsp_status status = ezsp_read_status(ezsp->dialect, answer);
	uint8_t type = read_u8(answer);

	network->extended_pan = read_le64(answer);
	network->pan = read_le16(answer);
	network->power_dbm = read_u8(answer);
	network->channel = read_u8(answer);
	(void)read_u8(answer);
	(void)read_le16(answer);
	network->update_id = read_u8(answer);
	if (answer->failed || status != EZSP_OK)
		return SCRIPT_FAILED;
	if (type == COORDINATOR)
		return SCRIPT_NEXT;
	return refuse(ezsp, "the stick is a router or an end device of some network, not a coordinator");
}

static void write_concentrator(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, 1);
	write_le16(out, CONCENTRATOR_HIGH_RAM);
	write_le16(out, 5);  /* s between two route requests to all, */
	write_le16(out, 60); /* at most */
	write_u8(out, 3);    /* route errors, */
	write_u8(out, 1);    /* failed deliveries until the next one */
	write_u8(out, 0);
}

static void write_route_mode(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, ROUTE_MODE_RESCHEDULE);
}

const struct script_step ezsp_start_script[] = {
	{ .what = "tell its version",
		.command = EZSP_FIRST_VERSION,
		.write = write_version,
		.answer = take_first_version },
	{ .what = "agree on the version",
		.command = EZSP_SECOND_VERSION,
		.write = write_version,
		.answer = take_second_version },
	{ .what = "take its configuration", .command = EZSP_SET_CONFIG, .write = write_config, .answer = take_config },
	{ .what = "take its policies", .command = EZSP_SET_POLICY, .write = write_policy, .answer = take_policy },
	{ .what = "tell how many messages it takes",
		.command = EZSP_GET_CONFIG,
		.write = write_messages_question,
		.answer = take_messages },
	{ .what = "tell how many keys it has room for",
		.command = EZSP_GET_CONFIG,
		.write = write_entries_question,
		.answer = take_entries },
	{ .what = "register an endpoint",
		.command = EZSP_ADD_ENDPOINT,
		.write = write_endpoint,
		.answer = take_endpoint },
	{ .what = "tell its address", .command = EZSP_EUI64, .answer = take_eui64 },
	{ .what = "start its network",
		.command = EZSP_NETWORK_INIT,
		.timeout_ms = START_MS,
		.awaits = EZSP_EVENT_UP,
		.write = write_init,
		.answer = take_init },
	{ .what = "tell its network", .command = EZSP_NETWORK, .answer = take_network },
	{ .what = "collect routes", .command = EZSP_SET_CONCENTRATOR, .write = write_concentrator },
	{ .what = "collect routes", .command = EZSP_ROUTE_MODE, .write = write_route_mode },
	{ .what = NULL },
};
