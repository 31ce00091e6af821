/* SPDX-License-Identifier: MIT */
#include "fs/push.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fs/handle.h"
#include "fs/session.h"

/*
 * A reader in the page cache is faster than we are: it soon meets what is not there yet and asks
 * for that one itself. The teller then goes on behind it, since everything before is of no use any
 * more.
 */
enum {
	LOADS_N = 8,
	LOAD_BYTES = 256 << 10,
	PIECES_MAX = 256,
	AHEAD_MIN = 512 << 10,
	AHEAD_NEXT = 4 << 20, /* at most, in a directory after another */
	AHEAD_MAX = 64 << 20,
	PAGE_BYTES = 4096, /* to count */
};

struct piece {
	uint64_t ino, offset;
	size_t at, n;
};

/* Pieces of files, one behind the other. */
struct load {
	struct piece pieces[PIECES_MAX];
	size_t pieces_n, len;
	uint64_t loaded_n; /* pieces before these, since the mount began */
	char bytes[LOAD_BYTES];
};

struct push {
	struct mailbox *mailbox;
	struct fuse_session *session;
	pthread_t loader, teller;
	bool has_loader, has_teller;
	_Atomic uint64_t asked;		  /* the file that a READ was last about */
	atomic_bool is_waiting;		  /* the loader, for another */
	_Atomic uint64_t pages_n, hits_n; /* that the kernel took; that were read */

	struct lock lock; /* a leaf; guards everything below but the loads in use */
	struct cond changed;
	bool is_quiet, is_telling;
	size_t first, full_n; /* of the loads: those that wait for the teller */
	struct load loads[LOADS_N];
};

/* --- the teller --- */

static struct load *take_full(struct push *push)
{
	struct load *load = NULL;

	lock_acquire(&push->lock);
	push->is_telling = false;
	cond_wake_all(&push->changed);
	while (!push->is_quiet && push->full_n == 0)
		cond_wait(&push->changed, &push->lock);
	if (!push->is_quiet) {
		load = &push->loads[push->first];
		push->is_telling = true;
	}
	lock_drop(&push->lock);
	return load;
}

static void give_back(struct push *push)
{
	lock_acquire(&push->lock);
	push->first = (push->first + 1) % LOADS_N;
	push->full_n--;
	cond_wake_all(&push->changed);
	lock_drop(&push->lock);
}

/* Where to go on: behind the file that the reader asks for, if it has come that far. */
static size_t skip(const struct load *load, size_t i, uint64_t asked)
{
	for (size_t j = load->pieces_n; j > i; j--) {
		if (load->pieces[j - 1].ino == asked)
			return j;
	}
	return i;
}

/* ENOENT: the kernel does not know the file, nobody has listed it. */
static void tell(struct push *push, struct load *load, const struct piece *piece)
{
	struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(piece->n);

	bytes.buf[0].mem = load->bytes + piece->at;
	if (fuse_lowlevel_notify_store(push->session, piece->ino, (off_t)piece->offset, &bytes,
				       0) != 0)
		return;
	push->pages_n += (piece->n + PAGE_BYTES - 1) / PAGE_BYTES;
}

static void *tell_all(void *ctx)
{
	struct push *push = ctx;
	struct load *load;
	uint64_t seen = 0;

	handle_take_own(fuse_session_fd(push->session));
	while ((load = take_full(push))) {
		for (size_t i = 0; i < load->pieces_n; i++) {
			uint64_t asked = push->asked;
			if (asked != seen)
				i = skip(load, i, asked);
			seen = asked;
			if (i < load->pieces_n)
				tell(push, load, &load->pieces[i]);
		}
		give_back(push);
	}
	return NULL;
}

/* --- the loader --- */

/* An empty one; NULL at the end. */
static struct load *take_empty(struct push *push)
{
	struct load *load = NULL;

