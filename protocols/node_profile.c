#include "protocols/node_profile.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "protocols/number.h"
#include "protocols/token_writer.h"

#define IMAGE_HEAD_MIN 4

static const char *const state_names[] = {
	[PROFILE_DOWNLOADING] = "downloading",
	[PROFILE_DOWNLOADED] = "downloaded",
	[PROFILE_APPLYING] = "applying",
	[PROFILE_CONFIRMED] = "confirmed",
	[PROFILE_REVERTED] = "reverted",
	[PROFILE_FAILED] = "failed",
};

const char *profile_state_name(enum profile_state state)
{
	return state_names[state];
}

/* What a key's value must be, and how it gets into the struct. */
struct key {
	const char *name;
	int (*read)(struct token_reader *reader, const struct token *token, void *field);
	size_t offset;
	bool required;
};

struct map {
	const struct key *keys;
	size_t count; /* 32 at most */
};

static int read_pair(
	struct token_reader *reader, const struct map *map, const struct token *name, uint32_t *seen, void *out)
{
	struct token value = tokens_next(reader);

	for (size_t i = 0; i < map->count; i++) {
		const struct key *key = &map->keys[i];

		if (strlen(key->name) != name->text.size || memcmp(key->name, name->text.data, name->text.size) != 0)
			continue;
		if (*seen & 1u << i)
			return -EBADMSG;
		*seen |= 1u << i;
		return key->read(reader, &value, (uint8_t *)out + key->offset);
	}
	tokens_skip(reader, &value);
	return 0;
}

/* The rest of a map whose opening token was `open`. */
static int read_map(struct token_reader *reader, const struct map *map, const struct token *open, void *out)
{
	uint32_t seen = 0;

	if (open->kind != TOKEN_MAP)
		return tokens_fail(reader, -EBADMSG);
	for (;;) {
		struct token name = tokens_next(reader);

		if (name.kind == TOKEN_CLOSE)
			break;
		/* Keys that are not texts are as unknown as any other. */
		if (name.kind != TOKEN_TEXT)
			name.text = (struct span){ 0 };
		tokens_skip(reader, &name);
		int result = name.kind == TOKEN_FAULT ? reader->error : read_pair(reader, map, &name, &seen, out);
		if (result < 0 || reader->error)
			return tokens_fail(reader, result);
	}
	for (size_t i = 0; i < map->count; i++)
		if (map->keys[i].required && !(seen & 1u << i))
			return tokens_fail(reader, -EBADMSG);
	return 0;
}

/* The one map that the reader reads. */
static int read_document(struct token_reader *reader, const struct map *map, void *out)
{
	struct token open = tokens_next(reader);
	int result = read_map(reader, map, &open, out);

	if (result == 0 && tokens_next(reader).kind != TOKEN_FINISH)
		result = tokens_fail(reader, -EBADMSG);
	return result;
}

static int parse_map(void *out, enum token_format format, struct span data, const struct map *map)
{
	char scratch[PROFILE_MESSAGE_MAX];
	struct token_reader reader;

	tokens_init(&reader, format, data, scratch, sizeof(scratch));
	return read_document(&reader, map, out);
}

/* A text without control characters: it goes into logs and into terminals. */
static int copy_text(char *out, size_t limit, const struct token *token)
{
	if (token->kind != TOKEN_TEXT)
		return -EBADMSG;
	if (token->text.size > limit)
		return -ENOBUFS;
	for (size_t i = 0; i < token->text.size; i++)
		if ((unsigned char)token->text.data[i] < 0x20 || token->text.data[i] == 0x7f)
			return -EBADMSG;
	memcpy(out, token->text.data, token->text.size);
	out[token->text.size] = '\0';
	return 0;
}

static int read_short_text(struct token_reader *reader, const struct token *token, void *field)
{
	return copy_text(field, PROFILE_TEXT_MAX, token);
}

static int read_uri(struct token_reader *reader, const struct token *token, void *field)
{
	return copy_text(field, PROFILE_URI_MAX, token);
}

