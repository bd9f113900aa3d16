#include "tests/sim/ncp/ezsp_stick.h"

#include <string.h>

#include "gateway/random.h"
#include "tests/sim/ncp/air_clock.h"

#define ADD_ENDPOINT 0x0002
#define GET_EXTENDED_VALUE 0x0003
#define NOP 0x0005
#define GET_MANUFACTURING_TOKEN 0x000b
#define SET_MANUFACTURER 0x0015
#define RANDOM 0x0049
#define GET_CONFIGURATION 0x0052
#define SET_CONFIGURATION 0x0053
#define SET_POLICY 0x0055
#define GET_POLICY 0x0056
#define GET_MULTICAST 0x0063
#define SET_MULTICAST 0x0064
#define READ_AND_CLEAR_COUNTERS 0x0065
#define ECHO_BACK 0x0081
#define SET_RADIO_POWER 0x0099
#define GET_VALUE 0x00aa
#define SET_VALUE 0x00ab
#define READ_COUNTERS 0x00f1
#define SET_TOKEN 0x0103
#define SET_PASSIVE_ACK 0x0105
#define TOKEN_RESTORED_EUI64 0x0001e12a
#define EUI64_BYTES 8
#define VALUE_FREE_BUFFERS 0x03
#define VALUE_VERSION 0x11
#define EXTENDED_ENDPOINT_FLAGS 0x00
#define COUNTERS 42
#define TOKEN_BYTES 16
#define MULTICAST_BYTES 4
#define MULTICASTS 16

/* Sizes of tables and the like, as a usual firmware has them. */
static uint16_t usual_configuration(uint8_t id)
{
	switch (id) {
	case 0x01: /* packet buffers */
		return 255;
	case 0x05: /* address table */
		return 16;
	case 0x06: /* multicast table */
		return MULTICASTS;
	case 0x0d: /* security level */
		return 5;
	case 0x0c: /* stack profile */
		return 2;
	case 0x1a: /* source routes */
		return 200;
	case 0x1e: /* key table */
		return EZSP_NODE_KEYS;
	default:
		return 8;
	}
}

static void add_endpoint(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	struct zdo_endpoint endpoint = { .endpoint = read_u8(in) };

	endpoint.profile = read_le16(in);
	endpoint.device = read_le16(in);
	(void)read_u8(in);
	endpoint.server_count = read_u8(in);
	endpoint.client_count = read_u8(in);
	if (endpoint.server_count > ZDO_CLUSTERS_MAX || endpoint.client_count > ZDO_CLUSTERS_MAX) {
		ezsp_write_status(stick, EZSP_INVALID, out);
		return;
	}
	for (size_t i = 0; i < endpoint.server_count; i++)
		endpoint.servers[i] = read_le16(in);
	for (size_t i = 0; i < endpoint.client_count; i++)
		endpoint.clients[i] = read_le16(in);
	(void)coordinator_add_endpoint(stick->site.coordinator, &endpoint);
	ezsp_write_status(stick, EZSP_OK, out);
}

static void get_extended_value(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	uint8_t id = read_u8(in);
	uint32_t number = read_le32(in);
	bool found = false;
	const struct coordinator *coordinator = stick->site.coordinator;

	for (size_t i = 0; id == EXTENDED_ENDPOINT_FLAGS && i < coordinator->endpoint_count; i++)
		found = found || coordinator->endpoints[i].endpoint == number;
	ezsp_write_status(stick, found ? EZSP_OK : EZSP_INVALID, out);
	write_u8(out, 2);
	write_le16(out, found);
}

static void write_version(const struct ezsp_stick *stick, struct writer *out)
{
	write_u8(out, 7);
	write_le16(out, 0);
	write_u8(out, stick->version >= EZSP_WIDE ? 8 : stick->version >= 13 ? 7 : 6);
	write_u8(out, stick->version >= 13 && stick->version < EZSP_WIDE ? 4 : 0);
	write_u8(out, 1);
	write_u8(out, 0);
	write_u8(out, 0xaa); /* generally available */
}

static void get_value(struct ezsp_stick *stick, uint8_t id, struct writer *out)
{
	ezsp_write_status(stick, id == VALUE_VERSION || id == VALUE_FREE_BUFFERS ? EZSP_OK : EZSP_INVALID, out);
	if (id == VALUE_VERSION) {
		write_version(stick, out);
		return;
	}
	write_u8(out, 1);
	write_u8(out, 200);
}

static void set_configuration(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	uint8_t id = read_u8(in);
	uint16_t value = read_le16(in);

	if (id < EZSP_CONFIGURATIONS)
		stick->configuration[id] = value;
	ezsp_write_status(stick, id < EZSP_CONFIGURATIONS ? EZSP_OK : EZSP_INVALID, out);
}

