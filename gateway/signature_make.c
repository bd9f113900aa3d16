#include "gateway/signature_make.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/signature.h"
#include "gateway/signing_key.h"

#define HARDWARE_MAX 32

static int check_wrapping(const struct mcuboot_wrapping *wrapping, struct bytes payload, const char **fault)
{
	if (wrapping->header_size < MCUBOOT_HEADER_SIZE) {
		*fault = "the header needs at least 32 bytes";
		return -EINVAL;
	}
	if (payload.size > INT32_MAX || (wrapping->in_place && payload.size < wrapping->header_size)) {
		*fault = payload.size > INT32_MAX ? "the file is over 2 GiB" : "the file is shorter than its header";
		return -EINVAL;
	}
	for (size_t i = 0; wrapping->in_place && i < wrapping->header_size; i++) {
		if (payload.data[i] != 0) {
			*fault = "the file does not begin with room (zero bytes) for the header";
			return -EINVAL;
		}
	}
	if (wrapping->hardware && (wrapping->hardware[0] == '\0' || strlen(wrapping->hardware) > HARDWARE_MAX)) {
		*fault = "the hardware type is not of 1 to 32 bytes";
		return -EINVAL;
	}
	if (wrapping->pad && wrapping->slot_size == 0) {
		*fault = "padding needs the size of the slot";
		return -EINVAL;
	}
	return 0;
}

/* Writes digest, key hash and signature of the `signed_size` bytes at `data` behind them. */
static int write_tlvs(struct writer *out, const struct signing_key *key, struct bytes signed_bytes)
{
	bool is_ed25519 = key_type_of(signing_key_public(key)) == KEY_ED25519;
	uint8_t signature[SIGNATURE_MAX];
	uint8_t digest[32];
	uint8_t hash[32];
	size_t size = sizeof(signature);
	struct bytes digest_bytes = { .data = digest, .size = sizeof(digest) };

	digest_compute(DIGEST_SHA256, signed_bytes.data, signed_bytes.size, digest);
	int result = signing_key_sign(key, is_ed25519 ? digest_bytes : signed_bytes, signature, &size);
	if (result < 0)
		return result;
	key_fingerprint(signing_key_public(key), hash);
	mcuboot_tlv_area_write(out, (uint16_t)(4 * MCUBOOT_TLV_HEADER_SIZE + sizeof(digest) + sizeof(hash) + size));
	mcuboot_tlv_write(out, MCUBOOT_TLV_SHA256, digest, sizeof(digest));
	mcuboot_tlv_write(out, MCUBOOT_TLV_KEY_HASH, hash, sizeof(hash));
	mcuboot_tlv_write(out, is_ed25519 ? MCUBOOT_TLV_ED25519 : MCUBOOT_TLV_ECDSA, signature, (uint16_t)size);
	return 0;
}

/* Size of the protected area; 0: none. */
static uint16_t protected_size(const struct mcuboot_wrapping *wrapping)
{
	return wrapping->hardware ? (uint16_t)(2 * MCUBOOT_TLV_HEADER_SIZE + strlen(wrapping->hardware)) : 0;
}

static void write_protected(struct writer *out, const struct mcuboot_wrapping *wrapping)
{
	if (!wrapping->hardware)
		return;
	mcuboot_protected_area_write(out, protected_size(wrapping));
	mcuboot_tlv_write(out, MCUBOOT_TLV_HARDWARE, wrapping->hardware, (uint16_t)strlen(wrapping->hardware));
}

/* Lays header, payload and TLVs at `at`, where `out->size` bytes are, and signs them; `out` is the image then. */
static int write_image(const struct signing_key *key, const struct mcuboot_wrapping *wrapping, struct bytes body,
	struct bytes *out, uint8_t *at)
{
	struct mcuboot_image image = { .header_size = wrapping->header_size,
		.protected_size = protected_size(wrapping),
		.payload_size = (uint32_t)body.size,
		.version = wrapping->version };
	size_t payload_end = wrapping->header_size + body.size;
	struct writer writer;

	writer_init(&writer, at, MCUBOOT_HEADER_SIZE);
	mcuboot_header_write(&writer, &image);
	memcpy(at + wrapping->header_size, body.data, body.size);
	writer_init(&writer, at + payload_end, out->size - payload_end);
	write_protected(&writer, wrapping);
	int result = write_tlvs(&writer, key, (struct bytes){ .data = at, .size = payload_end + writer_size(&writer) });
	if (result == 0)
		*out = (struct bytes){ .data = at, .size = payload_end + writer_size(&writer) };
	return result;
}

static int pad_image(const struct mcuboot_wrapping *wrapping, uint8_t *at, struct bytes *image, const char **fault)
{
	if (wrapping->slot_size > 0 && image->size + (wrapping->pad ? MCUBOOT_TRAILER_SIZE : 0) > wrapping->slot_size) {
		*fault = "the image does not fit into the slot";
		return -EFBIG;
	}
	if (!wrapping->pad)
		return 0;
	int result = mcuboot_padding_write(at + image->size, wrapping->slot_size - image->size, wrapping->confirm);
	image->size = wrapping->slot_size;
	return result;
}

int signature_wrap_mcuboot(const struct signing_key *key, const struct mcuboot_wrapping *wrapping, struct bytes payload,
	struct bytes *out, const char **fault)
{
	int result = check_wrapping(wrapping, payload, fault);
	if (result < 0)
		return result;

	size_t front = wrapping->in_place ? wrapping->header_size : 0; /* of the file: room for the header */
	struct bytes body = { .data = payload.data + front, .size = payload.size - front };
	size_t room = wrapping->header_size + body.size + 2 * SIGNATURE_MAX;
	struct bytes image = { .size = room < wrapping->slot_size ? wrapping->slot_size : room };
	uint8_t *buffer = calloc(1, image.size);
	if (!buffer)
		return -ENOMEM;
	result = write_image(key, wrapping, body, &image, buffer);
	if (result == 0)
		result = pad_image(wrapping, buffer, &image, fault);
	if (result < 0) {
		free(buffer);
		return result;
	}
	*out = image;
	return 0;
}
