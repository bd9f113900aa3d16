#include "tests/sim/site_nodes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/telemetry.h"
#include "tests/sim/site_images.h"
#include "tests/sim/site_ledger.h"
#include "tests/sim/site_links.h"
#include "tests/sim/site_thinned.h"
#include "tests/sim/site_world.h"

#define TIMEOUT_MS 2500 /* doubled each time, RFC 7252 section 4.8 */
#define ATTEMPTS 4
#define QUIET_MS (10 * SITE_MINUTE_MS)
#define BLOCK 1024
#define BLOCK_RETRIES 6
#define BATCH_MOST 24    /* readings in a message */
#define CONTACT_COSTS 40 /* of the battery, in thousandths of a percent */
#define UPDATE_COSTS 4000
#define NODE_FAILURE_INTEGRITY 5 /* LwM2M object 5, resource 5: integrity check failed */

static struct site_node *at(struct site_nodes *nodes, uint32_t index)
{
	return &nodes->list[index];
}

/* Alarms: the argument is wake << 32 | node; one that was set before another was, is void. */

static void wake_up(struct site_nodes *nodes, uint32_t index);
static void fetch(struct site_nodes *nodes, uint32_t index);
static void start_image(struct site_nodes *nodes, uint32_t index);
static void send(struct site_nodes *nodes, uint32_t index);

static void go_on(struct site_nodes *nodes, uint32_t index);
static void give_up(struct site_nodes *nodes, uint32_t index);

/* It waited for its hours, or for room on the link. */
static bool is_to_go_on(const struct site_nodes *nodes, const struct site_node *node)
{
	return node->wanted >= 0 && node->go_on_ms > 0 && node->go_on_ms <= nodes->world->now_ms;
}

static void on_alarm(void *context, uint64_t argument)
{
	struct site_nodes *nodes = context;
	uint32_t index = (uint32_t)argument;
	struct site_node *node = at(nodes, index);

	if (argument >> 32 != node->wake)
		return;
	switch ((enum site_phase)node->phase) {
	case SITE_ASLEEP:
		if (is_to_go_on(nodes, node))
			go_on(nodes, index);
		else
			wake_up(nodes, index);
		break;
	case SITE_CHECKING_IN:
	case SITE_REPORTING:
		if (++node->attempts == ATTEMPTS)
			give_up(nodes, index);
		else
			send(nodes, index);
		break;
	case SITE_FETCHING:
		fetch(nodes, index);
		break;
	case SITE_RESTARTING:
		start_image(nodes, index);
		break;
	case SITE_DEAD:
		break;
	}
}

/* Its clock runs a little fast or slow. */
static void set_alarm(struct site_nodes *nodes, uint32_t index, int64_t after_ms)
{
	struct site_node *node = at(nodes, index);

	after_ms += after_ms * node->drift_ppm / 1000000;
	node->wake++;
	site_world_later(nodes->world, after_ms, on_alarm, nodes, (uint64_t)node->wake << 32 | index);
}

static void sleep_for(struct site_nodes *nodes, uint32_t index, int64_t after_ms)
{
	at(nodes, index)->phase = SITE_ASLEEP;
	set_alarm(nodes, index, after_ms);
}

/* Until the slot that it was told, or about an interval if it never was. */
static int64_t until_slot_ms(struct site_nodes *nodes, const struct site_node *node)
{
	int64_t interval_ms = nodes->world->plan->interval_ms, left_ms = node->next_ms - nodes->world->now_ms;

	if (node->next_ms == 0)
		return interval_ms / 2 + site_world_between(nodes->world, 0, interval_ms);
	return left_ms > 1000 ? left_ms : 1000;
}

static void sleep_on(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);

	node->go_on_ms = 0;
	sleep_for(nodes, index, until_slot_ms(nodes, node));
}

