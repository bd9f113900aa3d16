#include "tests/sim/site_operator.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control.h"
#include "gateway/rollouts.h"
#include "tests/sim/site_audit.h"
#include "tests/sim/site_gateway.h"
#include "tests/sim/site_hours.h"
#include "tests/sim/site_images.h"
#include "tests/sim/site_world.h"

#define AGAIN_MS (5 * SITE_MINUTE_MS)
#define PATIENCE_MS SITE_MINUTE_MS
#define PIECE 4000
#define CLOCK_NOTICED_MS 2000
#define AUDIT_MS (20 * SITE_MINUTE_MS) /* before the end */

/* When images of each level come, in parts of a thousand of the time before settling. */
static const unsigned when[] = { [SITE_FIRST] = 0, [SITE_RELEASE] = 40, [SITE_NEXT] = 420, [SITE_STONE] = 420 };

static void go_on(struct site_operator *worker);

static void on_alarm(void *context, uint64_t argument)
{
	struct site_operator *worker = context;

	if (argument == worker->patience)
		go_on(worker);
}

static void wait_for(struct site_operator *worker, int64_t after_ms)
{
	site_world_later(worker->world, after_ms, on_alarm, worker, ++worker->patience);
}

static void begin_again(struct site_operator *worker)
{
	worker->upload = 0;
	worker->offset = 0;
	wait_for(worker, AGAIN_MS);
}

void site_operator_rollout_name(int image, char out[16])
{
	snprintf(out, 16, "r%d", image);
}

/* Asking. What is answered after the patience ended is not listened to. */

struct asked {
	struct asked *next;
	struct site_operator *worker;
	size_t action; /* of the audit; SIZE_MAX: it only asks */
	uint32_t patience;
	void (*answered)(struct site_operator *worker, bool ok, const json_t *told);
};

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	struct asked *asked = context;
	json_t *told = json_loadb(json, size, 0, NULL);
	bool ok = json_is_true(json_object_get(told, "ok"));

	asked->worker->refusals += !ok;
	if (asked->action != SIZE_MAX)
		site_audit_answered(asked->worker->audit, asked->action, ok);
	if (!ok)
		site_world_say(asked->worker->world, "operator is refused: %s",
			json_string_value(json_object_get(json_object_get(told, "error"), "message")));
	if (asked->answered && asked->patience == asked->worker->patience)
		asked->answered(asked->worker, ok, json_object_get(told, "result"));
	json_decref(told);
	return 0;
}

static void ask(struct site_operator *worker, json_t *request, const struct control_bytes *bytes,
	void (*answered)(struct site_operator *worker, bool ok, const json_t *told))
{
	const char *command = json_string_value(json_object_get(request, "command"));
	/* The bytes of an image are part of what its beginning says. */
	bool acts = strcmp(command, "audit") != 0 && strcmp(command, "status") != 0 &&
		    strcmp(command, "rollout.forecast") != 0 && strcmp(command, "image.upload.data") != 0;
	size_t action = acts ? site_audit_ask(worker->audit, request) : SIZE_MAX;
	char *text = json_dumps(request, JSON_COMPACT);
	struct asked *asked = malloc(sizeof(*asked));
	struct daemon_view view;

	if (!text || !asked)
		abort();
	*asked = (struct asked){ worker->asked, worker, action, worker->patience, answered };
	worker->asked = asked;
	struct control_asker asker = { .name = "operator", .reply = on_reply, .context = asked };
	worker->requests++;
	daemon_view(worker->gateway->daemon, &view);
	(void)control_dispatch(view.control, &asker, text, strlen(text), bytes);
	free(text);
	json_decref(request);
}

/* Bringing an image in. */

static bool is_due(const struct site_operator *worker, int image)
{
	const struct site_plan *plan = worker->world->plan;
	enum site_level level = site_image_level(image);
	int64_t from_ms = (plan->days_ms - plan->settle_ms) * when[level] / 1000;

	if (level == SITE_STONE && !plan->stones)
		return false;
	if (level == SITE_STONE)
		from_ms += plan->stone_late_ms;
	return worker->world->now_ms >= from_ms && (unsigned)image % SITE_HARDWARE_MAX < plan->hardware_types;
}

static void on_time_to_cut(void *context, uint64_t argument)
{
	struct site_operator *worker = context;

	site_gateway_cut_power(worker->gateway, SITE_MINUTE_MS);
}

static void note_brought(struct site_operator *worker)
{
	const struct site_plan *plan = worker->world->plan;

	site_world_say(worker->world, "operator: image %s is there", worker->images->list[worker->image].name);
	worker->brought_ms[worker->image] = worker->world->now_ms;
	if (plan->faults && plan->stone_cut_ms > 0 && site_image_level(worker->image) == SITE_STONE)
		site_world_later(worker->world, plan->stone_cut_ms, on_time_to_cut, worker, 0);
}

