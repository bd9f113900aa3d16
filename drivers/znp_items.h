/*
 * znp_items: where things are in the non-volatile memory of a Z-Stack stick: numbers of items, and of tables.
 */
#ifndef WAKEGATE_DRIVERS_ZNP_ITEMS_H
#define WAKEGATE_DRIVERS_ZNP_ITEMS_H

/* Items of OSAL's memory. */
#define ZNP_ITEM_EUI64 0x0001
#define ZNP_ITEM_STARTUP 0x0003
#define ZNP_ITEM_NIB 0x0021
#define ZNP_ITEM_ADDRESSES 0x0023 /* Z-Stack 3.0.x: all of them */
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
#define ZNP_ITEM_KEY_DATA 0x0201  /* likewise, up to the next */
#define ZNP_ITEM_KEY_DATA_LAST 0x02ff

/* Items of the tables that Z-Stack 3.x.0 has besides, in system 1. */
#define ZNP_SYSTEM 1
#define ZNP_TABLE_ADDRESSES 1
#define ZNP_TABLE_NODE_KEYS 4
#define ZNP_TABLE_KEY_DATA 6
#define ZNP_TABLE_COUNTERS 7

#endif
