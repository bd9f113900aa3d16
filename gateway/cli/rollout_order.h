/*
 * rollout_order: what a rollout is to be, as it was typed or stands in a file, made into the arguments of
 * rollout.create.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ROLLOUT_ORDER_H
#define WAKEGATE_GATEWAY_CLI_ROLLOUT_ORDER_H

#include <jansson.h>

struct cli;

/* The options that say it, for the tables of the commands that take them. */
/* clang-format off */
#define ROLLOUT_ORDER_OPTIONS \
	{ 'f', "file", "FILE", "take the rollout from a file; options replace what it says" }, \
	{ 0, "hardware", "TYPE", "nodes of this type; else the image's own" }, \
	{ 0, "only", "PATTERN", "only nodes whose names match, such as 'hall-*'" }, \
	{ 0, "labels", "LABELS", "only nodes that have all these labels, with commas between" }, \
	{ 0, "versions", "RANGE", "only nodes that run such a version, as \">=1.2.0 <2\"" }, \
	{ 0, "nodes", "NODES", "only these nodes, with commas between" }, \
	{ 0, "priority", "NUMBER", "of two rollouts the higher one gets a node (default 0)" }, \
	{ 0, "waves", "SHARES", "percent of the nodes, rising to 100 (default \"1 5 10 100\")" }, \
	{ 0, "soak", "TIMES", "how long a wave is watched: \"24 h\" (default), or each: \"1 h, 4 h, 1 d\"" }, \
	{ 0, "start", "WHEN", "not before this time, as 2026-12-01T02:00+01:00" }, \
	{ 0, "start-in", "TIME", "begin so long from now" }, \
	{ 0, "window", "HOURS", "when nodes may be updated, as 'Mon-Fri 22:00-05:00 Europe/Berlin'" }, \
	{ 0, "apply-window", "HOURS", "when they may restart into the image, if that is another time" }, \
	{ 0, "deadline", "WAKES", "a node that is not done by then is silent (default 20)" }, \
	{ 0, "confirmed", "PERCENT", "of the nodes must run the image for the next wave (default 90)" }, \
	{ 0, "failed", "PERCENT", "of the nodes may fail or fall silent (default 10)" }, \
	{ 0, "failed-most", "COUNT", "and so many in all (default 0: no such limit)" }, \
	{ 0, "battery", "PERCENT", "no offer to nodes that say they have less (default 0)" }, \
	{ 0, "confidence", "PERCENT", "that no comparison stops a good image (default 99)" }, \
	{ 0, "ignore-drops", NULL, "do not compare how often updated and other nodes drop" }, \
	{ 0, "ignore-online", NULL, "do not compare how many of them went away" }, \
	{ 0, "traffic", "PERCENT", "more traffic updated nodes may make (default 50; 0: any)" }, \
	{ 0, "drain", "PERCENT", "faster their batteries may go (default 50; 0: any)" }, \
	{ 0, "on-failure", "WHAT", "\"pause\" (default), or \"rollback\" to the former images" }, \
	{ 0, "fleet", NULL, "the shares are of a fleet of gateways, a wave may have no node here" }, \
	{ 0, "approval", NULL, "wait for \"wakegate rollout approve\"" }
/* clang-format on */

/* From the options and the arguments "NAME IMAGE"; a request "rollout.create", yours. An exit code, having said why. */
int rollout_order_read(const struct cli *cli, json_t **out);

#endif
