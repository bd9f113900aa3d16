/*
 * fuzz_mqtt_packet: a stream of MQTT packets; each that is understood must come back the same when written.
 */
#include "protocols/mqtt_packet.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct mqtt_packet *packet)
{
	static uint8_t buffer[LIMIT + 8], again[LIMIT + 8];
	struct mqtt_packet back;
	struct writer out;

	writer_init(&out, buffer, sizeof(buffer));
	mqtt_packet_write(&out, packet);
	size_t size = writer_size(&out);
	if (out.failed || size != mqtt_packet_size(packet) ||
		mqtt_packet_parse(&back, buffer, size, sizeof(buffer)) != (int)size)
		abort();
	writer_init(&out, again, sizeof(again));
	mqtt_packet_write(&out, &back);
	if (writer_size(&out) != size || memcmp(buffer, again, size) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mqtt_packet packet;
	int used;

	while (size > 0 && (used = mqtt_packet_parse(&packet, data, size, LIMIT)) > 0) {
		check(&packet);
		data += used;
		size -= (size_t)used;
	}
	return 0;
}
