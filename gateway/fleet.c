#include "gateway/fleet.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/uplink.h"
#include "gateway/control.h"
#include "gateway/fleet_document.h"
#include "gateway/image_cache.h"
#include "gateway/log.h"
#include "gateway/pattern.h"
#include "gateway/rollouts.h"
#include "gateway/topics.h"
#include "gateway/upstream.h"
#include "store/image_store.h"
#include "store/store.h"

#define TICK_MS 1000
#define ASKER "fleet"
#define KEPT_NAME "fleet.documents"
#define KEPT_SIZE (FLEET_DOCUMENTS_MAX * (ROLLOUT_ID_MAX + 1) + 1)

/* What is known of one document. */
struct entry {
	char name[ROLLOUT_ID_MAX + 1];
	struct fleet_document document; /* `request` NULL: known from an earlier run, and not seen since */
	bool taken;                     /* it became a rollout */
	bool refused;                   /* for good, until it changes */
	bool differs;                   /* from the plan that its rollout began with */
	bool seen;                      /* in this session */
	int64_t missed_ms;              /* so long it was connected, and the document has not come */
	uint64_t tried;                 /* the mark of the rollouts when it was tried last */
	char why[FLEET_SENTENCE_SIZE];
	uint64_t told; /* what upstream was told, as a hash; 0: nothing */
};

struct fleet {
	struct fleet_parts parts;
	struct upstream_client client;
	struct entry *entries[FLEET_DOCUMENTS_MAX];
	size_t count;
	bool connected;
	int64_t counted_ms; /* monotonic: up to then times are in `missed_ms` */
};

/* ---- what is kept: the names of documents that became rollouts ---- */

static void keep(const struct fleet *fleet)
{
	char text[KEPT_SIZE] = "";
	size_t size = 0;

	for (size_t i = 0; i < fleet->count; i++)
		if (fleet->entries[i]->taken)
			size += (size_t)snprintf(text + size, sizeof(text) - size, "%s\n", fleet->entries[i]->name);
	/* One that could not be kept is found by its document at the next connect. */
	(void)store_setting_put(fleet->parts.store, KEPT_NAME, text, size + 1, (struct store_reply){ 0 });
}

static struct entry *find(const struct fleet *fleet, const char *name)
{
	for (size_t i = 0; i < fleet->count; i++)
		if (strcmp(fleet->entries[i]->name, name) == 0)
			return fleet->entries[i];
	return NULL;
}

static struct entry *append(struct fleet *fleet, const char *name)
{
	struct entry *entry = fleet->count < FLEET_DOCUMENTS_MAX ? calloc(1, sizeof(*entry)) : NULL;

	if (!entry)
		return NULL;
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	fleet->entries[fleet->count++] = entry;
	return entry;
}

static void entry_free(struct entry *entry)
{
	fleet_document_finish(&entry->document);
	free(entry);
}

static void forget(struct fleet *fleet, struct entry *entry)
{
	size_t at = 0;

	while (fleet->entries[at] != entry)
		at++;
	memmove(&fleet->entries[at], &fleet->entries[at + 1], (--fleet->count - at) * sizeof(fleet->entries[0]));
	entry_free(entry);
}

static int load(struct fleet *fleet)
{
	char text[KEPT_SIZE], *rest = text;
	int size = store_setting_get(fleet->parts.store, KEPT_NAME, text, sizeof(text));

	if (size <= 0)
		return size == -ENOENT ? 0 : size;
	text[size - 1] = '\0';
	for (char *name = strsep(&rest, "\n"); name; name = strsep(&rest, "\n")) {
		struct entry *entry = *name && strlen(name) <= ROLLOUT_ID_MAX ? append(fleet, name) : NULL;
		if (entry)
			entry->taken = true;
	}
	return 0;
}

/* ---- commands ---- */

/* What the dispatcher answered; it answers these commands at once. */
struct verdict {
	const struct fleet *fleet;
	int error;
	char code[33];
	char why[FLEET_SENTENCE_SIZE];
	json_t *plan; /* of a rollout that was created, or would be; yours */
};

