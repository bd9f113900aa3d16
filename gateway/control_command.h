/*
 * control_command: a command that a module can be asked: its name, its arguments and who may ask, as a row of a table.
 */
#ifndef WAKEGATE_GATEWAY_CONTROL_COMMAND_H
#define WAKEGATE_GATEWAY_CONTROL_COMMAND_H

#include <stdbool.h>

#define CONTROL_LIST_MAX 10000 /* items of a list argument */
#define CONTROL_TEXT_MAX 4096  /* bytes of a text argument or of one in a list */

struct control_request;

enum control_type {
	CONTROL_TEXT,
	CONTROL_INTEGER,
	CONTROL_INTEGERS, /* one, or a list of them */
	CONTROL_BOOLEAN,
	CONTROL_LIST, /* of texts */
	CONTROL_OBJECT,
};

struct control_argument {
	const char *name;
	enum control_type type;
	bool required;
	const char *help;
	bool secret; /* only its first word, or an object's numbers, are written down anywhere */
};

enum control_flag {
	CONTROL_REMOTE = 1, /* may be asked from upstream too, not just at this machine */
	CONTROL_STREAM = 2, /* goes on with events until the asker leaves */
	CONTROL_BYTES = 4,  /* takes bytes beside the JSON */
	CONTROL_READS = 8,  /* changes nothing, or is a piece of something that does: not told to who watches */
};

struct control_command {
	const char *name; /* "node.show" */
	const char *summary;
	const struct control_argument *arguments; /* ended by a NULL name; NULL: none. Any other is refused. */
	unsigned flags;
	/* Answers now, or keeps the request and answers later. Its arguments were checked against the table. */
	void (*handle)(void *context, struct control_request *request);
};

#endif
