#include "gateway/firmware_counts.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/nodes.h"

#define OTHER "other"
#define LABEL_SIZE (4 * 33)
#define NUMBER(value) ((json_int_t)(value))

static bool is_of(const struct firmware_count *set, const struct node_record *record)
{
	return strcmp(set->version, record->version) == 0 && strcmp(set->hardware, record->hardware) == 0;
}

struct firmware_count *firmware_count_of(struct firmware_counts *counts, const struct node_record *record)
{
	/* Nodes of a kind stand and call together. */
	if (counts->latest < counts->count && is_of(&counts->sets[counts->latest], record))
		return &counts->sets[counts->latest];
	if (strcmp(record->hardware, OTHER) == 0 && strcmp(record->version, OTHER) == 0)
		return &counts->other;
	for (size_t i = 0; i < counts->count; i++)
		if (is_of(&counts->sets[i], record)) {
			counts->latest = i;
			return &counts->sets[i];
		}
	if (counts->count == FIRMWARE_SETS_MAX)
		return &counts->other;
	struct firmware_count *set = &counts->sets[counts->count++];
	*set = (struct firmware_count){ 0 };
	snprintf(set->hardware, sizeof(set->hardware), "%s", record->hardware);
	snprintf(set->version, sizeof(set->version), "%s", record->version);
	return set;
}

static void clear_nodes(struct firmware_count *set)
{
	set->nodes = set->online = set->batteries = 0;
	set->battery_sum = 0;
}

static void count_nodes(
	struct firmware_counts *counts, const struct nodes *nodes, int64_t interval_ms, struct moment now)
{
	clear_nodes(&counts->other);
	for (size_t i = 0; i < counts->count; i++)
		clear_nodes(&counts->sets[i]);
	for (size_t i = 0; i < nodes_count(nodes); i++) {
		const struct node *node = nodes_at(nodes, i);
		struct firmware_count *set = firmware_count_of(counts, &node->record);

		set->nodes++;
		set->online += !nodes_is_silent(nodes, node, interval_ms, now);
		if (node->record.battery_percent < 0)
			continue;
		set->batteries++;
		set->battery_sum += (uint64_t)node->record.battery_percent;
	}
}

static void forget_unused(struct firmware_counts *counts)
{
	size_t kept = 0;

	for (size_t i = 0; i < counts->count; i++)
		if (counts->sets[i].nodes > 0)
			counts->sets[kept++] = counts->sets[i];
	counts->count = kept;
}

/* What a node says of itself may be anything. Two different texts must not become one label, and all must be UTF-8. */
static const char *label(char out[LABEL_SIZE], const char *text)
{
	char *at = out;

	for (; *text; text++) {
		bool plain = *text >= 0x20 && *text < 0x7f && *text != '\\';
		at += sprintf(at, plain ? "%c" : "\\x%02x", (unsigned char)*text);
	}
	*at = '\0';
	return out;
}

static json_t *describe(const struct firmware_count *set, const char *hardware, const char *version)
{
	char names[2][LABEL_SIZE];
	json_t *json = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "hardware", label(names[0], hardware),
		"version", label(names[1], version), "nodes", NUMBER(set->nodes), "online", NUMBER(set->online),
		"contacts", NUMBER(set->contacts), "drops", NUMBER(set->drops), "readings", NUMBER(set->readings),
		"bytes_in", NUMBER(set->bytes_in), "bytes_out", NUMBER(set->bytes_out));

	if (set->batteries > 0)
		(void)json_object_set_new(
			json, "battery_percent", json_real((double)set->battery_sum / set->batteries));
	return json;
}

json_t *firmware_counts_json(
	struct firmware_counts *counts, const struct nodes *nodes, int64_t interval_ms, struct moment now)
{
	json_t *list = json_array();

	count_nodes(counts, nodes, interval_ms, now);
	if (counts->count == FIRMWARE_SETS_MAX && counts->other.nodes > 0) {
		forget_unused(counts);
		count_nodes(counts, nodes, interval_ms, now);
	}
	for (size_t i = 0; i < counts->count; i++)
		(void)json_array_append_new(
			list, describe(&counts->sets[i], counts->sets[i].hardware, counts->sets[i].version));
	if (counts->other.nodes > 0 || counts->other.contacts > 0)
		(void)json_array_append_new(list, describe(&counts->other, OTHER, OTHER));
	return list;
}
