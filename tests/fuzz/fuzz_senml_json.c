/*
 * fuzz_senml_json: SenML packs in JSON; what is understood must be writable and understood again.
 */
#include "tests/fuzz/senml_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	senml_check(FORMAT_JSON, data, size);
	return 0;
}
