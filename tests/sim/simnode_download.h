/*
 * simnode_download: how a simulated node fetches an image block by block (RFC 7959) into its flash.
 *
 * What is fetched and how far survives reboots; the node goes on where its flash ends, as long as the ETag stays.
 */
#ifndef WAKEGATE_TESTS_SIM_SIMNODE_DOWNLOAD_H
#define WAKEGATE_TESTS_SIM_SIMNODE_DOWNLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "protocols/coap.h"
#include "protocols/node_profile.h"
#include "tests/sim/simnode_flash.h"

#define SIM_SZX_BY_SERVER (-1) /* the first request has no Block2, the server chooses */

/* Why a node refuses an image; the results of LwM2M object 5, resource 5. */
enum sim_refusal { SIM_GOOD = 0, SIM_INTEGRITY = 5, SIM_UNSUPPORTED = 6 };

struct simnode_download {
	bool wanted;
	bool complete; /* and found good */
	bool flipped;  /* the simulated fault of the flash has happened */
	struct profile_update update;
	uint8_t etag[8];
	uint8_t etag_size;
	bool etag_known;
	int64_t fetch_at_ms, apply_at_ms;
	int64_t apply_until_ms; /* not after without asking anew; 0: any time */
};

void download_load(struct simnode_download *download, const struct simnode_flash *flash);

/* The gateway wants the node to have this; goes on with it if it is the same as before. True if it is another. */
bool download_want(struct simnode_download *download, const struct simnode_flash *flash,
	const struct profile_update *update, int64_t now_ms);

/* The node needs it no more; its bytes are erased. */
void download_forget(struct simnode_download *download, const struct simnode_flash *flash);

/* It has all of it, and may restart into it now. */
bool download_may_apply(const struct simnode_download *download, int64_t now_ms);

/* Bytes that are in flash. */
uint32_t download_offset(const struct simnode_flash *flash);

/* Writes the options of the next GET, from Uri-Path on. */
void download_write_request(const struct simnode_download *download, const struct simnode_flash *flash, int szx,
	struct coap_writer *writer);

enum download_step {
	DOWNLOAD_MORE,
	DOWNLOAD_COMPLETE,
	DOWNLOAD_RESTART, /* the ETag changed: begun anew */
	DOWNLOAD_ODD,     /* not what was asked for */
};

/* Takes a 2.05 answer. */
enum download_step download_on_block(
	struct simnode_download *download, const struct simnode_flash *flash, const struct coap_message *message);

/* Judges the whole image: its size, its SHA-256 and, unless `raw`, that an MCUboot header fits it. */
enum sim_refusal download_verify(struct simnode_download *download, const struct simnode_flash *flash, bool raw);

/* The version in the MCUboot header of an area, "0.0.0" where there is none. */
void sim_image_version(const struct simnode_flash *flash, enum flash_area area, char version[33]);

#endif
