#include "gateway/networks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "drivers/builtin.h"
#include "drivers/driver.h"
#include "drivers/image_source.h"
#include "drivers/remote.h"
#include "gateway/driver_records.h"
#include "gateway/durable_answer.h"
#include "gateway/firmware_counts.h"
#include "gateway/holds.h"
#include "gateway/image_cache.h"
#include "gateway/link_budget.h"
#include "gateway/log.h"
#include "gateway/node_commands.h"
#include "gateway/nodes.h"
#include "gateway/random.h"
#include "gateway/remote_drivers.h"
#include "gateway/rollouts.h"
#include "gateway/schedule.h"
#include "gateway/slots.h"
#include "gateway/telemetry.h"
#include "gateway/updates.h"

#define NETWORKS_MAX 16
#define ANSWER_BYTES 32    /* about what a contact is answered with */
#define RELEASE_MS 10000   /* between looks for lost nodes */
#define CLAIM_LOG_MS 10000 /* between two lines of the log about nodes of other drivers */
#define RELEASE_AFTER 2    /* intervals from the start, in which those that are there have called */

struct network {
	struct networks *networks;
	const char *name;
	const struct driver_ops *ops;
	const void *settings;
	struct driver *driver;
	struct driver_host host;
	struct link_budget budget;
	uint64_t refused; /* what it said of nodes that are another's */
	int64_t told_ms;  /* when the log last had one of these */
	struct network_trouble trouble;
};

struct networks {
	struct networks_parts parts;
	struct updates *updates;
	struct rollouts *rollouts;
	struct node_commands *commands;
	struct firmware_counts counts;
	struct slots slots;
	int64_t opened_ms;
	struct network list[NETWORKS_MAX];
	size_t count;
};

static struct network *network_of(struct networks *networks, const struct node *node);

/*
 * A node belongs to the driver that it came over, for as long as that is open: who claims its name elsewhere could take
 * its image, end its update or stop its readings. An operator moves a node by removing it.
 */
static bool is_anothers(struct network *network, const struct node *node)
{
	const struct network *owner;

	if (strcmp(node->record.driver, network->name) == 0 || !(owner = network_of(network->networks, node)))
		return false;
	int64_t now_ms = clock_moment(network->networks->parts.clock).monotonic_ms;
	if (network->refused++ == 0 || now_ms - network->told_ms >= CLAIM_LOG_MS) {
		network->told_ms = now_ms;
		log_warning("node.claim_refused node=%s driver=%s belongs_to=%s refused=%llu", node->id, network->name,
			owner->name, (unsigned long long)network->refused);
	}
	return true;
}

/* The node that the driver speaks of; NULL: it is not known, or not the driver's. */
static struct node *own_node(struct network *network, const char *id)
{
	struct node *node = nodes_find(network->networks->parts.nodes, id);

	return node && is_anothers(network, node) ? NULL : node;
}

/* What the slots say to the contact; `answer` gets it. False: the node is to come later. */
static bool is_let_in(
	struct networks *networks, struct node *node, const struct node_contact *contact, struct contact_answer *answer)
{
	const struct networks_parts *parts = &networks->parts;
	struct moment now = clock_moment(parts->clock);
	uint64_t drops = node->record.drops;
	const struct slots_contact visit = {
		.node_count = nodes_count(parts->nodes),
		.unscheduled = contact->unscheduled,
		.excused = contact->taken || telemetry_knows(parts->telemetry, contact->exchange),
	};

	if (contact->unscheduled)
		nodes_give_up_rank(parts->nodes, node);
	else
		nodes_settle_rank(parts->nodes, node);
	bool served = slots_on_contact(&networks->slots, &node->record, &visit, now, &answer->next_s);
	if (node->record.drops > drops)
		firmware_count_of(&networks->counts, &node->record)->drops += node->record.drops - drops;
	nodes_changed(parts->nodes, node, false);
	return served;
}

static void count_contact(struct networks *networks, const struct node *node, const struct node_contact *contact)
{
	struct firmware_count *count = firmware_count_of(&networks->counts, &node->record);

	count->contacts++;
	count->bytes_in += contact->bytes_in;
	count->bytes_out += contact->bytes_out;
}

