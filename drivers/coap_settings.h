/*
 * coap_settings: what can be set of the CoAP driver, in the group "coap".
 */
#ifndef WAKEGATE_DRIVERS_COAP_SETTINGS_H
#define WAKEGATE_DRIVERS_COAP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"

enum coap_plain { COAP_PLAIN_OPEN, COAP_PLAIN_KNOWN, COAP_PLAIN_OFF };

struct coap_settings {
	bool process;
	const char *listen;
	int64_t port, dtls_port;
	int plain; /* enum coap_plain */
	const char *plain_nodes_file;
	const char *psk_file;
	const char *certificate_file, *key_file, *ca_file;
	int64_t nodes_max;
	int64_t exchanges_max;
	int64_t sessions_max;
	int64_t session_timeout_ms;
	int block_size; /* SZX */
	int64_t receive_buffer_bytes;
	int64_t stranger_rate;
};

extern const struct settings_table coap_settings_table;

#endif
