/*
 * fault: gathers what is wrong with the config files, as sentences with file and line.
 */
#ifndef WAKEGATE_CONFIG_FAULT_H
#define WAKEGATE_CONFIG_FAULT_H

#include "config/config.h"

/* A line of a file; line 0 is the file as a whole. */
struct place {
	const char *file;
	unsigned line;
};

/* Room for CONFIG_FAULTS_MAX faults; give it back with config_faults_finish(). 0 or -ENOMEM. */
int faults_init(struct config_faults *faults);

/*
 * Adds "FILE:LINE: sentence". Control characters are shown as '?', so that a file cannot forge a line. The fault after
 * CONFIG_FAULTS_MAX - 1 others says that more are not shown; later ones are dropped.
 */
void fault_add(struct config_faults *faults, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
