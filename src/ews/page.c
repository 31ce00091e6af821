/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ews/property.h"
#include "ews/session.h"
#include "ews/take.h"

/*
 * page - SyncFolderItems: one page of what changed in a folder; or FindItem: of what is in it.
 */
enum {
	/* Servers may send more than they were asked for, but not any number. */
	CHANGES_MAX = 8 * EWS_PAGE_MAX,
	PR_MESSAGE_FLAGS = 0x0e07,
	PR_LAST_MODIFICATION_TIME = 0x3008,
};

struct page_call {
	struct property property; /* first: the rules want it */
	const char *folder_id, *state;
	int max;
	bool is_plain;
	uint64_t offset;	  /* of FindItem */
	struct ews_change change; /* under way */
	struct ews_page result;
	size_t size;
	struct call call;
};

static void change_release(struct ews_change *change)
{
	free(change->id);
	free(change->change_key);
	*change = (struct ews_change){ 0 };
}

void ews_page_release(struct ews_page *page)
{
	for (size_t i = 0; i < page->n; i++)
		change_release(&page->changes[i]);
	free(page->changes);
	free(page->state);
	*page = (struct ews_page){ 0 };
}

/* clang-format off */
static const char additional[] =
	"<t:AdditionalProperties>"
	SOAP_FIELD("item:DateTimeReceived")
	SOAP_FIELD("item:Size")
	SOAP_MAPI("0x0e07", "Integer")
	SOAP_MAPI("0x3008", "SystemTime")
	"</t:AdditionalProperties>";
/* clang-format on */

static enum err write_shape(const struct page_call *p, struct buf *to)
{
	return buf_printf(to, "<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>%s</m:ItemShape>",
			  p->is_plain ? "" : additional);
}

static enum err write_question(const void *ctx, enum version version, struct buf *to)
{
	const struct page_call *p = ctx;
	enum err err = write_shape(p, to);
	(void)version;

	if (!err)
		err = buf_append_str(to, "<m:SyncFolderId>");
	if (!err)
		err = soap_id(to, "t:FolderId", p->folder_id);
	if (!err)
		err = buf_append_str(to, "</m:SyncFolderId>");
	if (!err && p->state && *p->state)
		err = soap_text(to, "m:SyncState", p->state);
	if (!err)
		err = buf_printf(to, "<m:MaxChangesReturned>%d</m:MaxChangesReturned>", p->max);
	return err;
}

static enum err open_message(void *ctx, size_t index)
{
	struct page_call *p = ctx;
	(void)index;

	ews_page_release(&p->result);
	p->size = 0;
	return ERR_OK;
}

static enum err open_change(void *ctx, const struct sax *sax)
{
	struct page_call *p = ctx;

	change_release(&p->change);
	p->change = (struct ews_change){
		.kind = (enum ews_change_kind)sax_arg(sax),
		.item_kind = KIND_SAFE,
		.received = TIME_NONE,
		.modified = TIME_NONE,
	};
	return ERR_OK;
}

static enum err open_item(void *ctx, const struct sax *sax)
{
	struct page_call *p = ctx;

	p->change.item_kind = item_kind_of_element(sax_name(sax));
	return ERR_OK;
}

static enum err take_id(void *ctx, const struct sax *sax)
{
	struct page_call *p = ctx;
	enum err err = sax_copy_attr(sax, "Id", ID_MAX_BYTES, &p->change.id);

	return err ? err : sax_copy_attr(sax, "ChangeKey", ID_MAX_BYTES, &p->change.change_key);
}

static enum err take_size(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct page_call *p = ctx;
	int64_t size;
	(void)sax, (void)n;

	if (text_parse_int(text, 0, INT64_MAX, &size))
		p->change.size = (uint64_t)size;
	return ERR_OK;
}

static enum err take_is_read(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct page_call *p = ctx;
	(void)sax, (void)n;

	p->change.has_read = true;
	p->change.is_read = parse_bool(text);
	return ERR_OK;
}

