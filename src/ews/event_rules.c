/* SPDX-License-Identifier: MIT */
#include "ews/event_rules.h"

#include <string.h>

static void clear(struct event_reader *reader)
{
	str_release(&reader->folder_id);
	str_release(&reader->parent_id);
	str_release(&reader->old_parent_id);
}

void event_reader_release(struct event_reader *reader)
{
	clear(reader);
	str_release(&reader->watermark);
}

enum err event_open(void *ctx, const struct sax *sax)
{
	(void)sax;
	clear(ctx);
	return ERR_OK;
}

enum err event_take_id(void *ctx, const struct sax *sax)
{
	return sax_copy_attr(sax, "Id", ID_MAX_BYTES, (char **)((char *)ctx + sax_arg(sax)));
}

/* What is no event (a status, a subscription's id) names no folder. */
enum err event_close(void *ctx, const struct sax *sax)
{
	struct event_reader *reader = ctx;
	const struct ews_event event = {
		.is_modified = strcmp(sax_name(sax), "ModifiedEvent") == 0,
		.folder_id = reader->folder_id,
		.parent_id = reader->parent_id,
		.old_parent_id = reader->old_parent_id,
	};

	if (!event.folder_id && !event.parent_id && !event.old_parent_id)
		return ERR_OK;
	reader->n++;
	return reader->fn(reader->fn_ctx, &event);
}