/* Until it may go on with its update, or its slot, whichever comes first. */
static void sleep_until(struct site_nodes *nodes, uint32_t index, int64_t go_on_ms)
{
	struct site_node *node = at(nodes, index);
	int64_t slot_ms = until_slot_ms(nodes, node), wait_ms = go_on_ms - nodes->world->now_ms;

	node->go_on_ms = go_on_ms;
	sleep_for(nodes, index, wait_ms < slot_ms ? wait_ms + 1 : slot_ms);
}

static void give_up(struct site_nodes *nodes, uint32_t index)
{
	int64_t interval_ms = nodes->world->plan->interval_ms;

	sleep_for(nodes, index, interval_ms / 2 + site_world_between(nodes->world, 0, interval_ms / 2));
}

/* What it sends. */

static void send_check_in(struct site_nodes *nodes, uint32_t index)
{
	const struct site_node *node = at(nodes, index);
	const struct site_image *image = &nodes->images->list[node->runs];
	char id[16], parent[16];
	struct node_contact contact = {
		.node = site_radio_node_id(index, id),
		.reports = true,
		.hardware = image->hardware,
		.version = image->version,
		.image_size = 8,
		.battery_percent = node->battery_milli / 1000,
		.signal_dbm = -70,
		.parent = site_links_parent(nodes->radio->links, index, parent),
		.bytes_in = 60,
		.bytes_out = 30,
	};

	memcpy(contact.image, image->sha256, contact.image_size);
	site_radio_check_in(nodes->radio, index, node->token, &contact);
}

/* One without a date says how old it is, and its driver reckons from the gateway's clock. */
static void describe_reading(const struct site_nodes *nodes, uint32_t number, int64_t time_us, struct reading *out)
{
	bool undated = site_ledger_is_undated(nodes->ledger, number);

	*out = (struct reading){ .name = { site_thinned_is_alarm(nodes->world, number) ? "alarm" : "count", 5 },
		.kind = READING_NUMBER,
		.number = { .mantissa = number },
		.has_time = true,
		.is_dated = !undated,
		.time_us = undated ? time_us + nodes->world->clock_off_ms * 1000 : time_us };
}

static void excuse_batch(struct site_nodes *nodes, uint32_t index)
{
	uint32_t first = nodes->ledger->accounts[index].acknowledged + 1, last = at(nodes, index)->batch_last;

	if (last > 0)
		site_ledger_excuse(nodes->ledger, index, first, last);
}

void site_nodes_on_refusal(struct site_nodes *nodes, uint32_t index)
{
	if (nodes->world->plan->remembers)
		excuse_batch(nodes, index);
}

/* Whether the gateway may take a repetition for news, see docs/telemetry.md. */
static bool may_be_unknown(const struct site_nodes *nodes, const struct site_node *node)
{
	bool cut = node->batch_cuts != nodes->radio->cuts;

	return nodes->world->now_ms - node->batch_sent_ms > EXCHANGE_LIFE_MS || (cut && nodes->world->plan->remembers);
}

/* The same bytes until they are acknowledged, so the same exchange. */
static void send_batch(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);
	const struct site_account *account = &nodes->ledger->accounts[index];
	struct reading readings[BATCH_MOST];
	uint32_t first = account->acknowledged + 1, count = 0;
	struct site_batch report = { .node = index, .token = node->token, .readings = readings };

	if (node->batch_last == 0) {
		node->batch_last =
			account->made - account->acknowledged > BATCH_MOST ? first + BATCH_MOST - 1 : account->made;
		node->batch_sent_ms = nodes->world->now_ms;
		node->batch_cuts = nodes->radio->cuts;
	} else if (may_be_unknown(nodes, node)) {
		excuse_batch(nodes, index);
	}
	for (uint32_t number = first; number <= node->batch_last; number++) {
		describe_reading(nodes, number, account->readings[number - 1].time_us, &readings[count++]);
		report.urgent |= site_thinned_is_alarm(nodes->world, number);
	}
	site_ledger_send(nodes->ledger, index, first, node->batch_last);
	report.count = count;
	report.exchange = (uint64_t)(index + 1) << 32 | node->batch_last;
	site_radio_report(nodes->radio, &report);
}

