/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/ctl.h"
#include "ctl/report.h"
#include "ctl/xattr.h"

/* ewsctl inspect: what the server knows of an item or a folder, decoded and judged. */

struct row {
	const char *title;
	enum attr attr;
};

static const struct row item_rows[] = {
	{ "subject", ATTR_SUBJECT },
	{ "from", ATTR_FROM },
	{ "class", ATTR_ITEM_CLASS },
	{ "received", ATTR_RECEIVED },
	{ "created", ATTR_CREATED },
	{ "modified", ATTR_MODIFIED },
	{ "read", ATTR_IS_READ },
	{ "stored size", ATTR_SIZE },
	{ "message id", ATTR_MESSAGE_ID },
	{ "item id", ATTR_ITEM_ID },
	{ "folder id", ATTR_PARENT_FOLDER_ID },
};

static const struct row folder_rows[] = {
	{ "name", ATTR_DISPLAY_NAME },		{ "class", ATTR_FOLDER_CLASS },
	{ "known as", ATTR_DISTINGUISHED },	{ "items", ATTR_TOTAL_COUNT },
	{ "unread", ATTR_UNREAD_COUNT },	{ "folders", ATTR_CHILD_COUNT },
	{ "last sync", ATTR_LAST_SYNC },	{ "folder id", ATTR_FOLDER_ID },
	{ "parent id", ATTR_PARENT_FOLDER_ID },
};

/* The title is said once; what belongs to the same thing goes below. */
static enum err put(struct buf *out, const char *title, const char *value)
{
	return buf_printf(out, "  %-14s%s\n", title, value);
}

static enum err put_rows(struct buf *out, const char *path, const struct row *rows, size_t n)
{
	AUTO(buf) struct buf value = { 0 };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		err = xattr_load_if_any(path, rows[i].attr, &value);
		if (!err && value.len)
			err = put(out, rows[i].title, value.bytes);
	}
	return err;
}

static enum err put_xid(struct buf *out, const char *title, const struct xid *xid)
{
	AUTO(buf) struct buf text = { 0 };
	enum err err = decode_print_xid(&text, xid);

	return err ? err : put(out, title, text.bytes);
}

/* The key that EWS uses: Exchange wraps the other one in it. */
static enum err put_ews_key(struct buf *out, const char *path)
{
	AUTO(buf) struct buf key = { 0 };
	struct xid xid;
	enum err err = xattr_load_if_any(path, ATTR_CHANGE_KEY, &key);

	if (err || key.len == 0)
		return err;
	err = put(out, "EWS key", key.bytes);
	if (err)
		return err;
	if (xid_of_ews_change_key(key.bytes, &xid))
		return put_xid(out, "", &xid);
	return put(out, "",
		   ews_change_key_is_stub(key.bytes) ? "a stub that names no version"
						     : "opaque: not of Exchange's form");
}

static enum err put_change_key(struct buf *out, const struct diagnosis *diagnosis)
{
	AUTO(buf) struct buf text = { 0 };
	struct xid xid;

	if (diagnosis->change_key.len == 0)
		return put(out, "change key", "none");
	if (xid_parse(diagnosis->change_key.bytes, diagnosis->change_key.len, &xid))
		return put_xid(out, "change key", &xid);
	enum err err = text_print_hex(&text, diagnosis->change_key.bytes,
				      diagnosis->change_key.len);
	return err ? err : put(out, "change key", text.bytes);
}

static enum err put_predecessors(struct buf *out, const struct diagnosis *diagnosis)
{
	AUTO(buf) struct buf text = { 0 };
	struct xid_list list;

	if (diagnosis->predecessors.len == 0)
		return put(out, "predecessors", "none");
	if (!xid_parse_list(diagnosis->predecessors.bytes, diagnosis->predecessors.len, &list)) {
		enum err err = text_print_hex(&text, diagnosis->predecessors.bytes,
					      diagnosis->predecessors.len);
		return err ? err : put(out, "predecessors", text.bytes);
	}
	enum err err = ERR_OK;
	for (size_t i = 0; !err && i < list.n; i++)
		err = put_xid(out, i ? "" : "predecessors", &list.entries[i]);
	return err;
}

