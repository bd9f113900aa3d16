#include "tests/sim/ncp/ezsp_stick.h"

#include <string.h>

#define SET_SECURITY 0x0068
#define GET_SECURITY 0x0069
#define GET_KEY 0x006a
#define CLEAR_TRANSIENT_KEYS 0x006b
#define GET_TABLE_KEY 0x0071
#define SET_TABLE_KEY 0x0072
#define FIND_KEY 0x0075
#define ERASE_KEY 0x0076
#define ADD_TRANSIENT_KEY 0x00af
#define CLEAR_KEYS 0x00b1
#define GET_APS_KEY_INFO 0x010c
#define EXPORT_KEY_BY_ADDRESS 0x010d
#define IMPORT_LINK_KEY 0x010e
#define EXPORT_KEY_BY_INDEX 0x010f
#define IMPORT_TRANSIENT_KEY 0x0111
#define EXPORT_KEY 0x0114
#define GET_NETWORK_KEY_INFO 0x0116
#define KEY_BYTES 16
#define OLD_KEY_BYTES 36 /* EmberKeyStruct */
#define LINK_KEY_AT 2    /* of the security state: bitmask, link key, network key, sequence, trust centre */
#define NETWORK_KEY_AT 18
#define SEQUENCE_AT 34
#define KIND_NETWORK 1
#define OLD_KIND_NETWORK 3
#define CONTEXT_BYTES 18
#define CONTEXT_BYTES_12 17 /* before version 13 */
#define FRAME_COUNTER 1000
#define WIDE_NOT_FOUND 0x2d
#define WIDE_INVALID 0x21
#define METADATA_BYTES 12
#define NODE_KEY_BYTES 24
#define NODE_COUNTER 5000
#define KIND_NODE 5     /* sl_zb_sec_man_key_type_t: application link key */
#define OLD_KIND_NODE 5 /* EmberKeyType: likewise */
#define NOWHERE 0xff

static const uint8_t *security_of(const struct ezsp_stick *stick)
{
	struct bytes saved = stick_memory_get(stick->memory, STICK_ITEM(EZSP_ITEM_KEYS));

	return saved.size == sizeof(stick->security) ? saved.data : stick->security;
}

static void set_security(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	const uint8_t *state = read_bytes(in, sizeof(stick->security));

	if (state)
		memcpy(stick->security, state, sizeof(stick->security));
	ezsp_write_status(stick, EZSP_OK, out);
}

static void write_zeros(struct writer *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		write_u8(out, 0);
}

/* The context says which key is asked for; it goes back as it came. */
static void export_key(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	const uint8_t *context = read_bytes(in, stick->version >= 13 ? CONTEXT_BYTES : CONTEXT_BYTES_12);
	const uint8_t *security = security_of(stick);

	if (!context)
		return;
	const uint8_t *key = security + (context[0] == KIND_NETWORK ? NETWORK_KEY_AT : LINK_KEY_AT);
	if (stick->version < EZSP_WIDE) {
		write_bytes(out, key, KEY_BYTES);
		write_le32(out, 0);
		return;
	}
	write_le32(out, 0);
	write_bytes(out, key, KEY_BYTES);
	write_bytes(out, context, CONTEXT_BYTES);
}

/* EmberKeyStruct, of versions before 13. */
static void get_key(struct ezsp_stick *stick, uint8_t kind, struct writer *out)
{
	const uint8_t *security = security_of(stick);
	bool network = kind == OLD_KIND_NETWORK;

	ezsp_write_status(stick, EZSP_OK, out);
	write_le16(out, network ? 0x0003 : 0x0002);
	write_u8(out, kind);
	write_bytes(out, security + (network ? NETWORK_KEY_AT : LINK_KEY_AT), KEY_BYTES);
	write_le32(out, FRAME_COUNTER);
	write_le32(out, 0);
	write_u8(out, network ? security[SEQUENCE_AT] : 0);
	write_le64(out, UINT64_MAX);
}

static void write_network_key_info(struct ezsp_stick *stick, struct writer *out)
{
	write_le32(out, 0);
	write_u8(out, 1);
	write_u8(out, 0);
	write_u8(out, security_of(stick)[SEQUENCE_AT]);
	write_u8(out, 0);
	write_le32(out, FRAME_COUNTER);
}

/* ---- keys of single nodes: their address and the key, at a place each ---- */

static void keep_node_key(struct ezsp_stick *stick, uint8_t index, uint64_t eui64, const uint8_t *key)
{
	uint8_t room[NODE_KEY_BYTES];
	struct writer out;

	writer_init(&out, room, sizeof(room));
	write_le64(&out, eui64);
	write_bytes(&out, key, KEY_BYTES);
	(void)stick_memory_set(
		stick->memory, STICK_ITEM(EZSP_ITEM_NODE_KEY + index), (struct bytes){ room, sizeof(room) });
}

/* The key of a place, or NULL. */
static const uint8_t *node_key(const struct ezsp_stick *stick, uint8_t index, uint64_t *eui64)
{
	struct bytes kept = stick_memory_get(stick->memory, STICK_ITEM(EZSP_ITEM_NODE_KEY + index));
	struct reader in;

	if (index >= EZSP_NODE_KEYS || kept.size != NODE_KEY_BYTES)
		return NULL;
	reader_init(&in, kept.data, kept.size);
	*eui64 = read_le64(&in);
	return in.at;
}

/* Its place; EZSP_NODE_KEYS: it has none. */
static uint8_t place_of(const struct ezsp_stick *stick, uint64_t eui64)
{
	uint64_t found;
	uint8_t index = 0;

	while (index < EZSP_NODE_KEYS && (!node_key(stick, index, &found) || found != eui64))
		index++;
	return index;
}

