#include "drivers/znp_memory.h"

#include <errno.h>
#include <string.h>

#define NIB_SECURITY_LEVEL 12
#define SECURITY_ENCRYPTED_MIC_32 5
#define VERIFIED_KEY 2
#define ADDRESS_FOR_SECURITY 2
#define NO_PAN 0xffff
#define LINK_AUTHENTICATED 1

/* Z-Stack's nwkIB_t: where the fields are that make a network. */
struct nib_layout {
	size_t size, channel, pan, channels, extended_pan, update_id;
};

static const struct nib_layout packed_nib = { 110, 22, 33, 36, 53, 109 };
static const struct nib_layout aligned_nib = { 116, 24, 36, 40, 57, 114 };

int znp_memory_layout(uint16_t nwk_key_size, bool *aligned)
{
	if (nwk_key_size != 21 && nwk_key_size != 24)
		return -EINVAL;
	*aligned = nwk_key_size == 24;
	return 0;
}

static const struct nib_layout *layout_of(size_t size, bool aligned)
{
	const struct nib_layout *layout = aligned ? &aligned_nib : &packed_nib;

	return size == layout->size ? layout : NULL;
}

static uint64_t get(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static void put(uint8_t *bytes, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++, value >>= 8)
		bytes[i] = (uint8_t)value;
}

int znp_nib_parse(struct stick_network *out, const uint8_t *nib, size_t size, bool aligned)
{
	const struct nib_layout *layout = layout_of(size, aligned);

	if (!layout)
		return -EBADMSG;
	uint8_t channel = nib[layout->channel];
	uint16_t pan = (uint16_t)get(nib + layout->pan, 2);
	if (pan == NO_PAN || channel < ZIGBEE_CHANNEL_FIRST || channel > ZIGBEE_CHANNEL_LAST)
		return -ENOENT;
	out->channel = channel;
	out->pan = pan;
	out->extended_pan = get(nib + layout->extended_pan, 8);
	out->update_id = nib[layout->update_id];
	return 0;
}

int znp_nib_patch(uint8_t *nib, size_t size, bool aligned, const struct stick_network *network)
{
	const struct nib_layout *layout = layout_of(size, aligned);

	if (!layout)
		return -EBADMSG;
	nib[NIB_SECURITY_LEVEL] = SECURITY_ENCRYPTED_MIC_32;
	nib[layout->channel] = network->channel;
	put(nib + layout->pan, network->pan, 2);
	put(nib + layout->channels, 1ULL << network->channel, 4);
	put(nib + layout->extended_pan, network->extended_pan, 8);
	nib[layout->update_id] = network->update_id;
	return 0;
}

void znp_counter_write(struct writer *out, uint32_t counter, uint64_t extended_pan)
{
	write_le32(out, counter);
	write_le64(out, extended_pan);
}

int znp_counter_parse(struct reader *in, uint32_t *counter, uint64_t *extended_pan)
{
	uint32_t value = read_le32(in);
	uint64_t pan = read_le64(in);

	if (in->failed)
		return -EBADMSG;
	*counter = value;
	*extended_pan = pan;
	return 0;
}

static void derive_key(uint8_t *out, uint64_t eui64, const uint8_t *seed, unsigned shift)
{
	uint8_t address[8];

	put(address, eui64, sizeof(address));
	for (unsigned i = 0; i < ZNP_KEY_SIZE; i++)
		out[i] = seed[(i + shift) % ZNP_KEY_SIZE] ^ address[i % sizeof(address)];
}

int znp_node_key_parse(struct stick_link_key *out, struct reader *in, const uint8_t seed[ZNP_KEY_SIZE])
{
	struct stick_link_key key;

	key.tx_counter = read_le32(in);
	key.rx_counter = read_le32(in);
	key.eui64 = read_le64(in);
	(void)read_u8(in);
	(void)read_u8(in);
	uint8_t shift = read_u8(in);
	if (in->failed)
		return -EBADMSG;
	if (key.eui64 == 0 || key.eui64 == UINT64_MAX)
		return -ENOENT;
	derive_key(key.key, key.eui64, seed, shift);
	*out = key;
	return 0;
}

