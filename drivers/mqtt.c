/* The driver for nodes behind a local MQTT broker: puts the link, the topics and what is said on them together. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/mqtt_driver.h"

#define LINE_SIZE 512
#define QUIET_MS 60000 /* between two lines about refused messages of one kind */

void mqtt_tell(const struct driver *driver, enum driver_level level, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	driver->host->event(driver->host->context, level, line);
}

void mqtt_refuse(struct driver *driver, enum mqtt_refusal refusal, const char *node)
{
	static const char *const reasons[] = {
		[MQTT_REFUSED_TOPIC] = "topic",
		[MQTT_REFUSED_MALFORMED] = "malformed",
		[MQTT_REFUSED_IDENTITY] = "other_device_id",
		[MQTT_REFUSED_NODE] = "not_accepted",
		[MQTT_REFUSED_FULL] = "registry_full",
		[MQTT_REFUSED_SIZE] = "too_large",
	};
	struct mqtt_counters *counters = &driver->counters;
	uint64_t *const counts[] = {
		[MQTT_REFUSED_TOPIC] = &counters->topics_unknown,
		[MQTT_REFUSED_MALFORMED] = &counters->messages_malformed,
		[MQTT_REFUSED_IDENTITY] = &counters->identities_refused,
		[MQTT_REFUSED_NODE] = &counters->nodes_refused,
		[MQTT_REFUSED_FULL] = &counters->nodes_refused,
		[MQTT_REFUSED_SIZE] = &counters->messages_oversized,
	};
	int64_t now_ms = (int64_t)uv_now(driver->loop);

	++*counts[refusal];
	if (now_ms < driver->quiet_until_ms[refusal])
		return;
	driver->quiet_until_ms[refusal] = now_ms + QUIET_MS;
	mqtt_tell(driver, DRIVER_WARNING, "mqtt_nodes.refused reason=%s node=%s count=%llu", reasons[refusal],
		*node ? node : "-", (unsigned long long)*counts[refusal]);
}

bool mqtt_may_speak(const struct driver *driver, const char *node)
{
	return driver->accept == MQTT_ACCEPT_OPEN || coap_keys_find(&driver->known, node);
}

bool mqtt_greet(struct driver *driver, struct node_contact *contact, size_t bytes)
{
	struct contact_answer answer;
	int result = -EACCES;

	contact->unscheduled = !driver->settings->slots;
	contact->taken = true; /* the broker told it so */
	contact->bytes_in = (uint32_t)bytes;
	if (mqtt_may_speak(driver, contact->node))
		result = driver->host->contact(driver->host->context, contact, &answer);
	if (result != 0) {
		/* Not held until there is room: PUBACKs go in order, so that it would hold up those of all other nodes.
		 */
		mqtt_refuse(driver, result == -ENOBUFS ? MQTT_REFUSED_FULL : MQTT_REFUSED_NODE, contact->node);
		return false;
	}
	if (!contact->unscheduled)
		mqtt_tell_slot(driver, contact->node, answer.next_s);
	return true;
}

/* ---- the link ---- */

static void on_opened(void *context, bool resumed)
{
	struct driver *driver = context;

	driver->counters.connected_now = 1;
	driver->counters.connections++;
	mqtt_tell(driver, DRIVER_NOTICE, "mqtt_nodes.connected broker=%s:%lld resumed=%s", driver->settings->host,
		(long long)driver->settings->port, resumed ? "yes" : "no");
	mqtt_firmware_on_opened(driver);
}

static void on_down(void *context, bool stood, const char *reason, int64_t retry_ms)
{
	struct driver *driver = context;

	driver->counters.connected_now = 0;
	mqtt_firmware_on_down(driver);
	mqtt_tell(driver, DRIVER_WARNING, "mqtt_nodes.%s broker=%s:%lld reason=\"%s\" retry_ms=%lld",
		stood ? "disconnected" : "unreachable", driver->settings->host, (long long)driver->settings->port,
		reason, (long long)retry_ms);
}

