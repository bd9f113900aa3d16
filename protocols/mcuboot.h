/*
 * mcuboot: the layout of a MCUboot image: header, payload, protected and unprotected TLV areas, padding.
 *
 * After MCUboot's bootutil/image.h; little-endian. Pure functions over bytes: digests and signatures are located here
 * and verified elsewhere.
 */
#ifndef WAKEGATE_PROTOCOLS_MCUBOOT_H
#define WAKEGATE_PROTOCOLS_MCUBOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

#define MCUBOOT_MAGIC 0x96f3b83dU
#define MCUBOOT_HEADER_SIZE 32
#define MCUBOOT_TLVS_MAX 32       /* in both areas */
#define MCUBOOT_VERSION_SIZE 25   /* of the longest text, with its terminator */
#define MCUBOOT_TLV_HEADER_SIZE 4 /* of an area and of an entry */

#define MCUBOOT_FLAG_ENCRYPTED_AES128 0x04U
#define MCUBOOT_FLAG_ENCRYPTED_AES256 0x08U

enum mcuboot_tlv_type {
	MCUBOOT_TLV_KEY_HASH = 0x01,
	MCUBOOT_TLV_PUBLIC_KEY = 0x02,
	MCUBOOT_TLV_SHA256 = 0x10,
	MCUBOOT_TLV_SHA384 = 0x11,
	MCUBOOT_TLV_SHA512 = 0x12,
	MCUBOOT_TLV_RSA2048_PSS = 0x20,
	MCUBOOT_TLV_ECDSA = 0x22,
	MCUBOOT_TLV_RSA3072_PSS = 0x23,
	MCUBOOT_TLV_ED25519 = 0x24,
	MCUBOOT_TLV_PURE = 0x25, /* the signature is over the bytes, not over their digest */
	MCUBOOT_TLV_ENCRYPTION_FIRST = 0x30,
	MCUBOOT_TLV_ENCRYPTION_LAST = 0x34,
	/* Protected: an image's number and the version that must run there at least. */
	MCUBOOT_TLV_DEPENDENCY = 0x40,
	/* Vendor's range, protected: the type of node the image is for, as text. wakegate's own; MCUboot passes it
	   over. */
	MCUBOOT_TLV_HARDWARE = 0x57a0,
};

struct mcuboot_version {
	uint8_t major, minor;
	uint16_t revision;
	uint32_t build;
};

struct mcuboot_tlv {
	uint16_t type;
	uint16_t size;   /* of the value */
	uint32_t offset; /* of the value, from the start of the image */
	bool is_protected;
};

struct mcuboot_image {
	uint32_t load_address;
	uint16_t header_size;    /* with its padding: where the payload begins */
	uint16_t protected_size; /* of the protected TLV area; 0: none */
	uint32_t payload_size;
	uint32_t flags;
	struct mcuboot_version version;
	uint32_t signed_size; /* header, payload and protected area: what digest and signature cover */
	uint32_t end;         /* where the last TLV ends; the rest is padding */
	struct mcuboot_tlv tlvs[MCUBOOT_TLVS_MAX];
	size_t tlv_count;
};

/* Whether the bytes begin like a MCUboot image. */
bool mcuboot_recognize(const void *data, size_t size);

/*
 * Parses a whole image. -EBADMSG with a clause in `fault` (a constant): cut, over-declared, an unknown TLV outside the
 * protected area (MCUboot refuses it too), one that occurs twice there, or bytes after the end that are not imgtool's
 * slot padding.
 */
int mcuboot_parse(struct mcuboot_image *out, const void *data, size_t size, const char **fault);

/* The TLV of that type outside, or inside, the protected area, or NULL. */
const struct mcuboot_tlv *mcuboot_find(const struct mcuboot_image *image, enum mcuboot_tlv_type type);
const struct mcuboot_tlv *mcuboot_find_protected(const struct mcuboot_image *image, enum mcuboot_tlv_type type);

/* The version that must run at least as image 0, the application, says its dependency TLVs; the highest of several.
 * `data` is what was parsed. 0; -ENOENT none says it; -EBADMSG one is not of 12 bytes. */
int mcuboot_find_dependency(const struct mcuboot_image *image, const void *data, struct mcuboot_version *out);

/* "1.2.3", or "1.2.3+4" where the build is not 0. */
void mcuboot_version_print(const struct mcuboot_version *version, char out[MCUBOOT_VERSION_SIZE]);

/* Reads "1", "1.2", "1.2.3" or "1.2.3+4"; -EINVAL. */
int mcuboot_version_parse(struct mcuboot_version *out, const char *text);

/* Writes the 32 bytes of the header of `image`. */
void mcuboot_header_write(struct writer *out, const struct mcuboot_image *image);

/* Writes the head of an area of `size` bytes with this head, and one entry. */
void mcuboot_tlv_area_write(struct writer *out, uint16_t size);
void mcuboot_protected_area_write(struct writer *out, uint16_t size);
void mcuboot_tlv_write(struct writer *out, enum mcuboot_tlv_type type, const void *value, uint16_t size);

/* Fills the `size` bytes at the end of a slot as imgtool --pad does: 0xff and the trailer's magic, confirmed or not. */
#define MCUBOOT_TRAILER_SIZE 48 /* at least: image_ok, copy_done, swap fields and magic, aligned to 8 */
int mcuboot_padding_write(uint8_t *padding, size_t size, bool confirmed);

#endif
