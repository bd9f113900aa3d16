#include "drivers/coap_dtls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <uv.h>

#include "drivers/coap_dtls_library.h"
#include "drivers/coap_keys.h"
#include "drivers/coap_server.h"
#include "protocols/siphash.h"

#define HANDLES 2
#define MESSAGE_SIZE 2048
#define SESSION_MTU 1280 /* IPv6's least; libcoap's 1152 leaves no room for a block of 1024 and DTLS */
#define CHAIN_DEPTH 3    /* certificates between the node's and the trusted one */
#define SPIN_WAKES 2000  /* in SPIN_WINDOW_MS, without anything to do */
#define SPIN_WINDOW_MS 100
#define HINT "wakegate"

/* What libcoap's session is to us; the session's application data. */
struct dtls_session {
	struct dtls_session *next;
	coap_session_t *session;
	uint32_t number;
	bool established;
	uint64_t key_mark;              /* of the key that proved it; 0: a certificate did */
	char identity[NODE_ID_MAX + 1]; /* "": not proven yet */
};

struct coap_dtls {
	uv_poll_t poll;
	uv_timer_t timer;
	unsigned open_handles;
	coap_context_t *context;
	uint16_t port;
	const struct coap_keys *keys;
	coap_bin_const_t key_shown; /* what the last callback returned */
	struct siphash_key mark_key;
	struct coap_server *server;
	struct coap_dtls_counters counters;
	struct dtls_session *sessions;
	uint32_t next_number;
	uint64_t activity; /* requests and events so far */
	unsigned idle_wakes;
	uint64_t window_start_ms;
	bool paused;
};

/* Ours for a session of libcoap, made when it is first met. NULL without memory. */
static struct dtls_session *session_of(struct coap_dtls *dtls, coap_session_t *session)
{
	struct dtls_session *ours = libcoap()->coap_session_get_app_data(session);

	if (ours)
		return ours;
	ours = calloc(1, sizeof(*ours));
	if (!ours)
		return NULL;
	ours->session = session;
	ours->number = ++dtls->next_number;
	ours->next = dtls->sessions;
	dtls->sessions = ours;
	dtls->counters.sessions_now++;
	libcoap()->coap_session_set_app_data(session, ours);
	libcoap()->coap_session_set_mtu(session, SESSION_MTU);
	return ours;
}

static void forget_session(struct coap_dtls *dtls, coap_session_t *session)
{
	struct dtls_session *ours = libcoap()->coap_session_get_app_data(session);
	struct dtls_session **link = &dtls->sessions;

	if (!ours)
		return;
	while (*link != ours)
		link = &(*link)->next;
	*link = ours->next;
	dtls->counters.sessions_now--;
	dtls->counters.handshakes_failed += ours->established ? 0 : 1;
	libcoap()->coap_session_set_app_data(session, NULL);
	free(ours);
}

static coap_session_t *find_session(const struct coap_dtls *dtls, uint32_t number)
{
	for (const struct dtls_session *ours = dtls->sessions; ours; ours = ours->next)
		if (ours->number == number)
			return ours->session;
	return NULL;
}

static void peer_of(const struct dtls_session *ours, struct coap_peer *peer)
{
	const coap_address_t *remote = libcoap()->coap_session_get_addr_remote(ours->session);

	memset(peer, 0, sizeof(*peer));
	peer->channel = ours->number;
	peer->hash = ours->number * UINT64_C(0x9e3779b97f4a7c15); /* nobody chooses it */
	peer->port = libcoap()->coap_address_get_port(remote);
	if (remote->addr.sa.sa_family == AF_INET6) {
		memcpy(peer->address, &remote->addr.sin6.sin6_addr, sizeof(peer->address));
		return;
	}
	peer->address[10] = peer->address[11] = 0xff;
	memcpy(peer->address + 12, &remote->addr.sin.sin_addr, 4);
}

