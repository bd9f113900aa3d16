#include "protocols/tokens.h"

#include <errno.h>

#include "protocols/tokens_format.h"

void tokens_init(
	struct token_reader *reader, enum token_format format, struct span input, void *scratch, size_t scratch_size)
{
	static char nothing[1];

	reader_init(&reader->in, input.data, input.size);
	reader->start = reader->in.at;
	reader->format = format;
	reader->error = 0;
	reader->depth = 0;
	reader->begun = false;
	writer_init(&reader->scratch, scratch ? scratch : nothing, scratch ? scratch_size : 0);
}

int tokens_fail(struct token_reader *reader, int error)
{
	if (!reader->error)
		reader->error = error;
	return reader->error;
}

void tokens_fault(struct token_reader *reader, int error, struct token *out)
{
	(void)tokens_fail(reader, error);
	out->kind = TOKEN_FAULT;
}

void tokens_open(struct token_reader *reader, const struct token_nest *nest, struct token *out)
{
	if (reader->depth == TOKENS_DEPTH_MAX) {
		tokens_fault(reader, -ENOBUFS, out);
		return;
	}
	reader->nests[reader->depth++] = *nest;
	out->kind = nest->is_map ? TOKEN_MAP : TOKEN_ARRAY;
}

void tokens_close(struct token_reader *reader, struct token *out)
{
	reader->depth--;
	out->kind = TOKEN_CLOSE;
}

static void read_outermost(struct token_reader *reader, const struct tokens_format *format, struct token *out)
{
	if (!reader->begun) {
		reader->begun = true;
		format->value(reader, out);
	} else if (format->at_end(reader)) {
		out->kind = TOKEN_FINISH;
	} else {
		tokens_fault(reader, -EBADMSG, out);
	}
}

static inline void read_next(struct token_reader *reader, const struct tokens_format *format, struct token *out)
{
	if (reader->error)
		out->kind = TOKEN_FAULT;
	else if (reader->depth > 0)
		format->entry(reader, &reader->nests[reader->depth - 1], out);
	else
		read_outermost(reader, format, out);
}

void tokens_read(struct token_reader *reader, struct token *out)
{
	/* Called for each by itself, so that the compiler can put their functions in place. */
	if (reader->format == FORMAT_JSON)
		read_next(reader, &tokens_json, out);
	else
		read_next(reader, &tokens_cbor, out);
}

struct token tokens_next(struct token_reader *reader)
{
	struct token token = { .kind = TOKEN_FAULT };

	tokens_read(reader, &token);
	return token;
}

void tokens_skip(struct token_reader *reader, const struct token *token)
{
	if (token->kind != TOKEN_MAP && token->kind != TOKEN_ARRAY)
		return;
	struct token inside;

	for (unsigned outside = reader->depth - 1; !reader->error && reader->depth > outside;)
		tokens_read(reader, &inside);
}

size_t tokens_offset(const struct token_reader *reader)
{
	return (size_t)(reader->in.at - reader->start);
}