static void on_message(void *context, const struct mqtt_arrival *arrival)
{
	struct driver *driver = context;
	const struct {
		const struct mqtt_template *template;
		void (*take)(struct driver *driver, const char *node, const struct mqtt_arrival *arrival);
	} purposes[] = {
		{ &driver->telemetry, mqtt_on_telemetry },
		{ &driver->status, mqtt_on_status },
		{ &driver->firmware.requests, mqtt_on_request },
		{ &driver->replies, mqtt_on_reply },
	};
	char node[NODE_ID_MAX + 1];

	driver->counters.messages++;
	for (size_t i = 0; i < sizeof(purposes) / sizeof(purposes[0]); i++) {
		if (mqtt_template_match(purposes[i].template, arrival->message.topic, node) != 0)
			continue;
		purposes[i].take(driver, node, arrival);
		return;
	}
	mqtt_refuse(driver, MQTT_REFUSED_TOPIC, "");
	mqtt_link_acknowledge(driver->link, arrival->ticket);
}

static void on_published(void *context, const char *topic)
{
	mqtt_firmware_on_published(context, topic);
}

static void on_oversized(void *context, size_t bytes)
{
	mqtt_refuse(context, MQTT_REFUSED_SIZE, "");
}

static void on_drained(void *context)
{
	mqtt_firmware_on_drained(context);
}

/* ---- opening and closing ---- */

struct counter_place {
	const char *name;
	size_t offset;
};

#define COUNTER(member)                                         \
	{                                                       \
#member, offsetof(struct mqtt_counters, member) \
	}

static void list_counters(struct driver *driver)
{
	static const struct counter_place places[] = { COUNTER(connected_now), COUNTER(connections), COUNTER(messages),
		COUNTER(topics_unknown), COUNTER(retained_ignored), COUNTER(messages_oversized),
		COUNTER(messages_malformed), COUNTER(identities_refused), COUNTER(nodes_refused), COUNTER(reports),
		COUNTER(readings), COUNTER(repeated), COUNTER(held_now), COUNTER(unkept_lost), COUNTER(statuses),
		COUNTER(wills), COUNTER(offers_now), COUNTER(manifests), COUNTER(blocks), COUNTER(block_bytes),
		COUNTER(blocks_absent), COUNTER(requests_dropped), COUNTER(requests_put_off), COUNTER(commands),
		COUNTER(replies), COUNTER(slots_told) };
	_Static_assert(sizeof(places) / sizeof(places[0]) <= MQTT_COUNTERS_MAX, "every counter has a place");

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		driver->counter_list[driver->counter_count++] = (struct driver_counter){
			places[i].name,
			(const uint64_t *)((const char *)&driver->counters + places[i].offset),
		};
}

static void subscribe(struct driver *driver, const struct mqtt_template *template, uint8_t quality)
{
	struct mqtt_subscribe *subscriptions = &driver->subscriptions;
	char *filter = driver->filters[subscriptions->count];

	mqtt_template_filter(template, filter);
	subscriptions->filters[subscriptions->count].topic = (struct span){ filter, strlen(filter) };
	subscriptions->filters[subscriptions->count++].quality = quality;
}

static int parse_topics(struct driver *driver, const struct mqtt_settings *settings, char *why, size_t why_size)
{
	if (mqtt_template_parse(&driver->telemetry, settings->telemetry_topic) < 0 ||
		mqtt_template_parse(&driver->status, settings->status_topic) < 0 ||
		mqtt_firmware_init(&driver->firmware, settings->firmware_topic) < 0 ||
		mqtt_template_parse(&driver->commands, settings->command_topic) < 0 ||
		mqtt_template_extend(&driver->replies, &driver->commands, "/reply") < 0 ||
		mqtt_template_extend(&driver->slots, &driver->commands, "/next") < 0) {
		(void)snprintf(why, why_size, "a topic has no place for {node}");
		return -EINVAL;
	}
	subscribe(driver, &driver->telemetry, 1);
	subscribe(driver, &driver->status, 1);
	/* Not to be kept for a gateway that is away: the node asks again. */
	subscribe(driver, &driver->firmware.requests, 0);
	subscribe(driver, &driver->replies, 1);
	return 0;
}