/* libcoap has parsed the request; as a datagram again it goes the way of those on plain UDP. */
static int write_request(const coap_pdu_t *pdu, uint8_t *buffer, size_t size, bool *cut)
{
	coap_bin_const_t token = libcoap()->coap_pdu_get_token(pdu);
	struct coap_message head = {
		.type = (enum coap_type)libcoap()->coap_pdu_get_type(pdu),
		.code = (uint8_t)libcoap()->coap_pdu_get_code(pdu),
		.id = (uint16_t)libcoap()->coap_pdu_get_mid(pdu),
		.token_size = (uint8_t)token.length,
	};
	coap_opt_iterator_t iterator;
	coap_opt_t *option;
	const uint8_t *payload = NULL;
	size_t payload_size = 0;
	struct coap_writer writer;

	if (token.length > COAP_TOKEN_MAX)
		return -EBADMSG;
	memcpy(head.token, token.s, token.length);
	coap_write_start(&writer, buffer, size, &head);
	libcoap()->coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
	while ((option = libcoap()->coap_option_next(&iterator)))
		coap_write_option(&writer, iterator.number, libcoap()->coap_opt_value(option),
			libcoap()->coap_opt_length(option));
	(void)libcoap()->coap_get_data(pdu, &payload_size, &payload);
	*cut = payload_size > COAP_PAYLOAD_MAX;
	return coap_write_payload(&writer, payload, *cut ? 0 : payload_size);
}

/* Tells a key from others for as long as this process lives; never 0. */
static uint64_t mark_of(const struct coap_dtls *dtls, const struct coap_key *key)
{
	return siphash(&dtls->mark_key, key->bytes, key->size) | 1;
}

/* A session may last for months: its key must still be the one that the node has. */
static bool is_proven(const struct coap_dtls *dtls, const struct dtls_session *ours)
{
	if (!ours->established || !ours->identity[0])
		return false;
	if (ours->key_mark == 0)
		return true;
	const struct coap_key *key = coap_keys_find(dtls->keys, ours->identity);
	return key && mark_of(dtls, key) == ours->key_mark;
}

/* Nothing is sent by libcoap itself: an empty NON response is dropped by it. */
static void on_request(coap_resource_t *resource, coap_session_t *session, const coap_pdu_t *request,
	const coap_string_t *query, coap_pdu_t *response)
{
	struct coap_dtls *dtls = libcoap()->coap_resource_get_userdata(resource);
	struct dtls_session *ours = session_of(dtls, session);
	uint8_t buffer[MESSAGE_SIZE];
	struct coap_arrival arrival = { .data = buffer };

	dtls->activity++;
	libcoap()->coap_pdu_set_type(response, COAP_MESSAGE_NON);
	libcoap()->coap_pdu_set_code(response, COAP_EMPTY_CODE);
	int size = write_request(request, buffer, sizeof(buffer), &arrival.cut);
	if (!ours || size < 0)
		return;
	arrival.size = (size_t)size;
	arrival.identity = is_proven(dtls, ours) ? ours->identity : NULL;
	peer_of(ours, &arrival.peer);
	coap_server_receive(dtls->server, &arrival);
}

/* A message of ours as one of libcoap's. NULL if it does not fit. */
static coap_pdu_t *make_pdu(coap_session_t *session, const struct coap_message *message)
{
	struct coap_options options;
	struct coap_option option;
	coap_pdu_t *pdu = libcoap()->coap_pdu_init((coap_pdu_type_t)message->type, (coap_pdu_code_t)message->code,
		message->id, libcoap()->coap_session_max_pdu_size(session));

	if (!pdu)
		return NULL;
	bool fits = message->token_size == 0 || libcoap()->coap_add_token(pdu, message->token_size, message->token);
	coap_options_start(&options, message);
	while (fits && coap_options_next(&options, &option))
		fits = libcoap()->coap_add_option(pdu, option.number, option.size, option.value) > 0;
	if (fits && message->payload_size > 0)
		fits = libcoap()->coap_add_data(pdu, message->payload_size, message->payload);
	if (fits)
		return pdu;
	libcoap()->coap_delete_pdu(pdu);
	return NULL;
}

static void send_message(void *context, const struct coap_peer *peer, const void *datagram, size_t size)
{
	struct coap_dtls *dtls = context;
	coap_session_t *session = find_session(dtls, peer->channel);
	struct coap_message message;
	coap_pdu_t *pdu = NULL;

	if (session && coap_message_parse(&message, datagram, size) == 0)
		pdu = make_pdu(session, &message);
	if (!pdu || libcoap()->coap_send(session, pdu) == COAP_INVALID_MID)
		dtls->counters.send_dropped++;
}

