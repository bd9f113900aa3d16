#include "gateway/digest.h"

#include <errno.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <stdlib.h>

union state {
	struct sha1_ctx sha1;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512; /* SHA-384 too */
};

struct digest {
	const struct nettle_hash *algorithm;
	union state state;
};

static const struct nettle_hash *algorithm_of(enum digest_type type)
{
	switch (type) {
	case DIGEST_SHA1:
		return &nettle_sha1;
	case DIGEST_SHA256:
		return &nettle_sha256;
	case DIGEST_SHA384:
		return &nettle_sha384;
	case DIGEST_SHA512:
		break;
	}
	return &nettle_sha512;
}

size_t digest_size(enum digest_type type)
{
	return algorithm_of(type)->digest_size;
}

static void init(struct digest *digest, enum digest_type type)
{
	digest->algorithm = algorithm_of(type);
	digest->algorithm->init(&digest->state);
}

void digest_compute(enum digest_type type, const void *data, size_t size, uint8_t *out)
{
	struct digest digest;

	init(&digest, type);
	digest_add(&digest, data, size);
	digest_finish(&digest, out);
}

int digest_open(struct digest **out, enum digest_type type)
{
	struct digest *digest = malloc(sizeof(*digest));

	if (!digest)
		return -ENOMEM;
	init(digest, type);
	*out = digest;
	return 0;
}

void digest_add(struct digest *digest, const void *data, size_t size)
{
	digest->algorithm->update(&digest->state, size, data);
}

void digest_finish(struct digest *digest, uint8_t *out)
{
	digest->algorithm->digest(&digest->state, digest->algorithm->digest_size, out);
}

void digest_close(struct digest *digest)
{
	free(digest);
}
