/*
 * tokens: reads JSON (RFC 8259) and CBOR (RFC 8949) alike, one token at a time, without allocation.
 *
 * Both formats give the same tokens, so that what is said in either is parsed once. Numbers are exact (number.h).
 * Texts are valid UTF-8, borrowed from the input or, where JSON escapes had to be undone, from the scratch memory. A
 * fault is sticky: every later token is TOKEN_FAULT. In a map keys and values follow each other.
 *
 * Refused: nesting deeper than TOKENS_DEPTH_MAX, floats that are not finite, CBOR strings of indefinite length (RFC
 * 8428 section 6 wants definite ones), CBOR tags other than 4 (decimal fraction), and anything after the first value.
 */
#ifndef WAKEGATE_PROTOCOLS_TOKENS_H
#define WAKEGATE_PROTOCOLS_TOKENS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/reading.h"

#define TOKENS_DEPTH_MAX 8

enum token_format { FORMAT_JSON, FORMAT_CBOR };

enum token_kind {
	TOKEN_FAULT,  /* see token_reader.error */
	TOKEN_FINISH, /* the value is complete and nothing follows it */
	TOKEN_MAP,
	TOKEN_ARRAY,
	TOKEN_CLOSE, /* of the innermost map or array */
	TOKEN_TEXT,
	TOKEN_BYTES, /* CBOR only */
	TOKEN_NUMBER,
	TOKEN_BOOLEAN,
	TOKEN_NULL,
};

struct token {
	enum token_kind kind;
	bool boolean;
	struct span text; /* TOKEN_TEXT, TOKEN_BYTES */
	struct number number;
};

/* A map or array that is open. */
struct token_nest {
	bool is_map;
	bool counted;   /* CBOR of definite length */
	uint64_t items; /* read so far, keys and values apart; still to come if counted */
};

struct token_reader {
	struct reader in;
	const uint8_t *start;
	enum token_format format;
	int error; /* 0, -EBADMSG malformed, -ENOBUFS a limit, -ERANGE a number */
	unsigned depth;
	bool begun;
	struct token_nest nests[TOKENS_DEPTH_MAX];
	struct writer scratch;
};

/* Starts reading; input and scratch outlive the reader and its tokens. */
void tokens_init(
	struct token_reader *reader, enum token_format format, struct span input, void *scratch, size_t scratch_size);

/* The next token. */
struct token tokens_next(struct token_reader *reader);

/* The same, into its place: of `out` only what its kind has is set. For those who read many. */
void tokens_read(struct token_reader *reader, struct token *out);

/* Passes over the rest of a value whose first token was `token`. */
void tokens_skip(struct token_reader *reader, const struct token *token);

/* Makes the reader fail with `error`, for what is well-formed but not meant; returns `error`. A first one stays. */
int tokens_fail(struct token_reader *reader, int error);

/* Bytes of input before the fault, or read so far. */
size_t tokens_offset(const struct token_reader *reader);

#endif
