/*
 * znp_memory: what a Z-Stack stick keeps of its network in non-volatile memory, as bytes.
 *
 * Z-Stack lays structures out as its compiler does: packed on an 8051 (CC2530, CC2531), aligned on an ARM. Which of
 * them a stick has shows in the length of the item NWKKEY. Little-endian; knows no port.
 */
#ifndef WAKEGATE_DRIVERS_ZNP_MEMORY_H
#define WAKEGATE_DRIVERS_ZNP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/zigbee_stick.h"
#include "drivers/znp_items.h"
#include "protocols/cursor.h"

#define ZNP_ROW_MAX 120
#define ZNP_KEY_SIZE 16
#define ZNP_ANY_PAN UINT64_MAX /* the counter of networks that have none of their own */

/* The length of NWKKEY tells; -EINVAL: of neither kind. */
int znp_memory_layout(uint16_t nwk_key_size, bool *aligned);

/* Fills channel, pan, extended_pan and update_id. -ENOENT: the stick has no network; -EBADMSG: no such structure. */
int znp_nib_parse(struct stick_network *out, const uint8_t *nib, size_t size, bool aligned);

/* Puts the network into a structure that the stick made itself. -EBADMSG. */
int znp_nib_patch(uint8_t *nib, size_t size, bool aligned, const struct stick_network *network);

/* A frame counter of the network key, and whose. */
void znp_counter_write(struct writer *out, uint32_t counter, uint64_t extended_pan);
int znp_counter_parse(struct reader *in, uint32_t *counter, uint64_t *extended_pan);

/*
 * A node's link key is the stick's seed, rotated by a number of bytes and XORed with the node's EUI64 twice; what is
 * kept is the number. -ENOENT: the entry is free.
 */
int znp_node_key_parse(struct stick_link_key *out, struct reader *in, const uint8_t seed[ZNP_KEY_SIZE]);

/* -ENOENT: this key does not come from this seed. */
int znp_node_key_write(
	struct writer *out, bool aligned, const struct stick_link_key *key, const uint8_t seed[ZNP_KEY_SIZE]);

/* A node that has a link key of its own, not of the seed: by the places of its address and of its key, the latter in
 * Z-Stack 3.0.x the item's number. */
#define ZNP_LINKS_MAX 40 /* as many as one read brings */
struct znp_link {
	uint16_t address, key;
};

/* The list of them, which has room behind it; its first ZNP_LINKS_MAX that are in use. -EBADMSG. */
int znp_links_parse(struct znp_link out[ZNP_LINKS_MAX], unsigned *count, struct reader *in, bool aligned);

/* A list of that many, whose addresses and keys follow each other from those of the first. */
void znp_links_write(struct writer *out, bool aligned, struct znp_link first, unsigned count);

/* How many have room in a list of that size; ZNP_LINKS_ROW_MAX at most. */
#define ZNP_LINKS_ROW_MAX 19
unsigned znp_links_room(size_t size, bool aligned);

/* Such a key; the caller knows whose. -EBADMSG. */
int znp_own_key_parse(struct stick_link_key *out, struct reader *in, uint64_t eui64);
void znp_own_key_write(struct writer *out, const struct stick_link_key *key);

/* An entry of the address manager for a node with a link key; its network address is not known. */
void znp_address_write(struct writer *out, bool aligned, uint64_t eui64);

size_t znp_address_size(bool aligned);

/* The EUI64 of an entry; 0: it is free. */
uint64_t znp_address_parse(struct reader *in, bool aligned);

#endif
