#include "tests/sim/store_world.h"

#include <sqlite3.h>

#include "store/feed_store.h"
#include "store/image_store.h"
#include "store/node_store.h"
#include "store/segment_store.h"
#include "store/update_store.h"

#define PIECE 9000
#define IMAGE_SIZE (WORLD_STEPS * PIECE)
#define PASSING_BEGUN 3 /* the step in which the second image comes, and the one in which it goes */
#define PASSING_GONE 6
#define PASSING_SIZE 30000
#define FED_SIZE 700
#define FEEDS_KEPT 4 /* steps after which the windows of a feed were told */

static const uint8_t first_image[32] = { 1 }, passing_image[32] = { 2 };

static uint8_t byte_at(uint32_t offset)
{
	return (uint8_t)((offset >> 10) * 31 + offset * 7 + 1);
}

static void fill(uint8_t *data, uint32_t offset, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = byte_at(offset + (uint32_t)i);
}

static uint64_t first_of(int step)
{
	return (uint64_t)step * 10 + 1;
}

static size_t segment_size(int step)
{
	return (size_t)(step * 977 % 9000 + 20);
}

static void submit_segment(struct world *world, int step, struct outcome *outcome)
{
	uint64_t exchange = (uint64_t)step;
	uint8_t data[9100], fed[FED_SIZE];
	struct stored_feed feed = { .id = (uint64_t)step + 1,
		.after = world->newest_feed,
		.count = 1,
		.data = fed,
		.size = sizeof(fed),
		.needless = step >= FEEDS_KEPT ? (uint64_t)(step + 1 - FEEDS_KEPT) : 0,
		.repeated_since_ms = 2000 };
	struct stored_segment segment = { .first = first_of(step),
		.count = 10,
		.data = data,
		.size = segment_size(step),
		.exchanges = &exchange,
		.exchange_count = 1,
		.kept_at_ms = 1000 + step,
		.feed = &feed };

	fill(data, (uint32_t)step, segment.size);
	fill(fed, (uint32_t)step, sizeof(fed));
	(void)store_segment_append(world->stepped.store, &segment, outcome_reply(outcome));
}

static void submit_discard(struct world *world, int step, struct outcome *outcome)
{
	uint64_t first = first_of(step);

	world->discard_asked[step] = true;
	(void)store_segment_discard(world->stepped.store, &first, 1, 0, outcome_reply(outcome));
}

static void submit_node(struct world *world, int step, struct outcome *outcome)
{
	struct stored_node nodes[2] = { { .id = "a", .contacts = (uint64_t)step },
		{ .id = "b", .contacts = (uint64_t)step } };

	world->node.asked = step;
	(void)store_nodes_save(world->stepped.store, nodes, 2, outcome_reply(outcome));
}

static void submit_update(struct world *world, int step, struct outcome *outcome)
{
	struct stored_update update = { .node = "a", .state = "downloading", .offset = (uint32_t)step };
	struct journal_entry entry = { .at_ms = step, .subject = "a", .event = "update.downloading" };

	world->update.asked = step;
	(void)store_update_save(world->stepped.store, &update, &entry, outcome_reply(outcome));
}

static void submit_image(struct world *world, int step, struct outcome *outcome)
{
	struct stored_image image = { .size_bytes = IMAGE_SIZE, .name = "a" };
	uint8_t data[PIECE];

	memcpy(image.sha256, first_image, sizeof(image.sha256));
	if (step == 0)
		(void)store_image_begin(world->stepped.store, &image, (struct store_reply){ 0 });
	fill(data, (uint32_t)step * PIECE, PIECE);
	world->image_bytes.asked = (step + 1) * PIECE;
	(void)store_image_append(
		world->stepped.store, first_image, (uint32_t)step * PIECE, data, PIECE, outcome_reply(outcome));
}

