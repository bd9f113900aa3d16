#include "gateway/remote_drivers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/driver.h"
#include "drivers/message_socket.h"
#include "drivers/remote.h"
#include "gateway/control_server.h"
#include "gateway/random.h"

#define PROGRAM "wakegate-driver"
#define PLACES_MAX (2 * REMOTE_OTHERS_MAX)

static const struct setting other_list[] = {
	{ .name = "name",
		.type = SETTING_TEXT,
		.offset = offsetof(struct remote_other, name),
		.least = 1,
		.most = NODE_TEXT_MAX,
		.required = true,
		.example = "barn",
		.help = "Its nodes belong to a driver of this name; for a driver of wakegate that runs elsewhere its "
			"own." },
	{ .name = "program",
		.type = SETTING_FILE,
		.offset = offsetof(struct remote_other, program),
		.example = "/usr/local/lib/wakegate/barn.py",
		.help = "What to start; it is given the endpoint and the name. Without it the driver is started "
			"elsewhere." },
	{ .name = "arguments",
		.type = SETTING_LIST,
		.offset = offsetof(struct remote_other, arguments),
		.most = REMOTE_ARGUMENTS_MAX - 4,
		.example = "[ \"/var/lib/barn\" ]",
		.help = "What the program is given behind these." },
	{ .name = "endpoint",
		.type = SETTING_TEXT,
		.offset = offsetof(struct remote_other, endpoint),
		.least = 1,
		.most = 128,
		.example = "tcp://127.0.0.1:5690",
		.help = "Where to listen for the driver; without it at a socket in the folder." },
	{ .name = "key_file",
		.type = SETTING_SECRET,
		.offset = offsetof(struct remote_other, key_file),
		.example = "/etc/wakegate/drivers.key",
		.help = "The gateway's secret key for tcp, made with wakegate-driver --make-key." },
	{ .name = "driver_key_file",
		.type = SETTING_FILE,
		.offset = offsetof(struct remote_other, driver_key_file),
		.example = "/etc/wakegate/attic.pub",
		.help = "The public key of the driver, the only one that is let in." },
};

static const struct settings_table other_table = {
	.group = "others",
	.help = "Drivers that are not part of wakegate, or run elsewhere.",
	.settings = other_list,
	.count = sizeof(other_list) / sizeof(other_list[0]),
	.struct_size = sizeof(struct remote_other),
};

#define OFFSET(member) offsetof(struct remote_drivers_settings, member)

static const struct setting settings_list[] = {
	{ .name = "folder",
		.type = SETTING_FILE,
		.offset = OFFSET(folder),
		.example = "/run/wakegate",
		.help = "Where the sockets of drivers in processes of their own are; without it beside the control "
			"socket." },
	{ .name = "program",
		.type = SETTING_FILE,
		.offset = OFFSET(program),
		.example = "/usr/sbin/wakegate-driver",
		.help = "The program that hosts a driver of wakegate; without it wakegate-driver beside the daemon." },
	{ .name = "silence",
		.type = SETTING_DURATION,
		.offset = OFFSET(silence_ms),
		.initial = "20 s",
		.least = 1000,
		.most = 3600000,
		.help = "A driver that is not heard of for so long, or does not read, is ended and started anew." },
	{ .name = "messages",
		.type = SETTING_INTEGER,
		.offset = OFFSET(messages_per_s),
		.initial = "20000",
		.least = 10,
		.most = 1000000,
		.help = "More messages of a driver in a second are a flood, and it is started anew." },
	{ .name = "bytes",
		.type = SETTING_SIZE,
		.offset = OFFSET(bytes_per_s),
		.initial = "64 MB",
		.least = 65536,
		.most = 1073741824,
		.help = "Likewise the bytes that a driver says in a second." },
	{ .name = "restart_after",
		.type = SETTING_DURATION,
		.offset = OFFSET(restart_after_ms),
		.initial = "1 s",
		.least = 100,
		.most = 3600000,
		.help = "Pause before a driver that ended is started anew; it doubles while that does not help." },
	{ .name = "restart_most",
		.type = SETTING_DURATION,
		.offset = OFFSET(restart_most_ms),
		.initial = "1 min",
		.least = 100,
		.most = 86400000,
		.help = "The longest such pause." },
	{ .name = "others",
		.type = SETTING_GROUPS,
		.offset = OFFSET(others),
		.most = REMOTE_OTHERS_MAX,
		.table = &other_table,
		.help = "Drivers that are not part of wakegate, or run elsewhere." },
};

static bool is_name(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")];
}

static bool needs_keys(const char *endpoint)
{
	static const char *const near[] = { "ipc://", "tcp://127.", "tcp://[::1]:", "tcp://localhost:", NULL };

	for (size_t i = 0; near[i]; i++)
		if (strncmp(endpoint, near[i], strlen(near[i])) == 0)
			return false;
	return true;
}

static int check_way(const struct remote_other *other, char *why, size_t why_size)
{
	if (!other->key_file != !other->driver_key_file)
		snprintf(why, why_size, "others: key_file and driver_key_file of %s go together", other->name);
	else if (other->endpoint && !other->key_file && needs_keys(other->endpoint))
		snprintf(why, why_size, "others: %s over a network needs key_file and driver_key_file", other->name);
	else if (other->key_file && other->endpoint && strncmp(other->endpoint, "tcp://", 6) != 0)
		snprintf(why, why_size, "others: keys of %s are for tcp", other->name);
	else
		return 0;
	return -EINVAL;
}

