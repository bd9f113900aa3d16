#include "tests/sim/site_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/site_clock.h"
#include "tests/sim/site_world.h"

void site_ledger_open(struct site_ledger *ledger, struct site_world *world, size_t nodes)
{
	*ledger = (struct site_ledger){ .world = world, .nodes = nodes };
	ledger->accounts = calloc(nodes, sizeof(*ledger->accounts));
	if (!ledger->accounts)
		abort();
}

void site_ledger_close(struct site_ledger *ledger)
{
	for (size_t i = 0; i < ledger->nodes; i++) {
		free(ledger->accounts[i].readings);
		free(ledger->accounts[i].sent);
	}
	free(ledger->accounts);
	free(ledger->owners);
}

static bool clocks_are_wrong(const struct site_ledger *ledger)
{
	return ledger->world->plan->clock_jumps || ledger->world->plan->clock_resets;
}

static void grow(const struct site_ledger *ledger, struct site_account *account)
{
	account->room = account->room ? 2 * account->room : 64;
	account->readings = realloc(account->readings, account->room * sizeof(*account->readings));
	if (clocks_are_wrong(ledger))
		account->sent = realloc(account->sent, account->room * sizeof(*account->sent));
	if (!account->readings || (clocks_are_wrong(ledger) && !account->sent))
		abort();
}

bool site_ledger_is_undated(const struct site_ledger *ledger, uint32_t number)
{
	return clocks_are_wrong(ledger) && number % 3 == 0;
}

uint32_t site_ledger_make(struct site_ledger *ledger, uint32_t node, int64_t time_us)
{
	struct site_account *account = &ledger->accounts[node];

	if (account->made == account->room)
		grow(ledger, account);
	if (account->sent)
		account->sent[account->made] = (struct site_sending){ 0 };
	account->readings[account->made++] = (struct site_reading){ .time_us = time_us };
	return account->made;
}

void site_ledger_send(struct site_ledger *ledger, uint32_t node, uint32_t first, uint32_t last)
{
	struct site_sending *sent = ledger->accounts[node].sent;

	for (uint32_t number = first; sent && number <= last; number++) {
		if (sent[number - 1].first_ms == 0)
			sent[number - 1].first_ms = ledger->world->now_ms;
		sent[number - 1].last_ms = ledger->world->now_ms;
	}
}

void site_ledger_excuse(struct site_ledger *ledger, uint32_t node, uint32_t first, uint32_t last)
{
	for (uint32_t number = first; number <= last; number++)
		ledger->accounts[node].readings[number - 1].repeated_late = true;
}

void site_ledger_acknowledge(struct site_ledger *ledger, uint32_t node, uint32_t last)
{
	ledger->accounts[node].acknowledged = last;
}

static void make_room(struct site_ledger *ledger, uint64_t sequence)
{
	uint64_t room = ledger->owner_room ? ledger->owner_room : 4096;

	while (room <= sequence)
		room *= 2;
	if (room == ledger->owner_room)
		return;
	ledger->owners = realloc(ledger->owners, room * sizeof(*ledger->owners));
	if (!ledger->owners)
		abort();
	memset(ledger->owners + ledger->owner_room, 0, (room - ledger->owner_room) * sizeof(*ledger->owners));
	ledger->owner_room = room;
}

/* A date of the node's own stays what it is. */
static bool is_time_right(const struct site_ledger *ledger, uint32_t node, uint32_t number, int64_t time_us)
{
	const struct site_account *account = &ledger->accounts[node];
	int64_t off_us = time_us - account->readings[number - 1].time_us;

	if (!site_ledger_is_undated(ledger, number))
		return off_us == 0;
	const struct site_sending *sent = &account->sent[number - 1];
	return off_us % 1000 == 0 && site_clock_may_be_off(ledger->clock, sent->first_ms, sent->last_ms, off_us / 1000);
}

void site_ledger_receive(struct site_ledger *ledger, uint64_t sequence, uint32_t node, uint32_t number, int64_t time_us)
{
	uint64_t owner = (uint64_t)node << 32 | number;

	if (sequence > UINT32_MAX || node >= ledger->nodes || number == 0 || number > ledger->accounts[node].made) {
		site_world_fail(ledger->world, "reading %u of node %u came and was never made", number, node);
		return;
	}
	struct site_reading *reading = &ledger->accounts[node].readings[number - 1];
	if (!is_time_right(ledger, node, number, time_us))
		site_world_fail(ledger->world, "reading %u of node %u came with another time, %lld ms off", number,
			node, (long long)(time_us - reading->time_us) / 1000);
	make_room(ledger, sequence);
	if (ledger->owners[sequence] && ledger->owners[sequence] != owner)
		site_world_fail(
			ledger->world, "sequence number %llu is another reading now", (unsigned long long)sequence);
	if (reading->sequence && reading->sequence != sequence && !reading->repeated_late &&
		ledger->world->plan->quota_bytes == 0)
		site_world_fail(ledger->world, "reading %u of node %u has the numbers %llu and %llu", number, node,
			(unsigned long long)reading->sequence, (unsigned long long)sequence);
	ledger->received += ledger->owners[sequence] == 0;
	ledger->repeated += ledger->owners[sequence] != 0;
	ledger->owners[sequence] = owner;
	reading->sequence = sequence;
}

void site_ledger_lose(struct site_ledger *ledger, uint64_t lost, bool unused)
{
	ledger->told_lost += lost;
	ledger->told_unknown = ledger->told_unknown || (lost == 0 && !unused);
}

void site_ledger_judge(struct site_ledger *ledger)
{
	uint64_t missing = 0;
	uint32_t some_node = 0, some_number = 0;

	for (uint32_t node = 0; node < ledger->nodes; node++) {
		const struct site_account *account = &ledger->accounts[node];
		for (uint32_t number = 1; number <= account->acknowledged; number++) {
			if (account->readings[number - 1].sequence)
				continue;
			missing++;
			some_node = node;
			some_number = number;
		}
	}
	if (missing > ledger->told_lost && !ledger->told_unknown)
		site_world_fail(ledger->world,
			"%llu acknowledged readings are missing and gaps tell of %llu; one is number %u of node %u",
			(unsigned long long)missing, (unsigned long long)ledger->told_lost, some_number, some_node);
}
