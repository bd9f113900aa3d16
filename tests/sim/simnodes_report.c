#include "tests/sim/simnodes_report.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "tests/sim/simnode.h"
#include "tests/sim/simnodes_link.h"

void report_count(const struct simnode *nodes, size_t count, const uint8_t *target, struct simnodes_totals *out)
{
	*out = (struct simnodes_totals){ 0 };
	for (size_t i = 0; i < count; i++) {
		const struct simnode *node = &nodes[i];
		bool bricked = node->phase == SIMNODE_BRICKED;
		out->on_target += target && !bricked && node->known && memcmp(node->image, target, 32) == 0;
		out->reverted += node->reverted;
		out->bricked += bricked;
		out->made += node->readings.made;
		out->acknowledged += node->readings.acknowledged;
		out->pending += bricked ? 0 : node->readings.count;
		out->restarts += node->counts.restarts;
		out->resumes += node->counts.resumes;
		out->blocks += node->counts.blocks;
		if (node->download.wanted) {
			out->bytes_wanted += node->download.update.size;
			out->bytes_fetched += download_offset(&node->flash);
		}
	}
}

void report_made(FILE *ledger, const struct simnode *node, const struct sim_reading *reading)
{
	char text[64];

	if (!ledger)
		return;
	sim_reading_describe(reading, text, sizeof(text));
	fprintf(ledger, "made %s %" PRId64 " %s\n", node->name, reading->time_ms, text);
}

void report_kept(FILE *ledger, const struct simnode *node, const struct sim_reading *readings, size_t count)
{
	for (size_t i = 0; ledger && i < count; i++)
		fprintf(ledger, "kept %s %" PRId64 "\n", node->name, readings[i].time_ms);
}

static json_t *digest_json(const struct simnode *node)
{
	uint8_t sha256[32];
	char text[65];

	flash_digest(&node->flash, FLASH_RUNNING, sha256);
	for (size_t i = 0; i < sizeof(sha256); i++)
		sprintf(text + 2 * i, "%02x", sha256[i]);
	return json_string(text);
}

static json_t *node_json(const struct simnode *node)
{
	static const char *const phases[] = { "off", "asleep", "awake", "bricked" };
	const struct simnode_counts *counts = &node->counts;

	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "name",
		node->name, "phase", phases[node->phase], "version", node->version, "image", digest_json(node), "made",
		(json_int_t)node->readings.made, "acknowledged", (json_int_t)node->readings.acknowledged, "wakes",
		(json_int_t)counts->wakes, "restarts", (json_int_t)counts->restarts, "blocks",
		(json_int_t)counts->blocks, "resumes", (json_int_t)counts->resumes, "timeouts",
		(json_int_t)counts->timeouts, "failed_exchanges", (json_int_t)counts->failed_exchanges, "refusals",
		(json_int_t)counts->refusals, "odd_answers", (json_int_t)counts->odd_answers, "etag_changes",
		(json_int_t)counts->etag_changes);
}

static json_t *totals_json(const struct simnodes_outcome *outcome)
{
	const struct simnodes_totals *totals = &outcome->totals;
	const struct simnodes_link *link = outcome->link;

	return json_pack("{s:I, s:f, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"seed", (json_int_t)outcome->seed, "seconds", outcome->seconds, "complete", (int)outcome->complete,
		"count", (json_int_t)outcome->count, "on_target", (json_int_t)totals->on_target, "bricked",
		(json_int_t)totals->bricked, "made", (json_int_t)totals->made, "acknowledged",
		(json_int_t)totals->acknowledged, "restarts", (json_int_t)totals->restarts, "resumes",
		(json_int_t)totals->resumes, "blocks", (json_int_t)totals->blocks, "bytes_wanted",
		(json_int_t)totals->bytes_wanted, "bytes_fetched", (json_int_t)totals->bytes_fetched, "datagrams_lost",
		(json_int_t)link->lost, "datagrams_sent", (json_int_t)link->sent, "bytes_sent",
		(json_int_t)link->bytes_sent, "bytes_received", (json_int_t)link->bytes_received);
}

int report_write(const char *path, const struct simnodes_outcome *outcome, bool full)
{
	json_t *root = totals_json(outcome);
	char draft[1024];

	snprintf(draft, sizeof(draft), "%s.draft", path);
	if (full) {
		json_t *list = json_array();
		for (size_t i = 0; i < outcome->count; i++)
			json_array_append_new(list, node_json(&outcome->nodes[i]));
		json_object_set_new(root, "nodes", list);
	}
	int failed = json_dump_file(root, draft, JSON_INDENT(1) | JSON_PRESERVE_ORDER) < 0 || rename(draft, path) < 0;
	json_decref(root);
	return failed ? -EIO : 0;
}
