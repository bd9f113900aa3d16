#include "drivers/driver_message.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "protocols/hex.h"
#include "protocols/number.h"
#include "protocols/token_writer.h"
#include "protocols/tokens.h"
#include "protocols/utf8.h"

/* Words for numbers. */

struct word {
	const char *text;
	int value;
};

static const struct word results[] = {
	{ "ok", 0 },
	{ "failed", -EIO },
	{ "already", -EALREADY },
	{ "refused", -EACCES },
	{ "invalid", -EINVAL },
	{ "busy", -EBUSY },
	{ "full", -ENOBUFS },
	{ "no_space", -ENOSPC },
	{ "later", -EAGAIN },
	{ "not_found", -ENOENT },
	{ "unsupported", -ENOTSUP },
	{ "timeout", -ETIMEDOUT },
	{ NULL, 0 },
};
static const struct word states[] = {
	{ "downloading", DELIVERY_DOWNLOADING },
	{ "downloaded", DELIVERY_DOWNLOADED },
	{ "applying", DELIVERY_APPLYING },
	{ "confirmed", DELIVERY_CONFIRMED },
	{ "reverted", DELIVERY_REVERTED },
	{ "failed", DELIVERY_FAILED },
	{ "unfit", DELIVERY_UNFIT },
	{ NULL, 0 },
};
static const struct word levels[] = {
	{ "error", DRIVER_ERROR },
	{ "warning", DRIVER_WARNING },
	{ "notice", DRIVER_NOTICE },
	{ "info", DRIVER_INFO },
	{ "debug", DRIVER_DEBUG },
	{ NULL, 0 },
};

static const char *word_of(const struct word *words, int value)
{
	for (const struct word *word = words; word->text; word++)
		if (word->value == value)
			return word->text;
	return NULL;
}

const char *driver_result_word(int result)
{
	const char *word = word_of(results, result);

	return word ? word : "failed";
}

/* Members. */

enum kind { KIND_TEXT, KIND_UNSIGNED, KIND_SIGNED, KIND_LONG, KIND_FLAG, KIND_BYTES, KIND_DIGITS, KIND_WORD };

enum member {
	ID,
	PROTOCOL,
	PID,
	SILENCE_MS,
	DRIVER,
	NODE,
	PARENT,
	HARDWARE,
	VERSION,
	FORMAT,
	ONLY_FOR,
	VERB,
	NAME,
	TEXT,
	DIGEST,
	EXCHANGE,
	FORMER,
	BATTERY,
	SIGNAL,
	MESSAGE_BYTES,
	BYTES_IN,
	BYTES_OUT,
	BYTES,
	OFFSET_OF,
	SIZE,
	CODE,
	NEXT_S,
	RETRY_S,
	WAIT_MS,
	WITHIN_MS,
	FETCH_FROM_MS,
	FETCH_UNTIL_MS,
	APPLY_AT_MS,
	APPLY_UNTIL_MS,
	RESULT,
	STATE,
	LEVEL,
	PROVEN,
	REPORTS,
	UNSCHEDULED,
	TAKEN,
	URGENT,
	FAST,
	FRESH,
	COUNTED,
	SAID,
	OK,
	JSON,
	SECRET,
	COMMANDS,
	QUESTIONS,
	MEMBERS
};

#define AT(place) offsetof(struct driver_message, place)
#define TEXT_OF(place) KIND_TEXT, AT(place), sizeof(((struct driver_message *)0)->place) - 1, NULL

