#include "drivers/uplink_mqtt_session.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "drivers/uplink_mqtt_library.h"

#define TEXT_MAX 200
/* Paho counts only what waits for the socket; that it fills is told as -ENOBUFS. */
#define BUFFERED_MAX (2 * UPLINK_WINDOW_MAX)

/* An event with what it points to behind it. Those of publishes and subscriptions exist from the request on. */
struct pending {
	struct mqtt_event event; /* first, so that the caller's pointer is ours */
	struct mqtt_session *session;
	struct pending *next;              /* in the queue */
	struct pending *following, **link; /* among the requests without an answer; loop thread only */
	bool answered;
	size_t cost; /* of a message: memory that it takes; of others, whose number we make ourselves, 0 */
	char bytes[];
};

struct mqtt_threads {
	struct mqtt_library library;
	bool tls;
	MQTTAsync anchor; /* never connected */
};

struct mqtt_session {
	const struct mqtt_library *library;
	MQTTAsync paho;
	enum mqtt_version version;
	void (*wake)(void *context);
	void *wake_context;
	struct pending *requests; /* those without an answer */
	bool ended;

	pthread_mutex_t mutex; /* guards what follows: Paho's threads write it */
	pthread_cond_t goodbye_said;
	bool said_goodbye;
	struct pending *first, *last;
	size_t queued_bytes;
	uint64_t dropped;
	char tls_fault[TEXT_MAX];
};

/* ---- the queue: Paho's threads put, the loop takes ---- */

static struct pending *pending_create(struct mqtt_session *session, enum mqtt_event_kind kind, size_t bytes)
{
	struct pending *pending = calloc(1, sizeof(*pending) + bytes);

	if (!pending)
		return NULL;
	pending->session = session;
	pending->event.kind = kind;
	return pending;
}

static void put(struct pending *pending)
{
	struct mqtt_session *session = pending->session;

	pthread_mutex_lock(&session->mutex);
	if (session->last)
		session->last->next = pending;
	else
		session->first = pending;
	session->last = pending;
	session->queued_bytes += pending->cost;
	pthread_mutex_unlock(&session->mutex);
	session->wake(session->wake_context);
}

static struct pending *take(struct mqtt_session *session)
{
	pthread_mutex_lock(&session->mutex);
	struct pending *pending = session->first;
	if (pending) {
		session->first = pending->next;
		if (!session->first)
			session->last = NULL;
		session->queued_bytes -= pending->cost;
	}
	pthread_mutex_unlock(&session->mutex);
	return pending;
}

static void put_text(struct mqtt_session *session, enum mqtt_event_kind kind, const char *text, bool version_doubt)
{
	struct pending *pending = pending_create(session, kind, TEXT_MAX);

	if (!pending)
		return;
	snprintf(pending->bytes, TEXT_MAX, "%s", text);
	pending->event.text = pending->bytes;
	pending->event.version_doubt = version_doubt;
	put(pending);
}

/* ---- what Paho's threads call ---- */

static void put_connected(struct mqtt_session *session, MQTTProperties *properties)
{
	struct pending *pending = pending_create(session, MQTT_EVENT_CONNECTED, 0);

	if (!pending)
		return;
	pending->event.window = UPLINK_WINDOW_MAX;
	pending->event.packet_max = UINT32_MAX;
	if (properties && session->library->MQTTProperties_hasProperty(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)) {
		int window =
			session->library->MQTTProperties_getNumericValue(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM);

		if (window > 0 && window < UPLINK_WINDOW_MAX)
			pending->event.window = (unsigned)window;
	}
	if (properties &&
		session->library->MQTTProperties_hasProperty(properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE))
		pending->event.packet_max = (uint32_t)session->library->MQTTProperties_getNumericValue(
			properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE);
	put(pending);
}

static void on_connected5(void *context, MQTTAsync_successData5 *data)
{
	put_connected(context, &data->properties);
}

static void on_connected3(void *context, MQTTAsync_successData *data)
{
	put_connected(context, NULL);
}

