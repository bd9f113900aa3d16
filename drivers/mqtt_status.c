/* What nodes behind a broker say of themselves, and what the broker says of them: status and last wills. */
#include <string.h>

#include "drivers/mqtt_driver.h"
#include "protocols/node_profile.h"

static enum delivery_state delivery_state_of(enum profile_state state)
{
	static const enum delivery_state states[] = {
		[PROFILE_DOWNLOADING] = DELIVERY_DOWNLOADING,
		[PROFILE_DOWNLOADED] = DELIVERY_DOWNLOADED,
		[PROFILE_APPLYING] = DELIVERY_APPLYING,
		[PROFILE_CONFIRMED] = DELIVERY_CONFIRMED,
		[PROFILE_REVERTED] = DELIVERY_REVERTED,
		[PROFILE_FAILED] = DELIVERY_FAILED,
	};

	return states[state];
}

/*
 * Whether the image that it names is the one it runs from now on: not in the middle of an update, where it is the
 * former one, and saying so must not count as having come back with it.
 */
static bool says_what_it_runs(const struct profile_node_status *status)
{
	return status->presence != PROFILE_UPDATING || status->update.state == PROFILE_CONFIRMED;
}

static bool greet(struct driver *driver, const char *node, const struct profile_node_status *status, size_t bytes)
{
	struct node_contact contact = {
		.node = node,
		.reports = says_what_it_runs(status),
		.hardware = status->checkin.hardware,
		.version = status->checkin.version,
		.parent = status->checkin.parent,
		.image_size = status->checkin.image_size,
		.battery_percent = status->checkin.battery_percent,
		.signal_dbm = status->checkin.signal_dbm,
	};

	memcpy(contact.image, status->checkin.image, sizeof(contact.image));
	return mqtt_greet(driver, &contact, bytes);
}

static void take_status(struct driver *driver, const char *node, const struct profile_node_status *status, size_t bytes)
{
	const struct driver_host *host = driver->host;

	if (status->presence == PROFILE_OFFLINE) {
		driver->counters.wills++;
		host->lost(host->context, node);
		return;
	}
	if (!greet(driver, node, status, bytes))
		return;
	driver->counters.statuses++;
	if (status->presence != PROFILE_UPDATING)
		return;
	host->progress(host->context, &(struct delivery_progress){
					      .node = node,
					      .state = delivery_state_of(status->update.state),
					      .offset = status->update.offset,
					      .code = status->update.code,
					      .said = true,
				      });
}

/* What is retained was heard when it was said, unless the broker did not know the gateway then. */
static bool is_old(const struct mqtt_arrival *arrival, const struct profile_node_status *status)
{
	return arrival->message.retain && (arrival->resumed || status->presence == PROFILE_OFFLINE);
}

void mqtt_on_status(struct driver *driver, const char *node, const struct mqtt_arrival *arrival)
{
	struct span payload = arrival->message.payload;
	struct profile_node_status status;

	if (payload.size == 0) /* a retained status is taken back */
		driver->counters.retained_ignored++;
	else if (profile_parse_node_status(&status, FORMAT_JSON, payload) < 0)
		mqtt_refuse(driver, MQTT_REFUSED_MALFORMED, node);
	else if (is_old(arrival, &status))
		driver->counters.retained_ignored++;
	else
		take_status(driver, node, &status, arrival->message.topic.size + payload.size);
	mqtt_link_acknowledge(driver->link, arrival->ticket);
}
