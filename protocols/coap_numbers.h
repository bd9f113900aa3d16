/*
 * coap_numbers: the codes, option numbers and content formats of CoAP that wakegate uses.
 *
 * Names keep clear of libcoap's, so that a file may include both.
 */
#ifndef WAKEGATE_PROTOCOLS_COAP_NUMBERS_H
#define WAKEGATE_PROTOCOLS_COAP_NUMBERS_H

#include <stdint.h>

#define COAP_CODE(class, detail) ((class) << 5 | (detail))
#define COAP_CODE_CLASS(code) ((code) >> 5)
#define COAP_CODE_DETAIL(code) ((code)&0x1f)

/* Methods and response codes (RFC 7252 section 12.1, RFC 7959 section 6, RFC 8132, RFC 8516). */
enum coap_code {
	COAP_EMPTY = 0,
	COAP_GET = COAP_CODE(0, 1),
	COAP_POST = COAP_CODE(0, 2),
	COAP_PUT = COAP_CODE(0, 3),
	COAP_DELETE = COAP_CODE(0, 4),
	COAP_FETCH = COAP_CODE(0, 5),
	COAP_PATCH = COAP_CODE(0, 6),
	COAP_IPATCH = COAP_CODE(0, 7),
	COAP_CREATED = COAP_CODE(2, 1),
	COAP_DELETED = COAP_CODE(2, 2),
	COAP_VALID = COAP_CODE(2, 3),
	COAP_CHANGED = COAP_CODE(2, 4),
	COAP_CONTENT = COAP_CODE(2, 5),
	COAP_CONTINUE = COAP_CODE(2, 31),
	COAP_BAD_REQUEST = COAP_CODE(4, 0),
	COAP_UNAUTHORIZED = COAP_CODE(4, 1),
	COAP_BAD_OPTION = COAP_CODE(4, 2),
	COAP_FORBIDDEN = COAP_CODE(4, 3),
	COAP_NOT_FOUND = COAP_CODE(4, 4),
	COAP_METHOD_NOT_ALLOWED = COAP_CODE(4, 5),
	COAP_NOT_ACCEPTABLE = COAP_CODE(4, 6),
	COAP_REQUEST_INCOMPLETE = COAP_CODE(4, 8),
	COAP_PRECONDITION_FAILED = COAP_CODE(4, 12),
	COAP_REQUEST_TOO_LARGE = COAP_CODE(4, 13),
	COAP_UNSUPPORTED_FORMAT = COAP_CODE(4, 15),
	COAP_TOO_MANY_REQUESTS = COAP_CODE(4, 29),
	COAP_SERVER_ERROR = COAP_CODE(5, 0),
	COAP_NOT_IMPLEMENTED = COAP_CODE(5, 1),
	COAP_UNAVAILABLE = COAP_CODE(5, 3),
	COAP_PROXYING_NOT_SUPPORTED = COAP_CODE(5, 5),
};

/* Option numbers (RFC 7252 section 12.2, RFC 7959 section 6, RFC 7967 section 2). Odd numbers are critical. */
enum coap_option_number {
	COAP_IF_MATCH = 1,
	COAP_URI_HOST = 3,
	COAP_ETAG = 4,
	COAP_IF_NONE_MATCH = 5,
	COAP_OBSERVE = 6,
	COAP_URI_PORT = 7,
	COAP_LOCATION_PATH = 8,
	COAP_URI_PATH = 11,
	COAP_CONTENT_FORMAT = 12,
	COAP_MAX_AGE = 14,
	COAP_URI_QUERY = 15,
	COAP_ACCEPT = 17,
	COAP_LOCATION_QUERY = 20,
	COAP_BLOCK2 = 23,
	COAP_BLOCK1 = 27,
	COAP_SIZE2 = 28,
	COAP_PROXY_URI = 35,
	COAP_PROXY_SCHEME = 39,
	COAP_SIZE1 = 60,
	COAP_NO_RESPONSE = 258,
};

/* Content formats (IANA CoRE parameters). */
enum coap_format {
	COAP_FORMAT_NONE = -1, /* the option is absent */
	COAP_FORMAT_TEXT = 0,
	COAP_FORMAT_LINKS = 40,
	COAP_FORMAT_OCTETS = 42,
	COAP_FORMAT_JSON = 50,
	COAP_FORMAT_CBOR = 60,
	COAP_FORMAT_SENML_JSON = 110,
	COAP_FORMAT_SENML_CBOR = 112,
};

/* Classes of responses that a client does not want (RFC 7967 section 2.1). */
enum coap_no_response { COAP_NO_2XX = 2, COAP_NO_4XX = 8, COAP_NO_5XX = 16 };

/* The name of a code, such as "Content", or "" for one that is not listed above. */
const char *coap_code_name(uint8_t code);

#endif
