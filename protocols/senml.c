#include "protocols/senml.h"

#include <errno.h>
#include <string.h>

#include "protocols/base64.h"
#include "protocols/number.h"
#include "protocols/senml_marks.h"
#include "protocols/text_same.h"

/* Where no date of a reading may lie beyond: relative times before 1970, and the year 10000. */
#define TIME_LEAST_US (-SENML_RELATIVE_S * 1000000)
#define TIME_MOST_US (INT64_C(253402300800) * 1000000)

/* In the order of their labels in CBOR: -1, -2, … and 0, 1, … */
enum field {
	BASE_VERSION,
	BASE_NAME,
	BASE_TIME,
	BASE_UNIT,
	BASE_VALUE,
	BASE_SUM,
	NAME,
	UNIT,
	VALUE,
	STRING_VALUE,
	BOOLEAN_VALUE,
	SUM,
	TIME,
	UPDATE_TIME,
	DATA_VALUE,
	FIELDS,
	UNKNOWN = -1,
};

#define BIT(field) (1u << (field))
#define BASE_FIELDS \
	(BIT(BASE_VERSION) | BIT(BASE_NAME) | BIT(BASE_TIME) | BIT(BASE_UNIT) | BIT(BASE_VALUE) | BIT(BASE_SUM))
#define VALUE_FIELDS (BIT(VALUE) | BIT(STRING_VALUE) | BIT(BOOLEAN_VALUE) | BIT(DATA_VALUE))
#define NUMBER_FIELDS                                                                                               \
	(BIT(BASE_VERSION) | BIT(BASE_TIME) | BIT(BASE_VALUE) | BIT(BASE_SUM) | BIT(VALUE) | BIT(SUM) | BIT(TIME) | \
		BIT(UPDATE_TIME))

/* Tables 3 and 4 of RFC 8428. */
static const char *const field_names[FIELDS] = {
	[BASE_VERSION] = "bver",
	[BASE_NAME] = "bn",
	[BASE_TIME] = "bt",
	[BASE_UNIT] = "bu",
	[BASE_VALUE] = "bv",
	[BASE_SUM] = "bs",
	[NAME] = "n",
	[UNIT] = "u",
	[VALUE] = "v",
	[STRING_VALUE] = "vs",
	[BOOLEAN_VALUE] = "vb",
	[SUM] = "s",
	[TIME] = "t",
	[UPDATE_TIME] = "ut",
	[DATA_VALUE] = "vd",
};

/* The fields of one record as they stand in the pack; of those not seen only texts, to be empty, are set. */
struct record {
	uint32_t seen;
	struct token values[FIELDS];
};

struct parser {
	struct token_reader tokens;
	struct senml_pack *pack;
	int64_t now_us;
	bool any_start;
	struct record base; /* base fields so far */
	bool base_fits;     /* the base name has none but a name's characters */
	struct record record;
	struct senml_marks *marks; /* or NULL */
};

static int label_of(enum field field)
{
	return field < NAME ? -1 - (int)field : (int)field - NAME;
}

static enum field field_of_label(const struct number *label)
{
	int64_t value = label->mantissa;

	if (label->is_double || label->exponent != 0 || value < label_of(NAME - 1) || value >= FIELDS - NAME)
		return UNKNOWN;
	return (enum field)(value < 0 ? -1 - value : NAME + value);
}

static enum field field_of_name(struct span name)
{
	for (int i = 0; i < FIELDS; i++)
		if (strlen(field_names[i]) == name.size && memcmp(field_names[i], name.data, name.size) == 0)
			return (enum field)i;
	return UNKNOWN;
}

/* The field that a key means; UNKNOWN ones may be ignored unless they end in '_' (section 4.4). */
static enum field read_key(struct parser *parser, const struct token *key)
{
	if (key->kind == TOKEN_NUMBER)
		return field_of_label(&key->number);
	if (key->kind != TOKEN_TEXT) {
		(void)tokens_fail(&parser->tokens, -EBADMSG);
		return UNKNOWN;
	}
	if (key->text.size > 0 && key->text.data[key->text.size - 1] == '_')
		(void)tokens_fail(&parser->tokens, -ENOTSUP);
	return field_of_name(key->text);
}

