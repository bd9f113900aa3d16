/*
 * tokens_format: what tokens.c and the two formats behind it share; for them alone.
 */
#ifndef WAKEGATE_PROTOCOLS_TOKENS_FORMAT_H
#define WAKEGATE_PROTOCOLS_TOKENS_FORMAT_H

#include "protocols/tokens.h"

/* What a format can do; `nest` is the innermost open map or array. */
struct tokens_format {
	void (*value)(struct token_reader *reader, struct token *out);
	void (*entry)(struct token_reader *reader, struct token_nest *nest, struct token *out); /* or its close */
	bool (*at_end)(struct token_reader *reader);
};

extern const struct tokens_format tokens_json;
extern const struct tokens_format tokens_cbor;

/* Opens a map or array; TOKEN_FAULT if it is too deep. */
void tokens_open(struct token_reader *reader, const struct token_nest *nest, struct token *out);
void tokens_close(struct token_reader *reader, struct token *out);

/* Fails the reader and gives the token that says so. */
void tokens_fault(struct token_reader *reader, int error, struct token *out);

#endif
