/*
 * senml_dump: reads a SenML pack from standard input and prints its resolved readings, a JSON object a line.
 *
 *     senml_dump json|cbor NOW_S [json|cbor]
 *
 * With a third argument the readings are written as a pack of that format instead. Ends with 1 and the error's name on
 * standard error if the pack is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocols/senml.h"

#define INPUT_MAX (1 << 20)
#define CAPACITY 4096

static uint8_t input[INPUT_MAX];
static char scratch[INPUT_MAX];
static struct reading readings[CAPACITY];
static uint8_t output[4 * INPUT_MAX];

static int format_of(const char *name, enum token_format *out)
{
	if (strcmp(name, "json") != 0 && strcmp(name, "cbor") != 0)
		return -EINVAL;
	*out = strcmp(name, "json") == 0 ? FORMAT_JSON : FORMAT_CBOR;
	return 0;
}

static void text_field(struct token_writer *tokens, const char *name, struct span text)
{
	token_string(tokens, name);
	token_text(tokens, text);
}

static void write_value(struct token_writer *tokens, const struct reading *reading)
{
	if (reading->kind == READING_NOTHING)
		return;
	token_string(tokens, reading->kind == READING_DATA ? "data" : "value");
	if (reading->kind == READING_NUMBER)
		token_number(tokens, &reading->number);
	else if (reading->kind == READING_STRING)
		token_text(tokens, reading->text);
	else if (reading->kind == READING_DATA)
		token_hex(tokens, reading->text);
	else
		token_boolean(tokens, reading->boolean);
}

static void print_reading(const struct reading *reading)
{
	struct token_writer tokens;
	struct writer out;

	writer_init(&out, output, sizeof(output));
	token_writer_init(&tokens, FORMAT_JSON, &out);
	token_map(&tokens, 0);
	text_field(&tokens, "name", reading->name);
	if (reading->unit.size > 0)
		text_field(&tokens, "unit", reading->unit);
	write_value(&tokens, reading);
	if (reading->has_sum) {
		token_string(&tokens, "sum");
		token_number(&tokens, &reading->sum);
	}
	if (reading->has_time) {
		token_string(&tokens, "time_us");
		token_integer(&tokens, reading->time_us);
	}
	if (reading->update_time_ms > 0) {
		token_string(&tokens, "update_ms");
		token_integer(&tokens, reading->update_time_ms);
	}
	token_close(&tokens);
	fwrite(output, 1, writer_size(&out), stdout);
	putchar('\n');
}

static int write_pack(const struct senml_pack *pack, enum token_format format)
{
	struct writer out;

	writer_init(&out, output, sizeof(output));
	int64_t size = senml_write(format, &out, (struct span){ 0 }, pack->readings, pack->count);
	if (size < 0)
		return (int)size;
	fwrite(output, 1, (size_t)size, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	struct senml_pack pack = { readings, CAPACITY, scratch, sizeof(scratch), 0, 0 };
	struct senml_source source = { .data = { (const char *)input, 0 } };
	enum token_format format = FORMAT_JSON;

	if (argc < 3 || argc > 4 || format_of(argv[1], &source.format) < 0 ||
		(argc == 4 && format_of(argv[3], &format) < 0)) {
		fprintf(stderr, "usage: senml_dump json|cbor NOW_S [json|cbor]\n");
		return 2;
	}
	source.data.size = fread(input, 1, sizeof(input), stdin);
	source.now_us = strtoll(argv[2], NULL, 10) * 1000000;
	int result = senml_parse(&pack, &source);
	if (result == 0 && argc == 4)
		result = write_pack(&pack, format);
	for (size_t i = 0; result == 0 && argc == 3 && i < pack.count; i++)
		print_reading(&pack.readings[i]);
	if (result < 0)
		fprintf(stderr, "%s at %zu\n", strerrorname_np(-result), pack.fault_offset);
	return result < 0;
}