/* Data is base64url in JSON (section 5) and a byte string in CBOR (section 6). */
static int read_data(struct token_reader *tokens, struct token *token)
{
	struct writer *scratch = &tokens->scratch;

	if (tokens->format == FORMAT_CBOR)
		return token->kind == TOKEN_BYTES ? 0 : -EBADMSG;
	if (token->kind != TOKEN_TEXT)
		return -EBADMSG;
	int size = base64_parse(scratch->at, (size_t)(scratch->end - scratch->at), token->text.data, token->text.size);
	if (size < 0)
		return size;
	token->text = (struct span){ (const char *)scratch->at, (size_t)size };
	scratch->at += size;
	return 0;
}

static int read_value(struct token_reader *tokens, enum field field, struct token *token)
{
	enum token_kind wanted = TOKEN_TEXT;

	if (field == DATA_VALUE)
		return read_data(tokens, token);
	if (BIT(field) & NUMBER_FIELDS)
		wanted = TOKEN_NUMBER;
	else if (field == BOOLEAN_VALUE)
		wanted = TOKEN_BOOLEAN;
	return token->kind == wanted ? 0 : -EBADMSG;
}

static void skip_value(struct token_reader *tokens)
{
	struct token value;

	tokens_read(tokens, &value);
	tokens_skip(tokens, &value);
}

static void mark(struct parser *parser, enum field field, size_t from)
{
	static const uint8_t kinds[FIELDS] = {
		[BASE_NAME] = SENML_MARK_BASE_NAME,
		[BASE_TIME] = SENML_MARK_BASE_TIME,
		[BASE_VALUE] = SENML_MARK_UNLIKE,
		[BASE_SUM] = SENML_MARK_UNLIKE,
		[NAME] = SENML_MARK_NAME,
		[VALUE] = SENML_MARK_VALUE,
		[SUM] = SENML_MARK_SUM,
		[TIME] = SENML_MARK_TIME,
	};
	struct senml_marks *marks = parser->marks;
	size_t to = tokens_offset(&parser->tokens);

	if (field == BASE_NAME || field == NAME)
		from = to - parser->record.values[field].text.size;
	if (kinds[field] == SENML_MARK_NONE)
		return;
	if (kinds[field] == SENML_MARK_UNLIKE || (parser->base.seen & BIT(field)) || marks->count == SENML_MARKS_MAX ||
		to > UINT16_MAX)
		marks->failed = true;
	else
		marks->marks[marks->count++] = (struct senml_mark){ (enum senml_mark_kind)kinds[field],
			(uint16_t)parser->pack->count, (uint16_t)from, (uint16_t)(to - from) };
}

/* A value is read into its place: it is not moved while the processor still writes it. */
static void read_pair(struct parser *parser, const struct token *key)
{
	struct token_reader *tokens = &parser->tokens;
	enum field field = read_key(parser, key);
	size_t from = tokens_offset(tokens);

	if (field == UNKNOWN) {
		skip_value(tokens);
		return;
	}
	struct token *value = &parser->record.values[field];
	tokens_read(tokens, value);
	if (value->kind == TOKEN_FAULT)
		return;
	int result = parser->record.seen & BIT(field) ? -EBADMSG : read_value(tokens, field, value);
	if (result < 0)
		(void)tokens_fail(tokens, result);
	parser->record.seen |= BIT(field);
	if (parser->marks)
		mark(parser, field, from);
}

bool senml_is_name_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= ':') || c == '_'; /* -./0-9: */
}

static bool are_name_characters(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!senml_is_name_character(text.data[i]))
			return false;
	return true;
}

static void take_base(struct parser *parser)
{
	if (!(parser->record.seen & BASE_FIELDS))
		return;
	parser->base.seen |= parser->record.seen & BASE_FIELDS;
	for (int i = BASE_VERSION; i <= BASE_SUM; i++) {
		if (!(parser->record.seen & BIT(i)))
			continue;
		parser->base.values[i] = parser->record.values[i];
	}
	parser->base_fits = are_name_characters(parser->base.values[BASE_NAME].text);
}

static int check_version(const struct record *record)
{
	const struct number *version = &record->values[BASE_VERSION].number;

	if (!(record->seen & BIT(BASE_VERSION)))
		return 0;
	if (version->is_double || version->exponent != 0 || version->mantissa < 1)
		return -EBADMSG;
	return version->mantissa > SENML_VERSION ? -ENOTSUP : 0;
}