static const struct {
	const char *name;
	enum kind kind;
	size_t offset;
	size_t most; /* bytes of a text */
	const struct word *words;
} members[MEMBERS] = {
	[ID] = { "id", KIND_UNSIGNED, AT(id), 0, NULL },
	[PROTOCOL] = { "protocol", KIND_UNSIGNED, AT(protocol), 0, NULL },
	[PID] = { "pid", KIND_UNSIGNED, AT(pid), 0, NULL },
	[SILENCE_MS] = { "silence_ms", KIND_UNSIGNED, AT(silence_ms), 0, NULL },
	[DRIVER] = { "driver", TEXT_OF(driver) },
	[NODE] = { "node", TEXT_OF(node) },
	[PARENT] = { "parent", TEXT_OF(parent) },
	[HARDWARE] = { "hardware", TEXT_OF(hardware) },
	[VERSION] = { "version", TEXT_OF(version) },
	[FORMAT] = { "format", TEXT_OF(format) },
	[ONLY_FOR] = { "only_for", TEXT_OF(only_for) },
	[VERB] = { "verb", TEXT_OF(verb) },
	[NAME] = { "name", TEXT_OF(name) },
	[TEXT] = { "text", TEXT_OF(text) },
	[DIGEST] = { "sha256", KIND_BYTES, AT(digest), 32, NULL },
	[EXCHANGE] = { "exchange", KIND_DIGITS, AT(exchange), 0, NULL },
	[FORMER] = { "former", KIND_DIGITS, AT(former), 0, NULL },
	[BATTERY] = { "battery", KIND_SIGNED, AT(battery), 0, NULL },
	[SIGNAL] = { "signal", KIND_SIGNED, AT(signal), 0, NULL },
	[MESSAGE_BYTES] = { "message_bytes", KIND_UNSIGNED, AT(message_bytes), 0, NULL },
	[BYTES_IN] = { "bytes_in", KIND_UNSIGNED, AT(bytes_in), 0, NULL },
	[BYTES_OUT] = { "bytes_out", KIND_UNSIGNED, AT(bytes_out), 0, NULL },
	[BYTES] = { "bytes", KIND_UNSIGNED, AT(bytes), 0, NULL },
	[OFFSET_OF] = { "offset", KIND_UNSIGNED, AT(offset), 0, NULL },
	[SIZE] = { "size", KIND_UNSIGNED, AT(size), 0, NULL },
	[CODE] = { "code", KIND_SIGNED, AT(code), 0, NULL },
	[NEXT_S] = { "next_s", KIND_UNSIGNED, AT(next_s), 0, NULL },
	[RETRY_S] = { "retry_s", KIND_UNSIGNED, AT(retry_s), 0, NULL },
	[WAIT_MS] = { "wait_ms", KIND_LONG, AT(wait_ms), 0, NULL },
	[WITHIN_MS] = { "within_ms", KIND_LONG, AT(within_ms), 0, NULL },
	[FETCH_FROM_MS] = { "fetch_from_ms", KIND_LONG, AT(times.fetch_from_ms), 0, NULL },
	[FETCH_UNTIL_MS] = { "fetch_until_ms", KIND_LONG, AT(times.fetch_until_ms), 0, NULL },
	[APPLY_AT_MS] = { "apply_at_ms", KIND_LONG, AT(times.apply_at_ms), 0, NULL },
	[APPLY_UNTIL_MS] = { "apply_until_ms", KIND_LONG, AT(times.apply_until_ms), 0, NULL },
	[RESULT] = { "result", KIND_WORD, AT(result), 0, results },
	[STATE] = { "state", KIND_WORD, AT(state), 0, states },
	[LEVEL] = { "level", KIND_WORD, AT(level), 0, levels },
	[PROVEN] = { "proven", KIND_FLAG, AT(proven), 0, NULL },
	[REPORTS] = { "reports", KIND_FLAG, AT(reports), 0, NULL },
	[UNSCHEDULED] = { "unscheduled", KIND_FLAG, AT(unscheduled), 0, NULL },
	[TAKEN] = { "taken", KIND_FLAG, AT(taken), 0, NULL },
	[URGENT] = { "urgent", KIND_FLAG, AT(urgent), 0, NULL },
	[FAST] = { "fast", KIND_FLAG, AT(fast), 0, NULL },
	[FRESH] = { "fresh", KIND_FLAG, AT(fresh), 0, NULL },
	[COUNTED] = { "counted", KIND_FLAG, AT(counted), 0, NULL },
	[SAID] = { "said", KIND_FLAG, AT(said), 0, NULL },
	[OK] = { "ok", KIND_FLAG, AT(ok), 0, NULL },
	[JSON] = { "json", KIND_FLAG, AT(json), 0, NULL },
	[SECRET] = { "secret", KIND_FLAG, AT(secret), 0, NULL },
	[COMMANDS] = { "commands", KIND_FLAG, AT(commands), 0, NULL },
	[QUESTIONS] = { "questions", KIND_FLAG, AT(questions), 0, NULL },
};