/* Sends, or sends again, and awaits the answer. */
static void send(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);

	set_alarm(nodes, index,
		((int64_t)TIMEOUT_MS << node->attempts) + site_world_between(nodes->world, 0, TIMEOUT_MS / 2));
	if (node->phase == SITE_CHECKING_IN)
		send_check_in(nodes, index);
	else
		send_batch(nodes, index);
}

static void begin_message(struct site_nodes *nodes, uint32_t index, enum site_phase phase)
{
	struct site_node *node = at(nodes, index);

	node->phase = (uint8_t)phase;
	node->token++;
	node->attempts = 0;
	send(nodes, index);
}

/* The battery is empty: until somebody changes it nothing happens. */
static bool is_empty(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);

	node->battery_milli -= CONTACT_COSTS;
	if (node->battery_milli > 0)
		return false;
	site_world_say(nodes->world, "node-%05u: battery empty", index);
	node->battery_milli = 100000;
	node->must_check_in = true;
	sleep_for(nodes, index, site_world_between(nodes->world, SITE_HOUR_MS, 8 * SITE_HOUR_MS));
	return true;
}

static void wake_up(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);
	const struct site_plan *plan = nodes->world->plan;

	/* What is acknowledged in the last minutes may be on its way at the end. */
	if (nodes->world->now_ms > plan->days_ms - QUIET_MS)
		return;
	node->wakes++;
	for (unsigned i = 0; i < plan->readings; i++)
		(void)site_ledger_make(nodes->ledger, index, (site_world_wall_ms(nodes->world) + i) * 1000);
	if (is_empty(nodes, index))
		return;
	if (site_world_chance(nodes->world, plan->reboots) || node->wakes % plan->check_in == 0)
		node->must_check_in = true;
	begin_message(nodes, index, node->must_check_in ? SITE_CHECKING_IN : SITE_REPORTING);
}

/* What it is answered. */

static void forget_wanted(struct site_node *node)
{
	node->wanted = -1;
	node->ready = false;
	node->go_on_ms = 0;
}

/* When it may start what it fetches. */
static void note_times(const struct site_nodes *nodes, struct site_node *node, const struct site_answer *answer)
{
	int64_t now_ms = nodes->world->now_ms;

	node->next_ms = now_ms + (int64_t)answer->next_s * 1000;
	node->apply_ms = now_ms + (int64_t)answer->apply_s * 1000;
	node->until_ms = answer->until_s > 0 ? now_ms + (int64_t)answer->until_s * 1000 : 0;
}

static void follow_offer(struct site_nodes *nodes, uint32_t index, int image)
{
	struct site_node *node = at(nodes, index);

	if (image < 0 || image == node->runs) {
		forget_wanted(node);
		sleep_on(nodes, index);
		return;
	}
	if (node->wanted != image) {
		forget_wanted(node);
		node->wanted = (int8_t)image;
		node->offset = 0;
		if (nodes->begins)
			nodes->begins(nodes->context, index, image);
	}
	go_on(nodes, index);
}

static void on_checked_in(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);

	node->must_check_in = false;
	node->told = node->runs;
	if (node->fell_back) {
		node->fell_back = false;
		site_radio_status(nodes->radio, index, DELIVERY_REVERTED, 0);
	}
}

void site_nodes_on_answer(void *context, uint32_t index, uint32_t token, const struct site_answer *answer)
{
	struct site_nodes *nodes = context;
	struct site_node *node = at(nodes, index);
	const struct site_account *account = &nodes->ledger->accounts[index];
	enum site_phase phase = (enum site_phase)node->phase;

	if (token != node->token || (phase != SITE_CHECKING_IN && phase != SITE_REPORTING))
		return;
	if (answer->result < 0) {
		int64_t after_s = answer->retry_s > 0 ? answer->retry_s : 60;
		sleep_for(nodes, index, after_s * 1000 + site_world_between(nodes->world, 0, 30000));
		return;
	}
	note_times(nodes, node, answer);
	if (phase == SITE_CHECKING_IN) {
		on_checked_in(nodes, index);
	} else {
		site_ledger_acknowledge(nodes->ledger, index, node->batch_last);
		node->batch_last = 0;
	}
	if (account->made > account->acknowledged)
		begin_message(nodes, index, SITE_REPORTING);
	else
		follow_offer(nodes, index, answer->image);
}

