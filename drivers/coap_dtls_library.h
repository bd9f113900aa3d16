/*
 * coap_dtls_library: libcoap, loaded when a DTLS endpoint is opened.
 *
 * It brings OpenSSL, which a gateway without keys and certificates for its nodes does not have to hold in memory.
 */
#ifndef WAKEGATE_DRIVERS_COAP_DTLS_LIBRARY_H
#define WAKEGATE_DRIVERS_COAP_DTLS_LIBRARY_H

#include <coap3/coap.h>

/* The functions of libcoap that are used, by their names. */
struct coap_library {
	__typeof__(coap_add_data) *coap_add_data;
	__typeof__(coap_add_option) *coap_add_option;
	__typeof__(coap_add_resource) *coap_add_resource;
	__typeof__(coap_add_token) *coap_add_token;
	__typeof__(coap_address_get_port) *coap_address_get_port;
	__typeof__(coap_address_init) *coap_address_init;
	__typeof__(coap_context_get_coap_fd) *coap_context_get_coap_fd;
	__typeof__(coap_context_set_block_mode) *coap_context_set_block_mode;
	__typeof__(coap_context_set_max_handshake_sessions) *coap_context_set_max_handshake_sessions;
	__typeof__(coap_context_set_max_idle_sessions) *coap_context_set_max_idle_sessions;
	__typeof__(coap_context_set_pki) *coap_context_set_pki;
	__typeof__(coap_context_set_psk2) *coap_context_set_psk2;
	__typeof__(coap_context_set_session_timeout) *coap_context_set_session_timeout;
	__typeof__(coap_delete_pdu) *coap_delete_pdu;
	__typeof__(coap_dtls_set_log_level) *coap_dtls_set_log_level;
	__typeof__(coap_endpoint_str) *coap_endpoint_str;
	__typeof__(coap_free_context) *coap_free_context;
	__typeof__(coap_get_app_data) *coap_get_app_data;
	__typeof__(coap_get_data) *coap_get_data;
	__typeof__(coap_io_process) *coap_io_process;
	__typeof__(coap_new_context) *coap_new_context;
	__typeof__(coap_new_endpoint) *coap_new_endpoint;
	__typeof__(coap_new_str_const) *coap_new_str_const;
	__typeof__(coap_opt_length) *coap_opt_length;
	__typeof__(coap_opt_value) *coap_opt_value;
	__typeof__(coap_option_iterator_init) *coap_option_iterator_init;
	__typeof__(coap_option_next) *coap_option_next;
	__typeof__(coap_pdu_get_code) *coap_pdu_get_code;
	__typeof__(coap_pdu_get_mid) *coap_pdu_get_mid;
	__typeof__(coap_pdu_get_token) *coap_pdu_get_token;
	__typeof__(coap_pdu_get_type) *coap_pdu_get_type;
	__typeof__(coap_pdu_init) *coap_pdu_init;
	__typeof__(coap_pdu_set_code) *coap_pdu_set_code;
	__typeof__(coap_pdu_set_type) *coap_pdu_set_type;
	__typeof__(coap_register_event_handler) *coap_register_event_handler;
	__typeof__(coap_register_request_handler) *coap_register_request_handler;
	__typeof__(coap_resource_get_userdata) *coap_resource_get_userdata;
	__typeof__(coap_resource_init) *coap_resource_init;
	__typeof__(coap_resource_set_userdata) *coap_resource_set_userdata;
	__typeof__(coap_resource_unknown_init2) *coap_resource_unknown_init2;
	__typeof__(coap_send) *coap_send;
	__typeof__(coap_session_get_addr_remote) *coap_session_get_addr_remote;
	__typeof__(coap_session_get_app_data) *coap_session_get_app_data;
	__typeof__(coap_session_get_context) *coap_session_get_context;
	__typeof__(coap_session_get_psk_identity) *coap_session_get_psk_identity;
	__typeof__(coap_session_max_pdu_size) *coap_session_max_pdu_size;
	__typeof__(coap_session_set_app_data) *coap_session_set_app_data;
	__typeof__(coap_session_set_mtu) *coap_session_set_mtu;
	__typeof__(coap_set_app_data) *coap_set_app_data;
	__typeof__(coap_set_log_level) *coap_set_log_level;
	__typeof__(coap_startup) *coap_startup;
};

/* Loads it where that is still to be done; as library_load(). */
int coap_library_load(void);

/* The loaded functions: one table for the process, as libcoap calls back with nothing of ours to find one by. */
const struct coap_library *libcoap(void);

#endif
