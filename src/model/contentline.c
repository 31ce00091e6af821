/* SPDX-License-Identifier: MIT */
#include "model/contentline.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/fields.h"
#include "model/hash.h"
#include "model/utf8.h"

#define LINE_MAX_OCTETS 75

static enum err put_folded(struct buf *ret, const char *line, size_t n)
{
	size_t width = 0;
	int32_t code;
	enum err err = ERR_OK;

	for (size_t at = 0; !err && at < n;) {
		size_t used = utf8_next(line + at, n - at, &code);
		if (width + used > LINE_MAX_OCTETS) {
			err = buf_append_str(ret, "\r\n ");
			width = 1;
		}
		if (!err)
			err = buf_append(ret, line + at, used);
		width += used;
		at += used;
	}
	return err ? err : buf_append_str(ret, "\r\n");
}

static enum err put_line(struct buf *ret, const char *head, const struct buf *value)
{
	AUTO(buf) struct buf line = { 0 };
	enum err err = buf_printf(&line, "%s:", head);

	if (!err)
		err = buf_append(&line, buf_str(value), value->len);
	return err ? err : put_folded(ret, line.bytes, line.len);
}

static bool is_control(int32_t code)
{
	return code < 0x20 || code == 0x7F;
}

static enum err escape_code(struct buf *ret, int32_t code)
{
	if (code == '\n')
		return buf_append_str(ret, "\\n");
	if (code == '\\' || code == ',' || code == ';')
		return buf_printf(ret, "\\%c", (char)code);
	return is_control(code) && code != '\t' ? ERR_OK : utf8_append(ret, code);
}

/* CRLF, CR and LF each are one line break. */
static enum err escape(struct buf *ret, const char *text, size_t n)
{
	enum err err = ERR_OK;
	int32_t code;

	for (size_t at = 0; !err && at < n;) {
		at += utf8_next(text + at, n - at, &code);
		if (code == '\r' && at < n && text[at] == '\n')
			continue;
		err = escape_code(ret, code == '\r' ? '\n' : code);
	}
	return err;
}

enum err contentline_put(struct buf *ret, const char *head, const char *text)
{
	return contentline_put_parts(ret, head, &text, 1);
}

enum err contentline_put_parts(struct buf *ret, const char *head, const char *const *parts,
			       size_t n)
{
	AUTO(buf) struct buf value = { 0 };
	bool any = false;
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		if (i > 0)
			err = buf_append_char(&value, ';');
		if (!err && parts[i])
			err = escape(&value, parts[i], strlen(parts[i]));
		any = any || (parts[i] && *parts[i]);
	}
	return err || !any ? err : put_line(ret, head, &value);
}

enum err contentline_put_list(struct buf *ret, const char *head, const char *lines)
{
	AUTO(buf) struct buf value = { 0 };
	enum err err = ERR_OK;

	for (const char *at = lines; !err && at && *at;) {
		size_t n = strcspn(at, "\n");
		if (n > 0 && value.len > 0)
			err = buf_append_char(&value, ',');
		if (!err)
			err = escape(&value, at, n);
		at += n + (at[n] == '\n');
	}
	return err || value.len == 0 ? err : put_line(ret, head, &value);
}

enum err contentline_put_each(struct buf *ret, const char *head, const struct fields *fields,
			      const char *path)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < fields->n; i++) {
		if (strcmp(fields->list[i].path, path) == 0)
			err = contentline_put(ret, head, fields->list[i].text);
	}
	return err;
}

static enum err quote(struct buf *ret, const char *text)
{
	size_t n = strlen(text);
	enum err err = ERR_OK;
	int32_t code;

	for (size_t at = 0; !err && at < n;) {
		at += utf8_next(text + at, n - at, &code);
		if (code == '\n' || code == '^' || code == '"')
			err = buf_printf(ret, "^%c", code == '"' ? '\'' : code == '^' ? '^' : 'n');
		else if (!is_control(code))
			err = utf8_append(ret, code);
	}
	return err;
}

enum err contentline_put_with(struct buf *ret, const char *head, const char *parameter,
			      const char *text, const char *value)
{
	AUTO(buf) struct buf long_head = { 0 };

	if (!text || !*text)
		return contentline_put_raw(ret, head, value);
	enum err err = buf_printf(&long_head, "%s;%s=\"", head, parameter);
	if (!err)
		err = quote(&long_head, text);
	if (!err)
		err = buf_append_char(&long_head, '"');
	return err ? err : contentline_put_raw(ret, long_head.bytes, value);
}

enum err contentline_put_raw(struct buf *ret, const char *head, const char *text)
{
	AUTO(buf) struct buf value = { 0 };
	size_t n = text ? strlen(text) : 0;
	enum err err = ERR_OK;
	int32_t code;

	for (size_t at = 0; !err && at < n;) {
		at += utf8_next(text + at, n - at, &code);
		if (!is_control(code))
			err = utf8_append(&value, code);
	}
	return err || value.len == 0 ? err : put_line(ret, head, &value);
}

enum err contentline_put_time(struct buf *ret, const char *head, int64_t time)
{
	AUTO(buf) struct buf iso = { 0 };
	char value[32];
	enum err err = text_print_time(&iso, time);

	if (err)
		return err == ERR_INVALID ? ERR_OK : err;
	const char *s = iso.bytes; /* 2024-01-30T10:15:12Z */
	snprintf(value, sizeof(value), "%.4s%.2s%.5s%.2s%.3s", s, s + 5, s + 8, s + 14, s + 17);
	return contentline_put_raw(ret, head, value);
}

bool contentline_parse_day(const char *value, char ret[9])
{
	AUTO(buf) struct buf iso = { 0 };
	char midnight[32];
	int64_t time;

	/* An xs:date may carry an offset, which only says whose midnight is meant. */
	bool is_day = !strchr(value, 'T');
	snprintf(midnight, sizeof(midnight), "%.10sT00:00:00Z", value);
	if (!text_parse_time(is_day ? midnight : value, &time) ||
	    text_print_time(&iso, is_day ? time : time + 12 * 3600))
		return false;
	snprintf(ret, 9, "%.4s%.2s%.2s", iso.bytes, iso.bytes + 5, iso.bytes + 8);
	return strcmp(ret, "16010101") != 0 && strcmp(ret, "45010101") != 0;
}

enum err contentline_put_day(struct buf *ret, const char *head, const char *value)
{
	static const char no_year[] = "1604";
	char day[9], short_day[7];

	if (!value || !contentline_parse_day(value, day))
		return ERR_OK;
	if (strncmp(day, no_year, strlen(no_year)) != 0)
		return contentline_put_raw(ret, head, day);
	snprintf(short_day, sizeof(short_day), "--%s", day + strlen(no_year));
	return contentline_put_raw(ret, head, short_day);
}

enum err contentline_put_uid(struct buf *ret, const char *head, const char *item_id)
{
	AUTO(buf) struct buf hex = { 0 };
	char uuid[37];
	enum err err = hash_print(&hex, item_id, 32);

	if (err)
		return err;
	const char *s = hex.bytes;
	snprintf(uuid, sizeof(uuid), "%.8s-%.4s-8%.3s-a%.3s-%.12s", s, s + 8, s + 13, s + 17,
		 s + 20);
	return contentline_put_raw(ret, head, uuid);
}