static void on_uploaded(struct site_operator *worker, bool ok, const json_t *told)
{
	const json_t *number = json_object_get(told, "upload");

	if (!ok) {
		begin_again(worker);
		return;
	}
	if (json_object_get(told, "image")) {
		note_brought(worker);
		worker->upload = 0;
	} else {
		worker->upload = json_integer_value(number);
		worker->offset = (uint32_t)json_integer_value(json_object_get(told, "offset"));
	}
	wait_for(worker, 200);
}

static void bring(struct site_operator *worker)
{
	const struct site_image *image = &worker->images->list[worker->image];
	struct control_bytes piece = { image->bytes + worker->offset, image->size - worker->offset };

	wait_for(worker, PATIENCE_MS);
	if (worker->upload == 0) {
		json_t *request = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "command", "image.upload", "name",
			image->name, "size", (int)image->size, "sha256", image->hex, "hardware", image->hardware,
			"version", image->version);
		const char *least = site_image_requires(worker->world->plan, worker->image);
		if (least)
			(void)json_object_set_new(request, "requires", json_string(least));
		ask(worker, request, NULL, on_uploaded);
		return;
	}
	if (piece.size == 0) {
		ask(worker,
			json_pack("{s:s, s:I}", "command", "image.upload.finish", "upload", (json_int_t)worker->upload),
			NULL, on_uploaded);
		return;
	}
	if (piece.size > PIECE)
		piece.size = PIECE;
	ask(worker,
		json_pack("{s:s, s:I, s:i}", "command", "image.upload.data", "upload", (json_int_t)worker->upload,
			"offset", (int)worker->offset),
		&piece, on_uploaded);
}

/* Rollouts. */

static void on_ordered(struct site_operator *worker, bool ok, const json_t *told)
{
	worker->ordered[worker->image] = ok;
	if (ok)
		site_world_say(
			worker->world, "operator: rollout of %s ordered", worker->images->list[worker->image].name);
	wait_for(worker, ok ? 1000 : AGAIN_MS);
}

/* One that tripped, as none does where nothing fails, stands in the way of the next. */
static void clear_the_way(struct site_operator *worker)
{
	char former[16];

	if (site_image_level(worker->image) != SITE_NEXT || !worker->world->plan->faults)
		return;
	site_operator_rollout_name(site_image_at(worker->image, SITE_RELEASE), former);
	if (worker->world->now_ms % 3 == 0)
		ask(worker, json_pack("{s:s, s:s}", "command", "rollout.abort", "rollout", former), NULL, NULL);
	else if (worker->world->now_ms % 3 == 1)
		ask(worker, json_pack("{s:s, s:s}", "command", "rollout.rollback", "rollout", former), NULL, NULL);
}

static json_t *describe_soaks(const struct site_plan *plan)
{
	json_t *list = json_array();

	if (plan->soaks == 1) {
		json_decref(list);
		return json_integer(plan->soak_ms[0]);
	}
	for (unsigned i = 0; i < plan->soaks; i++)
		(void)json_array_append_new(list, json_integer(plan->soak_ms[i]));
	return list;
}

static json_t *describe_order(const struct site_operator *worker, const char *command, const char *name)
{
	const struct site_plan *plan = worker->world->plan;
	json_t *request = json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:s}", "command", command, "rollout", name, "image",
		worker->images->list[worker->image].hex, "waves", plan->waves, "soak_ms", describe_soaks(plan),
		"deadline_wakes", 6, "on_failure", plan->rolls_back ? "rollback" : "pause");

	if (plan->window)
		(void)json_object_set_new(request, "window", json_string(plan->window->text));
	if (plan->apply_window)
		(void)json_object_set_new(request, "apply_window", json_string(plan->apply_window->text));
	return request;
}

static void on_forecast(struct site_operator *worker, bool ok, const json_t *told)
{
	if (!ok)
		site_world_fail(worker->world, "no forecast is given");
	worker->forecast = json_deep_copy(told);
	worker->forecast_ms = worker->world->now_ms;
	wait_for(worker, 1);
}

static void order(struct site_operator *worker)
{
	char name[16];

	site_operator_rollout_name(worker->image, name);
	wait_for(worker, PATIENCE_MS);
	clear_the_way(worker);
	if (worker->world->plan->forecast && !worker->forecast)
		ask(worker, describe_order(worker, "rollout.forecast", name), NULL, on_forecast);
	else
		ask(worker, describe_order(worker, "rollout.create", name), NULL, on_ordered);
}

/* The next thing that is not done. */
static void go_on(struct site_operator *worker)
{
	if (!worker->gateway->daemon) {
		begin_again(worker);
		return;
	}
	for (int image = 0; image < SITE_IMAGES; image++) {
		enum site_level level = site_image_level(image);
		bool is_release = level == SITE_RELEASE || level == SITE_NEXT;
		if (!is_due(worker, image) ||
			(worker->brought_ms[image] > 0 && (!is_release || worker->ordered[image])))
			continue;
		if (image != worker->image) {
			worker->upload = 0;
			worker->offset = 0;
		}
		worker->image = image;
		if (worker->brought_ms[image] > 0)
			order(worker);
		else
			bring(worker);
		return;
	}
	wait_for(worker, AGAIN_MS);
}

