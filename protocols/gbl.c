#include "protocols/gbl.h"

#include <errno.h>

#include "protocols/cursor.h"

#define TAG_HEADER 0x03a617eb
#define TAG_END 0xfc0404fc
#define CRC32_RESIDUE 0x2144df1c /* over anything followed by its own CRC-32 */
#define CRC32_POLYNOMIAL 0xedb88320

static uint32_t crc32(const uint8_t *data, size_t size)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? CRC32_POLYNOMIAL : 0);
	}
	return ~crc;
}

int gbl_check(const void *data, size_t size)
{
	struct reader in;
	uint32_t tag = 0;

	reader_init(&in, data, size);
	for (size_t tags = 0; tag != TAG_END && !in.failed; tags++) {
		tag = read_le32(&in);
		uint32_t length = read_le32(&in);
		(void)read_bytes(&in, length);
		if (tags == 0 && tag != TAG_HEADER)
			return -ENOENT;
	}
	if (in.failed)
		return -ENOENT;
	return crc32(data, size - reader_left(&in)) == CRC32_RESIDUE ? 0 : -EBADMSG;
}
