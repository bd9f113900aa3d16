#include "gateway/image_policy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/chunk_cache.h"
#include "gateway/digest.h"
#include "gateway/key_file.h"
#include "gateway/signature.h"
#include "protocols/hex.h"
#include "protocols/image_header.h"
#include "protocols/version.h"
#include "protocols/zigbee_fit.h"

#define NAME_MAX_SIZE 64
#define TEXT_MAX_SIZE 32
#define MANIFEST_MAX_SIZE 4095
#define ORIGIN_MAX_SIZE 15

struct image_policy {
	const struct image_settings *settings;
	struct key_ring trusted;
};

static const struct setting settings[] = {
	{ .name = "trusted_keys",
		.type = SETTING_FILES,
		.offset = offsetof(struct image_settings, trusted_keys),
		.reloadable = true,
		.example = "[ \"keys/release.pem\" ]",
		.help = "Public keys in PEM whose signatures are accepted; a key bears its file's name without "
			"\".pem\"." },
	{ .name = "unsigned_hardware",
		.type = SETTING_LIST,
		.offset = offsetof(struct image_settings, unsigned_hardware),
		.reloadable = true,
		.example = "[ \"devkit\" ]",
		.help = "Hardware types that may run images which no trusted key signed; for the workbench." },
	{ .name = "max_size",
		.type = SETTING_SIZE,
		.offset = offsetof(struct image_settings, max_size_bytes),
		.initial = "16 MB",
		.least = 1024,
		.most = 256 * 1024 * 1024,
		.reloadable = true,
		.help = "The largest image; an import holds its image in memory." },
	{ .name = "quota",
		.type = SETTING_SIZE,
		.offset = offsetof(struct image_settings, quota_bytes),
		.initial = "256 MB",
		.least = 1024 * 1024,
		.most = INT64_C(1) << 40,
		.help = "Disk for all images; the least recently used one goes first, never one that is needed." },
	{ .name = "cached_chunks",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct image_settings, cached_chunks),
		.initial = "8",
		.least = CHUNK_CACHE_LEAST,
		.most = CHUNK_CACHE_MOST,
		.help = "Pieces of images, 64 KB each, kept in memory for the nodes that fetch just now." },
	{ .name = "imports",
		.type = SETTING_INTEGER,
		.offset = offsetof(struct image_settings, imports),
		.initial = "2",
		.least = 1,
		.most = 16,
		.reloadable = true,
		.help = "Images that are taken in at once; each needs its size in memory." },
};

static int check_settings(const void *values, bool present, char *why, size_t why_size)
{
	const struct image_settings *image = values;

	if (image->max_size_bytes <= image->quota_bytes)
		return 0;
	snprintf(why, why_size, "max_size is larger than quota");
	return -EINVAL;
}

const struct settings_table image_settings_table = {
	.group = "images",
	.help = "Firmware images: who may sign them, and how much room they get.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct image_settings),
	.check = check_settings,
};

int image_policy_open(struct image_policy **out, const struct image_settings *image, char *why, size_t why_size)
{
	struct image_policy *policy = calloc(1, sizeof(*policy));

	if (!policy) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	policy->settings = image;
	int result =
		key_ring_read(&policy->trusted, image->trusted_keys.items, image->trusted_keys.count, why, why_size);
	if (result < 0) {
		free(policy);
		return result;
	}
	*out = policy;
	return 0;
}

void image_policy_close(struct image_policy *policy)
{
	if (!policy)
		return;
	key_ring_finish(&policy->trusted);
	free(policy);
}

const struct image_settings *image_policy_settings(const struct image_policy *policy)
{
	return policy->settings;
}

static bool is_given(const char *text)
{
	return text && text[0] != '\0';
}

/* One word: printable ASCII without blanks, quotes and backslashes, which logs and JSON would have to escape. */
static bool is_word(const char *text, size_t most)
{
	size_t size = text ? strlen(text) : 0;

	for (size_t i = 0; i < size; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\')
			return false;
	return size <= most;
}

/* A word in which blanks may stand: the name of a file. */
static bool is_name(const char *text)
{
	size_t size = text ? strlen(text) : 0;

	for (size_t i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] >= 0x7f || text[i] == '"' || text[i] == '\\')
			return false;
	return size <= NAME_MAX_SIZE;
}

static const char *malformed_part(const struct image_claim *claim)
{
	if (!is_name(claim->name))
		return "name";
	if (!is_word(claim->format, TEXT_MAX_SIZE))
		return "format";
	if (!is_word(claim->version, TEXT_MAX_SIZE))
		return "version";
	if (!is_word(claim->hardware, TEXT_MAX_SIZE))
		return "hardware";
	if (!is_word(claim->origin, ORIGIN_MAX_SIZE))
		return "origin";
	if (claim->manifest && strlen(claim->manifest) > MANIFEST_MAX_SIZE)
		return "manifest";
	if (claim->signature && claim->signature_size > SIGNATURE_MAX)
		return "signature";
	return NULL;
}

