/*
 * unpi: the frames that a TI Z-Stack network processor (ZNP) and its host exchange over a serial line.
 *
 * TI's "Z-Stack Monitor and Test API": FE, length, two command bytes, data, and the XOR of length to data. A line loses
 * and alters bytes: the parser looks for the next frame from the byte after the one that began a bad one.
 */
#ifndef WAKEGATE_PROTOCOLS_UNPI_H
#define WAKEGATE_PROTOCOLS_UNPI_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define UNPI_DATA_MAX 250
#define UNPI_FRAME_MAX (UNPI_DATA_MAX + 5)

enum unpi_type {
	UNPI_POLL,
	UNPI_SREQ, /* a request; one SRSP answers it */
	UNPI_AREQ, /* either way, unanswered */
	UNPI_SRSP,
};

/* `command` is as TI writes it: the type in the upper three bits, the subsystem in the five below, then the number. */
struct unpi_frame {
	uint16_t command;
	struct bytes data;
};

/* A stream of bytes with frames in it; the caller's memory. */
struct unpi_parser {
	uint8_t buffer[UNPI_FRAME_MAX];
	size_t size;      /* bytes held */
	size_t used;      /* of them those of the frame that was told last */
	uint32_t skipped; /* bytes that belonged to no good frame */
};

/* 0 to 3, see enum unpi_type; 4 to 7 are not in use. */
enum unpi_type unpi_type(uint16_t command);

/* The command of the SRSP to a SREQ. */
uint16_t unpi_response(uint16_t request);

/* Fails if the data is longer than UNPI_DATA_MAX or has no room. */
void unpi_frame_write(struct writer *out, const struct unpi_frame *frame);

void unpi_parser_init(struct unpi_parser *parser);

/*
 * Takes bytes from the front of `in` until a frame is whole: 0, or -EAGAIN when all were taken without one. The data of
 * the frame rests in the parser until the next call.
 */
int unpi_parser_take(struct unpi_parser *parser, struct bytes *in, struct unpi_frame *out);

#endif