/* OpenSSL's own words, which are on the wrong side of Paho's "TCP/TLS connect failure". */
static int on_tls_fault(const char *text, size_t size, void *context)
{
	struct mqtt_session *session = context;

	pthread_mutex_lock(&session->mutex);
	if (session->tls_fault[0] == '\0')
		snprintf(session->tls_fault, TEXT_MAX, "%.*s", (int)(size < TEXT_MAX ? size : TEXT_MAX - 1), text);
	session->tls_fault[strcspn(session->tls_fault, "\n")] = '\0';
	pthread_mutex_unlock(&session->mutex);
	return 1;
}

static void put_refused(struct mqtt_session *session, const char *text, bool version_doubt)
{
	char tls_fault[TEXT_MAX];

	pthread_mutex_lock(&session->mutex);
	memcpy(tls_fault, session->tls_fault, sizeof(tls_fault));
	pthread_mutex_unlock(&session->mutex);
	if (tls_fault[0])
		put_text(session, MQTT_EVENT_REFUSED, tls_fault, false);
	else
		put_text(session, MQTT_EVENT_REFUSED, text, version_doubt);
}

static void on_refused5(void *context, MQTTAsync_failureData5 *data)
{
	struct mqtt_session *session = context;
	/* Paho 1.3.12 has the broker's reason in `code`, later ones in `reasonCode`. */
	int reason = data->reasonCode ? (int)data->reasonCode : data->code;
	bool said = reason >= MQTTREASONCODE_UNSPECIFIED_ERROR;
	const char *text =
		said ? session->library->MQTTReasonCode_toString((enum MQTTReasonCodes)reason) : data->message;

	put_refused(
		session, text ? text : "no connection", !said || reason == MQTTREASONCODE_UNSUPPORTED_PROTOCOL_VERSION);
}

static void on_refused3(void *context, MQTTAsync_failureData *data)
{
	/* MQTT 3.1.1 section 3.2.2.3 */
	static const char *const reasons[] = { [1] = "unacceptable protocol version",
		[2] = "identifier rejected",
		[3] = "server unavailable",
		[4] = "bad user name or password",
		[5] = "not authorized" };
	const char *reason = data->message ? data->message : "no connection";

	if (data->code > 0 && data->code < (int)(sizeof(reasons) / sizeof(reasons[0])))
		reason = reasons[data->code];
	put_refused(context, reason, false);
}

static void on_lost(void *context, char *cause)
{
	put_text(context, MQTT_EVENT_LOST, cause ? cause : "connection lost", false);
}

/* The broker's own goodbye (MQTT 5 section 3.14), after which Paho does not call on_lost. */
static void on_sent_away(void *context, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
	struct mqtt_session *session = context;
	const char *text = session->library->MQTTReasonCode_toString(reason);

	put_text(session, MQTT_EVENT_LOST, text ? text : "disconnected by the broker", false);
}

static int result_of(enum MQTTReasonCodes reason)
{
	switch (reason) {
	case MQTTREASONCODE_NOT_AUTHORIZED:
		return -EACCES;
	case MQTTREASONCODE_PACKET_TOO_LARGE:
		return -EMSGSIZE;
	default:
		return reason < MQTTREASONCODE_UNSPECIFIED_ERROR ? 0 : -EIO;
	}
}

/* Paho means to answer each request once; a second answer would be one to freed memory. */
static void answer(struct pending *pending, int result)
{
	if (pending->answered)
		return;
	pending->answered = true;
	pending->event.result = result;
	put(pending);
}

static void on_success5(void *context, MQTTAsync_successData5 *data)
{
	answer(context, result_of(data->reasonCode));
}

static void on_success3(void *context, MQTTAsync_successData *data)
{
	answer(context, 0);
}

static void on_failure5(void *context, MQTTAsync_failureData5 *data)
{
	int result = data->reasonCode >= MQTTREASONCODE_UNSPECIFIED_ERROR ? result_of(data->reasonCode) : -ENOTCONN;

	answer(context, result);
}

static void on_failure3(void *context, MQTTAsync_failureData *data)
{
	answer(context, data->code == MQTT_BAD_SUBSCRIBE ? -EACCES : -ENOTCONN);
}

