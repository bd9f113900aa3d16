#include "drivers/http_fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

#include "drivers/http_fetch_library.h"

#define BUFFER_BYTES 16384 /* of one fetch; small also keeps the rate even */
#define SENTENCE_MAX 256

struct fetch_source {
	uv_loop_t *loop;
	const struct http_options *options;
	struct http_library curl; /* once loaded */
	CURLM *multi;             /* NULL while there is no fetch */
	uv_timer_t timeout;       /* curl's own */
	uv_timer_t kick;          /* resumes; apart, because curl does not ask again for a timeout it has asked for */
	unsigned open_handles;
	struct fetch *fetches;
	bool closing;
};

struct fetch {
	struct fetch *next;
	struct fetch_source *source;
	struct fetch_host host;
	CURL *easy;
	struct curl_slist *headers;
	uint32_t size_bytes;
	uint32_t offset; /* of the next byte to come */
	bool ranged;     /* the response says which part it is */
	bool begun;
	uint64_t resume_at_ms; /* while paused; 0: when the host says so */
	bool paused;
	uint64_t begun_at_ms; /* for the rate, with the bytes since */
	uint64_t received;
	int given_up; /* what begin() or data(), or our own check, said */
	char etag[FETCH_ETAG_MAX + 1];
	char sentence[SENTENCE_MAX];
	char curl_words[CURL_ERROR_SIZE];
};

/* A socket of curl's that the loop watches. */
struct watch {
	uv_poll_t poll;
	curl_socket_t socket;
	struct fetch_source *source;
};

static void on_kick(uv_timer_t *timer);

static uint64_t clock_ms(void)
{
	return uv_hrtime() / 1000000;
}

static int give_up(struct fetch *fetch, int result, const char *sentence)
{
	fetch->given_up = result;
	if (sentence)
		snprintf(fetch->sentence, sizeof(fetch->sentence), "%s", sentence);
	return result;
}

/* ---- what curl calls while it receives ---- */

/* The value of a header line named `name` (RFC 9110 section 5), without the white space around it; false if another. */
static bool header_value(const char *line, size_t size, const char *name, char *out, size_t room)
{
	size_t name_size = strlen(name);

	if (size <= name_size || strncasecmp(line, name, name_size) != 0 || line[name_size] != ':')
		return false;
	const char *start = line + name_size + 1;
	const char *end = line + size;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	while (end > start && (unsigned char)end[-1] <= ' ')
		end--;
	if ((size_t)(end - start) >= room)
		return false;
	memcpy(out, start, (size_t)(end - start));
	out[end - start] = '\0';
	return true;
}

