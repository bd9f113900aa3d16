/*
 * ezsp_stick: the inside of stick_ezsp: what is known of a Silicon Labs stick, and the lists of commands that bring it
 * up.
 *
 * Commands bear the numbers of Silicon Labs UG100.
 */
#ifndef WAKEGATE_DRIVERS_EZSP_STICK_H
#define WAKEGATE_DRIVERS_EZSP_STICK_H

#include "drivers/ash_link.h"
#include "drivers/stick.h"
#include "protocols/ezsp.h"

#define EZSP_ADD_ENDPOINT 0x0002
#define EZSP_NOP 0x0005
#define EZSP_SET_CONCENTRATOR 0x0010
#define EZSP_NETWORK_INIT 0x0017
#define EZSP_ON_STATUS 0x0019
#define EZSP_START_SCAN 0x001a
#define EZSP_ON_SCANNED 0x001c
#define EZSP_FORM 0x001e
#define EZSP_LEAVE 0x0020
#define EZSP_PERMIT 0x0022
#define EZSP_ON_JOINED 0x0024
#define EZSP_EUI64 0x0026
#define EZSP_NETWORK 0x0028
#define EZSP_UNICAST 0x0034
#define EZSP_BROADCAST 0x0036
#define EZSP_ON_SENT 0x003f
#define EZSP_ON_MESSAGE 0x0045
#define EZSP_ON_ENERGY 0x0048
#define EZSP_GET_CONFIG 0x0052
#define EZSP_SET_CONFIG 0x0053
#define EZSP_SET_POLICY 0x0055
#define EZSP_INVALID_COMMAND 0x0058
#define EZSP_ON_ROUTE 0x0059
#define EZSP_ROUTE_MODE 0x005a
#define EZSP_EUI64_OF_NODE 0x0061
#define EZSP_SECURITY 0x0068
#define EZSP_GET_KEY 0x006a
#define EZSP_KEY_ENTRY 0x0071
#define EZSP_SET_KEY_ENTRY 0x0072
#define EZSP_EXTENDED_TIMEOUT 0x007e
#define EZSP_SET_VALUE 0x00ab
#define EZSP_ADD_TRANSIENT_KEY 0x00af
#define EZSP_CLEAR_KEYS 0x00b1
#define EZSP_SET_TOKEN 0x0103
#define EZSP_IMPORT_KEY 0x010e
#define EZSP_EXPORT_KEY_ENTRY 0x010f
#define EZSP_IMPORT_TRANSIENT_KEY 0x0111
#define EZSP_EXPORT_KEY 0x0114
#define EZSP_KEY_INFO 0x0116

/* The two ways to ask for the version, which both have the number 0. */
#define EZSP_FIRST_VERSION 0xfff0
#define EZSP_SECOND_VERSION 0xfff1

/* What scripts await. */
#define EZSP_EVENT_UP 1
#define EZSP_EVENT_DOWN 2
#define EZSP_EVENT_SCANNED 3

#define EZSP_SLEEPERS_MAX 64
#define EZSP_TRAVELLED                                                                                 \
	2500 /* what a counter is put ahead when a network moves: it may have gone on since the backup \
	      */
#define EZSP_KEY_SIZE 16

struct ezsp {
	struct stick stick;
	struct ash_link link;
	const struct ezsp_dialect *dialect;
	uint8_t version;
	uint8_t sequence;       /* of the command under way */
	bool asked_first;       /* and it is the first one, in the old format */
	bool woken;             /* out of its bootloader */
	bool stood;             /* the connection did, since the stick was last told to reset */
	uint8_t tail[8];        /* the last bytes, to recognise the bootloader */
	char permit_failed[64]; /* a command that is needed to let nodes join; "": none so far */
	enum { EZSP_NO_ORDER, EZSP_TO_FORM, EZSP_TO_RESTORE } order;
	const struct script_step *script; /* that runs */
	unsigned takes;                   /* messages at a time */
	unsigned key_entries;             /* of its key table */
	int64_t heard_ms;
	uint16_t sleepers[EZSP_SLEEPERS_MAX]; /* that the stick knows as such */
	unsigned next_sleeper;
};

extern const struct script_step ezsp_start_script[];
extern const struct script_step ezsp_leave_script[];
extern const struct script_step ezsp_form_script[];
extern const struct script_step ezsp_keys_script[];    /* the network's */
extern const struct script_step ezsp_entries_script[]; /* the nodes' */
extern const struct script_step ezsp_scan_script[];

#endif