	lock_acquire(&push->lock);
	while (!push->is_quiet && push->full_n == LOADS_N)
		cond_wait(&push->changed, &push->lock);
	if (!push->is_quiet)
		load = &push->loads[(push->first + push->full_n) % LOADS_N];
	lock_drop(&push->lock);
	if (load)
		load->pieces_n = load->len = 0;
	return load;
}

static void put_full(struct push *push)
{
	lock_acquire(&push->lock);
	push->full_n++;
	cond_wake_all(&push->changed);
	lock_drop(&push->lock);
}

/* Takes whole files, but for one that does not fit by itself: of that the first part. */
static bool add_piece(void *ctx, const struct mailbox_piece *piece)
{
	struct load *load = ctx;

	if (load->pieces_n == PIECES_MAX || piece->n > LOAD_BYTES - load->len)
		return false;
	load->pieces[load->pieces_n++] = (struct piece){ piece->ino, piece->offset, load->len,
							 piece->n };
	memcpy(load->bytes + load->len, piece->bytes, piece->n);
	load->len += piece->n;
	return true;
}

/* The READ of a file other than that; 0 at the end. */
static uint64_t wait_for_read(struct push *push, uint64_t than)
{
	lock_acquire(&push->lock);
	push->is_waiting = true;
	while (!push->is_quiet && push->asked == than)
		cond_wait(&push->changed, &push->lock);
	push->is_waiting = false;
	uint64_t asked = push->is_quiet ? 0 : push->asked;
	lock_drop(&push->lock);
	return asked;
}

/* A reader who goes through a directory, and what was loaded for it. */
struct scan {
	uint64_t asked;		   /* the file that it asked for last */
	uint64_t read_n, loaded_n; /* pieces up to that one, and up to the last one loaded */
	uint64_t last, next;	   /* the last file loaded, and the one behind that, if known */
	size_t ahead;		   /* bytes to load before it is its turn again */
	bool is_at_end;		   /* nothing in the directory is behind those */
	uint64_t pages_n;	   /* pushed before, and counted as read or not */
};

/* The number of pieces up to that file if it is among those loaded last, else 0. */
static uint64_t count_to(const struct push *push, uint64_t ino)
{
	for (size_t n = 0; n < LOADS_N; n++) {
		const struct load *load = &push->loads[n];
		size_t i = skip(load, 0, ino);
		if (i > 0)
			return load->loaded_n + i;
	}
	return 0;
}

/* False when the reader is not where we expect it: it went back, or into another directory. */
static bool go_on(struct push *push, struct scan *scan, uint64_t asked)
{
	uint64_t read_n = count_to(push, asked);

	if (asked == scan->next) {
		scan->last = asked;
		scan->read_n = scan->loaded_n;
		scan->ahead = scan->ahead < AHEAD_MAX ? 2 * scan->ahead : AHEAD_MAX;
		push->hits_n += push->pages_n - scan->pages_n;
		scan->pages_n = push->pages_n;
	} else if (read_n > scan->read_n) {
		scan->read_n = read_n;
	} else {
		return false;
	}
	scan->asked = asked;
	return true;
}

/* Where all of a directory was loaded, the next one probably is wanted in the same way. */
static void begin(struct push *push, struct scan *scan, uint64_t asked)
{
	if (!scan->is_at_end)
		scan->ahead = AHEAD_MIN;
	else if (scan->ahead > AHEAD_NEXT)
		scan->ahead = AHEAD_NEXT;
	scan->asked = scan->last = asked;
	scan->read_n = scan->loaded_n;
	scan->pages_n = push->pages_n;
}

static bool note_next(void *ctx, const struct mailbox_piece *piece)
{
	uint64_t *next = ctx;

	*next = piece->ino;
	return false;
}

