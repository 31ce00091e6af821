/* SPDX-License-Identifier: MIT */
#include "mailbox.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "content.h"
#include "edits.h"
#include "watch.h"
#include "whose.h"

#define FIRST_SEQ 0x100000
#define FIRST_ID 0x200000
/* A log of so many stale entries is worth rewriting. */
#define LOG_SLACK 4096

/* Every mailbox has them, in this order of ids. */
static const struct {
	const char *distinguished, *name;
	enum folder_kind kind;
} defaults[] = {
	{ "inbox", "Inbox", FOLDER_MAIL },
	{ "sentitems", "Sent Items", FOLDER_MAIL },
	{ "drafts", "Drafts", FOLDER_MAIL },
	{ "deleteditems", "Deleted Items", FOLDER_MAIL },
	{ "outbox", "Outbox", FOLDER_MAIL },
	{ "junkemail", "Junk Email", FOLDER_MAIL },
	{ "calendar", "Calendar", FOLDER_CALENDAR },
	{ "contacts", "Contacts", FOLDER_CONTACTS },
	{ "tasks", "Tasks", FOLDER_TASKS },
};

void *must_alloc(void *memory, size_t size)
{
	void *grown = realloc(memory, size ? size : 1);

	if (!grown) {
		fputs("ews-testd: out of memory\n", stderr);
		abort();
	}
	return grown;
}

char *must_copy(const char *s)
{
	return s ? memcpy(must_alloc(NULL, strlen(s) + 1), s, strlen(s) + 1) : NULL;
}

/* Room for one more at the end of an array. */
#define GROW(array, n, size) \
	do { \
		if ((n) == (size)) { \
			(size) = (size) ? (size)*2 : 8; \
			(array) = must_alloc((array), (size) * sizeof(*(array))); \
		} \
	} while (0)

struct mailbox *mailbox_new(const char *name)
{
	struct mailbox *box = must_alloc(NULL, sizeof(*box));
	const char *at = strchr(name, '@'), *domain = strchr(name, '\\');

	*box = (struct mailbox){ .name = must_copy(name), .seq = FIRST_SEQ, .next_id = FIRST_ID };
	lock_init(&box->lock);
	if (at)
		box->address = must_copy(name);
	else if (asprintf(&box->address, "%s@example.com", domain ? domain + 1 : name) < 0)
		abort();
	identity_init(&box->identity, name, 0);
	struct folder *root = mailbox_mkdir(box, NULL, "Root", FOLDER_MAIL);
	root->distinguished = "root";
	struct folder *top = mailbox_mkdir(box, root, "Top of Information Store", FOLDER_MAIL);
	top->distinguished = "msgfolderroot";
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
		mailbox_mkdir(box, top, defaults[i].name, defaults[i].kind)->distinguished =
			defaults[i].distinguished;
	return box;
}

void mailbox_set_seed(struct mailbox *box, uint64_t seed)
{
	box->seed = seed;
	identity_init(&box->identity, box->name, seed);
}

void mailbox_loaded(struct mailbox *box)
{
	box->loaded_seq = box->seq;
}

void item_discard(struct item *item)
{
	content_release(&item->content);
	edits_release(&item->edits);
	free(item->subject);
	free(item->item_class);
	free(item->past);
	item->subject = item->item_class = NULL;
	item->past = NULL;
}

static void item_free(struct item *item)
{
	item_discard(item);
	free(item);
}

static void folder_free(struct folder *folder)
{
	/* A tombstone is in the log only, and may stand there more than once. */
	for (size_t i = 0; i < folder->log_n; i++) {
		struct log_entry *entry = &folder->log[i];
		if (entry->item->gone_seq && entry->item->gone_seq == entry->seq)
			item_free(entry->item);
	}
	for (size_t i = 0; i < folder->items_n; i++)
		item_free(folder->items[i]);
	free(folder->items);
	free(folder->log);
	free(folder->by_received);
	free(folder->name);
	free(folder);
}

void mailbox_release(struct mailbox **box)
{
	struct mailbox *b = *box;

	if (!b)
		return;
	for (size_t i = 0; i < b->folders_n; i++)
		folder_free(b->folders[i]);
	free(b->folders);
	free(b->name);
	free(b->address);
	watch_release(&b->watch);
	grants_release(b);
	lock_destroy(&b->lock);
	free(b);
	*box = NULL;
}

struct folder *mailbox_folder(struct mailbox *box, uint64_t fid)
{
	size_t low = 0, high = box->folders_n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (box->folders[middle]->fid < fid)
			low = middle + 1;
		else
			high = middle;
	}
	struct folder *found = low < box->folders_n ? box->folders[low] : NULL;
	return found && found->fid == fid && !found->gone_seq ? found : NULL;
}

struct folder *mailbox_distinguished(struct mailbox *box, const char *name)
{
	for (size_t i = 0; i < box->folders_n; i++) {
		struct folder *folder = box->folders[i];
		if (folder->distinguished && !folder->gone_seq &&
		    strcmp(folder->distinguished, name) == 0)
			return folder;
	}
	return NULL;
}

