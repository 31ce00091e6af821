/* SPDX-License-Identifier: MIT */
#include "ctl/verdict.h"

#include <string.h>

#include "ctl/ctl.h"
#include "ctl/tree.h"
#include "ctl/xattr.h"

bool verify_counts_parse(const char *text, struct verify_counts *ret)
{
	struct verify_counts counts = { 0 };
	struct {
		const char *name;
		int64_t *value;
	} const rows[] = {
		{ "kept=", &counts.kept },	     { "changed=", &counts.changed },
		{ "missing=", &counts.missing },     { "extra=", &counts.extra },
		{ "regressed=", &counts.regressed }, { "uncovered=", &counts.uncovered },
	};
	unsigned found_n = 0;

	for (const char *word = text; *word;
	     word += strcspn(word, " "), word += strspn(word, " ")) {
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			size_t n = strlen(rows[i].name);
			if (strncmp(word, rows[i].name, n) != 0)
				continue;
			*rows[i].value = strtoll(word + n, NULL, 10);
			found_n++;
		}
	}
	if (found_n == 0)
		return false;
	*ret = counts;
	return true;
}

/* --- the items --- */

void verify_items_release(struct verify_items *items)
{
	for (size_t i = 0; i < items->n; i++) {
		str_release(&items->list[i].what);
		str_release(&items->list[i].id);
	}
	free(items->list);
	*items = (struct verify_items){ 0 };
}

/* An id may end in '=', its kind holds none. */
static enum err add_item(struct verify_items *items, const char *word, size_t n)
{
	const char *sign = memchr(word, '=', n);
	struct verify_item *list = reallocarray(items->list, items->n + 1, sizeof(*list));

	if (!list)
		return ERR_NOMEM;
	items->list = list;
	list[items->n] = (struct verify_item){
		.what = strndup(word, (size_t)(sign - word)),
		.id = strndup(sign + 1, n - (size_t)(sign + 1 - word)),
	};
	const struct verify_item *item = &list[items->n++];
	return item->what && item->id ? ERR_OK : ERR_NOMEM;
}

enum err verify_items_parse(const char *text, struct verify_items *ret)
{
	AUTO(verify_items) struct verify_items items = { 0 };
	enum err err = ERR_OK;

	for (const char *word = text; !err && *word; word += strspn(word, " ")) {
		size_t n = strcspn(word, " ");
		if (n == 3 && strncmp(word, "...", n) == 0)
			items.has_more = true;
		else if (n > 1 && *word != '=' && memchr(word, '=', n))
			err = add_item(&items, word, n);
		word += n;
	}
	if (err)
		return err;
	*ret = items;
	items = (struct verify_items){ 0 };
	return ERR_OK;
}

/* --- where they lie --- */

struct search {
	struct verify_items *items;
	struct buf differing, unsynced; /* lines for people */
};

static void search_release(struct search *search)
{
	buf_release(&search->differing);
	buf_release(&search->unsynced);
}

static bool is_key_fault(const char *what)
{
	return strcmp(what, verdict_text(VERDICT_REGRESSED)) == 0 ||
	       strcmp(what, verdict_text(VERDICT_UNCOVERED)) == 0;
}

/* Differences are told by their kind; *ret: the verify itself says that the keys are at fault. */
static enum err tell_listed(struct search *search, const char *path, const char *id,
			    const char **ret_fault)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < search->items->n; i++) {
		struct verify_item *item = &search->items->list[i];
		if (strcmp(item->id, id) != 0)
			continue;
		item->is_told = true;
		if (is_key_fault(item->what))
			*ret_fault = item->what;
		else
			err = buf_printf(&search->differing, "  %-9s%s\n", item->what, path);
	}
	return err;
}

static enum err tell_fault(struct search *search, const char *path, const char *fault)
{
	AUTO(buf) struct buf sync = { 0 };
	AUTO(diagnosis) struct diagnosis diagnosis = { 0 };
	enum err err = xattr_load_diagnosis(path, &sync, &diagnosis);

