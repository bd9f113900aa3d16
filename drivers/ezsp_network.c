#include "drivers/ezsp_stick.h"

#define DOWN_MS 15000
#define FORM_MS 30000
#define SCAN_MS 30000
#define TOKEN_EUI64 0x0001e12a /* NVM3KEY_STACK_RESTORED_EUI64 */
#define VALUE_SECURITY 0x0a
#define VALUE_COUNTER 0x23
#define POWER_DBM 8
#define ALL_CHANNELS 0x07fff800
#define SCAN_ENERGY 0
#define SCAN_DURATION 4

/* EmberInitialSecurityBitmask: a global link key that is hashed for each node, both keys given, none in the clear. */
#define SECURITY_BITS (0x0084 | 0x0100 | 0x0200 | 0x0800)
#define SECURITY_KEEPS_COUNTER 0x1000
/* EmberExtendedSecurityBitmask: joining with the global key, and nobody may order the coordinator to leave. */
#define EXTENDED_SECURITY_BITS (0x0010 | 0x0100)

static enum script_turn take_status(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	return ezsp_read_status(ezsp->dialect, answer) == EZSP_OK ? SCRIPT_NEXT : SCRIPT_FAILED;
}

/* ---- leaving, and another address ---- */

static bool is_up(void *context)
{
	return ((struct ezsp *)context)->stick.was_up;
}

static void write_leave(void *context, struct writer *out)
{
	if (((struct ezsp *)context)->dialect->leave_options)
		write_u8(out, 0);
}

static bool takes_address(void *context)
{
	struct ezsp *ezsp = context;

	return ezsp->order == EZSP_TO_RESTORE && ezsp->stick.wanted.eui64 != ezsp->stick.network.eui64;
}

static void write_address(void *context, struct writer *out)
{
	write_le32(out, TOKEN_EUI64);
	write_le32(out, 0);
	write_le32(out, 8);
	write_le64(out, ((struct ezsp *)context)->stick.wanted.eui64);
}

/* Sleepy nodes and routers find their coordinator by its PAN; only bindings to its old address are lost. */
static enum script_turn take_address(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	if (!answer || ezsp_read_status(ezsp->dialect, answer) != EZSP_OK)
		stick_event(&ezsp->stick, DRIVER_WARNING, "zigbee.address_kept stick keeps its own EUI64");
	return SCRIPT_NEXT;
}

const struct script_step ezsp_leave_script[] = {
	{ .what = "leave its network",
		.command = EZSP_LEAVE,
		.needed = is_up,
		.timeout_ms = DOWN_MS,
		.awaits = EZSP_EVENT_DOWN,
		.write = write_leave,
		.answer = take_status },
	{ .what = "take the address of another stick",
		.command = EZSP_SET_TOKEN,
		.may_fail = true,
		.needed = takes_address,
		.write = write_address,
		.answer = take_address },
	{ .what = NULL },
};

/* ---- forming ---- */

static bool restores(void *context)
{
	return ((struct ezsp *)context)->order == EZSP_TO_RESTORE;
}

static bool restores_keys(void *context)
{
	struct ezsp *ezsp = context;

	return restores(ezsp) && ezsp->stick.key_count > 0 && ezsp->key_entries > 0;
}

static void write_counter(void *context, struct writer *out)
{
	write_u8(out, VALUE_COUNTER);
	write_u8(out, 4);
	write_le32(out, ((struct ezsp *)context)->stick.wanted.frame_counter + EZSP_TRAVELLED);
}

static void write_entry(void *context, struct writer *out)
{
	struct ezsp *ezsp = context;
	const struct stick_link_key *key = &ezsp->stick.keys[ezsp->stick.script.turn];

	write_u8(out, (uint8_t)ezsp->stick.script.turn);
	write_le64(out, key->eui64);
	if (!ezsp->dialect->key_contexts) {
		ezsp->stick.script.command = EZSP_SET_KEY_ENTRY;
		write_u8(out, 1);
	}
	write_bytes(out, key->key, EZSP_KEY_SIZE);
}

static enum script_turn take_entry(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	size_t done = ezsp->stick.script.turn + 1;

	(void)answer;
	if (done == ezsp->stick.key_count)
		return SCRIPT_NEXT;
	if (done < ezsp->key_entries)
		return SCRIPT_AGAIN;
	stick_event(&ezsp->stick, DRIVER_WARNING, "zigbee.keys_left_out stick has room for %u of %zu",
		ezsp->key_entries, ezsp->stick.key_count);
	return SCRIPT_NEXT;
}

static void write_security(void *context, struct writer *out)
{
	struct ezsp *ezsp = context;
	const struct stick_network *wanted = &ezsp->stick.wanted;

	write_le16(out, (uint16_t)(SECURITY_BITS | (restores(ezsp) ? SECURITY_KEEPS_COUNTER : 0)));
	write_bytes(out, wanted->link_key, sizeof(wanted->link_key));
	write_bytes(out, wanted->key, sizeof(wanted->key));
	write_u8(out, wanted->key_sequence);
	write_le64(out, 0);
}

static void write_extended_security(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, VALUE_SECURITY);
	write_u8(out, 2);
	write_le16(out, EXTENDED_SECURITY_BITS);
}

static void write_parameters(void *context, struct writer *out)
{
	const struct stick_network *wanted = &((struct ezsp *)context)->stick.wanted;

	write_le64(out, wanted->extended_pan);
	write_le16(out, wanted->pan);
	write_u8(out, wanted->power_dbm ? wanted->power_dbm : POWER_DBM);
	write_u8(out, wanted->channel);
	write_u8(out, 0);
	write_le16(out, 0);
	write_u8(out, wanted->update_id);
	write_le32(out, ALL_CHANNELS);
}

const struct script_step ezsp_form_script[] = {
	{ .what = "forget the keys of nodes", .command = EZSP_CLEAR_KEYS },
	{ .what = "take the frame counter",
		.command = EZSP_SET_VALUE,
		.needed = restores,
		.write = write_counter,
		.answer = take_status },
	{ .what = "take the keys of nodes",
		.command = EZSP_IMPORT_KEY,
		.needed = restores_keys,
		.write = write_entry,
		.answer = take_entry },
	{ .what = "take the network's keys", .command = EZSP_SECURITY, .write = write_security, .answer = take_status },
	{ .what = "take the rules of security", .command = EZSP_SET_VALUE, .write = write_extended_security },
	{ .what = "form the network",
		.command = EZSP_FORM,
		.timeout_ms = FORM_MS,
		.awaits = EZSP_EVENT_UP,
		.write = write_parameters,
		.answer = take_status },
	{ .what = NULL },
};

/* ---- measuring ---- */

static void write_scan(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, SCAN_ENERGY);
	write_le32(out, ALL_CHANNELS);
	write_u8(out, SCAN_DURATION);
}

const struct script_step ezsp_scan_script[] = {
	{ .what = "measure the channels",
		.command = EZSP_START_SCAN,
		.timeout_ms = SCAN_MS,
		.awaits = EZSP_EVENT_SCANNED,
		.write = write_scan },
	{ .what = NULL },
};