static int on_reply(void *context, const char *json, size_t size, bool last)
{
	struct verdict *verdict = context;
	json_t *reply = json_loadb(json, size, 0, NULL), *error = json_object_get(reply, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *why = json_string_value(json_object_get(error, "message"));

	verdict->error = json_is_true(json_object_get(reply, "ok")) ? 0 : -EACCES;
	snprintf(verdict->code, sizeof(verdict->code), "%s", code ? code : "");
	snprintf(verdict->why, sizeof(verdict->why), "%s", why ? why : "");
	verdict->plan = json_incref(json_object_get(json_object_get(reply, "result"), "plan"));
	json_decref(reply);
	return 0;
}

static bool may(void *context, const char *command)
{
	const struct verdict *verdict = context;
	const struct setting_list *allowed = verdict->fleet->parts.allowed;

	for (size_t i = 0; i < allowed->count; i++)
		if (pattern_matches(allowed->items[i], (struct span){ command, strlen(command) }))
			return true;
	return false;
}

static struct verdict give(const struct fleet *fleet, const json_t *request)
{
	struct verdict verdict = { .fleet = fleet, .error = -ENOMEM };
	const struct control_asker asker = {
		.name = ASKER, .remote = true, .reply = on_reply, .context = &verdict, .may = may
	};
	char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;

	if (text)
		(void)control_dispatch(fleet->parts.control, &asker, text, strlen(text), NULL);
	free(text);
	return verdict;
}

static void intervene(const struct fleet *fleet, const struct entry *entry, const char *command)
{
	json_t *request = json_pack("{s:s, s:s}", "command", command, "rollout", entry->name);
	struct verdict verdict = give(fleet, request);

	char why[LOG_QUOTED_SIZE];

	json_decref(request);
	json_decref(verdict.plan);
	if (verdict.error)
		log_warning("fleet.not_followed rollout=%s command=%s reason=%s", entry->name, command,
			log_quote(why, sizeof(why), verdict.why));
}

/* ---- following ---- */

/* A retained document comes soon after the connect, or was taken back while nobody here could hear of it. */
static bool is_gone(const struct entry *entry)
{
	return entry->missed_ms >= FLEET_GRACE_MS;
}

/* Time between two sessions is none in which it could have come; many short ones add up. */
static void count_missed(struct fleet *fleet, struct moment now)
{
	for (size_t i = 0; fleet->connected && i < fleet->count; i++)
		if (!fleet->entries[i]->seen)
			fleet->entries[i]->missed_ms += now.monotonic_ms - fleet->counted_ms;
	fleet->counted_ms = now.monotonic_ms;
}

/* Changes with every step of every rollout: what was refused because of another may go now. */
static uint64_t mark_of_rollouts(const struct fleet *fleet)
{
	uint64_t mark = 1;

	for (size_t i = 0; i < rollouts_count(fleet->parts.rollouts); i++) {
		const struct rollout *rollout = rollouts_at(fleet->parts.rollouts, i);
		mark = mark * 31 + (uint64_t)rollout->changed_ms * 8 + (uint64_t)rollout->state;
	}
	return mark;
}

static bool is_here(const struct fleet *fleet, const struct fleet_document *document)
{
	const struct stored_image *image = image_cache_find(fleet->parts.images, document->sha256);

	return image && image->complete;
}

static void refuse(struct entry *entry, const char *why)
{
	char quoted[LOG_QUOTED_SIZE];

	log_warning("fleet.refused rollout=%s reason=%s", entry->name, log_quote(quoted, sizeof(quoted), why));
	entry->refused = true;
	snprintf(entry->why, sizeof(entry->why), "%s", why);
}

/* It becomes a rollout once its image is here; another rollout in its way is waited for. */
static void create(struct fleet *fleet, struct entry *entry)
{
	static const char *const passing[] = { "busy", "limit", "failed" };
	uint64_t mark = mark_of_rollouts(fleet);

	if (!is_here(fleet, &entry->document)) {
		snprintf(entry->why, sizeof(entry->why), "its image is not here");
		return;
	}
	if (entry->tried == mark)
		return;
	entry->tried = mark;
	struct verdict verdict = give(fleet, entry->document.request);
	json_decref(verdict.plan);
	if (verdict.error == 0) {
		log_notice("fleet.taken rollout=%s", entry->name);
		entry->taken = true;
		entry->why[0] = '\0';
		keep(fleet);
		return;
	}
	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strcmp(verdict.code, passing[i]) == 0) {
			snprintf(entry->why, sizeof(entry->why), "%s", verdict.why);
			return;
		}
	refuse(entry, verdict.why);
}