bool senml_is_name_start(char c)
{
	return c != '-' && c != ':' && c != '.' && c != '_';
}

/* Section 4.5.1; a leading '/' is OMA LwM2M's. `own` is what the record adds to the base. */
static int check_name(const struct parser *parser, struct span name, struct span own)
{
	if (name.size == 0 || (!parser->any_start && !senml_is_name_start(name.data[0])))
		return -EBADMSG;
	return parser->base_fits && are_name_characters(own) ? 0 : -EBADMSG;
}

static int join_name(struct parser *parser, struct span *out)
{
	struct span base = parser->base.values[BASE_NAME].text;
	struct span name = parser->record.values[NAME].text;
	struct writer *scratch = &parser->tokens.scratch;

	if (base.size > READING_NAME_MAX || name.size > READING_NAME_MAX - base.size)
		return -ENOBUFS;
	*out = base.size == 0 ? name : base;
	if (base.size > 0 && name.size > 0) {
		*out = (struct span){ (const char *)scratch->at, base.size + name.size };
		write_bytes(scratch, base.data, base.size);
		write_bytes(scratch, name.data, name.size);
	}
	return scratch->failed ? -ENOBUFS : check_name(parser, *out, name);
}

/* base + own, the missing one counting as zero (section 4.5.4); `field` is in either. */
static int add_base(const struct parser *parser, enum field base, enum field field, struct number *out)
{
	bool has_base = parser->base.seen & BIT(base);
	bool has_own = parser->record.seen & BIT(field);
	const struct number *own = &parser->record.values[field].number;

	if (has_base && has_own)
		return number_add(out, &parser->base.values[base].number, own);
	*out = has_own ? *own : parser->base.values[base].number;
	return 0;
}

int senml_resolve_time(struct reading *reading, const struct number *time, int64_t now_us)
{
	int64_t time_us = 0;
	int result = number_scale(&time_us, time, 6);

	if (result < 0 || time_us == 0)
		return result;
	bool is_dated = time_us >= SENML_RELATIVE_S * 1000000;
	if (!is_dated && __builtin_add_overflow(time_us, now_us, &time_us))
		return -ERANGE;
	if (time_us < TIME_LEAST_US || time_us > TIME_MOST_US)
		return -ERANGE;
	reading->has_time = true;
	reading->is_dated = is_dated;
	reading->time_us = time_us;
	return 0;
}

static int resolve_time(const struct parser *parser, struct reading *reading)
{
	struct number time;

	if (!((parser->base.seen & BIT(BASE_TIME)) | (parser->record.seen & BIT(TIME))))
		return 0;
	int result = add_base(parser, BASE_TIME, TIME, &time);
	return result < 0 ? result : senml_resolve_time(reading, &time, parser->now_us);
}

static int resolve_update_time(const struct parser *parser, struct reading *reading)
{
	int64_t time_ms = 0;

	if (!(parser->record.seen & BIT(UPDATE_TIME)))
		return 0;
	if (number_scale(&time_ms, &parser->record.values[UPDATE_TIME].number, 3) < 0 || time_ms < 0)
		return -ERANGE;
	reading->update_time_ms = time_ms < UINT32_MAX ? (uint32_t)time_ms : UINT32_MAX;
	return 0;
}

static int resolve_text(struct span text, enum reading_kind kind, struct reading *reading)
{
	reading->kind = kind;
	reading->text = text;
	return text.size > READING_TEXT_MAX ? -ENOBUFS : 0;
}

/* Exactly one value, or none where there is a sum (section 4.2). */
static int resolve_value(const struct parser *parser, struct reading *reading)
{
	const struct record *record = &parser->record;

	switch (record->seen & VALUE_FIELDS) {
	case BIT(STRING_VALUE):
		return resolve_text(record->values[STRING_VALUE].text, READING_STRING, reading);
	case BIT(DATA_VALUE):
		return resolve_text(record->values[DATA_VALUE].text, READING_DATA, reading);
	case BIT(BOOLEAN_VALUE):
		reading->kind = READING_BOOLEAN;
		reading->boolean = record->values[BOOLEAN_VALUE].boolean;
		return 0;
	case 0:
		if (reading->has_sum)
			return 0;
		if (!(parser->base.seen & BIT(BASE_VALUE)))
			return -EBADMSG;
		break;
	case BIT(VALUE):
		break;
	default:
		return -EBADMSG;
	}
	reading->kind = READING_NUMBER;
	return add_base(parser, BASE_VALUE, VALUE, &reading->number);
}

