/* SPDX-License-Identifier: MIT */
#include "content.h"

struct content {
	struct buf mime;
};

struct content *content_new(struct buf *mime)
{
	struct content *content = must_alloc(NULL, sizeof(*content));

	*content = (struct content){ .mime = *mime };
	*mime = (struct buf){ 0 };
	return content;
}

void content_release(struct content **content)
{
	if (!*content)
		return;
	buf_release(&(*content)->mime);
	free(*content);
	*content = NULL;
}

void content_describe(const struct content *content, struct props *ret)
{
	(void)content;
	ret->subject = "";
}

enum err content_mime(const struct content *content, struct buf *ret)
{
	return buf_append(ret, content->mime.bytes, content->mime.len);
}

bool content_has_attachments(const struct content *content)
{
	(void)content;
	return false;
}