static long status_of(const struct fetch *fetch)
{
	long status = 0;

	fetch->source->curl.easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void note_range(struct fetch *fetch, const char *value)
{
	unsigned long long first = 0;
	unsigned long long last = 0;
	unsigned long long total = 0;

	fetch->ranged = true;
	/* RFC 9110 section 14.4; a total of "*" is not known, which is fine. */
	int found = sscanf(value, "bytes %llu-%llu/%llu", &first, &last, &total);
	if (found < 2 || first != fetch->offset)
		give_up(fetch, -EBADMSG, "the server sent another range than asked for");
	else if (found == 3 && total != fetch->size_bytes)
		give_up(fetch, -EBADMSG, "the file has another size than the manifest says");
}

static size_t on_header(char *line, size_t unit, size_t count, void *context)
{
	struct fetch *fetch = context;
	size_t size = unit * count;
	char value[FETCH_ETAG_MAX + 1];

	/* Each response begins anew; the last one counts, after redirects. */
	if (size > 5 && strncmp(line, "HTTP/", 5) == 0)
		fetch->etag[0] = '\0';
	if (header_value(line, size, "etag", value, sizeof(value)))
		memcpy(fetch->etag, value, sizeof(value));
	else if (status_of(fetch) == 206 && header_value(line, size, "content-range", value, sizeof(value)))
		note_range(fetch, value);
	return fetch->given_up ? 0 : size;
}

/* The first byte of a good response is here. */
static int begin(struct fetch *fetch)
{
	curl_off_t size = -1;

	fetch->begun = true;
	fetch->begun_at_ms = clock_ms();
	if (status_of(fetch) == 206 && !fetch->ranged)
		return give_up(fetch, -EBADMSG, "the server sent a part without saying which");
	if (status_of(fetch) == 200)
		fetch->offset = 0;
	fetch->source->curl.easy_getinfo(fetch->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &size);
	if (size >= 0 && size != (curl_off_t)(fetch->size_bytes - fetch->offset))
		return give_up(fetch, -EBADMSG, "the file has another size than the manifest says");
	int result = fetch->host.begin(fetch->host.context, fetch->offset, fetch->etag[0] ? fetch->etag : NULL);
	return result < 0 ? give_up(fetch, result, "not wanted any more") : 0;
}

/* Sets the timer to the first fetch that is to go on. */
static void schedule_kick(struct fetch_source *source)
{
	uint64_t next_ms = UINT64_MAX;
	uint64_t now_ms = clock_ms();

	for (struct fetch *fetch = source->fetches; fetch; fetch = fetch->next)
		if (fetch->paused && fetch->resume_at_ms && fetch->resume_at_ms < next_ms)
			next_ms = fetch->resume_at_ms;
	if (next_ms != UINT64_MAX)
		uv_timer_start(&source->kick, on_kick, next_ms > now_ms ? next_ms - now_ms : 0, 0);
}

/* `resume_at_ms` 0: until the host says so. */
static size_t pause_fetch(struct fetch *fetch, uint64_t resume_at_ms)
{
	fetch->paused = true;
	fetch->resume_at_ms = resume_at_ms;
	schedule_kick(fetch->source);
	return CURL_WRITEFUNC_PAUSE;
}

/*
 * When the bytes received so far are due at the capped rate. Curl's own cap looks only between reads of up to a hundred
 * buffers, so that three times the rate passed.
 */
static uint64_t due_ms(const struct fetch *fetch)
{
	int64_t rate = fetch->source->options->rate_bytes_per_s;

	return rate ? fetch->begun_at_ms + fetch->received * 1000 / (uint64_t)rate : 0;
}

static size_t on_data(char *data, size_t unit, size_t count, void *context)
{
	struct fetch *fetch = context;
	size_t size = unit * count;
	long status = status_of(fetch);

	if (status != 200 && status != 206)
		return size; /* an error page: curl reports the status at the end */
	if (!fetch->begun && begin(fetch) < 0)
		return 0;
	if (size > fetch->size_bytes - fetch->offset) {
		give_up(fetch, -EBADMSG, "the file is longer than the manifest says");
		return 0;
	}
	if (due_ms(fetch) > clock_ms())
		return pause_fetch(fetch, due_ms(fetch));
	int result = fetch->host.data(fetch->host.context, data, size);
	if (result == -EAGAIN)
		return pause_fetch(fetch, 0);
	if (result < 0) {
		give_up(fetch, result, "not wanted any more");
		return 0;
	}
	fetch->offset += (uint32_t)size;
	fetch->received += size;
	return size;
}

/* ---- the end of a fetch ---- */

static int result_of_status(long status)
{
	switch (status) {
	case 200:
	case 206:
		return 0;
	case 401:
	case 403:
	case 407:
		return -EACCES;
	case 404:
	case 410:
		return -ENOENT;
	case 416: /* our offset is below the size that the manifest says, so the file is shorter */
		return -EBADMSG;
	case 408:
	case 429:
	case 503:
		return -EAGAIN;
	default:
		return status >= 500 ? -EIO : -EPROTO;
	}
}

static int result_of_curl(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return -ECONNREFUSED;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return -EACCES;
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
		return -ECONNRESET;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_URL_MALFORMAT:
		return -EPROTO;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static int judge(struct fetch *fetch, CURLcode code)
{
	long status = status_of(fetch);

	if (fetch->given_up)
		return fetch->given_up;
	if (code != CURLE_OK) {
		snprintf(fetch->sentence, sizeof(fetch->sentence), "%.200s",
			fetch->curl_words[0] ? fetch->curl_words : fetch->source->curl.easy_strerror(code));
		return result_of_curl(code);
	}
	if (result_of_status(status) < 0) {
		snprintf(fetch->sentence, sizeof(fetch->sentence), "the server answered %ld", status);
		return result_of_status(status);
	}
	if (fetch->offset == fetch->size_bytes)
		return 0;
	snprintf(fetch->sentence, sizeof(fetch->sentence), "the file is shorter than the manifest says");
	return -EBADMSG;
}

/* Takes it out of the list and of curl, and frees. */
static void discard(struct fetch *fetch)
{
	struct fetch_source *source = fetch->source;
	struct fetch **link = &source->fetches;

	while (*link && *link != fetch)
		link = &(*link)->next;
	if (*link)
		*link = fetch->next;
	if (fetch->easy && source->multi)
		source->curl.multi_remove_handle(source->multi, fetch->easy);
	source->curl.easy_cleanup(fetch->easy);
	source->curl.slist_free_all(fetch->headers);
	free(fetch);
}

/* No fetch, no curl: its connections and caches are given back. */
static void shut_down_if_idle(struct fetch_source *source)
{
	if (!source->multi || source->fetches)
		return;
	source->curl.multi_cleanup(source->multi);
	source->curl.global_cleanup();
	source->multi = NULL;
	uv_timer_stop(&source->timeout);
	uv_timer_stop(&source->kick);
}

static void finish(struct fetch *fetch, CURLcode code)
{
	struct fetch_host host = fetch->host;
	char sentence[SENTENCE_MAX];
	curl_off_t retry_after_s = 0;
	int result = judge(fetch, code);

	memcpy(sentence, fetch->sentence, sizeof(sentence));
	fetch->source->curl.easy_getinfo(fetch->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
	discard(fetch);
	host.end(host.context, result, retry_after_s > 0 && retry_after_s < UINT32_MAX ? (uint32_t)retry_after_s : 0,
		sentence);
}

static void collect_finished(struct fetch_source *source)
{
	CURLMsg *message;
	int left;

	/* end() may start and cancel others, and close the source. */
	while (source->multi && (message = source->curl.multi_info_read(source->multi, &left))) {
		struct fetch *fetch = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		source->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&fetch);
		finish(fetch, code);
	}
	shut_down_if_idle(source);
}

/* ---- curl in the loop ---- */

static void drive(struct fetch_source *source, curl_socket_t socket, int events)
{
	int running = 0;

	if (!source->multi)
		return;
	source->curl.multi_socket_action(source->multi, socket, events, &running);
	collect_finished(source);
}

static void on_timeout(uv_timer_t *timer)
{
	drive(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout_wanted(CURLM *multi, long timeout_ms, void *context)
{
	struct fetch_source *source = context;

	if (timeout_ms < 0)
		uv_timer_stop(&source->timeout);
	else
		uv_timer_start(&source->timeout, on_timeout, (uint64_t)timeout_ms, 0);
	return 0;
}

static void on_socket_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *watch = poll->data;
	int flags = 0;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
	flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
	drive(watch->source, watch->socket, flags);
}

static void on_watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct watch *watch_create(struct fetch_source *source, curl_socket_t socket)
{
	struct watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->socket = socket;
	watch->source = source;
	if (uv_poll_init_socket(source->loop, &watch->poll, socket) < 0) {
		free(watch);
		return NULL;
	}
	watch->poll.data = watch;
	source->curl.multi_assign(source->multi, socket, watch);
	return watch;
}

static int on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned)
{
	struct fetch_source *source = context;
	struct watch *watch = assigned;
	int events = 0;

	if (what == CURL_POLL_REMOVE) {
		/* Newer curl also removes sockets that it never told of. */
		if (watch)
			uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
		source->curl.multi_assign(source->multi, socket, NULL);
		return 0;
	}
	if (!watch && !(watch = watch_create(source, socket)))
		return -1;
	events |= what & CURL_POLL_IN ? UV_READABLE : 0;
	events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
	uv_poll_start(&watch->poll, events, on_socket_ready);
	return 0;
}

static void on_kick(uv_timer_t *timer)
{
	struct fetch_source *source = timer->data;
	uint64_t now_ms = clock_ms();

	for (struct fetch *fetch = source->fetches; fetch; fetch = fetch->next) {
		if (!fetch->paused || !fetch->resume_at_ms || fetch->resume_at_ms > now_ms)
			continue;
		fetch->paused = false;
		source->curl.easy_pause(fetch->easy, CURLPAUSE_CONT);
	}
	schedule_kick(source);
	/* In some versions an unpaused transfer moves on only when curl is driven. */
	drive(source, CURL_SOCKET_TIMEOUT, 0);
}

static int set_up(struct fetch_source *source)
{
	if (source->multi)
		return 0;
	int result = http_library_load(&source->curl);
	if (result < 0)
		return result;
	if (source->curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	source->multi = source->curl.multi_init();
	if (!source->multi) {
		source->curl.global_cleanup();
		return -ENOMEM;
	}
	source->curl.multi_setopt(source->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	source->curl.multi_setopt(source->multi, CURLMOPT_SOCKETDATA, source);
	source->curl.multi_setopt(source->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
	source->curl.multi_setopt(source->multi, CURLMOPT_TIMERDATA, source);
	source->curl.multi_setopt(source->multi, CURLMOPT_MAXCONNECTS, 2L);
	return 0;
}

/* ---- starting a fetch ---- */

static void set_security(struct fetch *fetch, const char *uri)
{
	const struct http_library *curl = &fetch->source->curl;
	CURL *easy = fetch->easy;
	const struct http_options *options = fetch->source->options;
	bool secure = strncasecmp(uri, "https://", 8) == 0;

	curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, options->allow_plain ? "http,https" : "https");
	curl->easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, options->allow_plain && !secure ? "http,https" : "https");
	curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
	curl->easy_setopt(easy, CURLOPT_MAXREDIRS, (long)HTTP_REDIRECTS_MAX);
	if (options->ca_file)
		curl->easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
	if (options->cert_file)
		curl->easy_setopt(easy, CURLOPT_SSLCERT, options->cert_file);
	if (options->key_file)
		curl->easy_setopt(easy, CURLOPT_SSLKEY, options->key_file);
}

static void set_pace(struct fetch *fetch)
{
	const struct http_library *curl = &fetch->source->curl;
	CURL *easy = fetch->easy;
	const struct http_options *options = fetch->source->options;

	curl->easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
	curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)options->low_speed_bytes_per_s);
	curl->easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)((options->low_speed_ms + 999) / 1000));
	/* Cancelling must not wait for a resolver that hangs. */
	curl->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
}