static int resolve_unit(const struct parser *parser, struct reading *reading)
{
	reading->unit = parser->record.seen & BIT(UNIT) ? parser->record.values[UNIT].text
							: parser->base.values[BASE_UNIT].text;
	return reading->unit.size > READING_UNIT_MAX ? -ENOBUFS : 0;
}

static int resolve_sum(const struct parser *parser, struct reading *reading)
{
	reading->has_sum = (parser->record.seen & BIT(SUM)) || (parser->base.seen & BIT(BASE_SUM));
	return reading->has_sum ? add_base(parser, BASE_SUM, SUM, &reading->sum) : 0;
}

static int resolve_record(struct parser *parser)
{
	struct senml_pack *pack = parser->pack;
	int result = check_version(&parser->record);

	take_base(parser);
	if (result < 0 || (parser->record.seen != 0 && (parser->record.seen & ~BASE_FIELDS) == 0))
		return result;
	if (pack->count == pack->capacity)
		return -ENOBUFS;
	struct reading *reading = &pack->readings[pack->count++];
	*reading = (struct reading){ .kind = READING_NOTHING };
	if ((result = join_name(parser, &reading->name)) < 0 || (result = resolve_unit(parser, reading)) < 0 ||
		(result = resolve_sum(parser, reading)) < 0 || (result = resolve_value(parser, reading)) < 0 ||
		(result = resolve_time(parser, reading)) < 0 || (result = resolve_update_time(parser, reading)) < 0)
		return result;
	return 0;
}

static void read_record(struct parser *parser)
{
	parser->record.seen = 0;
	parser->record.values[NAME].text = (struct span){ 0 };
	for (;;) {
		struct token key;

		tokens_read(&parser->tokens, &key);
		if (key.kind == TOKEN_FAULT)
			return;
		if (key.kind == TOKEN_CLOSE)
			break;
		read_pair(parser, &key);
	}
	int result = resolve_record(parser);
	if (result < 0)
		(void)tokens_fail(&parser->tokens, result);
}

static enum token_kind next_kind(struct parser *parser)
{
	struct token token;

	tokens_read(&parser->tokens, &token);
	return token.kind;
}

static void read_pack(struct parser *parser)
{
	enum token_kind kind = next_kind(parser);

	if (kind != TOKEN_ARRAY) {
		(void)tokens_fail(&parser->tokens, -EBADMSG);
		return;
	}
	while ((kind = next_kind(parser)) == TOKEN_MAP)
		read_record(parser);
	if (kind != TOKEN_CLOSE || next_kind(parser) != TOKEN_FINISH)
		(void)tokens_fail(&parser->tokens, -EBADMSG);
}

static int parse(struct senml_pack *pack, const struct senml_source *source, struct senml_marks *marks)
{
	struct parser parser;

	parser.pack = pack;
	parser.marks = marks;
	parser.now_us = source->now_us;
	parser.any_start = source->any_start;
	parser.base.seen = 0;
	parser.base_fits = true;
	parser.base.values[BASE_NAME].text = parser.base.values[BASE_UNIT].text = (struct span){ 0 };
	tokens_init(&parser.tokens, source->format, source->data, pack->scratch, pack->scratch_size);
	pack->count = 0;
	read_pack(&parser);
	if (parser.tokens.error) {
		pack->count = 0;
		pack->fault_offset = tokens_offset(&parser.tokens);
	}
	return parser.tokens.error;
}

int senml_parse(struct senml_pack *pack, const struct senml_source *source)
{
	return parse(pack, source, NULL);
}

int senml_parse_marked(struct senml_pack *pack, const struct senml_source *source, struct senml_marks *marks)
{
	marks->count = 0;
	marks->failed = false;
	return parse(pack, source, marks);
}

