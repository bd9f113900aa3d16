/*
 * stick_script: a list of commands that a stick is given one after another, each when the one before is done.
 *
 * Bringing a stick up takes dozens of commands whose answers decide what comes next. A step names the command, what
 * writes its parameters, what reads its answer, and an event that must come as well. Knows no port and no clock.
 */
#ifndef WAKEGATE_DRIVERS_STICK_SCRIPT_H
#define WAKEGATE_DRIVERS_STICK_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/stick_requests.h"

enum script_turn {
	SCRIPT_NEXT,
	SCRIPT_AGAIN, /* this step once more, after its `again_ms` */
	SCRIPT_DONE,  /* leave out what follows */
	SCRIPT_FAILED,
};

struct script_step {
	const char *what; /* it does, for a sentence: "the stick refused to …"; NULL ends the list */
	uint16_t command; /* 0: none, only wait */
	bool unanswered;
	bool may_fail;       /* answer() is called with NULL where no answer came; else the script fails */
	uint16_t awaits;     /* an event that has to come after the command was given; 0: none */
	uint32_t timeout_ms; /* of the answer, and again of the event; 0: SCRIPT_TIMEOUT_MS */
	uint32_t again_ms;
	bool (*needed)(void *owner);  /* NULL: always */
	void (*prepare)(void *owner); /* before the first time */
	void (*write)(void *owner, struct writer *out);
	enum script_turn (*answer)(void *owner, struct reader *answer); /* NULL: SCRIPT_NEXT */
};

#define SCRIPT_TIMEOUT_MS 6000

struct script {
	void *owner;
	struct stick_requests *requests;
	/* The script is over; where it failed, `failed` says at what. May start another. */
	void (*done)(void *owner, const char *failed);
	const int64_t *now_ms;
	const struct script_step *step; /* NULL: none runs */
	unsigned turn;                  /* how often this step was done before */
	uint16_t command;               /* of this turn; write() may choose another */
	uint32_t run;                   /* tells answers to a former run from those to this */
	enum { SCRIPT_IDLE, SCRIPT_PAUSES, SCRIPT_ASKED, SCRIPT_WAITS } phase;
	bool came; /* the event did */
	int64_t wake_ms;
};

void script_init(struct script *script, void *owner, struct stick_requests *requests,
	void (*done)(void *owner, const char *failed));

/* Begins at once; a script that runs is dropped. `steps` are borrowed until it is over. */
void script_start(struct script *script, const struct script_step *steps);

/* Drops the script without a word. */
void script_stop(struct script *script);

bool script_runs(const struct script *script);

/* Something happened that a step may await. */
void script_event(struct script *script, uint16_t event);

/* When to call script_alarm(); INT64_MAX: never. */
int64_t script_deadline(const struct script *script);
void script_alarm(struct script *script);

#endif
