#include "config/group.h"

#include <assert.h>
#include <errno.h>
#include <libconfig.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>

#include "config/describe.h"
#include "config/found.h"
#include "config/path.h"

#define NAME_SIZE 256

/* A setting of the file and what it is to become. */
struct item {
	const char *name; /* in full */
	const struct setting *setting;
	const config_setting_t *found;
	void *slot;
};

static struct place place_of(const struct group_reader *reader, const config_setting_t *found)
{
	return source_place(reader->source, config_setting_source_line(found));
}

static void refuse(struct group_reader *reader, const struct item *item)
{
	char found[80];
	char allowed[256];

	found_describe(item->found, found, sizeof(found));
	describe_allowed(item->setting, allowed, sizeof(allowed));
	fault_add(reader->faults, place_of(reader, item->found), "%s: found %s, allowed is %s", item->name, found,
		allowed);
}

static void read_boolean(struct group_reader *reader, const struct item *item)
{
	if (config_setting_type(item->found) == CONFIG_TYPE_BOOL)
		*(bool *)item->slot = config_setting_get_bool(item->found);
	else
		refuse(reader, item);
}

static void read_integer(struct group_reader *reader, const struct item *item)
{
	int type = config_setting_type(item->found);
	int64_t value =
		type == CONFIG_TYPE_INT ? config_setting_get_int(item->found) : config_setting_get_int64(item->found);

	if ((type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) && value_in_range(item->setting, value))
		*(int64_t *)item->slot = value;
	else
		refuse(reader, item);
}

static void read_real(struct group_reader *reader, const struct item *item)
{
	double value = config_setting_type(item->found) == CONFIG_TYPE_FLOAT
			       ? config_setting_get_float(item->found)
			       : (double)config_setting_get_int64(item->found);

	if (config_setting_is_number(item->found) && value_real_in_range(item->setting, value))
		*(double *)item->slot = value;
	else
		refuse(reader, item);
}

static void read_quoted(struct group_reader *reader, const struct item *item)
{
	const char *text = config_setting_get_string(item->found);
	int error = text ? value_store(item->setting, text, &reader->home, item->slot) : -EINVAL;

	if (error == -ENOMEM)
		reader->out_of_memory = true;
	else if (error)
		refuse(reader, item);
}

/* A secret is a file that exists and that not everybody can read. What does not look like a path is not shown: it may
 * be the secret itself. */
static void read_secret(struct group_reader *reader, const struct item *item)
{
	const char *text = config_setting_get_string(item->found);
	struct place place = place_of(reader, item->found);
	struct stat status;

	read_quoted(reader, item);
	const char *path = *(const char *const *)item->slot;
	if (!text || !path)
		return;
	if (stat(path, &status) < 0) {
		fault_add(reader->faults, place, "%s: cannot read the file%s%.200s: %s", item->name,
			strchr(text, '/') ? " " : "", strchr(text, '/') ? path : "", path_error_text(-errno));
		return;
	}
	if (!S_ISREG(status.st_mode))
		fault_add(reader->faults, place, "%s: %.200s is not a regular file", item->name, path);
	else if (status.st_mode & (S_IROTH | S_IWOTH))
		fault_add(reader->faults, place,
			"%s: everybody on this machine can read %.150s, allowed is its owner (and group): chmod 600 "
			"%.150s",
			item->name, path, path);
}

static bool list_has(const char *const *items, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(items[i], text) == 0)
			return true;
	return false;
}

static void read_list_item(struct group_reader *reader, const struct item *item, const char **items, size_t *count)
{
	const char *text = config_setting_get_string(item->found);
	char found[80];

	found_describe(item->found, found, sizeof(found));
	if (!text || !*text || strlen(text) > VALUE_TEXT_MAX) {
		fault_add(reader->faults, place_of(reader, item->found),
			"%s: found %s, allowed is a text of 1 to %d bytes", item->name, found, VALUE_TEXT_MAX);
	} else if (list_has(items, *count, text)) {
		fault_add(reader->faults, place_of(reader, item->found), "%s: %s is in the list twice", item->name,
			found);
	} else {
		items[*count] = item->setting->type == SETTING_FILES
					? path_join(reader->home.arena, reader->home.folder, text)
					: arena_copy(reader->home.arena, text, strlen(text));
		if (items[*count])
			++*count;
		else
			reader->out_of_memory = true;
	}
}

static bool is_list(const config_setting_t *found)
{
	return config_setting_is_list(found) || config_setting_is_array(found);
}

static void read_list(struct group_reader *reader, const struct item *item)
{
	int count = config_setting_length(item->found);
	struct setting_list *list = item->slot;
	char name[NAME_SIZE];

	if (!is_list(item->found) || (item->setting->most == 0 && count > VALUE_ITEMS_MAX) ||
		!value_in_range(item->setting, count)) {
		refuse(reader, item);
		return;
	}
	const char **items = arena_take(reader->home.arena, (size_t)count * sizeof(*items));
	if (!items) {
		reader->out_of_memory = true;
		return;
	}
	*list = (struct setting_list){ .items = items };
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s[%d]", item->name, i);
		struct item one = { .name = name,
			.setting = item->setting,
			.found = config_setting_get_elem(item->found, (unsigned)i) };
		read_list_item(reader, &one, items, &list->count);
	}
}

static void read_nested(struct group_reader *reader, const struct item *item, void *values)
{
	const struct settings_table *table = item->setting->table;
	struct group group = { .name = item->name, .table = table, .values = values, .present = true };

	group.place = place_of(reader, item->found);
	group.given = arena_take(reader->home.arena, table->count);
	if (!group.given || group_set_defaults(table, &reader->home, values) < 0) {
		reader->out_of_memory = true;
		return;
	}
	group_read(reader, &group, item->found);
	group_check(reader->faults, &group);
}

