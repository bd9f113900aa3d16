/*
 * znp: the inside of stick_znp: what is known of a Z-Stack stick, and the lists of commands that bring it up.
 *
 * TI's "Z-Stack Monitor and Test API".
 */
#ifndef WAKEGATE_DRIVERS_ZNP_H
#define WAKEGATE_DRIVERS_ZNP_H

#include "drivers/stick.h"
#include "drivers/znp_commands.h"
#include "drivers/znp_memory.h"
#include "protocols/unpi.h"

#define ZNP_STATE_COORDINATOR 9
#define ZNP_PRODUCT_3_X_0 1
#define ZNP_PRODUCT_3_0_X 2
#define ZNP_TRAVELLED                                                                                  \
	2500 /* what a counter is put ahead when a network moves: it may have gone on since the backup \
	      */

/* A row of non-volatile memory: an item, or an entry of a table of Z-Stack 3.x.0. */
struct znp_row {
	bool in_table, in_place; /* in_place: a part of an item that the stick has, at `offset` */
	uint16_t item, entry, offset;
	size_t size;
	uint8_t data[ZNP_ROW_MAX];
};

struct znp {
	struct stick stick;
	struct unpi_parser parser;
	uint8_t product;
	uint32_t revision;
	bool aligned;
	bool runs;  /* as a coordinator */
	bool woken; /* out of its bootloader */
	bool restoring;
	const struct script_step *script; /* that runs */
	int64_t heard_ms;
	int64_t route_asked_ms;
	struct znp_link links[ZNP_LINKS_MAX]; /* of the backup that runs */
	unsigned link_count;
	uint64_t link_eui64;   /* whose key is read */
	size_t links_size;     /* of the list of these, in the stick that takes another's place */
	size_t addresses_size; /* likewise of its addresses, where these are one item */
	size_t nib_size;
	uint8_t nib[ZNP_ROW_MAX];
	/* What to write next: fills the row with that number; false: there is none. */
	bool (*rows)(struct znp *znp, unsigned number, struct znp_row *row);
	/* A long message that is fetched in pieces: `fetched` of `fetch_size` bytes; 0: none. */
	size_t fetch_size, fetched;
	uint32_t fetch_time;
	struct zigbee_message fetch_message;
	uint8_t fetch_data[ZNP_ROW_MAX * 2];
};

extern const struct script_step znp_start_script[];
extern const struct script_step znp_form_script[];
extern const struct script_step znp_restore_script[];
extern const struct script_step znp_backup_script[];
extern const struct script_step znp_scan_script[];

void znp_run(struct znp *znp, const struct script_step *script);

/* Parts that scripts share. */
enum script_turn znp_take_status(void *context, struct reader *answer);
void znp_write_row(void *context, struct writer *out);
enum script_turn znp_take_row(void *context, struct reader *answer);
void znp_write_nib_read(void *context, struct writer *out);
enum script_turn znp_take_key(void *context, struct reader *answer);
void znp_write_key_read(void *context, struct writer *out);
void znp_write_counter_read(void *context, struct writer *out);
enum script_turn znp_take_counter(void *context, struct reader *answer);
void znp_write_seed_read(void *context, struct writer *out);
enum script_turn znp_take_seed(void *context, struct reader *answer);

/* What follows a status in the answer to a read, or NULL. */
const uint8_t *znp_read_value(struct reader *answer, size_t *size);

#endif
