#include "gateway/control_describe.h"

#include <stdio.h>
#include <string.h>

#include "drivers/image_source.h"
#include "gateway/edge.h"
#include "gateway/labels.h"
#include "gateway/nodes.h"
#include "gateway/rules.h"
#include "gateway/update.h"
#include "protocols/hex.h"
#include "store/hold_store.h"
#include "store/image_store.h"
#include "store/update_store.h"

#define HEX_SIZE 65 /* of a SHA-256 */

void describe_time(json_t *object, const char *name, int64_t wall_ms)
{
	if (wall_ms)
		(void)json_object_set_new(object, name, json_integer(wall_ms));
}

json_t *described_text(const char *text)
{
	json_t *string = json_string(text);
	char plain[513];

	if (string)
		return string;
	(void)snprintf(plain, sizeof(plain), "%s", text);
	for (char *c = plain; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(plain);
}

void describe_text(json_t *object, const char *name, const char *text)
{
	if (*text)
		(void)json_object_set_new(object, name, described_text(text));
}

static void describe_digest(json_t *object, const char *name, const uint8_t *digest, size_t size)
{
	char hex[HEX_SIZE];

	hex_print(hex, digest, size);
	describe_text(object, name, hex);
}

static void describe_number(json_t *object, const char *name, uint64_t number)
{
	(void)json_object_set_new(object, name, json_integer((json_int_t)number));
}

/* What is known of when it comes; nothing where it keeps to its slots and its clock is right. */
static void describe_rhythm(json_t *object, const struct node_record *record)
{
	const struct rhythm *rhythm = &record->rhythm;
	int64_t own_ms = node_record_own_period_ms(record);

	if (rhythm->drift)
		(void)json_object_set_new(object, "drift_ppm", json_integer(rhythm->drift * RHYTHM_DRIFT_PPM));
	if (own_ms == 0)
		return;
	describe_number(object, "own_period_ms", (uint64_t)own_ms);
	(void)json_object_set_new(object, "confidence_percent", json_integer(rhythm_confidence_percent(rhythm)));
	if (record->next_contact_ms == 0)
		describe_time(object, "likely_contact_ms", record->last_seen_ms + own_ms);
}

json_t *describe_node(const struct node *node, bool silent)
{
	const struct node_record *record = &node->record;
	json_t *object = json_pack("{s:s}", "id", record->id);

	describe_text(object, "driver", record->driver);
	describe_text(object, "hardware", record->hardware);
	describe_text(object, "version", record->version);
	describe_digest(object, "image", record->image, record->image_size);
	if (record->battery_percent >= 0)
		describe_number(object, "battery_percent", (uint64_t)record->battery_percent);
	if (record->signal_dbm)
		(void)json_object_set_new(object, "signal_dbm", json_integer(record->signal_dbm));
	describe_time(object, "first_seen_ms", record->first_seen_ms);
	describe_time(object, "last_seen_ms", record->last_seen_ms);
	describe_time(object, "next_contact_ms", record->next_contact_ms);
	describe_rhythm(object, record);
	(void)json_object_set_new(object, "silent", json_boolean(silent));
	describe_number(object, "contacts", record->contacts);
	describe_number(object, "drops", record->drops);
	describe_number(object, "readings", record->readings);
	describe_number(object, "bytes_in", record->bytes_in);
	describe_number(object, "bytes_out", record->bytes_out);
	return object;
}

json_t *describe_hold(const struct stored_hold *hold)
{
	json_t *object = json_object();

	describe_text(object, "node", hold->node);
	describe_text(object, "reason", hold->reason);
	describe_text(object, "by", hold->by);
	describe_time(object, "at_ms", hold->at_ms);
	return object;
}

json_t *describe_image(const struct stored_image *image)
{
	json_t *object = json_object();

	describe_digest(object, "image", image->sha256, (IMAGE_NAME_SIZE - 1) / 2);
	describe_text(object, "name", image->name);
	describe_text(object, "format", image->format);
	describe_text(object, "version", image->version);
	describe_text(object, "hardware", image->hardware);
	describe_text(object, "requires", image->requires);
	describe_text(object, "only_for", image->only_for);
	describe_text(object, "signer", image->signer);
	describe_text(object, "origin", image->origin);
	describe_number(object, "size_bytes", image->size_bytes);
	describe_number(object, "stored_bytes", image->stored_bytes);
	(void)json_object_set_new(object, "complete", json_boolean(image->complete));
	describe_time(object, "added_ms", image->added_ms);
	describe_time(object, "used_ms", image->used_ms);
	describe_digest(object, "sha256", image->sha256, sizeof(image->sha256));
	return object;
}

json_t *describe_update(const struct update *update)
{
	const struct stored_update *record = &update->record;
	json_t *object = json_pack("{s:s, s:s}", "node", record->node, "state", update_state_name(update->state));

	describe_text(object, "reason", record->reason);
	describe_digest(object, "image", record->sha256, (IMAGE_NAME_SIZE - 1) / 2);
	describe_number(object, "offset", record->offset);
	if (update->size_bytes)
		describe_number(object, "size_bytes", update->size_bytes);
	if (memcmp(record->goal, record->sha256, sizeof(record->goal)) != 0)
		describe_digest(object, "goal", record->goal, (IMAGE_NAME_SIZE - 1) / 2);
	if (record->stones)
		describe_number(object, "stones", record->stones);
	describe_number(object, "attempts", record->attempts);
	describe_time(object, "created_ms", record->created_ms);
	describe_time(object, "changed_ms", record->changed_ms);
	describe_time(object, "retry_at_ms", record->retry_at_ms);
	describe_digest(object, "previous", record->previous, record->previous_size);
	return object;
}

json_t *describe_journal_entry(const struct journal_entry *entry)
{
	json_t *object = json_pack("{s:I}", "at_ms", (json_int_t)entry->at_ms);

	describe_text(object, "subject", entry->subject);
	describe_text(object, "event", entry->event);
	describe_text(object, "detail", entry->detail);
	return object;
}

json_t *describe_labels(const struct labels_settings *labels, const struct node *node)
{
	const struct node_record *record = &node->record;
	json_t *list = json_array();
	uint64_t set = labels_of_node(labels, (struct span){ record->id, strlen(record->id) },
		(struct span){ record->hardware, strlen(record->hardware) });

	for (unsigned bit = 0; bit < LABELS_MAX; bit++)
		if (set >> bit & 1)
			(void)json_array_append_new(list, json_string(labels_word(labels, bit)));
	return list;
}

static json_t *describe_rule(const char *name, const struct rule_counts *counts)
{
	json_t *object = json_pack("{s:s}", "name", name);

	describe_number(object, "taken", counts->taken);
	describe_number(object, "dropped", counts->gone[RULE_DROPPED]);
	describe_number(object, "in_deadband", counts->gone[RULE_IN_DEADBAND]);
	describe_number(object, "too_soon", counts->gone[RULE_TOO_SOON]);
	describe_number(object, "in_window", counts->gone[RULE_IN_WINDOW]);
	describe_number(object, "alarms", counts->alarms);
	return object;
}

json_t *describe_rules(const struct edge *edge)
{
	const struct rules *rules = edge_rules(edge);
	json_t *object = json_object(), *list = json_array();
	struct edge_figures figures;

	edge_figures(edge, &figures);
	describe_number(object, "windows", figures.windows);
	describe_number(object, "told", figures.told);
	describe_number(object, "told_early", figures.told_early);
	describe_number(object, "feed_bytes", figures.feed_bytes);
	describe_number(object, "series", figures.series);
	describe_number(object, "forgotten", figures.forgotten);
	for (size_t i = 0; i < rules_count(rules); i++)
		(void)json_array_append_new(list, describe_rule(rules_name(rules, i), rules_counts(rules, i)));
	(void)json_object_set_new(object, "list", list);
	return object;
}
