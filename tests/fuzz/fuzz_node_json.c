/*
 * fuzz_node_json: messages of nodes behind a local MQTT broker; what is understood must be valid SenML upstream.
 */
#include <stdlib.h>

#include "protocols/node_json.h"

#define NOW_US (INT64_C(1700000000) * 1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reading first[READINGS_MAX], second[READINGS_MAX];
	static char scratch[65536], other_scratch[65536], text[2 * 1024 * 1024];
	struct senml_pack pack = { first, READINGS_MAX, scratch, sizeof(scratch), 0, 0 };
	struct senml_pack again = { second, READINGS_MAX, other_scratch, sizeof(other_scratch), 0, 0 };
	struct senml_source source = { .format = FORMAT_JSON, .now_us = NOW_US };
	struct span device_id;
	struct writer out;

	if (node_json_parse(&pack, &device_id, (struct span){ (const char *)data, size }) < 0)
		return 0;
	writer_init(&out, text, sizeof(text));
	/* Names get the node's in front upstream; here "n" must do. */
	for (size_t i = 0; i < pack.count; i++)
		if (first[i].name.size > READING_NAME_MAX - 2)
			first[i].name.size = READING_NAME_MAX - 2;
	int64_t written = senml_write(FORMAT_JSON, &out, (struct span){ "n/", 2 }, first, pack.count);
	source.data = (struct span){ text, (size_t)written };
	if (written < 0 || senml_parse(&again, &source) < 0 || again.count != pack.count)
		abort();
	return 0;
}
