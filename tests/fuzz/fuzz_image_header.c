/*
 * fuzz_image_header: any bytes as a firmware image; what is accepted must lie inside the file.
 */
#include "protocols/image_header.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mcuboot(const struct mcuboot_image *image, size_t size)
{
	assert(image->signed_size <= image->end && image->end <= size);
	for (size_t i = 0; i < image->tlv_count; i++)
		assert((uint64_t)image->tlvs[i].offset + image->tlvs[i].size <= image->end);
}

static void check_zigbee(const struct zigbee_ota *file, size_t size)
{
	for (size_t i = 0; i < file->element_count; i++)
		assert((uint64_t)file->elements[i].offset + file->elements[i].size <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_header header;
	const char *fault = NULL;

	if (image_header_parse(&header, data, size, &fault) < 0) {
		assert(fault);
		return 0;
	}
	assert((uint64_t)header.payload_offset + header.payload_size <= size);
	if (header.format == IMAGE_FORMAT_MCUBOOT)
		check_mcuboot(&header.mcuboot, size);
	if (header.format == IMAGE_FORMAT_ESP_IDF)
		assert(header.esp.hashed_size <= header.esp.end && header.esp.end <= size);
	if (header.format == IMAGE_FORMAT_ZIGBEE_OTA)
		check_zigbee(&header.zigbee, size);
	return 0;
}
