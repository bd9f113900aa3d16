/*
 * golden_keys: the public keys that belong to the golden images.
 */
#ifndef WAKEGATE_TESTS_GOLDEN_KEYS_H
#define WAKEGATE_TESTS_GOLDEN_KEYS_H

#include <check.h>

#include "gateway/key_file.h"

#define GOLDEN_KEY_COUNT 4
#define GOLDEN_KEY_PATHS                                                                                 \
	{                                                                                                \
		TESTS_FOLDER "/golden/keys/p256.pem", TESTS_FOLDER "/golden/keys/ed25519.pem",           \
			TESTS_FOLDER "/golden/keys/rsa2048.pem", TESTS_FOLDER "/golden/keys/rsa3072.pem" \
	}

static inline void golden_ring_read(struct key_ring *ring)
{
	static const char *const paths[] = GOLDEN_KEY_PATHS;
	char why[256];

	ck_assert_int_eq(key_ring_read(ring, paths, GOLDEN_KEY_COUNT, why, sizeof(why)), 0);
}

#endif