/* Transfers. */

static void tell_failure(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);

	site_radio_status(nodes->radio, index, DELIVERY_FAILED, NODE_FAILURE_INTEGRITY);
	forget_wanted(node);
	sleep_on(nodes, index);
}

/* It starts its image if it may by now, or asks again when it may. */
static void activate(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);
	int64_t now_ms = nodes->world->now_ms;

	if (node->until_ms > 0 && now_ms >= node->until_ms) {
		sleep_on(nodes, index);
		return;
	}
	if (now_ms < node->apply_ms) {
		sleep_until(nodes, index, node->apply_ms);
		return;
	}
	site_radio_status(nodes->radio, index, DELIVERY_APPLYING, 0);
	node->phase = SITE_RESTARTING;
	set_alarm(nodes, index, site_world_between(nodes->world, 20000, 90000));
}

/* With what it wants: begins or goes on to fetch it, or starts it. */
static void go_on(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);

	node->go_on_ms = 0;
	if (node->ready) {
		activate(nodes, index);
		return;
	}
	node->phase = SITE_FETCHING;
	node->attempts = 0;
	set_alarm(nodes, index, site_world_between(nodes->world, 50, 2000));
}

static void finish_transfer(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);
	const struct site_release *release = &nodes->world->plan->releases[node->wanted];

	node->battery_milli -= UPDATE_COSTS;
	if (site_world_chance(nodes->world, release->damaged)) {
		tell_failure(nodes, index);
		return;
	}
	site_radio_status(nodes->radio, index, DELIVERY_DOWNLOADED, 0);
	node->ready = true;
	activate(nodes, index);
}

static void take_block(struct site_nodes *nodes, uint32_t index, const uint8_t *block, uint32_t size)
{
	struct site_node *node = at(nodes, index);
	const struct site_image *image = &nodes->images->list[node->wanted];

	if (memcmp(block, image->bytes + node->offset, size) != 0)
		site_world_fail(
			nodes->world, "node-%05u got wrong bytes of %s at %u", index, image->name, node->offset);
	node->attempts = 0;
	node->offset += size;
	if (node->offset == image->size)
		finish_transfer(nodes, index);
	else
		set_alarm(nodes, index, site_world_between(nodes->world, 100, 600));
}

static void fetch(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);
	uint8_t block[BLOCK];
	int64_t wait_ms;
	const struct site_request request = { index, node->wanted, node->offset, sizeof(block) };
	int got = site_radio_block(nodes->radio, &request, block, &wait_ms);

	if (got > 0)
		take_block(nodes, index, block, (uint32_t)got);
	else if (got == -EAGAIN)
		sleep_until(nodes, index, nodes->world->now_ms + wait_ms);
	else if (got == -ENOENT || ++node->attempts == BLOCK_RETRIES)
		give_up(nodes, index);
	else
		set_alarm(nodes, index, TIMEOUT_MS);
}

/* Starting an image. */

static void come_back(struct site_nodes *nodes, uint32_t index)
{
	at(nodes, index)->must_check_in = true;
	sleep_for(nodes, index, site_world_between(nodes->world, 0, 5000));
}

/* It ran the image for a while; the argument is image << 32 | node. */
static void on_late_fall_back(void *context, uint64_t argument)
{
	struct site_nodes *nodes = context;
	uint32_t index = (uint32_t)argument;
	struct site_node *node = at(nodes, index);

	if (node->phase == SITE_DEAD || node->phase == SITE_RESTARTING || node->runs != (int)(argument >> 32))
		return;
	site_world_say(nodes->world, "node-%05u: falls back late", index);
	node->runs = node->fallback;
	forget_wanted(node);
	node->fell_back = site_world_chance(nodes->world, 500);
	come_back(nodes, index);
}

