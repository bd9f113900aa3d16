#include "gateway/forecast.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/forecast_links.h"
#include "gateway/random.h"
#include "gateway/rollout.h"

#define PILOT_RUNS 100   /* to find out how long the curve is to be, the 95 % of its band included */
#define CALLS_MOST 5000  /* that a node misses */
#define WINDOWS_MOST 60  /* that a node does not meet, which calls seldom */
#define RESTART_MS 60000 /* until a node that has the whole image runs it and says so, or till its next call */
#define QUARTER_MS (INT64_C(900) * 1000)

/* Of the first looks at good images, of the second ones, and of the third: who is under suspicion has fared so on the
 * whole soak, which the next look judges again. As simulated, see docs/rollouts.md. */
static const double suspected[GATE_LOOKS_MAX - 1] = { 0.16, 0.5, 0.6 };

/* What becomes of one node. */
struct outcome {
	enum { NODE_CONFIRMED, NODE_FAILED, NODE_SILENT } kind;
	int64_t at_ms; /* from now */
};

/* A node that gets the image, as of its first call. */
struct visit {
	const struct forecast_node *node;
	size_t copy;      /* of the mesh, see forecast_links.h */
	int64_t phase_ms; /* in its period, when it calls */
	int64_t call_ms;  /* from now; -1: it does not */
};

struct run {
	const struct forecast_input *input;
	struct random random;
	struct rollout rollout;
	struct gate_tally tally;
	uint32_t total;
	size_t first[WAVES_MAX]; /* of each wave in the sample */
	int64_t *confirmed_ms;   /* of the nodes that are, in no order */
	size_t confirmed;
	struct visit *visits; /* of the nodes of a wave */
	struct forecast_links links;
	uint64_t bytes;             /* that were fetched */
	int64_t wave_ms[WAVES_MAX]; /* -1: not begun */
	int64_t end_ms;
};

static double chance(struct random *random)
{
	return (double)(random_next(random) >> 11) / (double)(UINT64_C(1) << 53);
}

/* ---- one node ---- */

/* When, from then on, it is no quarter of those that are closed; -1: never. */
static int64_t opens_ms(const bool closed[FORECAST_WEEK], int64_t at_ms)
{
	int64_t quarter = at_ms / QUARTER_MS;

	if (!closed[quarter % FORECAST_WEEK])
		return at_ms;
	for (int i = 1; i < FORECAST_WEEK; i++)
		if (!closed[(quarter + i) % FORECAST_WEEK])
			return (quarter + i) * QUARTER_MS;
	return -1;
}

static int64_t first_call(const struct forecast_node *node, int64_t from_ms, int64_t phase_ms)
{
	int64_t late_ms = from_ms - phase_ms;

	return late_ms <= 0 ? phase_ms : phase_ms + (late_ms + node->period_ms - 1) / node->period_ms * node->period_ms;
}

/* Its first call from `from_ms` on that comes, and is in the window if that matters; -1: none within reason. */
static int64_t next_call(
	struct run *run, const struct forecast_node *node, int64_t from_ms, int64_t phase_ms, bool in_window)
{
	int64_t at_ms = first_call(node, from_ms, phase_ms);

	for (int calls = 0, windows = 0; calls < CALLS_MOST && windows < WINDOWS_MOST; calls++) {
		int64_t open_ms = in_window ? opens_ms(run->input->closed, at_ms) : at_ms;
		if (open_ms < 0)
			return -1;
		if (open_ms == at_ms && chance(&run->random) >= node->missed)
			return at_ms;
		windows += open_ms > at_ms;
		at_ms = open_ms > at_ms ? first_call(node, open_ms, phase_ms) : at_ms + node->period_ms;
	}
	return -1;
}

/* When a node that has the image by then may restart into it: at once, or in its place in the next window; -1: never.
 */
