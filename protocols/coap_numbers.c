#include "protocols/coap_numbers.h"

#include <stddef.h>

static const struct {
	uint8_t code;
	const char *name;
} names[] = {
	{ COAP_EMPTY, "Empty" },
	{ COAP_GET, "GET" },
	{ COAP_POST, "POST" },
	{ COAP_PUT, "PUT" },
	{ COAP_DELETE, "DELETE" },
	{ COAP_FETCH, "FETCH" },
	{ COAP_PATCH, "PATCH" },
	{ COAP_IPATCH, "iPATCH" },
	{ COAP_CREATED, "Created" },
	{ COAP_DELETED, "Deleted" },
	{ COAP_VALID, "Valid" },
	{ COAP_CHANGED, "Changed" },
	{ COAP_CONTENT, "Content" },
	{ COAP_CONTINUE, "Continue" },
	{ COAP_BAD_REQUEST, "Bad Request" },
	{ COAP_UNAUTHORIZED, "Unauthorized" },
	{ COAP_BAD_OPTION, "Bad Option" },
	{ COAP_FORBIDDEN, "Forbidden" },
	{ COAP_NOT_FOUND, "Not Found" },
	{ COAP_METHOD_NOT_ALLOWED, "Method Not Allowed" },
	{ COAP_NOT_ACCEPTABLE, "Not Acceptable" },
	{ COAP_REQUEST_INCOMPLETE, "Request Entity Incomplete" },
	{ COAP_PRECONDITION_FAILED, "Precondition Failed" },
	{ COAP_REQUEST_TOO_LARGE, "Request Entity Too Large" },
	{ COAP_UNSUPPORTED_FORMAT, "Unsupported Content-Format" },
	{ COAP_TOO_MANY_REQUESTS, "Too Many Requests" },
	{ COAP_SERVER_ERROR, "Internal Server Error" },
	{ COAP_NOT_IMPLEMENTED, "Not Implemented" },
	{ COAP_UNAVAILABLE, "Service Unavailable" },
	{ COAP_PROXYING_NOT_SUPPORTED, "Proxying Not Supported" },
};

const char *coap_code_name(uint8_t code)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	return "";
}
