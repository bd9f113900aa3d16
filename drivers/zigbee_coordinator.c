/* The coordinator's side of the Zigbee driver: opens the stick, and follows what becomes of its network. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "drivers/zigbee_driver.h"
#include "drivers/zigbee_questions.h"

#define SILENCES_MOST 2       /* of a stick as it was known, before the other kind is tried */
#define REFRESH_MS 21600000LL /* between two looks at the frame counter */

static void keep_record(struct driver *driver, const char *name, const void *data, size_t size, bool secret)
{
	const struct driver_host *host = driver->host;
	const struct driver_record record = { .name = name, .value = { data, size }, .secret = secret };

	int error = host->keep ? host->keep(host->context, &record) : 0;
	if (error)
		zigbee_tell(driver, DRIVER_ERROR, "zigbee.not_kept record=%s error=\"%s\"", name, strerror(-error));
}

void zigbee_keep_network(struct driver *driver)
{
	uint8_t record[ZIGBEE_NETWORK_RECORD_SIZE];
	size_t size = zigbee_network_write(&driver->network.kept, record);

	keep_record(driver, ZIGBEE_NETWORK_RECORD, record, size, true);
	explicit_bzero(record, sizeof(record));
}

/* ---- forming ---- */

/* The stick goes on with the network that it has. */
static void go_on(struct driver *driver)
{
	const struct stick_network own = driver->network.own;

	zigbee_network_take(
		driver, &(struct stick_report){ .state = STICK_UP, .network = &own, .firmware = "", .why = "" });
}

/* As after the stick was unplugged while channels were measured: nothing waits for a network any more. */
static void give_up_forming(struct driver *driver, int error)
{
	struct zigbee_network *network = &driver->network;

	driver->must_measure = driver->forgets = false;
	if (network->state == NETWORK_SCANNING && network->stick_has) {
		go_on(driver);
	} else if (network->state != NETWORK_NO_STICK && network->state != NETWORK_UP) {
		network->state = NETWORK_REFUSED;
		(void)snprintf(network->why, sizeof(network->why),
			"no network was formed (%s): \"wakegate zigbee form\" tries again", strerror(-error));
	}
	zigbee_tell(driver, DRIVER_ERROR, "zigbee.form_failed error=\"%s\"", strerror(-error));
	zigbee_questions_on_unformed(driver, error);
}

static void make_network(struct driver *driver)
{
	const struct zigbee_settings *settings = driver->settings;
	uint8_t chance[ZIGBEE_CHANCE_SIZE];
	struct stick_network made;

	driver->must_form = false;
	if (getrandom(chance, sizeof(chance), 0) != sizeof(chance)) {
		zigbee_tell(driver, DRIVER_ERROR, "zigbee.form_failed error=\"the kernel has no random bytes\"");
		return;
	}
	zigbee_network_make(
		&driver->network, zigbee_settings_channel(settings), (uint16_t)settings->pan, chance, &made);
	int error = driver->ops->form(driver->stick, &made);
	if (error) {
		give_up_forming(driver, error);
	} else {
		driver->network.state = NETWORK_FORMING;
		zigbee_network_accept_any(&driver->network);
		while (driver->forgets && driver->nodes.count > 0)
			zigbee_forget(driver, driver->nodes.list[driver->nodes.count - 1]);
		driver->forgets = false;
		zigbee_tell(driver, DRIVER_NOTICE, "zigbee.forming channel=%u pan=0x%04x", made.channel, made.pan);
	}
	explicit_bzero(chance, sizeof(chance));
	explicit_bzero(&made, sizeof(made));
}

void zigbee_form(struct driver *driver)
{
	driver->must_form = true;
	driver->must_measure = false;
	if (zigbee_settings_channel(driver->settings) != 0)
		return;
	memset(driver->network.energies, 0, sizeof(driver->network.energies));
	int error = driver->ops->scan(driver->stick);
	driver->scanning = error == 0;
	if (driver->scanning)
		driver->network.state = NETWORK_SCANNING;
	/* A stick measures in a network only: its first one may have to give way to one on a quieter channel. */
	driver->must_measure = error == -ENETDOWN;
}

/* The network that was made to measure in is up. Whether channels are being measured now. */
static bool begin_measuring(struct driver *driver)
{
	if (!driver->must_measure)
		return false;
	driver->must_measure = false;
	if (driver->ops->scan(driver->stick) < 0)
		return false;
	driver->network.state = NETWORK_SCANNING;
	driver->scanning = driver->must_form = driver->may_stay = true;
	return true;
}

/* ---- what the stick says ---- */