/* Types: what each must have, and what it may have beside. */

#define BIT(member) (UINT64_C(1) << (member))
#define TIMES (BIT(FETCH_FROM_MS) | BIT(FETCH_UNTIL_MS) | BIT(APPLY_AT_MS) | BIT(APPLY_UNTIL_MS))
#define IMAGE (BIT(NAME) | BIT(SIZE) | BIT(DIGEST) | BIT(VERSION) | BIT(HARDWARE) | BIT(FORMAT))

static const struct {
	const char *name;
	uint64_t required, optional;
} types[DRIVER_MESSAGE_TYPES] = {
	[DRIVER_HELLO] = { "hello", BIT(PROTOCOL) | BIT(DRIVER),
		BIT(PID) | BIT(SILENCE_MS) | BIT(COMMANDS) | BIT(QUESTIONS) },
	[DRIVER_BEAT] = { "beat", BIT(ID), 0 },
	[DRIVER_READY] = { "ready", 0, 0 },
	[DRIVER_FAILED] = { "failed", BIT(TEXT), 0 },
	[DRIVER_BYE] = { "bye", 0, 0 },
	[DRIVER_CONTACT] = { "contact", BIT(ID) | BIT(NODE),
		BIT(PROVEN) | BIT(REPORTS) | BIT(UNSCHEDULED) | BIT(TAKEN) | BIT(HARDWARE) | BIT(VERSION) |
			BIT(PARENT) | BIT(DIGEST) | BIT(BATTERY) | BIT(SIGNAL) | BIT(EXCHANGE) | BIT(MESSAGE_BYTES) |
			BIT(BYTES_IN) | BIT(BYTES_OUT) },
	[DRIVER_REPORT] = { "report", BIT(ID) | BIT(NODE) | BIT(FORMAT),
		BIT(EXCHANGE) | BIT(FORMER) | BIT(URGENT) | BIT(FAST) | BIT(FRESH) | BIT(COUNTED) },
	[DRIVER_PROGRESS] = { "progress", BIT(NODE) | BIT(STATE), BIT(OFFSET_OF) | BIT(CODE) | BIT(SAID) },
	[DRIVER_LOST] = { "lost", BIT(NODE), 0 },
	[DRIVER_REPLIED] = { "replied", BIT(ID) | BIT(NODE) | BIT(OK), BIT(JSON) },
	[DRIVER_FETCH] = { "fetch", BIT(ID) | BIT(BYTES), BIT(NODE) },
	[DRIVER_IMAGE] = { "image", BIT(ID) | BIT(NAME), BIT(NODE) },
	[DRIVER_READ] = { "read", BIT(NAME) | BIT(OFFSET_OF) | BIT(SIZE), 0 },
	[DRIVER_KEEP] = { "keep", BIT(NAME), BIT(SECRET) },
	[DRIVER_EVENT] = { "event", BIT(LEVEL) | BIT(TEXT), 0 },
	[DRIVER_TROUBLE] = { "trouble", BIT(LEVEL), BIT(TEXT) },
	[DRIVER_COUNTERS] = { "counters", 0, 0 },
	[DRIVER_ANSWER] = { "answer", BIT(ID) | BIT(RESULT), 0 },
	[DRIVER_RECORD] = { "record", BIT(NAME), BIT(SECRET) },
	[DRIVER_START] = { "start", 0, 0 },
	[DRIVER_RELOAD] = { "reload", 0, 0 },
	[DRIVER_STOP] = { "stop", BIT(TEXT), 0 },
	[DRIVER_OFFER] = { "offer", BIT(NODE) | IMAGE, TIMES | BIT(ONLY_FOR) },
	[DRIVER_WITHDRAW] = { "withdraw", BIT(NODE), 0 },
	[DRIVER_COMMAND] = { "command", BIT(ID) | BIT(NODE) | BIT(TEXT) | BIT(WITHIN_MS), 0 },
	[DRIVER_ASK] = { "ask", BIT(ID) | BIT(VERB), 0 },
	[DRIVER_CONTACT_ANSWER] = { "contact_answer", BIT(ID) | BIT(RESULT) | BIT(NEXT_S), 0 },
	[DRIVER_REPORT_DONE] = { "report_done", BIT(ID) | BIT(RESULT) | BIT(RETRY_S), 0 },
	[DRIVER_FETCH_ANSWER] = { "fetch_answer", BIT(ID) | BIT(WAIT_MS), 0 },
	[DRIVER_IMAGE_ANSWER] = { "image_answer", BIT(ID) | BIT(RESULT), IMAGE | BIT(ONLY_FOR) },
	[DRIVER_BYTES] = { "bytes", BIT(NAME) | BIT(OFFSET_OF) | BIT(RESULT), 0 },
};