static int on_contact(void *context, const struct node_contact *contact, struct contact_answer *answer)
{
	struct network *network = context;
	const struct networks_parts *parts = &network->networks->parts;
	struct moment now = clock_moment(parts->clock);
	int error = 0;

	telemetry_expect(parts->telemetry, contact->exchange);
	struct node *node = nodes_find(parts->nodes, contact->node);

	/* Its own batches, where nodes and uplink share a broker and its topics, are no node's. */
	if (strcmp(contact->node, parts->gateway) == 0)
		return -EACCES;
	if (node && is_anothers(network, node))
		return -EACCES;
	link_budget_spend(&network->budget, contact->message_bytes + ANSWER_BYTES, now.monotonic_ms);
	if (!node)
		error = nodes_add(parts->nodes, contact->node, network->name, now, &node);
	if (error)
		return error;
	if (!is_let_in(network->networks, node, contact, answer))
		return -EBUSY;
	error = nodes_contact(parts->nodes, network->name, contact, now, &node);
	if (error)
		return error;
	count_contact(network->networks, node, contact);
	rollouts_on_contact(network->networks->rollouts, node, now);
	updates_on_contact(network->networks->updates, node, contact->reports, now);
	return 0;
}

static void on_report(void *context, const struct reading_report *report)
{
	struct network *network = context;
	const struct networks_parts *parts = &network->networks->parts;
	struct node *node = own_node(network, report->node);

	if (!node) {
		report->done(report->context, -EACCES, 0);
		return;
	}
	node->record.readings += report->count;
	firmware_count_of(&network->networks->counts, &node->record)->readings += report->count;
	nodes_changed(parts->nodes, node, false);
	telemetry_take(parts->telemetry, report, clock_moment(parts->clock));
}

/* From now on it counts as missing, until it is heard of again. */
static void on_lost(void *context, const char *id)
{
	struct network *network = context;
	const struct networks_parts *parts = &network->networks->parts;
	struct node *node = own_node(network, id);

	if (!node)
		return;
	node->record.drops++;
	firmware_count_of(&network->networks->counts, &node->record)->drops++;
	node->record.next_contact_ms = clock_moment(parts->clock).wall_ms;
	nodes_changed(parts->nodes, node, false);
	log_info("node.lost node=%s", id);
}

static int64_t on_fetch(void *context, const char *id, uint32_t bytes)
{
	struct network *network = context;
	const struct networks_parts *parts = &network->networks->parts;
	const struct node *node = id ? own_node(network, id) : NULL;
	const struct link_fetch fetch = { .who = node, .parent = node ? node->parent : 0, .bytes = bytes };
	struct moment now = clock_moment(parts->clock);
	int64_t wait_ms = link_budget_fetch(&network->budget, &fetch, now.monotonic_ms);

	if (wait_ms > 0 && node)
		updates_on_put_off(network->networks->updates, node, wait_ms, now);
	return wait_ms;
}

static void on_progress(void *context, const struct delivery_progress *progress)
{
	struct network *network = context;
	const struct networks_parts *parts = &network->networks->parts;
	struct node *node = own_node(network, progress->node);
	struct moment now = clock_moment(parts->clock);

	if (!node)
		return;
	nodes_heard(parts->nodes, node, now);
	if (progress->state != DELIVERY_DOWNLOADING)
		link_budget_end(&network->budget, node, now.monotonic_ms);
	updates_on_progress(network->networks->updates, node, progress, now);
}

static void on_replied(void *context, const struct command_reply *reply)
{
	struct network *network = context;

	if (own_node(network, reply->node))
		node_commands_on_reply(network->networks->commands, reply);
}

static struct image_source *on_image(void *context, const char *name, const char *node)
{
	const struct networks *networks = ((const struct network *)context)->networks;
	struct image_source *image = image_cache_source_named(networks->parts.images, name);

	/* A transfer asks for one block after the other, also of nodes that are not known by their address. */
	if (!image || holds_on_all(networks->parts.holds))
		return NULL;
	return node && updates_has_ended(networks->updates, node, image->sha256) ? NULL : image;
}

static void on_event(void *context, enum driver_level level, const char *line)
{
	static const enum log_level levels[] = {
		[DRIVER_ERROR] = LOG_LEVEL_ERROR,
		[DRIVER_WARNING] = LOG_LEVEL_WARNING,
		[DRIVER_NOTICE] = LOG_LEVEL_NOTICE,
		[DRIVER_INFO] = LOG_LEVEL_INFO,
		[DRIVER_DEBUG] = LOG_LEVEL_DEBUG,
	};
	log_line(levels[level], "%s", line);
}

