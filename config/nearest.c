#include "config/nearest.h"

#include <string.h>

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t nearest_distance(const char *a, const char *b)
{
	size_t rows[NEAREST_NAME_MAX + 1][NEAREST_NAME_MAX + 1];
	size_t a_size = strlen(a);
	size_t b_size = strlen(b);

	if (a_size > NEAREST_NAME_MAX || b_size > NEAREST_NAME_MAX)
		return NEAREST_NAME_MAX + 1;
	for (size_t i = 0; i <= a_size; i++)
		rows[i][0] = i;
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		for (size_t j = 1; j <= b_size; j++) {
			size_t best = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			best = least(best, least(rows[i - 1][j], rows[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = least(best, rows[i - 2][j - 2] + 1);
			rows[i][j] = best;
		}
	}
	return rows[a_size][b_size];
}

int nearest_is_typo(const char *written, const char *known)
{
	size_t size = strlen(known);

	if (size >= 3 && strncmp(written, known, size) == 0)
		return 1; /* "port_number" for "port" */
	return nearest_distance(written, known) <= (size < 4 ? 1 : 2);
}
