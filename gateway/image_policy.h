/*
 * image_policy: which firmware images this gateway takes: the settings group "images", the trusted keys and the
 * verdict over one image, as a pure function with a sentence for a person.
 */
#ifndef WAKEGATE_GATEWAY_IMAGE_POLICY_H
#define WAKEGATE_GATEWAY_IMAGE_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "config/settings.h"

#define IMAGE_SENTENCE_SIZE 256

/* The settings group "images". */
struct image_settings {
	struct setting_list trusted_keys; /* PEM files of public keys; a key bears its file's name without ".pem" */
	struct setting_list unsigned_hardware; /* hardware types that may run images no trusted key signed */
	int64_t max_size_bytes;                /* of one image */
	int64_t quota_bytes;                   /* of all images */
	int64_t cached_chunks;                 /* 64 KiB each, kept in memory for the nodes that fetch */
	int64_t imports;                       /* at once; each needs its image's size in memory */
};
extern const struct settings_table image_settings_table;

/* What is said of an image before its bytes are seen. Text may be "" or NULL where nothing is said. */
struct image_claim {
	uint8_t sha256[32];
	uint32_t size_bytes;
	const char *name;         /* a file's name, for people */
	const char *format;       /* as image_format_name() */
	const char *version;      /* must agree with the header where that has one */
	const char *hardware;     /* the type of node it is for; what the header says where nothing is said */
	const char *requires;     /* version that a node must run before; the higher of this and the header's counts */
	const char *only_for;     /* for which nodes of that type, see protocols/zigbee_fit.h; Zigbee images only */
	const uint8_t *signature; /* detached, over the whole file; NULL: none */
	size_t signature_size;
	const char *origin;   /* "file", "http", "mqtt" */
	const char *manifest; /* the JSON it came from, kept with a partial image; under 4096 bytes */
};

/* What was found; `sentence` only on refusal. */
struct image_verdict {
	char format[16];
	char version[33];
	char hardware[33];
	char requires[33];
	char signer[65]; /* name of the trusted key; "" where unsigned was allowed */
	char sentence[IMAGE_SENTENCE_SIZE];
};

struct image_policy;

/* Reads the trusted keys; blocks. `settings` is borrowed for the life of the policy. -EINVAL, -ENOENT, -EACCES: `why`
 * names the file. */
int image_policy_open(struct image_policy **out, const struct image_settings *settings, char *why, size_t why_size);

/* Frees; NULL is fine. */
void image_policy_close(struct image_policy *policy);

const struct image_settings *image_policy_settings(const struct image_policy *policy);

/* Whether an image of that claim may be begun: -EFBIG over max_size, -EINVAL empty or malformed text; `why` says it. */
int image_policy_admit(const struct image_policy *policy, const struct image_claim *claim, char *why, size_t why_size);

/*
 * Judges the whole image: the claimed number of bytes at `data`, whose SHA-256 was computed as `sha256`. Pure; costs
 * two hashes of the image and at most one signature check per trusted key. 0: good. -EBADMSG: not what was claimed,
 * damaged or malformed. -EKEYREJECTED: unsigned, or by no trusted key.
 */
int image_policy_judge(const struct image_policy *policy, const struct image_claim *claim, const uint8_t *data,
	const uint8_t sha256[32], struct image_verdict *verdict);

#endif
