/*
 * upgrade_file: Zigbee OTA upgrade files as tests need them, in the wrappers that vendors use.
 */
#ifndef WAKEGATE_TESTS_UPGRADE_FILE_H
#define WAKEGATE_TESTS_UPGRADE_FILE_H

#include <stdint.h>
#include <string.h>

#include "protocols/cursor.h"

#define UPGRADE_FILE_MAX 8192

struct upgrade_file_plan {
	uint16_t manufacturer, image_type;
	uint32_t version;
	uint16_t hardware_least, hardware_most; /* most 0: no range */
	uint32_t payload;                       /* bytes of the image element */
	size_t before, after;                   /* the vendor's own */
};

/* Writes the file to UPGRADE_FILE_MAX bytes at `data` and returns its size. Payload byte i is i * 7 + 3. */
static inline size_t upgrade_file_make(uint8_t *data, const struct upgrade_file_plan *plan)
{
	bool has_range = plan->hardware_most > 0;
	uint16_t header = has_range ? 60 : 56;
	uint8_t text[32] = "wakegate test";
	struct writer out;

	writer_init(&out, data, UPGRADE_FILE_MAX);
	for (size_t i = 0; i < plan->before; i++)
		write_u8(&out, 'P');
	write_le32(&out, 0x0beef11e);
	write_le16(&out, 0x0100);
	write_le16(&out, header);
	write_le16(&out, has_range ? 4 : 0);
	write_le16(&out, plan->manufacturer);
	write_le16(&out, plan->image_type);
	write_le32(&out, plan->version);
	write_le16(&out, 2);
	write_bytes(&out, text, sizeof(text));
	write_le32(&out, header + 6 + plan->payload);
	if (has_range) {
		write_le16(&out, plan->hardware_least);
		write_le16(&out, plan->hardware_most);
	}
	write_le16(&out, 0);
	write_le32(&out, plan->payload);
	for (uint32_t i = 0; i < plan->payload; i++)
		write_u8(&out, (uint8_t)(i * 7 + 3));
	for (size_t i = 0; i < plan->after; i++)
		write_u8(&out, 'S');
	return writer_size(&out);
}

#endif