static void set_offset(struct fetch *fetch, const struct fetch_request *request)
{
	const struct http_library *curl = &fetch->source->curl;
	CURL *easy = fetch->easy;
	char line[32 + FETCH_ETAG_MAX];

	if (request->offset == 0)
		return;
	snprintf(line, sizeof(line), "%u-", request->offset);
	curl->easy_setopt(easy, CURLOPT_RANGE, line);
	/* A weak tag may not stand here (RFC 9110 section 13.1.5). */
	if (!request->etag || request->etag[0] != '"' || strlen(request->etag) > FETCH_ETAG_MAX)
		return;
	snprintf(line, sizeof(line), "If-Range: %s", request->etag);
	fetch->headers = curl->slist_append(NULL, line);
	curl->easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers);
}

static void set_request(struct fetch *fetch, const struct fetch_request *request)
{
	const struct http_library *curl = &fetch->source->curl;
	CURL *easy = fetch->easy;

	curl->easy_setopt(easy, CURLOPT_URL, request->uri);
	curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl->easy_setopt(easy, CURLOPT_USERAGENT, "wakegate/" WAKEGATE_VERSION);
	curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl->easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
	curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data);
	curl->easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
	curl->easy_setopt(easy, CURLOPT_PRIVATE, fetch);
	curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->curl_words);
	set_security(fetch, request->uri);
	set_pace(fetch);
	set_offset(fetch, request);
}