const char *driver_message_name(enum driver_message_type type)
{
	return types[type].name;
}

void driver_message_init(struct driver_message *message, enum driver_message_type type)
{
	memset(message, 0, sizeof(*message));
	message->type = type;
	message->battery = -1;
}

/* Writing. */

static const void *place(const struct driver_message *message, enum member member)
{
	return (const char *)message + members[member].offset;
}

static bool is_unsaid(const struct driver_message *message, enum member member)
{
	const void *at = place(message, member);

	if (member == BATTERY)
		return message->battery < 0;
	switch (members[member].kind) {
	case KIND_TEXT:
		return !*(const char *)at;
	case KIND_UNSIGNED:
	case KIND_SIGNED:
	case KIND_WORD:
		return *(const uint32_t *)at == 0;
	case KIND_LONG:
	case KIND_DIGITS:
		return *(const uint64_t *)at == 0;
	case KIND_FLAG:
		return !*(const bool *)at;
	case KIND_BYTES:
		return message->digest_size == 0;
	}
	return true;
}

/* What is said may be a library's or a device's text; the head is valid JSON all the same. */
static void write_text(struct token_writer *writer, const char *text)
{
	char plain[DRIVER_TEXT_MAX + 1];
	size_t size = strlen(text);

	if (utf8_valid((struct span){ text, size })) {
		token_string(writer, text);
		return;
	}
	for (size_t i = 0; i <= size; i++)
		plain[i] = (char)((unsigned char)text[i] > 0x7e ? '?' : text[i]);
	token_string(writer, plain);
}

static void write_member(struct token_writer *writer, const struct driver_message *message, enum member member)
{
	const void *at = place(message, member);
	char digits[17];

	token_string(writer, members[member].name);
	switch (members[member].kind) {
	case KIND_TEXT:
		write_text(writer, at);
		return;
	case KIND_UNSIGNED:
		token_integer(writer, *(const uint32_t *)at);
		return;
	case KIND_SIGNED:
		token_integer(writer, *(const int32_t *)at);
		return;
	case KIND_LONG:
		token_integer(writer, *(const int64_t *)at);
		return;
	case KIND_FLAG:
		token_boolean(writer, *(const bool *)at);
		return;
	case KIND_BYTES:
		token_hex(writer, (struct span){ at, message->digest_size });
		return;
	case KIND_DIGITS:
		snprintf(digits, sizeof(digits), "%016llx", (unsigned long long)*(const uint64_t *)at);
		token_string(writer, digits);
		return;
	case KIND_WORD: {
		const char *word = word_of(members[member].words, *(const int32_t *)at);
		token_string(writer, word ? word : "failed");
		return;
	}
	}
}

