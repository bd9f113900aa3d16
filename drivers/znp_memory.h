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
#include "protocols/cursor.h"

/* Items of OSAL's memory. */
#define ZNP_ITEM_EUI64 0x0001
#define ZNP_ITEM_STARTUP 0x0003
#define ZNP_ITEM_NIB 0x0021
#define ZNP_ITEM_EXTENDED_PAN 0x002d
#define ZNP_ITEM_ACTIVE_KEY 0x003a
#define ZNP_ITEM_OTHER_KEY 0x003b
#define ZNP_ITEM_APS_EXTENDED_PAN 0x0047
#define ZNP_ITEM_LINK_KEYS 0x004c
#define ZNP_ITEM_CONFIGURED 0x0060
#define ZNP_ITEM_GIVEN_KEY 0x0062
#define ZNP_ITEM_GIVEN_KEY_ENABLE 0x0063
#define ZNP_ITEM_COUNTERS 0x0075 /* Z-Stack 3.0.x: and those that follow */
#define ZNP_ITEM_NWK_KEY 0x0082
#define ZNP_ITEM_PAN 0x0083
#define ZNP_ITEM_CHANNELS 0x0084
#define ZNP_ITEM_LOGICAL_TYPE 0x0087
#define ZNP_ITEM_ZDO_CALLBACKS 0x008f
#define ZNP_ITEM_SEED 0x0101
#define ZNP_ITEM_NODE_KEYS 0x0111 /* Z-Stack 3.0.x: and those that follow */

/* Items of the tables that Z-Stack 3.x.0 has besides, in system 1. */
#define ZNP_SYSTEM 1
#define ZNP_TABLE_ADDRESSES 1
#define ZNP_TABLE_NODE_KEYS 4
#define ZNP_TABLE_KEY_DATA 6
#define ZNP_TABLE_COUNTERS 7

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

/* A node that has a link key of its own, not of the seed: by the places of its address and of its key. */
#define ZNP_LINKS_MAX 40 /* as many as one read brings */
struct znp_link {
	uint16_t address, key;
};

/* The list of them, which has room behind it; its first ZNP_LINKS_MAX that are in use. -EBADMSG. */
int znp_links_parse(struct znp_link out[ZNP_LINKS_MAX], unsigned *count, struct reader *in, bool aligned);

/* A list of that many, whose addresses follow each other from `address` and whose keys from 0. */
void znp_links_write(struct writer *out, bool aligned, uint16_t address, unsigned count);

/* How many have room in a list of that size; ZNP_LINKS_ROW_MAX at most. */
#define ZNP_LINKS_ROW_MAX 19
unsigned znp_links_room(size_t size, bool aligned);

/* Such a key; the caller knows whose. -EBADMSG. */
int znp_own_key_parse(struct stick_link_key *out, struct reader *in, uint64_t eui64);
void znp_own_key_write(struct writer *out, const struct stick_link_key *key);

/* An entry of the address manager for a node with a link key; its network address is not known. */
void znp_address_write(struct writer *out, bool aligned, uint64_t eui64);

/* The EUI64 of an entry; 0: it is free. */
uint64_t znp_address_parse(struct reader *in, bool aligned);

#endif
