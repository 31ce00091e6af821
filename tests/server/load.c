/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "content.h"
#include "mime_in.h"

/* What stands in a directory or an mbox, before it becomes items. */
struct batch {
	struct item *items;
	size_t n, size;
	bool failed;
};

enum err load_file(const char *path, struct buf *ret)
{
	char piece[65536];
	FILE *file = fopen(path, "re");
	size_t n;
	enum err err = ERR_OK;

	if (!file)
		return ERR_IO;
	while (!err && (n = fread(piece, 1, sizeof(piece), file)) > 0)
		err = buf_append(ret, piece, n);
	if (!err && ferror(file))
		err = ERR_IO;
	fclose(file);
	return err;
}

/* A seed for what is not in the bytes: conversation and search key. Stable from run to run. */
static uint64_t hash(const struct buf *bytes)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < bytes->len; i++)
		h = (h ^ (unsigned char)bytes->bytes[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* Takes over the bytes. `otherwise` is when it came, where the bytes do not say so. */
static struct item *add(struct batch *batch, struct buf *bytes, int64_t otherwise)
{
	if (batch->n == batch->size) {
		batch->size = batch->size ? batch->size * 2 : 64;
		batch->items = must_alloc(batch->items, batch->size * sizeof(*batch->items));
	}
	struct item *item = &batch->items[batch->n++];
	*item = (struct item){ .seed = hash(bytes), .read = true };
	item->content = content_new(bytes);
	item->kind = (uint8_t)content_kind(item->content);
	item->size = (uint32_t)content_size(item->content);
	item->draft = content_is_draft(item->content);
	int64_t date = content_date(item->content);
	item->created = item->received = item->modified = date == TIME_NONE ? otherwise : date;
	return item;
}

/* --- directories --- */

static struct item *add_file(struct batch *batch, const char *path)
{
	AUTO(buf) struct buf bytes = { 0 };
	struct stat st;

	if (stat(path, &st) != 0 || load_file(path, &bytes)) {
		fprintf(stderr, "ews-testd: --mail: cannot read %s\n", path);
		batch->failed = true;
		return NULL;
	}
	return add(batch, &bytes, st.st_mtime);
}

static bool ends(const char *name, const char *with)
{
	size_t n = strlen(name), with_n = strlen(with);

	return n > with_n && strcasecmp(name + n - with_n, with) == 0;
}

static int is_mail_file(const struct dirent *entry)
{
	return ends(entry->d_name, ".eml") || ends(entry->d_name, ".ics") ||
	       ends(entry->d_name, ".vcf");
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The letters behind ":2," in a Maildir name. */
static void apply_maildir_flags(struct item *item, const char *name, bool seen_before)
{
	const char *info = strstr(name, ":2,");

	item->read = seen_before && info && strchr(info, 'S');
	item->flag = info && strchr(info, 'F') ? FLAG_FLAGGED : FLAG_NONE;
	item->draft = item->draft || (info && strchr(info, 'D'));
}

static void add_dir(struct batch *batch, const char *dir, int (*wanted)(const struct dirent *),
		    bool maildir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, wanted, alphasort);

	for (int i = 0; i < n; i++) {
		AUTO(str) char *path = NULL;
		if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0)
			abort();
		struct item *item = add_file(batch, path);
		if (item && maildir)
			apply_maildir_flags(item, entries[i]->d_name, ends(dir, "/cur"));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void read_dir(struct batch *batch, const char *path)
{
	static const char *const parts[] = { "cur", "new" };
	bool maildir = false;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		AUTO(str) char *part = NULL;
		if (asprintf(&part, "%s/%s", path, parts[i]) < 0)
			abort();
		if (!is_dir(part))
			continue;
		maildir = true;
		add_dir(batch, part, is_visible, true);
	}
	if (!maildir)
		add_dir(batch, path, is_mail_file, false);
}

/* --- mbox --- */

/* "From someone Tue Jan 30 10:15:12 2024": to "30 Jan 2024 10:15:12". */
static int64_t from_line_date(const char *line, size_t n)
{
	char copy[256], month[8], text[64];
	int day, hour, minute, second, year;
	int64_t time;

	snprintf(copy, sizeof(copy), "%.*s", (int)(n < 255 ? n : 255), line);
	if (sscanf(copy, "From %*s %*s %7s %d %d:%d:%d %d", month, &day, &hour, &minute, &second,
		   &year) != 6)
		return 0;
	snprintf(text, sizeof(text), "%d %s %d %d:%d:%d +0000", day, month, year, hour, minute,
		 second);
	return mime_parse_date(text, &time) ? time : 0;
}

/* ">From " was "From " once (mboxrd: each ">" less is one quoting less). */
static bool is_quoted_from(const char *line, size_t n)
{
	size_t quotes = strspn(line, ">");

	return quotes > 0 && n >= quotes + 5 && strncmp(line + quotes, "From ", 5) == 0;
}

/* The blank line before the next From belongs to the mbox. */
static void drop_blank_line(struct buf *message)
{
	const char *const blanks[] = { "\r\n\r\n", "\n\n" };

	for (size_t i = 0; i < ARRAY_LEN(blanks); i++) {
		size_t n = strlen(blanks[i]);
		if (message->len < n || strcmp(message->bytes + message->len - n, blanks[i]) != 0)
			continue;
		message->len -= n / 2;
		message->bytes[message->len] = '\0';
		return;
	}
}

static void finish(struct batch *batch, struct buf *message, int64_t from_date)
{
	AUTO(buf) struct buf status = { 0 };

	drop_blank_line(message);
	bool stated = mime_header(buf_str(message), message->len, "Status", &status);
	struct item *item = add(batch, message, from_date);
	item->read = stated && strchr(status.bytes, 'R');
}

static void read_mbox(struct batch *batch, const char *path)
{
	AUTO(buf) struct buf all = { 0 };
	AUTO(buf) struct buf message = { 0 };
	int64_t from_date = 0;
	bool inside = false, failed = load_file(path, &all) != ERR_OK;
	const char *at = buf_str(&all), *end = at + all.len;

	while (at < end && !failed) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));
		size_t n = (size_t)((lf ? lf + 1 : end) - at);
		if (n >= 5 && strncmp(at, "From ", 5) == 0) {
			if (inside)
				finish(batch, &message, from_date);
			from_date = from_line_date(at, n);
			inside = true;
		} else if (inside) {
			size_t skip = is_quoted_from(at, n);
			failed = buf_append(&message, at + skip, n - skip) != ERR_OK;
		}
		at += n;
	}
	if (inside)
		finish(batch, &message, from_date);
	if (failed || !inside) {
		fprintf(stderr, "ews-testd: --mail: %s is neither a directory nor an mbox\n", path);
		batch->failed = true;
	}
}

/* --- into the mailbox --- */

static int older_first(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->received != y->received)
		return x->received < y->received ? -1 : 1;
	return x->seed < y->seed ? -1 : x->seed > y->seed;
}

bool load_mail(struct mailbox *box, const char *folder, const char *path)
{
	struct batch batch = { 0 };

	if (is_dir(path))
		read_dir(&batch, path);
	else
		read_mbox(&batch, path);
	if (batch.n)
		qsort(batch.items, batch.n, sizeof(*batch.items), older_first);
	enum folder_kind kind = batch.n ? kind_folder(batch.items[0].kind) : FOLDER_MAIL;
	struct folder *into = mailbox_mkdir_path(box, folder, kind);
	bool drafts = into->distinguished && strcmp(into->distinguished, "drafts") == 0;
	for (size_t i = 0; i < batch.n; i++) {
		batch.items[i].draft |= drafts;
		folder_add(box, into, &batch.items[i]);
	}
	free(batch.items);
	return !batch.failed;
}
