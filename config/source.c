#include "config/source.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/path.h"

/* One file being read. */
struct input {
	const char *at;
	const char *end;
	struct place place;
};

struct expansion {
	struct source *source;
	struct arena *arena;
	struct config_faults *faults;
	const char *folder;
	size_t bytes; /* read so far */
	unsigned depth;
	unsigned files;
	unsigned nesting;
	int error; /* sticky: no memory, or the main file cannot be read */
};

static bool expand_file(struct expansion *expansion, const char *path, struct place from);

static void append(struct expansion *expansion, const char *text, size_t size)
{
	struct source *source = expansion->source;

	if (source->size + size + 1 > source->room) {
		size_t room = 2 * (source->size + size) + 4096;
		char *grown = realloc(source->text, room);
		if (!grown) {
			expansion->error = -ENOMEM;
			return;
		}
		source->text = grown;
		source->room = room;
	}
	memcpy(source->text + source->size, text, size);
	source->size += size;
	source->text[source->size] = '\0';
}

static void append_newline(struct expansion *expansion)
{
	append(expansion, "\n", 1);
	expansion->source->lines++;
}

static void begin_run(struct expansion *expansion, struct place place)
{
	struct source *source = expansion->source;

	source->runs[source->run_count++] =
		(struct source_run){ .file = place.file, .first = source->lines, .line = place.line };
}

static bool starts_with(const struct input *in, const char *text)
{
	size_t size = strlen(text);

	return (size_t)(in->end - in->at) >= size && memcmp(in->at, text, size) == 0;
}

static void skip_line_comment(struct input *in)
{
	while (in->at < in->end && *in->at != '\n')
		in->at++;
}

static void skip_block_comment(struct expansion *expansion, struct input *in)
{
	struct place begin = in->place;

	for (in->at += 2; in->at < in->end; in->at++) {
		if (starts_with(in, "*/")) {
			in->at += 2;
			append(expansion, " ", 1);
			return;
		}
		if (*in->at == '\n') {
			append_newline(expansion);
			in->place.line++;
		}
	}
	fault_add(expansion->faults, begin, "this comment is never closed, allowed is /* text */");
}

/* The end of the quoted text that begins at in->at, after its quote; NULL if it is not closed on its line. */
static const char *quoted_end(const struct input *in)
{
	for (const char *at = in->at + 1; at < in->end && *at != '\n'; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && at + 1 < in->end && at[1] != '\n')
			at++;
	}
	return NULL;
}

static void copy_quoted(struct expansion *expansion, struct input *in)
{
	const char *end = quoted_end(in);

	if (!end) {
		fault_add(expansion->faults, in->place, "this quote is not closed on its line");
		skip_line_comment(in);
		return;
	}
	if (memchr(in->at, '\0', (size_t)(end - in->at)))
		fault_add(expansion->faults, in->place, "found a NUL byte, allowed is text");
	append(expansion, in->at, (size_t)(end - in->at));
	in->at = end;
}

