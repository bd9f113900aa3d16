/*
 * signature_make: makes signed firmware images.
 */
#ifndef WAKEGATE_GATEWAY_SIGNATURE_MAKE_H
#define WAKEGATE_GATEWAY_SIGNATURE_MAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/mcuboot.h"
#include "protocols/public_key.h"

struct signing_key;

/* How a payload becomes a MCUboot image. */
struct mcuboot_wrapping {
	struct mcuboot_version version;
	const char *hardware; /* into the protected area, at most 32 bytes; NULL: nothing */
	uint16_t header_size;
	bool in_place;      /* the payload begins with that many zero bytes, for the header; else it is put before */
	uint32_t slot_size; /* the image, with its trailer where padded, must fit; 0: any */
	bool pad;           /* fill the slot and end it with the trailer's magic */
	bool confirm;       /* and mark it as confirmed */
};

/* Wraps and signs; *out is the caller's to free(). -EINVAL, -EFBIG with a clause in `fault`; -ENOTSUP: the key is RSA;
 * -ENOMEM. */
int signature_wrap_mcuboot(const struct signing_key *key, const struct mcuboot_wrapping *wrapping, struct bytes payload,
	struct bytes *out, const char **fault);

#endif
