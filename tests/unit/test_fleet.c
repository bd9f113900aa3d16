#include "gateway/fleet.h"

#include <errno.h>

#include "drivers/uplink_dummy.h"
#include "gateway/control_rollouts.h"
#include "gateway/rollouts.h"
#include "gateway/topics.h"
#include "gateway/upstream.h"
#include "store/image_store.h"
#include "tests/unit/control_bench.h"

static struct control_bench *bench;
static struct rollouts *rollouts;
static struct control_rollouts commands;
static struct uplink *uplink;
static struct upstream *upstream;
static struct upstream_settings settings;
static struct topics topics;
static struct fleet *fleet;
static char digest[65];
static unsigned manifests;

static const struct schedule_settings schedule = { .interval_ms = 900000, .jitter_percent = 10 };

static int open_dummy(struct uplink **out, struct uv_loop_s *loop, const void *uplink_settings,
	const struct uplink_identity *identity, const struct uplink_host *host, char *why, size_t why_size)
{
	int result = uplink_dummy.open(out, loop, uplink_settings, identity, host, why, why_size);

	uplink = *out;
	return result;
}

static int on_find(void *context, const uint8_t *head, uint8_t size, uint8_t sha256[32])
{
	return -ENOENT;
}

static int take_manifest(void *context, const char *text, struct moment now, char *why, size_t why_size)
{
	manifests++;
	return 0;
}

static void open_upstream(void)
{
	static const char *const groups[] = { "rollout/fleet", "rollout/{gateway}" };
	static const struct topic_settings templates = { "telemetry/{gateway}", "status/{gateway}", "ota/{gateway}",
		"cmd/{gateway}", "alert/{gateway}", { groups, 2 } };
	static struct uplink_ops ops;
	char why[128];

	ops = uplink_dummy;
	ops.open = open_dummy;
	ck_assert_int_eq(topics_expand(&topics, &templates, "site-7"), 0);
	const struct upstream_parts parts = { .ops = &ops,
		.settings = &settings,
		.topics = &topics,
		.clock = &bench->clock,
		.gateway = "site-7",
		.control = bench->control };
	ck_assert_int_eq(upstream_open(&upstream, &parts, why, sizeof(why)), 0);
}

static void open_fleet(void)
{
	const struct fleet_parts parts = {
		.control = bench->control,
		.rollouts = rollouts,
		.images = bench->images,
		.store = bench->scratch.store,
		.upstream = upstream,
		.topics = &topics,
		.allowed = &settings.remote_commands,
		.take_manifest = take_manifest,
	};

	ck_assert_int_eq(fleet_open(&fleet, &parts), 0);
}

static void begin_scene(void)
{
	static const char *const all[] = { "*" };
	const char *name;
	char head[17], id[16];

	settings.remote_commands = (struct setting_list){ all, 1 };
	bench = bench_open();
	bench_add_image(bench, 1, 1000, "meter-2", head);
	json_t *image = bench_ask(bench, json_pack("{s:s, s:s}", "command", "image.show", "image", head));
	name = text_of(json_object_get(image, "image"), "sha256");
	snprintf(digest, sizeof(digest), "%s", name);
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "m%02d", i);
		(void)bench_add_node(bench, id, "meter-2");
	}
	const struct rollouts_parts parts = { .store = bench->scratch.store,
		.nodes = bench->nodes,
		.updates = bench->updates,
		.random = &bench->random,
		.schedule = &schedule,
		.find_image = on_find };
	ck_assert_int_eq(rollouts_open(&rollouts, &parts), 0);
	open_upstream();
	open_fleet();
	commands = (struct control_rollouts){ .clock = &bench->clock,
		.nodes = bench->nodes,
		.updates = bench->updates,
		.images = bench->images,
		.rollouts = rollouts,
		.schedule = &schedule,
		.fleet = fleet };
	ck_assert_int_eq(control_rollouts_register(bench->control, &commands), 0);
	uplink_dummy_connect(uplink, 100);
}

static void end_scene(void)
{
	struct rollouts *ended = rollouts;

	upstream_close(upstream);
	fleet_close(fleet);
	bench_close(bench);
	rollouts_close(ended);
}

/* A document arrives; "" takes it back. */
static void receive(const char *topic, const char *text)
{
	uplink_dummy_receive(uplink,
		&(struct uplink_message){ .topic = topic, .payload = text, .size = strlen(text), .retain = true });
}