static void get_configuration(struct ezsp_stick *stick, uint8_t id, struct writer *out)
{
	uint16_t set = id < EZSP_CONFIGURATIONS ? stick->configuration[id] : 0;

	ezsp_write_status(stick, EZSP_OK, out);
	write_le16(out, set ? set : usual_configuration(id));
}

static void set_multicast(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	uint8_t index = read_u8(in);
	const uint8_t *entry = read_bytes(in, MULTICAST_BYTES);

	if (entry && index < MULTICASTS)
		(void)stick_memory_set(stick->memory, STICK_ITEM(EZSP_ITEM_MULTICAST + index),
			(struct bytes){ entry, MULTICAST_BYTES });
	ezsp_write_status(stick, index < MULTICASTS ? EZSP_OK : EZSP_INVALID, out);
}

static void get_multicast(struct ezsp_stick *stick, uint8_t index, struct writer *out)
{
	static const uint8_t none[MULTICAST_BYTES] = { 0 };
	struct bytes entry = stick_memory_get(stick->memory, STICK_ITEM(EZSP_ITEM_MULTICAST + index));

	ezsp_write_status(stick, index < MULTICASTS ? EZSP_OK : EZSP_INVALID, out);
	write_bytes(out, entry.size == MULTICAST_BYTES ? entry.data : none, MULTICAST_BYTES);
}

static void echo(struct reader *in, struct writer *out)
{
	uint8_t size = read_u8(in);
	const uint8_t *data = read_bytes(in, size);

	write_u8(out, size);
	if (data)
		write_bytes(out, data, size);
}

/* Manufacturing tokens that were never written. */
static void write_token(struct writer *out)
{
	write_u8(out, TOKEN_BYTES);
	for (unsigned i = 0; i < TOKEN_BYTES; i++)
		write_u8(out, 0xff);
}

static void set_token(struct ezsp_stick *stick, struct reader *in, struct writer *out)
{
	bool known = read_le32(in) == TOKEN_RESTORED_EUI64;

	known = read_le32(in) == 0 && known;
	known = read_le32(in) == EUI64_BYTES && known;
	const uint8_t *data = known ? read_bytes(in, EUI64_BYTES) : NULL;
	if (data)
		(void)stick_memory_set(stick->memory, STICK_ITEM(EZSP_ITEM_EUI64), (struct bytes){ data, EUI64_BYTES });
	ezsp_write_status(stick, data ? EZSP_OK : EZSP_INVALID, out);
}

void ezsp_load_address(struct ezsp_stick *stick)
{
	struct bytes kept = stick_memory_get(stick->memory, STICK_ITEM(EZSP_ITEM_EUI64));
	struct reader in;

	reader_init(&in, kept.data, kept.size);
	if (kept.size == EUI64_BYTES)
		stick->site.eui64 = read_le64(&in);
}

static bool answer_counters(uint16_t id, struct writer *out)
{
	for (unsigned i = 0; (id == READ_AND_CLEAR_COUNTERS || id == READ_COUNTERS) && i < COUNTERS; i++)
		write_le16(out, 0);
	return id == READ_AND_CLEAR_COUNTERS || id == READ_COUNTERS;
}

static bool answer_values(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	switch (id) {
	case GET_EXTENDED_VALUE:
		get_extended_value(stick, in, out);
		return true;
	case GET_VALUE:
		get_value(stick, read_u8(in), out);
		return true;
	case GET_CONFIGURATION:
		get_configuration(stick, read_u8(in), out);
		return true;
	case SET_CONFIGURATION:
		set_configuration(stick, in, out);
		return true;
	case GET_POLICY:
		ezsp_write_status(stick, EZSP_OK, out);
		write_u8(out, 0);
		return true;
	case GET_MULTICAST:
		get_multicast(stick, read_u8(in), out);
		return true;
	case SET_MULTICAST:
		set_multicast(stick, in, out);
		return true;
	default:
		return answer_counters(id, out);
	}
}

bool ezsp_answer_setup(struct ezsp_stick *stick, uint16_t id, struct reader *in, struct writer *out)
{
	switch (id) {
	case ADD_ENDPOINT:
		add_endpoint(stick, in, out);
		return true;
	case NOP:
	case SET_MANUFACTURER:
		return true;
	case ECHO_BACK:
		echo(in, out);
		return true;
	case RANDOM:
		ezsp_write_status(stick, EZSP_OK, out);
		write_le16(out, (uint16_t)random_next(stick->site.random));
		return true;
	case GET_MANUFACTURING_TOKEN:
		write_token(out);
		return true;
	case SET_TOKEN:
		set_token(stick, in, out);
		return true;
	case SET_POLICY:
	case SET_VALUE:
	case SET_RADIO_POWER:
	case SET_PASSIVE_ACK:
		ezsp_write_status(stick, EZSP_OK, out);
		return true;
	default:
		return answer_values(stick, id, in, out);
	}
}