static bool was_paused_by_us(const struct rollout *rollout)
{
	return rollout->state == ROLLOUT_PAUSED && strcmp(rollout->reason, "paused by " ASKER) == 0;
}

/* What an operator did here is not undone but where the document says to stop. */
static void steer(const struct fleet *fleet, const struct entry *entry, const struct rollout *rollout)
{
	switch (entry->document.wish) {
	case FLEET_RUN:
		if (entry->document.approved && rollout->state == ROLLOUT_WAITING && rollout->plan.approval &&
			!rollout->approved)
			intervene(fleet, entry, "rollout.approve");
		else if (was_paused_by_us(rollout))
			intervene(fleet, entry, "rollout.resume");
		return;
	case FLEET_PAUSE:
		if (rollout_is_offering(rollout))
			intervene(fleet, entry, "rollout.pause");
		return;
	case FLEET_ABORT:
		if (rollout_is_open(rollout))
			intervene(fleet, entry, "rollout.abort");
		return;
	case FLEET_ROLL_BACK:
		if (rollout->state == ROLLOUT_WAITING)
			intervene(fleet, entry, "rollout.abort");
		else if (rollout->state != ROLLOUT_ROLLED_BACK && rollout->state != ROLLOUT_ABORTED)
			intervene(fleet, entry, "rollout.rollback");
		return;
	}
}

/* What a rollout does once it has begun does not change under it. 1: the document says the same; 0: something else;
 * -EAGAIN: not known, its image is not here. */
static int compare(const struct fleet *fleet, const struct entry *entry, const struct rollout *rollout)
{
	json_t *request = json_copy(entry->document.request), *plan = rollout_plan_json(&rollout->plan);
	int same = -EAGAIN;

	(void)json_object_set_new(request, "dry_run", json_true());
	struct verdict verdict = give(fleet, request);
	if (verdict.plan && plan)
		same = json_equal(verdict.plan, plan);
	json_decref(verdict.plan);
	json_decref(request);
	json_decref(plan);
	return same;
}

/* A document that came anew beside the rollout that there is. */
static void recognise(struct fleet *fleet, struct entry *entry, const struct rollout *rollout)
{
	int same = compare(fleet, entry, rollout);

	if (!entry->taken && same == 1) {
		entry->taken = true;
		keep(fleet);
	}
	entry->differs = entry->taken && same == 0;
	if (entry->differs)
		snprintf(entry->why, sizeof(entry->why), "the rollout began with another plan and goes on with that");
}

static void follow(struct fleet *fleet, struct entry *entry)
{
	const struct rollout *rollout = rollouts_find(fleet->parts.rollouts, entry->name);

	if (is_gone(entry) && rollout && rollout_is_offering(rollout))
		intervene(fleet, entry, "rollout.pause");
	if (is_gone(entry) || !entry->document.request || entry->refused)
		return;
	if (rollout && entry->taken)
		steer(fleet, entry, rollout);
	else if (rollout)
		refuse(entry, "there is a rollout of that name with another plan");
	else if (entry->document.wish == FLEET_RUN && !entry->taken)
		create(fleet, entry);
}

/* ---- what is told upstream ---- */

static json_t *describe(const struct fleet *fleet, const struct entry *entry)
{
	const struct rollout *rollout = rollouts_find(fleet->parts.rollouts, entry->name);
	const char *state = entry->refused ? "refused" : "pending";
	json_t *json = json_pack("{s:s}", "rollout", entry->name);

	if (rollout && entry->taken) {
		state = rollout_state_name(rollout->state);
		(void)json_object_set_new(json, "wave", json_integer(rollout->wave + 1));
		(void)json_object_set_new(json, "waves", json_integer(rollout->plan.wave_count));
		(void)json_object_set_new(json, "reason", json_string(rollout->reason));
	} else if (entry->why[0]) {
		(void)json_object_set_new(json, "reason", json_string(entry->why));
	}
	(void)json_object_set_new(json, "state", json_string(state));
	return json;
}

