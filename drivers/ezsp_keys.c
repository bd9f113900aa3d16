#include <string.h>

#include "drivers/ezsp_stick.h"

#define CONTEXT_NETWORK 1
#define CONTEXT_LINK 2
#define STRUCT_LINK 1
#define STRUCT_NETWORK 3

/* How keys are read: by contexts since version 13, as structures before. */
static bool has_contexts(void *context)
{
	return ((struct ezsp *)context)->dialect->key_contexts;
}

static bool has_no_contexts(void *context)
{
	return !has_contexts(context);
}

static void write_context(struct writer *out, uint8_t kind)
{
	write_u8(out, kind);
	write_u8(out, 0);
	write_le16(out, 0);
	write_le64(out, 0);
	write_le16(out, 0);
	write_le32(out, 0);
}

static void write_network_export(void *context, struct writer *out)
{
	(void)context;
	write_context(out, CONTEXT_NETWORK);
}

static void write_link_export(void *context, struct writer *out)
{
	(void)context;
	write_context(out, CONTEXT_LINK);
}

static enum script_turn take_export(const struct ezsp *ezsp, struct reader *answer, uint8_t *key)
{
	uint32_t status = ezsp->dialect->status_first ? read_le32(answer) : 0;
	const uint8_t *bytes = read_bytes(answer, EZSP_KEY_SIZE);

	if (!ezsp->dialect->status_first)
		status = read_le32(answer);
	if (answer->failed || status != 0)
		return SCRIPT_FAILED;
	memcpy(key, bytes, EZSP_KEY_SIZE);
	return SCRIPT_NEXT;
}

static enum script_turn take_network_export(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	return take_export(ezsp, answer, ezsp->stick.network.key);
}

static enum script_turn take_link_export(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;

	return take_export(ezsp, answer, ezsp->stick.network.link_key);
}

static enum script_turn take_key_info(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	uint32_t status = read_le32(answer);

	(void)read_le16(answer);
	ezsp->stick.network.key_sequence = read_u8(answer);
	(void)read_u8(answer);
	ezsp->stick.network.frame_counter = read_le32(answer);
	return status == 0 ? SCRIPT_NEXT : SCRIPT_FAILED;
}

static void write_network_key_get(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, STRUCT_NETWORK);
}

static void write_link_key_get(void *context, struct writer *out)
{
	(void)context;
	write_u8(out, STRUCT_LINK);
}

/* EmberKeyStruct without its partner. */
static enum script_turn take_key_struct(
	struct ezsp *ezsp, struct reader *answer, struct stick_link_key *key, uint8_t *sequence)
{
	enum ezsp_status status = ezsp_read_status(ezsp->dialect, answer);

	(void)read_le16(answer);
	(void)read_u8(answer);
	const uint8_t *bytes = read_bytes(answer, EZSP_KEY_SIZE);
	key->tx_counter = read_le32(answer);
	key->rx_counter = read_le32(answer);
	*sequence = read_u8(answer);
	key->eui64 = read_le64(answer);
	if (answer->failed || status != EZSP_OK) {
		answer->failed = false;
		return SCRIPT_FAILED;
	}
	memcpy(key->key, bytes, EZSP_KEY_SIZE);
	return SCRIPT_NEXT;
}

static enum script_turn take_network_key(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	struct stick_link_key key;
	uint8_t sequence;
	enum script_turn turn = take_key_struct(ezsp, answer, &key, &sequence);

	if (turn != SCRIPT_NEXT)
		return turn;
	memcpy(ezsp->stick.network.key, key.key, EZSP_KEY_SIZE);
	ezsp->stick.network.key_sequence = sequence;
	ezsp->stick.network.frame_counter = key.tx_counter;
	return SCRIPT_NEXT;
}

static enum script_turn take_link_key(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	struct stick_link_key key;
	uint8_t sequence;
	enum script_turn turn = take_key_struct(ezsp, answer, &key, &sequence);

	if (turn == SCRIPT_NEXT)
		memcpy(ezsp->stick.network.link_key, key.key, EZSP_KEY_SIZE);
	return turn;
}

/* ---- the backup ---- */

static void tell_network(void *context)
{
	stick_set_state(context, STICK_UP, "");
}

static void write_entry_number(void *context, struct writer *out)
{
	struct ezsp *ezsp = context;

	if (!ezsp->dialect->key_contexts)
		ezsp->stick.script.command = EZSP_KEY_ENTRY;
	write_u8(out, (uint8_t)ezsp->stick.script.turn);
}

static bool take_exported_entry(const struct ezsp *ezsp, struct reader *answer, struct stick_link_key *key)
{
	bool first = ezsp->dialect->status_first;
	uint32_t status = first ? read_le32(answer) : 0;

	if (first)
		(void)read_le32(answer); /* the context: kind, index, derived kind, ... */
	key->eui64 = read_le64(answer);
	if (first)
		(void)read_bytes(answer, 6); /* ... network, flags, permissions */
	const uint8_t *bytes = read_bytes(answer, EZSP_KEY_SIZE);
	(void)read_le16(answer);
	key->tx_counter = read_le32(answer);
	key->rx_counter = read_le32(answer);
	(void)read_le16(answer);
	if (!first)
		status = read_le32(answer);
	if (answer->failed || status != 0)
		return false;
	memcpy(key->key, bytes, EZSP_KEY_SIZE);
	return true;
}

/* A stick that does not know the command keeps no such keys. */
static enum script_turn take_entry(void *context, struct reader *answer)
{
	struct ezsp *ezsp = context;
	struct stick_link_key key;
	uint8_t sequence;

	if (!answer)
		return SCRIPT_NEXT;
	bool taken = ezsp->dialect->key_contexts ? take_exported_entry(ezsp, answer, &key)
						 : take_key_struct(ezsp, answer, &key, &sequence) == SCRIPT_NEXT;

	answer->failed = false;
	if (taken)
		ezsp->stick.host.key(ezsp->stick.host.context, &key);
	explicit_bzero(&key, sizeof(key));
	return ezsp->stick.script.turn + 1 < ezsp->key_entries ? SCRIPT_AGAIN : SCRIPT_NEXT;
}

static bool has_entries(void *context)
{
	return ((struct ezsp *)context)->key_entries > 0;
}

const struct script_step ezsp_keys_script[] = {
	{ .what = "tell its network key",
		.command = EZSP_EXPORT_KEY,
		.needed = has_contexts,
		.write = write_network_export,
		.answer = take_network_export },
	{ .what = "tell its frame counter", .command = EZSP_KEY_INFO, .needed = has_contexts, .answer = take_key_info },
	{ .what = "tell its link key",
		.command = EZSP_EXPORT_KEY,
		.needed = has_contexts,
		.write = write_link_export,
		.answer = take_link_export },
	{ .what = "tell its network key",
		.command = EZSP_GET_KEY,
		.needed = has_no_contexts,
		.write = write_network_key_get,
		.answer = take_network_key },
	{ .what = "tell its link key",
		.command = EZSP_GET_KEY,
		.needed = has_no_contexts,
		.write = write_link_key_get,
		.answer = take_link_key },
	{ .what = NULL },
};

const struct script_step ezsp_entries_script[] = {
	{ .what = "tell its network", .prepare = tell_network },
	{ .what = "tell the keys of nodes",
		.command = EZSP_EXPORT_KEY_ENTRY,
		.may_fail = true,
		.needed = has_entries,
		.write = write_entry_number,
		.answer = take_entry },
	{ .what = NULL },
};