static int http_start(struct fetch **out, struct fetch_source *source, const struct fetch_request *request,
	const struct fetch_host *host)
{
	if (source->closing || request->offset >= request->size_bytes)
		return -EINVAL;
	int result = set_up(source);
	if (result < 0)
		return result;
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	if (!fetch)
		return -ENOMEM;
	fetch->source = source;
	fetch->host = *host;
	fetch->size_bytes = request->size_bytes;
	fetch->offset = request->offset;
	fetch->next = source->fetches;
	source->fetches = fetch;
	fetch->easy = source->curl.easy_init();
	if (!fetch->easy) {
		discard(fetch);
		return -ENOMEM;
	}
	set_request(fetch, request);
	/* Curl asks for a timeout of 0 here and starts when the loop comes round. */
	source->curl.multi_add_handle(source->multi, fetch->easy);
	*out = fetch;
	return 0;
}

static void http_resume(struct fetch *fetch)
{
	fetch->resume_at_ms = clock_ms();
	schedule_kick(fetch->source);
}

static void http_cancel(struct fetch *fetch)
{
	struct fetch_source *source;

	if (!fetch)
		return;
	source = fetch->source;
	discard(fetch);
	shut_down_if_idle(source);
}

const struct fetch_ops http_fetch = {
	.start = http_start,
	.resume = http_resume,
	.cancel = http_cancel,
};

/* ---- the source ---- */

int http_source_open(struct fetch_source **out, struct uv_loop_s *loop, const struct http_options *options)
{
	struct fetch_source *source = calloc(1, sizeof(*source));

	if (!source)
		return -ENOMEM;
	source->loop = loop;
	source->options = options;
	uv_timer_init(loop, &source->timeout);
	uv_timer_init(loop, &source->kick);
	source->timeout.data = source->kick.data = source;
	source->open_handles = 2;
	*out = source;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct fetch_source *source = handle->data;

	if (--source->open_handles == 0)
		free(source);
}

void http_source_close(struct fetch_source *source)
{
	if (!source)
		return;
	source->closing = true;
	while (source->fetches)
		discard(source->fetches);
	shut_down_if_idle(source);
	uv_close((uv_handle_t *)&source->timeout, on_timer_closed);
	uv_close((uv_handle_t *)&source->kick, on_timer_closed);
}
