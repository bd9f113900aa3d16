#include "drivers/http_fetch_library.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define FUNCTION(name)                                             \
	{                                                          \
		"curl_" #name, offsetof(struct http_library, name) \
	}

static const struct {
	const char *name;
	size_t offset;
} functions[] = {
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
	struct http_library loaded;
	void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; library && i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function)
			return -ENOTSUP;
		memcpy((char *)&loaded + functions[i].offset, &function, sizeof(function));
	}
	if (!library)
		return -ENOTSUP;
	*out = loaded;
	return 0;
}
