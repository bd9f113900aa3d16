#include "drivers/zigbee_upgrade_class.h"

#include <stddef.h>

#define ROUTE_BYTES 2 /* of a source route, and again for each relay */

/* Times that hold where nothing else is known: a check of 256 KiB takes an EFR32 half a minute, a CC2530 five. */
#define USUAL .multiple = 1, .silence_s = 60, .check_s = 600, .restart_s = 120

static const struct zigbee_upgrade_class usual = { .name = "usual", .block_most = ZIGBEE_BLOCK_MOST, USUAL };
static const struct zigbee_upgrade_class sleepy = { .name = "sleepy",
	.block_most = ZIGBEE_BLOCK_MOST,
	.multiple = 1,
	.silence_s = 1800,
	.check_s = 1800,
	.restart_s = 600 };

static const struct {
	uint16_t manufacturer;
	struct zigbee_upgrade_class kind;
} classes[] = {
	/* EFR32 with bootloaders that check the whole image in about half a minute. */
	{ 0x117c, { .name = "ikea",
			  .block_most = ZIGBEE_BLOCK_MOST,
			  .multiple = 1,
			  .silence_s = 60,
			  .check_s = 120,
			  .restart_s = 120 } },
	/* Answered with less than it asked for it goes on with blocks of 12 bytes and does not get past offset 50. */
	{ 0x1021, { .name = "legrand", .block_most = ZIGBEE_BLOCK_MOST, .exact = true, USUAL } },
	/* Writes flash in units of 16 bytes. */
	{ 0x1141, { .name = "telink",
			  .block_most = 48,
			  .multiple = 16,
			  .silence_s = 60,
			  .check_s = 600,
			  .restart_s = 120 } },
	{ 0x1012, { .name = "insta", .block_most = ZIGBEE_BLOCK_FALLBACK, USUAL } },
	{ 0x117a, { .name = "insta", .block_most = ZIGBEE_BLOCK_FALLBACK, USUAL } },
	{ 0x1135, { .name = "bitcloud", .block_most = ZIGBEE_BLOCK_FALLBACK, USUAL } },
	{ 0x112e, { .name = "bitcloud", .block_most = ZIGBEE_BLOCK_FALLBACK, USUAL } },
	/* XBee: blocks only. */
	{ 0x101e, { .name = "xbee", .block_most = ZIGBEE_BLOCK_MOST, .refuses_wait = true, USUAL } },
	/* A second processor is written before the first says that it has all. */
	{ 0x1286, { .name = "sonoff",
			  .block_most = ZIGBEE_BLOCK_MOST,
			  .multiple = 1,
			  .silence_s = 120,
			  .check_s = 2400,
			  .restart_s = 300 } },
	{ 0x1321, { .name = "sonoff",
			  .block_most = ZIGBEE_BLOCK_MOST,
			  .multiple = 1,
			  .silence_s = 120,
			  .check_s = 2400,
			  .restart_s = 300 } },
	/* Goes on when it likes: hours lie between requests. */
	{ 0x1209, { .name = "bosch",
			  .block_most = 50,
			  .multiple = 1,
			  .silence_s = 7200,
			  .check_s = 7200,
			  .restart_s = 3600 } },
	/* Slow flash: 2 s a block are usual. */
	{ 0x100b, { .name = "hue",
			  .block_most = 50,
			  .multiple = 1,
			  .silence_s = 300,
			  .check_s = 900,
			  .restart_s = 300 } },
	{ 0x0007, { .name = "cc2530",
			  .block_most = 50,
			  .multiple = 1,
			  .silence_s = 120,
			  .check_s = 900,
			  .restart_s = 300 } },
};

const struct zigbee_upgrade_class *zigbee_upgrade_class_of(uint16_t manufacturer, bool sleeps)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (classes[i].manufacturer == manufacturer)
			return &classes[i].kind;
	return sleeps ? &sleepy : &usual;
}

static uint8_t least(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

uint8_t zigbee_block_size(const struct zigbee_upgrade_class *kind, const struct zigbee_block_terms *terms)
{
	int room = ZIGBEE_BLOCK_MOST - (terms->relays ? ROUTE_BYTES + ROUTE_BYTES * terms->relays : 0);
	uint8_t size = least(terms->asked, kind->block_most);

	if (terms->asked == 0)
		return 1;
	if (kind->exact)
		return size;
	size = least(size, terms->most);
	size = least(size, room > ZIGBEE_BLOCK_FALLBACK / 2 ? (uint8_t)room : ZIGBEE_BLOCK_FALLBACK / 2);
	if (terms->cap > 0)
		size = least(size, terms->cap);
	return size > kind->multiple ? (uint8_t)(size - size % kind->multiple) : size;
}
