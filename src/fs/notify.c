/* SPDX-License-Identifier: MIT */
#include "fs/notify.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "fs/handle.h"
#include "fs/ops.h"
#include "fs/session.h"

/*
 * Two threads in a row: `notices` tells the kernel and hands the answers on, in order, to
 * `answers`, which sends them.
 *
 * They are two because the first has a handle of its own (handle.h), and the kernel takes an answer
 * only by the handle that its request came by.
 *
 * Slots are whole events: queueing allocates nothing, so no invalidation is lost for want of
 * memory; a lost one would be a stale name for a day. Answers have slots that changes leave free:
 * a worker that puts one must not wait for a kernel that waits for the workers.
 */
enum { CHANGES_MAX = 512, QUEUE_LEN = CHANGES_MAX + 256 };

enum kind { CHANGE, ANSWER, OPENED, COMPLAINT };

struct event {
	enum kind kind;
	struct mailbox_change change; /* its name: the array below */
	char name[NAME_MAX + 1];
	struct fuse_req *req;
	enum err err;
	size_t n;
	bool is_passed; /* of an open, whose inode is that of the change */
	int res;	/* of a notice that failed */
};

struct lane {
	pthread_t thread;
	bool has_thread;
	/* guarded by the lock of struct notify */
	struct event slots[QUEUE_LEN];
	size_t first, len;
	bool is_busy, is_ending;
};

struct notify {
	struct fuse_session *session; /* set before the threads start */
	bool has_complained;	      /* of the notices' thread alone */

	struct lock lock; /* a leaf; guards the lanes and everything below */
	struct cond changed;
	struct lane notices, answers;
	bool is_quiet;
};

/* --- the queue --- */

/* The next one, waiting for it; false at the end. What came before is dealt with. */
static bool next(struct notify *notify, struct lane *lane, struct event *ret)
{
	bool found = false;

	lock_acquire(&notify->lock);
	lane->is_busy = false;
	cond_wake_all(&notify->changed);
	while (!found) {
		while (lane->len == 0 && !lane->is_ending)
			cond_wait(&notify->changed, &notify->lock);
		if (lane->len == 0)
			break;
		*ret = lane->slots[lane->first];
		lane->first = (lane->first + 1) % QUEUE_LEN;
		lane->len--;
		found = ret->kind != CHANGE || !notify->is_quiet;
		lane->is_busy = found;
	}
	cond_wake_all(&notify->changed);
	lock_drop(&notify->lock);
	return found;
}

static void put(struct notify *notify, struct lane *lane, const struct event *event)
{
	bool may_drop = event->kind == CHANGE;
	size_t max = may_drop ? CHANGES_MAX : QUEUE_LEN;

	lock_acquire(&notify->lock);
	while (lane->len >= max && !(may_drop && notify->is_quiet))
		cond_wait(&notify->changed, &notify->lock);
	if (!(may_drop && notify->is_quiet)) {
		lane->slots[(lane->first + lane->len) % QUEUE_LEN] = *event;
		lane->len++;
		cond_wake_all(&notify->changed);
	}
	lock_drop(&notify->lock);
}

/* --- notices --- */

/*
 * A directory: attributes only, which is enough since its mtime has moved, and the kernel compares
 * that before it uses a kept listing. (With length 0 from offset 0 a listing read half way would
 * never be kept again.) A changed flag: attributes only, too; the pages stay.
 */
static int send(struct notify *notify, const struct event *event)
{
	const struct mailbox_change *change = &event->change;

	switch (change->kind) {
	case MAILBOX_ENTRY_ADDED: break; /* never queued */
	case MAILBOX_ENTRY_SWAPPED:
		return fuse_lowlevel_notify_inval_entry(notify->session, change->parent,
							event->name, strlen(event->name));
	case MAILBOX_ENTRY_REMOVED:
		return fuse_lowlevel_notify_delete(notify->session, change->parent, change->ino,
						   event->name, strlen(event->name));
	case MAILBOX_ATTR_CHANGED:
	case MAILBOX_DIR_CHANGED:
		return fuse_lowlevel_notify_inval_inode(notify->session, change->ino, -1, 0);
	}
	return 0;
}