static void start_image(struct site_nodes *nodes, uint32_t index)
{
	struct site_node *node = at(nodes, index);
	const struct site_release *release = &nodes->world->plan->releases[node->wanted];
	int image = node->wanted;

	forget_wanted(node);
	node->updates++;
	if (site_world_chance(nodes->world, release->bricks)) {
		site_world_say(nodes->world, "node-%05u: dead", index);
		node->phase = SITE_DEAD;
		return;
	}
	if (site_world_chance(nodes->world, release->reverts)) {
		node->fell_back = site_world_chance(nodes->world, 500);
		come_back(nodes, index);
		return;
	}
	node->fallback = node->runs;
	node->runs = (int8_t)image;
	site_world_say(nodes->world, "node-%05u: runs %s", index, nodes->images->list[image].version);
	if (site_world_chance(nodes->world, release->reverts_late))
		site_world_later(nodes->world, site_world_between(nodes->world, SITE_MINUTE_MS, 12 * SITE_HOUR_MS),
			on_late_fall_back, nodes, (uint64_t)image << 32 | index);
	come_back(nodes, index);
}

/* It is off for a day or more, and wakes into another time; the argument is how long << 32 | node. */
static void on_absence(void *context, uint64_t argument)
{
	struct site_nodes *nodes = context;
	uint32_t index = (uint32_t)argument;
	struct site_node *node = at(nodes, index);

	if (node->phase == SITE_DEAD || node->phase == SITE_RESTARTING)
		return;
	site_world_say(nodes->world, "node-%05u: off", index);
	node->must_check_in = true;
	node->next_ms = node->go_on_ms = 0;
	sleep_for(nodes, index, (int64_t)(argument >> 32) * 1000);
}

static void plan_absence(struct site_nodes *nodes, uint32_t index)
{
	struct site_world *world = nodes->world;
	int64_t busy_ms = world->plan->days_ms - world->plan->settle_ms;

	if (!site_world_chance(world, world->plan->absent))
		return;
	uint64_t for_s = (uint64_t)site_world_between(world, busy_ms / 3, busy_ms * 2 / 3) / 1000;
	site_world_later(world, site_world_between(world, 0, busy_ms / 3), on_absence, nodes, for_s << 32 | index);
}

void site_nodes_open(struct site_nodes *nodes, struct site_world *world, struct site_radio *radio,
	const struct site_images *images, struct site_ledger *ledger)
{
	*nodes = (struct site_nodes){
		.world = world, .radio = radio, .images = images, .ledger = ledger, .count = world->plan->nodes
	};
	nodes->list = calloc(nodes->count, sizeof(*nodes->list));
	if (!nodes->list)
		abort();
	for (uint32_t i = 0; i < nodes->count; i++) {
		struct site_node *node = at(nodes, i);
		int drift = world->plan->drift_ppm;
		*node = (struct site_node){ .told = -1, .wanted = -1, .must_check_in = true };
		node->hardware = (uint8_t)(i % world->plan->hardware_types);
		node->runs = node->fallback = (int8_t)node->hardware;
		node->drift_ppm = (int16_t)site_world_between(world, -drift, drift);
		node->battery_milli = (int32_t)site_world_between(world, world->plan->battery_least, 100000);
		sleep_for(nodes, i, site_world_between(world, 0, world->plan->interval_ms));
		plan_absence(nodes, i);
	}
}

void site_nodes_close(struct site_nodes *nodes)
{
	free(nodes->list);
}

void site_nodes_restart_all(struct site_nodes *nodes, int64_t after_ms)
{
	for (uint32_t i = 0; i < nodes->count; i++) {
		struct site_node *node = at(nodes, i);
		if (node->phase == SITE_DEAD || node->phase == SITE_RESTARTING)
			continue;
		node->must_check_in = true;
		node->next_ms = 0;
		node->go_on_ms = 0;
		sleep_for(nodes, i, after_ms + site_world_between(nodes->world, 2000, 15000));
	}
}
