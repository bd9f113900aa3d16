/*
 * frame_bytes: frames written as hexadecimal text, as traces and standards print them.
 */
#ifndef WAKEGATE_TESTS_FRAME_BYTES_H
#define WAKEGATE_TESTS_FRAME_BYTES_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct frame_bytes {
	uint8_t data[256];
	size_t size;
};

/* Blanks between bytes are left out. */
static inline struct frame_bytes frame_bytes(const char *hex)
{
	struct frame_bytes out = { .size = 0 };
	unsigned int byte;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		ck_assert_uint_lt(out.size, sizeof(out.data));
		out.data[out.size++] = (uint8_t)byte;
		hex += used;
	}
	return out;
}

static inline void check_frame(const void *data, size_t size, const char *hex)
{
	struct frame_bytes expected = frame_bytes(hex);

	ck_assert_uint_eq(size, expected.size);
	ck_assert_mem_eq(data, expected.data, size);
}

#endif
