#include "gateway/image_policy.h"

#include <errno.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/key_file.h"
#include "gateway/signature.h"
#include "gateway/signing_key.h"
#include "tests/unit/golden.h"
#include "tests/unit/golden_keys.h"
#include "tests/unit/suite.h"

static const char *const key_paths[] = GOLDEN_KEY_PATHS;
static const char *const workbench[] = { "devkit", "esp32c3" };

static const struct image_settings strict = {
	.trusted_keys = { key_paths, GOLDEN_KEY_COUNT },
	.max_size_bytes = 4096,
	.quota_bytes = 1024 * 1024,
};

struct judgement {
	struct golden golden;
	struct image_claim claim;
	struct image_verdict verdict;
};

static void load(struct judgement *judgement, const char *name)
{
	golden_read(&judgement->golden, name);
	judgement->claim = (struct image_claim){ .size_bytes = (uint32_t)judgement->golden.size };
	digest_compute(DIGEST_SHA256, judgement->golden.data, judgement->golden.size, judgement->claim.sha256);
}

static struct image_policy *open_policy(const struct image_settings *image)
{
	struct image_policy *policy = NULL;
	char why[256];

	ck_assert_msg(image_policy_open(&policy, image, why, sizeof(why)) == 0, "%s", why);
	return policy;
}

static int judge_by(struct judgement *judgement, const struct image_policy *policy)
{
	uint8_t sha256[32];

	digest_compute(DIGEST_SHA256, judgement->golden.data, judgement->claim.size_bytes, sha256);
	int result = image_policy_judge(policy, &judgement->claim, judgement->golden.data, sha256, &judgement->verdict);
	ck_assert(result == 0 || strncmp(judgement->verdict.sentence, "the image is ", 13) == 0);
	return result;
}

static int judge(struct judgement *judgement, const struct image_settings *image)
{
	struct image_policy *policy = open_policy(image);
	int result = judge_by(judgement, policy);

	image_policy_close(policy);
	return result;
}

START_TEST(a_signed_image_is_described)
{
	struct judgement judgement;

	load(&judgement, "mcuboot-p256");
	judgement.claim.hardware = "soil-1";
	judgement.claim.version = "1.2.3+4";
	judgement.claim.format = "mcuboot";
	ck_assert_int_eq(judge(&judgement, &strict), 0);
	ck_assert_str_eq(judgement.verdict.format, "mcuboot");
	ck_assert_str_eq(judgement.verdict.version, "1.2.3+4");
	ck_assert_str_eq(judgement.verdict.hardware, "soil-1");
	ck_assert_str_eq(judgement.verdict.signer, "p256");
}
END_TEST

