#include "gateway/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>

struct digest {
	EVP_MD_CTX *context;
	bool failed;
};

static const EVP_MD *algorithm(enum digest_type type)
{
	switch (type) {
	case DIGEST_SHA1:
		return EVP_sha1();
	case DIGEST_SHA256:
		return EVP_sha256();
	case DIGEST_SHA384:
		return EVP_sha384();
	case DIGEST_SHA512:
		return EVP_sha512();
	}
	return NULL;
}

size_t digest_size(enum digest_type type)
{
	return (size_t)EVP_MD_get_size(algorithm(type));
}

int digest_compute(enum digest_type type, const void *data, size_t size, uint8_t *out)
{
	return EVP_Digest(data, size, out, NULL, algorithm(type), NULL) == 1 ? 0 : -ENOMEM;
}

int digest_open(struct digest **out, enum digest_type type)
{
	struct digest *digest = calloc(1, sizeof(*digest));

	if (!digest)
		return -ENOMEM;
	digest->context = EVP_MD_CTX_new();
	if (!digest->context || EVP_DigestInit_ex2(digest->context, algorithm(type), NULL) != 1) {
		digest_close(digest);
		return -ENOMEM;
	}
	*out = digest;
	return 0;
}

void digest_add(struct digest *digest, const void *data, size_t size)
{
	if (EVP_DigestUpdate(digest->context, data, size) != 1)
		digest->failed = true;
}

int digest_finish(struct digest *digest, uint8_t *out)
{
	if (digest->failed || EVP_DigestFinal_ex(digest->context, out, NULL) != 1)
		return -ENOMEM;
	return 0;
}

void digest_close(struct digest *digest)
{
	if (!digest)
		return;
	EVP_MD_CTX_free(digest->context);
	free(digest);
}
