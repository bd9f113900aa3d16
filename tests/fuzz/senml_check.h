/*
 * senml_check: what the two SenML targets do: parse, write what was understood, and parse that again.
 */
#ifndef WAKEGATE_TESTS_SENML_CHECK_H
#define WAKEGATE_TESTS_SENML_CHECK_H

#include <stdlib.h>

#include "protocols/senml.h"

#define CHECK_NOW_US (INT64_C(1700000000) * 1000000)

static inline void senml_check(enum token_format format, const uint8_t *data, size_t size)
{
	static struct reading first[READINGS_MAX], second[READINGS_MAX];
	static char scratch[65536], other_scratch[65536];
	static char text[2 * 1024 * 1024];
	struct senml_pack pack = { first, READINGS_MAX, scratch, sizeof(scratch), 0, 0 };
	struct senml_pack again = { second, READINGS_MAX, other_scratch, sizeof(other_scratch), 0, 0 };
	struct senml_source source = { format, { (const char *)data, size }, CHECK_NOW_US };
	struct writer out;

	if (senml_parse(&pack, &source) < 0)
		return;
	writer_init(&out, text, sizeof(text));
	int64_t written = senml_write(format, &out, (struct span){ 0 }, first, pack.count);
	source.data = (struct span){ text, (size_t)written };
	if (written < 0 || senml_parse(&again, &source) < 0 || again.count != pack.count)
		abort();
}

#endif
