#include "gateway/cli/recording.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/batch_open.h"
#include "gateway/cli/cli.h"
#include "gateway/cli/field.h"
#include "gateway/cli/mapped_file.h"
#include "protocols/columns.h"
#include "protocols/number.h"
#include "protocols/senml.h"

#define SCRATCH_PER_BYTE 16 /* names are joined with their base names */
#define RECORD_LEAST 3      /* bytes of the shortest record */

/* A recording being read. */
struct reading_in {
	struct recording *out;
	struct span node; /* where none is named */
	int64_t now_ms;
};

/* The memory, which may be NULL, lives as long as the recording. False: no memory; then it is freed. */
static bool own(struct recording *recording, void *memory)
{
	if (recording->memory_count == recording->memory_room) {
		size_t room = recording->memory_room ? 2 * recording->memory_room : 16;
		void **grown = realloc(recording->memory, room * sizeof(*grown));
		if (!grown) {
			free(memory);
			return false;
		}
		recording->memory = grown;
		recording->memory_room = room;
	}
	recording->memory[recording->memory_count++] = memory;
	return true;
}

/* `size` bytes, or 1, that live as long as the recording. NULL: no memory. */
static void *keep(struct recording *recording, size_t size)
{
	void *memory = malloc(size > 0 ? size : 1);

	return own(recording, memory) ? memory : NULL;
}

static int append(struct reading_in *in, struct span node, const struct reading *reading)
{
	struct recording *out = in->out;

	if (out->count == RECORDED_MAX)
		return -ENOBUFS;
	if (out->count == out->room) {
		size_t room = out->room ? 2 * out->room : 256;
		struct recorded *grown = realloc(out->list, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		out->list = grown;
		out->room = room;
	}
	if (reading->has_time)
		in->now_ms = reading->time_us / 1000;
	out->list[out->count++] = (struct recorded){ node, in->now_ms, *reading };
	return 0;
}

/* Whether the first record names a batch that went upstream. */
static bool is_batch(const struct senml_pack *pack)
{
	const struct reading *first = pack->readings;
	static const char name[] = "/batch", text[] = "boot=";
	size_t name_size = sizeof(name) - 1, text_size = sizeof(text) - 1;

	return pack->count > 0 && first->kind == READING_STRING && first->name.size >= name_size &&
	       memcmp(first->name.data + first->name.size - name_size, name, name_size) == 0 &&
	       first->text.size >= text_size && memcmp(first->text.data, text, text_size) == 0;
}

/* In a batch a name is NODE/NAME. */
static int append_of_batch(struct reading_in *in, struct reading reading)
{
	const char *slash = memchr(reading.name.data, '/', reading.name.size);
	struct span node = in->node;

	if (slash) {
		node = (struct span){ reading.name.data, (size_t)(slash - reading.name.data) };
		reading.name = (struct span){ slash + 1, reading.name.size - node.size - 1 };
	}
	return append(in, node, &reading);
}

static int read_pack(struct reading_in *in, struct span data)
{
	size_t capacity = data.size / RECORD_LEAST + 1;
	struct senml_pack pack = {
		.readings = calloc(capacity, sizeof(struct reading)),
		.capacity = capacity,
		.scratch_size = data.size * SCRATCH_PER_BYTE + 4096,
	};
	const struct senml_source source = { data.data[0] == '[' ? FORMAT_JSON : FORMAT_CBOR, data, in->now_ms * 1000 };

	pack.scratch = keep(in->out, pack.scratch_size);
	int result = pack.readings && pack.scratch ? senml_parse(&pack, &source) : -ENOMEM;
	bool batch = result == 0 && is_batch(&pack);
	for (size_t i = batch; i < pack.count && result == 0; i++)
		result = batch ? append_of_batch(in, pack.readings[i]) : append(in, in->node, &pack.readings[i]);
	free(pack.readings);
	return result;
}

static int read_columns(struct reading_in *in, struct span columns)
{
	struct columns_reader *reader;
	struct segment_entry entry;
	size_t size = columns_reader_memory(columns.data, columns.size);

	if (size == 0)
		return -EBADMSG;
	void *memory = keep(in->out, size);
	int result = memory ? columns_reader_init(&reader, memory, columns.data, columns.size) : -ENOMEM;
	while (result == 0 && columns_next(reader, &entry) == 1) {
		in->now_ms = entry.received_ms;
		result = append(in, entry.node, &entry.reading);
	}
	return result;
}

static int read_message(struct reading_in *in, struct span data)
{
	struct span columns = batch_open_columns(data);

	return columns.size > 0 ? read_columns(in, columns) : read_pack(in, data);
}

/* A copy that lives as long as the recording. */
static int copy_text(struct recording *recording, struct span *out, const json_t *text)
{
	size_t size = json_string_length(text);
	char *copy = keep(recording, size);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, size > 0 ? json_string_value(text) : "", size);
	*out = (struct span){ copy, size };
	return 0;
}

/* The decimal that was printed, not the double that it was read as. */
static int read_number(struct reading *reading, const json_t *value)
{
	char text[64];
	int size = snprintf(text, sizeof(text), "%.15g", json_number_value(value));

	reading->kind = READING_NUMBER;
	if (json_is_integer(value)) {
		reading->number = number_from_integer(json_integer_value(value));
		return 0;
	}
	return number_parse(&reading->number, text, (size_t)size);
}

