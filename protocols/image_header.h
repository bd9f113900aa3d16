/*
 * image_header: tells a firmware image's format from its bytes, and what its header says of version and hardware.
 */
#ifndef WAKEGATE_PROTOCOLS_IMAGE_HEADER_H
#define WAKEGATE_PROTOCOLS_IMAGE_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "protocols/esp_image.h"
#include "protocols/mcuboot.h"
#include "protocols/zigbee_ota.h"

#define IMAGE_HEADER_TEXT_SIZE 33

enum image_format {
	IMAGE_FORMAT_RAW, /* no header known here */
	IMAGE_FORMAT_MCUBOOT,
	IMAGE_FORMAT_ESP_IDF,
	IMAGE_FORMAT_ZIGBEE_OTA,
};

struct image_header {
	enum image_format format;
	char version[IMAGE_HEADER_TEXT_SIZE];  /* printable ASCII; "" where the format has none */
	char hardware[IMAGE_HEADER_TEXT_SIZE]; /* MCUboot's TLV 0x57a0, the chip, or Zigbee's MANUFACTURER-TYPE; ""
						  likewise */
	char requires[IMAGE_HEADER_TEXT_SIZE]; /* version that must run before, MCUboot's dependency on image 0; "" */
	uint32_t payload_offset, payload_size; /* what the node runs or is sent */
	union {
		struct mcuboot_image mcuboot;
		struct esp_image esp;
		struct zigbee_ota zigbee;
	};
};

/* "mcuboot", "esp-idf", "zigbee-ota" or "raw". */
const char *image_format_name(enum image_format format);

/* Parses a whole image of any format. -EBADMSG with a clause in `fault` (a constant): it has a known format's magic but
 * is not well formed. An empty one is malformed. */
int image_header_parse(struct image_header *out, const void *data, size_t size, const char **fault);

#endif