struct folder *folder_child(struct mailbox *box, const struct folder *parent, const char *name)
{
	for (size_t i = 0; i < box->folders_n; i++) {
		struct folder *folder = box->folders[i];
		if (folder->parent == parent && !folder->gone_seq &&
		    strcasecmp(folder->name, name) == 0)
			return folder;
	}
	return NULL;
}

/* Tries every child whose name the path begins with, since names may hold slashes. */
static struct folder *walk(struct mailbox *box, struct folder *at, const char *path)
{
	if (!*path)
		return at;
	for (size_t i = 0; i < box->folders_n; i++) {
		struct folder *folder = box->folders[i];
		size_t n = strlen(folder->name);
		if (folder->parent != at || folder->gone_seq ||
		    strncmp(folder->name, path, n) != 0 || (path[n] && path[n] != '/'))
			continue;
		struct folder *found = walk(box, folder, path + n + (path[n] == '/'));
		if (found)
			return found;
	}
	return NULL;
}

struct folder *mailbox_path(struct mailbox *box, const char *path)
{
	return walk(box, box->folders[1], path);
}

size_t folder_children_n(const struct mailbox *box, const struct folder *folder)
{
	size_t n = 0;

	for (size_t i = 0; i < box->folders_n; i++)
		n += box->folders[i]->parent == folder && !box->folders[i]->gone_seq;
	return n;
}

bool folder_is_below(const struct folder *folder, const struct folder *above)
{
	for (; folder; folder = folder->parent)
		if (folder == above)
			return true;
	return false;
}

static struct folder *make(struct mailbox *box, struct folder *parent, const char *name,
			   enum folder_kind kind)
{
	struct folder *folder = must_alloc(NULL, sizeof(*folder));

	*folder = (struct folder){
		.box = box,
		.parent = parent,
		.name = must_copy(name),
		.kind = kind,
	};
	folder->fid = box->next_id++;
	folder->born_seq = folder->change_seq = ++box->seq;
	/* Fixed until something happens there, so that a mailbox is the same in every run. */
	folder->commit_time = INT64_C(1577836800);
	GROW(box->folders, box->folders_n, box->folders_size);
	box->folders[box->folders_n++] = folder;
	return folder;
}

struct folder *mailbox_mkdir(struct mailbox *box, struct folder *parent, const char *name,
			     enum folder_kind kind)
{
	struct folder *folder = make(box, parent, name, kind);

	events_of_folder(box, EVENT_CREATED, folder, NULL, NULL);
	return folder;
}

struct folder *mailbox_mkdir_copy(struct mailbox *box, struct folder *parent,
				  const struct folder *of)
{
	struct folder *folder = make(box, parent, of->name, of->kind);

	events_of_folder(box, EVENT_COPIED, folder, of, of->parent);
	return folder;
}

struct folder *mailbox_mkdir_path(struct mailbox *box, const char *path, enum folder_kind kind)
{
	struct folder *at = mailbox_path(box, path);

	if (at)
		return at;
	const char *slash = strrchr(path, '/');
	AUTO(str) char *parent = slash ? strndup(path, (size_t)(slash - path)) : must_copy("");
	at = mailbox_mkdir_path(box, parent, kind);
	return mailbox_mkdir(box, at, slash ? slash + 1 : path, kind);
}

void folder_changed(struct mailbox *box, struct folder *folder)
{
	folder->change_seq = ++box->seq;
	events_of_folder(box, EVENT_MODIFIED, folder, NULL, NULL);
}

void folder_move(struct mailbox *box, struct folder *folder, struct folder *to)
{
	const struct folder *from = folder->parent;

	folder->parent = to;
	folder->change_seq = ++box->seq;
	events_of_folder(box, EVENT_MOVED, folder, folder, from);
}

void folder_delete(struct mailbox *box, struct folder *folder)
{
	folder->gone_seq = ++box->seq;
	events_of_folder(box, EVENT_DELETED, folder, NULL, NULL);
	for (size_t i = 0; i < box->folders_n; i++) {
		struct folder *below = box->folders[i];
		if (below->gone_seq || !folder_is_below(below, folder))
			continue;
		below->gone_seq = box->seq;
		below->gone_with_parent = true;
	}
}

