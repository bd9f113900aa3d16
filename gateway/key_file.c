#include "gateway/key_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/digest.h"
#include "gateway/verify.h"

struct key {
	struct public_key numbers; /* in `der` */
	uint8_t der[];
};

static const char *const type_names[] = {
	[KEY_P256] = "ecdsa-p256",
	[KEY_ED25519] = "ed25519",
	[KEY_RSA2048] = "rsa-2048",
	[KEY_RSA3072] = "rsa-3072",
};

const char *key_type_name(enum key_type type)
{
	return type_names[type];
}

int key_type_parse(const char *name)
{
	for (int i = 0; i < (int)(sizeof(type_names) / sizeof(type_names[0])); i++)
		if (strcmp(type_names[i], name) == 0)
			return i;
	return -EINVAL;
}

int key_open(struct key **out, const uint8_t *der, size_t size)
{
	struct key *key = calloc(1, sizeof(*key) + size);
	int result = key ? 0 : -ENOMEM;

	if (result == 0) {
		memcpy(key->der, der, size);
		result = public_key_parse(&key->numbers, key->der, size);
	}
	if (result == 0)
		result = verify_key_is_sound(&key->numbers);
	if (result < 0) {
		free(key);
		return result;
	}
	*out = key;
	return 0;
}

void key_close(struct key *key)
{
	free(key);
}

int key_file_read(char *text, const char *path, char *why, size_t why_size)
{
	FILE *file = fopen(path, "rb");
	int error = file ? 0 : errno;
	size_t size = file ? fread(text, 1, KEY_FILE_MAX + 1, file) : 0;

	if (file && ferror(file))
		error = EIO;
	if (file)
		fclose(file);
	if (error) {
		snprintf(why, why_size, "cannot read the key %s: %s", path, strerror(error));
		return -error;
	}
	if (size > KEY_FILE_MAX) {
		snprintf(why, why_size, "%s is over %d bytes and so no key", path, KEY_FILE_MAX);
		return -EINVAL;
	}
	text[size] = '\0';
	return 0;
}

int key_file_refuse(int result, const char *path, const char *text, bool want_private, char *why, size_t why_size)
{
	const char *what = want_private ? "is not a private key in PEM" : "is not a public key in PEM";

	if (result == -ENOMEM) {
		snprintf(why, why_size, "out of memory");
		return result;
	}
	if (result == -ELIBACC) {
		snprintf(why, why_size, "%s cannot be used without libhogweed (libhogweed.so.6)", path);
		return result;
	}
	if (result == -ENOTSUP)
		what = "is of a type that images are not signed with; allowed are ECDSA P-256, Ed25519, RSA-2048 and "
		       "RSA-3072";
	else if (strstr(text, "ENCRYPTED"))
		what = "is encrypted; only keys without a passphrase can be used";
	else if (!want_private && strstr(text, "PRIVATE KEY"))
		what = "is a private key; give the public one, so that the private one stays where images are signed";
	snprintf(why, why_size, "%s %s", path, what);
	return result == -ENOTSUP ? result : -EINVAL;
}

int key_read_public(struct key **out, const char *path, char *why, size_t why_size)
{
	char text[KEY_FILE_MAX + 2];
	uint8_t der[PUBLIC_KEY_DER_MAX];
	int result = key_file_read(text, path, why, why_size);

	if (result < 0)
		return result;
	int size = public_key_from_pem(der, text);
	/* Longer than any of ours: RSA with more bits. */
	result = size < 0 ? (size == -ENOBUFS ? -ENOTSUP : size) : key_open(out, der, (size_t)size);
	return result < 0 ? key_file_refuse(result, path, text, false, why, why_size) : 0;
}

enum key_type key_type_of(const struct key *key)
{
	return key->numbers.type;
}

const struct public_key *key_numbers(const struct key *key)
{
	return &key->numbers;
}

const uint8_t *key_public_bytes(const struct key *key, size_t *size)
{
	*size = key->numbers.hashed.size;
	return key->numbers.hashed.data;
}

void key_fingerprint(const struct key *key, uint8_t out[32])
{
	digest_compute(DIGEST_SHA256, key->numbers.hashed.data, key->numbers.hashed.size, out);
}

/* The file's name without folder and ".pem". */
static int name_key(char name[KEY_NAME_MAX + 1], const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	size_t size = strlen(base);

	if (size > 4 && strcmp(base + size - 4, ".pem") == 0)
		size -= 4;
	if (size == 0 || size > KEY_NAME_MAX)
		return -EINVAL;
	memcpy(name, base, size);
	name[size] = '\0';
	return 0;
}

static int add_key(struct key_ring *ring, const char *path, char *why, size_t why_size)
{
	struct named_key *entry = &ring->keys[ring->count];
	int result = name_key(entry->name, path);

	if (result < 0) {
		snprintf(why, why_size, "the name of the key %s is longer than %d bytes", path, KEY_NAME_MAX);
		return result;
	}
	for (size_t i = 0; i < ring->count; i++) {
		if (strcmp(ring->keys[i].name, entry->name) == 0) {
			snprintf(why, why_size, "two trusted keys have the name %s", entry->name);
			return -EEXIST;
		}
	}
	result = key_read_public(&entry->key, path, why, why_size);
	if (result == 0)
		ring->count++;
	return result;
}

int key_ring_read(struct key_ring *out, const char *const *paths, size_t count, char *why, size_t why_size)
{
	struct key_ring ring = { .keys = calloc(count ? count : 1, sizeof(*ring.keys)) };

	if (!ring.keys) {
		snprintf(why, why_size, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		int result = add_key(&ring, paths[i], why, why_size);
		if (result < 0) {
			key_ring_finish(&ring);
			return result;
		}
	}
	*out = ring;
	return 0;
}

void key_ring_finish(struct key_ring *ring)
{
	for (size_t i = 0; i < ring->count; i++)
		key_close(ring->keys[i].key);
	free(ring->keys);
	*ring = (struct key_ring){ 0 };
}
