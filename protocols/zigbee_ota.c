#include "protocols/zigbee_ota.h"

#include <string.h>

#include "protocols/cursor.h"
#include "protocols/fault.h"

#define MAGIC 0x0beef11eU
#define HEADER_VERSION 0x0100
#define HEADER_SIZE 56
#define TEXT_SIZE 32

#define FIELD_SECURITY_VERSION 0x0001
#define FIELD_DESTINATION 0x0002
#define FIELD_HARDWARE_RANGE 0x0004

/* The four bytes of the magic may stand in any binary; with the header's version and a sane length they do not. */
static bool header_begins(const uint8_t *data, size_t size)
{
	struct reader in;

	reader_init(&in, data, size);
	uint32_t magic = read_le32(&in);
	uint16_t version = read_le16(&in);
	uint16_t length = read_le16(&in);
	return !in.failed && magic == MAGIC && version == HEADER_VERSION && length >= HEADER_SIZE && length <= 256;
}

bool zigbee_ota_recognize(const void *data, size_t size, uint32_t *offset)
{
	const uint8_t *start = data;

	for (size_t at = 0; at < size && at <= ZIGBEE_OTA_WRAPPER_MAX; at++) {
		if (start[at] == (MAGIC & 0xff) && header_begins(start + at, size - at)) {
			*offset = (uint32_t)at;
			return true;
		}
	}
	return false;
}

static void parse_optional_fields(struct zigbee_ota *out, struct reader *in, uint16_t fields)
{
	if (fields & FIELD_SECURITY_VERSION)
		(void)read_u8(in);
	if (fields & FIELD_DESTINATION) {
		out->for_one_node = true;
		out->destination = read_le64(in);
	}
	if (fields & FIELD_HARDWARE_RANGE) {
		out->has_hardware_range = true;
		out->hardware_least = read_le16(in);
		out->hardware_most = read_le16(in);
	}
}

static int parse_header(struct zigbee_ota *out, struct reader *in, const char **fault)
{
	(void)read_le32(in);
	(void)read_le16(in);
	out->header_size = read_le16(in);
	uint16_t fields = read_le16(in);
	out->manufacturer = read_le16(in);
	out->image_type = read_le16(in);
	out->file_version = read_le32(in);
	out->stack_version = read_le16(in);
	const uint8_t *text = read_bytes(in, TEXT_SIZE);
	out->size = read_le32(in);
	const uint8_t *optional = in->at;
	parse_optional_fields(out, in, fields);
	if (in->failed)
		return fault_malformed(fault, "it ends inside its header");
	if ((size_t)(in->at - optional) + HEADER_SIZE > out->header_size || out->size < out->header_size)
		return fault_malformed(fault, "its header's sizes contradict each other");
	memcpy(out->text, text, TEXT_SIZE);
	return 0;
}

static void parse_elements(struct zigbee_ota *out, const uint8_t *start)
{
	struct reader in;

	reader_init(&in, start + out->offset + out->header_size, out->size - out->header_size);
	while (reader_left(&in) > 0 && out->element_count < ZIGBEE_OTA_ELEMENTS_MAX) {
		struct zigbee_ota_element element = { .tag = read_le16(&in) };
		element.size = read_le32(&in); /* in a statement of its own: members of a list have no order */
		const uint8_t *bytes = read_bytes(&in, element.size);
		if (in.failed)
			break;
		element.offset = (uint32_t)(bytes - start);
		out->elements[out->element_count++] = element;
	}
	if (in.failed || reader_left(&in) > 0)
		out->element_count = 0;
}

int zigbee_ota_parse_head(struct zigbee_ota *out, const void *data, size_t size, uint64_t file_size, const char **fault)
{
	struct zigbee_ota file = { 0 };
	const uint8_t *start = data;
	struct reader in;

	if (file_size > UINT32_MAX)
		return fault_malformed(fault, "it is over 4 GiB");
	if (!zigbee_ota_recognize(data, size, &file.offset))
		return fault_malformed(fault, "it has no Zigbee OTA header");
	reader_init(&in, start + file.offset, size - file.offset);
	int result = parse_header(&file, &in, fault);
	if (result < 0)
		return result;
	uint64_t end = (uint64_t)file.offset + file.size;
	if (end > file_size)
		return fault_malformed(fault, "its header declares more bytes than the file has");
	if (file_size - end > ZIGBEE_OTA_WRAPPER_MAX)
		return fault_malformed(fault, "more than 4096 bytes follow its end");
	*out = file;
	return 0;
}

int zigbee_ota_parse(struct zigbee_ota *out, const void *data, size_t size, const char **fault)
{
	struct zigbee_ota file;
	int result = zigbee_ota_parse_head(&file, data, size, size, fault);

	if (result < 0)
		return result;
	parse_elements(&file, data);
	*out = file;
	return 0;
}