/* With `more`, which begins with a comma. */
static const char *document(const char *more)
{
	static char text[512];

	snprintf(text, sizeof(text), "{\"image\":\"%s\",\"soak_ms\":3600000%s}", digest, more);
	return text;
}

/* Of three waves, which soak for an hour and for so long. */
static const char *soaking(int second_ms)
{
	static char text[256];

	snprintf(text, sizeof(text), "{\"image\":\"%s\",\"waves\":\"1 10 100\",\"soak_ms\":[3600000,%d]}", digest,
		second_ms);
	return text;
}

static void tick(void)
{
	while (rollouts_tick(rollouts, bench->now) == 0)
		;
	(void)fleet_tick(fleet, bench->now);
	uplink_dummy_deliver_all(uplink);
}

static enum rollout_state state_of(const char *name)
{
	const struct rollout *rollout = rollouts_find(rollouts, name);

	ck_assert_ptr_nonnull(rollout);
	return rollout->state;
}

static bool is_offering(const char *name)
{
	const struct rollout *rollout = rollouts_find(rollouts, name);

	return rollout && rollout_is_offering(rollout);
}

/* What upstream was told last of it; "" if nothing. */
static const char *told(const char *name)
{
	static char text[512];
	char topic[128];

	snprintf(topic, sizeof(topic), "status/site-7/rollout/%s", name);
	text[0] = '\0';
	for (size_t i = 0; i < uplink_dummy_count(uplink); i++) {
		const struct uplink_message *message = &uplink_dummy_at(uplink, i)->message;
		if (strcmp(message->topic, topic) != 0)
			continue;
		ck_assert(message->retain);
		snprintf(text, sizeof(text), "%.*s", (int)message->size, (const char *)message->payload);
	}
	return text;
}

START_TEST(a_document_becomes_one_rollout_however_often_it_comes)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	ck_assert_ptr_nonnull(rollouts_find(rollouts, "spring"));
	ck_assert(rollouts_find(rollouts, "spring")->plan.fleet);
	receive("rollout/fleet/spring", document(""));
	uplink_dummy_disconnect(uplink);
	uplink_dummy_connect(uplink, 100);
	receive("rollout/fleet/spring", document(""));
	tick();
	ck_assert_uint_eq(rollouts_count(rollouts), 1);
	ck_assert_ptr_nonnull(strstr(told("spring"), "\"wave\":1"));
	end_scene();
}
END_TEST

/* Until it is another plan. */
START_TEST(waves_of_a_document_may_have_soak_times_of_their_own)
{
	const char *name, *why;

	begin_scene();
	receive("rollout/fleet/spring", soaking(7200000));
	tick();
	ck_assert_int_eq(rollouts_find(rollouts, "spring")->plan.soak_ms[0], 3600000);
	ck_assert_int_eq(rollouts_find(rollouts, "spring")->plan.soak_ms[1], 7200000);
	receive("rollout/fleet/spring", soaking(7200000));
	tick();
	ck_assert(!fleet_refused(fleet, 0, &name, &why));
	receive("rollout/fleet/spring", soaking(7200001));
	tick();
	ck_assert(fleet_refused(fleet, 0, &name, &why));
	ck_assert_ptr_nonnull(strstr(why, "another plan"));
	end_scene();
}
END_TEST

START_TEST(each_group_has_its_topic)
{
	begin_scene();
	receive("rollout/site-7/spring", document(""));
	ck_assert_ptr_nonnull(rollouts_find(rollouts, "spring"));
	receive("rollout/other/autumn", document(""));
	receive("rollout/fleet/a/b", document(""));
	receive("rollout/fleet", document(""));
	ck_assert_uint_eq(rollouts_count(rollouts), 1);
	end_scene();
}
END_TEST

START_TEST(what_the_document_wishes_is_followed)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	tick();
	receive("rollout/fleet/spring", document(",\"state\":\"pause\""));
	ck_assert_int_eq(state_of("spring"), ROLLOUT_PAUSED);
	receive("rollout/fleet/spring", document(""));
	ck_assert_int_ne(state_of("spring"), ROLLOUT_PAUSED);
	receive("rollout/fleet/spring", document(",\"state\":\"abort\""));
	ck_assert_int_eq(state_of("spring"), ROLLOUT_ABORTED);
	end_scene();
}
END_TEST

