/*
 * message_socket_keys: keys of CURVE (https://rfc.zeromq.org/spec/26), by which two ends of a connection over a network
 * know each other, in files.
 *
 * A file holds one key as 40 characters of Z85 and a newline. The secret one is NAME, the public one NAME.pub.
 */
#ifndef WAKEGATE_DRIVERS_MESSAGE_SOCKET_KEYS_H
#define WAKEGATE_DRIVERS_MESSAGE_SOCKET_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_KEY_TEXT 40
#define MESSAGE_KEY_BYTES 32

struct message_keys {
	char own_secret[MESSAGE_KEY_TEXT + 1], own_public[MESSAGE_KEY_TEXT + 1];
	char peer_public[MESSAGE_KEY_TEXT + 1]; /* the only one that may be at the other end */
	uint8_t peer[MESSAGE_KEY_BYTES];        /* the same in binary */
};

/* Makes a pair anew; the secret file can be read by its owner only. -EEXIST, -EACCES, … with a sentence. Blocks. */
int message_keys_make(const char *path, char *why, size_t why_size);

/* Reads a secret key and the other end's public one. -ENOENT, …, -EBADMSG with a sentence. Blocks. */
int message_keys_read(
	struct message_keys *out, const char *secret_path, const char *peer_path, char *why, size_t why_size);

#endif