static int64_t restarts_ms(struct run *run, int64_t at_ms)
{
	const struct forecast_input *input = run->input;
	int64_t open_ms = opens_ms(input->apply_closed, at_ms), lasts = 0;

	if (open_ms < 0 || open_ms == at_ms)
		return open_ms;
	while (lasts < FORECAST_WEEK && !input->apply_closed[(open_ms / QUARTER_MS + lasts) % FORECAST_WEEK])
		lasts++;
	int64_t spread_ms = lasts * QUARTER_MS / 2 < input->spread_ms ? lasts * QUARTER_MS / 2 : input->spread_ms;
	return open_ms + (int64_t)(chance(&run->random) * (double)spread_ms);
}

/* One transfer that could begin then. True: the node runs the image and says so at *at_ms, by what it says after its
 * restart or else by the call after; -1: never. False: it may try again from then on. What it waits for others, or for
 * a window, is added to its patience. */
static bool try_image(struct run *run, const struct visit *visit, uint32_t bytes, int64_t *at_ms, int64_t *patience_ms)
{
	const struct forecast_input *input = run->input;
	int64_t lasts_ms = (int64_t)bytes * 1000 / input->rate_bytes;
	int64_t begins_ms = forecast_links_take(&run->links, visit->node, visit->copy, *at_ms, lasts_ms);
	bool failed = chance(&run->random) < input->attempt_fails;
	bool tells = !failed && chance(&run->random) >= visit->node->missed;

	*patience_ms += begins_ms - *at_ms;
	*at_ms = begins_ms + lasts_ms;
	run->bytes += bytes;
	if (failed)
		return false;
	int64_t restarts = restarts_ms(run, *at_ms);
	if (restarts < 0) {
		*at_ms = -1;
		return true;
	}
	*patience_ms += restarts - *at_ms;
	int64_t boots_ms = visit->node->period_ms < RESTART_MS ? visit->node->period_ms : RESTART_MS;
	*at_ms = tells ? restarts + boots_ms : next_call(run, visit->node, restarts + 1, visit->phase_ms, false);
	return true;
}

/* One image of those on its way: fetched, perhaps more than once, until the node says that it runs it. */
static struct outcome update_once(struct run *run, const struct visit *visit, uint32_t bytes, int64_t from_ms)
{
	const struct forecast_input *input = run->input;
	int64_t patience_ms = input->plan->deadline_wakes * visit->node->period_ms, pause_ms = input->retry_after_ms;
	int64_t at_ms = from_ms, failed_ms = from_ms;

	for (int64_t attempt = 0; at_ms >= 0 && attempt < input->attempts; attempt++) {
		if (try_image(run, visit, bytes, &at_ms, &patience_ms)) {
			if (at_ms < 0 || at_ms - from_ms > patience_ms)
				return (struct outcome){ NODE_SILENT, from_ms + patience_ms };
			return (struct outcome){ NODE_CONFIRMED, at_ms };
		}
		failed_ms = at_ms;
		at_ms = next_call(run, visit->node, at_ms + pause_ms, visit->phase_ms, true);
		pause_ms *= 2;
	}
	return (struct outcome){ NODE_FAILED, failed_ms };
}

/* Over its stepping stones, each of which is confirmed before the next is offered. */
static struct outcome update_node(struct run *run, const struct visit *visit)
{
	const struct forecast_node *node = visit->node;
	int64_t at_ms = visit->call_ms;

	for (uint32_t i = 0; i < node->stones; i++) {
		const struct outcome stone = update_once(run, visit, node->stone_bytes / node->stones, at_ms);
		if (stone.kind != NODE_CONFIRMED)
			return stone;
		bool is_open = opens_ms(run->input->closed, stone.at_ms) == stone.at_ms;
		at_ms = is_open ? stone.at_ms : next_call(run, node, stone.at_ms, visit->phase_ms, true);
		if (at_ms < 0)
			return (struct outcome){ NODE_SILENT, stone.at_ms };
	}
	return update_once(run, visit, run->input->image_bytes, at_ms);
}