int image_policy_admit(const struct image_policy *policy, const struct image_claim *claim, char *why, size_t why_size)
{
	const char *part = malformed_part(claim), *fault = NULL;
	struct version least;
	struct zigbee_fit fit;

	if (!part && is_given(claim->requires) && version_parse(&least, claim->requires) < 0) {
		snprintf(why, why_size, "the image's requirement is \"%.40s\", allowed is a version such as 1.2.0",
			claim->requires);
		return -EINVAL;
	}
	if (!part && is_given(claim->only_for) && zigbee_fit_parse(&fit, claim->only_for, &fault) < 0) {
		snprintf(why, why_size, "what the image is only for is not understood: %s", fault);
		return -EINVAL;
	}
	if (part) {
		snprintf(why, why_size, "the image's %s is too long or has letters that are not allowed", part);
		return -EINVAL;
	}
	if (claim->size_bytes == 0) {
		snprintf(why, why_size, "the image is empty");
		return -EINVAL;
	}
	if (claim->size_bytes > policy->settings->max_size_bytes) {
		snprintf(why, why_size, "the image has %u bytes; images.max_size allows %lld", claim->size_bytes,
			(long long)policy->settings->max_size_bytes);
		return -EFBIG;
	}
	return 0;
}

static int refuse(struct image_verdict *verdict, int result, const char *what, const char *clause)
{
	snprintf(verdict->sentence, sizeof(verdict->sentence), "the image is %s: %s", what, clause);
	return result;
}

static int check_bytes(const struct image_claim *claim, const uint8_t sha256[32], struct image_verdict *verdict)
{
	char found[65];
	char declared[65];

	if (memcmp(claim->sha256, sha256, 32) == 0)
		return 0;
	hex_print(found, sha256, 32);
	hex_print(declared, claim->sha256, 32);
	snprintf(verdict->sentence, sizeof(verdict->sentence),
		"the image is not what was declared: its SHA-256 is %s, declared was %s", found, declared);
	return -EBADMSG;
}

static int check_appended_hash(const struct image_header *header, const uint8_t *data, struct image_verdict *verdict)
{
	uint8_t digest[32];

	if (header->format != IMAGE_FORMAT_ESP_IDF || !header->esp.has_appended_hash)
		return 0;
	digest_compute(DIGEST_SHA256, data, header->esp.hashed_size, digest);
	if (memcmp(digest, data + header->esp.hashed_size, sizeof(digest)) != 0)
		return refuse(verdict, -EBADMSG, "damaged", "its bytes do not match its own SHA-256");
	return 0;
}

/* Whether what was said of the version means what the header says. */
static bool same_version(const struct image_header *header, const char *claimed)
{
	struct mcuboot_version version;
	char *end = NULL;

	if (header->format == IMAGE_FORMAT_ZIGBEE_OTA)
		return strtoul(claimed, &end, 0) == header->zigbee.file_version && *end == '\0';
	if (header->format != IMAGE_FORMAT_MCUBOOT)
		return strcmp(claimed, header->version) == 0;
	return mcuboot_version_parse(&version, claimed) == 0 && version.major == header->mcuboot.version.major &&
	       version.minor == header->mcuboot.version.minor && version.revision == header->mcuboot.version.revision &&
	       version.build == header->mcuboot.version.build;
}

static int contradict(struct image_verdict *verdict, const char *part, const char *declared, const char *found)
{
	snprintf(verdict->sentence, sizeof(verdict->sentence),
		"the image is not what was declared: its %s is %s, declared was %s", part, found, declared);
	return -EBADMSG;
}

static int check_claim(
	const struct image_claim *claim, const struct image_header *header, struct image_verdict *verdict)
{
	const char *format = image_format_name(header->format);

	if (is_given(claim->format) && strcmp(claim->format, format) != 0)
		return contradict(verdict, "format", claim->format, format);
	if (is_given(claim->only_for) && header->format != IMAGE_FORMAT_ZIGBEE_OTA)
		return contradict(verdict, "format", "zigbee-ota by what it is only for", format);
	if (is_given(claim->version) && header->version[0] != '\0' && !same_version(header, claim->version))
		return contradict(verdict, "version", claim->version, header->version);
	if (is_given(claim->hardware) && header->format == IMAGE_FORMAT_MCUBOOT && header->hardware[0] != '\0' &&
		strcmp(claim->hardware, header->hardware) != 0)
		return contradict(verdict, "hardware", claim->hardware, header->hardware);
	if (is_given(claim->hardware) && header->format == IMAGE_FORMAT_ESP_IDF && header->esp.chip[0] != '\0' &&
		esp_image_names_chip(claim->hardware) && strcmp(claim->hardware, header->esp.chip) != 0)
		return contradict(verdict, "chip", claim->hardware, header->esp.chip);
	return 0;
}

