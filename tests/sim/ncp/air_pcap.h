/*
 * air_pcap: writes what is on the simulated air into a file that tshark reads: pcap, link type 230 (IEEE 802.15.4
 * without checksums). NWK and APS frames are written without their security, which takes airtime but no bytes here.
 */
#ifndef WAKEGATE_TESTS_NCP_AIR_PCAP_H
#define WAKEGATE_TESTS_NCP_AIR_PCAP_H

#include <stdint.h>

struct air_pcap;
struct mesh_message;

struct air_pcap_frame {
	uint16_t from, to; /* of this hop */
	uint8_t mac_sequence, nwk_sequence;
	const struct mesh_message *message;
};

/* -errno of the file. */
int air_pcap_open(struct air_pcap **out, const char *path, uint16_t pan);

/* `pcap` may be NULL in all of these: nothing is written then. */
void air_pcap_pan(struct air_pcap *pcap, uint16_t pan);
void air_pcap_data(struct air_pcap *pcap, int64_t at_us, const struct air_pcap_frame *frame);
void air_pcap_poll(struct air_pcap *pcap, int64_t at_us, uint16_t from, uint16_t to, uint8_t mac_sequence);
void air_pcap_close(struct air_pcap *pcap);

#endif
