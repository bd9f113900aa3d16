#include "tests/sim/site_broker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/columns.h"
#include "protocols/cursor.h"
#include "protocols/senml.h"
#include "tests/sim/site_alerts.h"
#include "tests/sim/site_clock.h"
#include "tests/sim/site_ledger.h"
#include "tests/sim/site_thinned.h"
#include "tests/sim/site_world.h"

#define BATCH_MAGIC 0x57
#define UNSET_WAIT_MS (5 * SITE_MINUTE_MS) /* docs/telemetry.md, "Times" */
#define RECONNECT_MS 3000
#define NOTICED_MOST_MS 60000 /* as a keepalive has it */

struct uplink {
	struct site_broker *broker;
};

/* What comes. */

static void take_reading(struct site_broker *broker, uint64_t sequence, const struct segment_entry *entry)
{
	char id[16] = "", name[16] = "";
	unsigned node = UINT32_MAX;

	if (entry->node.size < sizeof(id))
		memcpy(id, entry->node.data, entry->node.size);
	if (sscanf(id, "node-%u", &node) != 1)
		node = UINT32_MAX;
	bool is_new = site_thinned_come(broker->thinned, sequence);
	if (entry->reading.name.size > 6 && entry->reading.name.size < sizeof(name)) {
		memcpy(name, entry->reading.name.data, entry->reading.name.size);
		if (is_new)
			site_thinned_receive(broker->thinned,
				&(struct site_thin_part){ sequence, node, name + 6,
					number_value(&entry->reading.number), entry->reading.time_us });
		return;
	}
	site_ledger_receive(
		broker->ledger, sequence, node, (uint32_t)number_value(&entry->reading.number), entry->reading.time_us);
}

static void take_batch(struct site_broker *broker, const uint8_t *data, size_t size)
{
	struct columns_reader *columns;
	struct segment_entry entry;
	struct reader in;

	reader_init(&in, data, size);
	(void)read_u8(&in);
	(void)read_bytes(&in, read_varint(&in)); /* the gateway */
	(void)read_varint(&in);                  /* its boot */
	uint64_t sequence = read_varint(&in), last = read_varint(&in);
	if (site_clock_is_unset(broker->world) && broker->world->now_ms - broker->since_ms < UNSET_WAIT_MS)
		site_world_fail(broker->world, "readings came before the clock was set, after %d s",
			(int)(broker->world->now_ms - broker->since_ms) / 1000);
	size_t room = in.failed ? 0 : columns_reader_memory(in.at, reader_left(&in));
	void *memory = malloc(room + 1);
	if (room == 0 || columns_reader_init(&columns, memory, in.at, reader_left(&in)) < 0) {
		site_world_fail(broker->world, "a batch of %zu bytes cannot be read", size);
		free(memory);
		return;
	}
	for (; columns_next(columns, &entry) > 0; sequence++)
		take_reading(broker, sequence, &entry);
	if (sequence != last + 1)
		site_world_fail(broker->world, "a batch has another number of readings than it says");
	free(memory);
}

static void take_gap(struct site_broker *broker, const char *text)
{
	const char *lost = strstr(text, "lost=");

	site_world_say(broker->world, "broker: gap %s", text);
	site_thinned_lose(broker->thinned, text);
	site_ledger_lose(
		broker->ledger, lost ? strtoull(lost + 5, NULL, 10) : 0, strstr(text, "reason=unused") != NULL);
}

static void take_gaps(struct site_broker *broker, const uint8_t *data, size_t size)
{
	static struct reading readings[READINGS_MAX];
	static char scratch[64 * 1024];
	struct senml_pack pack = { readings, READINGS_MAX, scratch, sizeof(scratch), 0, 0 };
	struct senml_source source = { size > 0 && *data == '[' ? FORMAT_JSON : FORMAT_CBOR,
		{ (const char *)data, size }, site_world_wall_ms(broker->world) * 1000 };
	char text[256];

	if (senml_parse(&pack, &source) < 0) {
		site_world_fail(broker->world, "a message of gaps cannot be read");
		return;
	}
	for (size_t i = 0; i < pack.count; i++) {
		snprintf(text, sizeof(text), "%.*s", (int)readings[i].text.size, readings[i].text.data);
		take_gap(broker, text);
	}
}

static void take(struct site_broker *broker, const struct site_letter *letter)
{
	broker->messages++;
	broker->bytes += letter->size;
	if (letter->size > 0 && letter->payload[0] == BATCH_MAGIC)
		take_batch(broker, letter->payload, letter->size);
	else
		take_gaps(broker, letter->payload, letter->size);
}

/* Messages under way: the argument is session << 32 | place. */

static struct site_letter *letter_of(struct site_broker *broker, uint64_t argument)
{
	struct site_letter *letter = &broker->letters[argument % SITE_BROKER_WINDOW];

	return broker->connected && argument >> 32 == broker->session && letter->used ? letter : NULL;
}

static void on_answered(void *context, uint64_t argument)
{
	struct site_broker *broker = context;
	struct site_letter *letter = letter_of(broker, argument);

	if (!letter || broker->stalled)
		return;
	letter->used = false;
	broker->in_flight--;
	if (letter->topic == SITE_ALERT)
		site_alerts_settle(broker->alerts, letter->alert);
	broker->host->delivered(broker->host->context, letter->ticket, 0);
}