/* A server that answers with two versions at once was caught while the item changed. */
static enum err put_disagreement(struct buf *out, const char *path,
				 const struct diagnosis *diagnosis)
{
	AUTO(buf) struct buf key = { 0 };
	struct xid ews, mapi;
	enum err err = xattr_load_if_any(path, ATTR_CHANGE_KEY, &key);

	if (err || !xid_of_ews_change_key(buf_str(&key), &ews) ||
	    !xid_parse(diagnosis->change_key.bytes, diagnosis->change_key.len, &mapi) ||
	    xid_compare(&ews, &mapi) == XID_EQUAL)
		return err;
	return buf_append_str(out,
			      "\nthe EWS key names another version than the change key: the item "
			      "changed while it was fetched, or the server mixes versions\n");
}

static enum err put_error(struct buf *out, const char *path)
{
	AUTO(buf) struct buf reason = { 0 };
	enum err err = xattr_load_if_any(path, ATTR_ERROR, &reason);

	return err ? err
		   : buf_printf(out, "error: the server cannot deliver it: %s\n",
				reason.len ? reason.bytes : "it does not say why");
}

static enum err put_judgement(struct buf *out, const char *path, struct call *call)
{
	AUTO(buf) struct buf sync = { 0 };
	AUTO(diagnosis) struct diagnosis diagnosis = { 0 };
	enum err err = xattr_load_diagnosis(path, &sync, &diagnosis);

	if (!err)
		err = put_ews_key(out, path);
	if (!err)
		err = put_change_key(out, &diagnosis);
	if (!err)
		err = put_predecessors(out, &diagnosis);
	if (!err)
		err = put_disagreement(out, path, &diagnosis);
	if (!err)
		err = buf_append_char(out, '\n');
	if (!err && strcmp(diagnosis.sync, "error") == 0) {
		call->is_bad = true;
		return put_error(out, path);
	}
	call->is_bad = strcmp(diagnosis.sync, verdict_text(VERDICT_REGRESSED)) == 0 ||
		       strcmp(diagnosis.sync, verdict_text(VERDICT_UNCOVERED)) == 0;
	return err ? err : diagnosis_explain(out, &diagnosis);
}

/* Folders have no keys to judge: what may be wrong with one stands in its control file. */
static enum err put_folder(struct buf *out, const char *path, struct call *call)
{
	AUTO(report) struct report report = { 0 };
	AUTO(buf) struct buf state = { 0 };
	enum err err = put_rows(out, path, folder_rows, ARRAY_LEN(folder_rows));

	if (!err)
		err = put_ews_key(out, path);
	if (!err)
		err = xattr_load_if_any(path, ATTR_SYNC_STATE, &state);
	if (!err && state.len)
		err = buf_printf(out, "  %-14s%zu bytes, opaque\n", "sync state", state.len);
	if (!err)
		err = report_load(path, &report, call->reason);
	if (!err)
		err = buf_printf(out, "\n%s", report_text(&report, "state"));
	const char *last_error = report_text(&report, "last-error");
	if (!err && *last_error)
		err = buf_printf(out, ": %s", last_error);
	return err ? err : buf_append_char(out, '\n');
}

static enum err check_ours(const char *path, enum attr attr, struct buf *reason)
{
	AUTO(buf) struct buf id = { 0 };
	enum err err = xattr_load(path, attr, &id);

	if (err == ERR_NO_XATTR)
		return buf_refuse(
			reason, ERR_NOT_FOUND,
			"%s is no item in a mount of ewsfs: give a file or directory of one", path);
	return err;
}

enum err ctl_inspect(struct call *call)
{
	AUTO(buf) struct buf out = { 0 };
	unsigned flags;
	struct stat st;
	enum err err = ctl_parse(call, "", NULL, 1, 1, &flags);

	if (err)
		return err;
	const char *path = call->argv[optind];
	if (stat(path, &st) != 0)
		return report_explain(path, errno, call->reason);
	bool is_dir = S_ISDIR(st.st_mode);
	err = check_ours(path, is_dir ? ATTR_FOLDER_ID : ATTR_ITEM_ID, call->reason);
	if (!err)
		err = buf_printf(&out, "%s\n", path);
	if (!err && is_dir)
		err = put_folder(&out, path, call);
	else if (!err)
		err = put_rows(&out, path, item_rows, ARRAY_LEN(item_rows));
	if (!err && !is_dir)
		err = put_judgement(&out, path, call);
	return err ? err : ctl_print(&out);
}