static void on_network_up(struct driver *driver)
{
	const struct stick_network *network = &driver->network.kept;

	driver->interview_rules.own_eui64 = network->eui64;
	driver->refresh_ms = zigbee_now(driver) + REFRESH_MS;
	zigbee_keep_network(driver);
	if (driver->counters.network_up_now)
		return;
	driver->counters.network_up_now = 1;
	for (size_t i = 0; i < driver->nodes.count; i++)
		zigbee_presence_begin(driver->nodes.list[i], zigbee_now(driver));
	zigbee_firmware_network_up(driver);
	zigbee_tell(driver, DRIVER_NOTICE,
		"zigbee.network_up stick=%s firmware=\"%s\" channel=%u pan=0x%04x extended_pan=%016llx nodes=%zu",
		driver->ops->name, driver->network.firmware, network->channel, network->pan,
		(unsigned long long)network->extended_pan, driver->nodes.count);
}

static void tell_trouble(struct driver *driver, bool was_up)
{
	const struct zigbee_network *network = &driver->network;

	driver->counters.network_up_now = 0;
	if (network->state == NETWORK_REFUSED)
		zigbee_tell(driver, DRIVER_ERROR, "zigbee.refused reason=\"%s\"", network->why);
	else if (network->state == NETWORK_NO_STICK && (was_up || *network->why))
		zigbee_tell(driver, DRIVER_WARNING, "zigbee.stick_down port=%s reason=\"%s\"", driver->settings->port,
			network->why);
}

void zigbee_network_take(struct driver *driver, const struct stick_report *report)
{
	bool was_up = driver->network.state == NETWORK_UP;
	char former[sizeof(driver->network.why)];

	(void)snprintf(former, sizeof(former), "%s", driver->network.why);
	enum zigbee_network_turn turn = zigbee_network_on_stick(&driver->network, report);
	zigbee_trouble_follow(
		&driver->trouble, driver->network.state == NETWORK_UP, driver->network.why, zigbee_now(driver));
	/* A stick that was started anew lets nobody join. */
	if (driver->network.state != NETWORK_UP)
		driver->permit_until_ms = 0;
	if (turn == NETWORK_STARTED && !begin_measuring(driver))
		on_network_up(driver);
	else if (was_up || strcmp(former, driver->network.why) != 0)
		tell_trouble(driver, was_up);
	if (turn == NETWORK_FORM)
		zigbee_form(driver);
	zigbee_questions_on_network(driver);
	zigbee_wake(driver);
}

/* A stick answers as this kind does: so it will at the next start. */
static void note_kind(struct driver *driver)
{
	const char *kind = driver->ops->name;

	driver->stick_silences = 0;
	if (strcmp(driver->stick_kind, kind) == 0)
		return;
	zigbee_tell(driver, DRIVER_NOTICE, "zigbee.stick_kind kind=%s former=%s", kind,
		*driver->stick_kind ? driver->stick_kind : "none");
	(void)snprintf(driver->stick_kind, sizeof(driver->stick_kind), "%s", kind);
	keep_record(driver, ZIGBEE_STICK_RECORD, kind, strlen(kind), false);
}

static void on_state(void *context, const struct stick_report *report)
{
	struct driver *driver = context;

	if (report->state == STICK_UP || report->state == STICK_EMPTY)
		note_kind(driver);
	else if (report->state == STICK_DOWN && driver->stick_asked)
		driver->stick_silences = *report->firmware ? 0 : driver->stick_silences + 1;
	driver->stick_asked = report->state == STICK_OPENING;
	zigbee_network_take(driver, report);
}

static void on_sent(void *context, uint32_t tag, enum stick_sent outcome)
{
	struct driver *driver = context;

	if (outcome == STICK_SENT)
		driver->counters.sent++;
	else
		driver->counters.unsent++;
	if (!zigbee_firmware_on_sent(driver, tag, outcome))
		zigbee_outbox_on_sent(&driver->outbox, tag, outcome, zigbee_now(driver));
	zigbee_wake(driver);
}

static void on_event(void *context, int level, const char *line)
{
	const struct driver *driver = context;

	driver->host->event(driver->host->context, (enum driver_level)level, line);
}

/* ---- the stick ---- */

static size_t place_of(const struct driver *driver, const char *kind)
{
	size_t index = 0;

	while (driver->sticks[index] && strcmp(driver->sticks[index]->name, kind) != 0)
		index++;
	return index;
}

/* Where in the list it is; NULL stands there if this build does not have it. */
static size_t first_stick(const struct driver *driver)
{
	static const char *const names[] = { [ZIGBEE_STICK_ZNP] = "znp", [ZIGBEE_STICK_EZSP] = "ezsp" };

	if (driver->settings->stick != ZIGBEE_STICK_AUTO)
		return place_of(driver, names[driver->settings->stick]);
	size_t known = place_of(driver, driver->stick_kind);
	return driver->sticks[known] ? known : 0;
}