static int read_value(struct recording *recording, struct reading *reading, const json_t *value)
{
	if (json_is_number(value))
		return read_number(reading, value);
	if (json_is_boolean(value)) {
		reading->kind = READING_BOOLEAN;
		reading->boolean = json_is_true(value);
		return 0;
	}
	if (!json_is_string(value))
		return 0;
	reading->kind = READING_STRING;
	return copy_text(recording, &reading->text, value);
}

/* A line of "telemetry tail --json". */
static int read_tail(struct reading_in *in, struct span line)
{
	json_t *event = json_loadb(line.data, line.size, 0, NULL);
	const json_t *node = json_object_get(event, "node"), *name = json_object_get(event, "name");
	int64_t time_ms = field_number(event, json_object_get(event, "time_ms") ? "time_ms" : "received_ms");
	struct reading reading = { .has_time = time_ms > 0, .time_us = time_ms * 1000 };
	struct span of = in->node;
	int result = json_is_string(name) && json_string_length(name) <= READING_NAME_MAX ? 0 : -EBADMSG;

	if (result == 0)
		result = copy_text(in->out, &reading.name, name);
	if (result == 0 && node)
		result = copy_text(in->out, &of, node);
	if (result == 0 && json_object_get(event, "unit"))
		result = copy_text(in->out, &reading.unit, json_object_get(event, "unit"));
	if (result == 0)
		result = read_value(in->out, &reading, json_object_get(event, "value"));
	if (result == 0)
		result = append(in, of, &reading);
	json_decref(event);
	return result;
}

/* Line by line; `line` is the one at fault. */
static int read_lines(struct reading_in *in, struct span data, size_t *line)
{
	int result = 0;

	for (*line = 1; data.size > 0; ++*line) {
		const char *end = memchr(data.data, '\n', data.size);
		size_t size = end ? (size_t)(end - data.data) : data.size;
		struct span text = { data.data, size };

		if (size > 0 && data.data[0] != '\r')
			result = data.data[0] == '{' ? read_tail(in, text) : read_message(in, text);
		if (result < 0)
			return result;
		data.data += size + (end != NULL);
		data.size -= size + (end != NULL);
	}
	return 0;
}

static int read_plain(struct reading_in *in, struct span data, size_t *line)
{
	size_t before = in->out->count;
	int result = data.data[0] == '{' ? -EBADMSG : read_message(in, data);

	/* What prints messages ends each with a line break, of whatever kind it is. */
	if (result == -EBADMSG && data.size > 1 && data.data[data.size - 1] == '\n' && data.data[0] != '{')
		result = read_message(in, (struct span){ data.data, data.size - 1 });
	/* Not one pack in the whole file: one in each line? */
	if (result == -EBADMSG && in->out->count == before)
		result = read_lines(in, data, line);
	return result;
}

/* zstd frames, as many as there are, and what is behind them. */
static int read_data(struct reading_in *in, struct span data, size_t *line)
{
	size_t most = RECORDING_BYTES_MAX, size = 0;
	uint8_t *content;
	int result;

	while (data.size > 0 && (result = batch_open_zstd(&data, most, &content, &size)) == 1) {
		most -= size;
		result = own(in->out, content) ? 0 : -ENOMEM;
		if (result == 0 && size > 0)
			result = read_plain(in, (struct span){ (const char *)content, size }, line);
		if (result < 0)
			return result;
	}
	if (data.size == 0)
		return 0;
	return result < 0 ? result : read_plain(in, data, line);
}

static int refuse(const struct cli *cli, const char *path, size_t line, int result)
{
	if (result == -ENOMEM)
		return cli_fail(cli, CLI_FAILED, "out of memory");
	if (result == -ENOBUFS)
		return cli_fail(cli, CLI_FAILED, "%s:%zu: more than can be read", path, line);
	return cli_fail(cli, CLI_FAILED, "%s:%zu: no batch, no SenML, no line of \"wakegate telemetry tail --json\"",
		path, line);
}

int recording_read(const struct cli *cli, const char *path, const char *node, struct recording *out)
{
	struct mapped_file file;
	struct recording recording = { .count = 0 };
	struct reading_in in = { &recording, { node, strlen(node) }, (int64_t)time(NULL) * 1000 };
	size_t line = 1;
	int code = mapped_file_open(cli, path, RECORDING_BYTES_MAX, &file);

	if (code != CLI_OK)
		return code;
	char *copy = keep(&recording, file.size);
	int result = copy ? 0 : -ENOMEM;
	if (copy)
		memcpy(copy, file.data, file.size);
	struct span data = { copy, file.size };
	mapped_file_close(&file);
	if (result == 0)
		result = read_data(&in, data, &line);
	if (result < 0) {
		recording_finish(&recording);
		return refuse(cli, path, line, result);
	}
	*out = recording;
	return CLI_OK;
}

void recording_finish(struct recording *recording)
{
	for (size_t i = 0; i < recording->memory_count; i++)
		free(recording->memory[i]);
	free(recording->memory);
	free(recording->list);
}
