#include "protocols/node_json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/number.h"

#define US_PER_S 1000000
#define DAY_S 86400
#define DATE_MOST_S INT64_C(253402300800) /* the year 10000 */

/* Where a number of seconds since 1970 ends and one of milliseconds begins: the year 5138, or March 1973. */
#define SECONDS_MOST 1e11
#define MILLISECONDS_MOST 1e14
#define MICROSECONDS_MOST 1e17

enum member { DEVICE_ID, TIMESTAMP, DATA, OTHER };

struct parser {
	struct token_reader tokens;
	struct senml_pack *pack;
	struct span device_id;
	bool seen[OTHER];
	bool has_time;
	int64_t time_us;
	char path[READING_NAME_MAX]; /* of the value being read */
	size_t path_size;
};

/* ---- the message's time ---- */

/* The digits of a fixed width at *at, moving on; -1 if they are not there. */
static int take_digits(const char **at, const char *end, int width)
{
	int value = 0;

	if (end - *at < width)
		return -1;
	for (int i = 0; i < width; i++, (*at)++) {
		if (**at < '0' || **at > '9')
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

static bool take(const char **at, const char *end, const char *allowed)
{
	if (*at == end || !**at || !strchr(allowed, **at))
		return false;
	(*at)++;
	return true;
}

/* Days since 1970-01-01 of a date of the Gregorian calendar, or -1 if there is no such day. */
static int64_t days_of(int year, int month, int day)
{
	static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1] + (month == 2 && leap))
		return -1;
	int64_t days = (year - 1970) * INT64_C(365) + (year - 1969) / 4 - (year - 1901) / 100 + (year - 1601) / 400;
	for (int i = 1; i < month; i++)
		days += lengths[i - 1] + (i == 2 && leap);
	return days + day - 1;
}

/* HH:MM[:SS[.digits]] as microseconds, or -1. */
static int64_t take_time_of_day(const char **at, const char *end)
{
	int hour = take_digits(at, end, 2);
	int minute = take(at, end, ":") ? take_digits(at, end, 2) : -1;
	int second = take(at, end, ":") ? take_digits(at, end, 2) : 0;
	int64_t fraction_us = 0;

	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return -1;
	if (take(at, end, ".,"))
		for (int64_t unit = US_PER_S / 10; *at < end && **at >= '0' && **at <= '9'; unit /= 10)
			fraction_us += unit * (*(*at)++ - '0');
	return ((hour * 60 + minute) * INT64_C(60) + second) * US_PER_S + fraction_us;
}

/* Z, nothing, or ±HH[[:]MM], in seconds; false if it is none of these. */
static bool take_offset(const char **at, const char *end, int *offset_s)
{
	*offset_s = 0;
	if (*at == end || take(at, end, "Zz"))
		return true;
	int sign = **at == '-' ? -1 : 1;
	if (!take(at, end, "+-"))
		return false;
	int hours = take_digits(at, end, 2);
	(void)take(at, end, ":");
	int minutes = *at < end ? take_digits(at, end, 2) : 0;
	*offset_s = sign * (hours * 60 + minutes) * 60;
	return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
}

int node_json_parse_date(int64_t *time_us, struct span text)
{
	const char *at = text.data, *end = text.data + text.size;
	int year = take_digits(&at, end, 4);
	int month = take(&at, end, "-") ? take_digits(&at, end, 2) : -1;
	int day = take(&at, end, "-") ? take_digits(&at, end, 2) : -1;
	int64_t days = days_of(year, month, day);
	int64_t of_day_us = take(&at, end, "Tt ") ? take_time_of_day(&at, end) : -1;
	int offset_s;

	if (days < 0 || of_day_us < 0 || !take_offset(&at, end, &offset_s) || at != end)
		return -EBADMSG;
	*time_us = (days * DAY_S - offset_s) * US_PER_S + of_day_us;
	return 0;
}

static int scale_timestamp(int64_t *time_us, const struct number *number)
{
	double value = number_value(number);

	if (value >= MICROSECONDS_MOST)
		return -ERANGE;
	return number_scale(time_us, number, value < SECONDS_MOST ? 6 : value < MILLISECONDS_MOST ? 3 : 0);
}

