#include "gateway/wear.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "protocols/cursor.h"

#define RECORD_VERSION 1
#define HOUR_MS (INT64_C(3600) * 1000)
#define KNOWN_LEAST_MS (INT64_C(10) * 60 * 1000)
#define YEARS_MOST 1000.0
#define DAYS_PER_YEAR 365.25

/* What may be saved up. */
static double account_most(const struct wear *wear)
{
	return (double)wear->budget_bytes / 8;
}

/* What a day brings in, and the largest debt: with both, any 24 hours add up to the budget. */
static double daily_income(const struct wear *wear)
{
	return (double)wear->budget_bytes / 8 * 7;
}

static void settle(struct wear *wear)
{
	if (wear->account_bytes > account_most(wear))
		wear->account_bytes = account_most(wear);
	if (wear->account_bytes < -daily_income(wear))
		wear->account_bytes = -daily_income(wear);
	if (wear->account_bytes < -account_most(wear) / 16)
		wear->over = true;
	else if (wear->account_bytes >= 0)
		wear->over = false;
}

void wear_init(struct wear *wear, int64_t budget_bytes, int64_t now_ms)
{
	*wear = (struct wear){ .budget_bytes = budget_bytes, .at_ms = now_ms };
	wear->account_bytes = account_most(wear);
}

void wear_set_budget(struct wear *wear, int64_t budget_bytes)
{
	wear->budget_bytes = budget_bytes;
	settle(wear);
}

static void begin_hour(struct wear *wear)
{
	memmove(&wear->hours[1], &wear->hours[0], (WEAR_HOURS - 1) * sizeof(wear->hours[0]));
	wear->hours[0] = 0;
}

/* What `hours` covers now. */
static int64_t covered_ms(const struct wear *wear)
{
	return (WEAR_HOURS - 1) * HOUR_MS + wear->hour_ms;
}

static void pass_time(struct wear *wear, int64_t elapsed_ms)
{
	/* Whatever lies further back is full, forgotten or paid in any case. */
	if (elapsed_ms > 2 * WEAR_DAY_MS)
		elapsed_ms = 2 * WEAR_DAY_MS;
	wear->account_bytes += daily_income(wear) * (double)elapsed_ms / (double)WEAR_DAY_MS;
	settle(wear);
	for (wear->hour_ms += elapsed_ms; wear->hour_ms >= HOUR_MS; wear->hour_ms -= HOUR_MS)
		begin_hour(wear);
	wear->known_ms += elapsed_ms;
	if (wear->known_ms > covered_ms(wear))
		wear->known_ms = covered_ms(wear);
}

void wear_pass(struct wear *wear, uint64_t bytes, int64_t now_ms)
{
	if (now_ms > wear->at_ms)
		pass_time(wear, now_ms - wear->at_ms);
	wear->at_ms = now_ms;
	wear->total_bytes += bytes;
	wear->hours[0] += bytes;
	wear_charge(wear, bytes);
}

void wear_charge(struct wear *wear, uint64_t bytes)
{
	wear->account_bytes -= (double)bytes;
	settle(wear);
}

int64_t wear_bound_ms(const struct wear *wear)
{
	assert(wear->budget_bytes > 0);
	double share = wear->account_bytes / account_most(wear);

	if (share <= 0)
		return WEAR_MOST_MS;
	return WEAR_MOST_MS - (int64_t)((WEAR_MOST_MS - WEAR_LEAST_MS) * share);
}

bool wear_is_over(const struct wear *wear)
{
	return wear->budget_bytes > 0 && wear->over;
}

uint64_t wear_last_day(const struct wear *wear)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < WEAR_HOURS; i++)
		sum += wear->hours[i];
	return sum;
}

double wear_per_day(const struct wear *wear)
{
	if (wear->known_ms < KNOWN_LEAST_MS)
		return -1;
	return (double)wear_last_day(wear) * (double)WEAR_DAY_MS / (double)wear->known_ms;
}

double wear_life_years(const struct wear *wear, int64_t endurance_bytes)
{
	double per_day = wear_per_day(wear);
	double left = (double)endurance_bytes - (double)wear->total_bytes;

	if (endurance_bytes <= 0 || per_day < 0)
		return -1;
	if (left <= 0)
		return 0;
	if (left > per_day * DAYS_PER_YEAR * YEARS_MOST)
		return YEARS_MOST;
	return left / per_day / DAYS_PER_YEAR;
}

void wear_save(const struct wear *wear, int64_t wall_ms, uint8_t out[WEAR_RECORD_SIZE])
{
	struct writer writer;

	writer_init(&writer, out, WEAR_RECORD_SIZE);
	write_u8(&writer, RECORD_VERSION);
	write_le64(&writer, (uint64_t)wall_ms);
	write_le64(&writer, (uint64_t)(int64_t)wear->account_bytes);
	write_le64(&writer, wear->total_bytes);
	write_le32(&writer, (uint32_t)wear->hour_ms);
	write_le32(&writer, (uint32_t)wear->known_ms);
	for (size_t i = 0; i < WEAR_HOURS; i++)
		write_le64(&writer, wear->hours[i]);
}

int wear_load(struct wear *wear, int64_t wall_ms, const uint8_t *data, size_t size)
{
	struct wear loaded = { .budget_bytes = wear->budget_bytes, .at_ms = wear->at_ms };
	struct reader in;

	reader_init(&in, data, size);
	uint8_t version = read_u8(&in);
	int64_t saved_ms = (int64_t)read_le64(&in);
	loaded.account_bytes = (double)(int64_t)read_le64(&in);
	loaded.total_bytes = read_le64(&in);
	loaded.hour_ms = read_le32(&in);
	loaded.known_ms = read_le32(&in);
	for (size_t i = 0; i < WEAR_HOURS; i++)
		loaded.hours[i] = read_le64(&in);
	if (in.failed || saved_ms < 0 || version != RECORD_VERSION || size != WEAR_RECORD_SIZE ||
		loaded.hour_ms >= HOUR_MS || loaded.known_ms > covered_ms(&loaded))
		return -EBADMSG;
	settle(&loaded);
	if (wall_ms > saved_ms)
		pass_time(&loaded, wall_ms - saved_ms);
	*wear = loaded;
	return 0;
}