void senml_writer_init(struct senml_writer *writer, enum token_format format, struct writer *out)
{
	*writer = (struct senml_writer){ .base_time_us = 0 };
	token_writer_init(&writer->tokens, format, out);
}

static void write_key(struct senml_writer *writer, enum field field)
{
	if (writer->tokens.format == FORMAT_CBOR)
		token_integer(&writer->tokens, label_of(field));
	else
		token_string(&writer->tokens, field_names[field]);
}

static void write_text_field(struct senml_writer *writer, enum field field, struct span text)
{
	write_key(writer, field);
	token_text(&writer->tokens, text);
}

static void write_number_field(struct senml_writer *writer, enum field field, const struct number *number)
{
	write_key(writer, field);
	token_number(&writer->tokens, number);
}

/* Seconds without trailing zeros, from 10^-`places` of a second. */
static void write_time_field(struct senml_writer *writer, enum field field, int64_t value, int places)
{
	struct number number = { .mantissa = value, .exponent = (int8_t)-places };

	for (; number.exponent < 0 && number.mantissa % 10 == 0; number.exponent++)
		number.mantissa /= 10;
	write_number_field(writer, field, &number);
}

static void write_value(struct senml_writer *writer, const struct reading *reading)
{
	switch (reading->kind) {
	case READING_NUMBER:
		write_number_field(writer, VALUE, &reading->number);
		return;
	case READING_STRING:
		write_text_field(writer, STRING_VALUE, reading->text);
		return;
	case READING_BOOLEAN:
		write_key(writer, BOOLEAN_VALUE);
		token_boolean(&writer->tokens, reading->boolean);
		return;
	case READING_DATA:
		write_key(writer, DATA_VALUE);
		token_base64(&writer->tokens, reading->text);
		return;
	case READING_NOTHING:
		return;
	}
}

/* What the record has to say; the count of a CBOR map goes before it. */
struct outline {
	bool base_name, base_time;
	int64_t time_us; /* relative to the base */
	uint64_t pairs;
};

static struct outline outline_record(
	const struct senml_writer *writer, struct span prefix, const struct reading *reading)
{
	bool sayable = reading->has_time && reading->time_us >= SENML_RELATIVE_S * 1000000;
	struct outline outline = {
		.base_name = !text_same(prefix, writer->base_name),
		.base_time = sayable && writer->base_time_us == 0,
	};

	if (!outline.base_time)
		outline.time_us = (sayable ? reading->time_us : 0) - writer->base_time_us;
	outline.pairs = (uint64_t)outline.base_name + outline.base_time + (outline.time_us != 0) +
			(reading->name.size > 0) + (reading->unit.size > 0) + (reading->kind != READING_NOTHING) +
			reading->has_sum + (reading->update_time_ms > 0);
	return outline;
}

void senml_write_reading(struct senml_writer *writer, struct span prefix, const struct reading *reading)
{
	struct outline outline = outline_record(writer, prefix, reading);

	token_map(&writer->tokens, outline.pairs);
	if (outline.base_name) {
		write_text_field(writer, BASE_NAME, prefix);
		writer->base_name = prefix;
	}
	if (outline.base_time) {
		write_time_field(writer, BASE_TIME, reading->time_us, 6);
		writer->base_time_us = reading->time_us;
	}
	if (reading->name.size > 0)
		write_text_field(writer, NAME, reading->name);
	if (reading->unit.size > 0)
		write_text_field(writer, UNIT, reading->unit);
	write_value(writer, reading);
	if (reading->has_sum)
		write_number_field(writer, SUM, &reading->sum);
	if (outline.time_us != 0)
		write_time_field(writer, TIME, outline.time_us, 6);
	if (reading->update_time_ms > 0)
		write_time_field(writer, UPDATE_TIME, reading->update_time_ms, 3);
	token_close(&writer->tokens);
}

int64_t senml_write(
	enum token_format format, struct writer *out, struct span prefix, const struct reading *readings, size_t count)
{
	struct senml_writer writer;
	size_t before = writer_size(out);

	senml_writer_init(&writer, format, out);
	token_array(&writer.tokens, count);
	for (size_t i = 0; i < count; i++)
		senml_write_reading(&writer, prefix, &readings[i]);
	token_close(&writer.tokens);
	return out->failed ? -ENOBUFS : (int64_t)(writer_size(out) - before);
}
