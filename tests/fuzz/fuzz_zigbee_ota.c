/*
 * fuzz_zigbee_ota: a Zigbee OTA upgrade file in whatever wrapper; what the parser says lies inside the file does.
 */
#include "protocols/zigbee_ota.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zigbee_ota file;
	const char *fault = NULL;

	if (zigbee_ota_parse(&file, data, size, &fault) < 0)
		return 0;
	if (file.offset > size || file.size > size - file.offset || file.header_size > file.size)
		abort();
	for (size_t i = 0; i < file.element_count; i++) {
		const struct zigbee_ota_element *element = &file.elements[i];
		if (element->offset < file.offset + file.header_size || element->size > file.size ||
			element->offset - file.offset + element->size > file.size)
			abort();
	}
	return 0;
}
