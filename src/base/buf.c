/* SPDX-License-Identifier: MIT */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum err reserve(struct buf *buf, size_t n)
{
	if (n > BUF_MAX - buf->len - 1)
		return ERR_LIMIT;
	size_t need = buf->len + n + 1;
	if (need <= buf->size)
		return ERR_OK;
	size_t size = buf->size ? buf->size : 64;
	while (size < need)
		size *= 2;
	char *bytes = realloc(buf->bytes, size);
	if (!bytes)
		return ERR_NOMEM;
	buf->bytes = bytes;
	buf->size = size;
	return ERR_OK;
}

enum err buf_append(struct buf *buf, const void *bytes, size_t n)
{
	enum err err = reserve(buf, n);

	if (err)
		return err;
	if (n > 0)
		memcpy(buf->bytes + buf->len, bytes, n);
	buf->len += n;
	buf->bytes[buf->len] = '\0';
	return ERR_OK;
}

enum err buf_append_str(struct buf *buf, const char *s)
{
	return buf_append(buf, s, strlen(s));
}

enum err buf_append_char(struct buf *buf, char c)
{
	enum err err = reserve(buf, 1);

	if (err)
		return err;
	buf->bytes[buf->len++] = c;
	buf->bytes[buf->len] = '\0';
	return ERR_OK;
}

enum err buf_printf(struct buf *buf, const char *fmt, ...)
{
	size_t room = buf->size - buf->len;
	va_list args;

	/* Most often there is room enough, and it is printed once. */
	va_start(args, fmt);
	int n = vsnprintf(room > 0 ? buf->bytes + buf->len : NULL, room, fmt, args);
	va_end(args);
	enum err err = n < 0 ? ERR_INVALID : reserve(buf, (size_t)n);
	if (err) {
		if (room > 0)
			buf->bytes[buf->len] = '\0';
		return err;
	}
	if ((size_t)n >= room) {
		va_start(args, fmt);
		vsnprintf(buf->bytes + buf->len, (size_t)n + 1, fmt, args);
		va_end(args);
	}
	buf->len += (size_t)n;
	return ERR_OK;
}

enum err buf_refuse(struct buf *reason, enum err err, const char *fmt, ...)
{
	char line[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	buf_clear(reason);
	return buf_append_str(reason, line) ? ERR_NOMEM : err;
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	if (buf->bytes)
		buf->bytes[0] = '\0';
}

void buf_release(struct buf *buf)
{
	free(buf->bytes);
	*buf = (struct buf){ 0 };
}

enum err buf_give(struct buf *buf, char **ret)
{
	enum err err = buf_append(buf, "", 0);

	if (err)
		return err;
	*ret = buf->bytes;
	*buf = (struct buf){ 0 };
	return ERR_OK;
}
