#include "tests/sim/ncp/air_pcap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocols/cursor.h"
#include "tests/sim/ncp/air_clock.h"
#include "tests/sim/ncp/mesh.h"

#define LINK_TYPE 230
#define FRAME_ROOM 192
#define MAC_DATA_ACKED 0x8861 /* short addresses, one PAN, wants an acknowledgement */
#define MAC_DATA 0x8841
#define MAC_COMMAND 0x8863
#define MAC_DATA_REQUEST 0x04
#define NWK_DATA 0x0008 /* protocol version 2, no security */
#define APS_UNICAST 0x00
#define APS_BROADCAST 0x08
#define APS_WANTS_ACK 0x40
#define APS_IS_ACK 0x02
#define RADIUS 30

struct air_pcap {
	FILE *file;
	uint16_t pan;
};

int air_pcap_open(struct air_pcap **out, const char *path, uint16_t pan)
{
	uint8_t head[24];
	struct writer writer;
	struct air_pcap *pcap = calloc(1, sizeof(*pcap));

	if (!pcap)
		return -ENOMEM;
	pcap->pan = pan;
	pcap->file = fopen(path, "wb");
	if (!pcap->file) {
		free(pcap);
		return -errno;
	}
	writer_init(&writer, head, sizeof(head));
	write_le32(&writer, 0xa1b2c3d4);
	write_le16(&writer, 2);
	write_le16(&writer, 4);
	write_le32(&writer, 0);
	write_le32(&writer, 0);
	write_le32(&writer, FRAME_ROOM);
	write_le32(&writer, LINK_TYPE);
	fwrite(head, 1, sizeof(head), pcap->file);
	*out = pcap;
	return 0;
}

void air_pcap_pan(struct air_pcap *pcap, uint16_t pan)
{
	if (pcap)
		pcap->pan = pan;
}

static void write_record(struct air_pcap *pcap, int64_t at_us, const struct writer *frame)
{
	uint8_t head[16];
	struct writer writer;
	uint32_t size = (uint32_t)writer_size(frame);

	writer_init(&writer, head, sizeof(head));
	write_le32(&writer, (uint32_t)(at_us / AIR_S));
	write_le32(&writer, (uint32_t)(at_us % AIR_S));
	write_le32(&writer, size);
	write_le32(&writer, size);
	fwrite(head, 1, sizeof(head), pcap->file);
	fwrite(frame->start, 1, size, pcap->file);
	fflush(pcap->file);
}

/* Zigbee specification, section 2.2.5.1. */
static void write_aps(struct writer *out, const struct mesh_message *message)
{
	bool broadcast = message->target >= MESH_BROADCAST;

	write_u8(out, (broadcast ? APS_BROADCAST : APS_UNICAST) | (message->wants_ack ? APS_WANTS_ACK : 0) |
			      (message->is_ack ? APS_IS_ACK : 0));
	write_u8(out, message->target_endpoint);
	write_le16(out, message->cluster);
	write_le16(out, message->profile);
	write_u8(out, message->source_endpoint);
	write_u8(out, message->counter);
	write_bytes(out, message->data, message->size);
}

void air_pcap_data(struct air_pcap *pcap, int64_t at_us, const struct air_pcap_frame *frame)
{
	uint8_t room[FRAME_ROOM];
	struct writer out;

	if (!pcap)
		return;
	writer_init(&out, room, sizeof(room));
	write_le16(&out, frame->to >= MESH_BROADCAST ? MAC_DATA : MAC_DATA_ACKED);
	write_u8(&out, frame->mac_sequence);
	write_le16(&out, pcap->pan);
	write_le16(&out, frame->to);
	write_le16(&out, frame->from);
	write_le16(&out, NWK_DATA);
	write_le16(&out, frame->message->target);
	write_le16(&out, frame->message->source);
	write_u8(&out, RADIUS);
	write_u8(&out, frame->nwk_sequence);
	write_aps(&out, frame->message);
	write_record(pcap, at_us, &out);
}

void air_pcap_poll(struct air_pcap *pcap, int64_t at_us, uint16_t from, uint16_t to, uint8_t mac_sequence)
{
	uint8_t room[FRAME_ROOM];
	struct writer out;

	if (!pcap)
		return;
	writer_init(&out, room, sizeof(room));
	write_le16(&out, MAC_COMMAND);
	write_u8(&out, mac_sequence);
	write_le16(&out, pcap->pan);
	write_le16(&out, to);
	write_le16(&out, from);
	write_u8(&out, MAC_DATA_REQUEST);
	write_record(pcap, at_us, &out);
}

void air_pcap_close(struct air_pcap *pcap)
{
	if (!pcap)
		return;
	fclose(pcap->file);
	free(pcap);
}