/* Its first call in the window once its wave has begun; its `call_ms` is -1 where there is none. */
static struct visit visit_of(struct run *run, const struct forecast_node *node, int64_t from_ms)
{
	struct visit visit = { .node = node, .call_ms = -1 };

	if (run->links.copies > 1)
		visit.copy = random_below(&run->random, run->links.copies);
	/* Where in its interval the gateway lets it call moves a little each time. */
	visit.phase_ms =
		(node->next_ms + (int64_t)(chance(&run->random) * 0.1 * (double)node->period_ms)) % node->period_ms;
	if (!node->silent)
		visit.call_ms = next_call(run, node, from_ms, visit.phase_ms, true);
	return visit;
}

/* ---- one run ---- */

static void count_outcome(struct run *run, const struct outcome *outcome)
{
	if (outcome->kind == NODE_CONFIRMED) {
		run->tally.confirmed++;
		run->confirmed_ms[run->confirmed++] = outcome->at_ms;
	}
	run->tally.failed += outcome->kind == NODE_FAILED;
	run->tally.silent += outcome->kind == NODE_SILENT;
}

static const struct forecast_node *draw(struct run *run, unsigned wave, uint32_t index)
{
	const struct forecast_input *input = run->input;

	if (run->total > input->sampled)
		return &input->sample[random_below(&run->random, input->sampled)];
	return &input->sample[(run->first[wave] + index) % input->sampled];
}

static int compare_calls(const void *a, const void *b)
{
	const struct visit *x = a, *y = b;

	return (x->call_ms > y->call_ms) - (x->call_ms < y->call_ms);
}

/* When the last node of the wave is done. Who calls first has its place on the link first. */
static int64_t live_wave(struct run *run, unsigned wave, int64_t from_ms)
{
	uint32_t count = run->input->wave_nodes[wave];
	int64_t last_ms = from_ms;

	for (uint32_t i = 0; i < count; i++)
		run->visits[i] = visit_of(run, draw(run, wave, i), from_ms);
	if (run->input->at_once > 0 || run->input->per_parent > 0)
		qsort(run->visits, count, sizeof(run->visits[0]), compare_calls);
	for (uint32_t i = 0; i < count; i++) {
		const struct visit *visit = &run->visits[i];
		int64_t patience_ms = run->input->plan->deadline_wakes * visit->node->period_ms;
		/* A node that calls outside the window only is not silent, it waits. */
		const struct outcome outcome = visit->call_ms < 0
						       ? (struct outcome){ NODE_SILENT, from_ms + patience_ms }
						       : update_node(run, visit);
		run->tally.nodes++;
		count_outcome(run, &outcome);
		last_ms = outcome.at_ms > last_ms ? outcome.at_ms : last_ms;
	}
	return last_ms;
}

static void tick(struct run *run, int64_t at_ms)
{
	unsigned looks = run->rollout.looks;
	bool suspects = run->rollout.state == ROLLOUT_SOAKING && looks + 1 < GATE_LOOKS_MAX &&
			run->rollout.wave + 1 < run->input->plan->wave_count && chance(&run->random) < suspected[looks];
	const struct rollout_facts facts = {
		.tally = run->tally,
		.concerned = run->total,
		.lowest = 0,
		.compared = true,
		.verdict = suspects ? GATE_SUSPECTED : GATE_PASSED,
	};

	(void)rollout_tick(
		&run->rollout, &facts, (struct moment){ .monotonic_ms = at_ms, .wall_ms = run->input->now_ms + at_ms });
}