static enum ezsp_status import_key(struct ezsp_stick *stick, struct reader *in, bool is_old)
{
	uint8_t index = read_u8(in);
	uint64_t eui64 = read_le64(in);

	if (is_old)
		(void)read_u8(in); /* whether it is a link key */
	const uint8_t *key = read_bytes(in, KEY_BYTES);
	if (!key || index >= EZSP_NODE_KEYS)
		return EZSP_INVALID;
	keep_node_key(stick, index, eui64, key);
	return EZSP_OK;
}

static void forget_key(struct ezsp_stick *stick, uint8_t index)
{
	(void)stick_memory_delete(stick->memory, STICK_ITEM(EZSP_ITEM_NODE_KEY + index));
}

static void find_key(const struct ezsp_stick *stick, uint64_t eui64, struct writer *out)
{
	uint8_t index = place_of(stick, eui64);

	write_u8(out, index < EZSP_NODE_KEYS ? index : NOWHERE);
}

/* bitmask u16, counters of both directions u32, time to live u16 */
static void write_metadata(struct writer *out, bool is_there)
{
	write_le16(out, 0);
	write_le32(out, is_there ? NODE_COUNTER : 0);
	write_le32(out, 0);
	write_le16(out, 0);
}

static void export_node_key(struct ezsp_stick *stick, uint8_t index, struct writer *out)
{
	static const uint8_t none[KEY_BYTES] = { 0 };
	uint64_t eui64 = UINT64_MAX;
	const uint8_t *key = node_key(stick, index, &eui64);
	uint32_t status = key ? 0 : WIDE_NOT_FOUND;

	if (stick->version < EZSP_WIDE) {
		write_le64(out, eui64);
		write_bytes(out, key ? key : none, KEY_BYTES);
		write_metadata(out, key);
		write_le32(out, status);
		return;
	}
	write_le32(out, status);
	write_u8(out, KIND_NODE);
	write_u8(out, index);
	write_le16(out, 0);
	write_le64(out, eui64);
	write_zeros(out, CONTEXT_BYTES - 12);
	write_bytes(out, key ? key : none, KEY_BYTES);
	write_metadata(out, key);
}

/* EmberKeyStruct. */
static void get_node_key(struct ezsp_stick *stick, uint8_t index, struct writer *out)
{
	uint64_t eui64;
	const uint8_t *key = node_key(stick, index, &eui64);

	ezsp_write_status(stick, key ? EZSP_OK : EZSP_NOT_FOUND, out);
	if (!key) {
		write_zeros(out, OLD_KEY_BYTES);
		return;
	}
	write_le16(out, 0);
	write_u8(out, OLD_KIND_NODE);
	write_bytes(out, key, KEY_BYTES);
	write_le32(out, NODE_COUNTER);
	write_le32(out, 0);
	write_u8(out, 0);
	write_le64(out, eui64);
}

static bool answer_node_keys(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	switch (id) {
	case GET_TABLE_KEY:
		get_node_key(stick, read_u8(in), out);
		return true;
	case SET_TABLE_KEY:
		ezsp_write_status(stick, import_key(stick, in, true), out);
		return true;
	case IMPORT_LINK_KEY:
		write_le32(out, import_key(stick, in, false) == EZSP_OK ? 0 : WIDE_INVALID);
		return true;
	case EXPORT_KEY_BY_INDEX:
		export_node_key(stick, read_u8(in), out);
		return true;
	case EXPORT_KEY_BY_ADDRESS:
		export_node_key(stick, place_of(stick, read_le64(in)), out);
		return true;
	case FIND_KEY:
		find_key(stick, read_le64(in), out);
		return true;
	case ERASE_KEY:
		forget_key(stick, read_u8(in));
		ezsp_write_status(stick, EZSP_OK, out);
		return true;
	case CLEAR_KEYS:
		for (uint8_t index = 0; index < EZSP_NODE_KEYS; index++)
			forget_key(stick, index);
		ezsp_write_status(stick, EZSP_OK, out);
		return true;
	default:
		return false;
	}
}

static void write_aps_key_info(struct ezsp_stick *stick, struct writer *out)
{
	if (stick->version < EZSP_WIDE) {
		write_le64(out, stick->site.eui64);
		write_zeros(out, METADATA_BYTES);
		write_le32(out, 0);
		return;
	}
	write_le32(out, 0);
	write_zeros(out, METADATA_BYTES + CONTEXT_BYTES);
}

bool ezsp_answer_keys(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	switch (id) {
	case SET_SECURITY:
		set_security(stick, in, out);
		return true;
	case GET_SECURITY:
		ezsp_write_status(stick, stick->is_joined ? EZSP_OK : EZSP_NOT_JOINED, out);
		write_bytes(out, security_of(stick), 2);
		write_le64(out, stick->site.eui64);
		return true;
	case GET_KEY:
		get_key(stick, read_u8(in), out);
		return true;
	case EXPORT_KEY:
		export_key(stick, in, out);
		return true;
	case GET_NETWORK_KEY_INFO:
		write_network_key_info(stick, out);
		return true;
	case GET_APS_KEY_INFO:
		write_aps_key_info(stick, out);
		return true;
	case IMPORT_TRANSIENT_KEY:
		write_le32(out, 0);
		return true;
	case ADD_TRANSIENT_KEY:
		ezsp_write_status(stick, EZSP_OK, out);
		return true;
	case CLEAR_TRANSIENT_KEYS:
		return true;
	default:
		return answer_node_keys(stick, id, in, out);
	}
}