START_TEST(what_an_operator_stopped_here_does_not_go_on_by_itself)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	tick();
	ck_assert_int_eq(rollouts_intervene(rollouts, "spring", ROLLOUT_PAUSE, "operator", bench->now), 0);
	tick();
	receive("rollout/fleet/spring", document(""));
	tick();
	ck_assert_int_eq(state_of("spring"), ROLLOUT_PAUSED);
	end_scene();
}
END_TEST

START_TEST(a_document_that_is_taken_back_ends_its_rollout)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	tick();
	receive("rollout/fleet/spring", "");
	ck_assert_int_eq(state_of("spring"), ROLLOUT_ABORTED);
	uplink_dummy_deliver_all(uplink);
	ck_assert_str_eq(told("spring"), "");
	end_scene();
}
END_TEST

START_TEST(one_that_was_taken_back_meanwhile_is_paused_until_it_is_back)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	tick();
	uplink_dummy_disconnect(uplink);
	tick();
	ck_assert(is_offering("spring"));
	uplink_dummy_connect(uplink, 100);
	bench->now.monotonic_ms += FLEET_GRACE_MS - 1;
	tick();
	ck_assert(is_offering("spring"));
	bench->now.monotonic_ms += 1;
	tick();
	ck_assert_int_eq(state_of("spring"), ROLLOUT_PAUSED);
	receive("rollout/fleet/spring", document(""));
	ck_assert(is_offering("spring"));
	end_scene();
}
END_TEST

START_TEST(one_that_was_taken_back_is_found_over_short_sessions_too)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	tick();
	for (int i = 0; i < 5; i++) {
		ck_assert(is_offering("spring"));
		uplink_dummy_disconnect(uplink);
		bench->now.monotonic_ms += 100 * FLEET_GRACE_MS; /* nothing could come then */
		tick();
		uplink_dummy_connect(uplink, 100);
		bench->now.monotonic_ms += FLEET_GRACE_MS / 5;
		tick();
	}
	ck_assert_int_eq(state_of("spring"), ROLLOUT_PAUSED);
	end_scene();
}
END_TEST

START_TEST(one_that_comes_in_each_session_is_never_taken_for_gone)
{
	begin_scene();
	for (int i = 0; i < 20; i++) {
		receive("rollout/fleet/spring", document(""));
		bench->now.monotonic_ms += FLEET_GRACE_MS * 4 / 5;
		tick();
		ck_assert(is_offering("spring"));
		uplink_dummy_disconnect(uplink);
		tick();
		uplink_dummy_connect(uplink, 100);
		bench->now.monotonic_ms += FLEET_GRACE_MS / 5;
		tick();
		ck_assert(is_offering("spring"));
	}
	end_scene();
}
END_TEST

START_TEST(a_restart_remembers_whose_rollouts_are_a_fleets)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	tick();
	scratch_store_settle(&bench->scratch);
	upstream_close(upstream);
	fleet_close(fleet);
	open_upstream();
	open_fleet();
	uplink_dummy_connect(uplink, 100);
	tick();
	ck_assert(fleet_has(fleet, "spring"));
	receive("rollout/fleet/spring", document(",\"state\":\"pause\""));
	ck_assert_int_eq(state_of("spring"), ROLLOUT_PAUSED);
	end_scene();
}
END_TEST

START_TEST(an_image_that_is_not_here_is_waited_for)
{
	static const char text[] = "{\"image\":\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\","
				   "\"manifest\":{\"version\":\"2\"}}";

	begin_scene();
	receive("rollout/fleet/spring", text);
	tick();
	ck_assert_uint_eq(rollouts_count(rollouts), 0);
	ck_assert_uint_eq(manifests, 1);
	ck_assert_ptr_nonnull(strstr(told("spring"), "\"state\":\"pending\""));
	ck_assert_ptr_nonnull(strstr(told("spring"), "its image is not here"));
	end_scene();
}
END_TEST

START_TEST(one_that_is_in_the_way_is_waited_for)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	receive("rollout/fleet/summer", document(""));
	tick();
	ck_assert_uint_eq(rollouts_count(rollouts), 1);
	ck_assert_ptr_nonnull(strstr(told("summer"), "the rollout spring of the same nodes is open"));
	ck_assert_int_eq(rollouts_intervene(rollouts, "spring", ROLLOUT_ABORT, "operator", bench->now), 0);
	bench->now.wall_ms += 1000;
	tick();
	ck_assert_ptr_nonnull(rollouts_find(rollouts, "summer"));
	end_scene();
}
END_TEST

