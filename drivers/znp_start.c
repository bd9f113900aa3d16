#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/stick_endpoints.h"
#include "drivers/znp.h"

#define LEAVE_BOOTLOADER 0xef
#define WAKE_MS 1000
#define PING_MS 1500
#define START_MS 60000
#define START_DELAY_MS 100
#define ALREADY_THERE 0xb8
#define COUNTERS_MAX 12
#define COUNTER_SIZE 12
#define CALLBACKS_ALL 0xffff

/* ---- what scripts share ---- */

enum script_turn znp_take_status(void *context, struct reader *answer)
{
	(void)context;
	return read_u8(answer) == 0 ? SCRIPT_NEXT : SCRIPT_FAILED;
}

const uint8_t *znp_read_value(struct reader *answer, size_t *size)
{
	uint8_t status = read_u8(answer);

	*size = read_u8(answer);
	const uint8_t *value = read_bytes(answer, *size);
	if (status == 0 && value && *size > 0)
		return value;
	/* An item that is not there: its answer may lack the rest. */
	answer->failed = false;
	return NULL;
}

static void write_item_read(struct writer *out, uint16_t item)
{
	write_le16(out, item);
	write_le16(out, 0);
}

/* ---- is it a stick, and which ---- */

static enum script_turn take_ping(void *context, struct reader *answer)
{
	struct znp *znp = context;
	static const uint8_t leave = LEAVE_BOOTLOADER;

	if (answer) {
		(void)read_le16(answer);
		if (znp->stick.script.turn > 0)
			stick_event(
				&znp->stick, DRIVER_NOTICE, "zigbee.stick_woken stick was silent or in its bootloader");
		return SCRIPT_NEXT;
	}
	if (znp->stick.script.turn > 0)
		return SCRIPT_FAILED;
	znp->stick.line->ops->write(znp->stick.line, &leave, sizeof(leave));
	return SCRIPT_AGAIN;
}

static enum script_turn take_version(void *context, struct reader *answer)
{
	struct znp *znp = context;
	const char *name;

	(void)read_u8(answer);
	znp->product = read_u8(answer);
	for (int i = 0; i < 3; i++)
		(void)read_u8(answer);
	znp->revision = reader_left(answer) >= 4 ? read_le32(answer) : 0;
	name = znp->product == ZNP_PRODUCT_3_X_0   ? "3.x.0"
	       : znp->product == ZNP_PRODUCT_3_0_X ? "3.0.x"
						   : "1.2 or older";
	snprintf(znp->stick.firmware, sizeof(znp->stick.firmware), "Z-Stack %s %u", name, (unsigned)znp->revision);
	if (znp->product == ZNP_PRODUCT_3_X_0 || znp->product == ZNP_PRODUCT_3_0_X)
		return SCRIPT_NEXT;
	stick_set_state(&znp->stick, STICK_REFUSED,
		"the stick's firmware is too old: it is Z-Stack 1.2 or older, and 3.0.x or 3.x.0 is needed; flash a "
		"coordinator firmware");
	return SCRIPT_DONE;
}

static void write_key_length(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, ZNP_ITEM_NWK_KEY);
}

static enum script_turn take_key_length(void *context, struct reader *answer)
{
	struct znp *znp = context;

	return znp_memory_layout(read_le16(answer), &znp->aligned) == 0 ? SCRIPT_NEXT : SCRIPT_FAILED;
}

/* ---- has it a network ---- */

static enum script_turn take_eui64(void *context, struct reader *answer)
{
	struct znp *znp = context;

	znp->stick.network.eui64 = read_le64(answer);
	return SCRIPT_NEXT;
}

void znp_write_nib_read(void *context, struct writer *out)
{
	(void)context;
	write_item_read(out, ZNP_ITEM_NIB);
}

static enum script_turn take_nib(void *context, struct reader *answer)
{
	struct znp *znp = context;
	size_t size;
	const uint8_t *nib = znp_read_value(answer, &size);

	znp->nib_size = 0;
	if (nib && znp_nib_parse(&znp->stick.network, nib, size, znp->aligned) == 0)
		return SCRIPT_NEXT;
	stick_set_state(&znp->stick, STICK_EMPTY, "");
	return SCRIPT_DONE;
}

void znp_write_key_read(void *context, struct writer *out)
{
	(void)context;
	write_item_read(out, ZNP_ITEM_ACTIVE_KEY);
}

enum script_turn znp_take_key(void *context, struct reader *answer)
{
	struct znp *znp = context;
	size_t size;
	const uint8_t *value = znp_read_value(answer, &size);

	if (!value || size < 1 + ZNP_KEY_SIZE)
		return SCRIPT_FAILED;
	znp->stick.network.key_sequence = value[0];
	memcpy(znp->stick.network.key, value + 1, ZNP_KEY_SIZE);
	return SCRIPT_NEXT;
}

void znp_write_counter_read(void *context, struct writer *out)
{
	struct znp *znp = context;
	uint16_t turn = (uint16_t)znp->stick.script.turn;

	if (znp->product != ZNP_PRODUCT_3_X_0) {
		write_item_read(out, (uint16_t)(ZNP_ITEM_COUNTERS + turn));
		return;
	}
	znp->stick.script.command = ZNP_TABLE_READ;
	write_u8(out, ZNP_SYSTEM);
	write_le16(out, ZNP_TABLE_COUNTERS);
	write_le16(out, turn);
	write_le16(out, 0);
	write_u8(out, COUNTER_SIZE);
}

