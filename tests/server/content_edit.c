/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "content_private.h"
#include "mime_in.h"
#include "mime_out.h"

/*
 * Changes bytes that are there: a header of a mail, or a line of the event or card.
 * Everything else in them stays as it came.
 */

/* Where the lines to change stand: [from, to). */
struct region {
	size_t from, to;
};

static void must(enum err err)
{
	if (err)
		abort();
}

static size_t offset_of(const struct buf *mime, size_t from, const char *text)
{
	const char *found = strstr(buf_str(mime) + from, text);

	return found ? (size_t)(found - buf_str(mime)) : mime->len;
}

static struct region find_region(const struct content *content)
{
	const struct buf *mime = &content->mime;
	size_t end = mime_body_at(buf_str(mime), mime->len);

	if (content->kind == KIND_CONTACT)
		return (struct region){ 0, offset_of(mime, 0, "END:VCARD") };
	if (content->kind == KIND_APPOINTMENT) {
		size_t from = offset_of(mime, 0, "BEGIN:VEVENT");
		return (struct region){ from, offset_of(mime, from, "END:VEVENT") };
	}
	/* Before the blank line, if there is one. */
	if (end > 0 && end < mime->len + 1 && mime->bytes[end - 1] == '\n')
		end--;
	if (end > 0 && mime->bytes[end - 1] == '\r')
		end--;
	return (struct region){ 0, end };
}

static size_t line_length(const char *line, const char *end)
{
	const char *lf = memchr(line, '\n', (size_t)(end - line));

	return (size_t)((lf ? lf + 1 : end) - line);
}

static bool is_named(const char *line, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(line, name, n) == 0 && (line[n] == ':' || line[n] == ';');
}

/* Copies the lines but those of that name; what stands within a VALARM is not the event's. */
static void copy_others(struct buf *to, const char *at, const char *end, const char *name)
{
	bool dropping = false;
	int deep = 0, shallow = strncmp(at, "BEGIN:", 6) == 0;

	while (at < end) {
		size_t n = line_length(at, end);
		bool folded = *at == ' ' || *at == '\t';
		if (strncmp(at, "BEGIN:", 6) == 0)
			deep++;
		if (!folded)
			dropping = deep <= shallow && is_named(at, name);
		if (strncmp(at, "END:", 4) == 0)
			deep--;
		if (!dropping)
			must(buf_append(to, at, n));
		at += n;
	}
}

static void replace(struct content **content, struct buf *bytes)
{
	enum kind kind = (*content)->kind;
	const char *item_class = (*content)->item_class;

	content_release(content);
	*content = content_new(bytes);
	(*content)->kind = kind;
	(*content)->item_class = item_class;
}

void content_set_line(struct content **content, const char *name, const char *line)
{
	AUTO(buf) struct buf bytes = { 0 };
	const struct buf *mime = &(*content)->mime;
	const char *all = buf_str(mime);
	struct region region = find_region(*content);

	must(buf_append(&bytes, all, region.from));
	copy_others(&bytes, all + region.from, all + region.to, name);
	if (bytes.len && bytes.bytes[bytes.len - 1] != '\n')
		must(buf_append_str(&bytes, "\r\n"));
	must(buf_append_str(&bytes, line));
	must(buf_append(&bytes, all + region.to, mime->len - region.to));
	if (region.to == mime->len)
		must(buf_append_str(&bytes, "\r\n"));
	replace(content, &bytes);
}

/* --- the body of a mail --- */

static void text_part(struct mime_out *out, const char *text, bool html)
{
	outf(out,
	     "Content-Type: text/%s; charset=\"utf-8\"\r\n"
	     "Content-Transfer-Encoding: base64\r\n\r\n",
	     html ? "html" : "plain");
	out_base64_lines(out, (const uint8_t *)text, strlen(text));
}

static bool copy_attachment(void *ctx, const struct mime_part *part)
{
	struct mime_out *out = ctx;

	if (!part->attachment)
		return false;
	out_str(out, "\r\n--_=_edited_\r\n");
	if (!out->err)
		out->err = buf_append(out->buf, part->whole,
				      (size_t)(part->body + part->body_n - part->whole));
	return out->err != ERR_OK;
}

void content_set_body(struct content **content, const char *text, bool html)
{
	static const char *const of_body[] = { "Content-Type", "Content-Transfer-Encoding",
					       "Content-Disposition", "MIME-Version" };
	AUTO(buf) struct buf bytes = { 0 };
	AUTO(buf) struct buf body = { 0 };
	struct mime_out out = { .buf = &body };

	if ((*content)->attachments) {
		out_str(&out, "Content-Type: multipart/mixed; boundary=\"_=_edited_\"\r\n\r\n"
			      "--_=_edited_\r\n");
		text_part(&out, text, html);
		mime_each_part(buf_str(&(*content)->mime), (*content)->mime.len, copy_attachment,
			       &out);
		out_str(&out, "\r\n--_=_edited_--\r\n");
	} else {
		text_part(&out, text, html);
	}
	must(out.err);
	for (size_t i = 0; i < ARRAY_LEN(of_body); i++)
		content_set_line(content, of_body[i], "");
	must(buf_append(&bytes, buf_str(&(*content)->mime), find_region(*content).to));
	must(buf_append_str(&bytes, "MIME-Version: 1.0\r\n"));
	must(buf_append(&bytes, body.bytes, body.len));
	replace(content, &bytes);
}

bool content_has_event(const struct content *content)
{
	const char *event = strstr(buf_str(&content->mime), "BEGIN:VEVENT");

	return event && strstr(event, "END:VEVENT") && content->start != TIME_NONE;
}

struct content *content_copy(const struct content *content)
{
	AUTO(buf) struct buf bytes = { 0 };

	if (!content)
		return NULL;
	must(content_mime(content, &bytes));
	return content_new(&bytes);
}