/* Room in the queue, or the message is counted as dropped. */
static bool admit(struct mqtt_session *session, size_t size, size_t cost)
{
	pthread_mutex_lock(&session->mutex);
	bool fits = size <= UPLINK_MESSAGE_MAX && session->queued_bytes + cost <= SESSION_QUEUE_BYTES_MAX;
	session->dropped += !fits;
	pthread_mutex_unlock(&session->mutex);
	return fits;
}

static MQTTLenString find_property(
	const struct mqtt_session *session, const MQTTAsync_message *message, enum MQTTPropertyCodes code)
{
	MQTTProperty *property =
		session->library->MQTTProperties_getProperty((MQTTProperties *)&message->properties, code);

	return property ? property->value.data : (MQTTLenString){ 0 };
}

/* Copies `size` bytes and a terminator to `*at` and moves it behind them. */
static char *append(char **at, const void *data, size_t size)
{
	char *start = *at;

	if (size)
		memcpy(start, data, size);
	*at += size + 1;
	return start;
}

/* A message without a payload may still have 64 KB of topic, and more of properties. */
static void put_message(
	struct mqtt_session *session, const char *topic, size_t topic_size, const MQTTAsync_message *message)
{
	MQTTLenString type = find_property(session, message, MQTTPROPERTY_CODE_CONTENT_TYPE);
	MQTTLenString response = find_property(session, message, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
	MQTTLenString correlation = find_property(session, message, MQTTPROPERTY_CODE_CORRELATION_DATA);
	size_t size = (size_t)message->payloadlen;
	size_t room = topic_size + size + (size_t)type.len + (size_t)response.len + (size_t)correlation.len + 5;
	size_t cost = sizeof(struct pending) + room;
	struct pending *pending = admit(session, size, cost) ? pending_create(session, MQTT_EVENT_MESSAGE, room) : NULL;

	if (!pending)
		return;
	char *at = pending->bytes;
	pending->cost = cost;
	pending->event.message = (struct uplink_message){
		.topic = append(&at, topic, topic_size),
		.payload = append(&at, message->payload, size),
		.size = size,
		.content_type = type.len ? append(&at, type.data, (size_t)type.len) : NULL,
		.response_topic = response.len ? append(&at, response.data, (size_t)response.len) : NULL,
		.correlation = correlation.len ? append(&at, correlation.data, (size_t)correlation.len) : NULL,
		.correlation_size = (size_t)correlation.len,
		.retain = message->retained,
		.quality = message->qos,
	};
	put(pending);
}

/* Always takes the message: what is left with Paho would queue up there without bound. */
static int on_message(void *context, char *topic, int topic_size, MQTTAsync_message *message)
{
	struct mqtt_session *session = context;

	put_message(session, topic, topic_size ? (size_t)topic_size : strlen(topic), message);
	session->library->MQTTAsync_freeMessage(&message);
	session->library->MQTTAsync_free(topic);
	return 1;
}

static void say_goodbye(struct mqtt_session *session)
{
	pthread_mutex_lock(&session->mutex);
	session->said_goodbye = true;
	pthread_cond_signal(&session->goodbye_said);
	pthread_mutex_unlock(&session->mutex);
}

static void on_goodbye5(void *context, MQTTAsync_successData5 *data)
{
	say_goodbye(context);
}

static void on_goodbye3(void *context, MQTTAsync_successData *data)
{
	say_goodbye(context);
}

static void on_goodbye_failed5(void *context, MQTTAsync_failureData5 *data)
{
	say_goodbye(context);
}

static void on_goodbye_failed3(void *context, MQTTAsync_failureData *data)
{
	say_goodbye(context);
}

/* ---- opening ---- */

static int create_handle(const struct mqtt_library *library, MQTTAsync *out, const char *url, const char *client_id,
	enum mqtt_version version)
{
	MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;