static void submit_passing_image(struct world *world, int step, struct outcome *outcome)
{
	struct stored_image image = { .size_bytes = PASSING_SIZE, .name = "b" };
	uint8_t data[PASSING_SIZE] = { 0 };

	memcpy(image.sha256, passing_image, sizeof(image.sha256));
	(void)outcome_reply(outcome);
	if (step == PASSING_BEGUN) {
		(void)store_image_begin(world->stepped.store, &image, (struct store_reply){ 0 });
		(void)store_image_append(
			world->stepped.store, passing_image, 0, data, sizeof(data), outcome_reply(outcome));
	}
	if (step == PASSING_GONE) {
		world->passing_gone_asked = true;
		(void)store_image_remove(world->stepped.store, passing_image, outcome_reply(outcome));
	}
}

static void claim(struct claim *claim, const struct outcome *outcome, int value)
{
	if (outcome->result == 0)
		claim->durable = value;
}

/* The feed after which the next one is made is the newest that is durable. */
static void note_segment(struct world *world, int step, const struct outcome *outcome)
{
	world->segment_durable[step] = outcome->result == 0;
	if (outcome->result == 0)
		world->newest_feed = (uint64_t)step + 1;
}

/* One step touches all files at once, and every third step deletes in a commit of its own. */
static void run_step(struct world *world, int step)
{
	struct outcome segment, discard = { .result = 1 }, node, update, image, passing;

	submit_segment(world, step, &segment);
	submit_node(world, step, &node);
	submit_update(world, step, &update);
	submit_image(world, step, &image);
	submit_passing_image(world, step, &passing);
	if (step % 3 == 0)
		store_dispatch(world->stepped.store);
	if (step >= 3 && step % 2)
		submit_discard(world, step - 3, &discard);
	store_dispatch(world->stepped.store);
	note_segment(world, step, &segment);
	if (step >= 3)
		world->discard_durable[step - 3] = discard.result == 0;
	claim(&world->node, &node, step);
	claim(&world->update, &update, step);
	claim(&world->image_bytes, &image, (step + 1) * PIECE);
	if (step == PASSING_BEGUN)
		world->passing_durable = passing.result == 0;
	if (step == PASSING_GONE)
		world->passing_gone_durable = passing.result == 0;
}

int world_open(struct world *world)
{
	uint64_t next = 0;
	int result = stepped_try_open(&world->stepped);

	/* What failed may be there all the same, as docs/store.md says. */
	if (result == 0 && store_feed_next(world->stepped.store, &next) == 0)
		world->newest_feed = next > 0 ? next - 1 : 0;
	return result;
}

void world_run(struct world *world)
{
	if (world_open(world) < 0)
		return;
	for (int step = 0; step < WORLD_STEPS && !fault_vfs_is_off(world->fault); step++) {
		run_step(world, step);
		if (step % 5 != 4)
			continue;
		stepped_shut(&world->stepped);
		if (fault_vfs_is_off(world->fault) || world_open(world) < 0)
			return;
	}
	stepped_shut(&world->stepped);
}

bool world_run_extra(struct world *world)
{
	struct outcome segment, node, update;

	submit_segment(world, WORLD_STEPS, &segment);
	submit_node(world, WORLD_STEPS, &node);
	submit_update(world, WORLD_STEPS, &update);
	store_dispatch(world->stepped.store);
	if (!world->segment_durable[WORLD_STEPS])
		note_segment(world, WORLD_STEPS, &segment);
	claim(&world->node, &node, WORLD_STEPS);
	claim(&world->update, &update, WORLD_STEPS);
	return world->segment_durable[WORLD_STEPS] && node.result == 0 && update.result == 0;
}

void world_begin(struct world *world, uint64_t seed)
{
	memset(world, 0, sizeof(*world));
	stepped_make_directory(&world->stepped);
	world->fault = fault_vfs_open("fault", seed);
	world->stepped.options.vfs = "fault";
}

void world_end(struct world *world)
{
	stepped_close(&world->stepped);
	fault_vfs_close(world->fault);
}

