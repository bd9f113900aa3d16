/*
 * rollout_targets: which nodes a rollout is about: by hardware, name, labels, version and list, all of them combined.
 *
 * A value, part of a plan. Whether a node is meant is asked anew each time, so nodes that join, get a label or come
 * back with another version are seen as what they are by then.
 */
#ifndef WAKEGATE_GATEWAY_ROLLOUT_TARGETS_H
#define WAKEGATE_GATEWAY_ROLLOUT_TARGETS_H

#include <jansson.h>
#include <stdbool.h>

#include "protocols/version_range.h"

#define ROLLOUT_PATTERN_MAX 64
#define ROLLOUT_LABELS_SIZE 256 /* bytes of all labels */
#define ROLLOUT_NODES_SIZE 4096 /* bytes of all names */
#define ROLLOUT_SENTENCE_SIZE 192

struct labels_settings;
struct node_record;

struct rollout_targets {
	char hardware[33];                  /* nodes of this type */
	char only[ROLLOUT_PATTERN_MAX + 1]; /* whose names match (fnmatch); "": all */
	char labels[ROLLOUT_LABELS_SIZE];   /* that have all these words, with blanks between; "": all */
	char versions[VERSION_RANGE_TEXT_MAX + 1];
	struct version_range range;     /* what `versions` says: of what they run; no condition: all */
	char nodes[ROLLOUT_NODES_SIZE]; /* that are listed, with blanks between; "": all */
};

/*
 * Reads "hardware" (text), "only" (text), "labels" (list), "versions" (text) and "nodes" (list) of a plan's JSON. 0;
 * -EINVAL with a sentence in `why` (ROLLOUT_SENTENCE_SIZE).
 */
int rollout_targets_parse(struct rollout_targets *out, const json_t *json, char *why);

/* Writes the sentence into `why`; -EINVAL. */
int rollout_refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets these members. */
void rollout_targets_write(const struct rollout_targets *targets, json_t *json);

enum target_verdict {
	TARGET_MEANT,
	TARGET_OTHER_HARDWARE,
	TARGET_OTHER_NAME,
	TARGET_NOT_LISTED,
	TARGET_WITHOUT_LABEL,
	TARGET_VERSION_UNKNOWN,
	TARGET_OTHER_VERSION,
	TARGET_VERDICTS,
};

/*
 * Whether the node is meant. `labels` may be NULL: no node has any. `on_its_way`: it was ordered to update by this
 * rollout or runs its image, so that its version is not asked any more.
 */
enum target_verdict rollout_targets_judge(const struct rollout_targets *targets, const struct labels_settings *labels,
	const struct node_record *node, bool on_its_way);

/* For a person, after "the node": "is of other hardware". */
const char *target_verdict_text(enum target_verdict verdict);

/* Whether labels, versions or a list narrow down what hardware and pattern say. */
bool rollout_targets_are_narrow(const struct rollout_targets *targets);

#endif