static int read_timestamp(struct parser *parser, const struct token *token)
{
	struct number number = token->number;
	int64_t time_us = 0;
	int result;

	if (token->kind == TOKEN_NULL)
		return 0;
	if (token->kind == TOKEN_NUMBER ||
		(token->kind == TOKEN_TEXT && number_parse(&number, token->text.data, token->text.size) == 0))
		result = scale_timestamp(&time_us, &number);
	else
		result = token->kind == TOKEN_TEXT ? node_json_parse_date(&time_us, token->text) : -EBADMSG;
	if (result == 0 && time_us >= DATE_MOST_S * US_PER_S)
		return -ERANGE;
	if (result == 0 && time_us >= NODE_JSON_DATE_LEAST_S * US_PER_S) {
		parser->has_time = true;
		parser->time_us = time_us;
	}
	return result;
}

/* ---- the message's members ---- */

static bool text_is(struct span text, const char *wanted)
{
	return text.size == strlen(wanted) && memcmp(text.data, wanted, text.size) == 0;
}

static enum member member_of(struct span name)
{
	if (text_is(name, "device_id"))
		return DEVICE_ID;
	if (text_is(name, "timestamp") || text_is(name, "ts"))
		return TIMESTAMP;
	return text_is(name, "data") ? DATA : OTHER;
}

/* What the message says of itself; its data are for later. */
static int read_head_member(struct parser *parser, enum member member, const struct token *value)
{
	if (member == OTHER)
		return 0;
	if (parser->seen[member])
		return -EBADMSG;
	parser->seen[member] = true;
	if (member == TIMESTAMP)
		return read_timestamp(parser, value);
	if (member == DEVICE_ID && value->kind != TOKEN_TEXT)
		return -EBADMSG;
	if (member == DEVICE_ID)
		parser->device_id = value->text;
	return 0;
}

static int read_head(struct parser *parser)
{
	struct token_reader *tokens = &parser->tokens;

	if (tokens_next(tokens).kind != TOKEN_MAP)
		return tokens_fail(tokens, -EBADMSG);
	for (struct token name = tokens_next(tokens); name.kind == TOKEN_TEXT; name = tokens_next(tokens)) {
		struct token value = tokens_next(tokens);
		int result = read_head_member(parser, member_of(name.text), &value);

		tokens_skip(tokens, &value);
		if (result < 0)
			return tokens_fail(tokens, result);
	}
	if (tokens_next(tokens).kind != TOKEN_FINISH)
		return tokens_fail(tokens, -EBADMSG);
	return 0;
}

/* ---- data ---- */

/* Appends to the path; what RFC 8428 section 4.5.1 does not allow in a name becomes '_'. */
static void enter(struct parser *parser, struct span name)
{
	size_t joint = parser->path_size > 0;

	if (name.size == 0)
		name = (struct span){ "_", 1 };
	if (name.size + joint > sizeof(parser->path) - parser->path_size) {
		(void)tokens_fail(&parser->tokens, -ENOBUFS);
		return;
	}
	if (joint)
		parser->path[parser->path_size++] = '/';
	for (size_t i = 0; i < name.size; i++)
		parser->path[parser->path_size++] = senml_is_name_character(name.data[i]) ? name.data[i] : '_';
}

static void add_reading(struct parser *parser, const struct token *value)
{
	struct writer *scratch = &parser->tokens.scratch;
	struct senml_pack *pack = parser->pack;
	struct reading reading = {
		.name = { (const char *)scratch->at, parser->path_size },
		.kind = value->kind == TOKEN_NUMBER    ? READING_NUMBER
			: value->kind == TOKEN_BOOLEAN ? READING_BOOLEAN
						       : READING_STRING,
		.boolean = value->boolean,
		.number = value->number,
		.text = value->text,
		.has_time = parser->has_time,
		.is_dated = parser->has_time,
		.time_us = parser->time_us,
	};

	write_bytes(scratch, parser->path, parser->path_size);
	if (scratch->failed || pack->count == pack->capacity || value->text.size > READING_TEXT_MAX)
		(void)tokens_fail(&parser->tokens, -ENOBUFS);
	else
		pack->readings[pack->count++] = reading;
}