/* A number, rounded: some nodes measure their battery in floats. */
static int integer_between(int64_t *out, const struct token *token, int64_t least, int64_t most)
{
	int64_t value = 0;

	if (token->kind != TOKEN_NUMBER)
		return -EBADMSG;
	if (number_scale(&value, &token->number, 0) < 0 || value < least || value > most)
		return -ERANGE;
	*out = value;
	return 0;
}

static int read_u32(struct token_reader *reader, const struct token *token, void *field)
{
	int64_t value = 0;
	int result = integer_between(&value, token, 0, UINT32_MAX);

	if (result == 0)
		*(uint32_t *)field = (uint32_t)value;
	return result;
}

static int read_code(struct token_reader *reader, const struct token *token, void *field)
{
	int64_t value = 0;
	int result = integer_between(&value, token, INT32_MIN, INT32_MAX);

	if (result == 0)
		*(int32_t *)field = (int32_t)value;
	return result;
}

static int read_battery(struct token_reader *reader, const struct token *token, void *field)
{
	int64_t value = 0;
	int result = integer_between(&value, token, 0, 100);

	if (result == 0)
		*(int *)field = (int)value;
	return result;
}

static int read_signal(struct token_reader *reader, const struct token *token, void *field)
{
	int64_t value = 0;
	int result = integer_between(&value, token, -200, -1);

	if (result == 0)
		*(int *)field = (int)value;
	return result;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A digest or its head: up to 32 bytes, a byte string or hex. Its size, or negative. */
static int copy_digest(uint8_t out[32], enum token_format format, const struct token *token)
{
	size_t size = format == FORMAT_CBOR ? token->text.size : token->text.size / 2;

	if (token->kind != (format == FORMAT_CBOR ? TOKEN_BYTES : TOKEN_TEXT) || size < IMAGE_HEAD_MIN || size > 32)
		return -EBADMSG;
	if (format == FORMAT_CBOR) {
		memcpy(out, token->text.data, size);
		return (int)size;
	}
	if (token->text.size % 2)
		return -EBADMSG;
	for (size_t i = 0; i < size; i++) {
		int high = hex_digit(token->text.data[2 * i]);
		int low = hex_digit(token->text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return (int)size;
}

static int read_image(struct token_reader *reader, const struct token *token, void *field)
{
	struct profile_checkin *checkin = field;
	int size = copy_digest(checkin->image, reader->format, token);

	if (size < 0)
		return size;
	checkin->image_size = (size_t)size;
	return 0;
}

static int read_sha256(struct token_reader *reader, const struct token *token, void *field)
{
	uint8_t digest[32];

	if (copy_digest(digest, reader->format, token) != sizeof(digest))
		return -EBADMSG;
	memcpy(field, digest, sizeof(digest));
	return 0;
}

static bool text_is(const struct token *token, const char *text)
{
	return token->kind == TOKEN_TEXT && token->text.size == strlen(text) &&
	       memcmp(token->text.data, text, token->text.size) == 0;
}

static int read_state(struct token_reader *reader, const struct token *token, void *field)
{
	for (size_t i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
		if (!text_is(token, state_names[i]))
			continue;
		*(enum profile_state *)field = (enum profile_state)i;
		return 0;
	}
	return -EBADMSG;
}

#define KEY(type, name, member, reader)                            \
	{                                                          \
		name, reader, offsetof(struct type, member), false \
	}
#define REQUIRED_KEY(type, name, member, reader)                  \
	{                                                         \
		name, reader, offsetof(struct type, member), true \
	}
#define MAP_OF(keys)                                   \
	{                                              \
		keys, sizeof(keys) / sizeof((keys)[0]) \
	}

static int read_update(struct token_reader *reader, const struct token *token, void *field)
{
	static const struct key keys[] = {
		REQUIRED_KEY(profile_update, "uri", uri, read_uri),
		REQUIRED_KEY(profile_update, "size", size, read_u32),
		REQUIRED_KEY(profile_update, "sha256", sha256, read_sha256),
		KEY(profile_update, "version", version, read_short_text),
		KEY(profile_update, "fetch", fetch_s, read_u32),
		KEY(profile_update, "apply", apply_s, read_u32),
		KEY(profile_update, "until", until_s, read_u32),
	};
	static const struct map map = MAP_OF(keys);
	struct profile_answer *answer = field;

	answer->has_update = true;
	return read_map(reader, &map, token, &answer->update);
}

static int read_command_text(struct token_reader *reader, const struct token *token, void *field)
{
	return copy_text(field, PROFILE_COMMAND_MAX, token);
}

static int read_id(struct token_reader *reader, const struct token *token, void *field)
{
	int64_t value = 0;
	int result = integer_between(&value, token, 1, UINT32_MAX);

	if (result == 0)
		*(uint32_t *)field = (uint32_t)value;
	return result;
}

static int read_until(struct token_reader *reader, const struct token *token, void *field)
{
	return integer_between(field, token, 0, INT64_MAX);
}

static const struct key command_keys[] = {
	REQUIRED_KEY(profile_command, "id", id, read_id),
	REQUIRED_KEY(profile_command, "command", text, read_command_text),
	KEY(profile_command, "until", until_s, read_until),
};
static const struct map command_map = MAP_OF(command_keys);

static int read_told_command(struct token_reader *reader, const struct token *token, void *field)
{
	struct profile_answer *answer = field;

	answer->has_command = true;
	return read_map(reader, &command_map, token, &answer->command);
}

int profile_parse_command(struct profile_command *out, enum token_format format, struct span data)
{
	struct profile_command command = { 0 };
	int result = parse_map(&command, format, data, &command_map);

	if (result == 0)
		*out = command;
	return result;
}

int profile_parse_checkin(struct profile_checkin *out, enum token_format format, struct span data)
{
	static const struct key keys[] = {
		KEY(profile_checkin, "hw", hardware, read_short_text),
		KEY(profile_checkin, "version", version, read_short_text),
		KEY(profile_checkin, "parent", parent, read_short_text),
		{ "image", read_image, 0, false },
		KEY(profile_checkin, "battery", battery_percent, read_battery),
		KEY(profile_checkin, "rssi", signal_dbm, read_signal),
	};
	static const struct map map = MAP_OF(keys);
	struct profile_checkin checkin = { .battery_percent = -1 };
	int result = parse_map(&checkin, format, data, &map);

	if (result == 0)
		*out = checkin;
	return result;
}

int profile_parse_answer(struct profile_answer *out, enum token_format format, struct span data)
{
	static const struct key keys[] = {
		KEY(profile_answer, "next", next_s, read_u32),
		{ "update", read_update, 0, false },
		{ "command", read_told_command, 0, false },
	};
	static const struct map map = MAP_OF(keys);
	struct profile_answer answer = { 0 };
	int result = parse_map(&answer, format, data, &map);

	if (result == 0)
		*out = answer;
	return result;
}

int profile_parse_status(struct profile_status *out, enum token_format format, struct span data)
{
	static const struct key keys[] = {
		REQUIRED_KEY(profile_status, "state", state, read_state),
		KEY(profile_status, "code", code, read_code),
		KEY(profile_status, "offset", offset, read_u32),
	};
	static const struct map map = MAP_OF(keys);
	struct profile_status status = { 0 };
	int result = parse_map(&status, format, data, &map);

	if (result == 0)
		*out = status;
	return result;
}

static int read_presence(struct token_reader *reader, const struct token *token, void *field)
{
	static const char *const names[] = { "online", "asleep", "offline" };
	struct profile_node_status *status = field;

	for (int i = PROFILE_ONLINE; i <= PROFILE_OFFLINE; i++) {
		if (!text_is(token, names[i]))
			continue;
		status->presence = (enum profile_presence)i;
		return 0;
	}
	status->presence = PROFILE_UPDATING;
	return read_state(reader, token, &status->update.state);
}

int profile_parse_node_status(struct profile_node_status *out, enum token_format format, struct span data)
{
	static const struct key keys[] = {
		{ "state", read_presence, 0, false },
		KEY(profile_node_status, "hardware", checkin.hardware, read_short_text),
		KEY(profile_node_status, "hw", checkin.hardware, read_short_text),
		KEY(profile_node_status, "version", checkin.version, read_short_text),
		KEY(profile_node_status, "parent", checkin.parent, read_short_text),
		KEY(profile_node_status, "image", checkin, read_image),
		KEY(profile_node_status, "sha256", checkin, read_image),
		KEY(profile_node_status, "battery", checkin.battery_percent, read_battery),
		KEY(profile_node_status, "rssi", checkin.signal_dbm, read_signal),
		KEY(profile_node_status, "offset", update.offset, read_u32),
		KEY(profile_node_status, "code", update.code, read_code),
	};
	static const struct map map = MAP_OF(keys);
	struct profile_node_status status = { .checkin = { .battery_percent = -1 } };
	int result = parse_map(&status, format, data, &map);

	if (result == 0)
		*out = status;
	return result;
}

static int read_wanted_digest(struct token_reader *reader, const struct token *token, void *field)
{
	struct profile_block_request *request = field;

	request->has_sha256 = true;
	return read_sha256(reader, token, request->sha256);
}

int profile_parse_block_request(struct profile_block_request *out, enum token_format format, struct span data)
{
	static const struct key keys[] = {
		{ "sha256", read_wanted_digest, 0, false },
		REQUIRED_KEY(profile_block_request, "offset", offset, read_u32),
		REQUIRED_KEY(profile_block_request, "size", size, read_u32),
	};
	static const struct map map = MAP_OF(keys);
	struct profile_block_request request = { 0 };
	int result = parse_map(&request, format, data, &map);

	if (result == 0 && request.size == 0)
		result = -ERANGE;
	if (result == 0)
		*out = request;
	return result;
}

static int read_boolean(struct token_reader *reader, const struct token *token, void *field)
{
	if (token->kind != TOKEN_BOOLEAN)
		return -EBADMSG;
	*(bool *)field = token->boolean;
	return 0;
}

/* Where the JSON value begins whose first token ends at `end`: a bracket, or what no blank and no colon is in. */
static size_t value_start(const struct token_reader *reader, const struct token *token, size_t end)
{
	size_t start = end - 1;

	if (token->kind == TOKEN_MAP || token->kind == TOKEN_ARRAY)
		return start;
	while (start > 0 && !strchr(" \t\r\n:", reader->start[start - 1]))
		start--;
	return start;
}

static int read_result(struct token_reader *reader, const struct token *token, void *field)
{
	struct profile_reply *reply = field;
	size_t end = tokens_offset(reader);

	reply->is_json = token->kind != TOKEN_TEXT && reader->format == FORMAT_JSON;
	reply->result = token->kind == TOKEN_TEXT ? token->text : (struct span){ 0 };
	if (!reply->is_json) {
		tokens_skip(reader, token);
	} else {
		size_t start = value_start(reader, token, end);
		tokens_skip(reader, token);
		reply->result = (struct span){ (const char *)reader->start + start, tokens_offset(reader) - start };
	}
	return reply->result.size > PROFILE_RESULT_MAX ? -ENOBUFS : 0;
}

int profile_parse_reply(struct profile_reply *out, enum token_format format, struct span data, void *scratch)
{
	static const struct key keys[] = {
		REQUIRED_KEY(profile_reply, "id", id, read_id),
		KEY(profile_reply, "ok", ok, read_boolean),
		{ "result", read_result, 0, false },
		{ "error", read_result, 0, false },
	};
	static const struct map map = MAP_OF(keys);
	struct profile_reply reply = { .ok = true };
	struct token_reader reader;

	tokens_init(&reader, format, data, scratch, PROFILE_RESULT_MAX);
	int result = read_document(&reader, &map, &reply);
	if (result == 0)
		*out = reply;
	return result;
}

static void write_text(struct token_writer *writer, const char *name, const char *text)
{
	if (!*text)
		return;
	token_string(writer, name);
	token_string(writer, text);
}

static void write_integer(struct token_writer *writer, const char *name, int64_t value)
{
	token_string(writer, name);
	token_integer(writer, value);
}

static void write_digest(struct token_writer *writer, const char *name, const uint8_t *digest, size_t size)
{
	token_string(writer, name);
	token_hex(writer, (struct span){ (const char *)digest, size });
}

void profile_write_checkin(struct writer *out, enum token_format format, const struct profile_checkin *checkin)
{
	struct token_writer writer;

	token_writer_init(&writer, format, out);
	token_map(&writer, (uint64_t)(checkin->hardware[0] != 0) + (checkin->version[0] != 0) +
				   (checkin->parent[0] != 0) + (checkin->image_size > 0) +
				   (checkin->battery_percent >= 0) + (checkin->signal_dbm != 0));
	write_text(&writer, "hw", checkin->hardware);
	write_text(&writer, "version", checkin->version);
	write_text(&writer, "parent", checkin->parent);
	if (checkin->image_size > 0)
		write_digest(&writer, "image", checkin->image, checkin->image_size);
	if (checkin->battery_percent >= 0)
		write_integer(&writer, "battery", checkin->battery_percent);
	if (checkin->signal_dbm != 0)
		write_integer(&writer, "rssi", checkin->signal_dbm);
	token_close(&writer);
}

static void write_update(struct token_writer *writer, const struct profile_update *update)
{
	token_string(writer, "update");
	token_map(writer, 4 + (uint64_t)(update->version[0] != 0) + (update->fetch_s > 0) + (update->until_s > 0));
	token_string(writer, "uri");
	token_string(writer, update->uri);
	write_integer(writer, "size", update->size);
	write_digest(writer, "sha256", update->sha256, sizeof(update->sha256));
	write_text(writer, "version", update->version);
	if (update->fetch_s > 0)
		write_integer(writer, "fetch", update->fetch_s);
	write_integer(writer, "apply", update->apply_s);
	if (update->until_s > 0)
		write_integer(writer, "until", update->until_s);
	token_close(writer);
}

static void write_command(struct token_writer *writer, const struct profile_command *command)
{
	token_map(writer, 2 + (uint64_t)(command->until_s > 0));
	write_integer(writer, "id", command->id);
	write_text(writer, "command", command->text);
	if (command->until_s > 0)
		write_integer(writer, "until", command->until_s);
	token_close(writer);
}

void profile_write_command(struct writer *out, enum token_format format, const struct profile_command *command)
{
	struct token_writer writer;

	token_writer_init(&writer, format, out);
	write_command(&writer, command);
}

void profile_write_slot(struct writer *out, enum token_format format, const struct profile_slot *slot)
{
	struct token_writer writer;

	token_writer_init(&writer, format, out);
	token_map(&writer, 2);
	write_integer(&writer, "next", slot->next_s);
	write_integer(&writer, "at", slot->at_s);
	token_close(&writer);
}

void profile_write_answer(struct writer *out, enum token_format format, const struct profile_answer *answer)
{
	struct token_writer writer;

	token_writer_init(&writer, format, out);
	token_map(&writer, 1 + (uint64_t)answer->has_update + answer->has_command);
	write_integer(&writer, "next", answer->next_s);
	if (answer->has_update)
		write_update(&writer, &answer->update);
	if (answer->has_command) {
		token_string(&writer, "command");
		write_command(&writer, &answer->command);
	}
	token_close(&writer);
}

void profile_write_status(struct writer *out, enum token_format format, const struct profile_status *status)
{
	struct token_writer writer;

	token_writer_init(&writer, format, out);
	token_map(&writer, 2 + (uint64_t)(status->code != 0));
	write_text(&writer, "state", state_names[status->state]);
	if (status->code != 0)
		write_integer(&writer, "code", status->code);
	write_integer(&writer, "offset", status->offset);
	token_close(&writer);
}
