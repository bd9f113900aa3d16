/*
 * fuzz_senml_cbor: SenML packs in CBOR; what is understood must be writable and understood again. A pack that is like
 * one before it, whose shape is known, must be understood as any: the first byte says how much of the input is a pack,
 * and the rest is what the second pack differs from it in.
 */
#include "protocols/senml_shapes.h"
#include "tests/fuzz/senml_check.h"
#include "tests/unit/sample_readings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct senml_shapes shapes;

static void check_alike(const uint8_t *data, size_t size)
{
	static struct reading plain_readings[READINGS_MAX], shaped_readings[READINGS_MAX];
	static char plain_scratch[65536], shaped_scratch[65536];
	struct senml_pack plain = { plain_readings, READINGS_MAX, plain_scratch, sizeof(plain_scratch), 0, 0 };
	struct senml_pack shaped = { shaped_readings, READINGS_MAX, shaped_scratch, sizeof(shaped_scratch), 0, 0 };
	struct senml_source source = { FORMAT_CBOR, { (const char *)data, size }, CHECK_NOW_US };

	if (senml_parse(&plain, &source) != senml_shapes_parse(&shapes, &shaped, &source) ||
		plain.count != shaped.count || plain.fault_offset != shaped.fault_offset)
		abort();
	for (size_t i = 0; i < plain.count; i++)
		if (!sample_same(&plain_readings[i], &shaped_readings[i], false) ||
			plain_readings[i].is_dated != shaped_readings[i].is_dated)
			abort();
}

static void check_two(const uint8_t *data, size_t size)
{
	uint8_t other[256];
	size_t first = size > 0 ? data[0] : 0;

	if (first == 0 || first >= size)
		return;
	memcpy(other, data + 1, first);
	for (size_t i = 0; i < first && first + 1 + i < size; i++)
		other[i] ^= data[first + 1 + i];
	shapes = (struct senml_shapes){ .clock = 0 };
	check_alike(data + 1, first);
	check_alike(other, first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	senml_check(FORMAT_CBOR, data, size);
	check_two(data, size);
	return 0;
}
