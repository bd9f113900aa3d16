#include "drivers/mqtt_outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mqtt_outbox_entry {
	struct mqtt_outbox_entry *next;
	bool sent; /* over the connection that stands */
	size_t size;
	struct mqtt_packet packet; /* borrows from `bytes` */
	char bytes[];
};

void mqtt_outbox_init(struct mqtt_outbox *outbox)
{
	*outbox = (struct mqtt_outbox){ .last = &outbox->first };
}

void mqtt_outbox_finish(struct mqtt_outbox *outbox)
{
	while (outbox->first) {
		struct mqtt_outbox_entry *entry = outbox->first;

		outbox->first = entry->next;
		free(entry);
	}
	mqtt_outbox_init(outbox);
}

static bool id_is_taken(const struct mqtt_outbox *outbox, uint16_t id)
{
	for (const struct mqtt_outbox_entry *entry = outbox->first; entry; entry = entry->next)
		if (entry->packet.id == id)
			return true;
	return false;
}

/* Section 2.3.1: not 0, and not in use. */
static uint16_t take_id(struct mqtt_outbox *outbox)
{
	do
		outbox->id++;
	while (outbox->id == 0 || id_is_taken(outbox, outbox->id));
	return outbox->id;
}

int mqtt_outbox_put(struct mqtt_outbox *outbox, const struct mqtt_publish *message)
{
	size_t size = message->topic.size + message->payload.size;

	if (outbox->count == MQTT_OUTBOX_MESSAGES || size > MQTT_OUTBOX_BYTES - outbox->bytes)
		return -ENOBUFS;
	struct mqtt_outbox_entry *entry = malloc(sizeof(*entry) + size);
	if (!entry)
		return -ENOMEM;
	*entry = (struct mqtt_outbox_entry){ .size = size,
		.packet = { .type = MQTT_PUBLISH, .id = take_id(outbox), .publish = *message } };
	memcpy(entry->bytes, message->topic.data, message->topic.size);
	if (message->payload.size > 0)
		memcpy(entry->bytes + message->topic.size, message->payload.data, message->payload.size);
	entry->packet.publish.quality = 1;
	entry->packet.publish.topic.data = entry->bytes;
	entry->packet.publish.payload.data = entry->bytes + message->topic.size;
	*outbox->last = entry;
	outbox->last = &entry->next;
	outbox->count++;
	outbox->bytes += size;
	return 0;
}

const struct mqtt_packet *mqtt_outbox_next(struct mqtt_outbox *outbox)
{
	if (outbox->in_flight == MQTT_OUTBOX_WINDOW)
		return NULL;
	for (struct mqtt_outbox_entry *entry = outbox->first; entry; entry = entry->next) {
		if (entry->sent)
			continue;
		entry->sent = true;
		outbox->in_flight++;
		return &entry->packet;
	}
	return NULL;
}

bool mqtt_outbox_acknowledge(struct mqtt_outbox *outbox, uint16_t id, char *topic, size_t size)
{
	struct mqtt_outbox_entry **link = &outbox->first;

	while (*link && !((*link)->sent && (*link)->packet.id == id))
		link = &(*link)->next;
	struct mqtt_outbox_entry *entry = *link;
	if (!entry)
		return false;
	(void)snprintf(topic, size, "%.*s", (int)entry->packet.publish.topic.size, entry->bytes);
	*link = entry->next;
	if (!*link)
		outbox->last = link;
	outbox->count--;
	outbox->in_flight--;
	outbox->bytes -= entry->size;
	free(entry);
	return true;
}

void mqtt_outbox_restart(struct mqtt_outbox *outbox, bool session_present)
{
	for (struct mqtt_outbox_entry *entry = outbox->first; entry; entry = entry->next) {
		entry->packet.publish.repeated = session_present && (entry->sent || entry->packet.publish.repeated);
		entry->sent = false;
	}
	outbox->in_flight = 0;
}