START_TEST(a_requirement_is_older_than_the_image)
{
	struct judgement judgement;
	struct image_policy *policy = open_policy(&strict);
	char why[IMAGE_SENTENCE_SIZE] = "";

	load(&judgement, "mcuboot-p256"); /* is 1.2.3+4 */
	judgement.claim.requires = "1.2";
	ck_assert_int_eq(judge(&judgement, &strict), 0);
	ck_assert_str_eq(judgement.verdict.requires, "1.2");
	judgement.claim.requires = "1.2.3+4";
	ck_assert_int_eq(judge(&judgement, &strict), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(judgement.verdict.sentence, "requires version 1.2.3+4"));
	judgement.claim.requires = "the last one";
	ck_assert_int_eq(image_policy_admit(policy, &judgement.claim, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_nonnull(strstr(why, "the last one"));
	image_policy_close(policy);
}
END_TEST

START_TEST(bytes_that_are_not_the_declared_ones_are_refused)
{
	struct judgement judgement;

	load(&judgement, "mcuboot-p256");
	judgement.claim.sha256[31] ^= 1;
	ck_assert_int_eq(judge(&judgement, &strict), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(judgement.verdict.sentence, "its SHA-256 is "));
}
END_TEST

/* The attacker's best case: digest and size of the manifest are those of the changed file. */
START_TEST(a_changed_image_is_refused_even_if_declared_so)
{
	static const char *const files[] = { "mcuboot-p256", "mcuboot-ed25519-pure", "esp-idf" };
	struct image_policy *policy = open_policy(&strict);
	struct judgement judgement;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		load(&judgement, files[i]);
		for (size_t at = 0; at < judgement.golden.size; at++) {
			judgement.golden.data[at] ^= 0x01;
			digest_compute(
				DIGEST_SHA256, judgement.golden.data, judgement.golden.size, judgement.claim.sha256);
			ck_assert_msg(judge_by(&judgement, policy) < 0, "%s: byte %zu", files[i], at);
			judgement.golden.data[at] ^= 0x01;
		}
		for (uint32_t size = 1; size < judgement.golden.size; size++) {
			judgement.claim.size_bytes = size;
			digest_compute(DIGEST_SHA256, judgement.golden.data, size, judgement.claim.sha256);
			ck_assert_msg(judge_by(&judgement, policy) < 0, "%s: cut to %u", files[i], size);
		}
	}
	image_policy_close(policy);
}
END_TEST

START_TEST(a_header_that_contradicts_the_claim_is_refused)
{
	static const struct {
		const char *file, *format, *version, *hardware, *sentence;
	} cases[] = {
		{ "mcuboot-p256", "", "1.2.3", "", "its version is 1.2.3+4, declared was 1.2.3" },
		{ "mcuboot-p256", "", "latest", "", "its version is 1.2.3+4, declared was latest" },
		{ "mcuboot-p256", "raw", "", "", "its format is mcuboot, declared was raw" },
		{ "mcuboot-p256-hardware", "", "", "soil-2", "its hardware is soil-1, declared was soil-2" },
		{ "esp-idf", "", "v2", "", "its version is v2.0.1-7-gabc, declared was v2" },
		{ "esp-idf", "", "", "esp32", "its chip is esp32c3, declared was esp32" },
		{ "zigbee-ota", "", "0x01020305", "", "its version is 0x01020304, declared was 0x01020305" },
	};
	struct judgement judgement;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		load(&judgement, cases[i].file);
		judgement.claim.format = cases[i].format;
		judgement.claim.version = cases[i].version;
		judgement.claim.hardware = cases[i].hardware;
		ck_assert_int_eq(judge(&judgement, &strict), -EBADMSG);
		ck_assert_msg(strstr(judgement.verdict.sentence, cases[i].sentence) != NULL, "%s",
			judgement.verdict.sentence);
	}
}
END_TEST

START_TEST(an_unsigned_image_is_only_for_listed_hardware)
{
	struct image_settings open_bench = strict;
	struct judgement judgement;

	open_bench.unsigned_hardware = (struct setting_list){ workbench, 2 };
	load(&judgement, "mcuboot-unsigned");
	ck_assert_int_eq(judge(&judgement, &open_bench), -EKEYREJECTED);
	ck_assert_str_eq(judgement.verdict.sentence, "the image is not trusted: it carries no signature, and it is not "
						     "said which hardware it is for");
	judgement.claim.hardware = "soil-1";
	ck_assert_int_eq(judge(&judgement, &open_bench), -EKEYREJECTED);
	ck_assert_str_eq(judgement.verdict.sentence, "the image is not trusted: it carries no signature, and "
						     "images.unsigned_hardware does not list \"soil-1\"");
	judgement.claim.hardware = "devkit";
	ck_assert_int_eq(judge(&judgement, &strict), -EKEYREJECTED);
	ck_assert_int_eq(judge(&judgement, &open_bench), 0);
	ck_assert_str_eq(judgement.verdict.signer, "");
	load(&judgement, "esp-idf"); /* the header's word */
	ck_assert_int_eq(judge(&judgement, &strict), -EKEYREJECTED);
	ck_assert_int_eq(judge(&judgement, &open_bench), 0);
	ck_assert_str_eq(judgement.verdict.hardware, "esp32c3");
}
END_TEST

START_TEST(a_damaged_image_is_refused_for_listed_hardware_too)
{
	struct image_settings open_bench = strict;
	struct judgement judgement;

	open_bench.unsigned_hardware = (struct setting_list){ workbench, 2 };
	load(&judgement, "mcuboot-unsigned");
	judgement.claim.hardware = "devkit";
	judgement.golden.data[40] ^= 1;
	digest_compute(DIGEST_SHA256, judgement.golden.data, judgement.golden.size, judgement.claim.sha256);
	ck_assert_int_eq(judge(&judgement, &open_bench), -EBADMSG);
	ck_assert_str_eq(judgement.verdict.sentence, "the image is damaged: its bytes do not match its own digest");
}
END_TEST

START_TEST(a_key_that_is_not_trusted_is_refused)
{
	struct image_settings others = strict;
	struct judgement judgement;

	others.trusted_keys = (struct setting_list){ key_paths + 1, 3 };
	load(&judgement, "mcuboot-p256");
	judgement.claim.hardware = "soil-1";
	ck_assert_int_eq(judge(&judgement, &others), -EKEYREJECTED);
	ck_assert_ptr_nonnull(strstr(judgement.verdict.sentence, "it is signed with a key that is not trusted"));
}
END_TEST

