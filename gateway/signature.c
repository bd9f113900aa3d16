#include "gateway/signature.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/key_file.h"
#include "protocols/cursor.h"

#define ED25519_SIZE 64
#define ECDSA_PADDING_MAX 2 /* imgtool --pad-sig, for MCUboot before 1.5 */
#define PSS_SALT_SIZE 32
#define HARDWARE_MAX 32

static int fail(struct signature_finding *out, int result, const char *clause)
{
	out->fault = clause;
	return result;
}

/* One check with one key; `hash` NULL where the algorithm brings its own. */
static bool verify(const struct key *key, const EVP_MD *hash, struct image_bytes message, struct image_bytes signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *parameters = NULL;
	bool is_rsa = key_type_of(key) == KEY_RSA2048 || key_type_of(key) == KEY_RSA3072;
	bool good = context && EVP_DigestVerifyInit(context, &parameters, hash, NULL, key_handle(key)) == 1;

	if (good && is_rsa)
		good = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) > 0 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, PSS_SALT_SIZE) > 0 &&
		       EVP_PKEY_CTX_set_rsa_mgf1_md(parameters, hash) > 0;
	good = good && EVP_DigestVerify(context, signature.data, signature.size, message.data, message.size) == 1;
	EVP_MD_CTX_free(context);
	return good;
}

/* The signature without the zeros that imgtool --pad-sig puts behind it. */
static struct image_bytes trim_ecdsa(struct image_bytes padded)
{
	struct image_bytes trimmed = padded;

	if (padded.size < 2 || padded.data[0] != 0x30 || padded.data[1] >= 0x80)
		return padded;
	trimmed.size = 2u + padded.data[1];
	if (trimmed.size > padded.size || padded.size - trimmed.size > ECDSA_PADDING_MAX)
		return padded;
	for (size_t i = trimmed.size; i < padded.size; i++)
		if (padded.data[i] != 0)
			return padded;
	return trimmed;
}

static struct image_bytes tlv_bytes(const struct mcuboot_tlv *tlv, const uint8_t *data)
{
	return (struct image_bytes){ .data = data + tlv->offset, .size = tlv->size };
}

static const struct {
	enum mcuboot_tlv_type tlv;
	enum digest_type digest;
} digest_kinds[] = {
	{ MCUBOOT_TLV_SHA256, DIGEST_SHA256 },
	{ MCUBOOT_TLV_SHA384, DIGEST_SHA384 },
	{ MCUBOOT_TLV_SHA512, DIGEST_SHA512 },
};

/* The one digest that an image carries; NULL in *tlv: none. */
static int find_digest(const struct mcuboot_image *image, const struct mcuboot_tlv **tlv, enum digest_type *type,
	struct signature_finding *out)
{
	*tlv = NULL;
	for (size_t i = 0; i < sizeof(digest_kinds) / sizeof(digest_kinds[0]); i++) {
		const struct mcuboot_tlv *found = mcuboot_find(image, digest_kinds[i].tlv);
		if (!found)
			continue;
		if (*tlv)
			return fail(out, -EBADMSG, "it carries several digests");
		*tlv = found;
		*type = digest_kinds[i].digest;
	}
	if (*tlv && (*tlv)->size != digest_size(*type))
		return fail(out, -EBADMSG, "its digest has the wrong size");
	return 0;
}

static int check_digest(const struct mcuboot_image *image, const uint8_t *data, struct signature_finding *out)
{
	enum digest_type type = DIGEST_SHA256;
	const struct mcuboot_tlv *tlv = NULL;
	uint8_t digest[DIGEST_MAX];
	int result = find_digest(image, &tlv, &type, out);

	if (result < 0)
		return result;
	if (!tlv && mcuboot_find(image, MCUBOOT_TLV_PURE) && mcuboot_find(image, MCUBOOT_TLV_ED25519))
		return 0; /* a pure signature needs no digest */
	if (!tlv)
		return fail(out, -EBADMSG, "it carries no digest");
	if (digest_compute(type, data, image->signed_size, digest) < 0)
		return fail(out, -ENOMEM, "out of memory");
	if (memcmp(digest, data + tlv->offset, tlv->size) == 0)
		return 0;
	if (image->flags & (MCUBOOT_FLAG_ENCRYPTED_AES128 | MCUBOOT_FLAG_ENCRYPTED_AES256))
		return fail(out, -ENODATA, "it is encrypted, so that its own signature cannot be checked here");
	return fail(out, -EBADMSG, "its bytes do not match its own digest");
}