static int check(const void *values, bool present, char *why, size_t why_size)
{
	const struct remote_drivers_settings *settings = values;
	const struct remote_other *others = settings->others.items;

	if (settings->restart_after_ms > settings->restart_most_ms) {
		snprintf(why, why_size, "restart_after must not be longer than restart_most");
		return -EINVAL;
	}
	for (size_t i = 0; i < settings->others.count; i++) {
		if (!is_name(others[i].name)) {
			snprintf(why, why_size, "others: a name has a to z, 0 to 9, '_' and '-', found \"%.40s\"",
				others[i].name);
			return -EINVAL;
		}
		if (check_way(&others[i], why, why_size) < 0)
			return -EINVAL;
		for (size_t j = 0; j < i; j++) {
			if (strcmp(others[i].name, others[j].name) == 0) {
				snprintf(why, why_size, "others: the name \"%s\" is there twice", others[i].name);
				return -EINVAL;
			}
		}
	}
	return 0;
}

const struct settings_table remote_drivers_settings_table = {
	.group = "drivers",
	.help = "Drivers that run in processes of their own, see docs/driver-protocol.md.",
	.settings = settings_list,
	.count = sizeof(settings_list) / sizeof(settings_list[0]),
	.struct_size = sizeof(struct remote_drivers_settings),
	.check = check,
};

/* A driver and what its settings point to. */
struct place {
	struct remote_settings remote;
	char endpoint[160];
	const char *program[REMOTE_ARGUMENTS_MAX + 1];
};

struct remote_drivers {
	const struct remote_drivers_settings *settings;
	struct random *random;
	char folder[512];
	char program[512];
	struct place places[PLACES_MAX];
	size_t count;
	size_t others; /* of these, the first so many are those of the config */
};

static uint32_t chance(void *context)
{
	return (uint32_t)(random_next(context) >> 32);
}

/* The folder that a file is in. */
static void set_folder(char *out, size_t size, const char *file)
{
	const char *end = strrchr(file, '/');

	snprintf(out, size, "%.*s", end ? (int)(end - file) : 1, end ? file : ".");
}

static void find_program(struct remote_drivers *drivers)
{
	char self[400], folder[400];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (drivers->settings->program) {
		snprintf(drivers->program, sizeof(drivers->program), "%s", drivers->settings->program);
		return;
	}
	self[size > 0 ? size : 0] = '\0';
	set_folder(folder, sizeof(folder), self);
	snprintf(drivers->program, sizeof(drivers->program), "%s/" PROGRAM, folder);
}

static struct place *add_place(struct remote_drivers *drivers, const char *name, const char *endpoint)
{
	const struct remote_drivers_settings *settings = drivers->settings;
	struct place *place = &drivers->places[drivers->count++];

	if (endpoint)
		snprintf(place->endpoint, sizeof(place->endpoint), "%s", endpoint);
	else
		snprintf(
			place->endpoint, sizeof(place->endpoint), "ipc://%.120s/driver-%s.sock", drivers->folder, name);
	place->remote = (struct remote_settings){
		.name = name,
		.endpoint = place->endpoint,
		.limits = { settings->silence_ms, settings->messages_per_s, settings->bytes_per_s },
		.restart_after_ms = settings->restart_after_ms,
		.restart_most_ms = settings->restart_most_ms,
		.chance = chance,
		.chance_context = drivers->random,
	};
	return place;
}

static void add_other(struct remote_drivers *drivers, const struct remote_other *other)
{
	struct place *place = add_place(drivers, other->name, other->endpoint);
	size_t count = 0;

	place->remote.key_file = other->key_file;
	place->remote.driver_key_file = other->driver_key_file;
	if (!other->program)
		return;
	place->program[count++] = other->program;
	place->program[count++] = place->endpoint;
	place->program[count++] = other->name;
	for (size_t i = 0; i < other->arguments.count && count < REMOTE_ARGUMENTS_MAX; i++)
		place->program[count++] = other->arguments.items[i];
	place->remote.program = place->program;
}

int remote_drivers_open(struct remote_drivers **out, const struct remote_drivers_settings *settings,
	const struct control_settings *control, struct random *random)
{
	struct remote_drivers *drivers = calloc(1, sizeof(*drivers));
	const struct remote_other *others = settings->others.items;

	if (!drivers)
		return -ENOMEM;
	drivers->settings = settings;
	drivers->random = random;
	if (settings->folder)
		snprintf(drivers->folder, sizeof(drivers->folder), "%s", settings->folder);
	else
		set_folder(drivers->folder, sizeof(drivers->folder), control->socket);
	find_program(drivers);
	for (size_t i = 0; i < settings->others.count && i < REMOTE_OTHERS_MAX; i++)
		add_other(drivers, &others[i]);
	drivers->others = drivers->count;
	*out = drivers;
	return 0;
}

void remote_drivers_close(struct remote_drivers *drivers)
{
	free(drivers);
}

static struct place *find_place(struct remote_drivers *drivers, const char *name)
{
	for (size_t i = 0; i < drivers->count; i++)
		if (strcmp(drivers->places[i].remote.name, name) == 0)
			return &drivers->places[i];
	return NULL;
}

const struct remote_settings *remote_drivers_of(
	struct remote_drivers *drivers, const struct driver_ops *ops, const void *values)
{
	struct place *place = find_place(drivers, ops->name);

	if (!place && (!ops->apart || !ops->apart(values) || drivers->count == PLACES_MAX))
		return NULL;
	if (!place) {
		place = add_place(drivers, ops->name, NULL);
		const char *const program[] = { drivers->program, ops->name, "--child", "--connect", place->endpoint,
			NULL };
		memcpy(place->program, program, sizeof(program));
		place->remote.program = place->program;
	}
	place->remote.table = ops->settings;
	place->remote.values = values;
	return &place->remote;
}

const struct remote_settings *remote_drivers_other(struct remote_drivers *drivers, size_t index)
{
	return index < drivers->others ? &drivers->places[index].remote : NULL;
}