static int on_keep(void *context, const struct driver_record *record)
{
	const struct network *network = context;

	return driver_records_keep(network->networks->parts.records, network->name, record);
}

static void on_recall(void *context, void (*each)(void *taker, const struct driver_record *record), void *taker)
{
	const struct network *network = context;

	driver_records_recall(network->networks->parts.records, network->name, each, taker);
}

static void on_trouble(void *context, enum driver_level level, const char *sentence)
{
	struct network *network = context;

	network->trouble.useless = level == DRIVER_ERROR;
	(void)snprintf(network->trouble.sentence, sizeof(network->trouble.sentence), "%s", sentence);
}

static int start(struct networks *networks, const struct network *chosen, char *why, size_t why_size)
{
	struct network *network = &networks->list[networks->count];

	if (networks->count == NETWORKS_MAX)
		return -ENOBUFS;
	*network = *chosen;
	network->networks = networks;
	network->host = (struct driver_host){
		.context = network,
		.contact = on_contact,
		.report = on_report,
		.lost = on_lost,
		.fetch = on_fetch,
		.progress = on_progress,
		.replied = on_replied,
		.image = on_image,
		.event = on_event,
		.keep = on_keep,
		.recall = on_recall,
		.trouble = on_trouble,
	};
	link_budget_init(&network->budget, networks->parts.links);
	int error = network->ops->open(
		&network->driver, networks->parts.loop, network->settings, &network->host, why, why_size);
	if (error)
		return error;
	networks->count++;
	return 0;
}

static int start_named(struct networks *networks, const struct network *chosen, char *why, size_t why_size)
{
	char reason[256] = "";
	int error = start(networks, chosen, reason, sizeof(reason));

	if (error)
		snprintf(why, why_size, "%s: %s", chosen->name, *reason ? reason : strerror(-error));
	return error;
}

static int start_builtin(
	struct networks *networks, const struct driver_ops *ops, const void *values, char *why, size_t why_size)
{
	struct network chosen = { .name = ops->name, .ops = ops, .settings = values };
	const struct remote_settings *remote =
		networks->parts.remotes ? remote_drivers_of(networks->parts.remotes, ops, values) : NULL;

	if (remote) {
		chosen.ops = &driver_remote;
		chosen.settings = remote;
	}
	return start_named(networks, &chosen, why, why_size);
}

static int start_others(struct networks *networks, char *why, size_t why_size)
{
	const struct remote_settings *remote;
	int error = 0;

	for (size_t i = 0; !error && (remote = remote_drivers_other(networks->parts.remotes, i)); i++) {
		const struct network chosen = { .name = remote->name, .ops = &driver_remote, .settings = remote };
		if (!builtin_driver(remote->name))
			error = start_named(networks, &chosen, why, why_size);
	}
	return error;
}

static int start_configured(struct networks *networks, const struct config *config, char *why, size_t why_size)
{
	int error = 0;

	for (size_t i = 0; !error && builtin_drivers[i]; i++) {
		const struct settings_table *table = builtin_drivers[i]->settings;
		if (config_has(config, table))
			error = start_builtin(
				networks, builtin_drivers[i], config_values(config, table), why, why_size);
	}
	return error || !networks->parts.remotes ? error : start_others(networks, why, why_size);
}

int networks_open(struct networks **out, const struct networks_parts *parts, const struct config *config, char *why,
	size_t why_size)
{
	struct networks *networks = calloc(1, sizeof(*networks));

	if (!networks)
		return -ENOMEM;
	networks->parts = *parts;
	networks->opened_ms = clock_moment(parts->clock).monotonic_ms;
	slots_init(&networks->slots, parts->schedule, parts->random);
	int error = parts->only ? start_builtin(networks, parts->only, parts->only_settings, why, why_size)
				: start_configured(networks, config, why, why_size);
	if (error) {
		networks_close(networks);
		return error;
	}
	*out = networks;
	return 0;
}

void networks_attach(struct networks *networks, struct updates *updates, struct rollouts *rollouts)
{
	networks->updates = updates;
	networks->rollouts = rollouts;
}

void networks_attach_commands(struct networks *networks, struct node_commands *commands)
{
	networks->commands = commands;
}

