#include "protocols/mcuboot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/cursor.h"
#include "protocols/fault.h"

#define DEPENDENCY_SIZE 12
#define TLV_MAGIC 0x6907
#define TLV_PROTECTED_MAGIC 0x6908
#define ERASED_BYTE 0xff
#define IMAGE_OK_BYTE 0x01
#define BOOT_MAGIC_SIZE 16

static const uint8_t boot_magic[BOOT_MAGIC_SIZE] = { 0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, 0x35, 0x52, 0x50,
	0x0f, 0x2c, 0xb6, 0x79, 0x80 };
/* Where a flash's alignment is over 8, the magic begins with the alignment and goes on so. */
static const uint8_t aligned_magic_tail[BOOT_MAGIC_SIZE - 2] = { 0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d, 0x77, 0x67,
	0x9c, 0x11, 0x0f, 0x1f, 0x8a };

bool mcuboot_recognize(const void *data, size_t size)
{
	struct reader in;

	reader_init(&in, data, size);
	return read_le32(&in) == MCUBOOT_MAGIC;
}

static bool is_encryption(uint16_t type)
{
	return type >= MCUBOOT_TLV_ENCRYPTION_FIRST && type <= MCUBOOT_TLV_ENCRYPTION_LAST;
}

/* MCUboot's own list of what may stand outside the protected area (bootutil, image_validate.c), less ECDSA P-224. */
static bool may_be_unprotected(uint16_t type)
{
	static const uint16_t allowed[] = { MCUBOOT_TLV_KEY_HASH, MCUBOOT_TLV_PUBLIC_KEY, MCUBOOT_TLV_SHA256,
		MCUBOOT_TLV_SHA384, MCUBOOT_TLV_SHA512, MCUBOOT_TLV_RSA2048_PSS, MCUBOOT_TLV_ECDSA,
		MCUBOOT_TLV_RSA3072_PSS, MCUBOOT_TLV_ED25519, MCUBOOT_TLV_PURE };

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (allowed[i] == type)
			return true;
	return is_encryption(type);
}

static const struct mcuboot_tlv *find_in_area(const struct mcuboot_image *image, uint16_t type, bool is_protected)
{
	for (size_t i = 0; i < image->tlv_count; i++)
		if (image->tlvs[i].type == type && image->tlvs[i].is_protected == is_protected)
			return &image->tlvs[i];
	return NULL;
}

const struct mcuboot_tlv *mcuboot_find(const struct mcuboot_image *image, enum mcuboot_tlv_type type)
{
	return find_in_area(image, (uint16_t)type, false);
}

const struct mcuboot_tlv *mcuboot_find_protected(const struct mcuboot_image *image, enum mcuboot_tlv_type type)
{
	return find_in_area(image, (uint16_t)type, true);
}

static bool is_newer(const struct mcuboot_version *a, const struct mcuboot_version *b)
{
	const uint32_t first[] = { a->major, a->minor, a->revision, a->build };
	const uint32_t second[] = { b->major, b->minor, b->revision, b->build };

	for (size_t i = 0; i < 4; i++)
		if (first[i] != second[i])
			return first[i] > second[i];
	return false;
}

static int add_tlv(struct mcuboot_image *out, struct mcuboot_tlv tlv, const char **fault)
{
	if (!tlv.is_protected && !may_be_unprotected(tlv.type))
		return fault_malformed(fault, "a TLV of unknown type stands outside the protected area");
	if (is_encryption(tlv.type) && !(out->flags & (MCUBOOT_FLAG_ENCRYPTED_AES128 | MCUBOOT_FLAG_ENCRYPTED_AES256)))
		return fault_malformed(fault, "it carries an encryption key but is not encrypted");
	if (!tlv.is_protected && find_in_area(out, tlv.type, false))
		return fault_malformed(fault, "a TLV occurs twice");
	if (out->tlv_count == MCUBOOT_TLVS_MAX)
		return fault_malformed(fault, "there are more than 32 TLVs");
	out->tlvs[out->tlv_count++] = tlv;
	return 0;
}

/* Reads the area at the reader's place and moves past it. `expected_size` 0: any. */
static int parse_area(
	struct mcuboot_image *out, struct reader *in, const uint8_t *start, uint16_t expected_size, const char **fault)
{
	bool is_protected = expected_size != 0;
	uint16_t magic = read_le16(in);
	uint16_t total = read_le16(in);

