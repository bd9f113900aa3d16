#include "config/config.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "config/content.h"
#include "config/found.h"
#include "config/path.h"

#define FILES_MAX 100 /* in conf.d */

/* A config while it is being read. */
struct loading {
	struct config *config;
	struct group_reader reader;
	bool cut; /* a file could not be read to its end, so what is missing may be there */
};

static const char *table_name_at(const void *table, size_t index)
{
	const struct config *config = table;

	return index < config->count ? config->tables[index]->group : NULL;
}

static struct group *find_group(struct config *config, const char *name)
{
	for (size_t i = 0; i < config->count; i++)
		if (strcmp(config->tables[i]->group, name) == 0)
			return &config->groups[i];
	return NULL;
}

static void read_top(struct loading *loading, const config_setting_t *found)
{
	struct group_reader *reader = &loading->reader;
	struct place place = source_place(reader->source, config_setting_source_line(found));
	const char *name = config_setting_name(found);
	struct group *group = find_group(loading->config, name);
	char what[80];

	if (!group) {
		found_refuse_name(reader->faults, place, name,
			&(struct found_names){ .written = name, .at = table_name_at, .table = loading->config });
	} else if (!config_setting_is_group(found)) {
		found_describe(found, what, sizeof(what));
		fault_add(reader->faults, place, "%s: found %s, allowed is a group { ... }", name, what);
	} else {
		group->place = place;
		group->present = true;
		group_read(reader, group, found);
	}
}

static void refuse_syntax(struct loading *loading, const config_t *file)
{
	const struct source *source = loading->reader.source;
	unsigned line = (unsigned)config_error_line(file);
	size_t size;
	const char *text = source_line(source, line, &size);

	if (size == 0) {
		text = "the end of the file";
		size = strlen(text);
	}
	fault_add(loading->reader.faults, source_place(source, line), "%s, at or just before: %.*s",
		config_error_text(file), size > 80 ? 80 : (int)size, text);
}

static void read_text(struct loading *loading)
{
	config_t file;

	config_init(&file);
	if (config_read_string(&file, loading->reader.source->text)) {
		const config_setting_t *root = config_root_setting(&file);
		for (int i = 0; i < config_setting_length(root); i++)
			read_top(loading, config_setting_get_elem(root, (unsigned)i));
	} else {
		loading->cut = true;
		refuse_syntax(loading, &file);
	}
	config_destroy(&file);
}

static int read_file(struct loading *loading, const char *path)
{
	struct source source;
	struct group_reader *reader = &loading->reader;
	int error = source_read(&source, path, reader->home.folder, reader->home.arena, reader->faults);

	reader->source = &source;
	if (error)
		loading->cut = true;
	else
		read_text(loading);
	reader->source = NULL;
	source_finish(&source);
	return error;
}

static int is_config_name(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && end && strcmp(end, ".cfg") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct loading *loading)
{
	struct group_reader *reader = &loading->reader;
	char *folder = path_join(reader->home.arena, reader->home.folder, "conf.d");
	struct dirent **entries = NULL;

	if (!folder)
		return -ENOMEM;
	int count = scandir(folder, &entries, is_config_name, by_name);
	if (count < 0 && errno != ENOENT)
		fault_add(reader->faults, (struct place){ .file = folder }, "%s", path_error_text(-errno));
	if (count > FILES_MAX)
		fault_add(reader->faults, (struct place){ .file = folder }, "found %d files, allowed are %d", count,
			FILES_MAX);
	for (int i = 0; i < count; i++) {
		char *path = path_join(reader->home.arena, folder, entries[i]->d_name);
		reader->out_of_memory |= !path;
		if (path && i < FILES_MAX)
			(void)read_file(loading, path); /* the fault is told */
		free(entries[i]);
	}
	free(entries);
	return reader->out_of_memory ? -ENOMEM : 0;
}

static void check_groups(const struct loading *loading)
{
	for (size_t i = 0; i < loading->config->count; i++)
		group_check(loading->reader.faults, &loading->config->groups[i]);
}

static struct group *group_of_table(const struct config *config, const struct settings_table *table)
{
	for (size_t i = 0; i < config->count; i++)
		if (config->tables[i] == table)
			return &config->groups[i];
	return NULL;
}

/* Only once every group is right by itself. */
static void check_beside(const struct loading *loading)
{
	const struct config *config = loading->config;

	for (size_t i = 0; i < config->count; i++) {
		const struct group *group = &config->groups[i];
		const struct group *other = group->table->beside ? group_of_table(config, group->table->beside) : NULL;
		if (other)
			group_check_beside(loading->reader.faults, group, other);
	}
}

static int init_groups(struct config *config, const struct value_home *home, const char *path)
{
	config->groups = arena_take(&config->arena, config->count * sizeof(*config->groups));
	for (size_t i = 0; config->groups && i < config->count; i++) {
		struct group *group = &config->groups[i];
		group->table = config->tables[i];
		group->name = group->table->group;
		group->place.file = path;
		group->values = arena_take(&config->arena, group->table->struct_size);
		group->given = arena_take(&config->arena, group->table->count);
		if (!group->values || !group->given || group_set_defaults(group->table, home, group->values) < 0)
			return -ENOMEM;
	}
	return config->groups ? 0 : -ENOMEM;
}

static int load(struct config *config, const char *path, bool with_folder, struct config_faults *faults)
{
	struct loading loading = { .config = config, .reader = { .faults = faults } };
	struct value_home *home = &loading.reader.home;

	home->arena = &config->arena;
	home->folder = path_folder(home->arena, path);
	if (!home->folder || init_groups(config, home, path) < 0)
		return -ENOMEM;
	int error = read_file(&loading, path);
	if (error && error != -EINVAL)
		return error;
	error = with_folder ? read_folder(&loading) : loading.reader.out_of_memory ? -ENOMEM : 0;
	if (error)
		return error;
	if (!loading.cut)
		check_groups(&loading);
	if (faults->count == 0)
		check_beside(&loading);
	return faults->count ? -EINVAL : 0;
}

/* What is to be read into which tables. */
struct reading {
	const char *path;
	bool with_folder;
	const struct settings_table *const *tables;
	size_t count;
};

static int open_config(struct config **out, const struct reading *reading, struct config_faults *faults)
{
	struct config *config = calloc(1, sizeof(*config));
	int error = faults_init(faults);
	if (error || !config) {
		free(config);
		return -ENOMEM;
	}
	config->tables = reading->tables;
	config->count = reading->count;
	error = load(config, reading->path, reading->with_folder, faults);
	if (error) {
		config_free(config);
		return error;
	}
	*out = config;
	return 0;
}

int config_load(struct config **out, const char *path, const struct settings_table *const *tables, size_t count,
	struct config_faults *faults)
{
	return open_config(out, &(struct reading){ path, true, tables, count }, faults);
}

int config_load_file(struct config **out, const char *path, const struct settings_table *const *tables, size_t count,
	struct config_faults *faults)
{
	return open_config(out, &(struct reading){ path, false, tables, count }, faults);
}

static const struct group *group_of(const struct config *config, const struct settings_table *table)
{
	const struct group *group = group_of_table(config, table);

	assert(group); /* the table is one that was given to config_load() */
	return group;
}

const void *config_values(const struct config *config, const struct settings_table *table)
{
	return group_of(config, table)->values;
}

bool config_has(const struct config *config, const struct settings_table *table)
{
	return group_of(config, table)->present;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; config->groups && i < config->count; i++) {
		config_release(config->groups[i].taken);
		config_release(config->groups[i].before);
	}
	arena_finish(&config->arena);
	free(config);
}