	options.MQTTVersion = version == MQTT_VERSION_5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
	options.maxBufferedMessages = BUFFERED_MAX;
	int result =
		library->MQTTAsync_createWithOptions(out, url, client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
	return result == MQTTASYNC_SUCCESS ? 0 : -EINVAL;
}

int mqtt_threads_hold(struct mqtt_threads **out, bool tls)
{
	MQTTAsync_init_options options = MQTTAsync_init_options_initializer;
	struct mqtt_threads *threads = calloc(1, sizeof(*threads));

	if (!threads)
		return -ENOMEM;
	threads->tls = tls;
	int result = mqtt_library_load(&threads->library, tls);
	if (result == 0) {
		/* OpenSSL sets itself up when TLS is used; Paho would load all its error texts at once, 3 MB of memory.
		 */
		options.do_openssl_init = 0;
		threads->library.MQTTAsync_global_init(&options);
		/* While a handle exists, destroying another one does not stop the threads and wait. */
		result = create_handle(&threads->library, &threads->anchor, "tcp://localhost", "", MQTT_VERSION_5);
	}
	if (result < 0) {
		free(threads);
		return result;
	}
	*out = threads;
	return 0;
}

bool mqtt_threads_speak_tls(const struct mqtt_threads *threads)
{
	return threads->tls;
}

static void *release(void *context)
{
	struct mqtt_threads *threads = context;

	threads->library.MQTTAsync_destroy(&threads->anchor);
	free(threads);
	return NULL;
}

/* On CLOCK_MONOTONIC. */
static struct timespec time_in(unsigned wait_ms)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_nsec += (long)(wait_ms % 1000) * 1000000;
	time.tv_sec += wait_ms / 1000 + time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	return time;
}

void mqtt_threads_release(struct mqtt_threads *threads, unsigned wait_ms)
{
	struct timespec until = time_in(wait_ms);
	pthread_t helper;

	if (!threads)
		return;
	/* Destroying the last handle waits for Paho's threads, one of which may just have begun to poll for a second.
	 */
	if (pthread_create(&helper, NULL, release, threads))
		release(threads);
	else if (pthread_clockjoin_np(helper, NULL, CLOCK_MONOTONIC, &until))
		pthread_detach(helper);
}

static void add_text(const struct mqtt_library *library, MQTTProperties *properties, enum MQTTPropertyCodes code,
	const void *text, size_t size)
{
	MQTTProperty property = { .identifier = code };

	property.value.data.data = (char *)text;
	property.value.data.len = (int)size;
	(void)library->MQTTProperties_add(properties, &property);
}

/* The properties that a message has in MQTT 5; the caller frees them. */
static MQTTProperties message_properties(const struct mqtt_library *library, const struct uplink_message *message)
{
	MQTTProperties properties = MQTTProperties_initializer;

	if (message->content_type)
		add_text(library, &properties, MQTTPROPERTY_CODE_CONTENT_TYPE, message->content_type,
			strlen(message->content_type));
	if (message->response_topic)
		add_text(library, &properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, message->response_topic,
			strlen(message->response_topic));
	if (message->correlation_size)
		add_text(library, &properties, MQTTPROPERTY_CODE_CORRELATION_DATA, message->correlation,
			message->correlation_size);
	return properties;
}

static MQTTAsync_willOptions will_options(const struct uplink_message *will)
{
	MQTTAsync_willOptions options = MQTTAsync_willOptions_initializer;

	options.topicName = will->topic;
	options.payload.data = will->payload;
	options.payload.len = (int)will->size;
	options.qos = will->quality;
	options.retained = will->retain;
	return options;
}

static MQTTAsync_SSLOptions tls_options(const struct mqtt_session_options *options, struct mqtt_session *session)
{
	MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;

	tls.trustStore = options->ca_file;
	tls.keyStore = options->cert_file;
	tls.privateKey = options->key_file;
	tls.enableServerCertAuth = 1;
	tls.verify = 1; /* the certificate's name is the broker's */
	tls.disableDefaultTrustStore = options->ca_file != NULL;
	tls.ssl_error_cb = on_tls_fault;
	tls.ssl_error_context = session;
	return tls;
}

static int start_connect(struct mqtt_session *session, const struct mqtt_session_options *options)
{
	MQTTAsync_connectOptions connect5 = MQTTAsync_connectOptions_initializer5;
	MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer;
	MQTTAsync_willOptions will = will_options(options->will);
	MQTTAsync_SSLOptions tls = tls_options(options, session);
	MQTTProperties connect_properties = MQTTProperties_initializer;
	MQTTProperties will_properties = message_properties(session->library, options->will);
	MQTTProperty packet_max = { .identifier = MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE };

	/* Topic and properties have room beside the payload. */
	packet_max.value.integer4 = UPLINK_MESSAGE_MAX + 65536;
	(void)session->library->MQTTProperties_add(&connect_properties, &packet_max);
	if (session->version == MQTT_VERSION_5) {
		connect = connect5;
		connect.connectProperties = &connect_properties;
		connect.willProperties = &will_properties;
		connect.onSuccess5 = on_connected5;
		connect.onFailure5 = on_refused5;
	} else {
		connect.MQTTVersion = MQTTVERSION_3_1_1;
		connect.onSuccess = on_connected3;
		connect.onFailure = on_refused3;
	}
	connect.context = session;
	connect.keepAliveInterval = (int)options->keepalive_s;
	connect.connectTimeout = (int)options->connect_timeout_s;
	connect.maxInflight = UPLINK_WINDOW_MAX;
	connect.username = options->username;
	connect.password = options->password;
	connect.will = &will;
	connect.ssl = options->threads->tls ? &tls : NULL; /* Paho without TLS refuses the options for it */
	int result = session->library->MQTTAsync_connect(session->paho, &connect);
	session->library->MQTTProperties_free(&connect_properties);
	session->library->MQTTProperties_free(&will_properties);
	return result == MQTTASYNC_SUCCESS ? 0 : -EINVAL;
}

static void init_goodbye(struct mqtt_session *session)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&session->goodbye_said, &attributes);
	pthread_condattr_destroy(&attributes);
}