static enum err take_property(void *ctx, const struct sax *sax, const char *text, size_t n)
{
	struct page_call *p = ctx;
	int64_t flags;
	(void)sax, (void)n;

	if (p->property.tag == PR_LAST_MODIFICATION_TIME)
		text_parse_time(text, &p->change.modified);
	if (p->property.tag == PR_MESSAGE_FLAGS &&
	    text_parse_int(text, INT32_MIN, UINT32_MAX, &flags)) {
		p->change.has_read = true;
		p->change.is_read = flags & MSGFLAG_READ;
		p->change.is_draft = flags & MSGFLAG_UNSENT;
	}
	return ERR_OK;
}

static enum err make_room(struct page_call *p)
{
	if (p->result.n < p->size)
		return ERR_OK;
	if (p->result.n >= CHANGES_MAX)
		return ERR_LIMIT;
	size_t size = p->size ? 2 * p->size : 64;
	struct ews_change *list = reallocarray(p->result.changes, size, sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	p->result.changes = list;
	p->size = size;
	return ERR_OK;
}

static enum err close_change(void *ctx, const struct sax *sax)
{
	struct page_call *p = ctx;
	(void)sax;

	if (!p->change.id || !*p->change.id)
		return ERR_PROTOCOL;
	enum err err = make_room(p);
	if (err)
		return err;
	p->result.changes[p->result.n++] = p->change;
	p->change = (struct ews_change){ 0 };
	return ERR_OK;
}

#define CHANGE "m:Changes/*"
#define AT(member) offsetof(struct page_call, member)

/* clang-format off */
static const struct sax_rule rules[] = {
	{ "m:SyncState",                     .text = take_string, .cap = STATE_MAX_BYTES, .arg = AT(result.state) },
	{ "m:IncludesLastItemInRange",       .text = take_bool, .cap = WORD_MAX_BYTES, .arg = AT(result.last) },
	{ "m:Changes/t:Create",              .open = open_change, .close = close_change, .arg = EWS_CREATE },
	{ "m:Changes/t:Update",              .open = open_change, .close = close_change, .arg = EWS_UPDATE },
	{ "m:Changes/t:Delete",              .open = open_change, .close = close_change, .arg = EWS_DELETE },
	{ "m:Changes/t:ReadFlagChange",      .open = open_change, .close = close_change, .arg = EWS_READ_FLAG },
	{ CHANGE "/t:ItemId",                .open = take_id }, /* of Delete and ReadFlagChange */
	{ CHANGE "/t:IsRead",                .text = take_is_read, .cap = WORD_MAX_BYTES },
	{ CHANGE "/*",                       .open = open_item },
	{ CHANGE "/*/t:ItemId",              .open = take_id },
	{ CHANGE "/*/t:DateTimeReceived",    .text = take_time, .cap = WORD_MAX_BYTES, .arg = AT(change.received) },
	{ CHANGE "/*/t:Size",                .text = take_size, .cap = WORD_MAX_BYTES },
	PROPERTY_RULES(CHANGE "/*", take_property, WORD_MAX_BYTES, take_nothing),
	{ 0 }
};
/* clang-format on */

static const struct operation sync_items = {
	.name = "SyncFolderItems",
	.write = write_question,
	.rules = rules,
	.open = open_message,
};

static enum err run(struct page_call *p, struct ews *ews, const struct operation *operation)
{
	p->call = (struct call){ .ews = ews, .operation = operation, .ctx = p, .n = 1 };
	enum err err = call_run(&p->call);
	change_release(&p->change);
	return err;
}

/* In the shape that this server takes. */
static enum err run_shaped(struct page_call *p, struct ews *ews, const struct operation *operation)
{
	p->is_plain = ews->has_plain_pages;
	enum err err = run(p, ews, operation);
	if (err == ERR_SHAPE && !ews->has_plain_pages) {
		p->is_plain = true;
		err = run(p, ews, operation);
		/* Refused even so: the shape was not to blame. */
		ews->has_plain_pages = err != ERR_SHAPE;
	}
	return err;
}

enum err ews_sync_items(struct ews *ews, const char *folder_id, const char *state, int max,
			struct ews_page *ret)
{
	struct page_call p = { .folder_id = folder_id, .state = state, .max = max };
	enum err err = run_shaped(&p, ews, &sync_items);

