#include "drivers/mqtt_requests.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int mqtt_requests_add(struct mqtt_requests *requests, const struct mqtt_request *request)
{
	size_t of_node = 0;

	for (size_t i = 0; i < requests->count; i++) {
		const struct mqtt_request *waiting = &requests->places[(requests->first + i) % MQTT_REQUESTS_MAX];

		if (strcmp(waiting->node, request->node) != 0)
			continue;
		if (waiting->offset == request->offset && memcmp(waiting->sha256, request->sha256, 32) == 0)
			return -EALREADY;
		of_node++;
	}
	if (requests->count == MQTT_REQUESTS_MAX || of_node == MQTT_REQUESTS_OF_NODE_MAX)
		return -ENOBUFS;
	requests->places[(requests->first + requests->count++) % MQTT_REQUESTS_MAX] = *request;
	return 0;
}

struct mqtt_request mqtt_requests_take(struct mqtt_requests *requests)
{
	assert(requests->count > 0);
	struct mqtt_request request = requests->places[requests->first];

	requests->first = (requests->first + 1) % MQTT_REQUESTS_MAX;
	requests->count--;
	return request;
}
