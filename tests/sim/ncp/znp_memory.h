/*
 * znp_memory: the non-volatile memory of a Z-Stack stick: items by number, kept in a file so that a network outlives
 * it.
 */
#ifndef WAKEGATE_TESTS_NCP_ZNP_MEMORY_H
#define WAKEGATE_TESTS_NCP_ZNP_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocols/cursor.h"

#define ZNP_ITEM_MAX 512
#define ZNP_ITEMS_MAX 2048

/* Items of the old kind; those of the extended tables bear their system, table and row. */
#define ZNP_ITEM(id) ((uint64_t)(id))
#define ZNP_ROW(system, table, row) ((uint64_t)1 << 48 | (uint64_t)(system) << 32 | (uint64_t)(table) << 16 | (row))

enum znp_item {
	ZNP_EXTADDR = 0x0001,
	ZNP_STARTUP_OPTION = 0x0003,
	ZNP_NIB = 0x0021,
	ZNP_EXTENDED_PAN_ID = 0x002d,
	ZNP_ACTIVE_KEY = 0x003a,
	ZNP_ALTERNATE_KEY = 0x003b,
	ZNP_APS_USE_EXT_PANID = 0x0047,
	ZNP_ON_A_NETWORK = 0x0055,
	ZNP_PRECFGKEY = 0x0062,
	ZNP_PRECFGKEYS_ENABLE = 0x0063,
	ZNP_NWKKEY = 0x0082,
	ZNP_PANID = 0x0083,
	ZNP_CHANLIST = 0x0084,
	ZNP_LOGICAL_TYPE = 0x0087,
	ZNP_ZDO_DIRECT_CB = 0x008f,
	ZNP_TCLK_SEED = 0x0101,
};

struct znp_memory;

/* Opens what the file holds, or a new one's contents where there is none. `path` NULL: nothing is kept. -errno. */
int znp_memory_open(struct znp_memory **out, const char *path);

/* Borrowed until the next change; no data: there is no such item. */
struct bytes znp_memory_get(const struct znp_memory *memory, uint64_t item);

/* Makes or replaces an item. -ENOBUFS. */
int znp_memory_set(struct znp_memory *memory, uint64_t item, struct bytes value);

/* Writes into an item that is there; -ENOENT, -EINVAL: outside of it. */
int znp_memory_write(struct znp_memory *memory, uint64_t item, size_t offset, struct bytes value);

/* False: there was none. */
bool znp_memory_delete(struct znp_memory *memory, uint64_t item);

void znp_memory_close(struct znp_memory *memory);

#endif
