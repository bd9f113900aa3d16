/*
 * token_writer: writes JSON (RFC 8259) and CBOR (RFC 8949) alike, one token at a time.
 *
 * The caller keeps to the grammar: as many entries as announced, in a map keys and values in turn. Failure of the
 * underlying writer is sticky; look at it once, at the end.
 */
#ifndef WAKEGATE_PROTOCOLS_TOKEN_WRITER_H
#define WAKEGATE_PROTOCOLS_TOKEN_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/tokens.h"

struct token_writer {
	struct writer *out;
	enum token_format format;
	bool separate; /* JSON: a comma or colon is due before the next token */
	bool after_key;
	unsigned depth;
	uint32_t maps; /* bit per depth: the nest is a map */
};

void token_writer_init(struct token_writer *writer, enum token_format format, struct writer *out);

/* Opens a map of `pairs` or an array of `items`; at most TOKENS_DEPTH_MAX deep. */
void token_map(struct token_writer *writer, uint64_t pairs);
void token_array(struct token_writer *writer, uint64_t items);
void token_close(struct token_writer *writer);

/* `text` must be valid UTF-8. */
void token_text(struct token_writer *writer, struct span text);
void token_string(struct token_writer *writer, const char *text); /* terminated */
void token_integer(struct token_writer *writer, int64_t value);
void token_number(struct token_writer *writer, const struct number *number);
void token_boolean(struct token_writer *writer, bool value);
void token_null(struct token_writer *writer);

/* Bytes: CBOR as such; JSON as text, in base64url without padding (RFC 4648 section 5) or in hex. */
void token_base64(struct token_writer *writer, struct span bytes);
void token_hex(struct token_writer *writer, struct span bytes);

#endif