int mqtt_session_open(struct mqtt_session **out, const struct mqtt_session_options *options)
{
	struct mqtt_session *session = calloc(1, sizeof(*session));

	if (!session)
		return -ENOMEM;
	session->library = &options->threads->library;
	session->version = options->version;
	session->wake = options->wake;
	session->wake_context = options->wake_context;
	pthread_mutex_init(&session->mutex, NULL);
	init_goodbye(session);
	int result =
		create_handle(session->library, &session->paho, options->url, options->client_id, options->version);
	if (result == 0 &&
		(session->library->MQTTAsync_setCallbacks(session->paho, session, on_lost, on_message, NULL) ||
			session->library->MQTTAsync_setDisconnected(session->paho, session, on_sent_away)))
		result = -EINVAL;
	if (result == 0)
		result = start_connect(session, options);
	if (result < 0) {
		mqtt_session_free(session);
		return result;
	}
	*out = session;
	return 0;
}

/* ---- while it stands ---- */

static void remember_request(struct mqtt_session *session, struct pending *pending)
{
	pending->following = session->requests;
	pending->link = &session->requests;
	if (pending->following)
		pending->following->link = &pending->following;
	session->requests = pending;
}

static void forget_request(struct pending *pending)
{
	if (!pending->link)
		return;
	*pending->link = pending->following;
	if (pending->following)
		pending->following->link = pending->link;
	pending->link = NULL;
}

static MQTTAsync_responseOptions response_options(struct mqtt_session *session, struct pending *pending)
{
	MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;

	response.context = pending;
	if (session->version == MQTT_VERSION_5) {
		response.onSuccess5 = on_success5;
		response.onFailure5 = on_failure5;
	} else {
		response.onSuccess = on_success3;
		response.onFailure = on_failure3;
	}
	return response;
}

static int errno_of(int paho_result)
{
	switch (paho_result) {
	case MQTTASYNC_SUCCESS:
		return 0;
	case MQTTASYNC_MAX_BUFFERED_MESSAGES:
	case MQTTASYNC_NO_MORE_MSGIDS:
	case MQTTASYNC_MAX_MESSAGES_INFLIGHT:
		return -ENOBUFS;
	case MQTTASYNC_BAD_UTF8_STRING:
		return -EINVAL;
	default:
		return -ENOTCONN;
	}
}

