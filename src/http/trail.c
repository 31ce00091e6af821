/* SPDX-License-Identifier: MIT */
#include "http/trail.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

enum { VALUE_MAX_BYTES = 200 };

static const char *const names[] = {
	"request-id", "X-FEServer",	"X-BEServer",	    "X-CalculatedBETarget",
	"X-DiagInfo", "X-CasErrorCode", "X-MS-Diagnostics",
};

enum err trail_begin(struct trail *trail)
{
	uint8_t id[16];

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		return ERR_IO;
	snprintf(trail->id, sizeof(trail->id),
		 "%02x%02x%02x%02x-%02x%02x-4%01x%02x-a%01x%02x-%02x%02x%02x%02x%02x%02x", id[0],
		 id[1], id[2], id[3], id[4], id[5], id[6] & 15, id[7], id[8] & 15, id[9], id[10],
		 id[11], id[12], id[13], id[14], id[15]);
	trail->n = (size_t)snprintf(trail->text, sizeof(trail->text), "client-request-id=%s",
				    trail->id);
	trail->own_n = trail->n;
	return ERR_OK;
}

/* Printable ASCII: it goes into our log. */
static void put(struct trail *trail, const char *name, const char *value, size_t n)
{
	size_t left = sizeof(trail->text) - trail->n;
	int done = snprintf(trail->text + trail->n, left, ", %s=%.*s", name, (int)n, value);

	if (done < 0 || (size_t)done >= left) {
		trail->text[trail->n] = '\0'; /* no room for a whole one */
		return;
	}
	for (char *at = trail->text + trail->n; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	trail->n += (size_t)done;
}

void trail_note(struct trail *trail, const char *line, size_t n)
{
	if (n >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		trail->n = trail->own_n;
		trail->text[trail->n] = '\0';
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t at = strlen(names[i]);
		if (n <= at || line[at] != ':' || strncasecmp(line, names[i], at) != 0)
			continue;
		for (at++; at < n && line[at] == ' ';)
			at++;
		size_t end = n;
		while (end > at && strchr("\r\n ", line[end - 1]))
			end--;
		put(trail, names[i], line + at,
		    end - at < VALUE_MAX_BYTES ? end - at : VALUE_MAX_BYTES);
	}
}
