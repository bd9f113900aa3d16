/*
 * rollout_words: what rollout.show and rollout.list answer, in words for a person.
 *
 * Each writes into the caller's buffer of ROLLOUT_WORDS_SIZE bytes and returns it; "" where there is nothing to say.
 */
#ifndef WAKEGATE_GATEWAY_CLI_ROLLOUT_WORDS_H
#define WAKEGATE_GATEWAY_CLI_ROLLOUT_WORDS_H

#include <jansson.h>
#include <stdint.h>

#define ROLLOUT_WORDS_SIZE 512

/* "rolled back": its state as a word, "rolling, waits" where something holds it up. */
const char *rollout_words_short(char *out, const json_t *rollout);

/* "soaking, wave 1 of 3, judged in 59 min"; "rolling, wave 1 of 3: no node can have the image now: 2 held". */
const char *rollout_words_state(char *out, const json_t *rollout, int64_t now_ms);

/* What an operator may do about one that does not go on by itself. */
const char *rollout_words_next(char *out, const json_t *rollout);

/* "sim-m4@1.3.0, 9f86d081884c7d65". */
const char *rollout_words_image(char *out, const json_t *rollout);

/* "24 h after each wave", "1 h after wave 1, 4 h after wave 2". */
const char *rollout_words_soak(char *out, const json_t *rollout);

/* "11 of 20 reached: 10 confirmed, 0 failed, 0 silent, 1 open"; of one that was rolled back, who is back. */
const char *rollout_words_nodes(char *out, const json_t *rollout);

/* "2 by an operator, 1 by a low battery". */
const char *rollout_words_held_back(char *out, const json_t *rollout);

#endif
