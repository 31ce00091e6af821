/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "content_private.h"
#include "xml.h"

/*
 * iCalendar and vCard: lines of NAME;PARAMETERS:VALUE. As much is read as the
 * properties of an item want; the times of a named zone count as UTC.
 */
struct line {
	const char *params, *value; /* up to end; params may be empty */
	const char *end;
};

/* Moves *at behind the next line of that name; false when there is none. */
static bool next_line(const char **at, const char *name, struct line *ret)
{
	size_t name_n = strlen(name);

	while (**at) {
		const char *line = *at, *end = line + strcspn(line, "\r\n");
		*at = end + strspn(end, "\r\n");
		if (strncasecmp(line, name, name_n) != 0 ||
		    (line[name_n] != ':' && line[name_n] != ';'))
			continue;
		/* A parameter in quotes may hold a colon. */
		bool quoted = false;
		const char *colon = line + name_n;
		for (; colon < end && (quoted || *colon != ':'); colon++)
			quoted ^= *colon == '"';
		*ret = (struct line){ line + name_n, colon + (colon < end), end };
		return true;
	}
	return false;
}

/* "\n" is a line end, any other character behind a backslash stands for itself. */
static void unescape(char *value)
{
	char *to = value;

	for (const char *from = value; *from; from++) {
		bool escaped = *from == '\\' && from[1];
		from += escaped;
		*to++ = escaped && (*from == 'n' || *from == 'N') ? '\n' : *from;
	}
	*to = '\0';
}

static char *copy(const char *from, const char *end)
{
	char *s = must_alloc(NULL, (size_t)(end - from) + 1);

	memcpy(s, from, (size_t)(end - from));
	s[end - from] = '\0';
	unescape(s);
	return s;
}

/* The value of the first such line; NULL where there is none. */
static char *value_of(const char *lines, const char *name)
{
	struct line line;

	return next_line(&lines, name, &line) ? copy(line.value, line.end) : NULL;
}

/* The n-th of the values that semicolons part; NULL where it is absent or empty. */
static char *component(const char *lines, const char *name, int n)
{
	struct line line;

	if (!next_line(&lines, name, &line))
		return NULL;
	const char *from = line.value, *to;
	for (;; from = to + 1, n--) {
		for (to = from; to < line.end && *to != ';'; to++)
			to += *to == '\\' && to + 1 < line.end;
		if (n == 0 || to == line.end)
			break;
	}
	return n == 0 && to > from ? copy(from, to) : NULL;
}

/* A line that begins with a blank goes on from the one before. */
static void unfold(struct buf *text)
{
	size_t to = 0;

	for (size_t from = 0; from < text->len; from++) {
		const char *at = text->bytes + from;
		size_t end = *at == '\n' ? 1 : strncmp(at, "\r\n", 2) == 0 ? 2 : 0;
		if (end && (at[end] == ' ' || at[end] == '\t'))
			from += end;
		else
			text->bytes[to++] = *at;
	}
	text->len = to;
	if (text->bytes)
		text->bytes[to] = '\0';
}

/* "20240130T101512Z", "20240130", and with the dashes and colons of a vCard. */
static int64_t read_time(const char *text, bool *ret_date)
{
	char digits[16] = "";
	struct tm tm = { 0 };
	size_t n = 0;

	for (; text && *text && n < sizeof(digits) - 1; text++)
		if (strchr("0123456789T", *text))
			digits[n++] = *text;
	digits[n] = '\0';
	int got = sscanf(digits, "%4d%2d%2dT%2d%2d%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
			 &tm.tm_hour, &tm.tm_min, &tm.tm_sec);
	if (got < 3)
		return TIME_NONE;
	*ret_date = got == 3;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return timegm(&tm);
}

static int64_t time_of(const char *lines, const char *name)
{
	AUTO(str) char *text = value_of(lines, name);
	bool date;

	return read_time(text, &date);
}

/* "CN=Anna;..." and "mailto:anna@example.org" */
static void add_person(const struct line *line, struct people *people)
{
	AUTO(str) char *address = copy(line->value, line->end);
	const char *cn = strcasestr(line->params, ";CN=");
	bool mail = strncasecmp(address, "mailto:", 7) == 0;
	char name[256] = "";

	if (cn && cn < line->value) {
		bool quoted = cn[4] == '"';
		cn += 4 + quoted;
		size_t n = strcspn(cn, quoted ? "\"" : ";:");
		snprintf(name, sizeof(name), "%.*s", (int)(n < 255 ? n : 255), cn);
		xml_trim(name);
	}
	people_add(people, *name ? name : NULL, mail ? address + 7 : NULL);
}

static void read_attendees(struct content *content, const char *event)
{
	struct line line;

	while (next_line(&event, "ATTENDEE", &line)) {
		const char *role = strcasestr(line.params, "OPT-PARTICIPANT");
		add_person(&line, role && role < line.value ? &content->cc : &content->to);
	}
}

void content_read_calendar(struct content *content)
{
	unfold(&content->lines);
	/* Behind the time zones, which have a DTSTART, too. */
	const char *found = strstr(buf_str(&content->lines), "BEGIN:VEVENT");
	const char *event = found ? found : "", *at = event;
	AUTO(str) char *start = value_of(event, "DTSTART");
	AUTO(str) char *rule = value_of(event, "RRULE");
	struct line organizer;

	content->start = read_time(start, &content->all_day);
	content->end = time_of(event, "DTEND");
	if (content->end == TIME_NONE)
		content->end = content->start;
	content->recurring = rule != NULL;
	content->uid = value_of(event, "UID");
	content->location = value_of(event, "LOCATION");
	if (content->kind != KIND_APPOINTMENT)
		return;
	content->subject = value_of(event, "SUMMARY");
	content->notes = value_of(event, "DESCRIPTION");
	content->date = time_of(event, "DTSTAMP");
	if (content->date == TIME_NONE)
		content->date = content->start;
	if (next_line(&at, "ORGANIZER", &organizer))
		add_person(&organizer, &content->from);
	read_attendees(content, event);
}

static void read_phones(struct content *content, const char *card)
{
	struct line line;

	while (next_line(&card, "TEL", &line)) {
		const char *cell = strcasestr(line.params, "CELL");
		char **to = cell && cell < line.value ? &content->mobile : &content->phone;
		if (!*to)
			*to = copy(line.value, line.end);
	}
}

void content_read_card(struct content *content)
{
	unfold(&content->lines);
	const char *card = buf_str(&content->lines);

	content->subject = value_of(card, "FN");
	content->surname = component(card, "N", 0);
	content->given = component(card, "N", 1);
	content->company = component(card, "ORG", 0);
	content->job = value_of(card, "TITLE");
	content->email = value_of(card, "EMAIL");
	content->notes = value_of(card, "NOTE");
	content->street = component(card, "ADR", 2);
	content->city = component(card, "ADR", 3);
	content->postal = component(card, "ADR", 5);
	content->country = component(card, "ADR", 6);
	content->birthday = time_of(card, "BDAY");
	content->date = time_of(card, "REV");
	read_phones(content, card);
}
