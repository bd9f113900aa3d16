/*
 * fuzz_manifest: any bytes as a manifest; what is accepted keeps to its limits.
 */
#include <stdlib.h>
#include <string.h>

#include "protocols/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest manifest;
	char why[128] = "";
	int result = manifest_parse(&manifest, data, size, why, sizeof(why));

	if (result < 0 && why[0] == '\0')
		abort();
	if (result < 0)
		return 0;
	if (manifest.size_bytes == 0 || manifest.version[0] == '\0' || manifest.name[0] == '\0' ||
		strlen(manifest.uri) > MANIFEST_URI_MAX || manifest.signature_size > MANIFEST_SIGNATURE_MAX)
		abort();
	return 0;
}
