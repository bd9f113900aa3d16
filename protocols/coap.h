/*
 * coap: CoAP messages over UDP (RFC 7252) with block options (RFC 7959), bytes to values and back.
 *
 * No I/O, no allocation: a parsed message borrows from the datagram, a written one goes into the caller's buffer.
 * Names keep clear of libcoap's, so that a file may use both.
 */
#ifndef WAKEGATE_PROTOCOLS_COAP_H
#define WAKEGATE_PROTOCOLS_COAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/coap_numbers.h"
#include "protocols/cursor.h"

#define COAP_TOKEN_MAX 8
#define COAP_PAYLOAD_MAX 1024  /* bytes that fit one datagram without fragments (RFC 7252 section 4.6) */
#define COAP_DATAGRAM_MAX 1152 /* bytes, the same section */
#define COAP_BLOCK_NUMBER_MAX 0xfffff

enum coap_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

struct coap_message {
	enum coap_type type;
	uint8_t code;
	uint16_t id;
	uint8_t token_size; /* 0 to COAP_TOKEN_MAX */
	uint8_t token[COAP_TOKEN_MAX];
	const uint8_t *options; /* well-formed; read with coap_options_next() */
	size_t options_size;
	const uint8_t *payload; /* NULL: none */
	size_t payload_size;
};

/*
 * Parses a datagram; `out` borrows from it. -EPROTONOSUPPORT: shorter than a header or of another version, to be
 * ignored in silence; -EBADMSG: a message format error (RFC 7252 section 3), with the type and the id set all the same,
 * for the reset that a confirmable message gets.
 */
int coap_message_parse(struct coap_message *out, const void *data, size_t size);

struct coap_option {
	uint16_t number;
	const uint8_t *value;
	size_t size;
};

struct coap_options {
	struct reader in;
	uint32_t number;
};

/* Goes through the options of a parsed message, in rising order: `while (coap_options_next(&options, &option))`. */
void coap_options_start(struct coap_options *options, const struct coap_message *message);
bool coap_options_next(struct coap_options *options, struct coap_option *out);

/* The value of an option of format uint (section 3.2); -EBADMSG if it is longer than four bytes. */
int coap_option_uint(const struct coap_option *option, uint32_t *out);

struct coap_block {
	uint32_t number; /* NUM, 0 to COAP_BLOCK_NUMBER_MAX */
	bool more;       /* M */
	uint8_t szx;     /* 0 to 6: blocks of 16 to 1024 bytes */
};

/* A Block1 or Block2 value; -EBADMSG: over three bytes or the reserved SZX 7 (RFC 7959 section 2.2: 4.00). */
int coap_block_parse(struct coap_block *out, const struct coap_option *option);

static inline uint32_t coap_block_size(uint8_t szx)
{
	return 16u << szx;
}

/* Where the block starts; below 2^31. */
static inline uint32_t coap_block_offset(const struct coap_block *block)
{
	return block->number << (block->szx + 4);
}

struct coap_writer {
	struct writer out;
	uint32_t number;
};

/* Starts a message in the caller's `size` bytes with the type, code, id and token of `head`. */
void coap_write_start(struct coap_writer *writer, void *buffer, size_t size, const struct coap_message *head);

/* Options must come in rising order of their numbers (asserted). */
void coap_write_option(struct coap_writer *writer, uint16_t number, const void *value, size_t size);
void coap_write_uint(struct coap_writer *writer, uint16_t number, uint32_t value);
void coap_write_text(struct coap_writer *writer, uint16_t number, const char *text);
void coap_write_block(struct coap_writer *writer, uint16_t number, const struct coap_block *block);

/* Ends the message; no marker if `size` is 0. Returns its bytes, or -ENOBUFS if the buffer was too small. */
int coap_write_payload(struct coap_writer *writer, const void *payload, size_t size);

#endif