	/* An empty state comes with errors as well, and must never be stored. */
	if (!err && (!p.result.state || !*p.result.state))
		err = call_refuse(&p.call, "the list of its items came without a sync state");
	if (err)
		ews_page_release(&p.result);
	else
		*ret = p.result;
	return err;
}

/* --- FindItem --- */

/* Our own mark of where we are: how many were passed, and the last of them. */
static enum err print_place(const struct page_call *p, struct ews_page *ret)
{
	AUTO(buf) struct buf place = { 0 };
	enum err err = buf_printf(&place, "%llu %s", (unsigned long long)(p->offset + ret->n),
				  ret->n ? ret->changes[ret->n - 1].id : "");

	return err ? err : buf_give(&place, &ret->state);
}

static enum err write_search(const void *ctx, enum version version, struct buf *to)
{
	const struct page_call *p = ctx;
	enum err err = write_shape(p, to);
	(void)version;

	if (!err)
		err = buf_printf(to,
				 "<m:IndexedPageItemView MaxEntriesReturned=\"%d\" Offset=\"%llu\""
				 " BasePoint=\"Beginning\"/>",
				 p->max, (unsigned long long)p->offset);
	if (!err)
		err = buf_append_str(
			to, "<m:SortOrder><t:FieldOrder Order=\"Descending\">" SOAP_FIELD(
				    "item:DateTimeReceived") "</t:FieldOrder></m:SortOrder>"
							     "<m:ParentFolderIds>");
	if (!err)
		err = soap_id(to, "t:FolderId", p->folder_id);
	return err ? err : buf_append_str(to, "</m:ParentFolderIds>");
}

static enum err take_view(void *ctx, const struct sax *sax)
{
	struct page_call *p = ctx;
	AUTO(str) char *last = NULL;
	enum err err = sax_copy_attr(sax, "IncludesLastItemInRange", WORD_MAX_BYTES, &last);

	p->result.last = last && parse_bool(last);
	return err;
}

static enum err open_found(void *ctx, const struct sax *sax)
{
	enum err err = open_change(ctx, sax);

	return err ? err : open_item(ctx, sax);
}

#define FOUND "m:RootFolder/t:Items/*"

/* clang-format off */
static const struct sax_rule search_rules[] = {
	{ "m:RootFolder",             .open = take_view },
	{ FOUND,                      .open = open_found, .close = close_change, .arg = EWS_CREATE },
	{ FOUND "/t:ItemId",          .open = take_id },
	{ FOUND "/t:DateTimeReceived", .text = take_time, .cap = WORD_MAX_BYTES, .arg = AT(change.received) },
	{ FOUND "/t:Size",            .text = take_size, .cap = WORD_MAX_BYTES },
	PROPERTY_RULES(FOUND, take_property, WORD_MAX_BYTES, take_nothing),
	{ 0 }
};
/* clang-format on */

static const struct operation find_item = {
	.name = "FindItem",
	.attributes = " Traversal=\"Shallow\"",
	.write = write_search,
	.rules = search_rules,
	.open = open_message,
};

enum err ews_find_items(struct ews *ews, const char *folder_id, const char *state, int max,
			struct ews_page *ret)
{
	struct page_call p = { .folder_id = folder_id, .max = max };
	const char *before = NULL;
	char *end;

	if (state) {
		p.offset = strtoull(state, &end, 10);
		before = *end == ' ' && end[1] && p.offset > 0 ? end + 1 : NULL;
		p.offset -= before != NULL;
	}
	enum err err = run_shaped(&p, ews, &find_item);
	if (!err && before && (p.result.n == 0 || strcmp(p.result.changes[0].id, before) != 0))
		err = ERR_SYNC_RESET;
	if (!err)
		err = print_place(&p, &p.result);
	if (err)
		ews_page_release(&p.result);
	else
		*ret = p.result;
	return err;
}