static void read_groups(struct group_reader *reader, const struct item *item)
{
	int count = config_setting_length(item->found);
	int64_t most = item->setting->most ? item->setting->most : VALUE_GROUPS_MAX;
	size_t size = item->setting->table->struct_size;
	struct setting_groups *groups = item->slot;
	char name[NAME_SIZE];

	if (!config_setting_is_list(item->found) || count > most || count < item->setting->least) {
		refuse(reader, item);
		return;
	}
	char *items = arena_take(reader->home.arena, (size_t)count * size);
	if (!items) {
		reader->out_of_memory = true;
		return;
	}
	*groups = (struct setting_groups){ .items = items, .count = (size_t)count };
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s[%d]", item->name, i);
		struct item one = { .name = name,
			.setting = item->setting,
			.found = config_setting_get_elem(item->found, (unsigned)i) };
		if (config_setting_is_group(one.found))
			read_nested(reader, &one, items + (size_t)i * size);
		else
			refuse(reader, &one);
	}
}

static void (*const read_by_type[])(struct group_reader *, const struct item *) = {
	[SETTING_BOOLEAN] = read_boolean,
	[SETTING_INTEGER] = read_integer,
	[SETTING_DURATION] = read_quoted,
	[SETTING_SIZE] = read_quoted,
	[SETTING_DAILY] = read_quoted,
	[SETTING_NUMBER] = read_real,
	[SETTING_TEXT] = read_quoted,
	[SETTING_FILE] = read_quoted,
	[SETTING_SECRET] = read_secret,
	[SETTING_CHOICE] = read_quoted,
	[SETTING_LIST] = read_list,
	[SETTING_FILES] = read_list,
	[SETTING_GROUPS] = read_groups,
};

static const char *setting_name_at(const void *table, size_t index)
{
	const struct settings_table *settings = table;

	return index < settings->count ? settings->settings[index].name : NULL;
}

static void read_member(struct group_reader *reader, const struct group *group, const config_setting_t *found)
{
	char name[NAME_SIZE];

	snprintf(name, sizeof(name), "%s.%s", group->name, config_setting_name(found));
	for (size_t i = 0; i < group->table->count; i++) {
		const struct setting *setting = &group->table->settings[i];
		if (strcmp(setting->name, config_setting_name(found)) != 0)
			continue;
		group->given[i] = true;
		struct item item = { .name = name,
			.setting = setting,
			.found = found,
			.slot = (char *)group->values + setting->offset };
		read_by_type[setting->type](reader, &item);
		return;
	}
	found_refuse_name(reader->faults, place_of(reader, found), name,
		&(struct found_names){
			.written = config_setting_name(found), .at = setting_name_at, .table = group->table });
}

void group_read(struct group_reader *reader, struct group *group, const struct config_setting_t *found)
{
	size_t before = reader->faults->count;

	for (int i = 0; i < config_setting_length(found) && !reader->out_of_memory; i++)
		read_member(reader, group, config_setting_get_elem(found, (unsigned)i));
	group->faulty |= reader->faults->count > before;
}

void group_check(struct config_faults *faults, const struct group *group)
{
	char why[300] = "";
	bool whole = !group->faulty;

	for (size_t i = 0; group->present && i < group->table->count; i++) {
		if (group->table->settings[i].required && !group->given[i]) {
			fault_add(faults, group->place, "%s: %s must be set", group->name,
				group->table->settings[i].name);
			whole = false;
		}
	}
	if (whole && group->table->check && group->table->check(group->values, group->present, why, sizeof(why)) < 0)
		fault_add(faults, group->place, "%s: %s", group->name, why);
}

void group_check_beside(struct config_faults *faults, const struct group *group, const struct group *other)
{
	char why[300] = "";

	if (group->table->check_beside(group->values, other->values, why, sizeof(why)) < 0)
		fault_add(faults, group->place, "%s: %s", group->name, why);
}

/* A list's default is written in the file's syntax. */
static int set_default_list(const struct setting *setting, const struct value_home *home, void *slot)
{
	struct config_faults faults;
	struct source source = { .runs = { { .file = "default", .first = 1, .line = 1 } }, .run_count = 1 };
	struct group_reader reader = { .home = *home, .faults = &faults, .source = &source };
	char text[1024];
	config_t file;

	if (faults_init(&faults) < 0)
		return -ENOMEM;
	snprintf(text, sizeof(text), "list = %s;", setting->initial);
	config_init(&file);
	int good = config_read_string(&file, text);
	assert(good);
	(void)good;
	struct item item = {
		.name = setting->name, .setting = setting, .found = config_lookup(&file, "list"), .slot = slot
	};
	read_list(&reader, &item);
	assert(faults.count == 0);
	config_faults_finish(&faults);
	config_destroy(&file);
	return reader.out_of_memory ? -ENOMEM : 0;
}

int group_set_defaults(const struct settings_table *table, const struct value_home *home, void *values)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct setting *setting = &table->settings[i];
		void *slot = (char *)values + setting->offset;
		int error = 0;
		if (!setting->initial && setting->type == SETTING_NUMBER)
			*(double *)slot = NAN;
		if (!setting->initial)
			continue;
		if (setting->type == SETTING_LIST || setting->type == SETTING_FILES)
			error = set_default_list(setting, home, slot);
		else
			error = value_store(setting, setting->initial, home, slot);
		assert(error != -EINVAL); /* the table's default breaks the table's range */
		if (error)
			return error;
	}
	return 0;
}
