/* SPDX-License-Identifier: MIT */
#include "model/content.h"

#include <string.h>
#include <strings.h>

static enum err replace(struct spool *mime, const struct buf *content)
{
	spool_release(mime);
	return spool_append(mime, buf_str(content), content->len);
}

static enum err make_calendar(struct spool *mime)
{
	static const char begin[] = "BEGIN:VCALENDAR";
	AUTO(buf) struct buf calendar = { 0 };
	char start[sizeof(begin) - 1];

	enum err err = spool_read(mime, 0, start, sizeof(start));
	if (!err && strncasecmp(start, begin, sizeof(start)) == 0)
		return ERR_OK;
	if (!err || err == ERR_INVALID) /* ERR_INVALID: shorter than that */
		err = mime_find_calendar(mime, &calendar);
	if (err == ERR_NOT_FOUND || err == ERR_LIMIT)
		return ERR_BAD_ITEM;
	return err ? err : replace(mime, &calendar);
}

static bool is_task_request(const struct item *item)
{
	static const char prefix[] = "IPM.TaskRequest";

	return strncasecmp(item->item_class, prefix, strlen(prefix)) == 0;
}

enum err content_make(const struct item *item, struct spool *mime)
{
	AUTO(buf) struct buf text = { 0 };
	const char *extension = item_extension(item->item_class);

	if (strcmp(extension, "eml") == 0)
		return ERR_OK;
	if (item_is_appointment(item))
		return make_calendar(mime);
	enum err err = strcmp(extension, "vcf") == 0
			       ? vcard_print(item, &text)
			       : vtodo_print(item, is_task_request(item) ? mime : NULL, &text);
	return err ? err : replace(mime, &text);
}
