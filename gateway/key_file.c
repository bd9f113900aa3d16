#include "gateway/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/digest.h"

struct key {
	EVP_PKEY *handle;
	enum key_type type;
	uint8_t public_bytes[KEY_PUBLIC_MAX];
	size_t public_size;
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

static int find_type(const EVP_PKEY *handle)
{
	char group[64] = "";

	if (EVP_PKEY_is_a(handle, "ED25519"))
		return KEY_ED25519;
	if (EVP_PKEY_is_a(handle, "RSA") && EVP_PKEY_get_bits(handle) == 2048)
		return KEY_RSA2048;
	if (EVP_PKEY_is_a(handle, "RSA") && EVP_PKEY_get_bits(handle) == 3072)
		return KEY_RSA3072;
	if (EVP_PKEY_is_a(handle, "EC") && EVP_PKEY_get_group_name(handle, group, sizeof(group), NULL) == 1 &&
		strcmp(group, "prime256v1") == 0)
		return KEY_P256;
	return -ENOTSUP;
}

/* Wraps the handle and takes it, also on failure. */
static int wrap(struct key **out, EVP_PKEY *handle)
{
	int type = find_type(handle);
	struct key *key = type < 0 ? NULL : calloc(1, sizeof(*key));

	if (!key) {
		EVP_PKEY_free(handle);
		return type < 0 ? type : -ENOMEM;
	}
	key->handle = handle;
	key->type = (enum key_type)type;
	bool is_rsa = type == KEY_RSA2048 || type == KEY_RSA3072;
	int (*encode)(const EVP_PKEY *, unsigned char **) = is_rsa ? i2d_PublicKey : i2d_PUBKEY;
	int size = encode(handle, NULL);
	unsigned char *at = key->public_bytes;
	if (size <= 0 || size > KEY_PUBLIC_MAX || encode(handle, &at) != size) {
		key_close(key);
		return -ENOTSUP;
	}
	key->public_size = (size_t)size;
	*out = key;
	return 0;
}

int key_create(struct key **out, enum key_type type)
{
	EVP_PKEY *handle = NULL;

	if (type == KEY_P256)
		handle = EVP_EC_gen("P-256");
	else if (type == KEY_ED25519)
		handle = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		return -ENOTSUP;
	return handle ? wrap(out, handle) : -ENOMEM;
}

/* OpenSSL asks the terminal for a passphrase if it is not told that there is none. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
	return -1;
}

static int read_file(char *text, const char *path, char *why, size_t why_size)
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

static int refuse_file(const char *path, const char *text, bool want_private, char *why, size_t why_size)
{
	const char *what = want_private ? "is not a private key in PEM" : "is not a public key in PEM";

	if (strstr(text, "ENCRYPTED"))
		what = "is encrypted; only keys without a passphrase can be used";
	else if (!want_private && strstr(text, "PRIVATE KEY"))
		what = "is a private key; give the public one, so that the private one stays where images are signed";
	snprintf(why, why_size, "%s %s", path, what);
	return -EINVAL;
}

static int read_key(struct key **out, const char *path, bool want_private, char *why, size_t why_size)
{
	char text[KEY_FILE_MAX + 2];
	EVP_PKEY *handle = NULL;
	int result = read_file(text, path, why, why_size);

	if (result < 0)
		return result;
	BIO *bio = BIO_new_mem_buf(text, -1);
	if (bio)
		handle = want_private ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)
				      : PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	result = handle ? wrap(out, handle) : refuse_file(path, text, want_private, why, why_size);
	if (result == -ENOTSUP)
		snprintf(why, why_size,
			"%s is of a type that images are not signed with; allowed are ECDSA P-256, "
			"Ed25519, RSA-2048 and RSA-3072",
			path);
	OPENSSL_cleanse(text, sizeof(text));
	return result;
}

int key_read_public(struct key **out, const char *path, char *why, size_t why_size)
{
	return read_key(out, path, false, why, why_size);
}

int key_read_private(struct key **out, const char *path, char *why, size_t why_size)
{
	return read_key(out, path, true, why, why_size);
}

static int write_key(const struct key *key, const char *path, bool is_private)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_private ? 0600 : 0644);
	int result = 0;

	if (descriptor < 0)
		return -errno;
	FILE *file = fdopen(descriptor, "w");
	if (!file) {
		result = -errno;
		close(descriptor);
		return result;
	}
	int written = is_private ? PEM_write_PrivateKey(file, key->handle, NULL, NULL, 0, NULL, NULL)
				 : PEM_write_PUBKEY(file, key->handle);
	if (written != 1 || fflush(file) != 0 || fsync(descriptor) < 0)
		result = -EIO;
	if (fclose(file) != 0)
		result = -EIO;
	if (result < 0)
		unlink(path);
	return result;
}

int key_write_private(const struct key *key, const char *path)
{
	return write_key(key, path, true);
}

int key_write_public(const struct key *key, const char *path)
{
	return write_key(key, path, false);
}

void key_close(struct key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->handle);
	free(key);
}

enum key_type key_type_of(const struct key *key)
{
	return key->type;
}

const uint8_t *key_public_bytes(const struct key *key, size_t *size)
{
	*size = key->public_size;
	return key->public_bytes;
}

void key_fingerprint(const struct key *key, uint8_t out[32])
{
	(void)digest_compute(DIGEST_SHA256, key->public_bytes, key->public_size, out);
}

struct evp_pkey_st *key_handle(const struct key *key)
{
	return key->handle;
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