/* 0 when there is nothing more. */
static size_t load_more(struct push *push, struct scan *scan)
{
	struct load *load = take_empty(push);

	if (!load || mailbox_each_piece(push->mailbox, scan->last, add_piece, load))
		return 0;
	scan->is_at_end = load->pieces_n == 0;
	if (scan->is_at_end)
		return 0;
	load->loaded_n = scan->loaded_n;
	scan->loaded_n += load->pieces_n;
	scan->last = load->pieces[load->pieces_n - 1].ino;
	size_t n = load->len;
	put_full(push);
	return n;
}

/* Whoever asks meanwhile for what is loaded is close behind us: there is no reason to stop yet. */
static void load_ahead(struct push *push, struct scan *scan)
{
	scan->next = 0;
	scan->is_at_end = false;
	for (size_t done = 0; done < scan->ahead;) {
		size_t n = load_more(push, scan);
		if (n == 0)
			return;
		uint64_t asked = push->asked;
		if (asked == scan->asked)
			done += n;
		else if (go_on(push, scan, asked))
			done = 0;
		else
			return;
	}
	if (mailbox_each_piece(push->mailbox, scan->last, note_next, &scan->next))
		scan->next = 0;
}

static bool is_told(struct push *push)
{
	lock_acquire(&push->lock);
	bool is_told = push->full_n == 0;
	lock_drop(&push->lock);
	return is_told;
}

static void *load_all(void *ctx)
{
	struct push *push = ctx;
	struct scan scan = { .ahead = AHEAD_MIN };
	uint64_t asked;

	while ((asked = wait_for_read(push, scan.asked))) {
		/* The kernel was told of all, and seems to have dropped it since. */
		bool is_dropped = scan.is_at_end && is_told(push);
		if (is_dropped || !go_on(push, &scan, asked))
			begin(push, &scan, asked);
		load_ahead(push, &scan);
	}
	return NULL;
}

/* --- for the others --- */

void push_note_read(struct push *push, uint64_t ino)
{
	push->asked = ino;
	if (!push->is_waiting)
		return;
	lock_acquire(&push->lock);
	cond_wake_all(&push->changed);
	lock_drop(&push->lock);
}

void push_quiet(struct push *push)
{
	lock_acquire(&push->lock);
	push->is_quiet = true;
	cond_wake_all(&push->changed);
	while (push->is_telling)
		cond_wait(&push->changed, &push->lock);
	lock_drop(&push->lock);
}

enum err push_print_metrics(const struct push *push, struct buf *ret)
{
	return buf_printf(
		ret,
		"# HELP ewsfs_pushed_pages_total Pages given to the kernel before it asked.\n"
		"# TYPE ewsfs_pushed_pages_total counter\n"
		"ewsfs_pushed_pages_total %llu\n"
		"# HELP ewsfs_pushed_pages_hits_total Those of them known to have been read.\n"
		"# TYPE ewsfs_pushed_pages_hits_total counter\n"
		"ewsfs_pushed_pages_hits_total %llu\n",
		(unsigned long long)push->pages_n, (unsigned long long)push->hits_n);
}

enum err push_open(struct mailbox *mailbox, struct push **ret)
{
	struct push *push = calloc(1, sizeof(*push));

	if (!push)
		return ERR_NOMEM;
	push->mailbox = mailbox;
	lock_init(&push->lock);
	cond_init(&push->changed);
	*ret = push;
	return ERR_OK;
}

enum err push_start(struct push *push, struct fuse_session *session)
{
	push->session = session;
	int no = pthread_create(&push->teller, NULL, tell_all, push);
	push->has_teller = no == 0;
	if (no == 0)
		no = pthread_create(&push->loader, NULL, load_all, push);
	push->has_loader = no == 0;
	return err_from_errno(no);
}

void push_release(struct push **push)
{
	struct push *p = *push;

	if (!p)
		return;
	push_quiet(p);
	if (p->has_loader)
		pthread_join(p->loader, NULL);
	if (p->has_teller)
		pthread_join(p->teller, NULL);
	cond_destroy(&p->changed);
	lock_destroy(&p->lock);
	free(p);
	*push = NULL;
}