static int open_link(struct driver *driver, const struct mqtt_settings *settings)
{
	const struct mqtt_link_config config = {
		.host = settings->host,
		.port = (uint16_t)settings->port,
		.password_file = settings->password_file,
		.connect_timeout_ms = settings->connect_timeout_ms,
		.backoff_least_ms = settings->backoff_least_ms,
		.backoff_most_ms = settings->backoff_most_ms,
		.client = {
			.client_id = settings->client_id,
			.user_name = settings->username,
			.keep_alive_ms = settings->keepalive_ms / 1000 * 1000,
			.in_flight = (size_t)settings->in_flight,
			.subscriptions = &driver->subscriptions,
		},
	};
	const struct mqtt_link_host host = {
		.client = {
			.context = driver,
			.opened = on_opened,
			.message = on_message,
			.published = on_published,
			.oversized = on_oversized,
		},
		.down = on_down,
		.drained = on_drained,
	};

	return mqtt_link_open(&driver->link, driver->loop, &config, &host);
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle);
}

static void mqtt_close(struct driver *driver)
{
	if (!driver)
		return;
	mqtt_link_close(driver->link);
	mqtt_readings_finish(driver);
	mqtt_firmware_finish(&driver->firmware);
	if (driver->retry)
		uv_close((uv_handle_t *)driver->retry, on_timer_closed);
	coap_keys_finish(&driver->known);
	free(driver);
}

static int read_nodes(struct driver *driver, const struct mqtt_settings *settings, char *why, size_t why_size)
{
	return settings->nodes_file ? coap_nodes_read(&driver->known, settings->nodes_file, why, why_size) : 0;
}

static int open_parts(struct driver *driver, const struct mqtt_settings *settings, char *why, size_t why_size)
{
	int result = read_nodes(driver, settings, why, why_size);

	if (result == 0)
		result = parse_topics(driver, settings, why, why_size);
	if (result < 0)
		return result;
	driver->retry = malloc(sizeof(*driver->retry));
	if (!driver->retry)
		return -ENOMEM;
	(void)uv_timer_init(driver->loop, driver->retry);
	driver->retry->data = driver;
	return open_link(driver, settings);
}

static int mqtt_open(struct driver **out, struct uv_loop_s *loop, const void *values, const struct driver_host *host,
	char *why, size_t why_size)
{
	const struct mqtt_settings *settings = values;
	struct driver *driver = calloc(1, sizeof(*driver));

	(void)snprintf(why, why_size, "out of memory");
	if (!driver)
		return -ENOMEM;
	driver->loop = loop;
	driver->host = host;
	driver->settings = settings;
	driver->accept = (enum mqtt_accept)settings->accept;
	driver->held_last = &driver->held;
	coap_keys_init(&driver->known);
	int result = open_parts(driver, settings, why, why_size);
	if (result < 0) {
		mqtt_close(driver);
		return result;
	}
	list_counters(driver);
	*out = driver;
	return 0;
}

/* Who is accepted changes while it runs; broker and topics do not. */
static int mqtt_reload(struct driver *driver, const void *values)
{
	const struct mqtt_settings *settings = values;
	char why[LINE_SIZE / 2];
	int result = read_nodes(driver, settings, why, sizeof(why));

	if (result < 0) {
		mqtt_tell(driver, DRIVER_ERROR, "mqtt_nodes.reload_failed reason=\"%s\"", why);
		return result;
	}
	driver->accept = (enum mqtt_accept)settings->accept;
	mqtt_tell(driver, DRIVER_NOTICE, "mqtt_nodes.reloaded nodes=%zu", driver->known.count);
	return 0;
}

static int mqtt_withdraw(struct driver *driver, const char *node)
{
	mqtt_firmware_withdraw(driver, node);
	return 0;
}

static size_t mqtt_counters(const struct driver *driver, const struct driver_counter **out)
{
	*out = driver->counter_list;
	return driver->counter_count;
}

const struct driver_ops driver_mqtt = {
	.name = "mqtt",
	.settings = &mqtt_settings_table,
	.open = mqtt_open,
	.reload = mqtt_reload,
	.offer = mqtt_firmware_offer,
	.withdraw = mqtt_withdraw,
	.command = mqtt_command,
	.images_ready = mqtt_firmware_images_ready,
	.counters = mqtt_counters,
	.close = mqtt_close,
};