	if (in->failed)
		return fault_malformed(fault, "it ends before its TLV area");
	if (magic != (is_protected ? TLV_PROTECTED_MAGIC : TLV_MAGIC))
		return fault_malformed(fault, "there is no TLV area after the payload");
	if (total < MCUBOOT_TLV_HEADER_SIZE || (is_protected && total != expected_size))
		return fault_malformed(fault, "the TLV area's size is wrong");
	const uint8_t *entries = read_bytes(in, total - MCUBOOT_TLV_HEADER_SIZE);
	if (!entries)
		return fault_malformed(fault, "the TLV area goes past the end of the file");

	struct reader area;
	reader_init(&area, entries, total - MCUBOOT_TLV_HEADER_SIZE);
	while (reader_left(&area) > 0) {
		struct mcuboot_tlv tlv = { .type = read_le16(&area) };
		tlv.size = read_le16(&area);
		const uint8_t *value = read_bytes(&area, tlv.size);
		if (area.failed)
			return fault_malformed(fault, "a TLV goes past the end of its area");
		tlv.offset = (uint32_t)(value - start);
		tlv.is_protected = is_protected;
		int result = add_tlv(out, tlv, fault);
		if (result < 0)
			return result;
	}
	return 0;
}

/* The size of image_ok's slot and of the magic's, for the flash alignment that the trailer's magic tells; 0: none. */
static size_t trailer_alignment(const uint8_t magic[BOOT_MAGIC_SIZE])
{
	if (memcmp(magic, boot_magic, BOOT_MAGIC_SIZE) == 0)
		return 8;
	if (memcmp(magic + 2, aligned_magic_tail, sizeof(aligned_magic_tail)) == 0 && magic[1] == 0 &&
		(magic[0] == 16 || magic[0] == 32))
		return magic[0];
	return 0;
}

/* Slot padding: erased bytes, perhaps ending in a trailer with its magic and image_ok. */
static bool is_padding(const uint8_t *tail, size_t size)
{
	if (size == 0)
		return true;
	uint8_t erased = tail[0];
	size_t alignment = size > BOOT_MAGIC_SIZE ? trailer_alignment(tail + size - BOOT_MAGIC_SIZE) : 0;
	size_t magic_slot = alignment > BOOT_MAGIC_SIZE ? alignment : BOOT_MAGIC_SIZE;
	size_t plain = alignment ? size - BOOT_MAGIC_SIZE : size;
	size_t image_ok = alignment && size >= magic_slot + alignment ? size - magic_slot - alignment : size;

	if (erased != 0 && erased != ERASED_BYTE)
		return false;
	for (size_t i = 0; i < plain; i++)
		if (tail[i] != erased && !(i == image_ok && tail[i] == IMAGE_OK_BYTE))
			return false;
	return true;
}

static struct mcuboot_version read_version(struct reader *in)
{
	struct mcuboot_version version;

	version.major = read_u8(in);
	version.minor = read_u8(in);
	version.revision = read_le16(in);
	version.build = read_le32(in);
	return version;
}

static int parse_header(struct mcuboot_image *out, struct reader *in, const char **fault)
{
	if (read_le32(in) != MCUBOOT_MAGIC)
		return fault_malformed(fault, "it does not begin with MCUboot's magic");
	out->load_address = read_le32(in);
	out->header_size = read_le16(in);
	out->protected_size = read_le16(in);
	out->payload_size = read_le32(in);
	out->flags = read_le32(in);
	out->version = read_version(in);
	(void)read_le32(in);
	if (in->failed)
		return fault_malformed(fault, "it ends inside its header");
	if (out->header_size < MCUBOOT_HEADER_SIZE)
		return fault_malformed(fault, "its header says that it is shorter than a header");
	return 0;
}

int mcuboot_parse(struct mcuboot_image *out, const void *data, size_t size, const char **fault)
{
	struct mcuboot_image image = { 0 };
	const uint8_t *start = data;
	struct reader in;

	if (size > UINT32_MAX)
		return fault_malformed(fault, "it is over 4 GiB");
	reader_init(&in, data, size);
	int result = parse_header(&image, &in, fault);
	if (result < 0)
		return result;
	uint64_t payload_end = (uint64_t)image.header_size + image.payload_size;
	if (payload_end > size)
		return fault_malformed(fault, "its header declares more bytes than the file has");
	reader_init(&in, start + payload_end, size - payload_end);
	if (image.protected_size > 0)
		result = parse_area(&image, &in, start, image.protected_size, fault);
	image.signed_size = (uint32_t)payload_end + image.protected_size;
	if (result == 0)
		result = parse_area(&image, &in, start, 0, fault);
	if (result < 0)
		return result;
	image.end = (uint32_t)(size - reader_left(&in));
	if (!is_padding(start + image.end, size - image.end))
		return fault_malformed(fault, "bytes that are not slot padding follow its end");
	*out = image;
	return 0;
}

