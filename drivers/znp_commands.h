/*
 * znp_commands: the commands of a Z-Stack stick that are used, by the numbers that TI gives them.
 *
 * TI's "Z-Stack Monitor and Test API"; type and subsystem are part of the number, see protocols/unpi.h.
 */
#ifndef WAKEGATE_DRIVERS_ZNP_COMMANDS_H
#define WAKEGATE_DRIVERS_ZNP_COMMANDS_H

/* What is asked. */
#define ZNP_RESET 0x4100
#define ZNP_PING 0x2101
#define ZNP_VERSION 0x2102
#define ZNP_EUI64 0x2104
#define ZNP_NV_INIT 0x2107
#define ZNP_NV_DELETE 0x2112
#define ZNP_NV_LENGTH 0x2113
#define ZNP_NV_READ 0x211c
#define ZNP_NV_WRITE 0x211d
#define ZNP_TABLE_CREATE 0x2130
#define ZNP_TABLE_READ 0x2133
#define ZNP_TABLE_WRITE 0x2134
#define ZNP_REGISTER 0x2400
#define ZNP_SEND 0x2401
#define ZNP_SEND_EXTENDED 0x2402
#define ZNP_FETCH 0x2412
#define ZNP_PERMIT 0x2536
#define ZNP_SCAN 0x2537
#define ZNP_ZDO_CALLBACKS 0x253e
#define ZNP_START 0x2540
#define ZNP_DISCOVER_ROUTE 0x2545
#define ZNP_NETWORK 0x2550
#define ZNP_DEVICE 0x2700
#define ZNP_COMMISSION 0x2f05
#define ZNP_COMMISSION_CHANNELS 0x2f08

/* What the stick says by itself. */
#define ZNP_ON_ERROR 0x6000
#define ZNP_ON_RESET 0x4180
#define ZNP_ON_CONFIRM 0x4480
#define ZNP_ON_MESSAGE 0x4481
#define ZNP_ON_LONG_MESSAGE 0x4482
#define ZNP_ON_SCANNED 0x45b8
#define ZNP_ON_STATE 0x45c0
#define ZNP_ON_ROUTE 0x45c4
#define ZNP_ON_LEFT 0x45c9
#define ZNP_ON_JOINED 0x45ca
#define ZNP_ON_ZDO 0x45ff

#endif
