#include "tests/sim/site_ledger.h"

#include <stdlib.h>
#include <string.h>

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
	for (size_t i = 0; i < ledger->nodes; i++)
		free(ledger->accounts[i].readings);
	free(ledger->accounts);
	free(ledger->owners);
}

uint32_t site_ledger_make(struct site_ledger *ledger, uint32_t node, int64_t time_us)
{
	struct site_account *account = &ledger->accounts[node];

	if (account->made == account->room) {
		account->room = account->room ? 2 * account->room : 64;
		account->readings = realloc(account->readings, account->room * sizeof(*account->readings));
		if (!account->readings)
			abort();
	}
	account->readings[account->made++] = (struct site_reading){ .time_us = time_us };
	return account->made;
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

void site_ledger_receive(struct site_ledger *ledger, uint64_t sequence, uint32_t node, uint32_t number, int64_t time_us)
{
	uint64_t owner = (uint64_t)node << 32 | number;

	if (sequence > UINT32_MAX || node >= ledger->nodes || number == 0 || number > ledger->accounts[node].made) {
		site_world_fail(ledger->world, "reading %u of node %u came and was never made", number, node);
		return;
	}
	struct site_reading *reading = &ledger->accounts[node].readings[number - 1];
	if (reading->time_us != time_us)
		site_world_fail(ledger->world, "reading %u of node %u came with another time", number, node);
	make_room(ledger, sequence);
	if (ledger->owners[sequence] && ledger->owners[sequence] != owner)
		site_world_fail(
			ledger->world, "sequence number %llu is another reading now", (unsigned long long)sequence);
	if (reading->sequence && reading->sequence != sequence && !reading->repeated_late)
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
