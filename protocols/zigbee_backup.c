#include "protocols/zigbee_backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "protocols/hex.h"
#include "protocols/number.h"
#include "protocols/token_writer.h"
#include "protocols/tokens.h"

#define FORMAT "zigpy/open-coordinator-backup"
#define VERSION 1
#define SCRATCH_SIZE 1024 /* for texts with escapes */
#define SECURITY_LEVEL 5  /* encryption with a MIC of 4 bytes: the only one in use */

/* ---- reading ---- */

/* What must be there. */
enum { HAS_FORMAT = 1, HAS_COORDINATOR = 2, HAS_PAN = 4, HAS_EXTENDED_PAN = 8, HAS_CHANNEL = 16, HAS_KEY = 32 };
#define HAS_ALL (HAS_FORMAT | HAS_COORDINATOR | HAS_PAN | HAS_EXTENDED_PAN | HAS_CHANNEL | HAS_KEY)

struct parse {
	struct token_reader in;
	struct zigbee_backup *out;
	unsigned has;
};

static bool is(struct span text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

/* Opens a map; what is none is a fault. */
static void open_map(struct token_reader *in)
{
	if (tokens_next(in).kind != TOKEN_MAP)
		(void)tokens_fail(in, -EBADMSG);
}

/* The next key of the open map; false at its end, or at a fault. */
static bool next_key(struct token_reader *in, struct span *key)
{
	struct token token = tokens_next(in);

	*key = token.text;
	return token.kind == TOKEN_TEXT;
}

static void skip(struct token_reader *in)
{
	struct token token = tokens_next(in);

	tokens_skip(in, &token);
}

static uint64_t take_number(struct token_reader *in, uint64_t most)
{
	struct token token = tokens_next(in);
	int64_t value = 0;

	if (token.kind == TOKEN_NULL)
		return 0;
	if (token.kind != TOKEN_NUMBER || number_scale(&value, &token.number, 0) < 0 || value < 0 ||
		(uint64_t)value > most)
		(void)tokens_fail(in, -EBADMSG);
	return (uint64_t)value;
}

static void take_key(struct token_reader *in, uint8_t key[16])
{
	struct token token = tokens_next(in);

	if (token.kind != TOKEN_TEXT || token.text.size != 32 || hex_parse(key, token.text.data, 32) < 0)
		(void)tokens_fail(in, -EBADMSG);
}

/* A big-endian number in hexadecimal digits; some hosts leave out leading zeros. */
static uint64_t take_hex(struct token_reader *in, const struct token *token, size_t digits)
{
	char padded[16];
	uint8_t bytes[8];
	struct reader reader;

	memset(padded, '0', sizeof(padded));
	if (token->kind != TOKEN_TEXT || token->text.size > digits || token->text.size == 0) {
		(void)tokens_fail(in, -EBADMSG);
		return 0;
	}
	memcpy(padded + sizeof(padded) - token->text.size, token->text.data, token->text.size);
	if (hex_parse(bytes, padded, sizeof(padded)) < 0)
		(void)tokens_fail(in, -EBADMSG);
	reader_init(&reader, bytes, sizeof(bytes));
	return read_be64(&reader);
}

static uint64_t next_hex(struct token_reader *in, size_t digits)
{
	struct token token = tokens_next(in);

	return take_hex(in, &token, digits);
}

static void parse_network_key(struct parse *parse)
{
	struct token_reader *in = &parse->in;
	struct span key;

	open_map(in);
	while (next_key(in, &key)) {
		if (is(key, "key")) {
			take_key(in, parse->out->key);
			parse->has |= HAS_KEY;
		} else if (is(key, "sequence_number")) {
			parse->out->key_sequence = (uint8_t)take_number(in, UINT8_MAX);
		} else if (is(key, "frame_counter")) {
			parse->out->frame_counter = (uint32_t)take_number(in, UINT32_MAX);
		} else {
			skip(in);
		}
	}
}

/* The only things below "metadata" that matter: what format it is, and the trust centre's link key. */
static void parse_link_key(struct parse *parse)
{
	struct span key;

	open_map(&parse->in);
	while (next_key(&parse->in, &key)) {
		if (!is(key, "key")) {
			skip(&parse->in);
			continue;
		}
		take_key(&parse->in, parse->out->link_key);
		parse->out->has_link_key = true;
	}
}

static void parse_internal_network(struct parse *parse)
{
	struct span key;

	open_map(&parse->in);
	while (next_key(&parse->in, &key)) {
		if (is(key, "tc_link_key"))
			parse_link_key(parse);
		else
			skip(&parse->in);
	}
}

static void parse_internal(struct parse *parse)
{
	struct span key;

	open_map(&parse->in);
	while (next_key(&parse->in, &key)) {
		if (is(key, "network"))
			parse_internal_network(parse);
		else
			skip(&parse->in);
	}
}

static void parse_metadata(struct parse *parse)
{
	struct token_reader *in = &parse->in;
	struct span key;
	bool is_format = false, is_version = false;

	open_map(in);
	while (next_key(in, &key)) {
		if (is(key, "format"))
			is_format = is(tokens_next(in).text, FORMAT);
		else if (is(key, "version"))
			is_version = take_number(in, UINT32_MAX) == VERSION;
		else if (is(key, "internal"))
			parse_internal(parse);
		else
			skip(in);
	}
	if (is_format && is_version)
		parse->has |= HAS_FORMAT;
}

static void parse_device_key(struct token_reader *in, struct zigbee_backup_device *device)
{
	struct span key;

	open_map(in);
	device->has_key = true;
	while (next_key(in, &key)) {
		if (is(key, "key"))
			take_key(in, device->key);
		else if (is(key, "tx_counter"))
			device->tx_counter = (uint32_t)take_number(in, UINT32_MAX);
		else if (is(key, "rx_counter"))
			device->rx_counter = (uint32_t)take_number(in, UINT32_MAX);
		else
			skip(in);
	}
}

static void parse_device_address(struct token_reader *in, struct zigbee_backup_device *device)
{
	struct token token = tokens_next(in);

	device->has_nwk = token.kind != TOKEN_NULL;
	if (device->has_nwk)
		device->nwk = (uint16_t)take_hex(in, &token, 4);
}

static void parse_device(struct token_reader *in, struct zigbee_backup_device *device)
{
	struct span key;

	*device = (struct zigbee_backup_device){ .is_child = true };
	while (next_key(in, &key)) {
		if (is(key, "ieee_address"))
			device->eui64 = next_hex(in, 16);
		else if (is(key, "nwk_address"))
			parse_device_address(in, device);
		else if (is(key, "is_child"))
			device->is_child = tokens_next(in).boolean;
		else if (is(key, "link_key"))
			parse_device_key(in, device);
		else
			skip(in);
	}
}

static void parse_devices(struct parse *parse)
{
	struct token_reader *in = &parse->in;
	struct token token = tokens_next(in);

	if (token.kind != TOKEN_ARRAY)
		(void)tokens_fail(in, -EBADMSG);
	while ((token = tokens_next(in)).kind == TOKEN_MAP) {
		if (parse->out->device_count == parse->out->device_room) {
			(void)tokens_fail(in, -ENOBUFS);
			return;
		}
		parse_device(in, &parse->out->devices[parse->out->device_count++]);
	}
	if (token.kind != TOKEN_CLOSE)
		(void)tokens_fail(in, -EBADMSG);
}

static void parse_member(struct parse *parse, struct span key)
{
	struct token_reader *in = &parse->in;
	struct zigbee_backup *out = parse->out;

	if (is(key, "metadata")) {
		parse_metadata(parse);
	} else if (is(key, "coordinator_ieee")) {
		out->coordinator = next_hex(in, 16);
		parse->has |= HAS_COORDINATOR;
	} else if (is(key, "pan_id")) {
		out->pan = (uint16_t)next_hex(in, 4);
		parse->has |= HAS_PAN;
	} else if (is(key, "extended_pan_id")) {
		out->extended_pan = next_hex(in, 16);
		parse->has |= HAS_EXTENDED_PAN;
	} else if (is(key, "nwk_update_id")) {
		out->update_id = (uint8_t)take_number(in, UINT8_MAX);
	} else if (is(key, "channel")) {
		out->channel = (uint8_t)take_number(in, UINT8_MAX);
		parse->has |= HAS_CHANNEL;
	} else if (is(key, "network_key")) {
		parse_network_key(parse);
	} else if (is(key, "devices")) {
		parse_devices(parse);
	} else {
		skip(in);
	}
}

int zigbee_backup_parse(struct zigbee_backup *out, struct span json, const char **fault)
{
	struct zigbee_backup read = { .devices = out->devices, .device_room = out->device_room };
	struct parse parse = { .out = &read };
	char scratch[SCRATCH_SIZE];
	struct span key;

	*fault = "it is not the JSON of a coordinator backup";
	tokens_init(&parse.in, FORMAT_JSON, json, scratch, sizeof(scratch));
	open_map(&parse.in);
	while (next_key(&parse.in, &key))
		parse_member(&parse, key);
	if (tokens_next(&parse.in).kind != TOKEN_FINISH)
		return parse.in.error == -ENOBUFS ? -ENOBUFS : -EBADMSG;
	if (!(parse.has & HAS_FORMAT))
		*fault = "it does not say that it is a " FORMAT " of version 1";
	else
		*fault = "it lacks the network's key, addresses or channel";
	if ((parse.has & HAS_ALL) != HAS_ALL)
		return -EBADMSG;
	*out = read;
	return 0;
}

/* ---- writing ---- */

static void put_hex(struct token_writer *out, const char *name, uint64_t value, int digits)
{
	char text[17];

	(void)snprintf(text, sizeof(text), "%0*llx", digits, (unsigned long long)value);
	token_string(out, name);
	token_string(out, text);
}

static void put_key(struct token_writer *out, const uint8_t key[16])
{
	token_string(out, "key");
	token_hex(out, (struct span){ (const char *)key, 16 });
}

static void put_number(struct token_writer *out, const char *name, int64_t value)
{
	token_string(out, name);
	token_integer(out, value);
}

static void put_metadata(struct token_writer *out, const struct zigbee_backup *backup)
{
	time_t made = (time_t)backup->made_s;
	char text[32] = "";
	struct tm at;

	if (gmtime_r(&made, &at))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &at);
	token_string(out, "metadata");
	token_map(out, 4);
	token_string(out, "format");
	token_string(out, FORMAT);
	put_number(out, "version", VERSION);
	token_string(out, "source");
	token_string(out, "wakegate");
	token_string(out, "internal");
	token_map(out, 2);
	token_string(out, "creation_time");
	token_string(out, text);
	token_string(out, "network");
	token_map(out, 2);
	token_string(out, "tc_link_key");
	token_map(out, 2);
	put_key(out, backup->link_key);
	put_number(out, "frame_counter", 0);
	token_close(out);
	put_hex(out, "tc_address", backup->coordinator, 16);
	token_close(out);
	token_close(out);
	token_close(out);
}

