/*
 * ash: the frames of the Asynchronous Serial Host protocol, which carries EZSP to a Silicon Labs network processor.
 *
 * Silicon Labs UG101: control byte, data, CRC-CCITT and a flag, with reserved bytes escaped; the data of a DATA frame
 * is XORed with a fixed pseudo-random sequence. This knows frames only; windows, acknowledgements and timers are those
 * of who uses it.
 */
#ifndef WAKEGATE_PROTOCOLS_ASH_H
#define WAKEGATE_PROTOCOLS_ASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define ASH_DATA_MIN 3
#define ASH_DATA_MAX 220                         /* 128 before EmberZNet 7.4 */
#define ASH_FRAME_MAX (ASH_DATA_MAX + 3)         /* before it is escaped: control byte and CRC */
#define ASH_WIRE_MAX (1 + 2 * ASH_FRAME_MAX + 1) /* cancel byte, all escaped, flag */
#define ASH_VERSION 2
#define ASH_NUMBERS 8 /* frame numbers count modulo this */

enum ash_kind { ASH_DATA, ASH_ACK, ASH_NAK, ASH_RST, ASH_RSTACK, ASH_ERROR };

struct ash_frame {
	enum ash_kind kind;
	uint8_t number;       /* DATA */
	uint8_t acknowledged; /* DATA, ACK, NAK: the number expected next */
	bool repeated;        /* DATA: sent before */
	bool not_ready;       /* ACK, NAK, host to network processor: hold back */
	uint8_t version;      /* RSTACK, ERROR */
	uint8_t code;         /* RSTACK: why it was reset; ERROR: what is wrong */
	struct bytes data;    /* DATA: ASH_DATA_MIN to ASH_DATA_MAX bytes, in clear */
};

/* A stream of bytes with frames in it; the caller's memory. */
struct ash_parser {
	uint8_t buffer[ASH_FRAME_MAX];
	size_t size;
	bool escaped; /* the next byte is */
	bool spoilt;  /* the frame is void up to the next flag */
};

/*
 * Writes a frame as it goes over the line, at most ASH_WIRE_MAX bytes. RST, RSTACK and ERROR begin with a cancel byte,
 * so that what was cut before does not spoil them. Fails on data that is too short or too long.
 */
void ash_frame_write(struct writer *out, const struct ash_frame *frame);

void ash_parser_init(struct ash_parser *parser);

/*
 * Takes bytes from the front of `in` until a frame ends: 0; -EBADMSG for one that is damaged, too long or of no known
 * kind; -EAGAIN when all were taken without an end. Data rests in the parser until the next call.
 */
int ash_parser_take(struct ash_parser *parser, struct bytes *in, struct ash_frame *out);

#endif