enum script_turn znp_take_counter(void *context, struct reader *answer)
{
	struct znp *znp = context;
	struct stick_network *network = &znp->stick.network;
	size_t size;
	const uint8_t *value = znp_read_value(answer, &size);
	struct reader in;
	uint32_t counter;
	uint64_t pan;

	if (znp->stick.script.turn == 0)
		network->frame_counter = 0;
	if (!value || znp->stick.script.turn + 1 == COUNTERS_MAX)
		return SCRIPT_NEXT;
	reader_init(&in, value, size);
	if (znp_counter_parse(&in, &counter, &pan) < 0)
		return SCRIPT_NEXT;
	if (pan == network->extended_pan || pan == ZNP_ANY_PAN)
		network->frame_counter = counter;
	return pan == network->extended_pan ? SCRIPT_NEXT : SCRIPT_AGAIN;
}

void znp_write_seed_read(void *context, struct writer *out)
{
	(void)context;
	write_item_read(out, ZNP_ITEM_SEED);
}

enum script_turn znp_take_seed(void *context, struct reader *answer)
{
	struct znp *znp = context;
	size_t size;
	const uint8_t *value = znp_read_value(answer, &size);

	memset(znp->stick.network.link_key, 0, ZNP_KEY_SIZE);
	if (value && size >= ZNP_KEY_SIZE)
		memcpy(znp->stick.network.link_key, value, ZNP_KEY_SIZE);
	return SCRIPT_NEXT;
}

/* ---- it runs ---- */

static enum script_turn take_device(void *context, struct reader *answer)
{
	struct znp *znp = context;

	(void)read_u8(answer);
	(void)read_le64(answer);
	(void)read_le16(answer);
	(void)read_u8(answer);
	znp->runs = read_u8(answer) == ZNP_STATE_COORDINATOR;
	return SCRIPT_NEXT;
}

static bool does_not_run(void *context)
{
	return !((struct znp *)context)->runs;
}

static void write_start(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, START_DELAY_MS);
}

static void write_endpoint(void *context, struct writer *out)
{
	const struct stick_endpoint *endpoint = &stick_endpoints[((struct znp *)context)->stick.script.turn];

	write_u8(out, endpoint->number);
	write_le16(out, endpoint->profile);
	write_le16(out, endpoint->device);
	write_u8(out, 0);
	write_u8(out, 0);
	write_u8(out, endpoint->server_count);
	stick_write_clusters(out, endpoint->servers, endpoint->server_count);
	write_u8(out, endpoint->client_count);
	stick_write_clusters(out, endpoint->clients, endpoint->client_count);
}

static enum script_turn take_endpoint(void *context, struct reader *answer)
{
	uint8_t status = read_u8(answer);

	if (status != 0 && status != ALREADY_THERE)
		return SCRIPT_FAILED;
	return ((struct znp *)context)->stick.script.turn + 1 < STICK_ENDPOINTS ? SCRIPT_AGAIN : SCRIPT_NEXT;
}

static void write_callbacks(void *context, struct writer *out)
{
	(void)context;
	write_le16(out, CALLBACKS_ALL);
}

const struct script_step znp_start_script[] = {
	{ .what = "answer: it is no Z-Stack stick, has another speed than is set, or waits in its bootloader",
		.command = ZNP_PING,
		.may_fail = true,
		.timeout_ms = PING_MS,
		.again_ms = WAKE_MS,
		.answer = take_ping },
	{ .what = "tell its version", .command = ZNP_VERSION, .answer = take_version },
	{ .what = "tell how its memory is laid out",
		.command = ZNP_NV_LENGTH,
		.write = write_key_length,
		.answer = take_key_length },
	{ .what = "tell its address", .command = ZNP_EUI64, .answer = take_eui64 },
	{ .what = "tell its network", .command = ZNP_NV_READ, .write = znp_write_nib_read, .answer = take_nib },
	{ .what = "tell its state", .command = ZNP_DEVICE, .answer = take_device },
	{ .what = "start its network",
		.command = ZNP_START,
		.needed = does_not_run,
		.timeout_ms = START_MS,
		.awaits = ZNP_ON_STATE,
		.write = write_start },
	{ .what = "tell its network key", .command = ZNP_NV_READ, .write = znp_write_key_read, .answer = znp_take_key },
	{ .what = "tell its frame counter",
		.command = ZNP_NV_READ,
		.write = znp_write_counter_read,
		.answer = znp_take_counter },
	{ .what = "tell its seed", .command = ZNP_NV_READ, .write = znp_write_seed_read, .answer = znp_take_seed },
	{ .what = "register an endpoint", .command = ZNP_REGISTER, .write = write_endpoint, .answer = take_endpoint },
	{ .what = "pass ZDO messages on",
		.command = ZNP_ZDO_CALLBACKS,
		.write = write_callbacks,
		.answer = znp_take_status },
	{ .what = NULL },
};
