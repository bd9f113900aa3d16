#include "gateway/rollout_targets.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gateway/labels.h"
#include "gateway/nodes.h"
#include "protocols/reading.h"

int rollout_refuse(char *why, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, ROLLOUT_SENTENCE_SIZE, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

static int read_text(const json_t *json, const char *name, char *out, size_t size, char *why)
{
	const json_t *value = json_object_get(json, name);
	const char *text = json_string_value(value);

	if (!value)
		return 0;
	if (!text || strlen(text) >= size)
		return rollout_refuse(why, "\"%s\" is no text of at most %zu bytes", name, size - 1);
	snprintf(out, size, "%s", text);
	return 0;
}

/* Words that have no blank in themselves, into one text with blanks between. */
static int read_words(const json_t *json, const char *name, char *out, size_t size, char *why)
{
	const json_t *list = json_object_get(json, name);
	size_t used = 0, i;
	json_t *item;

	if (list && !json_is_array(list))
		return rollout_refuse(why, "\"%s\" is no list", name);
	json_array_foreach (list, i, item) {
		const char *word = json_string_value(item);
		if (!word || !*word || strpbrk(word, " \t\r\n"))
			return rollout_refuse(why, "\"%s\" has an item that is no word", name);
		if (used + strlen(word) + 2 > size)
			return rollout_refuse(why, "\"%s\" are more than %zu bytes in all", name, size - 1);
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", word);
	}
	return 0;
}

int rollout_targets_parse(struct rollout_targets *out, const json_t *json, char *why)
{
	struct rollout_targets targets = { .hardware = "" };

	if (read_text(json, "hardware", targets.hardware, sizeof(targets.hardware), why) < 0 ||
		read_text(json, "only", targets.only, sizeof(targets.only), why) < 0 ||
		read_text(json, "versions", targets.versions, sizeof(targets.versions), why) < 0 ||
		read_words(json, "labels", targets.labels, sizeof(targets.labels), why) < 0 ||
		read_words(json, "nodes", targets.nodes, sizeof(targets.nodes), why) < 0)
		return -EINVAL;
	if (!*targets.hardware)
		return rollout_refuse(why, "\"hardware\" is not said");
	if (version_range_parse(&targets.range, targets.versions) < 0)
		return rollout_refuse(why, "\"versions\" are up to %d conditions such as \">=1.2.0 <2\", not \"%.40s\"",
			VERSION_CONDITIONS_MAX, targets.versions);
	*out = targets;
	return 0;
}

static json_t *words_json(const char *words)
{
	json_t *list = json_array();

	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");
		(void)json_array_append_new(list, json_stringn(at, size));
		at += size;
	}
	return list;
}

void rollout_targets_write(const struct rollout_targets *targets, json_t *json)
{
	(void)json_object_set_new(json, "hardware", json_string(targets->hardware));
	(void)json_object_set_new(json, "only", json_string(targets->only));
	(void)json_object_set_new(json, "labels", words_json(targets->labels));
	(void)json_object_set_new(json, "versions", json_string(targets->versions));
	(void)json_object_set_new(json, "nodes", words_json(targets->nodes));
}

static bool has_word(const char *words, const char *word)
{
	size_t size = strlen(word);

	for (const char *at = words; *at; at += strspn(at, " ")) {
		size_t found = strcspn(at, " ");
		if (found == size && memcmp(at, word, size) == 0)
			return true;
		at += found;
	}
	return false;
}

static bool has_labels(
	const struct rollout_targets *targets, const struct labels_settings *labels, const struct node_record *node)
{
	for (const char *at = targets->labels; *at; at += strspn(at, " ")) {
		struct span label = { at, strcspn(at, " ") };
		if (!labels || !labels_has(labels, label, node->id, node->hardware))
			return false;
		at += label.size;
	}
	return true;
}

static enum target_verdict judge_version(const struct rollout_targets *targets, const struct node_record *node)
{
	struct version version;

	if (version_parse(&version, node->version) < 0)
		return TARGET_VERSION_UNKNOWN;
	return version_range_holds(&targets->range, &version) ? TARGET_MEANT : TARGET_OTHER_VERSION;
}

enum target_verdict rollout_targets_judge(const struct rollout_targets *targets, const struct labels_settings *labels,
	const struct node_record *node, bool on_its_way)
{
	if (strcmp(targets->hardware, node->hardware) != 0)
		return TARGET_OTHER_HARDWARE;
	if (*targets->only && fnmatch(targets->only, node->id, 0) != 0)
		return TARGET_OTHER_NAME;
	if (*targets->nodes && !has_word(targets->nodes, node->id))
		return TARGET_NOT_LISTED;
	if (!has_labels(targets, labels, node))
		return TARGET_WITHOUT_LABEL;
	return targets->range.count == 0 || on_its_way ? TARGET_MEANT : judge_version(targets, node);
}

const char *target_verdict_text(enum target_verdict verdict)
{
	static const char *const texts[TARGET_VERDICTS] = {
		[TARGET_MEANT] = "is meant",
		[TARGET_OTHER_HARDWARE] = "is of other hardware",
		[TARGET_OTHER_NAME] = "has another name",
		[TARGET_NOT_LISTED] = "is not listed",
		[TARGET_WITHOUT_LABEL] = "does not have the labels",
		[TARGET_VERSION_UNKNOWN] = "has not said its version",
		[TARGET_OTHER_VERSION] = "runs another version",
	};

	return texts[verdict];
}

bool rollout_targets_are_narrow(const struct rollout_targets *targets)
{
	return *targets->labels || targets->range.count > 0 || *targets->nodes;
}