static int64_t now_ms(void *context)
{
	const struct coap_dtls *dtls = context;

	return (int64_t)uv_now(dtls->poll.loop);
}

/* The handshake is done; what the key or the certificate says is proven now. */
static void establish(struct coap_dtls *dtls, coap_session_t *session)
{
	const coap_bin_const_t *identity = libcoap()->coap_session_get_psk_identity(session);
	struct dtls_session *ours = session_of(dtls, session);

	dtls->counters.handshakes++;
	if (!ours)
		return;
	ours->established = true;
	if (ours->identity[0] || !identity || !coap_identity_fits((const char *)identity->s, identity->length))
		return;
	memcpy(ours->identity, identity->s, identity->length);
	ours->identity[identity->length] = '\0';
}

static int on_event(coap_session_t *session, const coap_event_t event)
{
	struct coap_dtls *dtls = libcoap()->coap_get_app_data(libcoap()->coap_session_get_context(session));

	dtls->activity++;
	switch (event) {
	case COAP_EVENT_SERVER_SESSION_NEW:
		(void)session_of(dtls, session);
		break;
	case COAP_EVENT_DTLS_CONNECTED:
		establish(dtls, session);
		break;
	case COAP_EVENT_SERVER_SESSION_DEL:
		forget_session(dtls, session);
		break;
	default:
		break;
	}
	return 0;
}

static const coap_bin_const_t *on_psk_identity(coap_bin_const_t *identity, coap_session_t *session, void *context)
{
	struct coap_dtls *dtls = context;
	struct dtls_session *ours = session_of(dtls, session);
	char text[NODE_ID_MAX + 1];

	if (!ours || !coap_identity_fits((const char *)identity->s, identity->length))
		return NULL;
	memcpy(text, identity->s, identity->length);
	text[identity->length] = '\0';
	const struct coap_key *key = coap_keys_find(dtls->keys, text);
	if (!key)
		return NULL;
	ours->key_mark = mark_of(dtls, key);
	dtls->key_shown = (coap_bin_const_t){ key->size, key->bytes };
	return &dtls->key_shown;
}

/* The name in a node's certificate (subject alternative name, else common name) is its identity. */
static int on_certificate(const char *name, const uint8_t *certificate, size_t size, coap_session_t *session,
	unsigned depth, int validated, void *context)
{
	struct coap_dtls *dtls = context;
	struct dtls_session *ours = session_of(dtls, session);

	if (!validated || !ours)
		return 0;
	if (depth > 0)
		return 1;
	if (!coap_identity_fits(name, strlen(name)))
		return 0;
	memcpy(ours->identity, name, strlen(name) + 1);
	return 1;
}

/*
 * libcoap tells a client that wants a pre-shared key from one with a certificate only where the context has a key.
 * Nobody knows this one: the keys that count come from on_psk_identity().
 */
static bool set_psk(struct coap_dtls *dtls, const struct coap_dtls_config *config)
{
	uint8_t nobodys_key[32];
	coap_dtls_spsk_t setup = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.validate_id_call_back = on_psk_identity,
		.id_call_back_arg = dtls,
		.psk_info = {
			.hint = { sizeof(HINT) - 1, (const uint8_t *)HINT },
			.key = { sizeof(nobodys_key), nobodys_key },
		},
	};

	dtls->keys = config->keys;
	if (!config->keys)
		return true;
	return getrandom(nobodys_key, sizeof(nobodys_key), 0) == sizeof(nobodys_key) &&
	       getrandom(&dtls->mark_key, sizeof(dtls->mark_key), 0) == sizeof(dtls->mark_key) &&
	       libcoap()->coap_context_set_psk2(dtls->context, &setup);
}

static bool set_certificates(struct coap_dtls *dtls, const struct coap_dtls_config *config)
{
	coap_dtls_pki_t setup = {
		.version = COAP_DTLS_PKI_SETUP_VERSION,
		.verify_peer_cert = 1,
		.check_common_ca = 1,
		.cert_chain_validation = 1,
		.cert_chain_verify_depth = CHAIN_DEPTH,
		.validate_cn_call_back = on_certificate,
		.cn_call_back_arg = dtls,
		.pki_key = {
			.key_type = COAP_PKI_KEY_PEM,
			.key.pem = { config->ca_file, config->certificate_file, config->key_file },
		},
	};

	return !config->certificate_file || libcoap()->coap_context_set_pki(dtls->context, &setup);
}

