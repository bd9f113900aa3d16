#include "protocols/esp_image.h"

#include <string.h>

#include "protocols/cursor.h"
#include "protocols/fault.h"

#define MAGIC 0xe9
#define HEADER_SIZE 24
#define DESCRIPTION_OFFSET 0x20 /* of esp_app_desc_t: after the header and the first segment's */
#define DESCRIPTION_MAGIC 0xabcd5432U
#define CHECKSUM_SEED 0xef
#define HASH_SIZE 32
#define SIGNATURE_V1_SIZE 68
#define SIGNATURE_V2_MAGIC 0xe7
#define SECTOR_SIZE 4096

static const struct {
	uint16_t id;
	const char *name;
} chips[] = {
	{ 0, "esp32" },
	{ 2, "esp32s2" },
	{ 5, "esp32c3" },
	{ 9, "esp32s3" },
	{ 12, "esp32c2" },
	{ 13, "esp32c6" },
	{ 16, "esp32h2" },
	{ 18, "esp32p4" },
	{ 20, "esp32c61" },
	{ 23, "esp32c5" },
	{ 25, "esp32h21" },
	{ 28, "esp32h4" },
};

static const char *chip_name(uint16_t id)
{
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++)
		if (chips[i].id == id)
			return chips[i].name;
	return "";
}

bool esp_image_names_chip(const char *word)
{
	for (size_t i = 0; i < sizeof(chips) / sizeof(chips[0]); i++)
		if (strcmp(chips[i].name, word) == 0)
			return true;
	return false;
}

bool esp_image_recognize(const void *data, size_t size)
{
	struct reader in;

	reader_init(&in, data, size);
	uint8_t magic = read_u8(&in);
	(void)read_bytes(&in, DESCRIPTION_OFFSET - 1);
	return read_le32(&in) == DESCRIPTION_MAGIC && magic == MAGIC;
}

static void copy_text(char out[ESP_IMAGE_TEXT_SIZE], const uint8_t *text)
{
	memcpy(out, text, ESP_IMAGE_TEXT_SIZE - 1);
	out[ESP_IMAGE_TEXT_SIZE - 1] = '\0';
}

static int parse_description(struct esp_image *out, const uint8_t *start, size_t size, const char **fault)
{
	struct reader in;

	reader_init(&in, start, size);
	(void)read_bytes(&in, DESCRIPTION_OFFSET);
	if (read_le32(&in) != DESCRIPTION_MAGIC)
		return fault_malformed(fault, "it has no application descriptor");
	out->secure_version = read_le32(&in);
	(void)read_bytes(&in, 8);
	const uint8_t *version = read_bytes(&in, ESP_IMAGE_TEXT_SIZE - 1);
	const uint8_t *project = read_bytes(&in, ESP_IMAGE_TEXT_SIZE - 1);
	if (in.failed)
		return fault_malformed(fault, "it ends inside its application descriptor");
	copy_text(out->version, version);
	copy_text(out->project, project);
	return 0;
}

/* Walks the segments and leaves the reader after the checksum's block of 16. */
static int parse_segments(const struct esp_image *image, struct reader *in, const uint8_t *start, const char **fault)
{
	uint8_t checksum = CHECKSUM_SEED;

	for (unsigned i = 0; i < image->segments; i++) {
		(void)read_le32(in);
		uint32_t length = read_le32(in);
		const uint8_t *bytes = read_bytes(in, length);
		if (in->failed)
			return fault_malformed(fault, "a segment goes past the end of the file");
		for (uint32_t j = 0; j < length; j++)
			checksum ^= bytes[j];
	}
	size_t used = (size_t)(in->at - start);
	(void)read_bytes(in, 15 - used % 16);
	uint8_t stored = read_u8(in);
	if (in->failed)
		return fault_malformed(fault, "it ends before its checksum");
	if (stored != checksum)
		return fault_malformed(fault, "its checksum is wrong");
	return 0;
}

static bool is_erased(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0xff)
			return false;
	return true;
}

/* Padding with 0xff, a v1 signature, or padding to a sector and a sector of v2 signature blocks. */
static bool is_tail(const uint8_t *start, size_t end, size_t size)
{
	static const uint8_t version_zero[4];
	size_t left = size - end;

	if (is_erased(start + end, left))
		return true;
	if (left == SIGNATURE_V1_SIZE)
		return memcmp(start + end, version_zero, sizeof(version_zero)) == 0;
	if (left < SECTOR_SIZE || size % SECTOR_SIZE != 0)
		return false;
	const uint8_t *sector = start + size - SECTOR_SIZE;
	return is_erased(start + end, left - SECTOR_SIZE) && sector[0] == SIGNATURE_V2_MAGIC &&
	       (sector[1] == 2 || sector[1] == 3);
}

int esp_image_parse(struct esp_image *out, const void *data, size_t size, const char **fault)
{
	struct esp_image image = { 0 };
	const uint8_t *start = data;
	struct reader in;

	if (size > UINT32_MAX)
		return fault_malformed(fault, "it is over 4 GiB");
	reader_init(&in, data, size);
	const uint8_t *header = read_bytes(&in, HEADER_SIZE);
	if (!header)
		return fault_malformed(fault, "it ends inside its header");
	image.segments = header[1];
	image.chip_id = (uint16_t)(header[12] | header[13] << 8);
	image.chip = chip_name(image.chip_id);
	if (header[0] != MAGIC || image.segments == 0 || image.segments > ESP_IMAGE_SEGMENTS_MAX || header[23] > 1)
		return fault_malformed(fault, "its header is malformed");
	image.has_appended_hash = header[23] == 1;

	int result = parse_description(&image, start, size, fault);
	if (result == 0)
		result = parse_segments(&image, &in, start, fault);
	if (result < 0)
		return result;
	image.hashed_size = (uint32_t)(in.at - start);
	if (image.has_appended_hash && !read_bytes(&in, HASH_SIZE))
		return fault_malformed(fault, "it ends inside its appended SHA-256");
	image.end = (uint32_t)(in.at - start);
	if (!is_tail(start, image.end, size))
		return fault_malformed(fault, "bytes that are neither padding nor a signature follow its end");
	*out = image;
	return 0;
}