	/* What the server has now may be worse than what is here. */
	if (!is_key_fault(diagnosis.sync))
		diagnosis.sync = fault;
	if (!err)
		err = buf_printf(&search->unsynced, "  %s\n    ", path);
	return err ? err : diagnosis_explain(&search->unsynced, &diagnosis);
}

static enum err on_file(void *ctx, const char *path)
{
	AUTO(buf) struct buf id = { 0 }, sync = { 0 };
	struct search *search = ctx;
	const char *fault = NULL;
	enum err err = xattr_load_if_any(path, ATTR_ITEM_ID, &id);

	if (!err)
		err = xattr_load_if_any(path, ATTR_SYNC, &sync);
	if (err == ERR_NOT_FOUND)
		return ERR_OK; /* it went meanwhile */
	if (!err)
		err = tell_listed(search, path, buf_str(&id), &fault);
	if (!fault && is_key_fault(buf_str(&sync)))
		fault = buf_str(&sync);
	return err || !fault ? err : tell_fault(search, path, fault);
}

/* What has no file here is told by its id. */
static enum err tell_rest(struct search *search)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < search->items->n; i++) {
		const struct verify_item *item = &search->items->list[i];
		if (item->is_told)
			continue;
		err = buf_printf(is_key_fault(item->what) ? &search->unsynced : &search->differing,
				 "  %-9s item id %s\n", item->what, item->id);
	}
	if (!err && search->items->has_more)
		err = buf_append_str(&search->differing, "  ... and more\n");
	return err;
}

/* --- the verdict --- */

static bool differs(const struct verify_counts *counts)
{
	return counts->changed || counts->missing || counts->extra;
}

static enum err print_differing(struct buf *text, const struct verify_counts *counts,
				const char *dir, const struct buf *lines)
{
	if (!differs(counts))
		return ERR_OK;
	return buf_printf(
		text,
		"The cache differs from the server: %lld changed, %lld missing here, %lld "
		"no longer there.\n%s"
		"What changed just now comes by itself. Otherwise: ewsctl resync %s\n",
		(long long)counts->changed, (long long)counts->missing, (long long)counts->extra,
		buf_str(lines), dir);
}

static enum err print_unsynced(struct buf *text, const struct verify_counts *counts,
			       const struct buf *lines)
{
	if (!counts->regressed && !counts->uncovered && !lines->len)
		return ERR_OK;
	return buf_printf(
		text,
		"Outlook would not sync: %lld regressed, %lld uncovered.\n%s"
		"A program that writes to the mailbox through EWS sets these keys. In Outlook: "
		"Clear Offline Items, then Update Folder.\n",
		(long long)counts->regressed, (long long)counts->uncovered, buf_str(lines));
}

static enum err gather(const char *dir, bool is_recursive, const struct verify_counts *counts,
		       struct search *search)
{
	bool needs_walk = counts->changed || counts->extra || counts->regressed ||
			  counts->uncovered;
	enum err err = needs_walk ? files_each(dir, is_recursive, on_file, search) : ERR_OK;

	return err ? err : tell_rest(search);
}

enum err verdict_print(const char *dir, bool is_recursive, const struct report *report,
		       bool *ret_is_bad)
{
	AUTO(verify_items) struct verify_items items = { 0 };
	AUTO(search) struct search search = { .items = &items };
	AUTO(buf) struct buf text = { 0 };
	struct verify_counts counts;

	if (!verify_counts_parse(report_text(report, "last-verify"), &counts))
		return ERR_PROTOCOL;
	enum err err = verify_items_parse(report_text(report, "last-verify-items"), &items);
	if (!err)
		err = gather(dir, is_recursive, &counts, &search);
	if (!err)
		err = print_differing(&text, &counts, dir, &search.differing);
	if (!err)
		err = print_unsynced(&text, &counts, &search.unsynced);
	bool is_bad = text.len > 0;
	if (!err && !is_bad)
		err = buf_printf(&text, "%lld items: cache equals server: look elsewhere\n",
				 (long long)counts.kept);
	if (!err)
		*ret_is_bad = is_bad;
	return err ? err : ctl_print(&text);
}
