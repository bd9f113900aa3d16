/*
 * field: members of the daemon's answers, with a word for those that are not there.
 */
#ifndef WAKEGATE_GATEWAY_CLI_FIELD_H
#define WAKEGATE_GATEWAY_CLI_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/cli/terminal.h"

/* "-" where there is no such text. */
const char *field_text(const json_t *object, const char *name);

/* "" where there is no such text. */
const char *field_said(const json_t *object, const char *name);

/* 0 where there is no such number. */
int64_t field_number(const json_t *object, const char *name);

bool field_boolean(const json_t *object, const char *name);

/* Sorts a list of objects by the text called `name`, numbers within it by their value: n2 before n10. */
void field_sort(json_t *list, const char *name);

#define FIELD_UPDATE_SIZE 256

/* How a node's update is: "downloading 45 %", "failed: timeout"; "-" where `update` is NULL. Returns `out`. */
const char *field_update(char *out, size_t size, const json_t *update);

/* What the state of an update means. */
enum tone field_update_tone(const json_t *update);

#endif
