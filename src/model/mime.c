/* SPDX-License-Identifier: MIT */
#include "model/content.h"

#include <string.h>
#include <strings.h>

#include "model/mime_decode.h"

/*
 * One pass over the mail, line by line, with the boundaries of the multiparts that are
 * open on a stack of fixed size: no recursion, and no more memory than one window and
 * the calendar. What is malformed is skipped, never an error: a missing end, a
 * boundary of an outer part inside an inner one, headers cut short.
 *
 * Attached messages are not entered: a calendar in there is not this item's.
 */
#define LEVELS_MAX 16
#define BOUNDARY_MAX 200
#define HEADER_MAX 4096
#define WINDOW_SIZE 16384

/* A line, or a part of one that is longer than the window. */
struct piece {
	const char *text; /* borrowed from the window */
	size_t n;	  /* without the line's end */
	size_t eol_n;	  /* 0: the line goes on, or the mail ends without one */
	bool starts_line;
};

struct parser {
	const struct spool *mime;
	uint64_t offset; /* of what was not read into the window yet */
	size_t at, n;	 /* the unread part of the window */
	bool in_line;
	char boundaries[LEVELS_MAX][BOUNDARY_MAX + 1];
	size_t depth;
	char window[WINDOW_SIZE];
};

/* --- lines --- */

static enum err refill(struct parser *p)
{
	uint64_t left = p->mime->len - p->offset;

	memmove(p->window, p->window + p->at, p->n - p->at);
	p->n -= p->at;
	p->at = 0;
	size_t more = left < WINDOW_SIZE - p->n ? (size_t)left : WINDOW_SIZE - p->n;
	enum err err = spool_read(p->mime, p->offset, p->window + p->n, more);
	if (!err) {
		p->n += more;
		p->offset += more;
	}
	return err;
}

/* ERR_NOT_FOUND at the end of the mail. */
static enum err next_piece(struct parser *p, struct piece *ret)
{
	char *eol = memchr(p->window + p->at, '\n', p->n - p->at);
	enum err err = ERR_OK;

	if (!eol) {
		err = refill(p);
		eol = memchr(p->window, '\n', p->n);
	}
	if (err)
		return err;
	if (p->at == p->n)
		return ERR_NOT_FOUND;
	const char *text = p->window + p->at;
	size_t n = eol ? (size_t)(eol - text) : p->n - p->at;
	size_t cr = eol && n > 0 && text[n - 1] == '\r';
	*ret = (struct piece){ text, n - cr, eol ? 1 + cr : 0, !p->in_line };
	p->at += n + (eol != NULL);
	p->in_line = !eol;
	return ERR_OK;
}

enum mark { MARK_NONE, MARK_PART, MARK_END };

