#include "drivers/http_fetch_library.h"

#include <stddef.h>

#include "drivers/library.h"

#define FUNCTION(name)                                             \
	{                                                          \
		"curl_" #name, offsetof(struct http_library, name) \
	}

static const struct library_function functions[] = {
	FUNCTION(global_init),
	FUNCTION(global_cleanup),
	FUNCTION(easy_init),
	FUNCTION(easy_cleanup),
	FUNCTION(easy_setopt),
	FUNCTION(easy_getinfo),
	FUNCTION(easy_pause),
	FUNCTION(easy_strerror),
	FUNCTION(slist_append),
	FUNCTION(slist_free_all),
	FUNCTION(multi_init),
	FUNCTION(multi_cleanup),
	FUNCTION(multi_setopt),
	FUNCTION(multi_add_handle),
	FUNCTION(multi_remove_handle),
	FUNCTION(multi_socket_action),
	FUNCTION(multi_assign),
	FUNCTION(multi_info_read),
};

int http_library_load(struct http_library *out)
{
	return library_load(out, "libcurl.so.4", functions, sizeof(functions) / sizeof(functions[0]));
}