static bool key_has_hash(const struct key *key, struct image_bytes hash)
{
	enum digest_type type = hash.size == 32 ? DIGEST_SHA256 : hash.size == 48 ? DIGEST_SHA384 : DIGEST_SHA512;
	uint8_t own[DIGEST_MAX];
	size_t size = 0;
	const uint8_t *bytes = key_public_bytes(key, &size);

	return digest_size(type) == hash.size && digest_compute(type, bytes, size, own) == 0 &&
	       memcmp(own, hash.data, hash.size) == 0;
}

/* Whether the image names this key, or none. */
static bool key_is_named(const struct mcuboot_image *image, const uint8_t *data, const struct key *key)
{
	const struct mcuboot_tlv *hash = mcuboot_find(image, MCUBOOT_TLV_KEY_HASH);
	const struct mcuboot_tlv *full = mcuboot_find(image, MCUBOOT_TLV_PUBLIC_KEY);
	size_t size = 0;
	const uint8_t *bytes = key_public_bytes(key, &size);

	if (hash && !key_has_hash(key, tlv_bytes(hash, data)))
		return false;
	return !full || (full->size == size && memcmp(bytes, data + full->offset, size) == 0);
}

static const struct {
	enum mcuboot_tlv_type tlv;
	enum key_type key;
} signature_kinds[] = {
	{ MCUBOOT_TLV_ECDSA, KEY_P256 },
	{ MCUBOOT_TLV_ED25519, KEY_ED25519 },
	{ MCUBOOT_TLV_RSA2048_PSS, KEY_RSA2048 },
	{ MCUBOOT_TLV_RSA3072_PSS, KEY_RSA3072 },
};

/* The one signature that an image carries. */
static int find_signature(const struct mcuboot_image *image, const struct mcuboot_tlv **tlv, enum key_type *type,
	struct signature_finding *out)
{
	*tlv = NULL;
	for (size_t i = 0; i < sizeof(signature_kinds) / sizeof(signature_kinds[0]); i++) {
		const struct mcuboot_tlv *found = mcuboot_find(image, signature_kinds[i].tlv);
		if (!found)
			continue;
		if (*tlv)
			return fail(out, -EBADMSG, "it carries several signatures");
		*tlv = found;
		*type = signature_kinds[i].key;
	}
	return *tlv ? 0 : fail(out, -ENODATA, "it carries no signature");
}

/* What an Ed25519 signature is over: the digest, or the bytes where the image says that it is pure. */
static int ed25519_message(const struct mcuboot_image *image, const uint8_t *data, struct image_bytes *message,
	struct signature_finding *out)
{
	const struct mcuboot_tlv *pure = mcuboot_find(image, MCUBOOT_TLV_PURE);
	const struct mcuboot_tlv *digest = NULL;
	enum digest_type type = DIGEST_SHA256;

	if (!pure) {
		int result = find_digest(image, &digest, &type, out);
		if (result == 0)
			*message = tlv_bytes(digest, data);
		return result;
	}
	if (pure->size != 1 || data[pure->offset] != 1)
		return fail(out, -EBADMSG, "its mark of a pure signature is malformed");
	*message = (struct image_bytes){ .data = data, .size = image->signed_size };
	return 0;
}

int signature_verify_mcuboot(const struct mcuboot_image *image, const uint8_t *data, const struct key_ring *ring,
	struct signature_finding *out)
{
	const struct mcuboot_tlv *tlv = NULL;
	struct image_bytes message = { .data = data, .size = image->signed_size };
	enum key_type type = KEY_P256;
	bool named = false;
	int result = check_digest(image, data, out);

