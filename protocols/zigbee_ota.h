/*
 * zigbee_ota: the header of a Zigbee OTA upgrade file and where the file lies inside a vendor's wrapper.
 *
 * ZCL, section 11.4 (OTA file format); little-endian. Vendors ship the file with bytes of their own before and after
 * it (IKEA, Legrand, Third Reality) and with sub-elements that do not follow the standard (Philips, Telink): such a
 * file is taken as it is, and only exactly the bytes of the upgrade file are for the node.
 */
#ifndef WAKEGATE_PROTOCOLS_ZIGBEE_OTA_H
#define WAKEGATE_PROTOCOLS_ZIGBEE_OTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZIGBEE_OTA_WRAPPER_MAX 4096 /* bytes before, and bytes after */
#define ZIGBEE_OTA_ELEMENTS_MAX 16

struct zigbee_ota_element {
	uint16_t tag;
	uint32_t offset; /* of its data, from the start of the buffer */
	uint32_t size;
};

struct zigbee_ota {
	uint32_t offset; /* of the upgrade file in the buffer */
	uint32_t size;   /* of the upgrade file with its header */
	uint16_t header_size;
	uint16_t manufacturer;
	uint16_t image_type;
	uint32_t file_version;
	uint16_t stack_version;
	char text[33];
	bool for_one_node; /* has an upgrade file destination */
	uint64_t destination;
	bool has_hardware_range;
	uint16_t hardware_least, hardware_most;
	struct zigbee_ota_element elements[ZIGBEE_OTA_ELEMENTS_MAX];
	size_t element_count; /* 0 where the vendor's elements do not follow the standard */
};

/* Whether an upgrade file begins within the first ZIGBEE_OTA_WRAPPER_MAX bytes, and where. */
bool zigbee_ota_recognize(const void *data, size_t size, uint32_t *offset);

#define ZIGBEE_OTA_HEAD_MAX (ZIGBEE_OTA_WRAPPER_MAX + 256) /* bytes in which the header ends, if there is one */

/* Parses the header from the first `size` bytes of a file of `file_size`: as zigbee_ota_parse(), without elements. */
int zigbee_ota_parse_head(
	struct zigbee_ota *out, const void *data, size_t size, uint64_t file_size, const char **fault);

/* Parses a whole file. -EBADMSG with a clause in `fault` (a constant): cut, over-declared, or too much after it. */
int zigbee_ota_parse(struct zigbee_ota *out, const void *data, size_t size, const char **fault);

#endif
