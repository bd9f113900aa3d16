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

struct token tokens_fault(struct token_reader *reader, int error)
{
	(void)tokens_fail(reader, error);
	return (struct token){ .kind = TOKEN_FAULT };
}

struct token tokens_open(struct token_reader *reader, const struct token_nest *nest)
{
	if (reader->depth == TOKENS_DEPTH_MAX)
		return tokens_fault(reader, -ENOBUFS);
	reader->nests[reader->depth++] = *nest;
	return (struct token){ .kind = nest->is_map ? TOKEN_MAP : TOKEN_ARRAY };
}

struct token tokens_close(struct token_reader *reader)
{
	reader->depth--;
	return (struct token){ .kind = TOKEN_CLOSE };
}

static inline struct token next(struct token_reader *reader, const struct tokens_format *format)
{
	if (reader->error)
		return (struct token){ .kind = TOKEN_FAULT };
	if (reader->depth > 0)
		return format->entry(reader, &reader->nests[reader->depth - 1]);
	if (reader->begun)
		return format->at_end(reader) ? (struct token){ .kind = TOKEN_FINISH } : tokens_fault(reader, -EBADMSG);
	reader->begun = true;
	return format->value(reader);
}

struct token tokens_next(struct token_reader *reader)
{
	/* Called for each by itself, so that the compiler can put their functions in place. */
	return reader->format == FORMAT_JSON ? next(reader, &tokens_json) : next(reader, &tokens_cbor);
}

void tokens_skip(struct token_reader *reader, const struct token *token)
{
	if (token->kind != TOKEN_MAP && token->kind != TOKEN_ARRAY)
		return;
	for (unsigned outside = reader->depth - 1; !reader->error && reader->depth > outside;)
		(void)tokens_next(reader);
}

size_t tokens_offset(const struct token_reader *reader)
{
	return (size_t)(reader->in.at - reader->start);
}