static void run_once(struct run *run)
{
	const struct rollout_plan *plan = run->input->plan;
	int64_t at_ms = plan->start_ms > run->input->now_ms ? plan->start_ms - run->input->now_ms : 0;

	run->tally = (struct gate_tally){ 0 };
	run->confirmed = 0;
	run->bytes = 0;
	for (unsigned i = 0; i < WAVES_MAX; i++)
		run->wave_ms[i] = -1;
	forecast_links_clear(&run->links);
	rollout_init(&run->rollout, plan, (struct moment){ 0, run->input->now_ms });
	run->rollout.approved = true;
	tick(run, at_ms);
	while (run->rollout.state == ROLLOUT_ROLLING) {
		unsigned wave = run->rollout.wave;
		run->wave_ms[wave] = at_ms;
		at_ms = live_wave(run, wave, at_ms);
		tick(run, at_ms);
		if (run->rollout.state != ROLLOUT_SOAKING)
			break;
		while (run->rollout.state == ROLLOUT_SOAKING) {
			at_ms += plan->soak_ms[run->rollout.wave];
			tick(run, at_ms);
		}
	}
	run->end_ms = at_ms;
}

/* ---- all runs ---- */

static int compare_times(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int compare_shares(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static const double hundredths[FORECAST_BANDS] = { 0.05, 0.25, 0.5, 0.75, 0.95 };

static size_t rank_of(double hundredth, size_t count)
{
	return (size_t)(hundredth * (double)(count - 1) + 0.5);
}

/* What the runs leave behind. */
struct record {
	float *shares;        /* runs a point */
	int64_t *complete_ms; /* INT64_MAX: not */
	int64_t *wave_ms;     /* runs a wave; INT64_MAX: not begun */
	unsigned runs;
};

static void note_curve(const struct forecast *forecast, struct run *run, struct record *record, unsigned number)
{
	size_t at = 0;

	qsort(run->confirmed_ms, run->confirmed, sizeof(run->confirmed_ms[0]), compare_times);
	for (size_t point = 0; point < FORECAST_POINTS; point++) {
		int64_t until_ms = forecast->span_ms * (int64_t)point / (FORECAST_POINTS - 1);
		while (at < run->confirmed && run->confirmed_ms[at] <= until_ms)
			at++;
		record->shares[point * record->runs + number] = (float)((double)at / run->total);
	}
}

static void note_run(struct forecast *forecast, struct run *run, struct record *record, unsigned number)
{
	bool complete = run->rollout.state == ROLLOUT_COMPLETE;

	note_curve(forecast, run, record, number);
	record->complete_ms[number] = complete ? run->end_ms : INT64_MAX;
	for (unsigned wave = 0; wave < run->input->plan->wave_count; wave++)
		record->wave_ms[wave * record->runs + number] = run->wave_ms[wave] < 0 ? INT64_MAX : run->wave_ms[wave];
	forecast->stopped += !complete;
	forecast->confirmed += run->tally.confirmed;
	forecast->failed += run->tally.failed;
	forecast->silent += run->tally.silent;
	forecast->bytes += (double)run->bytes;
}

static void sum_up(struct forecast *out, const struct forecast_input *input, struct record *record)
{
	double runs = record->runs, on_air = 1 + (double)input->overhead_percent / 100;

	for (size_t point = 0; point < FORECAST_POINTS; point++) {
		float *shares = record->shares + point * record->runs;
		qsort(shares, record->runs, sizeof(shares[0]), compare_shares);
		for (int band = 0; band < FORECAST_BANDS; band++)
			out->curve[point][band] = shares[rank_of(hundredths[band], record->runs)];
	}
	qsort(record->complete_ms, record->runs, sizeof(record->complete_ms[0]), compare_times);
	for (int band = 0; band < FORECAST_BANDS; band++) {
		int64_t ms = record->complete_ms[rank_of(hundredths[band], record->runs)];
		out->complete_ms[band] = ms == INT64_MAX ? -1 : ms;
	}
	for (unsigned wave = 0; wave < WAVES_MAX; wave++) {
		int64_t *begins = record->wave_ms + wave * record->runs;
		bool is_one = wave < input->plan->wave_count;
		if (is_one)
			qsort(begins, record->runs, sizeof(begins[0]), compare_times);
		int64_t ms = is_one ? begins[rank_of(0.5, record->runs)] : INT64_MAX;
		out->wave_ms[wave] = ms == INT64_MAX ? -1 : ms;
	}
	double updated = out->confirmed > 0 ? out->confirmed : 1;
	out->node_joules = out->bytes * on_air * 8 / (double)input->bit_rate * (double)input->power_mw / 1000 / updated;
	out->bytes = out->bytes * on_air / runs;
	out->airtime_s = out->bytes * 8 / (double)input->bit_rate;
	out->confirmed /= runs;
	out->failed /= runs;
	out->silent /= runs;
}

static bool is_fine(const struct forecast_input *input)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < input->plan->wave_count; i++)
		total += input->wave_nodes[i];
	for (size_t i = 0; i < input->sampled; i++)
		if (input->sample[i].period_ms <= 0 || input->sample[i].next_ms < 0 ||
			input->sample[i].wave >= WAVES_MAX || input->sample[i].parent > FORECAST_SAMPLE_MAX)
			return false;
	return total > 0 && total <= FORECAST_NODES_MAX && input->sampled > 0 &&
	       input->sampled <= FORECAST_SAMPLE_MAX && input->runs > 0 && input->runs <= FORECAST_RUNS_MAX &&
	       input->rate_bytes > 0 && input->bit_rate > 0 && input->attempts > 0 && input->at_once >= 0 &&
	       input->at_once <= FORECAST_NODES_MAX && input->per_parent >= 0 && input->spread_ms >= 0;
}

