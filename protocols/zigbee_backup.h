/*
 * zigbee_backup: a Zigbee coordinator's network in the open coordinator backup format, which other hosts read too.
 *
 * JSON, "zigpy/open-coordinator-backup" version 1. It holds the network's keys: secret. The caller owns all memory.
 */
#ifndef WAKEGATE_PROTOCOLS_ZIGBEE_BACKUP_H
#define WAKEGATE_PROTOCOLS_ZIGBEE_BACKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"
#include "protocols/reading.h"

#define ZIGBEE_BACKUP_DEVICE_BYTES 256 /* of a device in JSON, at most */
#define ZIGBEE_BACKUP_HEAD_BYTES 2048  /* of the rest, as it is written here */

struct zigbee_backup_device {
	uint64_t eui64;
	bool has_nwk, is_child, has_key;
	uint16_t nwk;
	uint8_t key[16];
	uint32_t tx_counter, rx_counter;
};

struct zigbee_backup {
	uint64_t coordinator, extended_pan;
	uint16_t pan;
	uint8_t channel, update_id, key_sequence;
	uint8_t key[16];
	uint32_t frame_counter;
	bool has_link_key;
	uint8_t link_key[16]; /* of the trust centre */
	int64_t made_s;       /* since 1970-01-01 UTC; written, not read */
	struct zigbee_backup_device *devices;
	size_t device_count, device_room;
};

/* Reads the backup into `out`, whose `devices` and `device_room` are the caller's. -EBADMSG with a clause in `fault` (a
 * constant): it is not one; -ENOBUFS: more devices than there is room. */
int zigbee_backup_parse(struct zigbee_backup *out, struct span json, const char **fault);

/* Writes it; look at the writer for whether it fitted. */
void zigbee_backup_write(struct writer *out, const struct zigbee_backup *backup);

#endif
