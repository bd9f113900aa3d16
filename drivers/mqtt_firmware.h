/*
 * mqtt_firmware: firmware for nodes behind a broker: a retained manifest for each node that is to have an image, and
 * its blocks as the node asks for them.
 *
 *     ota/NODE  the manifest, or nothing    ota/NODE/get  a request    ota/NODE/block/HEAD/OFFSET  its answer
 *
 * The same documents and topics as those by which this gateway gets its own images in blocks (docs/mqtt.md), so that
 * another gateway can be the node. Within the driver; docs/mqtt-nodes.md describes the node's side.
 */
#ifndef WAKEGATE_DRIVERS_MQTT_FIRMWARE_H
#define WAKEGATE_DRIVERS_MQTT_FIRMWARE_H

#include "drivers/id_queue.h"
#include "drivers/mqtt_client.h"
#include "drivers/mqtt_requests.h"
#include "drivers/mqtt_topics.h"
#include "drivers/offers.h"

#define MQTT_BLOCK_MAX 262144   /* bytes of a block, as upstream */
#define MQTT_OFFERS_MAX 100000  /* standing */
#define MQTT_MANIFESTS_MAX 32   /* on their way to the broker */
#define MQTT_MANIFEST_SIZE 1024 /* with room to spare: the texts in it are short */

struct mqtt_firmware {
	struct mqtt_template manifests, requests;
	struct offers offers;
	struct id_queue untold; /* nodes whose retained manifest is not what it should be */
	unsigned telling;       /* manifests on their way */
	struct mqtt_requests waiting;
	uint8_t block[MQTT_BLOCK_MAX];
};

/* `topic` is the template of the manifests; -EINVAL. It is to be finished in any case. */
int mqtt_firmware_init(struct mqtt_firmware *firmware, const char *topic);
void mqtt_firmware_finish(struct mqtt_firmware *firmware);

/* As driver_ops. */
int mqtt_firmware_offer(struct driver *driver, const struct driver_offer *offer);
void mqtt_firmware_withdraw(struct driver *driver, const char *node);
void mqtt_firmware_images_ready(struct driver *driver);

/* The session began. */
void mqtt_firmware_on_opened(struct driver *driver);

/* What waited for the connection is void: nodes ask again. */
void mqtt_firmware_on_down(struct driver *driver);

/* The broker has what was published to this topic. */
void mqtt_firmware_on_published(struct driver *driver, const char *topic);

/* Output has left. */
void mqtt_firmware_on_drained(struct driver *driver);

/* A request for a block. */
void mqtt_on_request(struct driver *driver, const char *node, const struct mqtt_arrival *arrival);

#endif