struct found {
	bool segment[WORLD_STEPS + 1], feed[WORLD_STEPS + 2];
	int segments, damaged;
	struct stored_node nodes[2];
	int node_count;
	struct stored_update update;
	int64_t journalled;
	struct stored_image image;
	bool has_passing;
	int chunk;
	struct outcome outcome;
};

static void see_segment(void *context, const struct stored_segment *segment)
{
	struct found *found = context;
	int step = (int)(segment->first / 10);
	uint8_t expected[9100];

	fill(expected, (uint32_t)step, segment_size(step));
	found->damaged += segment->size != segment_size(step) || memcmp(segment->data, expected, segment->size) != 0;
	found->segment[step] = true;
	found->segments++;
}

static void see_feed(void *context, const struct stored_feed *feed)
{
	struct found *found = context;
	uint8_t expected[FED_SIZE];

	ck_assert_uint_le(feed->id, WORLD_STEPS + 1);
	fill(expected, (uint32_t)feed->id - 1, FED_SIZE);
	found->damaged += feed->size != FED_SIZE || memcmp(feed->data, expected, FED_SIZE) != 0;
	found->feed[feed->id] = true;
}

static void see_node(void *context, const struct stored_node *node)
{
	struct found *found = context;

	if (found->node_count < 2)
		found->nodes[found->node_count] = *node;
	found->node_count++;
}

static void see_update(void *context, const struct stored_update *update)
{
	((struct found *)context)->update = *update;
}

static void see_entry(void *context, const struct journal_entry *entry)
{
	((struct found *)context)->journalled = entry->at_ms;
}

static void see_image(void *context, const struct stored_image *image)
{
	struct found *found = context;

	if (image->sha256[0] == 1)
		found->image = *image;
	else
		found->has_passing = true;
}

static void see_chunk(void *context, int result, const void *data)
{
	struct found *found = context;
	uint32_t offset = (uint32_t)found->chunk * IMAGE_CHUNK_SIZE;

	outcome_done(&found->outcome, result);
	for (int i = 0; i < result; i++)
		found->damaged += ((const uint8_t *)data)[i] != byte_at(offset + (uint32_t)i);
}

static void see_done(void *context, int result)
{
	outcome_done(&((struct found *)context)->outcome, result);
}

static void check_segments(struct world *world, struct found *found)
{
	struct segment_summary summary;

	found->outcome = (struct outcome){ .result = 1 };
	ck_assert_int_eq(store_segment_load(world->stepped.store, 0, UINT64_MAX, SEGMENT_LOAD_MAX,
				 (struct segment_reader){ see_segment, see_done, found }),
		0);
	ck_assert_int_eq(outcome_of(&world->stepped, &found->outcome), 0);
	ck_assert_int_eq(found->damaged, 0);
	ck_assert_int_eq(store_segment_summary(world->stepped.store, &summary), 0);
	ck_assert_uint_eq(summary.readings, (uint64_t)found->segments * 10);
	for (int step = 0; step <= WORLD_STEPS; step++) {
		if (world->segment_durable[step] && !world->discard_asked[step])
			ck_assert_msg(found->segment[step], "segment %d was acknowledged and is lost", step);
		if (world->discard_durable[step])
			ck_assert_msg(!found->segment[step], "segment %d was discarded and is back", step);
		if (world->segment_durable[step])
			ck_assert_uint_gt(summary.next, first_of(step) + 9);
	}
}

