/*
 * fuzz_zcl: a ZCL frame; the records of its command must come back the same when written, and every value is looked at.
 */
#include "protocols/zcl.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct zcl_value *value)
{
	struct span text;
	uint64_t bits;
	int64_t integer;
	double real;

	(void)zcl_value_bits(value, &bits);
	(void)zcl_value_integer(value, &integer);
	(void)zcl_value_real(value, &real);
	if (zcl_value_text(value, &text) && text.size >= value->data.size)
		abort();
}

/* Nonzero bytes and flags mean the same, so the second writing is compared, not the first. */
static void check(const struct zcl_record *record, uint8_t command)
{
	uint8_t first[LIMIT], second[LIMIT];
	struct zcl_record back;
	struct writer out;
	struct reader in;

	writer_init(&out, first, sizeof(first));
	zcl_record_write(&out, record, command);
	size_t size = writer_size(&out);
	reader_init(&in, first, size);
	if (out.failed || zcl_record_read(&back, &in, command) != 1 || reader_left(&in) != 0)
		abort();
	writer_init(&out, second, sizeof(second));
	zcl_record_write(&out, &back, command);
	if (writer_size(&out) != size || memcmp(first, second, size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zcl_default_response response;
	struct zcl_record record;
	struct zcl_frame frame;
	struct reader in;
	bool complete;

	if (size > LIMIT || zcl_frame_parse(&frame, data, size) < 0)
		return 0;
	(void)zcl_default_response_parse(&response, &frame);
	reader_init(&in, frame.payload.data, frame.payload.size);
	if (frame.command == ZCL_DISCOVER_RESPONSE)
		(void)zcl_discover_response_read(&in, &complete);
	while (zcl_record_read(&record, &in, frame.command) == 1) {
		look_at(&record.value);
		check(&record, frame.command);
	}
	return 0;
}
