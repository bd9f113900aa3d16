/*
 * labels: words that the config gives to groups of nodes, so that rules can speak of "indoor" and not of a list of ids.
 *
 *     labels: { nodes = ( { match = [ "meter-*" ]; labels = [ "indoor", "mains" ]; } ); };
 *
 * A node has the labels of every entry that it matches. In memory they are a set of bits, one a word.
 */
#ifndef WAKEGATE_GATEWAY_LABELS_H
#define WAKEGATE_GATEWAY_LABELS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"

#define LABELS_MAX 64 /* different words */
#define LABEL_ENTRIES_MAX 200

struct span;

struct labels_settings {
	struct setting_groups nodes; /* of struct labelled_nodes */
};

struct labelled_nodes {
	struct setting_list match;    /* patterns of node ids; empty: all */
	struct setting_list hardware; /* patterns of hardware types; empty: all */
	struct setting_list labels;
};

extern const struct settings_table labels_settings_table;

/* The set of labels that a node has; `hardware` is "" while it is not known. */
uint64_t labels_of_node(const struct labels_settings *settings, struct span node, struct span hardware);

/* Whether the node has that label. */
bool labels_has(const struct labels_settings *settings, struct span label, const char *node, const char *hardware);

/* The word of bit number `bit`, borrowed from the settings, or NULL. */
const char *labels_word(const struct labels_settings *settings, unsigned bit);

/* The label's bit, or 0 if the config gives it to no node. */
uint64_t labels_find(const struct labels_settings *settings, const char *label);

#endif