static void put_device(struct token_writer *out, const struct zigbee_backup_device *device)
{
	token_map(out, device->has_key ? 4 : 3);
	put_hex(out, "ieee_address", device->eui64, 16);
	if (device->has_nwk) {
		put_hex(out, "nwk_address", device->nwk, 4);
	} else {
		token_string(out, "nwk_address");
		token_null(out);
	}
	token_string(out, "is_child");
	token_boolean(out, device->is_child);
	if (device->has_key) {
		token_string(out, "link_key");
		token_map(out, 3);
		put_key(out, device->key);
		put_number(out, "tx_counter", device->tx_counter);
		put_number(out, "rx_counter", device->rx_counter);
		token_close(out);
	}
	token_close(out);
}

static void put_network(struct token_writer *out, const struct zigbee_backup *backup)
{
	put_hex(out, "coordinator_ieee", backup->coordinator, 16);
	put_hex(out, "pan_id", backup->pan, 4);
	put_hex(out, "extended_pan_id", backup->extended_pan, 16);
	put_number(out, "nwk_update_id", backup->update_id);
	put_number(out, "security_level", SECURITY_LEVEL);
	put_number(out, "channel", backup->channel);
	token_string(out, "channel_mask");
	token_array(out, 1);
	token_integer(out, backup->channel);
	token_close(out);
	token_string(out, "network_key");
	token_map(out, 3);
	put_key(out, backup->key);
	put_number(out, "sequence_number", backup->key_sequence);
	put_number(out, "frame_counter", backup->frame_counter);
	token_close(out);
}

void zigbee_backup_write(struct writer *out, const struct zigbee_backup *backup)
{
	struct token_writer json;

	token_writer_init(&json, FORMAT_JSON, out);
	token_map(&json, 11);
	put_metadata(&json, backup);
	token_string(&json, "stack_specific");
	token_map(&json, 0);
	token_close(&json);
	put_network(&json, backup);
	token_string(&json, "devices");
	token_array(&json, backup->device_count);
	for (size_t i = 0; i < backup->device_count; i++)
		put_device(&json, &backup->devices[i]);
	token_close(&json);
	token_close(&json);
}