int mcuboot_find_dependency(const struct mcuboot_image *image, const void *data, struct mcuboot_version *out)
{
	bool found = false;

	for (size_t i = 0; i < image->tlv_count; i++) {
		const struct mcuboot_tlv *tlv = &image->tlvs[i];
		struct reader in;
		if (tlv->type != MCUBOOT_TLV_DEPENDENCY || !tlv->is_protected)
			continue;
		if (tlv->size != DEPENDENCY_SIZE)
			return -EBADMSG;
		reader_init(&in, (const uint8_t *)data + tlv->offset, tlv->size);
		uint32_t number = read_le32(&in) & 0xff; /* a byte and three of padding */
		struct mcuboot_version least = read_version(&in);
		if (number == 0 && (!found || is_newer(&least, out))) {
			*out = least;
			found = true;
		}
	}
	return found ? 0 : -ENOENT;
}

void mcuboot_version_print(const struct mcuboot_version *version, char out[MCUBOOT_VERSION_SIZE])
{
	int length = snprintf(out, MCUBOOT_VERSION_SIZE, "%u.%u.%u", version->major, version->minor, version->revision);

	if (version->build != 0)
		snprintf(out + length, MCUBOOT_VERSION_SIZE - (size_t)length, "+%u", version->build);
}

/* Reads digits up to `most` and moves `text` past them. */
static int read_number(const char **text, uint64_t most, uint64_t *out)
{
	uint64_t value = 0;
	const char *at = *text;

	for (; *at >= '0' && *at <= '9'; at++) {
		value = value * 10 + (uint64_t)(*at - '0');
		if (value > most)
			return -EINVAL;
	}
	if (at == *text)
		return -EINVAL;
	*text = at;
	*out = value;
	return 0;
}

int mcuboot_version_parse(struct mcuboot_version *out, const char *text)
{
	static const struct {
		char before;
		uint64_t most;
	} parts[] = { { '\0', UINT8_MAX }, { '.', UINT8_MAX }, { '.', UINT16_MAX }, { '+', UINT32_MAX } };
	uint64_t values[4] = { 0 };

	for (size_t i = 0; i < 4; i++) {
		if (i > 0 && *text != parts[i].before)
			continue;
		if (i > 0)
			text++;
		if (read_number(&text, parts[i].most, &values[i]) < 0)
			return -EINVAL;
	}
	if (*text != '\0')
		return -EINVAL;
	out->major = (uint8_t)values[0];
	out->minor = (uint8_t)values[1];
	out->revision = (uint16_t)values[2];
	out->build = (uint32_t)values[3];
	return 0;
}

void mcuboot_header_write(struct writer *out, const struct mcuboot_image *image)
{
	write_le32(out, MCUBOOT_MAGIC);
	write_le32(out, image->load_address);
	write_le16(out, image->header_size);
	write_le16(out, image->protected_size);
	write_le32(out, image->payload_size);
	write_le32(out, image->flags);
	write_u8(out, image->version.major);
	write_u8(out, image->version.minor);
	write_le16(out, image->version.revision);
	write_le32(out, image->version.build);
	write_le32(out, 0);
}

void mcuboot_tlv_area_write(struct writer *out, uint16_t size)
{
	write_le16(out, TLV_MAGIC);
	write_le16(out, size);
}

void mcuboot_protected_area_write(struct writer *out, uint16_t size)
{
	write_le16(out, TLV_PROTECTED_MAGIC);
	write_le16(out, size);
}

void mcuboot_tlv_write(struct writer *out, enum mcuboot_tlv_type type, const void *value, uint16_t size)
{
	write_le16(out, (uint16_t)type);
	write_le16(out, size);
	write_bytes(out, value, size);
}

int mcuboot_padding_write(uint8_t *padding, size_t size, bool confirmed)
{
	if (size < MCUBOOT_TRAILER_SIZE)
		return -ENOBUFS;
	memset(padding, ERASED_BYTE, size - BOOT_MAGIC_SIZE);
	memcpy(padding + size - BOOT_MAGIC_SIZE, boot_magic, BOOT_MAGIC_SIZE);
	if (confirmed)
		padding[size - BOOT_MAGIC_SIZE - 8] = IMAGE_OK_BYTE;
	return 0;
}