size_t folder_find(const struct folder *folder, uint64_t mid)
{
	size_t low = 0, high = folder->items_n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (folder->items[middle]->mid < mid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct item *folder_item(const struct folder *folder, uint64_t mid)
{
	size_t at = folder_find(folder, mid);

	return at < folder->items_n && folder->items[at]->mid == mid ? folder->items[at] : NULL;
}

uint64_t item_last_seq(const struct item *item)
{
	uint64_t last = item->content_seq > item->flag_seq ? item->content_seq : item->flag_seq;

	return item->gone_seq > last ? item->gone_seq : last;
}

size_t folder_log_after(const struct folder *folder, uint64_t seq)
{
	size_t low = 0, high = folder->log_n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (folder->log[middle].seq <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Each item's last entry is the one that counts. */
static void compact(struct folder *folder)
{
	size_t kept = 0;

	for (size_t i = 0; i < folder->log_n; i++)
		if (folder->log[i].seq == item_last_seq(folder->log[i].item))
			folder->log[kept++] = folder->log[i];
	folder->log_n = kept;
	if (folder->log_size < kept * 2 + LOG_SLACK) {
		folder->log_size = kept * 2 + LOG_SLACK;
		folder->log = must_alloc(folder->log, folder->log_size * sizeof(*folder->log));
	}
}

/* What every change of a folder's content does. */
static void touched(struct mailbox *box, struct folder *folder, struct item *item)
{
	if (!box->loaded_seq)
		return;
	int64_t now = clock_wall_ns() / NS_PER_S;
	folder->commit_time = now > folder->commit_time ? now : folder->commit_time + 1;
	if (folder->log_n == folder->log_size)
		compact(folder);
	folder->log[folder->log_n++] = (struct log_entry){ box->seq, item };
}

static struct item *put(struct mailbox *box, struct folder *folder, const struct item *it)
{
	struct item *item = must_alloc(NULL, sizeof(*item));

	*item = *it;
	item->folder = folder;
	item->mid = box->next_id++;
	item->key = item->born_seq = item->content_seq = ++box->seq;
	item->pcl = PCL_WHOLE;
	item->past = NULL;
	item->past_n = 0;
	item->given = false;
	item->flag_seq = item->gone_seq = 0;
	GROW(folder->items, folder->items_n, folder->items_size);
	folder->items[folder->items_n++] = item;
	folder->unread_n += !item->read;
	touched(box, folder, item);
	return item;
}

struct item *folder_add(struct mailbox *box, struct folder *folder, const struct item *it)
{
	struct item *item = put(box, folder, it);

	events_of_item(box, EVENT_CREATED, item, NULL);
	return item;
}

struct item *folder_add_copy(struct mailbox *box, struct folder *folder, const struct item *it,
			     const struct item *of)
{
	struct item *item = put(box, folder, it);

	events_of_item(box, EVENT_COPIED, item, of);
	return item;
}

static void keep_version(struct item *item)
{
	if (!item->given)
		return;
	item->past = must_alloc(item->past, (item->past_n + 1) * sizeof(*item->past));
	item->past[item->past_n++] = (struct version){ item->key, item->pcl };
	item->given = false;
}

void item_changed(struct mailbox *box, struct item *item)
{
	keep_version(item);
	item->key = item->content_seq = ++box->seq;
	item->pcl = PCL_WHOLE;
	item->modified = clock_wall_ns() / NS_PER_S;
	touched(box, item->folder, item);
	events_of_item(box, EVENT_MODIFIED, item, NULL);
}

void item_set_read(struct mailbox *box, struct item *item, bool read)
{
	if (item->read == read)
		return;
	item->read = read;
	item->folder->unread_n += read ? (size_t)-1 : 1;
	item->flag_seq = ++box->seq;
	touched(box, item->folder, item);
	events_of_item(box, EVENT_MODIFIED, item, NULL);
}

static void take(struct mailbox *box, struct item *item)
{
	struct folder *folder = item->folder;
	size_t at = folder_find(folder, item->mid);

	folder->items_n--;
	memmove(folder->items + at, folder->items + at + 1,
		(folder->items_n - at) * sizeof(*folder->items));
	folder->unread_n -= !item->read;
	folder->deleted_n++;
	content_release(&item->content);
	edits_release(&item->edits);
	item->gone_seq = ++box->seq;
	touched(box, folder, item);
}

void item_delete(struct mailbox *box, struct item *item)
{
	take(box, item);
	events_of_item(box, EVENT_DELETED, item, NULL);
}

struct item *item_move(struct mailbox *box, struct item *item, struct folder *to)
{
	struct item copy = *item;

	item->content = NULL;
	item->subject = item->item_class = NULL;
	item->edits = NULL;
	take(box, item);
	struct item *moved = put(box, to, &copy);
	events_of_item(box, EVENT_MOVED, moved, item);
	return moved;
}

static int newer_first(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;

	if (x->received != y->received)
		return x->received < y->received ? 1 : -1;
	return x->mid < y->mid ? 1 : -1;
}

struct item *const *folder_sorted(struct mailbox *box, struct folder *folder)
{
	uint64_t last = folder->log_n ? folder->log[folder->log_n - 1].seq : box->loaded_seq;

	if (folder->by_received && folder->sorted_seq == last)
		return folder->by_received;
	folder->by_received = must_alloc(folder->by_received,
					 folder->items_n * sizeof(*folder->by_received));
	for (size_t i = 0; i < folder->items_n; i++)
		folder->by_received[i] = folder->items[folder->items_n - 1 - i];
	if (folder->items_n)
		qsort(folder->by_received, folder->items_n, sizeof(*folder->by_received),
		      newer_first);
	folder->sorted_seq = last;
	return folder->by_received;
}