static bool is_older(const char *a, const char *b)
{
	struct version first, second;

	return version_parse(&first, a) == 0 && version_parse(&second, b) == 0 && version_compare(&first, &second) < 0;
}

/* The higher one of what was said and what the header says. An image of another core may depend on an application that
 * is newer than itself: that is no step on the application's way. */
static const char *find_requirement(
	const struct image_claim *claim, const struct image_header *header, const char *version)
{
	const char *found = is_older(header->requires, version) ? header->requires : "";

	if (!is_given(claim->requires))
		return found;
	return is_older(claim->requires, found) ? found : claim->requires;
}

/* What requires itself, or something newer, can be reached by nobody. */
static int check_requirement(struct image_verdict *verdict)
{
	struct version own, least;

	if (version_parse(&own, verdict->version) < 0 || version_parse(&least, verdict->requires) < 0 ||
		version_compare(&least, &own) < 0)
		return 0;
	snprintf(verdict->sentence, sizeof(verdict->sentence),
		"the image is for no node: it requires version %.32s, which is not older than its own, %.32s",
		verdict->requires, verdict->version);
	return -EBADMSG;
}

static void describe(const struct image_claim *claim, const struct image_header *header, struct image_verdict *verdict)
{
	const char *version = header->version[0] != '\0' ? header->version
			      : is_given(claim->version) ? claim->version
							 : "";
	const char *hardware = is_given(claim->hardware) ? claim->hardware : header->hardware;

	snprintf(verdict->format, sizeof(verdict->format), "%s", image_format_name(header->format));
	snprintf(verdict->version, sizeof(verdict->version), "%s", version);
	snprintf(verdict->hardware, sizeof(verdict->hardware), "%s", hardware);
	snprintf(verdict->requires, sizeof(verdict->requires), "%s", find_requirement(claim, header, version));
}

/* Who signed it: 0, -EBADMSG, or -EKEYREJECTED with a clause in `found`. */
static int find_signer(const struct image_policy *policy, const struct image_claim *claim,
	const struct image_header *header, const uint8_t *data, struct signature_finding *found)
{
	const struct bytes file = { .data = data, .size = claim->size_bytes };
	const struct bytes detached = { .data = claim->signature, .size = claim->signature_size };
	int result = -ENODATA;

	*found = (struct signature_finding){ .fault = "it has no signature" };
	if (header->format == IMAGE_FORMAT_MCUBOOT)
		result = signature_verify_mcuboot(&header->mcuboot, data, &policy->trusted, found);
	if (result == -EBADMSG || result == -ENOMEM)
		return result;
	if (claim->signature)
		result = signature_verify_detached(file, detached, &policy->trusted, found);
	return result == -ENODATA ? -EKEYREJECTED : result;
}

static bool may_be_unsigned(const struct image_policy *policy, const char *hardware)
{
	const struct setting_list *list = &policy->settings->unsigned_hardware;

	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], hardware) == 0)
			return true;
	return false;
}

static int refuse_unsigned(struct image_verdict *verdict, const char *clause)
{
	char hardware[TEXT_MAX_SIZE + 1];

	memcpy(hardware, verdict->hardware, sizeof(hardware));
	if (hardware[0] == '\0')
		snprintf(verdict->sentence, sizeof(verdict->sentence),
			"the image is not trusted: %s, and it is not said which hardware it is for", clause);
	else
		snprintf(verdict->sentence, sizeof(verdict->sentence),
			"the image is not trusted: %s, and images.unsigned_hardware does not list \"%s\"", clause,
			hardware);
	return -EKEYREJECTED;
}

int image_policy_judge(const struct image_policy *policy, const struct image_claim *claim, const uint8_t *data,
	const uint8_t sha256[32], struct image_verdict *verdict)
{
	struct image_header header;
	struct signature_finding found;
	const char *fault = NULL;

	*verdict = (struct image_verdict){ 0 };
	int result = check_bytes(claim, sha256, verdict);
	if (result < 0)
		return result;
	if (image_header_parse(&header, data, claim->size_bytes, &fault) < 0)
		return refuse(verdict, -EBADMSG, "malformed", fault);
	result = check_appended_hash(&header, data, verdict);
	if (result == 0)
		result = check_claim(claim, &header, verdict);
	if (result < 0)
		return result;
	describe(claim, &header, verdict);
	result = check_requirement(verdict);
	if (result < 0)
		return result;
	result = find_signer(policy, claim, &header, data, &found);
	if (result == -EBADMSG || result == -ENOMEM)
		return refuse(verdict, result, "damaged", found.fault);
	if (result == -EKEYREJECTED && !may_be_unsigned(policy, verdict->hardware))
		return refuse_unsigned(verdict, found.fault);
	if (result == 0)
		snprintf(verdict->signer, sizeof(verdict->signer), "%s", found.signer->name);
	return 0;
}
