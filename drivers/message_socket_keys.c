#include "drivers/message_socket_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

static int fail(int error, const char *path, char *why, size_t why_size)
{
	(void)snprintf(why, why_size, "%s: %s", path,
		error == -EBADMSG ? "this is no key of 40 characters of Z85" : strerror(-error));
	return error;
}

static int write_key(const char *path, const char *key, mode_t mode)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	char line[MESSAGE_KEY_TEXT + 2];

	if (file < 0)
		return -errno;
	(void)snprintf(line, sizeof(line), "%s\n", key);
	ssize_t written = write(file, line, MESSAGE_KEY_TEXT + 1);
	int error = written == MESSAGE_KEY_TEXT + 1 ? 0 : written < 0 ? -errno : -EIO;
	explicit_bzero(line, sizeof(line));
	if (!error && fsync(file) < 0)
		error = -errno;
	if (close(file) < 0 && !error)
		error = -errno;
	if (error)
		(void)unlink(path);
	return error;
}

int message_keys_make(const char *path, char *why, size_t why_size)
{
	char public[MESSAGE_KEY_TEXT + 1], secret[MESSAGE_KEY_TEXT + 1], other[512];

	if (zmq_curve_keypair(public, secret) != 0)
		return fail(-errno, "libzmq", why, why_size);
	(void)snprintf(other, sizeof(other), "%s.pub", path);
	int error = write_key(path, secret, 0600);
	explicit_bzero(secret, sizeof(secret));
	if (error)
		return fail(error, path, why, why_size);
	error = write_key(other, public, 0644);
	if (!error)
		return 0;
	/* Half a pair would stand in the way of the next attempt. */
	(void)unlink(path);
	return fail(error, other, why, why_size);
}

static int read_key(char key[MESSAGE_KEY_TEXT + 1], uint8_t bytes[MESSAGE_KEY_BYTES], const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	char text[MESSAGE_KEY_TEXT + 2];

	if (file < 0)
		return -errno;
	ssize_t size = read(file, text, sizeof(text));
	int error = size < 0 ? -errno : 0;
	(void)close(file);
	if (error)
		return error;
	if (size < MESSAGE_KEY_TEXT || (size > MESSAGE_KEY_TEXT && text[MESSAGE_KEY_TEXT] != '\n'))
		return -EBADMSG;
	memcpy(key, text, MESSAGE_KEY_TEXT);
	key[MESSAGE_KEY_TEXT] = '\0';
	explicit_bzero(text, sizeof(text));
	return strlen(key) == MESSAGE_KEY_TEXT && zmq_z85_decode(bytes, key) ? 0 : -EBADMSG;
}

int message_keys_read(
	struct message_keys *out, const char *secret_path, const char *peer_path, char *why, size_t why_size)
{
	uint8_t secret[MESSAGE_KEY_BYTES];
	int error = read_key(out->own_secret, secret, secret_path);

	explicit_bzero(secret, sizeof(secret));
	if (error)
		return fail(error, secret_path, why, why_size);
	if (zmq_curve_public(out->own_public, out->own_secret) != 0)
		return fail(-EBADMSG, secret_path, why, why_size);
	error = read_key(out->peer_public, out->peer, peer_path);
	return error ? fail(error, peer_path, why, why_size) : 0;
}