/* A feed is there with its segment or with none, and until no window needs it. */
static void check_feeds(struct world *world, struct found *found)
{
	uint64_t next = 0;

	found->outcome = (struct outcome){ .result = 1 };
	ck_assert_int_eq(
		store_feed_load(world->stepped.store, 0, SIZE_MAX, (struct feed_reader){ see_feed, see_done, found }),
		0);
	ck_assert_int_eq(outcome_of(&world->stepped, &found->outcome), 0);
	ck_assert_int_eq(found->damaged, 0);
	ck_assert_int_eq(store_feed_next(world->stepped.store, &next), 0);
	for (int step = 0; step <= WORLD_STEPS; step++) {
		bool needed = step + FEEDS_KEPT >= (int)next - 1;
		if (world->segment_durable[step] && needed)
			ck_assert_msg(found->feed[step + 1], "feed %d was acknowledged and is lost", step);
		if (found->segment[step] && needed)
			ck_assert_msg(found->feed[step + 1], "segment %d is there without its feed", step);
		if (found->feed[step + 1] && !world->discard_asked[step])
			ck_assert_msg(found->segment[step], "feed %d is there without its segment", step);
	}
}

static void check_gateway(struct world *world, struct found *found)
{
	ck_assert_int_eq(store_nodes_load(world->stepped.store, see_node, found), 0);
	ck_assert(found->node_count == 0 || found->node_count == 2);
	ck_assert_uint_eq(found->nodes[0].contacts, found->nodes[1].contacts);
	ck_assert_int_ge((int)found->nodes[0].contacts, world->node.durable);
	ck_assert_int_le((int)found->nodes[0].contacts, world->node.asked);
	ck_assert_int_eq(store_updates_load(world->stepped.store, see_update, found), 0);
	found->outcome = (struct outcome){ .result = 1 };
	ck_assert_int_eq(
		store_journal_load(world->stepped.store, "a", 1, (struct journal_reader){ see_entry, see_done, found }),
		0);
	ck_assert_int_eq(outcome_of(&world->stepped, &found->outcome), 0);
	ck_assert_int_eq((int64_t)found->update.offset, found->journalled);
	ck_assert_int_ge((int)found->update.offset, world->update.durable);
	ck_assert_int_le((int)found->update.offset, world->update.asked);
}

static void check_images(struct world *world, struct found *found)
{
	ck_assert_int_eq(store_images_load(world->stepped.store, see_image, found), 0);
	ck_assert_int_ge((int)found->image.stored_bytes, world->image_bytes.durable);
	ck_assert_int_le((int)found->image.stored_bytes, world->image_bytes.asked);
	for (found->chunk = 0; found->chunk * IMAGE_CHUNK_SIZE < (int)found->image.stored_bytes; found->chunk++) {
		found->outcome = (struct outcome){ .result = 1 };
		ck_assert_int_eq(store_image_read(world->stepped.store, first_image, (uint32_t)found->chunk,
					 (struct chunk_reader){ see_chunk, found }),
			0);
		ck_assert_int_gt(outcome_of(&world->stepped, &found->outcome), 0);
	}
	ck_assert_int_eq(found->damaged, 0);
	if (world->passing_durable && !world->passing_gone_asked)
		ck_assert(found->has_passing);
	if (world->passing_gone_durable)
		ck_assert(!found->has_passing);
}

static void check_integrity(const struct stepped_store *stepped, const char *name)
{
	sqlite3 *connection;
	sqlite3_stmt *statement;

	ck_assert_int_eq(sqlite3_open(stepped_path(stepped, name), &connection), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(connection, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	ck_assert_str_eq((const char *)sqlite3_column_text(statement, 0), "ok");
	(void)sqlite3_finalize(statement);
	(void)sqlite3_close(connection);
}

void world_check(struct world *world)
{
	struct found found = { 0 };

	ck_assert_msg(stepped_try_open(&world->stepped) == 0, "%s", world->stepped.why);
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(world->stepped.findings.set_aside[i], "");
	check_segments(world, &found);
	check_feeds(world, &found);
	check_gateway(world, &found);
	check_images(world, &found);
	stepped_shut(&world->stepped);
	check_integrity(&world->stepped, "gateway.db");
	check_integrity(&world->stepped, "images.db");
	check_integrity(&world->stepped, "telemetry.db");
}