static bool add_resource(struct coap_dtls *dtls, coap_resource_t *resource)
{
	if (!resource)
		return false;
	for (int method = COAP_REQUEST_GET; method <= COAP_REQUEST_IPATCH; method++)
		libcoap()->coap_register_request_handler(resource, (coap_request_t)method, on_request);
	libcoap()->coap_resource_set_userdata(resource, dtls);
	libcoap()->coap_add_resource(dtls->context, resource);
	return true;
}

/* Every path is ours; /.well-known/core needs saying so, or libcoap answers it. */
static bool add_resources(struct coap_dtls *dtls)
{
	coap_str_const_t *links = libcoap()->coap_new_str_const((const uint8_t *)".well-known/core", 16);

	return links && add_resource(dtls, libcoap()->coap_resource_unknown_init2(on_request, 0)) &&
	       add_resource(dtls, libcoap()->coap_resource_init(links, COAP_RESOURCE_FLAGS_RELEASE_URI));
}

static bool parse_address(const char *text, uint16_t port, coap_address_t *out)
{
	libcoap()->coap_address_init(out);
	if (inet_pton(AF_INET, text, &out->addr.sin.sin_addr) == 1) {
		out->addr.sin.sin_family = AF_INET;
		out->addr.sin.sin_port = htons(port);
		out->size = sizeof(out->addr.sin);
		return true;
	}
	out->addr.sin6.sin6_family = AF_INET6;
	out->addr.sin6.sin6_port = htons(port);
	out->size = sizeof(out->addr.sin6);
	return inet_pton(AF_INET6, text, &out->addr.sin6.sin6_addr) == 1;
}

