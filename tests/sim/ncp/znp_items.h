/*
 * znp_items: the items in the memory of the simulated Z-Stack stick.
 */
#ifndef WAKEGATE_TESTS_NCP_ZNP_ITEMS_H
#define WAKEGATE_TESTS_NCP_ZNP_ITEMS_H

#include <stdbool.h>

struct stick_memory;

/* By number; of those that follow each other where there are no tables, the first. */
enum znp_item {
	ZNP_EXTADDR = 0x0001,
	ZNP_STARTUP_OPTION = 0x0003,
	ZNP_NIB = 0x0021,
	ZNP_ADDRESSES = 0x0023,
	ZNP_EXTENDED_PAN_ID = 0x002d,
	ZNP_ACTIVE_KEY = 0x003a,
	ZNP_ALTERNATE_KEY = 0x003b,
	ZNP_APS_USE_EXT_PANID = 0x0047,
	ZNP_ON_A_NETWORK = 0x0055,
	ZNP_PRECFGKEY = 0x0062,
	ZNP_PRECFGKEYS_ENABLE = 0x0063,
	ZNP_COUNTERS = 0x0075,
	ZNP_NWKKEY = 0x0082,
	ZNP_PANID = 0x0083,
	ZNP_CHANLIST = 0x0084,
	ZNP_LOGICAL_TYPE = 0x0087,
	ZNP_ZDO_DIRECT_CB = 0x008f,
	ZNP_TCLK_SEED = 0x0101,
	ZNP_NODE_KEYS = 0x0111,
	ZNP_KEY_DATA = 0x0201,
};

/* What a stick has in its memory that never was in a network. */
void znp_items_fill(struct stick_memory *memory, bool has_tables);

#endif