START_TEST(what_is_refused_is_told_and_does_not_stop_what_runs)
{
	const char *name, *why;

	begin_scene();
	receive("rollout/fleet/spring", document(",\"waves\":\"100 1\""));
	receive("rollout/fleet/summer", document(",\"colour\":\"red\""));
	receive("rollout/fleet/autumn", "no JSON");
	tick();
	ck_assert_uint_eq(rollouts_count(rollouts), 0);
	ck_assert_ptr_nonnull(strstr(told("spring"), "\"state\":\"refused\""));
	ck_assert_ptr_nonnull(strstr(told("summer"), "colour"));
	ck_assert(fleet_refused(fleet, 2, &name, &why));
	ck_assert_str_eq(name, "autumn");
	ck_assert(!fleet_refused(fleet, 3, &name, &why));
	receive("rollout/fleet/spring", document(""));
	receive("rollout/fleet/spring", document(",\"waves\":\"50 100\""));
	tick();
	ck_assert(is_offering("spring"));
	ck_assert(fleet_refused(fleet, 0, &name, &why));
	ck_assert_str_eq(name, "spring");
	ck_assert_ptr_nonnull(strstr(why, "another plan"));
	end_scene();
}
END_TEST

START_TEST(a_rollout_of_that_name_is_the_documents_if_it_is_the_same)
{
	begin_scene();
	(void)bench_ask(bench, json_pack("{s:s, s:s, s:s, s:i, s:b}", "command", "rollout.create", "rollout", "spring",
				       "image", digest, "soak_ms", 3600000, "fleet", 1));
	tick();
	receive("rollout/fleet/spring", document(",\"state\":\"pause\",\"waves\":\"2 100\""));
	ck_assert(is_offering("spring"));
	receive("rollout/fleet/spring", document(",\"state\":\"pause\""));
	ck_assert_int_eq(state_of("spring"), ROLLOUT_PAUSED);
	end_scene();
}
END_TEST

START_TEST(what_may_not_be_asked_from_upstream_may_not_be_wished)
{
	static const char *const some[] = { "status", "node.*" };

	begin_scene();
	settings.remote_commands = (struct setting_list){ some, 2 };
	receive("rollout/fleet/spring", document(""));
	tick();
	ck_assert_uint_eq(rollouts_count(rollouts), 0);
	ck_assert_ptr_nonnull(strstr(told("spring"), "refused"));
	end_scene();
}
END_TEST

START_TEST(one_whose_document_stands_is_not_forgotten)
{
	begin_scene();
	receive("rollout/fleet/spring", document(""));
	receive("rollout/fleet/spring", document(",\"state\":\"abort\""));
	ck_assert_ptr_null(bench_ask(bench, json_pack("{s:s, s:s}", "command", "rollout.remove", "rollout", "spring")));
	receive("rollout/fleet/spring", "");
	ck_assert_ptr_nonnull(
		bench_ask(bench, json_pack("{s:s, s:s}", "command", "rollout.remove", "rollout", "spring")));
	end_scene();
}
END_TEST

TEST_SUITE(fleet, a_document_becomes_one_rollout_however_often_it_comes, each_group_has_its_topic,
	waves_of_a_document_may_have_soak_times_of_their_own, what_the_document_wishes_is_followed,
	what_an_operator_stopped_here_does_not_go_on_by_itself, a_document_that_is_taken_back_ends_its_rollout,
	one_that_was_taken_back_meanwhile_is_paused_until_it_is_back,
	one_that_was_taken_back_is_found_over_short_sessions_too,
	one_that_comes_in_each_session_is_never_taken_for_gone, a_restart_remembers_whose_rollouts_are_a_fleets,
	an_image_that_is_not_here_is_waited_for, one_that_is_in_the_way_is_waited_for,
	what_is_refused_is_told_and_does_not_stop_what_runs, a_rollout_of_that_name_is_the_documents_if_it_is_the_same,
	what_may_not_be_asked_from_upstream_may_not_be_wished, one_whose_document_stands_is_not_forgotten)
