#include <errno.h>
#include <string.h>

#include "protocols/number.h"
#include "protocols/tokens_format.h"
#include "protocols/utf8.h"

/* The next byte that is not white space, or -1 at the end. */
static int peek(struct token_reader *reader)
{
	struct reader *in = &reader->in;

	while (in->at < in->end && (*in->at == ' ' || *in->at == '\t' || *in->at == '\n' || *in->at == '\r'))
		in->at++;
	return in->at < in->end ? *in->at : -1;
}

static uint32_t read_hex4(struct token_reader *reader)
{
	const uint8_t *digits = read_bytes(&reader->in, 4);
	uint32_t value = 0;

	for (size_t i = 0; digits && i < 4; i++) {
		uint8_t c = digits[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (uint32_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
		else
			(void)tokens_fail(reader, -EBADMSG);
	}
	return value;
}

static void write_character(struct writer *out, uint32_t code)
{
	if (code < 0x80) {
		write_u8(out, (uint8_t)code);
		return;
	}
	if (code < 0x800) {
		write_u8(out, (uint8_t)(0xc0 | code >> 6));
	} else if (code < 0x10000) {
		write_u8(out, (uint8_t)(0xe0 | code >> 12));
		write_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
	} else {
		write_u8(out, (uint8_t)(0xf0 | code >> 18));
		write_u8(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
		write_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
	}
	write_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
}

/* \uXXXX, perhaps the first half of a surrogate pair (RFC 8259 section 7). */
static void unescape_unicode(struct token_reader *reader)
{
	uint32_t code = read_hex4(reader);

	if (code >= 0xd800 && code < 0xdc00) {
		const uint8_t *mark = read_bytes(&reader->in, 2);
		uint32_t low = mark && memcmp(mark, "\\u", 2) == 0 ? read_hex4(reader) : 0;

		code = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff) : 0xdfff;
	}
	if (code >= 0xd800 && code < 0xe000)
		(void)tokens_fail(reader, -EBADMSG);
	write_character(&reader->scratch, code);
}

static void unescape(struct token_reader *reader)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	uint8_t letter = read_u8(&reader->in);
	const char *found = letter ? strchr(letters, letter) : NULL;

	if (letter == 'u')
		unescape_unicode(reader);
	else if (found)
		write_u8(&reader->scratch, (uint8_t)meant[found - letters]);
	else
		(void)tokens_fail(reader, -EBADMSG);
}

/* The rest of a text that has escapes; `begin` is behind the opening quote. */
static struct span read_escaped(struct token_reader *reader, const uint8_t *begin)
{
	struct reader *in = &reader->in;
	struct writer *scratch = &reader->scratch;
	char *text = (char *)scratch->at;

	write_bytes(scratch, begin, (size_t)(in->at - begin));
	for (;;) {
		uint8_t byte = read_u8(in);

		if (byte == '"' || in->failed || reader->error)
			break;
		if (byte == '\\')
			unescape(reader);
		else if (byte < 0x20)
			(void)tokens_fail(reader, -EBADMSG);
		else
			write_u8(scratch, byte);
	}
	if (scratch->failed)
		(void)tokens_fail(reader, -ENOBUFS);
	return (struct span){ text, (size_t)((char *)scratch->at - text) };
}

static void read_text(struct token_reader *reader, struct token *out)
{
	struct reader *in = &reader->in;
	const uint8_t *begin = ++in->at;

	while (in->at < in->end && *in->at >= 0x20 && *in->at != '"' && *in->at != '\\')
		in->at++;
	out->kind = TOKEN_TEXT;
	out->text = (struct span){ (const char *)begin, (size_t)(in->at - begin) };
	if (in->at < in->end && *in->at == '\\')
		out->text = read_escaped(reader, begin);
	else if (read_u8(in) != '"')
		in->failed = true;
	/* What the escapes were wrong with comes first. */
	if (reader->error || in->failed || !utf8_valid(out->text))
		tokens_fault(reader, -EBADMSG, out);
}

static void read_literal(struct token_reader *reader, const char *word, enum token_kind kind, struct token *out)
{
	size_t size = strlen(word);

	if (reader_left(&reader->in) < size || memcmp(reader->in.at, word, size) != 0) {
		tokens_fault(reader, -EBADMSG, out);
		return;
	}
	reader->in.at += size;
	out->kind = kind;
	out->boolean = *word == 't';
}

static void read_number(struct token_reader *reader, struct token *out)
{
	struct reader *in = &reader->in;
	const uint8_t *begin = in->at;

	while (in->at < in->end && *in->at && strchr("+-.0123456789Ee", *in->at))
		in->at++;
	out->kind = TOKEN_NUMBER;
	int result = number_parse(&out->number, (const char *)begin, (size_t)(in->at - begin));
	if (result < 0)
		tokens_fault(reader, result, out);
}

static void read_value(struct token_reader *reader, struct token *out)
{
	int first = peek(reader);

	switch (first) {
	case '{':
	case '[':
		reader->in.at++;
		tokens_open(reader, &(struct token_nest){ .is_map = first == '{' }, out);
		return;
	case '"':
		read_text(reader, out);
		return;
	case 't':
		read_literal(reader, "true", TOKEN_BOOLEAN, out);
		return;
	case 'f':
		read_literal(reader, "false", TOKEN_BOOLEAN, out);
		return;
	case 'n':
		read_literal(reader, "null", TOKEN_NULL, out);
		return;
	default:
		read_number(reader, out);
	}
}

static bool take(struct token_reader *reader, int wanted)
{
	if (peek(reader) != wanted)
		return false;
	reader->in.at++;
	return true;
}

static void read_entry(struct token_reader *reader, struct token_nest *nest, struct token *out)
{
	bool is_key = nest->is_map && nest->items % 2 == 0;
	bool is_first = is_key || !nest->is_map;

	if (is_first && take(reader, nest->is_map ? '}' : ']')) {
		tokens_close(reader, out);
		return;
	}
	bool is_well = is_first ? nest->items == 0 || take(reader, ',') : take(reader, ':');
	nest->items += is_well;
	if (is_well && !(is_key && peek(reader) != '"'))
		read_value(reader, out);
	else
		tokens_fault(reader, -EBADMSG, out);
}

static bool at_end(struct token_reader *reader)
{
	return peek(reader) < 0;
}

const struct tokens_format tokens_json = { .value = read_value, .entry = read_entry, .at_end = at_end };
