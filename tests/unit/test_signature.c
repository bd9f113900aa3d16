#include "gateway/signature.h"

#include <errno.h>
#include <string.h>

#include "gateway/key_file.h"
#include "gateway/signature_make.h"
#include "gateway/signing_key.h"
#include "tests/unit/golden.h"
#include "tests/unit/golden_keys.h"
#include "tests/unit/suite.h"

static const struct key_ring no_keys;

/* Parses and verifies, as an import does. */
static int verify(const uint8_t *data, size_t size, const struct key_ring *ring, struct signature_finding *out)
{
	struct mcuboot_image image;

	*out = (struct signature_finding){ 0 };
	if (mcuboot_parse(&image, data, size, &out->fault) < 0)
		return -EBADMSG;
	return signature_verify_mcuboot(&image, data, ring, out);
}

START_TEST(imgtools_signatures_of_every_type_are_verified)
{
	static const struct {
		const char *file, *signer;
	} cases[] = {
		{ "mcuboot-p256", "p256" },
		{ "mcuboot-p256-padded-signature", "p256" },
		{ "mcuboot-p256-full-key", "p256" },
		{ "mcuboot-p256-protected", "p256" },
		{ "mcuboot-p256-hardware", "p256" },
		{ "mcuboot-slot", "p256" },
		{ "mcuboot-ed25519", "ed25519" },
		{ "mcuboot-ed25519-sha512", "ed25519" },
		{ "mcuboot-ed25519-pure", "ed25519" },
		{ "mcuboot-rsa2048", "rsa2048" },
		{ "mcuboot-rsa3072", "rsa3072" },
	};
	struct golden golden;
	struct key_ring ring;
	struct signature_finding found;

	golden_ring_read(&ring);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		golden_read(&golden, cases[i].file);
		int result = verify(golden.data, golden.size, &ring, &found);
		ck_assert_msg(result == 0, "%s: %d %s", cases[i].file, result, found.fault);
		ck_assert_str_eq(found.signer->name, cases[i].signer);
	}
	key_ring_finish(&ring);
}
END_TEST

START_TEST(a_key_that_is_not_trusted_is_refused)
{
	struct golden golden;
	struct signature_finding found;

	golden_read(&golden, "mcuboot-p256");
	ck_assert_int_eq(verify(golden.data, golden.size, &no_keys, &found), -EKEYREJECTED);
	ck_assert_str_eq(found.fault, "it is signed with a key that is not trusted");
}
END_TEST

START_TEST(an_unsigned_and_an_encrypted_image_are_told_apart)
{
	struct golden golden;
	struct key_ring ring;
	struct signature_finding found;

	golden_ring_read(&ring);
	golden_read(&golden, "mcuboot-unsigned");
	ck_assert_int_eq(verify(golden.data, golden.size, &ring, &found), -ENODATA);
	ck_assert_str_eq(found.fault, "it carries no signature");
	golden_read(&golden, "mcuboot-encrypted");
	ck_assert_int_eq(verify(golden.data, golden.size, &ring, &found), -ENODATA);
	ck_assert_ptr_nonnull(strstr(found.fault, "encrypted"));
	key_ring_finish(&ring);
}
END_TEST

/* Every bit of every byte: header, payload, both TLV areas. */
START_TEST(an_image_with_any_bit_flipped_is_refused)
{
	static const char *const files[] = { "mcuboot-p256", "mcuboot-p256-padded-signature", "mcuboot-p256-protected",
		"mcuboot-p256-full-key", "mcuboot-ed25519", "mcuboot-ed25519-pure", "mcuboot-ed25519-sha512",
		"mcuboot-rsa2048" };
	struct golden golden;
	struct key_ring ring;
	struct signature_finding found;

	golden_ring_read(&ring);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		golden_read(&golden, files[i]);
		for (size_t bit = 0; bit < golden.size * 8; bit++) {
			uint8_t mask = (uint8_t)(1 << (bit % 8));
			golden.data[bit / 8] ^= mask;
			int result = verify(golden.data, golden.size, &ring, &found);
			ck_assert_msg(result < 0 && found.fault, "%s: bit %zu of byte %zu was accepted", files[i],
				bit % 8, bit / 8);
			golden.data[bit / 8] ^= mask;
		}
	}
	key_ring_finish(&ring);
}
END_TEST

START_TEST(an_image_cut_at_any_length_is_refused)
{
	struct golden golden;
	struct key_ring ring;
	struct signature_finding found;

	golden_ring_read(&ring);
	golden_read(&golden, "mcuboot-ed25519-pure");
	for (size_t size = 0; size < golden.size; size++)
		ck_assert_int_eq(verify(golden.data, size, &ring, &found), -EBADMSG);
	key_ring_finish(&ring);
}
END_TEST

static struct signing_key *new_key(enum key_type type)
{
	struct signing_key *key = NULL;

	ck_assert_int_eq(signing_key_create(&key, type), 0);
	return key;
}

/* The ring borrows it and only reads. */
static struct named_key name_key(const char *name, const struct signing_key *key)
{
	struct named_key named = { .key = (struct key *)signing_key_public(key) };

	strcpy(named.name, name);
	return named;
}

