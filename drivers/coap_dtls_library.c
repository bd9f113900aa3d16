#include "drivers/coap_dtls_library.h"

#include <stddef.h>

#include "drivers/library.h"

#define FUNCTION(name)                                     \
	{                                                  \
#name, offsetof(struct coap_library, name) \
	}

static const struct library_function functions[] = {
	FUNCTION(coap_add_data),
	FUNCTION(coap_add_option),
	FUNCTION(coap_add_resource),
	FUNCTION(coap_add_token),
	FUNCTION(coap_address_get_port),
	FUNCTION(coap_address_init),
	FUNCTION(coap_context_get_coap_fd),
	FUNCTION(coap_context_set_block_mode),
	FUNCTION(coap_context_set_max_handshake_sessions),
	FUNCTION(coap_context_set_max_idle_sessions),
	FUNCTION(coap_context_set_pki),
	FUNCTION(coap_context_set_psk2),
	FUNCTION(coap_context_set_session_timeout),
	FUNCTION(coap_delete_pdu),
	FUNCTION(coap_dtls_set_log_level),
	FUNCTION(coap_endpoint_str),
	FUNCTION(coap_free_context),
	FUNCTION(coap_get_app_data),
	FUNCTION(coap_get_data),
	FUNCTION(coap_io_process),
	FUNCTION(coap_new_context),
	FUNCTION(coap_new_endpoint),
	FUNCTION(coap_new_str_const),
	FUNCTION(coap_opt_length),
	FUNCTION(coap_opt_value),
	FUNCTION(coap_option_iterator_init),
	FUNCTION(coap_option_next),
	FUNCTION(coap_pdu_get_code),
	FUNCTION(coap_pdu_get_mid),
	FUNCTION(coap_pdu_get_token),
	FUNCTION(coap_pdu_get_type),
	FUNCTION(coap_pdu_init),
	FUNCTION(coap_pdu_set_code),
	FUNCTION(coap_pdu_set_type),
	FUNCTION(coap_register_event_handler),
	FUNCTION(coap_register_request_handler),
	FUNCTION(coap_resource_get_userdata),
	FUNCTION(coap_resource_init),
	FUNCTION(coap_resource_set_userdata),
	FUNCTION(coap_resource_unknown_init2),
	FUNCTION(coap_send),
	FUNCTION(coap_session_get_addr_remote),
	FUNCTION(coap_session_get_app_data),
	FUNCTION(coap_session_get_context),
	FUNCTION(coap_session_get_psk_identity),
	FUNCTION(coap_session_max_pdu_size),
	FUNCTION(coap_session_set_app_data),
	FUNCTION(coap_session_set_mtu),
	FUNCTION(coap_set_app_data),
	FUNCTION(coap_set_log_level),
	FUNCTION(coap_startup),
};

static struct coap_library loaded;

int coap_library_load(void)
{
	return library_load(&loaded, "libcoap-3-openssl.so.3", functions, sizeof(functions) / sizeof(functions[0]));
}

const struct coap_library *libcoap(void)
{
	return &loaded;
}