/* The endpoint's description ends with ":PORT PROTOCOL"; libcoap tells its port nowhere else. */
static uint16_t port_of(const coap_endpoint_t *endpoint)
{
	const char *colon = strrchr(libcoap()->coap_endpoint_str(endpoint), ':');

	return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

static int open_endpoint(struct coap_dtls *dtls, const struct coap_dtls_config *config)
{
	coap_address_t address;

	if (!parse_address(config->address, config->port, &address))
		return -EINVAL;
	coap_endpoint_t *endpoint = libcoap()->coap_new_endpoint(dtls->context, &address, COAP_PROTO_DTLS);
	if (!endpoint)
		return errno ? -errno : -EIO;
	dtls->port = port_of(endpoint);
	return 0;
}

static int open_context(struct coap_dtls *dtls, const struct coap_dtls_config *config)
{
	libcoap()->coap_startup();
	libcoap()->coap_set_log_level((coap_log_t)0); /* its own log goes to standard error; what matters is counted */
	libcoap()->coap_dtls_set_log_level(0);
	dtls->context = libcoap()->coap_new_context(NULL);
	if (!dtls->context)
		return -ENOMEM;
	libcoap()->coap_set_app_data(dtls->context, dtls);
	libcoap()->coap_register_event_handler(dtls->context, on_event);
	libcoap()->coap_context_set_block_mode(dtls->context, 0);
	libcoap()->coap_context_set_max_idle_sessions(dtls->context, config->sessions_max);
	libcoap()->coap_context_set_max_handshake_sessions(dtls->context, config->sessions_max);
	libcoap()->coap_context_set_session_timeout(dtls->context, config->session_timeout_s);
	if (!set_psk(dtls, config) || !set_certificates(dtls, config))
		return -EKEYREJECTED;
	return add_resources(dtls) ? open_endpoint(dtls, config) : -ENOMEM;
}

static void on_poll(uv_poll_t *handle, int status, int events);

static void on_tick(uv_timer_t *handle)
{
	struct coap_dtls *dtls = handle->data;

	coap_server_tick(dtls->server);
	if (dtls->paused)
		(void)uv_poll_start(&dtls->poll, UV_READABLE, on_poll);
	dtls->paused = false;
	if (!coap_server_is_waiting(dtls->server))
		(void)uv_timer_stop(handle);
}

static void watch_time(struct coap_dtls *dtls)
{
	bool needed = dtls->paused || coap_server_is_waiting(dtls->server);

	if (needed && !uv_is_active((uv_handle_t *)&dtls->timer))
		(void)uv_timer_start(&dtls->timer, on_tick, COAP_TICK_MS, COAP_TICK_MS);
}

/* A socket error that libcoap does not take from its endpoint wakes it for ever (obgm/libcoap issue 2139). */
static void check_spin(struct coap_dtls *dtls, bool idle)
{
	uint64_t now = uv_now(dtls->poll.loop);

	if (!idle || now - dtls->window_start_ms > SPIN_WINDOW_MS) {
		dtls->window_start_ms = now;
		dtls->idle_wakes = 0;
		return;
	}
	if (++dtls->idle_wakes < SPIN_WAKES)
		return;
	dtls->counters.spins++;
	dtls->paused = true;
	(void)uv_poll_stop(&dtls->poll);
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
	struct coap_dtls *dtls = handle->data;
	uint64_t before = dtls->activity;

	(void)libcoap()->coap_io_process(dtls->context, COAP_IO_NO_WAIT);
	check_spin(dtls, dtls->activity == before);
	watch_time(dtls);
}

static int start(struct coap_dtls *dtls, struct uv_loop_s *loop)
{
	int fd = libcoap()->coap_context_get_coap_fd(dtls->context);

	if (fd < 0)
		return -ENOTSUP;
	int result = uv_poll_init(loop, &dtls->poll, fd);
	if (result < 0)
		return result;
	(void)uv_timer_init(loop, &dtls->timer);
	dtls->open_handles = HANDLES;
	dtls->poll.data = dtls->timer.data = dtls;
	return uv_poll_start(&dtls->poll, UV_READABLE, on_poll);
}

static const char *describe(int error)
{
	if (error == -EKEYREJECTED)
		return "the certificate, its key or the CA file is not usable";
	return error == -ENOTSUP ? "libcoap (libcoap-3-openssl.so.3) cannot be used" : strerror(-error);
}

int coap_dtls_open(struct coap_dtls **out, struct uv_loop_s *loop, const struct coap_dtls_config *config,
	const struct coap_resources *resources, char *why, size_t why_size)
{
	struct coap_dtls *dtls = calloc(1, sizeof(*dtls));

	if (!dtls)
		return -ENOMEM;
	const struct coap_transport transport = {
		.context = dtls, .send = send_message, .now_ms = now_ms, .repeats = true
	};
	int result = coap_library_load();
	if (result == 0)
		result = coap_server_open(&dtls->server, config->exchanges, &transport, resources);
	if (result == 0)
		result = open_context(dtls, config);
	if (result == 0)
		result = start(dtls, loop);
	if (result < 0) {
		(void)snprintf(why, why_size, "cannot listen with DTLS on UDP %s port %u: %s", config->address,
			config->port, describe(result));
		coap_dtls_close(dtls);
		return result;
	}
	*out = dtls;
	return 0;
}

uint16_t coap_dtls_port(const struct coap_dtls *dtls)
{
	return dtls->port;
}

void coap_dtls_retry(struct coap_dtls *dtls)
{
	coap_server_retry(dtls->server);
	watch_time(dtls);
}

const struct coap_server_counters *coap_dtls_server_counters(const struct coap_dtls *dtls)
{
	return coap_server_counters(dtls->server);
}

const struct coap_dtls_counters *coap_dtls_counters(const struct coap_dtls *dtls)
{
	return &dtls->counters;
}

static void on_closed(uv_handle_t *handle)
{
	struct coap_dtls *dtls = handle->data;

	if (--dtls->open_handles == 0)
		free(dtls);
}

static void end_sessions(struct coap_dtls *dtls)
{
	while (dtls->sessions)
		forget_session(dtls, dtls->sessions->session);
}

void coap_dtls_close(struct coap_dtls *dtls)
{
	if (!dtls)
		return;
	coap_server_close(dtls->server);
	if (dtls->open_handles > 0) {
		uv_close((uv_handle_t *)&dtls->poll, on_closed);
		uv_close((uv_handle_t *)&dtls->timer, on_closed);
	}
	end_sessions(dtls);
	if (dtls->context)
		libcoap()->coap_free_context(dtls->context);
	if (dtls->open_handles == 0)
		free(dtls);
}