/* After a start they come a little later. */
static bool has_counts(const struct fleet *fleet, const struct entry *entry)
{
	for (size_t i = 0; i < rollouts_count(fleet->parts.rollouts); i++)
		if (strcmp(rollouts_at(fleet->parts.rollouts, i)->plan.id, entry->name) == 0)
			return rollouts_facts(fleet->parts.rollouts, i)->counted;
	return false;
}

static void add_counts(const struct fleet *fleet, const struct entry *entry, json_t *json)
{
	for (size_t i = 0; i < rollouts_count(fleet->parts.rollouts); i++) {
		const struct gate_tally *tally = &rollouts_facts(fleet->parts.rollouts, i)->tally;
		if (strcmp(rollouts_at(fleet->parts.rollouts, i)->plan.id, entry->name) != 0)
			continue;
		(void)json_object_set_new(
			json, "nodes", json_integer((json_int_t)rollouts_facts(fleet->parts.rollouts, i)->concerned));
		(void)json_object_set_new(json, "reached", json_integer(tally->nodes));
		(void)json_object_set_new(json, "confirmed", json_integer(tally->confirmed));
		(void)json_object_set_new(json, "failed", json_integer(tally->failed));
		(void)json_object_set_new(json, "silent", json_integer(tally->silent));
	}
}

static int send_status(const struct fleet *fleet, const char *name, const char *text)
{
	char topic[UPLINK_TOPIC_MAX];

	snprintf(topic, sizeof(topic), "%s/rollout/%s", fleet->parts.topics->status, name);
	return upstream_send(fleet->parts.upstream, &(struct uplink_message){ .topic = topic,
							    .payload = text,
							    .size = strlen(text),
							    .content_type = "application/json",
							    .retain = true,
							    .quality = 1 });
}

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return hash | 1;
}

/* With every step, not with every node. */
static void tell(const struct fleet *fleet, struct entry *entry, struct moment now)
{
	json_t *json = describe(fleet, entry);
	bool counted = has_counts(fleet, entry);
	char *news = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

	if (news && hash_of(news) + counted != entry->told) {
		if (counted)
			add_counts(fleet, entry, json);
		(void)json_object_set_new(json, "at_ms", json_integer((json_int_t)now.wall_ms));
		char *text = json_dumps(json, JSON_COMPACT);
		if (text && send_status(fleet, entry->name, text) == 0)
			entry->told = hash_of(news) + counted;
		free(text);
	}
	free(news);
	json_decref(json);
}

/* Without a document and without a rollout there is nothing to remember. */
static bool is_over(const struct fleet *fleet, const struct entry *entry)
{
	return is_gone(entry) && !rollouts_find(fleet->parts.rollouts, entry->name);
}

int64_t fleet_tick(struct fleet *fleet, struct moment now)
{
	count_missed(fleet, now);
	for (size_t i = fleet->count; i-- > 0;) {
		struct entry *entry = fleet->entries[i];
		if (is_over(fleet, entry)) {
			forget(fleet, entry);
			keep(fleet);
			continue;
		}
		follow(fleet, entry);
		if (fleet->connected)
			tell(fleet, entry, now);
	}
	return TICK_MS;
}

/* ---- what comes from upstream ---- */

/* The rollout's name in a topic below one of ours, or NULL. */
static const char *name_in(const struct fleet *fleet, const char *topic)
{
	const struct topics *topics = fleet->parts.topics;

	for (size_t i = 0; i < topics->rollout_count; i++) {
		size_t size = strlen(topics->rollouts[i]);
		const char *name = topic + size + 1;
		if (strncmp(topic, topics->rollouts[i], size) == 0 && topic[size] == '/' && *name && !strchr(name, '/'))
			return strlen(name) <= ROLLOUT_ID_MAX ? name : NULL;
	}
	return NULL;
}

