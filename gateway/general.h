/*
 * general: the settings group "gateway": who this gateway is, where its data is, how much it logs.
 */
#ifndef WAKEGATE_GATEWAY_GENERAL_H
#define WAKEGATE_GATEWAY_GENERAL_H

#include <stddef.h>

#define GENERAL_ID_MAX 64 /* bytes */

struct settings_table;

struct general_settings {
	const char *id;             /* NULL: the host's name */
	const char *data_directory; /* the databases */
	int log_level;              /* enum log_level */
};

extern const struct settings_table general_settings_table; /* the group "gateway" */

/*
 * The id to use: the one set, or the host's name with every character that topics cannot bear replaced by '-'. `out`
 * has GENERAL_ID_MAX + 1 bytes.
 */
void general_id(const struct general_settings *settings, char *out);

#endif