START_TEST(a_detached_signature_makes_any_file_trusted)
{
	static const char *const files[] = { "esp-idf", "zigbee-ota", "mcuboot-encrypted", "mcuboot-unsigned" };
	char folder[] = "/tmp/wakegate-policy-XXXXXX";
	char path[64];
	char command[64];
	const char *paths[] = { path };
	struct image_settings mine = strict;
	struct signing_key *key = NULL;
	struct judgement judgement;
	uint8_t signature[SIGNATURE_MAX];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/release.pem", folder);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(signing_key_create(&key, KEY_ED25519), 0);
	ck_assert_int_eq(signing_key_write_public(key, path), 0);
	mine.trusted_keys = (struct setting_list){ paths, 1 };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		load(&judgement, files[i]);
		struct bytes bytes = { judgement.golden.data, judgement.golden.size };
		judgement.claim.signature_size = sizeof(signature);
		ck_assert_int_eq(signing_key_sign(key, bytes, signature, &judgement.claim.signature_size), 0);
		judgement.claim.signature = signature;
		ck_assert_msg(judge(&judgement, &mine) == 0, "%s: %s", files[i], judgement.verdict.sentence);
		ck_assert_str_eq(judgement.verdict.signer, "release");
		signature[5] ^= 1;
		ck_assert_int_eq(judge(&judgement, &mine), -EKEYREJECTED);
		ck_assert_ptr_nonnull(strstr(judgement.verdict.sentence, "its detached signature was made by no "
									 "trusted key"));
	}
	signing_key_close(key);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(a_wrong_detached_signature_spoils_a_good_image)
{
	static const uint8_t wrong[64];
	struct judgement judgement;

	load(&judgement, "mcuboot-p256");
	judgement.claim.signature = wrong;
	judgement.claim.signature_size = sizeof(wrong);
	ck_assert_int_eq(judge(&judgement, &strict), -EKEYREJECTED);
}
END_TEST

START_TEST(a_claim_is_checked_before_any_byte)
{
	static const struct {
		struct image_claim claim;
		int result;
		const char *sentence;
	} cases[] = {
		{ { .size_bytes = 4096, .name = "my app.bin", .version = "1.0" }, 0, "" },
		{ { .size_bytes = 0 }, -EINVAL, "the image is empty" },
		{ { .size_bytes = 4097 }, -EFBIG, "the image has 4097 bytes; images.max_size allows 4096" },
		{ { .size_bytes = 1, .version = "1 0" }, -EINVAL, "the image's version" },
		{ { .size_bytes = 1, .hardware = "a\"b" }, -EINVAL, "the image's hardware" },
		{ { .size_bytes = 1, .name = "a\nb" }, -EINVAL, "the image's name" },
		{ { .size_bytes = 1, .hardware = "123456789012345678901234567890123" }, -EINVAL, "hardware" },
	};
	struct image_policy *policy = open_policy(&strict);
	char why[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why[0] = '\0';
		ck_assert_int_eq(image_policy_admit(policy, &cases[i].claim, why, sizeof(why)), cases[i].result);
		ck_assert_ptr_nonnull(strstr(why, cases[i].sentence));
	}
	image_policy_close(policy);
}
END_TEST

START_TEST(a_trusted_key_that_cannot_be_read_is_named)
{
	static const char *const none[] = { "/nonexistent/release.pem" };
	struct image_settings broken = strict;
	struct image_policy *policy = NULL;
	char why[256];

	broken.trusted_keys = (struct setting_list){ none, 1 };
	ck_assert_int_eq(image_policy_open(&policy, &broken, why, sizeof(why)), -ENOENT);
	ck_assert_ptr_nonnull(strstr(why, "/nonexistent/release.pem"));
	image_policy_close(policy);
}
END_TEST

TEST_SUITE(image_policy, a_signed_image_is_described, a_requirement_is_older_than_the_image,
	bytes_that_are_not_the_declared_ones_are_refused, a_changed_image_is_refused_even_if_declared_so,
	a_header_that_contradicts_the_claim_is_refused, an_unsigned_image_is_only_for_listed_hardware,
	a_damaged_image_is_refused_for_listed_hardware_too, a_key_that_is_not_trusted_is_refused,
	a_detached_signature_makes_any_file_trusted, a_wrong_detached_signature_spoils_a_good_image,
	a_claim_is_checked_before_any_byte, a_trusted_key_that_cannot_be_read_is_named)