/* The kernel answers ENOENT for what it does not hold, ENOTEMPTY for a directory whose children it
 * still knows (their own notices came or will come), ENOTCONN and ENODEV when it is leaving. */
static bool is_failure(int res)
{
	return res != 0 && res != -ENOENT && res != -ENOTEMPTY && res != -ENOTCONN &&
	       res != -ENODEV;
}

static void *tell_kernel(void *ctx)
{
	struct notify *notify = ctx;
	struct event event;

	handle_take_own(fuse_session_fd(notify->session));
	while (next(notify, &notify->notices, &event)) {
		if (event.kind == CHANGE) {
			event.res = send(notify, &event);
			if (!is_failure(event.res) || notify->has_complained)
				continue;
			notify->has_complained = true;
			event.kind = COMPLAINT;
		}
		put(notify, &notify->answers, &event);
	}
	return NULL;
}

/* --- answers --- */

static void *send_answers(void *ctx)
{
	struct notify *notify = ctx;
	struct event event;

	while (next(notify, &notify->answers, &event)) {
		if (event.kind == COMPLAINT)
			log_warning("the kernel refuses a notice on inode %llu: %s; it may show it "
				    "as it was for a day",
				    (unsigned long long)event.change.ino, strerror(-event.res));
		else if (event.err)
			fuse_reply_err(event.req, err_to_errno(event.err));
		else if (event.kind == OPENED)
			open_reply(event.req, event.change.ino, event.is_passed);
		else
			fuse_reply_write(event.req, event.n);
	}
	return NULL;
}

/* --- for the others --- */

void notify_put_change(struct notify *notify, const struct mailbox_change *change)
{
	struct event event = { .kind = CHANGE, .change = *change };

	/* The kernel keeps no negative entries: a new name takes nothing back; and no longer name
	 * was ever shown. */
	if (change->kind == MAILBOX_ENTRY_ADDED ||
	    (change->name && strlen(change->name) > NAME_MAX))
		return;
	if (change->name)
		memcpy(event.name, change->name, strlen(change->name) + 1);
	event.change.name = NULL;
	put(notify, &notify->notices, &event);
}

void notify_put_answer(struct notify *notify, struct fuse_req *req, enum err err, size_t n)
{
	const struct event event = { .kind = ANSWER, .req = req, .err = err, .n = n };

	put(notify, &notify->notices, &event);
}

void notify_put_open(struct notify *notify, struct fuse_req *req, enum err err, uint64_t ino,
		     bool is_passed)
{
	const struct event event = {
		.kind = OPENED, .change.ino = ino, .req = req, .err = err, .is_passed = is_passed
	};

	put(notify, &notify->notices, &event);
}

void notify_quiet(struct notify *notify)
{
	lock_acquire(&notify->lock);
	notify->is_quiet = true;
	cond_wake_all(&notify->changed);
	while (notify->notices.is_busy)
		cond_wait(&notify->changed, &notify->lock);
	lock_drop(&notify->lock);
}

enum err notify_open(struct notify **ret)
{
	struct notify *notify = calloc(1, sizeof(*notify));

	if (!notify)
		return ERR_NOMEM;
	lock_init(&notify->lock);
	cond_init(&notify->changed);
	*ret = notify;
	return ERR_OK;
}

static enum err start(struct notify *notify, struct lane *lane, void *(*run)(void *ctx))
{
	int no = pthread_create(&lane->thread, NULL, run, notify);

	lane->has_thread = no == 0;
	return err_from_errno(no);
}

static void stop(struct notify *notify, struct lane *lane)
{
	lock_acquire(&notify->lock);
	lane->is_ending = true;
	cond_wake_all(&notify->changed);
	lock_drop(&notify->lock);
	if (lane->has_thread)
		pthread_join(lane->thread, NULL);
}

enum err notify_start(struct notify *notify, struct fuse_session *session)
{
	notify->session = session;
	enum err err = start(notify, &notify->answers, send_answers);
	return err ? err : start(notify, &notify->notices, tell_kernel);
}

void notify_release(struct notify **notify)
{
	struct notify *n = *notify;

	if (!n)
		return;
	stop(n, &n->notices);
	stop(n, &n->answers);
	cond_destroy(&n->changed);
	lock_destroy(&n->lock);
	free(n);
	*notify = NULL;
}
