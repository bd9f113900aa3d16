#include "gateway/labels.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/pattern.h"
#include "protocols/reading.h"

#define LABEL_MAX 32

#define AT(member) .offset = offsetof(struct labelled_nodes, member)

static const struct setting entry_settings[] = {
	{ .name = "match",
		.type = SETTING_LIST,
		AT(match),
		.reloadable = true,
		.example = "[ \"meter-*\" ]",
		.help = "Which nodes, by id; * stands for any text and ? for one character. Without it all." },
	{ .name = "hardware",
		.type = SETTING_LIST,
		AT(hardware),
		.reloadable = true,
		.example = "[ \"th-sensor-*\" ]",
		.help = "Which nodes, by hardware type, in the same way." },
	{ .name = "labels",
		.type = SETTING_LIST,
		AT(labels),
		.least = 1,
		.most = LABELS_MAX,
		.required = true,
		.reloadable = true,
		.example = "[ \"indoor\", \"mains\" ]",
		.help = "The words that these nodes get, beside those of other entries." },
};

static int check_entry(const void *values, bool present, char *why, size_t why_size)
{
	const struct labelled_nodes *entry = values;

	for (size_t i = 0; i < entry->labels.count; i++) {
		const char *label = entry->labels.items[i];
		if (strlen(label) <= LABEL_MAX && !strpbrk(label, " \t\"\\"))
			continue;
		snprintf(why, why_size, "labels: found \"%.40s\", allowed is a word of at most %d bytes", label,
			LABEL_MAX);
		return -EINVAL;
	}
	return 0;
}

static const struct settings_table entry_table = {
	.group = "nodes",
	.help = "A group of nodes.",
	.settings = entry_settings,
	.count = sizeof(entry_settings) / sizeof(entry_settings[0]),
	.struct_size = sizeof(struct labelled_nodes),
	.check = check_entry,
};

static const struct setting settings[] = {
	{ .name = "nodes",
		.type = SETTING_GROUPS,
		.offset = offsetof(struct labels_settings, nodes),
		.table = &entry_table,
		.most = LABEL_ENTRIES_MAX,
		.reloadable = true,
		.help = "Groups of nodes and their labels; a node has the labels of every group that it is in." },
};

/* A label's number is its place among all that are written in the config, repetitions left out. */
struct numbering {
	const char *words[LABELS_MAX];
	size_t count;
};

/* LABELS_MAX if there is no room for another. */
static size_t number_of(struct numbering *numbering, const char *label)
{
	for (size_t i = 0; i < numbering->count; i++)
		if (strcmp(numbering->words[i], label) == 0)
			return i;
	if (numbering->count < LABELS_MAX)
		numbering->words[numbering->count++] = label;
	else
		return LABELS_MAX;
	return numbering->count - 1;
}

static int check_labels(const void *values, bool present, char *why, size_t why_size)
{
	const struct labels_settings *labels = values;
	const struct labelled_nodes *entries = labels->nodes.items;
	struct numbering numbering = { .count = 0 };

	for (size_t i = 0; i < labels->nodes.count; i++) {
		for (size_t j = 0; j < entries[i].labels.count; j++) {
			if (number_of(&numbering, entries[i].labels.items[j]) < LABELS_MAX)
				continue;
			snprintf(why, why_size, "nodes: more than %d different labels", LABELS_MAX);
			return -EINVAL;
		}
	}
	return 0;
}

const struct settings_table labels_settings_table = {
	.group = "labels",
	.help = "Words for groups of nodes, for rules to select by.",
	.settings = settings,
	.count = sizeof(settings) / sizeof(settings[0]),
	.struct_size = sizeof(struct labels_settings),
	.check = check_labels,
};

uint64_t labels_of_node(const struct labels_settings *labels, struct span node, struct span hardware)
{
	const struct labelled_nodes *entries = labels->nodes.items;
	struct numbering numbering = { .count = 0 };
	uint64_t set = 0;

	for (size_t i = 0; i < labels->nodes.count; i++) {
		bool matches =
			patterns_match(&entries[i].match, node) && patterns_match(&entries[i].hardware, hardware);

		for (size_t j = 0; j < entries[i].labels.count; j++) {
			size_t number = number_of(&numbering, entries[i].labels.items[j]);
			set |= matches && number < LABELS_MAX ? UINT64_C(1) << number : 0;
		}
	}
	return set;
}

static bool gives(const struct labelled_nodes *entry, struct span label)
{
	for (size_t i = 0; i < entry->labels.count; i++)
		if (strlen(entry->labels.items[i]) == label.size &&
			memcmp(entry->labels.items[i], label.data, label.size) == 0)
			return true;
	return false;
}

bool labels_has(const struct labels_settings *labels, struct span label, const char *node, const char *hardware)
{
	const struct labelled_nodes *entries = labels->nodes.items;

	for (size_t i = 0; i < labels->nodes.count; i++)
		if (gives(&entries[i], label) &&
			patterns_match(&entries[i].match, (struct span){ node, strlen(node) }) &&
			patterns_match(&entries[i].hardware, (struct span){ hardware, strlen(hardware) }))
			return true;
	return false;
}

uint64_t labels_find(const struct labels_settings *labels, const char *label)
{
	const struct labelled_nodes *entries = labels->nodes.items;
	struct numbering numbering = { .count = 0 };

	for (size_t i = 0; i < labels->nodes.count; i++) {
		for (size_t j = 0; j < entries[i].labels.count; j++) {
			size_t number = number_of(&numbering, entries[i].labels.items[j]);
			if (number < LABELS_MAX && strcmp(entries[i].labels.items[j], label) == 0)
				return UINT64_C(1) << number;
		}
	}
	return 0;
}

const char *labels_word(const struct labels_settings *labels, unsigned bit)
{
	const struct labelled_nodes *entries = labels->nodes.items;
	struct numbering numbering = { .count = 0 };

	for (size_t i = 0; i < labels->nodes.count; i++)
		for (size_t j = 0; j < entries[i].labels.count; j++)
			(void)number_of(&numbering, entries[i].labels.items[j]);
	return bit < numbering.count ? numbering.words[bit] : NULL;
}