static int open_stick_at(struct driver *driver, size_t index, char *why, size_t why_size)
{
	const struct zigbee_settings *settings = driver->settings;
	const struct stick_port port = {
		.path = settings->port,
		.baud = (int)settings->baud,
		.hardware_flow = settings->flow_control == ZIGBEE_FLOW_HARDWARE,
		.software_flow = settings->flow_control == ZIGBEE_FLOW_SOFTWARE,
		.concurrent = (int)settings->concurrent,
	};
	const struct stick_host host = {
		.context = driver,
		.state = on_state,
		.received = zigbee_on_received,
		.sent = on_sent,
		.joined = zigbee_on_joined,
		.left = zigbee_on_left,
		.routed = zigbee_on_routed,
		.scanned = zigbee_on_scanned,
		.key = zigbee_on_key,
		.event = on_event,
		.permitted = zigbee_on_permitted,
	};

	driver->stick_index = index;
	driver->ops = driver->sticks[index];
	driver->stick_asked = false;
	driver->stick_silences = 0;
	int error = driver->ops->open(&driver->stick, driver->loop, &port, &host, why, why_size);
	if (!error)
		zigbee_outbox_attach(&driver->outbox, driver->ops, driver->stick);
	return error;
}

int zigbee_open_stick(struct driver *driver, char *why, size_t why_size)
{
	size_t index = first_stick(driver);

	if (driver->sticks[index])
		return open_stick_at(driver, index, why, why_size);
	(void)snprintf(why, why_size, "no stick of that kind can be driven");
	return -ENOTSUP;
}

void zigbee_close_stick(struct driver *driver)
{
	struct stick *stick = driver->stick;

	driver->stick = NULL;
	zigbee_outbox_attach(&driver->outbox, NULL, NULL);
	if (stick)
		driver->ops->close(stick);
}

/* Nobody answers in this protocol: perhaps in the other one. */
static void try_other_stick(struct driver *driver)
{
	size_t next = driver->sticks[driver->stick_index + 1] ? driver->stick_index + 1 : 0;
	char why[256] = "";

	zigbee_close_stick(driver);
	if (open_stick_at(driver, next, why, sizeof(why)) < 0)
		zigbee_tell(driver, DRIVER_ERROR, "zigbee.stick_failed reason=\"%s\"", why);
}

/* Only of a port that is open: whoever unplugs a stick mostly plugs the same one in again. */
static void probe_turn(struct driver *driver)
{
	unsigned most = strcmp(driver->ops->name, driver->stick_kind) == 0 ? SILENCES_MOST : 1;

	if (driver->settings->stick == ZIGBEE_STICK_AUTO && driver->stick_silences >= most)
		try_other_stick(driver);
}

/* What was found decides where the network is: perhaps where it is already. */
static void end_measuring(struct driver *driver)
{
	const struct zigbee_network *network = &driver->network;
	bool stays = driver->may_stay && network->state == NETWORK_SCANNING &&
		     zigbee_network_quietest(network->energies) == network->kept.channel;

	driver->may_stay = false;
	if (!stays) {
		make_network(driver);
		return;
	}
	driver->must_form = false;
	go_on(driver);
}

static void tell_gateway(struct driver *driver, int64_t now_ms)
{
	static const enum driver_level levels[] = {
		[TROUBLE_NONE] = DRIVER_NOTICE, [TROUBLE_FALLS] = DRIVER_WARNING, [TROUBLE_DOWN] = DRIVER_ERROR
	};
	char sentence[ZIGBEE_TROUBLE_TEXT];

	enum zigbee_trouble_kind kind = zigbee_trouble_look(&driver->trouble, now_ms, sentence);
	if (strcmp(sentence, driver->told_trouble) == 0 || driver->closing)
		return;
	(void)snprintf(driver->told_trouble, sizeof(driver->told_trouble), "%s", sentence);
	if (driver->host->trouble)
		driver->host->trouble(driver->host->context, levels[kind], sentence);
}

static void follow_state(struct driver *driver, int64_t now_ms)
{
	const struct zigbee_network *network = &driver->network;

	if (network->state != driver->followed_state)
		driver->state_since_ms = now_ms;
	driver->followed_state = network->state;
	tell_gateway(driver, now_ms);
}

int64_t zigbee_coordinator_turn(struct driver *driver)
{
	int64_t now_ms = zigbee_now(driver);

	probe_turn(driver);
	follow_state(driver, now_ms);
	if (driver->must_form && !driver->scanning && driver->stick)
		end_measuring(driver);
	if (driver->network.state == NETWORK_UP && now_ms >= driver->refresh_ms) {
		driver->refresh_ms = now_ms + REFRESH_MS;
		(void)driver->ops->backup(driver->stick);
	}
	return INT64_MAX;
}