int mqtt_session_publish(struct mqtt_session *session, const struct uplink_message *message, uint64_t ticket)
{
	struct pending *pending = pending_create(session, MQTT_EVENT_DELIVERED, 0);

	if (!pending)
		return -ENOMEM;
	pending->event.ticket = ticket;
	pending->event.message.quality = message->quality;
	MQTTAsync_responseOptions response = response_options(session, pending);
	if (message->quality == 0)
		response = (MQTTAsync_responseOptions)MQTTAsync_responseOptions_initializer;
	if (session->version == MQTT_VERSION_5)
		response.properties = message_properties(session->library, message);
	remember_request(session, pending);
	int result = errno_of(session->library->MQTTAsync_send(session->paho, message->topic, (int)message->size,
		message->payload, message->quality, message->retain, &response));
	session->library->MQTTProperties_free(&response.properties);
	if (result < 0) {
		forget_request(pending);
		free(pending);
	} else if (message->quality == 0) {
		answer(pending, 0);
	}
	return result;
}

int mqtt_session_subscribe(struct mqtt_session *session, const char *filter)
{
	struct pending *pending = pending_create(session, MQTT_EVENT_SUBSCRIBED, strlen(filter) + 1);

	if (!pending)
		return -ENOMEM;
	strcpy(pending->bytes, filter);
	pending->event.text = pending->bytes;
	MQTTAsync_responseOptions response = response_options(session, pending);
	remember_request(session, pending);
	int result = errno_of(session->library->MQTTAsync_subscribe(session->paho, filter, 1, &response));
	if (result < 0) {
		forget_request(pending);
		free(pending);
	}
	return result;
}

struct mqtt_event *mqtt_session_next(struct mqtt_session *session)
{
	struct pending *pending = take(session);

	if (!pending)
		return NULL;
	forget_request(pending);
	return &pending->event;
}

void mqtt_event_free(struct mqtt_event *event)
{
	free(event);
}

uint64_t mqtt_session_dropped(struct mqtt_session *session)
{
	pthread_mutex_lock(&session->mutex);
	uint64_t dropped = session->dropped;
	session->dropped = 0;
	pthread_mutex_unlock(&session->mutex);
	return dropped;
}

/* ---- ending ---- */

static void wait_for_goodbye(struct mqtt_session *session, unsigned wait_ms)
{
	struct timespec until = time_in(wait_ms);

	pthread_mutex_lock(&session->mutex);
	while (!session->said_goodbye)
		if (pthread_cond_timedwait(&session->goodbye_said, &session->mutex, &until))
			break;
	pthread_mutex_unlock(&session->mutex);
}

/* Queues up behind the publishes. Paho's own timeout is 0: it would be looked at every 3 s only. */
static void disconnect(struct mqtt_session *session, unsigned wait_ms)
{
	MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
	MQTTAsync_disconnectOptions options5 = MQTTAsync_disconnectOptions_initializer5;

	if (session->version == MQTT_VERSION_5) {
		options = options5;
		options.onSuccess5 = on_goodbye5;
		options.onFailure5 = on_goodbye_failed5;
	} else {
		options.onSuccess = on_goodbye3;
		options.onFailure = on_goodbye_failed3;
	}
	options.context = session;
	options.timeout = 0;
	if (session->library->MQTTAsync_disconnect(session->paho, &options) == MQTTASYNC_SUCCESS)
		wait_for_goodbye(session, wait_ms);
}

void mqtt_session_end(struct mqtt_session *session, unsigned wait_ms)
{
	if (session->ended)
		return;
	session->ended = true;
	if (wait_ms)
		disconnect(session, wait_ms);
	if (session->paho)
		session->library->MQTTAsync_destroy(&session->paho);
	/* No callback comes any more. What Paho left without an answer gets one here. */
	for (struct pending *pending = session->requests; pending; pending = pending->following)
		answer(pending, -ENOTCONN);
}

void mqtt_session_free(struct mqtt_session *session)
{
	struct mqtt_event *event;

	if (!session)
		return;
	mqtt_session_end(session, 0);
	while ((event = mqtt_session_next(session)))
		mqtt_event_free(event);
	pthread_cond_destroy(&session->goodbye_said);
	pthread_mutex_destroy(&session->mutex);
	free(session);
}