/* The reading from `first` on whose name is the path and this member, or the count. */
static size_t find_member(const struct parser *parser, size_t first, const char *member)
{
	const struct senml_pack *pack = parser->pack;
	size_t size = parser->path_size, i = first;

	while (i < pack->count && !(pack->readings[i].name.size == size + strlen(member) &&
					  memcmp(pack->readings[i].name.data + size, member, strlen(member)) == 0))
		i++;
	return i;
}

/* The object at the path was read into the readings from `first` on: "value" is its own, with the unit "unit". */
static void join_value(struct parser *parser, size_t first)
{
	struct senml_pack *pack = parser->pack;
	size_t value = find_member(parser, first, "/value");
	size_t unit = find_member(parser, first, "/unit");

	if (parser->path_size == 0 || value == pack->count)
		return;
	pack->readings[value].name.size = parser->path_size;
	if (unit == pack->count || pack->readings[unit].kind != READING_STRING)
		return;
	pack->readings[value].unit = pack->readings[unit].text;
	if (pack->readings[value].unit.size > READING_UNIT_MAX)
		(void)tokens_fail(&parser->tokens, -ENOBUFS);
	pack->count--;
	memmove(&pack->readings[unit], &pack->readings[unit + 1], (pack->count - unit) * sizeof(pack->readings[0]));
}

static void read_value(struct parser *parser, const struct token *value);

static void read_object(struct parser *parser)
{
	size_t first = parser->pack->count, outside = parser->path_size;

	for (;;) {
		struct token name = tokens_next(&parser->tokens);
		struct token value;

		if (name.kind != TOKEN_TEXT)
			break;
		enter(parser, name.text);
		value = tokens_next(&parser->tokens);
		read_value(parser, &value);
		parser->path_size = outside;
	}
	join_value(parser, first);
}

static void read_array(struct parser *parser)
{
	size_t outside = parser->path_size;

	for (unsigned i = 0;; i++) {
		struct token value = tokens_next(&parser->tokens);
		char index[12];

		if (value.kind == TOKEN_CLOSE || value.kind == TOKEN_FAULT)
			return;
		enter(parser, (struct span){ index, (size_t)snprintf(index, sizeof(index), "%u", i) });
		read_value(parser, &value);
		parser->path_size = outside;
	}
}

/* Calls itself through objects and arrays, no deeper than TOKENS_DEPTH_MAX. */
static void read_value(struct parser *parser, const struct token *value)
{
	switch (value->kind) {
	case TOKEN_MAP:
		read_object(parser);
		return;
	case TOKEN_ARRAY:
		read_array(parser);
		return;
	case TOKEN_NUMBER:
	case TOKEN_TEXT:
	case TOKEN_BOOLEAN:
		add_reading(parser, value);
		return;
	default: /* null says nothing, and a fault stays one */
		return;
	}
}

/* The message once more: its data, or all that is not of its head where it has none. */
static int read_data(struct parser *parser)
{
	struct token_reader *tokens = &parser->tokens;
	enum member wanted = parser->seen[DATA] ? DATA : OTHER;

	(void)tokens_next(tokens);
	for (struct token name = tokens_next(tokens); name.kind == TOKEN_TEXT; name = tokens_next(tokens)) {
		struct token value = tokens_next(tokens);

		parser->path_size = 0;
		if (member_of(name.text) != wanted) {
			tokens_skip(tokens, &value);
			continue;
		}
		if (wanted == OTHER || (value.kind != TOKEN_MAP && value.kind != TOKEN_ARRAY))
			enter(parser, name.text);
		read_value(parser, &value);
	}
	return tokens->error;
}

int node_json_parse(struct senml_pack *pack, struct span *device_id, struct span message)
{
	struct parser parser = { .pack = pack };
	struct token_reader *tokens = &parser.tokens;

	pack->count = 0;
	tokens_init(tokens, FORMAT_JSON, message, pack->scratch, pack->scratch_size);
	int result = read_head(&parser);
	if (result == 0) {
		struct writer rest = tokens->scratch;

		tokens_init(tokens, FORMAT_JSON, message, rest.at, (size_t)(rest.end - rest.at));
		result = read_data(&parser);
	}
	if (result < 0) {
		pack->count = 0;
		pack->fault_offset = tokens_offset(tokens);
		return result;
	}
	*device_id = parser.device_id;
	return 0;
}