static int find_shift(const struct stick_link_key *key, const uint8_t *seed)
{
	uint8_t derived[ZNP_KEY_SIZE];

	for (unsigned shift = 0; shift < ZNP_KEY_SIZE; shift++) {
		derive_key(derived, key->eui64, seed, shift);
		if (memcmp(derived, key->key, sizeof(derived)) == 0)
			return (int)shift;
	}
	return -ENOENT;
}

int znp_node_key_write(
	struct writer *out, bool aligned, const struct stick_link_key *key, const uint8_t seed[ZNP_KEY_SIZE])
{
	int shift = find_shift(key, seed);

	if (shift < 0)
		return shift;
	write_le32(out, key->tx_counter);
	write_le32(out, key->rx_counter);
	write_le64(out, key->eui64);
	write_u8(out, VERIFIED_KEY);
	write_u8(out, 0);
	write_u8(out, (uint8_t)shift);
	if (aligned)
		write_u8(out, 0);
	return 0;
}

int znp_links_parse(struct znp_link out[ZNP_LINKS_MAX], unsigned *count, struct reader *in, bool aligned)
{
	unsigned entries = read_le16(in), used = 0;

	for (unsigned i = 0; i < entries && used < ZNP_LINKS_MAX && !in->failed; i++) {
		out[used].address = read_le16(in);
		out[used].key = read_le16(in);
		used += read_u8(in) == LINK_AUTHENTICATED;
		if (aligned)
			(void)read_u8(in);
	}
	if (in->failed)
		return -EBADMSG;
	*count = used;
	return 0;
}

void znp_links_write(struct writer *out, bool aligned, struct znp_link first, unsigned count)
{
	write_le16(out, (uint16_t)count);
	for (unsigned i = 0; i < count; i++) {
		write_le16(out, (uint16_t)(first.address + i));
		write_le16(out, (uint16_t)(first.key + i));
		write_u8(out, LINK_AUTHENTICATED);
		if (aligned)
			write_u8(out, 0xff);
	}
}

unsigned znp_links_room(size_t size, bool aligned)
{
	size_t room = size < 2 ? 0 : (size - 2) / (aligned ? 6 : 5);

	return room < ZNP_LINKS_ROW_MAX ? (unsigned)room : ZNP_LINKS_ROW_MAX;
}

void znp_own_key_write(struct writer *out, const struct stick_link_key *key)
{
	write_bytes(out, key->key, sizeof(key->key));
	write_le32(out, key->tx_counter);
	write_le32(out, key->rx_counter);
}

int znp_own_key_parse(struct stick_link_key *out, struct reader *in, uint64_t eui64)
{
	struct stick_link_key key = { .eui64 = eui64 };
	const uint8_t *bytes = read_bytes(in, sizeof(key.key));

	key.tx_counter = read_le32(in);
	key.rx_counter = read_le32(in);
	if (in->failed)
		return -EBADMSG;
	memcpy(key.key, bytes, sizeof(key.key));
	*out = key;
	return 0;
}

void znp_address_write(struct writer *out, bool aligned, uint64_t eui64)
{
	write_u8(out, ADDRESS_FOR_SECURITY);
	if (aligned)
		write_u8(out, 0xff);
	write_le16(out, ZIGBEE_NWK_NONE);
	write_le64(out, eui64);
}

size_t znp_address_size(bool aligned)
{
	return aligned ? 12 : 11;
}

uint64_t znp_address_parse(struct reader *in, bool aligned)
{
	uint8_t use = read_u8(in);

	if (aligned)
		(void)read_u8(in);
	(void)read_le16(in);
	uint64_t eui64 = read_le64(in);
	return in->failed || use == 0 || eui64 == UINT64_MAX ? 0 : eui64;
}
