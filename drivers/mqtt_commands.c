/* What nodes behind a broker are told: commands, with what they reply, and when to come again. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "drivers/mqtt_driver.h"
#include "protocols/node_profile.h"

/* Wall clock seconds, for a node that gets it late: its session may have waited at the broker. */
static int64_t until_s(const struct driver *driver, const struct driver_command *command)
{
	int64_t left_ms = command->until_ms - (int64_t)uv_now(driver->loop);

	return (int64_t)time(NULL) + (left_ms > 0 ? (left_ms + 999) / 1000 : 0);
}

int mqtt_command(struct driver *driver, const struct driver_command *from)
{
	struct profile_command command = { .id = from->id, .until_s = until_s(driver, from) };
	char topic[MQTT_TOPIC_SIZE], text[PROFILE_MESSAGE_MAX];
	struct mqtt_publish message = { .quality = 1 };
	struct writer out;

	if (strlen(from->text) > PROFILE_COMMAND_MAX || mqtt_template_topic(&driver->commands, from->node, topic) < 0)
		return -EINVAL;
	strcpy(command.text, from->text); /* its size was checked */
	writer_init(&out, text, sizeof(text));
	profile_write_command(&out, FORMAT_JSON, &command);
	message.topic = (struct span){ topic, strlen(topic) };
	message.payload = (struct span){ text, writer_size(&out) };
	int result = mqtt_link_publish(driver->link, &message);
	driver->counters.commands += result == 0;
	return result;
}

/*
 * At quality 0 and not retained: it is for the node that is there. A broker may keep it for a session all the same,
 * so it has the wall clock's time beside the seconds from now.
 */
void mqtt_tell_slot(struct driver *driver, const char *node, uint32_t next_s)
{
	const struct profile_slot slot = { .next_s = next_s, .at_s = (int64_t)time(NULL) + next_s };
	char topic[MQTT_TOPIC_SIZE], text[PROFILE_MESSAGE_MAX];
	struct mqtt_publish message = { .quality = 0 };
	struct writer out;

	if (mqtt_template_topic(&driver->slots, node, topic) < 0)
		return;
	writer_init(&out, text, sizeof(text));
	profile_write_slot(&out, FORMAT_JSON, &slot);
	message.topic = (struct span){ topic, strlen(topic) };
	message.payload = (struct span){ text, writer_size(&out) };
	if (mqtt_link_has_room(driver->link, message.topic.size + message.payload.size))
		driver->counters.slots_told += mqtt_link_publish(driver->link, &message) == 0;
}

static void take_reply(struct driver *driver, const char *node, const struct profile_reply *reply)
{
	driver->counters.replies++;
	driver->host->replied(driver->host->context, &(struct command_reply){
							     .node = node,
							     .id = reply->id,
							     .ok = reply->ok,
							     .result = reply->result,
							     .is_json = reply->is_json,
						     });
}

void mqtt_on_reply(struct driver *driver, const char *node, const struct mqtt_arrival *arrival)
{
	struct node_contact contact = { .node = node, .hardware = "", .version = "", .battery_percent = -1 };
	struct span payload = arrival->message.payload;
	struct profile_reply reply;

	if (arrival->message.retain)
		driver->counters.retained_ignored++;
	/* Greeted before it is read: where one broker serves both sides, the gateway's own replies come here too. */
	else if (mqtt_greet(driver, &contact, arrival->message.topic.size + payload.size)) {
		if (profile_parse_reply(&reply, FORMAT_JSON, payload, driver->scratch) == 0)
			take_reply(driver, node, &reply);
		else
			mqtt_refuse(driver, MQTT_REFUSED_MALFORMED, node);
	}
	mqtt_link_acknowledge(driver->link, arrival->ticket);
}
