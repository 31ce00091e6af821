/* SPDX-License-Identifier: MIT */
#include "mime_in.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "xml.h"

#define PARTS_DEEP 10

/* The next line of [*at, end): its end without CR and LF; *at moves behind it. */
static const char *line_end(const char **at, const char *end)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));
	const char *stop = lf ? lf : end;

	if (stop > *at && stop[-1] == '\r')
		stop--;
	*at = lf ? lf + 1 : end;
	return stop;
}

size_t mime_body_at(const char *mime, size_t n)
{
	const char *at = mime, *end = mime + n;

	while (at < end) {
		const char *line = at;
		if (line_end(&at, end) == line)
			return (size_t)(at - mime);
	}
	return n;
}

/* One header field from *at, unfolded into `field`; false at the blank line. */
static bool next_field(const char **at, const char *end, struct buf *field)
{
	const char *line = *at, *stop;
	enum err err = ERR_OK;

	buf_clear(field);
	if (line >= end || (stop = line_end(at, end)) == line)
		return false;
	err = buf_append(field, line, (size_t)(stop - line));
	while (!err && *at < end && (**at == ' ' || **at == '\t')) {
		line = *at;
		stop = line_end(at, end);
		err = buf_append(field, line, (size_t)(stop - line));
	}
	return !err;
}

void mime_each_header(const char *mime, size_t n, mime_header_fn fn, void *ctx)
{
	AUTO(buf) struct buf field = { 0 };
	const char *at = mime, *end = mime + n;

	while (next_field(&at, end, &field)) {
		char *colon = strchr(field.bytes, ':');
		if (!colon)
			continue;
		*colon = '\0';
		fn(ctx, field.bytes, colon + 1 + strspn(colon + 1, " \t"));
	}
}

bool mime_header(const char *mime, size_t n, const char *name, struct buf *ret)
{
	AUTO(buf) struct buf field = { 0 };
	const char *at = mime, *end = mime + n;
	size_t name_n = strlen(name);

	while (next_field(&at, end, &field)) {
		if (strncasecmp(field.bytes, name, name_n) != 0 || field.bytes[name_n] != ':')
			continue;
		const char *value = field.bytes + name_n + 1;
		return !buf_append_str(ret, value + strspn(value, " \t"));
	}
	return false;
}

bool mime_param(const char *header, const char *name, char *ret, size_t size)
{
	size_t name_n = strlen(name), n = 0;

	for (const char *p = strchr(header, ';'); p; p = strchr(p, ';')) {
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, name, name_n) != 0 || p[name_n] != '=')
			continue;
		p += name_n + 1;
		const char *stop = *p == '"' ? "\"" : "; \t";
		p += *p == '"';
		n = strcspn(p, stop);
		snprintf(ret, size, "%.*s", (int)(n < size ? n : size - 1), p);
		return true;
	}
	return false;
}