/* The document was taken back: nobody is to get the image any more. */
static void withdraw(struct fleet *fleet, const char *name)
{
	struct entry *entry = find(fleet, name);
	const struct rollout *rollout = entry ? rollouts_find(fleet->parts.rollouts, name) : NULL;

	if (!entry)
		return;
	log_notice("fleet.withdrawn rollout=%s", name);
	if (entry->taken && rollout && rollout_is_open(rollout))
		intervene(fleet, entry, "rollout.abort");
	(void)send_status(fleet, name, "");
	forget(fleet, entry);
	keep(fleet);
}

static void fetch_image(const struct fleet *fleet, const struct entry *entry, struct moment now)
{
	char why[FLEET_SENTENCE_SIZE] = "", quoted[LOG_QUOTED_SIZE];

	if (entry->document.manifest && fleet->parts.take_manifest && !is_here(fleet, &entry->document) &&
		fleet->parts.take_manifest(fleet->parts.context, entry->document.manifest, now, why, sizeof(why)) < 0)
		log_warning("fleet.manifest_refused rollout=%s reason=%s", entry->name,
			log_quote(quoted, sizeof(quoted), why));
}

static void on_message(void *context, const struct uplink_message *message, struct moment now)
{
	struct fleet *fleet = context;
	const char *name = name_in(fleet, message->topic);
	struct fleet_document document;
	char why[FLEET_SENTENCE_SIZE];

	if (!name)
		return;
	if (message->size == 0) {
		withdraw(fleet, name);
		return;
	}
	struct entry *entry = find(fleet, name);
	if (!entry && !(entry = append(fleet, name))) {
		log_warning(
			"fleet.passed_over rollout=%s reason=\"%d documents are known\"", name, FLEET_DOCUMENTS_MAX);
		return;
	}
	entry->seen = true;
	entry->missed_ms = 0;
	entry->refused = false;
	entry->tried = 0;
	int error = fleet_document_parse(&document, name, message->payload, message->size, why);
	if (error) {
		/* What a former document began goes on: to stop it is a wish that must be readable. */
		refuse(entry, why);
		return;
	}
	fleet_document_finish(&entry->document);
	entry->document = document;
	entry->why[0] = '\0';
	fetch_image(fleet, entry, now);
	const struct rollout *rollout = rollouts_find(fleet->parts.rollouts, name);
	if (rollout)
		recognise(fleet, entry, rollout);
	follow(fleet, entry);
}

static void on_connected(void *context, unsigned window, struct moment now)
{
	struct fleet *fleet = context;

	fleet->connected = true;
	fleet->counted_ms = now.monotonic_ms;
	for (size_t i = 0; i < fleet->count; i++) {
		fleet->entries[i]->seen = false;
		fleet->entries[i]->told = 0;
	}
}

static void on_disconnected(void *context, struct moment now)
{
	struct fleet *fleet = context;

	count_missed(fleet, now);
	fleet->connected = false;
}

/* ---- opening and closing ---- */

int fleet_open(struct fleet **out, const struct fleet_parts *parts)
{
	struct fleet *fleet = calloc(1, sizeof(*fleet));

	if (!fleet)
		return -ENOMEM;
	fleet->parts = *parts;
	fleet->client = (struct upstream_client){
		.context = fleet,
		.connected = on_connected,
		.disconnected = on_disconnected,
		.prefix = "", /* there may be several; name_in() tells */
		.message = on_message,
	};
	int error = load(fleet);
	if (!error)
		error = upstream_attach(parts->upstream, &fleet->client);
	if (error) {
		fleet_close(fleet);
		return error;
	}
	*out = fleet;
	return 0;
}

void fleet_close(struct fleet *fleet)
{
	for (size_t i = 0; fleet && i < fleet->count; i++)
		entry_free(fleet->entries[i]);
	free(fleet);
}

bool fleet_has(const struct fleet *fleet, const char *rollout)
{
	const struct entry *entry = fleet ? find(fleet, rollout) : NULL;

	return entry && !is_gone(entry);
}

bool fleet_refused(const struct fleet *fleet, size_t index, const char **name, const char **why)
{
	for (size_t i = 0; fleet && i < fleet->count; i++) {
		if (!(fleet->entries[i]->refused || fleet->entries[i]->differs) || index-- > 0)
			continue;
		*name = fleet->entries[i]->name;
		*why = fleet->entries[i]->why;
		return true;
	}
	return false;
}
