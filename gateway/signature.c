#include "gateway/signature.h"

#include <errno.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/key_file.h"
#include "gateway/verify.h"
#include "protocols/cursor.h"

#define ED25519_SIZE 64
#define ECDSA_PADDING_MAX 2 /* imgtool --pad-sig, for MCUboot before 1.5 */

static int fail(struct signature_finding *out, int result, const char *clause)
{
	out->fault = clause;
	return result;
}

/* The signature without the zeros that imgtool --pad-sig puts behind it. */
static struct bytes trim_ecdsa(struct bytes padded)
{
	struct bytes trimmed = padded;

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

static struct bytes tlv_bytes(const struct mcuboot_tlv *tlv, const uint8_t *data)
{
	return (struct bytes){ .data = data + tlv->offset, .size = tlv->size };
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
	digest_compute(type, data, image->signed_size, digest);
	if (memcmp(digest, data + tlv->offset, tlv->size) == 0)
		return 0;
	if (image->flags & (MCUBOOT_FLAG_ENCRYPTED_AES128 | MCUBOOT_FLAG_ENCRYPTED_AES256))
		return fail(out, -ENODATA, "it is encrypted, so that its own signature cannot be checked here");
	return fail(out, -EBADMSG, "its bytes do not match its own digest");
}

static bool key_has_hash(const struct key *key, struct bytes hash)
{
	enum digest_type type = hash.size == 32 ? DIGEST_SHA256 : hash.size == 48 ? DIGEST_SHA384 : DIGEST_SHA512;
	uint8_t own[DIGEST_MAX];
	size_t size = 0;
	const uint8_t *bytes = key_public_bytes(key, &size);

	digest_compute(type, bytes, size, own);
	return digest_size(type) == hash.size && memcmp(own, hash.data, hash.size) == 0;
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
static int ed25519_message(
	const struct mcuboot_image *image, const uint8_t *data, struct bytes *message, struct signature_finding *out)
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
	*message = (struct bytes){ .data = data, .size = image->signed_size };
	return 0;
}

int signature_verify_mcuboot(const struct mcuboot_image *image, const uint8_t *data, const struct key_ring *ring,
	struct signature_finding *out)
{
	const struct mcuboot_tlv *tlv = NULL;
	struct bytes message = { .data = data, .size = image->signed_size };
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
	struct bytes signature = tlv_bytes(tlv, data);
	if (type == KEY_P256)
		signature = trim_ecdsa(signature);
	for (size_t i = 0; i < ring->count; i++) {
		const struct key *key = ring->keys[i].key;
		if (key_type_of(key) != type || !key_is_named(image, data, key))
			continue;
		named = true;
		if (verify_signature(key_numbers(key), message, signature)) {
			*out = (struct signature_finding){ .signer = &ring->keys[i] };
			return 0;
		}
	}
	return fail(
		out, -EKEYREJECTED, named ? "its signature is wrong" : "it is signed with a key that is not trusted");
}

int signature_verify_detached(
	struct bytes file, struct bytes signature, const struct key_ring *ring, struct signature_finding *out)
{
	for (size_t i = 0; i < ring->count; i++) {
		const struct key *key = ring->keys[i].key;
		enum key_type type = key_type_of(key);
		if (type == KEY_ED25519 ? signature.size != ED25519_SIZE : type != KEY_P256)
			continue;
		if (verify_signature(key_numbers(key), file, signature)) {
			*out = (struct signature_finding){ .signer = &ring->keys[i] };
			return 0;
		}
	}
	return fail(out, -EKEYREJECTED, "its detached signature was made by no trusted key over these bytes");
}