int64_t networks_tick(struct networks *networks, struct moment now)
{
	const struct networks_parts *parts = &networks->parts;
	int64_t interval_ms = parts->schedule->interval_ms;

	if (now.monotonic_ms - networks->opened_ms > RELEASE_AFTER * interval_ms)
		nodes_release_lost(parts->nodes, interval_ms, now);
	if (parts->records)
		driver_records_tick(parts->records);
	return RELEASE_MS;
}

const struct slots *networks_slots(const struct networks *networks)
{
	return &networks->slots;
}

void networks_reload(struct networks *networks)
{
	for (size_t i = 0; i < networks->count; i++) {
		struct network *network = &networks->list[i];
		if (!network->ops->reload)
			continue;
		int error = network->ops->reload(network->driver, network->settings);
		if (error)
			log_warning("%s.reload_refused error=\"%s\"", network->name, strerror(-error));
	}
}

void networks_close(struct networks *networks)
{
	if (!networks)
		return;
	while (networks->count > 0) {
		struct network *network = &networks->list[--networks->count];
		network->ops->close(network->driver);
	}
	free(networks);
}

static struct network *network_named(struct networks *networks, const char *name)
{
	for (size_t i = 0; i < networks->count; i++)
		if (strcmp(networks->list[i].name, name) == 0)
			return &networks->list[i];
	return NULL;
}

static struct network *network_of(struct networks *networks, const struct node *node)
{
	return network_named(networks, node->record.driver);
}

int networks_offer(struct networks *networks, const struct node *node, const struct driver_offer *offer)
{
	struct network *network = network_of(networks, node);

	return network ? network->ops->offer(network->driver, offer) : -ENODEV;
}

void networks_withdraw(struct networks *networks, const struct node *node)
{
	struct network *network = network_of(networks, node);

	if (!network)
		return;
	link_budget_end(&network->budget, node, clock_moment(networks->parts.clock).monotonic_ms);
	(void)network->ops->withdraw(network->driver, node->record.id);
}

int networks_command(struct networks *networks, const struct node *node, const struct driver_command *command)
{
	struct network *network = network_of(networks, node);

	if (!network)
		return -ENODEV;
	return network->ops->command ? network->ops->command(network->driver, command) : -ENOTSUP;
}

int networks_ask(struct networks *networks, const char *driver, const struct driver_question *question)
{
	struct network *network = network_named(networks, driver);

	if (!network)
		return -ENODEV;
	struct driver_question put = *question;
	if (!network->ops->ask)
		return -ENOTSUP;
	int error = networks->parts.records
			    ? durable_answer_begin(&put, networks->parts.records, network->name, question)
			    : 0;
	if (error)
		return error;
	network->ops->ask(network->driver, &put);
	return 0;
}

void networks_drivers(const struct networks *networks,
	void (*each)(void *context, const char *driver, const struct driver_process *process,
		const struct network_trouble *trouble),
	void *context)
{
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->list[i];
		struct driver_process process = { 0 };
		if (network->ops->process)
			network->ops->process(network->driver, &process);
		each(context, network->name, network->ops->process ? &process : NULL, &network->trouble);
	}
}

void networks_images_ready(struct networks *networks)
{
	for (size_t i = 0; i < networks->count; i++)
		networks->list[i].ops->images_ready(networks->list[i].driver);
}

struct firmware_counts *networks_firmware(struct networks *networks)
{
	return &networks->counts;
}

static void count_budget(const struct network *network,
	void (*each)(void *context, const char *driver, const struct driver_counter *counter), void *context)
{
	const struct link_budget *budget = &network->budget;
	const struct driver_counter counters[] = {
		{ "transfers_now", &budget->taken },
		{ "transfers_waiting_now", &budget->waiting },
		{ "fetches_without_place", &budget->put_off_places },
		{ "fetches_over_rate", &budget->put_off_bytes },
		{ "claims_refused", &network->refused },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		each(context, network->name, &counters[i]);
}

void networks_counters(const struct networks *networks,
	void (*each)(void *context, const char *driver, const struct driver_counter *counter), void *context)
{
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->list[i];
		const struct driver_counter *counters = NULL;
		size_t count = network->ops->counters ? network->ops->counters(network->driver, &counters) : 0;
		for (size_t j = 0; j < count; j++)
			each(context, network->name, &counters[j]);
		count_budget(network, each, context);
	}
}
