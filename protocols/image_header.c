#include "protocols/image_header.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/fault.h"
#include "protocols/gbl.h"

#define TAG_IMAGE 0 /* of a Zigbee upgrade file's element: what the node runs */

const char *image_format_name(enum image_format format)
{
	static const char *const names[] = { "raw", "mcuboot", "esp-idf", "zigbee-ota" };

	return names[format];
}

/* Header text comes from outside: what is not printable or is a blank becomes '_'. */
static void copy_word(char out[IMAGE_HEADER_TEXT_SIZE], const char *text)
{
	size_t i = 0;

	for (; text[i] != '\0' && i < IMAGE_HEADER_TEXT_SIZE - 1; i++)
		out[i] = text[i] > ' ' && text[i] < 0x7f ? text[i] : '_';
	out[i] = '\0';
}

/* The hardware type that wakegate, or imgtool --custom-tlv, put into the protected area. */
static int read_hardware(struct image_header *out, const uint8_t *data, const char **fault)
{
	const struct mcuboot_tlv *tlv = mcuboot_find_protected(&out->mcuboot, MCUBOOT_TLV_HARDWARE);

	if (!tlv)
		return 0;
	const uint8_t *text = data + tlv->offset;
	if (tlv->size == 0 || tlv->size >= IMAGE_HEADER_TEXT_SIZE)
		return fault_malformed(fault, "its hardware TLV (0x57a0) is not of 1 to 32 bytes");
	for (size_t i = 0; i < tlv->size; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return fault_malformed(fault, "its hardware TLV (0x57a0) is not one printable word");
	memcpy(out->hardware, text, tlv->size);
	out->hardware[tlv->size] = '\0';
	return 0;
}

static int read_dependency(struct image_header *out, const uint8_t *data, const char **fault)
{
	char text[MCUBOOT_VERSION_SIZE];
	struct mcuboot_version least;
	int result = mcuboot_find_dependency(&out->mcuboot, data, &least);

	if (result == -EBADMSG)
		return fault_malformed(fault, "a dependency TLV (0x40) is not of 12 bytes");
	if (result == 0) {
		mcuboot_version_print(&least, text);
		copy_word(out->requires, text);
	}
	return 0;
}

static int parse_mcuboot(struct image_header *out, const void *data, size_t size, const char **fault)
{
	char version[MCUBOOT_VERSION_SIZE];
	int result = mcuboot_parse(&out->mcuboot, data, size, fault);

	if (result < 0)
		return result;
	out->format = IMAGE_FORMAT_MCUBOOT;
	mcuboot_version_print(&out->mcuboot.version, version);
	copy_word(out->version, version);
	out->payload_offset = out->mcuboot.header_size;
	out->payload_size = out->mcuboot.payload_size;
	result = read_dependency(out, data, fault);
	return result < 0 ? result : read_hardware(out, data, fault);
}

static int parse_esp(struct image_header *out, const void *data, size_t size, const char **fault)
{
	int result = esp_image_parse(&out->esp, data, size, fault);

	if (result < 0)
		return result;
	out->format = IMAGE_FORMAT_ESP_IDF;
	copy_word(out->version, out->esp.version);
	copy_word(out->hardware, out->esp.chip);
	out->payload_size = out->esp.end;
	return 0;
}

static const struct zigbee_ota_element *find_element(const struct zigbee_ota *file, uint16_t tag)
{
	for (size_t i = 0; i < file->element_count; i++)
		if (file->elements[i].tag == tag)
			return &file->elements[i];
	return NULL;
}

static int parse_zigbee(struct image_header *out, const void *data, size_t size, const char **fault)
{
	int result = zigbee_ota_parse(&out->zigbee, data, size, fault);

	if (result < 0)
		return result;
	out->format = IMAGE_FORMAT_ZIGBEE_OTA;
	snprintf(out->version, sizeof(out->version), "0x%08x", out->zigbee.file_version);
	snprintf(out->hardware, sizeof(out->hardware), "%04x-%04x", out->zigbee.manufacturer, out->zigbee.image_type);
	const struct zigbee_ota_element *image = find_element(&out->zigbee, TAG_IMAGE);
	if (image && gbl_check((const uint8_t *)data + image->offset, image->size) == -EBADMSG)
		return fault_malformed(fault, "the checksum of its GBL content is wrong");
	out->payload_offset = out->zigbee.offset;
	out->payload_size = out->zigbee.size;
	return 0;
}

static int parse_raw(struct image_header *out, size_t size, const char **fault)
{
	if (size == 0)
		return fault_malformed(fault, "it is empty");
	if (size > UINT32_MAX)
		return fault_malformed(fault, "it is over 4 GiB");
	out->format = IMAGE_FORMAT_RAW;
	out->payload_size = (uint32_t)size;
	return 0;
}

int image_header_parse(struct image_header *out, const void *data, size_t size, const char **fault)
{
	struct image_header header = { 0 };
	uint32_t offset = 0;
	int result = 0;

	if (mcuboot_recognize(data, size))
		result = parse_mcuboot(&header, data, size, fault);
	else if (esp_image_recognize(data, size))
		result = parse_esp(&header, data, size, fault);
	else if (zigbee_ota_recognize(data, size, &offset))
		result = parse_zigbee(&header, data, size, fault);
	else
		result = parse_raw(&header, size, fault);
	if (result == 0)
		*out = header;
	return result;
}