size_t driver_message_write(const struct driver_message *message, char out[DRIVER_HEAD_MAX])
{
	uint64_t left_out = 0;
	uint64_t required = types[message->type].required, optional = types[message->type].optional;
	struct token_writer writer;
	struct writer to;

	writer_init(&to, out, DRIVER_HEAD_MAX);
	token_writer_init(&writer, FORMAT_JSON, &to);
	for (int member = 0; member < MEMBERS; member++)
		if (!(required & BIT(member)) && is_unsaid(message, (enum member)member))
			left_out |= BIT(member);
	uint64_t written = (required | optional) & ~left_out;
	token_map(&writer, 1 + (uint64_t)__builtin_popcountll(written));
	token_string(&writer, "type");
	token_string(&writer, types[message->type].name);
	for (int member = 0; member < MEMBERS; member++)
		if (written & BIT(member))
			write_member(&writer, message, (enum member)member);
	token_close(&writer);
	assert(!to.failed); /* the longest texts, all escaped, have room */
	return writer_size(&to);
}

/* Reading. */

struct parsing {
	struct token_reader tokens;
	struct driver_message *out;
	char *why;
	size_t why_size;
	uint64_t given;
	bool typed;
};

static int refuse(struct parsing *parsing, int error, const char *member, const char *what)
{
	snprintf(parsing->why, parsing->why_size, "%s%s%s %s",
		parsing->typed ? driver_message_name(parsing->out->type) : "a message", *member ? "." : "", member,
		what);
	return error;
}

/* Names and the like go to logs and terminals: no control characters; what is written for people is cleaned there. */
static bool is_clean(struct span text, bool strictly)
{
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c == 0 || (strictly && (c < 0x20 || c == 0x7f)))
			return false;
	}
	return true;
}

static int take_text(char *out, size_t most, struct span text)
{
	if (text.size > most)
		return -ENOBUFS;
	if (!is_clean(text, most < DRIVER_TEXT_MAX))
		return -EBADMSG;
	if (text.size)
		memcpy(out, text.data, text.size);
	out[text.size] = '\0';
	return 0;
}

static int take_number(void *at, enum kind kind, const struct number *number)
{
	int64_t value;

	if (number->is_double || number_scale(&value, number, 0) < 0 ||
		number_compare(number, &(struct number){ .mantissa = value }) != 0)
		return -ERANGE;
	if (kind == KIND_LONG) {
		*(int64_t *)at = value;
		return 0;
	}
	if (kind == KIND_UNSIGNED ? value < 0 || value > UINT32_MAX : value < INT32_MIN || value > INT32_MAX)
		return -ERANGE;
	*(uint32_t *)at = (uint32_t)value;
	return 0;
}

