#include "tests/sim/ncp/ezsp_stick.h"

#include <string.h>

#define SET_SECURITY 0x0068
#define GET_SECURITY 0x0069
#define GET_KEY 0x006a
#define CLEAR_TRANSIENT_KEYS 0x006b
#define GET_TABLE_KEY 0x0071
#define FIND_KEY 0x0075
#define ERASE_KEY 0x0076
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
#define CONTEXT_BYTES_12 14 /* before version 13 */
#define FRAME_COUNTER 1000
#define WIDE_NOT_FOUND 0x2d
#define METADATA_BYTES 12

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

/* There are no keys of single nodes here. */
static void write_no_key(struct ezsp_stick *stick, struct writer *out)
{
	if (stick->version < EZSP_WIDE) {
		write_le64(out, UINT64_MAX);
		write_zeros(out, KEY_BYTES + METADATA_BYTES);
		write_le32(out, WIDE_NOT_FOUND);
		return;
	}
	write_le32(out, WIDE_NOT_FOUND);
	write_zeros(out, CONTEXT_BYTES + KEY_BYTES + METADATA_BYTES);
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
		return stick->version < 13;
	case GET_TABLE_KEY:
		ezsp_write_status(stick, EZSP_NOT_FOUND, out);
		write_zeros(out, OLD_KEY_BYTES);
		return stick->version < 13;
	case EXPORT_KEY:
		export_key(stick, in, out);
		return true;
	case GET_NETWORK_KEY_INFO:
		write_network_key_info(stick, out);
		return true;
	case GET_APS_KEY_INFO:
		write_aps_key_info(stick, out);
		return true;
	case EXPORT_KEY_BY_INDEX:
	case EXPORT_KEY_BY_ADDRESS:
		write_no_key(stick, out);
		return true;
	case FIND_KEY:
		write_u8(out, 0xff);
		return true;
	case IMPORT_TRANSIENT_KEY:
	case IMPORT_LINK_KEY:
		write_le32(out, 0);
		return true;
	case ERASE_KEY:
	case CLEAR_KEYS:
		ezsp_write_status(stick, EZSP_OK, out);
		return true;
	case CLEAR_TRANSIENT_KEYS:
		return true;
	default:
		return false;
	}
}
