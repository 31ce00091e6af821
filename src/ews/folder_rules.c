/* SPDX-License-Identifier: MIT */
#include "ews/folder_rules.h"

#include <string.h>

#include "base/text.h"

enum {
	PR_ATTR_HIDDEN = 0x10f4,
	PR_CONTENT_UNREAD = 0x3603,
	PR_LOCAL_COMMIT_TIME_MAX = 0x670a,
	PR_DELETED_COUNT_TOTAL = 0x670b,
};

#define TICKS_PER_S INT64_C(10000000)

void folder_reader_reset(struct folder_reader *reader)
{
	folder_release(&reader->folder);
	folder_init(&reader->folder);
	reader->has_total = reader->has_unread = false;
}

void folder_reader_take(struct folder_reader *reader, struct folder *ret)
{
	reader->folder.digest.known = reader->has_total && reader->has_unread;
	*ret = reader->folder;
	reader->folder = (struct folder){ 0 };
	folder_reader_reset(reader);
}

enum err folder_take_id(void *ctx, const struct sax *sax)
{
	struct folder_reader *reader = ctx;
	enum err err = sax_copy_attr(sax, "Id", ID_MAX_BYTES, &reader->folder.id);

	return err ? err
		   : sax_copy_attr(sax, "ChangeKey", ID_MAX_BYTES, &reader->folder.change_key);
}

enum err folder_take_parent(void *ctx, const struct sax *sax)
{
	struct folder_reader *reader = ctx;

	return sax_copy_attr(sax, "Id", ID_MAX_BYTES, &reader->folder.parent_id);
}

static void set_count(struct folder_reader *reader, size_t offset, const char *text)
{
	int64_t *to = (int64_t *)((char *)reader + offset);

	if (!text_parse_int(text, 0, INT64_MAX, to))
		return;
	reader->has_total |= to == &reader->folder.digest.total_n;
	reader->has_unread |= to == &reader->folder.digest.unread_n;
}

enum err folder_take_count(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	(void)n;
	set_count(ctx, sax_arg(sax), text);
	return ERR_OK;
}

/*
 * In units of 100 ns: it is only held against another for equality, and two commits within one
 * second must differ.
 */
static int64_t parse_ticks(const char *text)
{
	const char *fraction = strchr(text, '.');
	int64_t seconds, ticks = 0;

	if (!text_parse_time(text, &seconds))
		return TIME_NONE;
	for (int64_t unit = TICKS_PER_S / 10; fraction && unit > 0; unit /= 10) {
		fraction++;
		if (*fraction < '0' || *fraction > '9')
			break;
		ticks += (*fraction - '0') * unit;
	}
	return seconds * TICKS_PER_S + ticks;
}

enum err folder_take_property(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct folder_reader *reader = ctx;
	struct digest *digest = &reader->folder.digest;
	(void)sax, (void)n;

	switch (reader->property.tag) {
	case PR_ATTR_HIDDEN: reader->folder.is_hidden = parse_bool(text); break;
	case PR_CONTENT_UNREAD:
		set_count(reader, offsetof(struct folder_reader, folder.digest.unread_n), text);
		break;
	case PR_LOCAL_COMMIT_TIME_MAX: digest->commit = parse_ticks(text); break;
	case PR_DELETED_COUNT_TOTAL: text_parse_int(text, 0, INT64_MAX, &digest->deleted_n); break;
	default: break;
	}
	return ERR_OK;
}