static int take_digits(uint64_t *out, struct span text)
{
	uint8_t bytes[8];
	uint64_t value = 0;

	if (text.size != 16 || hex_parse(bytes, text.data, 16) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	*out = value;
	return 0;
}

static int take_word(int32_t *out, const struct word *words, struct span text)
{
	for (const struct word *word = words; word->text; word++) {
		if (strlen(word->text) == text.size && memcmp(word->text, text.data, text.size) == 0) {
			*out = word->value;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_bytes(struct driver_message *out, struct span text)
{
	if (text.size % 2 || text.size > 2 * sizeof(out->digest) || hex_parse(out->digest, text.data, text.size) < 0)
		return -EBADMSG;
	out->digest_size = (uint32_t)(text.size / 2);
	return 0;
}

static enum token_kind token_of(enum kind kind)
{
	switch (kind) {
	case KIND_UNSIGNED:
	case KIND_SIGNED:
	case KIND_LONG:
		return TOKEN_NUMBER;
	case KIND_FLAG:
		return TOKEN_BOOLEAN;
	default:
		return TOKEN_TEXT;
	}
}

static int take_member(struct driver_message *out, enum member member, const struct token *token)
{
	void *at = (char *)out + members[member].offset;

	if (token->kind != token_of(members[member].kind))
		return -EBADMSG;
	switch (members[member].kind) {
	case KIND_TEXT:
		return take_text(at, members[member].most, token->text);
	case KIND_UNSIGNED:
	case KIND_SIGNED:
	case KIND_LONG:
		return take_number(at, members[member].kind, &token->number);
	case KIND_FLAG:
		*(bool *)at = token->boolean;
		return 0;
	case KIND_BYTES:
		return take_bytes(out, token->text);
	case KIND_DIGITS:
		return take_digits(at, token->text);
	case KIND_WORD:
		return take_word(at, members[member].words, token->text);
	}
	return -EBADMSG;
}

static bool is_called(struct span text, const char *name)
{
	return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

static int take_type(struct parsing *parsing, const struct token *value)
{
	if (value->kind != TOKEN_TEXT || parsing->typed)
		return refuse(parsing, -EBADMSG, "type", "is not one text");
	for (int type = 0; type < DRIVER_MESSAGE_TYPES; type++) {
		if (is_called(value->text, types[type].name)) {
			parsing->out->type = (enum driver_message_type)type;
			parsing->typed = true;
			return 0;
		}
	}
	return refuse(parsing, -ENOTSUP, "type", "is not known");
}

static int read_member(struct parsing *parsing, struct span key)
{
	struct token value = tokens_next(&parsing->tokens);

	if (is_called(key, "type"))
		return take_type(parsing, &value);
	for (int member = 0; member < MEMBERS; member++) {
		if (!is_called(key, members[member].name))
			continue;
		if (parsing->given & BIT(member))
			return refuse(parsing, -EBADMSG, members[member].name, "is there twice");
		int error = take_member(parsing->out, (enum member)member, &value);
		parsing->given |= BIT(member);
		return error ? refuse(parsing, error, members[member].name, "is out of range or of the wrong type") : 0;
	}
	tokens_skip(&parsing->tokens, &value);
	return 0;
}

static int read_members(struct parsing *parsing)
{
	struct token token = tokens_next(&parsing->tokens);
	int error = 0;

	if (token.kind != TOKEN_MAP)
		return refuse(parsing, -EBADMSG, "", "is not a JSON object");
	while (!error && (token = tokens_next(&parsing->tokens)).kind == TOKEN_TEXT)
		error = read_member(parsing, token.text);
	if (error)
		return error;
	if (token.kind != TOKEN_CLOSE || tokens_next(&parsing->tokens).kind != TOKEN_FINISH)
		return refuse(parsing, -EBADMSG, "", "is not a JSON object");
	return 0;
}

/* What belongs to messages of other types is as little heeded as what nobody knows. */
static void leave_out_foreign(struct driver_message *message)
{
	char head[DRIVER_HEAD_MAX], why[1];
	struct driver_message own;
	size_t size = driver_message_write(message, head);

	if (driver_message_parse(&own, (struct span){ head, size }, why, sizeof(why)) == 0)
		*message = own;
}

int driver_message_parse(struct driver_message *out, struct span head, char *why, size_t why_size)
{
	char scratch[DRIVER_HEAD_MAX];
	struct driver_message message;
	struct parsing parsing = { .out = &message, .why = why, .why_size = why_size };

	driver_message_init(&message, DRIVER_MESSAGE_TYPES);
	if (head.size > DRIVER_HEAD_MAX)
		return refuse(&parsing, -ENOBUFS, "", "has a head that is too long");
	tokens_init(&parsing.tokens, FORMAT_JSON, head, scratch, sizeof(scratch));
	int error = read_members(&parsing);
	if (error)
		return error;
	if (!parsing.typed)
		return refuse(&parsing, -EBADMSG, "type", "lacks");
	uint64_t lacking = types[message.type].required & ~parsing.given;
	if (lacking)
		return refuse(&parsing, -EBADMSG, members[__builtin_ctzll(lacking)].name, "lacks");
	if (parsing.given & ~(types[message.type].required | types[message.type].optional))
		leave_out_foreign(&message);
	*out = message;
	return 0;
}