static size_t trimmed_len(const char *s, size_t n)
{
	while (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return n;
}

/* Is it the boundary of one of the open multiparts? It closes those inside, and with
 * MARK_END also that one. */
static enum mark take_boundary(struct parser *p, const struct piece *piece)
{
	size_t n = trimmed_len(piece->text, piece->n);

	if (!piece->starts_line || n < 2 || memcmp(piece->text, "--", 2) != 0)
		return MARK_NONE;
	for (size_t level = p->depth; level-- > 0;) {
		size_t len = strlen(p->boundaries[level]);
		if (n < 2 + len || memcmp(piece->text + 2, p->boundaries[level], len) != 0)
			continue;
		if (n == 2 + len) {
			p->depth = level + 1;
			return MARK_PART;
		}
		if (n == 2 + len + 2 && memcmp(piece->text + 2 + len, "--", 2) == 0) {
			p->depth = level;
			return MARK_END;
		}
	}
	return MARK_NONE;
}

/* On to the headers of the next part. ERR_NOT_FOUND when there is none. */
static enum err skip_to_part(struct parser *p)
{
	struct piece piece;
	enum err err = ERR_OK;

	while (!err && p->depth > 0) {
		err = next_piece(p, &piece);
		if (!err && take_boundary(p, &piece) == MARK_PART)
			return ERR_OK;
	}
	return err ? err : ERR_NOT_FOUND;
}

/* --- headers --- */

struct headers {
	struct buf type, encoding;
};

static void headers_release(struct headers *headers)
{
	buf_release(&headers->type);
	buf_release(&headers->encoding);
}

static struct buf *header_of(struct headers *headers, const struct piece *piece)
{
	static const char type[] = "Content-Type:", encoding[] = "Content-Transfer-Encoding:";

	if (piece->n >= strlen(type) && strncasecmp(piece->text, type, strlen(type)) == 0)
		return &headers->type;
	if (piece->n >= strlen(encoding) &&
	    strncasecmp(piece->text, encoding, strlen(encoding)) == 0)
		return &headers->encoding;
	return NULL;
}

static enum err append_value(struct buf *value, const char *text, size_t n)
{
	size_t room = HEADER_MAX - value->len;

	return buf_append(value, text, n < room ? n : room);
}

/* Reads the headers of a part and the empty line behind. *ret_mark tells of a boundary
 * that came instead of it. */
static enum err read_headers(struct parser *p, struct headers *headers, enum mark *ret_mark)
{
	struct buf *value = NULL;
	struct piece piece;
	enum err err = ERR_OK;

	while (!err && !(err = next_piece(p, &piece))) {
		*ret_mark = take_boundary(p, &piece);
		if (*ret_mark || (piece.starts_line && piece.n == 0))
			return ERR_OK;
		bool goes_on = !piece.starts_line || *piece.text == ' ' || *piece.text == '\t';
		size_t skip = 0;
		if (!goes_on) {
			value = header_of(headers, &piece);
			skip = value ? (size_t)((char *)memchr(piece.text, ':', piece.n) + 1 -
						piece.text)
				     : 0;
			if (value)
				buf_clear(value);
		}
		if (value)
			err = append_value(value, piece.text + skip, piece.n - skip);
	}
	return err;
}

/* The value of a parameter of Content-Type, behind its '='; NULL when there is none. */
static const char *find_parameter(const char *type, const char *name)
{
	bool quoted = false;

	for (const char *at = type; *at; at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		else if (*at == '"')
			quoted = !quoted;
		if (quoted || *at != ';')
			continue;
		const char *value = at + 1 + strspn(at + 1, " \t\r\n");
		if (strncasecmp(value, name, strlen(name)) != 0)
			continue;
		value += strlen(name);
		value += strspn(value, " \t");
		if (*value == '=')
			return value + 1 + strspn(value + 1, " \t");
	}
	return NULL;
}

/* "boundary", quoted or not. False when there is none that could be matched. */
static bool read_boundary(const char *type, char ret[BOUNDARY_MAX + 1])
{
	const char *at = find_parameter(type, "boundary");
	size_t n = 0;

	if (!at)
		return false;
	bool quoted = *at == '"';
	for (at += quoted; *at && (quoted ? *at != '"' : !strchr("; \t\r\n", *at)); at++) {
		if (quoted && *at == '\\' && at[1])
			at++;
		if (n == BOUNDARY_MAX)
			return false;
		ret[n++] = *at;
	}
	ret[n] = '\0';
	return n > 0;
}

static bool is_type(const struct headers *headers, const char *prefix)
{
	const char *type = buf_str(&headers->type);

	type += strspn(type, " \t");
	return strncasecmp(type, prefix, strlen(prefix)) == 0;
}

static bool is_calendar(const struct headers *headers)
{
	static const char calendar[] = "text/calendar";
	const char *type = buf_str(&headers->type);

	return is_type(headers, calendar) &&
	       strchr("; \t\r\n(", type[strspn(type, " \t") + strlen(calendar)]);
}

/* --- the calendar --- */

static enum err read_body(struct parser *p, const struct headers *headers, struct buf *ret)
{
	struct mime_decoder decoder = { .encoding = mime_encoding(buf_str(&headers->encoding)) };
	static const char crlf[] = "\r\n";
	size_t before = ret->len;
	struct piece piece;
	size_t eol_n = 0; /* held back: the one before a boundary is part of the boundary */
	enum mark mark;
	enum err err = ERR_OK;

	while (!err && !(err = next_piece(p, &piece))) {
		if ((mark = take_boundary(p, &piece)))
			return ret->len > before || mark == MARK_PART ? ERR_OK : skip_to_part(p);
		err = mime_decode(&decoder, &crlf[2 - eol_n], eol_n, ret);
		if (!err)
			err = mime_decode(&decoder, piece.text, piece.n, ret);
		if (!err && ret->len - before > CALENDAR_MAX)
			err = ERR_LIMIT;
		eol_n = piece.eol_n;
	}
	if (err == ERR_NOT_FOUND) /* the mail ends here, without a boundary */
		err = mime_decode(&decoder, &crlf[2 - eol_n], eol_n, ret);
	return err;
}

/* One part, from its headers on. Leaves the parser before the headers of the next one. */
static enum err read_part(struct parser *p, struct buf *ret)
{
	AUTO(headers) struct headers headers = { 0 };
	enum mark mark = MARK_NONE;
	enum err err = read_headers(p, &headers, &mark);

	if (err || mark == MARK_PART)
		return err;
	if (mark == MARK_NONE && is_calendar(&headers))
		return read_body(p, &headers, ret);
	if (mark == MARK_NONE && is_type(&headers, "multipart/") && p->depth < LEVELS_MAX &&
	    read_boundary(headers.type.bytes, p->boundaries[p->depth]))
		p->depth++;
	return skip_to_part(p);
}

enum err mime_find_calendar(const struct spool *mime, struct buf *ret)
{
	struct parser parser = { .mime = mime };
	size_t before = ret->len;
	enum err err = ERR_OK;

	while (!err && ret->len == before)
		err = read_part(&parser, ret);
	if (err && ret->len > before) {
		ret->len = before;
		ret->bytes[before] = '\0';
	}
	return err;
}
