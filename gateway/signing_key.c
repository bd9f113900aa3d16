#include "gateway/signing_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct signing_key {
	EVP_PKEY *handle;
	struct key *public_half;
};

/* Wraps the handle and takes it, also on failure. */
static int wrap(struct signing_key **out, EVP_PKEY *handle)
{
	struct signing_key *key = calloc(1, sizeof(*key));
	unsigned char *der = NULL;

	if (!key) {
		EVP_PKEY_free(handle);
		return -ENOMEM;
	}
	key->handle = handle;
	int size = i2d_PUBKEY(handle, &der);
	int result = size <= 0 ? -ENOTSUP : key_open(&key->public_half, der, (size_t)size);
	OPENSSL_free(der);
	if (result < 0) {
		signing_key_close(key);
		return result;
	}
	*out = key;
	return 0;
}

int signing_key_create(struct signing_key **out, enum key_type type)
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

int signing_key_read(struct signing_key **out, const char *path, char *why, size_t why_size)
{
	char text[KEY_FILE_MAX + 2];
	EVP_PKEY *handle = NULL;
	int result = key_file_read(text, path, why, why_size);

	if (result < 0)
		return result;
	BIO *bio = BIO_new_mem_buf(text, -1);
	if (bio)
		handle = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	result = handle ? wrap(out, handle) : -EINVAL;
	if (result < 0)
		result = key_file_refuse(result, path, text, true, why, why_size);
	OPENSSL_cleanse(text, sizeof(text));
	return result;
}

static int write_key(const struct signing_key *key, const char *path, bool is_private)
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

int signing_key_write_private(const struct signing_key *key, const char *path)
{
	return write_key(key, path, true);
}

int signing_key_write_public(const struct signing_key *key, const char *path)
{
	return write_key(key, path, false);
}

const struct key *signing_key_public(const struct signing_key *key)
{
	return key->public_half;
}

int signing_key_sign(const struct signing_key *key, struct bytes message, uint8_t *out, size_t *size)
{
	enum key_type type = key_type_of(key->public_half);

	if (type != KEY_P256 && type != KEY_ED25519)
		return -ENOTSUP;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *hash = type == KEY_ED25519 ? NULL : EVP_sha256();
	bool good = context && EVP_DigestSignInit(context, NULL, hash, NULL, key->handle) == 1 &&
		    EVP_DigestSign(context, out, size, message.data, message.size) == 1;
	EVP_MD_CTX_free(context);
	return good ? 0 : -ENOTSUP;
}

void signing_key_close(struct signing_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->handle);
	key_close(key->public_half);
	free(key);
}