static void lower(char *s)
{
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static void describe(const char *mime, size_t n, const char *type, struct mime_part *ret)
{
	AUTO(buf) struct buf value = { 0 };
	size_t at = mime_body_at(mime, n);

	*ret = (struct mime_part){ .whole = mime, .body = mime + at, .body_n = n - at };
	snprintf(ret->type, sizeof(ret->type), "%.*s", (int)strcspn(type, "; \t"), type);
	lower(ret->type);
	mime_param(type, "charset", ret->charset, sizeof(ret->charset));
	mime_param(type, "method", ret->method, sizeof(ret->method));
	if (mime_header(mime, n, "Content-Transfer-Encoding", &value))
		snprintf(ret->encoding, sizeof(ret->encoding), "%.*s",
			 (int)strcspn(value.bytes, " \t"), value.bytes);
	buf_clear(&value);
	ret->attachment = mime_header(mime, n, "Content-Disposition", &value) &&
			  strncasecmp(value.bytes, "attachment", 10) == 0;
}

static bool walk(const char *mime, size_t n, mime_part_fn fn, void *ctx, int deep);

/* [line, stop) is "--", the boundary, "--" behind the last part, and blanks: one that is longer
 * is that of a multipart within. */
static bool is_boundary(const char *line, const char *stop, const char *boundary, bool *ret_last)
{
	size_t n = strlen(boundary);

	if ((size_t)(stop - line) < n + 2 || strncmp(line, "--", 2) != 0 ||
	    strncmp(line + 2, boundary, n) != 0)
		return false;
	const char *at = line + 2 + n;
	*ret_last = stop - at >= 2 && strncmp(at, "--", 2) == 0;
	at += *ret_last ? 2 : 0;
	while (at < stop && (*at == ' ' || *at == '\t'))
		at++;
	return at == stop;
}

/* The parts between the boundary lines; each without the line end before the next boundary. */
static bool walk_parts(const char *body, const char *end, const char *boundary, mime_part_fn fn,
		       void *ctx, int deep)
{
	const char *part = NULL, *at = body;
	bool last;

	while (at < end) {
		const char *line = at, *stop = line_end(&at, end);
		if (!is_boundary(line, stop, boundary, &last))
			continue;
		const char *before = line > body && line[-1] == '\n' ? line - 1 : line;
		if (before > body && before[-1] == '\r')
			before--;
		if (part && before >= part && walk(part, (size_t)(before - part), fn, ctx, deep))
			return true;
		part = at;
		if (last)
			return false;
	}
	return part && part < end && walk(part, (size_t)(end - part), fn, ctx, deep);
}

static bool walk(const char *mime, size_t n, mime_part_fn fn, void *ctx, int deep)
{
	AUTO(buf) struct buf type = { 0 };
	char boundary[128];
	struct mime_part part;

	if (!mime_header(mime, n, "Content-Type", &type) || !type.len)
		buf_clear(&type);
	const char *text = type.len ? type.bytes : "text/plain";
	if (deep < PARTS_DEEP && strncasecmp(text, "multipart/", 10) == 0 &&
	    mime_param(text, "boundary", boundary, sizeof(boundary)))
		return walk_parts(mime + mime_body_at(mime, n), mime + n, boundary, fn, ctx,
				  deep + 1);
	describe(mime, n, text, &part);
	return fn(ctx, &part);
}

bool mime_each_part(const char *mime, size_t n, mime_part_fn fn, void *ctx)
{
	return walk(mime, n, fn, ctx, 0);
}

struct text_search {
	struct mime_part found[2]; /* plain, html */
};

static bool note_text(void *ctx, const struct mime_part *part)
{
	struct text_search *search = ctx;
	int html = strcmp(part->type, "text/html") == 0;

	if ((html || strcmp(part->type, "text/plain") == 0) && !part->attachment &&
	    !search->found[html].body)
		search->found[html] = *part;
	return false;
}

enum err mime_text_body(const char *mime, size_t n, bool html, struct buf *ret, bool *ret_html)
{
	AUTO(buf) struct buf bytes = { 0 };
	struct text_search search = { 0 };

	mime_each_part(mime, n, note_text, &search);
	if (!search.found[html].body)
		html = !html;
	*ret_html = html;
	const struct mime_part *part = &search.found[html];
	if (!part->body) {
		*ret_html = false;
		return ERR_OK;
	}
	enum err err = mime_part_bytes(part, &bytes);
	return err ? err : mime_to_utf8(part->charset, buf_str(&bytes), bytes.len, ret);
}

/* "Anna" <anna@example.org> from [s, end): the name may be quoted, encoded, or in a comment. */
static void one_person(const char *s, const char *end, mime_person_fn fn, void *ctx)
{
	AUTO(buf) struct buf raw = { 0 };
	AUTO(buf) struct buf name = { 0 };
	const char *open = memchr(s, '<', (size_t)(end - s));
	const char *stop = open ? memchr(open, '>', (size_t)(end - open)) : NULL;
	char address[256] = "";
	enum err err = ERR_OK;

	for (const char *p = s; p < (open ? open : end) && !err; p++) {
		if (*p == '\\' && p + 1 < end)
			err = buf_append_char(&raw, *++p);
		else if (*p != '"')
			err = buf_append_char(&raw, *p);
	}
	while (raw.len && isspace((unsigned char)raw.bytes[raw.len - 1]))
		raw.bytes[--raw.len] = '\0';
	const char *text = buf_str(&raw) + strspn(buf_str(&raw), " \t");
	if (open)
		snprintf(address, sizeof(address), "%.*s", (int)((stop ? stop : end) - open - 1),
			 open + 1);
	else
		snprintf(address, sizeof(address), "%s", text);
	xml_trim(address);
	if (!err && open)
		err = mime_decode_words(text, &name);
	if (!err && (*address || name.len))
		fn(ctx, name.len ? name.bytes : NULL, *address ? address : NULL);
}

void mime_each_person(const char *raw, mime_person_fn fn, void *ctx)
{
	const char *start = raw, *p = raw;
	bool quoted = false, angle = false;

	for (;; p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && (*p == '<' || *p == '>'))
			angle = *p == '<';
		else if (!quoted && !angle && *p == ':')
			start = p + 1;
		else if (!*p || (!quoted && !angle && (*p == ',' || *p == ';'))) {
			if (p > start)
				one_person(start, p, fn, ctx);
			start = p + 1;
			if (!*p)
				return;
		}
	}
}
