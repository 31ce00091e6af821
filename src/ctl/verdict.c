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

/* --- what Outlook would not sync --- */

struct found {
	uint64_t n;
};

static enum err on_file(void *ctx, const char *path)
{
	AUTO(buf) struct buf sync = { 0 }, text = { 0 };
	AUTO(diagnosis) struct diagnosis diagnosis = { 0 };
	struct found *found = ctx;
	enum err err = xattr_load_if_any(path, ATTR_SYNC, &sync);

	if (err == ERR_NOT_FOUND)
		return ERR_OK; /* it went meanwhile */
	if (err || (strcmp(buf_str(&sync), verdict_text(VERDICT_REGRESSED)) != 0 &&
		    strcmp(buf_str(&sync), verdict_text(VERDICT_UNCOVERED)) != 0))
		return err;
	err = xattr_load_diagnosis(path, &sync, &diagnosis);
	if (!err)
		err = buf_printf(&text, "%s%s\n  ", found->n ? "" : "Outlook would not sync:\n",
				 path);
	if (!err)
		err = diagnosis_explain(&text, &diagnosis);
	found->n++;
	return err ? err : ctl_print(&text);
}

/* --- what differs from the server --- */

static enum err print_difference(struct buf *text, int64_t n, const char *what)
{
	return n ? buf_printf(text, "  %lld %s\n", (long long)n, what) : ERR_OK;
}

static enum err print_differences(const char *dir, const struct verify_counts *counts,
				  const struct report *report)
{
	AUTO(buf) struct buf text = { 0 };
	const char *items = report_text(report, "last-verify-items");
	enum err err = buf_append_str(&text, "the cache differs from the server:\n");

	if (!err)
		err = print_difference(&text, counts->changed, "changed on the server");
	if (!err)
		err = print_difference(&text, counts->missing, "on the server and not here");
	if (!err)
		err = print_difference(&text, counts->extra, "here and not on the server");
	if (!err && *items)
		err = buf_printf(&text, "  %s\n", items);
	if (!err)
		err = buf_printf(
			&text,
			"run `ewsctl update %s`; if they are still there, `ewsctl resync %s`\n",
			dir, dir);
	return err ? err : ctl_print(&text);
}

static enum err print_summary(const struct verify_counts *counts, uint64_t found_n, bool differs)
{
	AUTO(buf) struct buf text = { 0 };
	int64_t faulty = counts->regressed + counts->uncovered;
	enum err err = ERR_OK;

	if (faulty || found_n)
		err = buf_printf(
			&text,
			"verdict: %lld regressed, %lld uncovered: %s; what writes to this mailbox "
			"through EWS sets change keys back\n",
			(long long)counts->regressed, (long long)counts->uncovered,
			"clear the folder's offline items in Outlook to see them");
	else if (!differs)
		err = buf_printf(&text, "%lld items: cache equals server: look elsewhere\n",
				 (long long)counts->kept);
	return err ? err : ctl_print(&text);
}

enum err verdict_print(const char *dir, bool is_recursive, const struct report *report,
		       bool *ret_is_bad)
{
	struct verify_counts counts;
	struct found found = { 0 };
	enum err err = ERR_OK;

	if (!verify_counts_parse(report_text(report, "last-verify"), &counts))
		return ERR_PROTOCOL;
	bool differs = counts.changed || counts.missing || counts.extra;
	if (differs)
		err = print_differences(dir, &counts, report);
	if (!err && (counts.regressed || counts.uncovered))
		err = files_each(dir, is_recursive, on_file, &found);
	if (!err)
		err = print_summary(&counts, found.n, differs);
	if (!err)
		*ret_is_bad = differs || counts.regressed || counts.uncovered || found.n;
	return err;
}