static bool is_name_character(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

static void copy_name(struct expansion *expansion, struct input *in)
{
	const char *begin = in->at;

	while (in->at < in->end && is_name_character(*in->at))
		in->at++;
	append(expansion, begin, (size_t)(in->at - begin));
}

/* A whole number, decimal or 0x; -EINVAL if the digits are another kind of number. */
static int parse_whole(const char *digits, size_t size, uint64_t *out)
{
	char text[32] = "";
	bool hex = size > 2 && digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	char *end;

	while (size > 1 && digits[size - 1] == 'L')
		size--;
	for (size_t i = hex ? 2 : 0; i < size; i++)
		if (hex ? !isxdigit((unsigned char)digits[i]) : !isdigit((unsigned char)digits[i]))
			return -EINVAL;
	if (size >= sizeof(text))
		return -ERANGE;
	memcpy(text, digits, size);
	errno = 0;
	*out = strtoull(text, &end, hex ? 16 : 10);
	return errno || *out > INT64_MAX ? -ERANGE : 0;
}

static void copy_number(struct expansion *expansion, struct input *in)
{
	const char *begin = in->at;
	uint64_t value = 0;

	while (in->at < in->end && (isalnum((unsigned char)*in->at) || *in->at == '.'))
		in->at++;
	size_t size = (size_t)(in->at - begin);
	int error = parse_whole(begin, size, &value);
	append(expansion, begin, size);
	if (error == -ERANGE)
		fault_add(expansion->faults, in->place, "found %.*s, allowed are numbers of at most 64 bits",
			size > 60 ? 60 : (int)size, begin);
	if (error)
		return;
	/* libconfig before 1.7 reads it as decimal, later ones as octal */
	if (size > 1 && begin[0] == '0' && isdigit((unsigned char)begin[1]))
		fault_add(expansion->faults, in->place, "found %.*s, allowed are numbers without leading zeros",
			(int)size, begin);
	if (value > INT32_MAX && begin[size - 1] != 'L')
		append(expansion, "L", 1);
}

static void copy_include(struct expansion *expansion, struct input *in)
{
	static const char word[] = "@include";
	struct input name = *in;

	name.at += starts_with(in, word) ? strlen(word) : 0;
	while (name.at < name.end && (*name.at == ' ' || *name.at == '\t'))
		name.at++;
	const char *end = name.at < name.end && *name.at == '"' ? quoted_end(&name) : NULL;
	if (!end || !starts_with(in, word)) {
		fault_add(expansion->faults, in->place, "found @, allowed is @include \"FILE\"");
		skip_line_comment(in);
		return;
	}
	in->at = end;
	char *file = arena_copy(expansion->arena, name.at + 1, (size_t)(end - name.at - 2));
	char *path = file ? path_join(expansion->arena, expansion->folder, file) : NULL;
	if (!path) {
		expansion->error = -ENOMEM;
		return;
	}
	if (expand_file(expansion, path, in->place)) {
		append_newline(expansion);
		begin_run(expansion, in->place);
	}
}

static void copy_bracket(struct expansion *expansion, struct input *in)
{
	if (strchr("{([", *in->at)) {
		if (++expansion->nesting == SOURCE_NESTING_MAX + 1)
			fault_add(expansion->faults, in->place, "more than %d brackets are open", SOURCE_NESTING_MAX);
	} else if (expansion->nesting > 0) {
		expansion->nesting--;
	}
	append(expansion, in->at++, 1);
}

static void copy_other(struct expansion *expansion, struct input *in)
{
	if (*in->at == '\0')
		fault_add(expansion->faults, in->place, "found a NUL byte, allowed is text");
	if (*in->at == '\n') {
		append_newline(expansion);
		in->place.line++;
	} else {
		append(expansion, *in->at ? in->at : " ", 1);
	}
	in->at++;
}

static void copy_token(struct expansion *expansion, struct input *in)
{
	if (*in->at == '#' || starts_with(in, "//"))
		skip_line_comment(in);
	else if (starts_with(in, "/*"))
		skip_block_comment(expansion, in);
	else if (*in->at == '"')
		copy_quoted(expansion, in);
	else if (*in->at == '@')
		copy_include(expansion, in);
	else if (isdigit((unsigned char)*in->at))
		copy_number(expansion, in);
	else if (isalpha((unsigned char)*in->at) || *in->at == '_' || *in->at == '*')
		copy_name(expansion, in);
	else if (*in->at && strchr("{([])}", *in->at))
		copy_bracket(expansion, in);
	else
		copy_other(expansion, in);
}

/* Says at `from` (where the file was named) why it cannot be read. */
static int read_bytes(struct expansion *expansion, char **out, size_t *size, const char *path, struct place from)
{
	int error = 0;

	if (expansion->depth == SOURCE_DEPTH_MAX)
		fault_add(expansion->faults, from, "files include each other more than %d deep", SOURCE_DEPTH_MAX);
	else if (expansion->files == SOURCE_FILES_MAX)
		fault_add(expansion->faults, from, "more than %d files are included", SOURCE_FILES_MAX);
	else
		error = path_read(out, size, path, CONFIG_FILE_MAX - expansion->bytes);
	if (!error)
		return *out ? 0 : -ENOBUFS;
	if (expansion->depth == 0)
		fault_add(expansion->faults, from, "%s", path_error_text(error));
	else
		fault_add(expansion->faults, from, "cannot include %.200s: %s", path, path_error_text(error));
	return error;
}

static bool expand_file(struct expansion *expansion, const char *path, struct place from)
{
	char *text = NULL;
	size_t size = 0;
	int error = read_bytes(expansion, &text, &size, path, from);

	if (error) {
		if (expansion->depth == 0 || error == -ENOMEM)
			expansion->error = error;
		return false;
	}
	struct input in = { .at = text, .end = text + size, .place = { .file = path, .line = 1 } };
	expansion->bytes += size;
	expansion->files++;
	expansion->depth++;
	begin_run(expansion, in.place);
	while (in.at < in.end && !expansion->error)
		copy_token(expansion, &in);
	expansion->depth--;
	free(text);
	return true;
}

int source_read(
	struct source *source, const char *path, const char *folder, struct arena *arena, struct config_faults *faults)
{
	size_t before = faults->count;
	struct expansion expansion = { .source = source, .arena = arena, .faults = faults, .folder = folder };

	*source = (struct source){ .lines = 1 };
	append(&expansion, "", 0);
	char *name = arena_copy(arena, path, strlen(path));
	if (!name || expansion.error)
		return -ENOMEM;
	(void)expand_file(&expansion, name, (struct place){ .file = name }); /* its errors are sticky */
	if (expansion.error)
		return expansion.error;
	return faults->count > before ? -EINVAL : 0;
}

struct place source_place(const struct source *source, unsigned line)
{
	const struct source_run *run = &source->runs[0];

	for (size_t i = 1; i < source->run_count && source->runs[i].first <= line; i++)
		run = &source->runs[i];
	return (struct place){ .file = run->file, .line = run->line + (line - run->first) };
}

const char *source_line(const struct source *source, unsigned line, size_t *size)
{
	const char *begin = source->text;

	for (; line > 1 && begin; line--) {
		begin = strchr(begin, '\n');
		begin = begin ? begin + 1 : NULL;
	}
	if (!begin)
		begin = source->text + source->size;
	const char *end = begin + strcspn(begin, "\n");
	while (begin < end && isspace((unsigned char)*begin))
		begin++;
	while (end > begin && isspace((unsigned char)end[-1]))
		end--;
	*size = (size_t)(end - begin);
	return begin;
}

void source_finish(struct source *source)
{
	free(source->text);
	*source = (struct source){ 0 };
}