static void on_arrived(void *context, uint64_t argument)
{
	struct site_broker *broker = context;
	struct site_letter *letter = letter_of(broker, argument);

	if (!letter || broker->stalled)
		return;
	if (letter->topic == SITE_TELEMETRY)
		take(broker, letter);
	if (letter->topic == SITE_ALERT)
		letter->alert = site_alerts_take(broker->alerts, (const char *)letter->payload, letter->size);
	free(letter->payload);
	letter->payload = NULL;
	site_world_later(broker->world, broker->delay_ms, on_answered, broker, argument);
}

static void forget_all(struct site_broker *broker, bool tell)
{
	for (size_t i = 0; i < SITE_BROKER_WINDOW; i++) {
		struct site_letter *letter = &broker->letters[i];
		if (!letter->used)
			continue;
		letter->used = false;
		free(letter->payload);
		letter->payload = NULL;
		if (tell)
			broker->host->delivered(broker->host->context, letter->ticket, -ENOTCONN);
	}
	broker->in_flight = 0;
}

/* Sessions. */

static void on_session(void *context, uint64_t session)
{
	struct site_broker *broker = context;

	if (!broker->host || !broker->reachable || broker->connected || session != broker->session)
		return;
	broker->connected = true;
	broker->since_ms = broker->world->now_ms;
	broker->stalled = false;
	broker->host->connected(broker->host->context, "site", SITE_BROKER_WINDOW);
}

static void begin_session(struct site_broker *broker)
{
	broker->session++;
	site_world_later(broker->world, site_world_between(broker->world, 200, RECONNECT_MS), on_session, broker,
		broker->session);
}

/* The end of a session is noticed some time after nothing comes through any more. */
static void on_noticed(void *context, uint64_t session)
{
	struct site_broker *broker = context;

	if (!broker->connected || session != broker->session)
		return;
	broker->connected = false;
	forget_all(broker, true);
	broker->host->disconnected(broker->host->context, "site");
	if (broker->reachable)
		begin_session(broker);
}

void site_broker_set_reachable(struct site_broker *broker, bool reachable)
{
	if (broker->reachable == reachable)
		return;
	broker->reachable = reachable;
	site_world_say(broker->world, "uplink %s", reachable ? "up" : "down");
	if (!broker->host)
		return;
	if (reachable && !broker->connected)
		begin_session(broker);
	if (reachable || !broker->connected)
		return;
	broker->stalled = true;
	site_world_later(broker->world, site_world_between(broker->world, 100, NOTICED_MOST_MS), on_noticed, broker,
		broker->session);
}

void site_broker_open(struct site_broker *broker, struct site_world *world, struct site_ledger *ledger)
{
	*broker = (struct site_broker){ .world = world, .ledger = ledger, .reachable = true, .delay_ms = 20 };
}

void site_broker_close(struct site_broker *broker)
{
	forget_all(broker, false);
}

/* As an uplink. */

static int open_uplink(struct uplink **out, struct uv_loop_s *loop, const void *settings,
	const struct uplink_identity *identity, const struct uplink_host *host, char *why, size_t why_size)
{
	struct uplink *uplink = calloc(1, sizeof(*uplink));

	if (!uplink)
		return -ENOMEM;
	uplink->broker = *(struct site_broker *const *)settings;
	uplink->broker->host = host;
	begin_session(uplink->broker);
	*out = uplink;
	return 0;
}

static enum site_topic topic_of(const char *topic)
{
	if (strncmp(topic, "telemetry/", 10) == 0)
		return SITE_TELEMETRY;
	return strcmp(topic, "alert/site") == 0 ? SITE_ALERT : SITE_OTHER;
}

static int publish(struct uplink *uplink, const struct uplink_message *message, uint64_t ticket)
{
	struct site_broker *broker = uplink->broker;
	size_t place = 0;

	if (!broker->connected)
		return -ENOTCONN;
	if (message->quality == 0)
		return 0;
	if (broker->in_flight == SITE_BROKER_WINDOW)
		return -ENOBUFS;
	while (broker->letters[place].used)
		place++;
	struct site_letter *letter = &broker->letters[place];
	*letter = (struct site_letter){ .ticket = ticket,
		.payload = malloc(message->size + 1),
		.size = message->size,
		.topic = topic_of(message->topic),
		.used = true };
	if (!letter->payload)
		abort();
	memcpy(letter->payload, message->payload, message->size);
	broker->in_flight++;
	site_world_later(broker->world, broker->delay_ms + site_world_between(broker->world, 0, 10), on_arrived, broker,
		(uint64_t)broker->session << 32 | place);
	return 0;
}

static void traffic(const struct uplink *uplink, uint64_t *bytes_sent, uint64_t *bytes_received)
{
	*bytes_sent = uplink->broker->bytes;
	*bytes_received = 0;
}

static void close_uplink(struct uplink *uplink)
{
	if (!uplink)
		return;
	forget_all(uplink->broker, false);
	uplink->broker->connected = false;
	uplink->broker->host = NULL;
	uplink->broker->session++;
	free(uplink);
}

const struct uplink_ops site_broker_uplink = {
	.name = "site",
	.open = open_uplink,
	.publish = publish,
	.traffic = traffic,
	.close = close_uplink,
};
