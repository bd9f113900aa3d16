#include "gateway/commit_exchanges.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int make_room(uint64_t **list, size_t wanted, size_t *room)
{
	size_t grown = *room ? *room * 2 : 16;

	if (wanted <= *room)
		return 0;
	uint64_t *moved = realloc(*list, grown * sizeof(**list));
	if (!moved)
		return -ENOMEM;
	*list = moved;
	*room = grown;
	return 0;
}

int commit_exchanges_make_room(struct commit_exchanges *exchanges)
{
	/* The report and the one before it, if both are read as one. */
	if (make_room(&exchanges->beside, exchanges->beside_count + 2, &exchanges->beside_room) < 0)
		return -ENOMEM;
	return make_room(&exchanges->all, exchanges->count + 1, &exchanges->room);
}

static void put_beside(struct commit_exchanges *exchanges, uint64_t exchange)
{
	assert(exchanges->beside_count < exchanges->beside_room);
	exchanges->beside[exchanges->beside_count++] = exchange;
}

static bool follows_its_like(
	const struct commit_exchanges *exchanges, const struct reading_report *report, int64_t received_ms)
{
	return exchanges->has_last && exchanges->last_received_ms == received_ms &&
	       strcmp(exchanges->last_node, report->node) == 0;
}

void commit_exchanges_add(struct commit_exchanges *exchanges, const struct reading_report *report, int64_t received_ms)
{
	bool is_read_with_last = follows_its_like(exchanges, report, received_ms);
	bool told = report->told && !is_read_with_last;

	if (is_read_with_last && exchanges->last_told)
		put_beside(exchanges, exchanges->last_told);
	if (!is_read_with_last)
		memcpy(exchanges->last_node, report->node, strlen(report->node) + 1);
	exchanges->has_last = true;
	exchanges->last_received_ms = received_ms;
	exchanges->last_told = told ? report->exchange : 0;
	if (!report->exchange)
		return;
	assert(exchanges->count < exchanges->room);
	exchanges->all[exchanges->count++] = report->exchange;
	if (!told)
		put_beside(exchanges, report->exchange);
}

void commit_exchanges_add_alone(struct commit_exchanges *exchanges, uint64_t exchange)
{
	if (!exchange)
		return;
	assert(exchanges->count < exchanges->room);
	exchanges->all[exchanges->count++] = exchange;
	put_beside(exchanges, exchange);
}

void commit_exchanges_finish(struct commit_exchanges *exchanges)
{
	free(exchanges->all);
	free(exchanges->beside);
	*exchanges = (struct commit_exchanges){ .count = 0 };
}
