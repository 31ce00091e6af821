/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "mailbox/mailbox.h"

/*
 * fake-mailbox - mailbox.h over a tree in memory, to try the kernel side alone. The tests script
 * it through the control files: see run_command(). `.ctl` shows what was asked for.
 *
 * Inbox/ 20 files, Big/ 20,000 files, Large/ one file of 8 MiB, D00/ to D29/ none.
 * The content of an inode is lines that name it, so that a reader sees which one he has. A URL
 * with "refused" in it is a server that refuses the login.
 */
enum {
	HELD_MS = 1500,
	PIECE_BYTES = 128 << 10,
	ROOT = 1,
	NODES_MAX = 2000000,
	ENTRIES_MAX = 200000,
	LINE_BYTES = 26,
	FIRST_ENTRY = 3
};

struct entry {
	uint64_t parent, ino;
	char name[80];
	bool is_dead;
};

struct command {
	struct command *next;
	uint64_t ticket, dir;
	char line[128];
	mailbox_done_fn done;
	void *ctx;
	bool is_parked, is_forgotten;
};

struct mailbox {
	mailbox_change_fn change;
	void *change_ctx;
	pthread_t thread;
	bool has_thread;

	struct lock lock; /* guards everything below */
	struct cond woken;
	struct mailbox_node *nodes; /* by inode number */
	struct entry *entries;	    /* by entry id - FIRST_ENTRY */
	uint64_t nodes_n, entries_n, tickets_n;
	struct command *commands;
	bool is_ending;
	unsigned list_delay_ms;
	uint64_t held_ino; /* a READ of it takes HELD_MS */
	unsigned long lookups_n, loads_n, lists_n, reads_n, attrs_n, forgets_n, snapshots_n;
};

static int64_t now_after(int64_t last)
{
	int64_t now = clock_wall_ns();

	return now > last ? now : last + 1;
}

static uint64_t add_node(struct mailbox *m, uint64_t parent, bool is_dir, uint64_t size)
{
	uint64_t ino = m->nodes_n++;

	m->nodes[ino] = (struct mailbox_node){ .ino = ino,
					       .is_dir = is_dir,
					       .size = size,
					       .parent = parent,
					       .mtime_ns = INT64_C(1706609712) * NS_PER_S,
					       .ctime_ns = clock_wall_ns() };
	return ino;
}

static struct entry *add_entry(struct mailbox *m, uint64_t parent, uint64_t ino, const char *name)
{
	struct entry *entry = &m->entries[m->entries_n++];

	*entry = (struct entry){ .parent = parent, .ino = ino };
	snprintf(entry->name, sizeof(entry->name), "%s", name);
	return entry;
}

static uint64_t add_dir(struct mailbox *m, const char *name, unsigned files_n, uint64_t size)
{
	uint64_t dir = add_node(m, ROOT, true, 0);

	add_entry(m, ROOT, dir, name);
	for (unsigned i = 0; i < files_n; i++) {
		char item[64];
		snprintf(item, sizeof(item), "2024-01-30 101512 Item %05u.%012x.eml", i, i);
		add_entry(m, dir, add_node(m, dir, false, size + i % 97), item);
	}
	return dir;
}

enum err mailbox_open(const struct account *account, struct mailbox **ret, struct buf *reason)
{
	struct mailbox *m = calloc(1, sizeof(*m));

	if (!m || (account->url && strstr(account->url, "refused"))) {
		free(m);
		return buf_append_str(reason, "login refused: check user= and password_command=")
			       ? ERR_NOMEM
			       : ERR_AUTH;
	}
	lock_init(&m->lock);
	cond_init(&m->woken);
	m->nodes = calloc(NODES_MAX, sizeof(*m->nodes));
	m->entries = calloc(ENTRIES_MAX, sizeof(*m->entries));
	m->nodes_n = ROOT;
	add_node(m, ROOT, true, 0);
	add_dir(m, "Inbox", 20, 3000);
	add_dir(m, "Big", 20000, 200);
	add_dir(m, "Large", 1, 8 << 20);
	for (unsigned i = 0; i < 30; i++) {
		char name[8];
		snprintf(name, sizeof(name), "D%02u", i % 100);
		add_dir(m, name, 0, 0);
	}
	*ret = m;
	return ERR_OK;
}