START_TEST(what_we_wrap_we_verify)
{
	static const uint8_t payload[] = "a payload of a few bytes";
	const struct bytes bytes = { payload, sizeof(payload) };
	const enum key_type types[] = { KEY_P256, KEY_ED25519 };
	struct mcuboot_wrapping wrapping = { .version = { .major = 3, .build = 9 },
		.header_size = 512,
		.hardware = "soil-1",
		.slot_size = 4096,
		.pad = true,
		.confirm = true };

	for (size_t i = 0; i < 2; i++) {
		struct signing_key *key = new_key(types[i]);
		struct named_key named = name_key("mine", key);
		struct key_ring ring = { .keys = &named, .count = 1 };
		struct bytes image = { 0 };
		struct signature_finding found;
		const char *fault = NULL;
		ck_assert_int_eq(signature_wrap_mcuboot(key, &wrapping, bytes, &image, &fault), 0);
		ck_assert_uint_eq(image.size, 4096);
		ck_assert_mem_eq(image.data + 512, payload, sizeof(payload));
		ck_assert_int_eq(verify(image.data, image.size, &ring, &found), 0);
		ck_assert_str_eq(found.signer->name, "mine");
		free((void *)image.data);
		signing_key_close(key);
	}
}
END_TEST

START_TEST(a_payload_with_room_for_its_header_is_filled_in_place)
{
	uint8_t payload[64] = { 0 };
	struct mcuboot_wrapping wrapping = { .header_size = 32, .in_place = true };
	struct signing_key *key = new_key(KEY_ED25519);
	struct named_key named = name_key("mine", key);
	struct key_ring ring = { .keys = &named, .count = 1 };
	struct bytes image = { 0 };
	struct signature_finding found;
	struct mcuboot_image parsed;
	const char *fault = NULL;

	payload[32] = 'p';
	ck_assert_int_eq(signature_wrap_mcuboot(key, &wrapping, (struct bytes){ payload, 64 }, &image, &fault), 0);
	ck_assert_int_eq(mcuboot_parse(&parsed, image.data, image.size, &fault), 0);
	ck_assert_uint_eq(parsed.payload_size, 32);
	ck_assert_uint_eq(image.data[32], 'p');
	ck_assert_int_eq(verify(image.data, image.size, &ring, &found), 0);
	free((void *)image.data);
	signing_key_close(key);
}
END_TEST

START_TEST(a_wrapping_that_cannot_be_is_refused_with_a_clause)
{
	static const uint8_t payload[64] = { 1 };
	const struct {
		struct mcuboot_wrapping wrapping;
		const char *clause;
	} cases[] = {
		{ { .header_size = 31 }, "at least 32 bytes" },
		{ { .header_size = 32, .in_place = true }, "room" },
		{ { .header_size = 128, .in_place = true }, "shorter than its header" },
		{ { .header_size = 32, .slot_size = 200 }, "does not fit" },
		{ { .header_size = 32, .pad = true }, "size of the slot" },
		{ { .header_size = 32, .hardware = "" }, "hardware type" },
		{ { .header_size = 32, .hardware = "123456789012345678901234567890123" }, "hardware type" },
	};
	struct signing_key *key = new_key(KEY_P256);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes image = { 0 };
		const char *fault = NULL;
		ck_assert_int_lt(signature_wrap_mcuboot(key, &cases[i].wrapping,
					 (struct bytes){ payload, sizeof(payload) }, &image, &fault),
			0);
		ck_assert_ptr_nonnull(strstr(fault, cases[i].clause));
		ck_assert_ptr_null(image.data);
	}
	signing_key_close(key);
}
END_TEST

START_TEST(a_detached_signature_holds_for_its_bytes_only)
{
	const enum key_type types[] = { KEY_P256, KEY_ED25519 };
	uint8_t file[] = "any file";
	const struct bytes bytes = { file, sizeof(file) };

	for (size_t i = 0; i < 2; i++) {
		struct signing_key *signers[] = { new_key(KEY_P256), new_key(KEY_ED25519), new_key(types[i]) };
		struct named_key keys[] = { name_key("other", signers[0]), name_key("another", signers[1]),
			name_key("mine", signers[2]) };
		struct key_ring ring = { .keys = keys, .count = 3 };
		uint8_t signature[SIGNATURE_MAX];
		struct bytes made = { signature, sizeof(signature) };
		struct signature_finding found;
		ck_assert_int_eq(signing_key_sign(signers[2], bytes, signature, &made.size), 0);
		ck_assert_int_eq(signature_verify_detached(bytes, made, &ring, &found), 0);
		ck_assert_str_eq(found.signer->name, "mine");
		for (size_t bit = 0; bit < sizeof(file) * 8; bit++) {
			file[bit / 8] ^= (uint8_t)(1 << (bit % 8));
			ck_assert_int_eq(signature_verify_detached(bytes, made, &ring, &found), -EKEYREJECTED);
			file[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		}
		for (size_t bit = 0; bit < made.size * 8; bit++) {
			signature[bit / 8] ^= (uint8_t)(1 << (bit % 8));
			ck_assert_int_eq(signature_verify_detached(bytes, made, &ring, &found), -EKEYREJECTED);
			signature[bit / 8] ^= (uint8_t)(1 << (bit % 8));
		}
		made.size--;
		ck_assert_int_eq(signature_verify_detached(bytes, made, &ring, &found), -EKEYREJECTED);
		made.size = 0;
		ck_assert_int_eq(signature_verify_detached(bytes, made, &ring, &found), -EKEYREJECTED);
		for (size_t j = 0; j < 3; j++)
			signing_key_close(signers[j]);
	}
}
END_TEST

TEST_SUITE(signature, imgtools_signatures_of_every_type_are_verified, a_key_that_is_not_trusted_is_refused,
	an_unsigned_and_an_encrypted_image_are_told_apart, an_image_with_any_bit_flipped_is_refused,
	an_image_cut_at_any_length_is_refused, what_we_wrap_we_verify,
	a_payload_with_room_for_its_header_is_filled_in_place, a_wrapping_that_cannot_be_is_refused_with_a_clause,
	a_detached_signature_holds_for_its_bytes_only)
