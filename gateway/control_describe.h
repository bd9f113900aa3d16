/*
 * control_describe: nodes, images, updates and journal entries as the JSON that control commands answer with.
 *
 * Each returns a new object, or NULL if there is no memory. Times are milliseconds since 1970-01-01 UTC; what is not
 * known is left out.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_DESCRIBE_H
#define WAKEGATE_GATEWAY_CONTROL_DESCRIBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct journal_entry;
struct edge;
struct labels_settings;
struct node;
struct stored_hold;
struct stored_image;
struct update;

json_t *describe_node(const struct node *node, bool silent);
json_t *describe_hold(const struct stored_hold *hold);
json_t *describe_image(const struct stored_image *image);
json_t *describe_update(const struct update *update);
json_t *describe_journal_entry(const struct journal_entry *entry);

/* A JSON text of at most 512 bytes; where it is not UTF-8, as one that was cut may be, '?' stands for what is not
 * ASCII. */
json_t *described_text(const char *text);

/* Adds a time unless it is 0, a text unless it is "". */
void describe_time(json_t *object, const char *name, int64_t wall_ms);
void describe_text(json_t *object, const char *name, const char *text);

/* The labels that the config gives to a node, an array of words. */
json_t *describe_labels(const struct labels_settings *labels, const struct node *node);

/* What the rules did since the start or their last change: windows, and counts for each rule. */
json_t *describe_rules(const struct edge *edge);

#endif