static int64_t find_span(struct run *run)
{
	int64_t longest_ms = 1000;

	for (unsigned i = 0; i < PILOT_RUNS; i++) {
		run_once(run);
		for (size_t k = 0; k < run->confirmed; k++)
			if (run->confirmed_ms[k] > longest_ms)
				longest_ms = run->confirmed_ms[k];
	}
	return longest_ms + longest_ms / 20;
}

static int open_run(struct run *run, struct record *record, const struct forecast_input *input)
{
	*run = (struct run){ .input = input };
	*record = (struct record){ .runs = input->runs };
	for (unsigned i = 0; i < input->plan->wave_count; i++)
		run->total += input->wave_nodes[i];
	for (size_t i = input->sampled; i-- > 0;)
		run->first[input->sample[i].wave] = i;
	random_init(&run->random, input->seed);
	run->confirmed_ms = calloc(run->total, sizeof(run->confirmed_ms[0]));
	run->visits = calloc(run->total, sizeof(run->visits[0]));
	record->shares = calloc((size_t)FORECAST_POINTS * input->runs, sizeof(record->shares[0]));
	record->complete_ms = calloc(input->runs, sizeof(record->complete_ms[0]));
	record->wave_ms = calloc((size_t)WAVES_MAX * input->runs, sizeof(record->wave_ms[0]));
	int error = forecast_links_open(&run->links, input, run->total);
	if (!run->confirmed_ms || !run->visits || !record->shares || !record->complete_ms || !record->wave_ms)
		return -ENOMEM;
	return error;
}

static void close_run(struct run *run, struct record *record)
{
	free(run->confirmed_ms);
	free(run->visits);
	forecast_links_close(&run->links);
	free(record->shares);
	free(record->complete_ms);
	free(record->wave_ms);
}

int forecast_run(struct forecast *out, const struct forecast_input *input)
{
	struct forecast forecast = { .runs = input->runs };
	struct record record;
	struct run run;

	if (!is_fine(input))
		return -EINVAL;
	int error = open_run(&run, &record, input);
	if (!error) {
		forecast.nodes = run.total;
		forecast.span_ms = find_span(&run);
		for (unsigned i = 0; i < input->runs; i++) {
			run_once(&run);
			note_run(&forecast, &run, &record, i);
		}
		sum_up(&forecast, input, &record);
		*out = forecast;
	}
	close_run(&run, &record);
	return error;
}