static void on_pause_over(void *context, uint64_t image)
{
	struct site_operator *worker = context;
	char name[16];

	if (!worker->gateway->daemon)
		return;
	site_operator_rollout_name((int)image, name);
	ask(worker, json_pack("{s:s, s:s}", "command", "rollout.resume", "rollout", name), NULL, NULL);
}

static void on_halted(struct site_operator *worker, bool ok, const json_t *told)
{
	worker->halted_in = ok ? worker->gateway->starts : 0;
}

static void on_halt_over(void *context, uint64_t argument)
{
	struct site_operator *worker = context;

	worker->halted_in = 0;
	if (!worker->gateway->daemon) {
		site_world_later(worker->world, AGAIN_MS, on_halt_over, worker, argument);
		return;
	}
	ask(worker, json_pack("{s:s}", "command", "update.go_on"), NULL, NULL);
	/* A power cut may undo it. */
	if (argument < 3)
		site_world_later(worker->world, AGAIN_MS, on_halt_over, worker, argument + 1);
}

void site_operator_go_on(struct site_operator *worker)
{
	on_halt_over(worker, 0);
}

void site_operator_halt(struct site_operator *worker)
{
	site_world_say(worker->world, "operator halts all updates");
	ask(worker, json_pack("{s:s, s:s}", "command", "update.halt", "reason", "to look"), NULL, on_halted);
	site_world_later(worker->world, site_world_between(worker->world, SITE_MINUTE_MS, 2 * SITE_HOUR_MS),
		on_halt_over, worker, 0);
}

bool site_operator_has_halted(const struct site_operator *worker)
{
	return worker->halted_in > 0 && worker->halted_in == worker->gateway->starts;
}

void site_operator_meddle(struct site_operator *worker)
{
	int image = (int)site_world_between(worker->world, SITE_HARDWARE_MAX, SITE_IMAGES - 1);
	char name[16];

	if (!worker->gateway->daemon || !worker->ordered[image])
		return;
	site_operator_rollout_name(image, name);
	site_world_say(worker->world, "operator pauses %s", name);
	ask(worker, json_pack("{s:s, s:s}", "command", "rollout.pause", "rollout", name), NULL, NULL);
	site_world_later(worker->world, site_world_between(worker->world, SITE_MINUTE_MS, 3 * SITE_HOUR_MS),
		on_pause_over, worker, (uint64_t)image);
}

static void on_clock(struct site_operator *worker, bool ok, const json_t *told)
{
	json_int_t jumps = json_integer_value(json_object_get(json_object_get(told, "clock"), "jumps"));

	if (ok && worker->jumps_in == worker->gateway->starts && jumps != worker->jumps)
		site_world_fail(worker->world, "the clock was set %u times, and the gateway noticed %d", worker->jumps,
			(int)jumps);
}

static void on_time_to_ask(void *context, uint64_t jumps)
{
	struct site_operator *worker = context;

	if (worker->gateway->daemon && worker->jumps_in == worker->gateway->starts && worker->jumps == jumps)
		ask(worker, json_pack("{s:s}", "command", "status"), NULL, on_clock);
}

void site_operator_look_at_clock(struct site_operator *worker)
{
	if (worker->jumps_in != worker->gateway->starts)
		worker->jumps = 0;
	worker->jumps_in = worker->gateway->starts;
	site_world_later(worker->world, CLOCK_NOTICED_MS, on_time_to_ask, worker, ++worker->jumps);
}

static void on_trail(struct site_operator *worker, bool ok, const json_t *told)
{
	if (!ok)
		site_world_fail(worker->world, "the audit trail cannot be read");
	else
		site_audit_judge(worker->audit, json_object_get(told, "audit"));
	wait_for(worker, AGAIN_MS);
}

/* The last thing that the operator does: reads what the gateway wrote down of it. */
static void on_time_to_look(void *context, uint64_t argument)
{
	struct site_operator *worker = context;

	wait_for(worker, PATIENCE_MS);
	if (worker->gateway->daemon)
		ask(worker, json_pack("{s:s, s:i}", "command", "audit", "limit", SITE_AUDIT_MOST), NULL, on_trail);
}

void site_operator_open(struct site_operator *worker, struct site_world *world, struct site_gateway *gateway,
	const struct site_images *images, struct site_audit *audit)
{
	*worker = (struct site_operator){
		.world = world, .gateway = gateway, .images = images, .audit = audit, .image = -1
	};
	if (world->plan->days_ms - world->plan->settle_ms > AUDIT_MS)
		site_world_later(world, world->plan->days_ms - AUDIT_MS, on_time_to_look, worker, 0);
	if (world->plan->rollouts)
		wait_for(worker, SITE_MINUTE_MS);
}

void site_operator_close(struct site_operator *worker)
{
	struct asked *asked;

	json_decref(worker->forecast);
	while ((asked = worker->asked)) {
		worker->asked = asked->next;
		free(asked);
	}
}
