#include "drivers/zigbee_network.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocols/cursor.h"

#define RECORD_VERSION 1

/* Zigbee base device behaviour specification section 6.3.1: the default global trust centre link key. */
static const uint8_t well_known_key[16] = "ZigBeeAlliance09";

void zigbee_network_init(struct zigbee_network *network)
{
	*network = (struct zigbee_network){ .state = NETWORK_NO_STICK };
}

static void say(struct zigbee_network *network, const char *why)
{
	(void)snprintf(network->why, sizeof(network->why), "%s", why);
}

static bool is_same(const struct stick_network *a, const struct stick_network *b)
{
	return a->extended_pan == b->extended_pan && memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static enum zigbee_network_turn take_network(struct zigbee_network *network, const struct stick_network *own)
{
	network->own = *own;
	network->stick_has = true;
	if (network->remembers && !network->takes_any && !is_same(own, &network->kept)) {
		network->state = NETWORK_REFUSED;
		(void)snprintf(network->why, sizeof(network->why),
			"the stick has network %016llx, but this gateway's nodes are in %016llx: put the stick back "
			"that it was, or \"wakegate zigbee restore\" onto this one, or take its network with "
			"\"wakegate zigbee adopt\"",
			(unsigned long long)own->extended_pan, (unsigned long long)network->kept.extended_pan);
		return NETWORK_NOTHING;
	}
	/* A counter that the stick does not tell, or has lost, would make a stick that is restored from it mute. */
	uint32_t counted = network->remembers && is_same(own, &network->kept) ? network->kept.frame_counter : 0;
	network->takes_any = false;
	network->remembers = true;
	network->kept = *own;
	if (network->kept.frame_counter < counted)
		network->kept.frame_counter = counted;
	network->state = NETWORK_UP;
	say(network, "");
	return NETWORK_STARTED;
}

static enum zigbee_network_turn take_empty(struct zigbee_network *network)
{
	network->stick_has = false;
	if (!network->remembers) {
		network->state = NETWORK_FORMING;
		say(network, "");
		return NETWORK_FORM;
	}
	network->state = NETWORK_REFUSED;
	(void)snprintf(network->why, sizeof(network->why),
		"the stick is empty, but this gateway's nodes are in network %016llx: \"wakegate zigbee restore\" "
		"puts it onto the stick, \"wakegate zigbee form\" makes a new one, which all nodes have to join anew",
		(unsigned long long)network->kept.extended_pan);
	return NETWORK_NOTHING;
}

enum zigbee_network_turn zigbee_network_on_stick(struct zigbee_network *network, const struct stick_report *report)
{
	bool keeps_reason = false;

	if (*report->firmware)
		(void)snprintf(network->firmware, sizeof(network->firmware), "%s", report->firmware);
	switch (report->state) {
	case STICK_UP:
		return take_network(network, report->network);
	case STICK_EMPTY:
		return take_empty(network);
	case STICK_REFUSED:
		network->state = NETWORK_REFUSED;
		break;
	case STICK_OPENING:
	case STICK_DOWN:
		/* While it is tried again, what was wrong with it still says most. */
		keeps_reason = network->state == NETWORK_NO_STICK && !*report->why;
		network->state = NETWORK_NO_STICK;
		break;
	}
	network->stick_has = false;
	if (!keeps_reason)
		say(network, report->why);
	return NETWORK_NOTHING;
}

void zigbee_network_accept_any(struct zigbee_network *network)
{
	network->takes_any = true;
}

/* Channels 15, 20 and 25 lie between those of Wi-Fi in most countries; 26 many nodes do not use at full power. */
static unsigned reluctance(unsigned channel)
{
	if (channel == ZIGBEE_CHANNEL_LAST)
		return 2;
	return channel % 5 == 0 ? 0 : 1;
}

uint8_t zigbee_network_quietest(const uint8_t energies[ZIGBEE_CHANNELS])
{
	unsigned best = ZIGBEE_CHANNEL_FIRST, least = UINT8_MAX * 4 + 4;

	for (unsigned i = 0; i < ZIGBEE_CHANNELS; i++) {
		unsigned channel = ZIGBEE_CHANNEL_FIRST + i, weight = energies[i] * 4U + reluctance(channel);
		if (weight >= least)
			continue;
		least = weight;
		best = channel;
	}
	return (uint8_t)best;
}

void zigbee_network_make(const struct zigbee_network *network, uint8_t channel, uint16_t pan,
	const uint8_t chance[ZIGBEE_CHANCE_SIZE], struct stick_network *out)
{
	struct stick_network made = { .channel = channel ? channel : zigbee_network_quietest(network->energies) };
	struct reader in;

	reader_init(&in, chance, ZIGBEE_CHANCE_SIZE);
	uint16_t drawn = read_le16(&in);
	made.pan = pan ? pan : (uint16_t)(1 + drawn % 0xfffd);
	made.extended_pan = read_le64(&in);
	memcpy(made.key, read_bytes(&in, sizeof(made.key)), sizeof(made.key));
	memcpy(made.link_key, well_known_key, sizeof(made.link_key));
	*out = made;
}

void zigbee_network_revive(const struct zigbee_network *network, struct stick_network *out)
{
	*out = network->kept;
	out->frame_counter += ZIGBEE_COUNTER_MARGIN;
}

size_t zigbee_network_write(const struct stick_network *network, uint8_t data[ZIGBEE_NETWORK_RECORD_SIZE])
{
	struct writer out;

	writer_init(&out, data, ZIGBEE_NETWORK_RECORD_SIZE);
	write_u8(&out, RECORD_VERSION);
	write_le64(&out, network->eui64);
	write_le64(&out, network->extended_pan);
	write_le16(&out, network->pan);
	write_u8(&out, network->channel);
	write_u8(&out, network->update_id);
	write_u8(&out, network->key_sequence);
	write_le32(&out, network->frame_counter);
	write_bytes(&out, network->key, sizeof(network->key));
	write_bytes(&out, network->link_key, sizeof(network->link_key));
	write_u8(&out, network->power_dbm);
	return writer_size(&out);
}

int zigbee_network_parse(struct stick_network *out, const void *data, size_t size)
{
	struct stick_network read = { 0 };
	struct reader in;

	reader_init(&in, data, size);
	if (read_u8(&in) != RECORD_VERSION)
		return -EBADMSG;
	read.eui64 = read_le64(&in);
	read.extended_pan = read_le64(&in);
	read.pan = read_le16(&in);
	read.channel = read_u8(&in);
	read.update_id = read_u8(&in);
	read.key_sequence = read_u8(&in);
	read.frame_counter = read_le32(&in);
	const uint8_t *key = read_bytes(&in, sizeof(read.key)), *link_key = read_bytes(&in, sizeof(read.link_key));
	read.power_dbm = read_u8(&in);
	if (in.failed)
		return -EBADMSG;
	memcpy(read.key, key, sizeof(read.key));
	memcpy(read.link_key, link_key, sizeof(read.link_key));
	*out = read;
	return 0;
}

const char *zigbee_network_state_name(enum zigbee_network_state state)
{
	static const char *const names[] = { [NETWORK_NO_STICK] = "waiting",
		[NETWORK_SCANNING] = "scanning",
		[NETWORK_FORMING] = "forming",
		[NETWORK_UP] = "up",
		[NETWORK_REFUSED] = "refused" };

	return names[state];
}