	if (result == 0)
		result = find_signature(image, &tlv, &type, out);
	if (result == 0 && type == KEY_ED25519)
		result = ed25519_message(image, data, &message, out);
	if (result == 0 && type != KEY_ED25519 && mcuboot_find(image, MCUBOOT_TLV_PURE))
		result = fail(out, -EBADMSG, "only an Ed25519 signature can be pure");
	if (result < 0)
		return result;
	struct image_bytes signature = tlv_bytes(tlv, data);
	if (type == KEY_P256)
		signature = trim_ecdsa(signature);
	for (size_t i = 0; i < ring->count; i++) {
		const struct key *key = ring->keys[i].key;
		if (key_type_of(key) != type || !key_is_named(image, data, key))
			continue;
		named = true;
		if (verify(key, type == KEY_ED25519 ? NULL : EVP_sha256(), message, signature)) {
			*out = (struct signature_finding){ .signer = &ring->keys[i] };
			return 0;
		}
	}
	return fail(
		out, -EKEYREJECTED, named ? "its signature is wrong" : "it is signed with a key that is not trusted");
}

int signature_verify_detached(struct image_bytes file, struct image_bytes signature, const struct key_ring *ring,
	struct signature_finding *out)
{
	for (size_t i = 0; i < ring->count; i++) {
		const struct key *key = ring->keys[i].key;
		enum key_type type = key_type_of(key);
		if (type == KEY_ED25519 ? signature.size != ED25519_SIZE : type != KEY_P256)
			continue;
		if (verify(key, type == KEY_ED25519 ? NULL : EVP_sha256(), file, signature)) {
			*out = (struct signature_finding){ .signer = &ring->keys[i] };
			return 0;
		}
	}
	return fail(out, -EKEYREJECTED, "its detached signature was made by no trusted key over these bytes");
}

int signature_make_detached(const struct key *key, struct image_bytes file, uint8_t *out, size_t *out_size)
{
	enum key_type type = key_type_of(key);
	size_t size = SIGNATURE_MAX;

	if (type != KEY_P256 && type != KEY_ED25519)
		return -ENOTSUP;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *hash = type == KEY_ED25519 ? NULL : EVP_sha256();
	bool good = context && EVP_DigestSignInit(context, NULL, hash, NULL, key_handle(key)) == 1 &&
		    EVP_DigestSign(context, out, &size, file.data, file.size) == 1;
	EVP_MD_CTX_free(context);
	if (!good)
		return -ENOTSUP;
	*out_size = size;
	return 0;
}

static int check_wrapping(const struct mcuboot_wrapping *wrapping, struct image_bytes payload, const char **fault)
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
static int write_tlvs(struct writer *out, const struct key *key, struct image_bytes signed_bytes)
{
	bool is_ed25519 = key_type_of(key) == KEY_ED25519;
	uint8_t signature[SIGNATURE_MAX];
	uint8_t digest[32];
	uint8_t hash[32];
	size_t size = 0;
	struct image_bytes digest_bytes = { .data = digest, .size = sizeof(digest) };
	int result = digest_compute(DIGEST_SHA256, signed_bytes.data, signed_bytes.size, digest);

	if (result == 0)
		result = signature_make_detached(key, is_ed25519 ? digest_bytes : signed_bytes, signature, &size);
	if (result < 0)
		return result;
	key_fingerprint(key, hash);
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
static int write_image(const struct key *key, const struct mcuboot_wrapping *wrapping, struct image_bytes body,
	struct image_bytes *out, uint8_t *at)
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
	int result = write_tlvs(
		&writer, key, (struct image_bytes){ .data = at, .size = payload_end + writer_size(&writer) });
	if (result == 0)
		*out = (struct image_bytes){ .data = at, .size = payload_end + writer_size(&writer) };
	return result;
}

static int pad_image(
	const struct mcuboot_wrapping *wrapping, uint8_t *at, struct image_bytes *image, const char **fault)
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

int signature_wrap_mcuboot(const struct key *key, const struct mcuboot_wrapping *wrapping, struct image_bytes payload,
	struct image_bytes *out, const char **fault)
{
	int result = check_wrapping(wrapping, payload, fault);
	if (result < 0)
		return result;

	size_t front = wrapping->in_place ? wrapping->header_size : 0; /* of the file: room for the header */
	struct image_bytes body = { .data = payload.data + front, .size = payload.size - front };
	size_t room = wrapping->header_size + body.size + 2 * SIGNATURE_MAX;
	struct image_bytes image = { .size = room < wrapping->slot_size ? wrapping->slot_size : room };
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