void mailbox_release(struct mailbox **mailbox)
{
	struct mailbox *m = *mailbox;

	if (!m)
		return;
	mailbox_stop(m);
	lock_destroy(&m->lock);
	cond_destroy(&m->woken);
	free(m->nodes);
	free(m->entries);
	free(m);
	*mailbox = NULL;
}

enum err mailbox_prepare(struct mailbox *mailbox, struct buf *reason)
{
	(void)mailbox, (void)reason;
	return ERR_OK;
}

/* --- answers --- */

uint32_t mailbox_generation(const struct mailbox *mailbox)
{
	(void)mailbox;
	return 4711;
}

static struct entry *find_locked(struct mailbox *m, uint64_t dir, const char *name)
	REQUIRES(&m->lock);

static struct entry *find_locked(struct mailbox *m, uint64_t dir, const char *name)
{
	for (uint64_t i = 0; i < m->entries_n; i++) {
		struct entry *entry = &m->entries[i];
		if (entry->parent == dir && !entry->is_dead && strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

enum err mailbox_lookup(struct mailbox *m, uint64_t dir, const char *name, struct mailbox_node *ret)
{
	enum err err = ERR_NOT_FOUND;

	lock_acquire(&m->lock);
	m->lookups_n++;
	const struct entry *entry = find_locked(m, dir, name);
	if (entry) {
		*ret = m->nodes[entry->ino];
		err = ERR_OK;
	}
	lock_drop(&m->lock);
	return err;
}

enum err mailbox_load_node(struct mailbox *m, uint64_t ino, struct mailbox_node *ret)
{
	enum err err = ERR_NOT_FOUND;

	lock_acquire(&m->lock);
	m->loads_n++;
	if (ino < m->nodes_n) {
		*ret = m->nodes[ino];
		err = ERR_OK;
	}
	lock_drop(&m->lock);
	return err;
}

enum err mailbox_list(struct mailbox *m, uint64_t dir, uint64_t after, mailbox_entry_fn fn,
		      void *ctx)
{
	lock_acquire(&m->lock);
	m->lists_n++;
	unsigned delay_ms = m->list_delay_ms;
	lock_drop(&m->lock);
	usleep(delay_ms * 1000);
	lock_acquire(&m->lock);
	for (uint64_t i = after + 1 - FIRST_ENTRY; i < m->entries_n; i++) {
		const struct entry *entry = &m->entries[i];
		if (entry->parent == dir && !entry->is_dead &&
		    !fn(ctx, i + FIRST_ENTRY, entry->name, &m->nodes[entry->ino]))
			break;
	}
	lock_drop(&m->lock);
	return ERR_OK;
}

/* What the file says tells of which inode it is, and where. */
static enum err print_content(const struct mailbox_node *node, uint64_t offset, size_t n,
			      struct buf *ret)
{
	uint64_t end = offset + n < node->size ? offset + n : node->size;
	enum err err = ERR_OK;

	while (!err && offset < end) {
		char line[LINE_BYTES + 4];
		snprintf(line, sizeof(line), "inode %08x at %07x\n", (unsigned)node->ino,
			 (unsigned)(offset / LINE_BYTES));
		uint64_t skip = offset % LINE_BYTES, take = LINE_BYTES - skip;
		take = take < end - offset ? take : end - offset;
		err = buf_append(ret, line + skip, take);
		offset += take;
	}
	return err;
}

enum err mailbox_read(struct mailbox *m, uint64_t ino, uint64_t offset, size_t n, struct buf *ret)
{
	struct mailbox_node node;
	enum err err = mailbox_load_node(m, ino, &node);

	lock_acquire(&m->lock);
	m->reads_n++;
	unsigned delay_ms = ino == m->held_ino ? HELD_MS : 0;
	lock_drop(&m->lock);
	usleep(delay_ms * 1000);
	if (err)
		return err;
	return node.is_dir ? ERR_IS_DIR : print_content(&node, offset, n, ret);
}

/* The file behind that one; 0 when it is the last. */
static uint64_t next_file(struct mailbox *m, uint64_t ino)
{
	uint64_t next = 0, parent = 0;

	lock_acquire(&m->lock);
	for (uint64_t i = 0; i < m->entries_n && !next; i++) {
		const struct entry *entry = &m->entries[i];
		if (entry->is_dead)
			continue;
		if (parent && entry->parent == parent)
			next = entry->ino;
		if (entry->ino == ino)
			parent = entry->parent;
	}
	lock_drop(&m->lock);
	return next;
}

enum err mailbox_each_piece(struct mailbox *m, uint64_t ino, mailbox_piece_fn fn, void *ctx)
{
	bool more = true;
	enum err err = ERR_OK;

	while (!err && more && (ino = next_file(m, ino))) {
		AUTO(buf) struct buf bytes = { 0 };
		struct mailbox_node node;
		err = mailbox_load_node(m, ino, &node);
		if (!err)
			err = print_content(&node, 0, PIECE_BYTES, &bytes);
		const struct mailbox_piece piece = { ino, 0, bytes.bytes, bytes.len };
		more = !err && fn(ctx, &piece);
	}
	return err;
}

enum err mailbox_load_attrs(struct mailbox *m, uint64_t ino, struct buf *set)
{
	struct mailbox_node node;
	enum err err = mailbox_load_node(m, ino, &node);

	lock_acquire(&m->lock);
	m->attrs_n++;
	lock_drop(&m->lock);
	if (!err)
		err = attr_put_int(set, ATTR_SIZE, (int64_t)node.size);
	if (!err)
		err = attr_put(set, ATTR_SUBJECT, "Grüße & more");
	return err;
}

enum err mailbox_load_totals(struct mailbox *m, struct mailbox_totals *ret)
{
	(void)m;
	*ret = (struct mailbox_totals){ .bytes = 4096 * 1000 + 1, .files_n = 20021 };
	return ERR_OK;
}

void mailbox_forget(struct mailbox *m, const uint64_t *inos, size_t n)
{
	(void)inos;
	lock_acquire(&m->lock);
	m->forgets_n += n;
	lock_drop(&m->lock);
}

static unsigned count_parked_locked(const struct mailbox *m) REQUIRES(&m->lock);

static unsigned count_parked_locked(const struct mailbox *m)
{
	unsigned n = 0;

	for (const struct command *c = m->commands; c; c = c->next)
		n += c->is_parked && !c->is_forgotten;
	return n;
}

/* The same number on every line shows that a reader has one snapshot. */
enum err mailbox_print_status(struct mailbox *m, uint64_t dir, enum mailbox_view view,
			      struct buf *ret)
{
	lock_acquire(&m->lock);
	unsigned long snapshot = ++m->snapshots_n;
	enum err err = buf_printf(ret,
				  "folder: %llu\nview: %d\nlookups: %lu\nloads: %lu\nlists: %lu\n"
				  "reads: %lu\nattrs: %lu\nforgets: %lu\nparked: %u\n",
				  (unsigned long long)dir, view, m->lookups_n, m->loads_n,
				  m->lists_n, m->reads_n, m->attrs_n, m->forgets_n,
				  count_parked_locked(m));
	lock_drop(&m->lock);
	for (unsigned i = 0; !err && i < snapshot % 500 + 10; i++)
		err = buf_printf(ret, "snapshot: %lu\n", snapshot);
	return err;
}

/* --- commands --- */

static struct mailbox_change swap_locked(struct mailbox *m, struct entry *entry) REQUIRES(&m->lock);

static struct mailbox_change swap_locked(struct mailbox *m, struct entry *entry)
{
	struct mailbox_node *old = &m->nodes[entry->ino];

	old->is_buried = true;
	entry->ino = add_node(m, entry->parent, false, old->size + 1);
	m->nodes[entry->parent].mtime_ns = now_after(m->nodes[entry->parent].mtime_ns);
	m->nodes[entry->parent].ctime_ns = m->nodes[entry->parent].mtime_ns;
	return (struct mailbox_change){ .kind = MAILBOX_ENTRY_SWAPPED,
					.parent = entry->parent,
					.ino = entry->ino,
					.name = entry->name };
}

static struct mailbox_change change_locked(struct mailbox *m, const char *verb, uint64_t dir,
					   const char *name, struct entry *entry)
	REQUIRES(&m->lock);

/* add, remove, swap, flag */
static struct mailbox_change change_locked(struct mailbox *m, const char *verb, uint64_t dir,
					   const char *name, struct entry *entry)
{
	struct mailbox_change change = { .kind = MAILBOX_ATTR_CHANGED, .parent = dir };

	if (strcmp(verb, "swap") == 0)
		return swap_locked(m, entry);
	if (strcmp(verb, "flag") == 0) {
		change.ino = entry->ino;
		m->nodes[entry->ino].ctime_ns = now_after(m->nodes[entry->ino].ctime_ns);
		return change;
	}
	if (strcmp(verb, "add") == 0) {
		entry = add_entry(m, dir, add_node(m, dir, false, 100), name);
		change.kind = MAILBOX_ENTRY_ADDED;
	} else {
		entry->is_dead = true;
		m->nodes[entry->ino].is_buried = true;
		change.kind = MAILBOX_ENTRY_REMOVED;
	}
	change.ino = entry->ino;
	change.name = entry->name;
	m->nodes[dir].mtime_ns = now_after(m->nodes[dir].mtime_ns);
	m->nodes[dir].ctime_ns = m->nodes[dir].mtime_ns;
	return change;
}

static enum err run_change(struct mailbox *m, const char *verb, uint64_t dir, const char *name)
{
	const struct mailbox_change dir_change = { .kind = MAILBOX_DIR_CHANGED, .ino = dir };

	lock_acquire(&m->lock);
	struct entry *entry = find_locked(m, dir, name);
	if (!entry && strcmp(verb, "add") != 0) {
		lock_drop(&m->lock);
		return ERR_NOT_FOUND;
	}
	const struct mailbox_change change = change_locked(m, verb, dir, name, entry);
	lock_drop(&m->lock);
	m->change(m->change_ctx, &change);
	if (change.kind != MAILBOX_ATTR_CHANGED)
		m->change(m->change_ctx, &dir_change);
	return ERR_OK;
}

/* The first n names of a directory get a new inode each. */
static enum err run_storm(struct mailbox *m, uint64_t dir, unsigned n)
{
	const struct mailbox_change dir_change = { .kind = MAILBOX_DIR_CHANGED, .ino = dir };
	bool is_ending = false;

	for (uint64_t i = 0; i < m->entries_n && n > 0 && !is_ending && m->nodes_n < NODES_MAX;
	     i++) {
		struct entry *entry = &m->entries[i];
		if (entry->parent != dir)
			continue;
		lock_acquire(&m->lock);
		const struct mailbox_change change = swap_locked(m, entry);
		is_ending = m->is_ending;
		lock_drop(&m->lock);
		m->change(m->change_ctx, &change);
		m->change(m->change_ctx, &dir_change);
		n--;
	}
	return ERR_OK;
}

static enum err run_release(struct mailbox *m, uint64_t dir)
{
	lock_acquire(&m->lock);
	for (struct command *c = m->commands; c; c = c->next)
		if (c->dir == dir && c->is_parked) {
			c->is_parked = false;
			strcpy(c->line, "update");
		}
	lock_drop(&m->lock);
	return ERR_OK;
}

static enum err set_delay(struct mailbox *m, unsigned ms)
{
	lock_acquire(&m->lock);
	m->list_delay_ms = ms;
	lock_drop(&m->lock);
	return ERR_OK;
}

static enum err set_held(struct mailbox *m, uint64_t ino)
{
	lock_acquire(&m->lock);
	m->held_ino = ino;
	lock_drop(&m->lock);
	return ERR_OK;
}

/* update, fail, release, storm N, slow MS, and VERB NAME as in change_locked() */
static enum err run_command(struct mailbox *m, uint64_t dir, const char *line)
{
	char verb[16] = "", name[112] = "";

	sscanf(line, "%15s %111[^\n]", verb, name);
	if (strcmp(verb, "update") == 0)
		return ERR_OK;
	if (strcmp(verb, "fail") == 0)
		return ERR_OFFLINE;
	if (strcmp(verb, "release") == 0)
		return run_release(m, dir);
	if (strcmp(verb, "slow") == 0)
		return set_delay(m, (unsigned)atoi(name));
	if (strcmp(verb, "hold") == 0)
		return set_held(m, (uint64_t)atoll(name));
	if (strcmp(verb, "storm") == 0)
		return run_storm(m, dir, (unsigned)atoi(name));
	return run_change(m, verb, dir, name);
}

static struct command *next_locked(struct mailbox *m) REQUIRES(&m->lock);

static struct command *next_locked(struct mailbox *m)
{
	struct command *c = m->commands;

	while (c && c->is_parked && !m->is_ending)
		c = c->next;
	return c;
}

static void end_command(struct mailbox *m, struct command *c, enum err err)
{
	lock_acquire(&m->lock);
	struct command **link = &m->commands;
	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	lock_drop(&m->lock);
	if (!c->is_forgotten)
		c->done(c->ctx, err);
	free(c);
}

static void *run(void *ctx)
{
	struct mailbox *m = ctx;

	for (;;) {
		lock_acquire(&m->lock);
		struct command *c;
		while (!(c = next_locked(m)) && !m->is_ending)
			cond_wait(&m->woken, &m->lock);
		bool is_ending = m->is_ending;
		lock_drop(&m->lock);
		if (!c)
			return NULL;
		end_command(m, c, is_ending ? ERR_CANCELLED : run_command(m, c->dir, c->line));
	}
}

enum err mailbox_start(struct mailbox *m, mailbox_change_fn fn, void *ctx)
{
	m->change = fn;
	m->change_ctx = ctx;
	m->has_thread = pthread_create(&m->thread, NULL, run, m) == 0;
	return m->has_thread ? ERR_OK : ERR_NOMEM;
}

void mailbox_stop(struct mailbox *m)
{
	if (!m->has_thread)
		return;
	lock_acquire(&m->lock);
	m->is_ending = true;
	cond_wake_all(&m->woken);
	lock_drop(&m->lock);
	pthread_join(m->thread, NULL);
	m->has_thread = false;
}

static bool is_known(const char *line)
{
	static const char *const verbs[] = { "update", "fail",	"release", "storm ",
					     "slow ",  "hold ", "park",	   "swap ",
					     "flag ",  "add ",	"remove " };

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strncmp(line, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

static bool is_busy_locked(const struct mailbox *m, uint64_t dir) REQUIRES(&m->lock);

static bool is_busy_locked(const struct mailbox *m, uint64_t dir)
{
	for (const struct command *c = m->commands; c; c = c->next)
		if (c->dir == dir && c->is_parked && !c->is_forgotten)
			return true;
	return false;
}

enum err mailbox_command(struct mailbox *m, uint64_t dir, const char *line, size_t n,
			 mailbox_done_fn done, void *ctx, uint64_t *ret_ticket)
{
	char copy[128];

	snprintf(copy, sizeof(copy), "%.*s", (int)n, line);
	if (strcmp(copy, "early") == 0) {
		*ret_ticket = 0;
		done(ctx, ERR_OK);
		return ERR_OK;
	}
	struct command *c = is_known(copy) ? calloc(1, sizeof(*c)) : NULL;
	if (!c)
		return ERR_INVALID;
	*c = (struct command){ .dir = dir, .done = done, .ctx = ctx };
	strcpy(c->line, copy);
	c->is_parked = strcmp(copy, "park") == 0;
	lock_acquire(&m->lock);
	if (is_busy_locked(m, dir) && strcmp(copy, "release") != 0) {
		lock_drop(&m->lock);
		free(c);
		return ERR_BUSY;
	}
	*ret_ticket = c->ticket = ++m->tickets_n;
	struct command **link = &m->commands;
	while (*link)
		link = &(*link)->next;
	*link = c;
	cond_wake_all(&m->woken);
	lock_drop(&m->lock);
	return ERR_OK;
}

bool mailbox_forget_command(struct mailbox *m, uint64_t ticket)
{
	bool found = false;

	lock_acquire(&m->lock);
	for (struct command *c = m->commands; c; c = c->next)
		if (c->ticket == ticket && !c->is_forgotten)
			found = c->is_forgotten = true;
	lock_drop(&m->lock);
	return found;
}

/* --- content=ondemand: everything is here --- */

bool mailbox_is_ondemand(const struct mailbox *m)
{
	(void)m;
	return false;
}

enum err mailbox_want(struct mailbox *m, uint64_t ino, mailbox_done_fn done, void *ctx,
		      uint64_t *ret_ticket)
{
	(void)m, (void)ino, (void)done, (void)ctx, (void)ret_ticket;
	return ERR_STALE;
}

bool mailbox_forget_want(struct mailbox *m, uint64_t ticket)
{
	(void)m, (void)ticket;
	return false;
}

void mailbox_note_use(struct mailbox *m, uint64_t ino)
{
	(void)m, (void)ino;
}

bool mailbox_hold_passed(struct mailbox *m, uint64_t ino)
{
	(void)m, (void)ino;
	return false;
}

void mailbox_drop_passed(struct mailbox *m, uint64_t ino)
{
	(void)m, (void)ino;
}
