/*
 * http_fetch_library: libcurl, loaded when the first fetch needs it.
 *
 * Linked, it and the twenty libraries behind it would cost every gateway 3.4 MB of memory from the start, of the 15 MB
 * that the daemon may have.
 */
#ifndef WAKEGATE_DRIVERS_HTTP_FETCH_LIBRARY_H
#define WAKEGATE_DRIVERS_HTTP_FETCH_LIBRARY_H

#include <curl/curl.h>

/* The functions of curl that are used, by their names without "curl_". */
struct http_library {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_global_cleanup) *global_cleanup;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_pause) *easy_pause;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_slist_append) *slist_append;
	__typeof__(curl_slist_free_all) *slist_free_all;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
	__typeof__(curl_multi_setopt) *multi_setopt;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_socket_action) *multi_socket_action;
	__typeof__(curl_multi_assign) *multi_assign;
	__typeof__(curl_multi_info_read) *multi_info_read;
};

/* Fills the table; blocks for milliseconds the first time. -ENOTSUP: libcurl 4 is not installed. Never unloaded. */
int http_library_load(struct http_library *out);

#endif
