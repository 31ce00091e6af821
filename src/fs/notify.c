/* SPDX-License-Identifier: MIT */
#include "fs/notify.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/log.h"
#include "fs/session.h"

/* Slots are whole events: queueing allocates nothing, so no invalidation is lost for want of
 * memory; a lost one would be a stale name for a day. Answers have slots that changes leave free:
 * a worker that puts one must not wait for a kernel that waits for the workers. */
enum { CHANGES_MAX = 1024, QUEUE_LEN = CHANGES_MAX + 512 };

struct event {
	bool is_answer;
	struct mailbox_change change; /* its name: the array below */
	char name[NAME_MAX + 1];
	struct fuse_req *req;
	enum err err;
	size_t n;
};

struct notify {
	struct fuse_session *session; /* set before the thread starts */
	pthread_t thread;
	bool has_thread, has_complained; /* has_complained: the thread's own */

	struct lock lock; /* a leaf; guards everything below */
	struct cond changed;
	struct event queue[QUEUE_LEN];
	size_t first, len;
	bool is_delivering, is_quiet, is_ending;
};

/* The kernel answers ENOENT for what it does not hold, ENOTEMPTY for a directory whose children it
 * still knows (their own notices came or will come), ENOTCONN and ENODEV when it is leaving. */
static void judge(struct notify *notify, const struct event *event, int res)
{
	if (res == 0 || res == -ENOENT || res == -ENOTEMPTY || res == -ENOTCONN || res == -ENODEV)
		return;
	if (!notify->has_complained)
		log_warning("the kernel refuses a notice on inode %llu: %s; it may show it as it "
			    "was for a day",
			    (unsigned long long)event->change.ino, strerror(-res));
	notify->has_complained = true;
}

/*
 * A directory: attributes only, which is enough since its mtime has moved, and the kernel compares
 * that before it uses a kept listing. (With length 0 from offset 0 a listing read half way would
 * never be kept again.) A changed flag: attributes only, too; the pages stay.
 * A new name: the kernel keeps no negative entries, so there is nothing to take back.
 */
static int send(struct notify *notify, const struct event *event)
{
	const struct mailbox_change *change = &event->change;

	switch (change->kind) {
	case MAILBOX_ENTRY_ADDED: return 0;
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

static void deliver(struct notify *notify, const struct event *event)
{
	if (!event->is_answer)
		judge(notify, event, send(notify, event));
	else if (event->err)
		fuse_reply_err(event->req, err_to_errno(event->err));
	else
		fuse_reply_write(event->req, event->n);
}

/* The next one, waiting for it; false at the end. What came before is delivered. */
static bool next(struct notify *notify, struct event *ret)
{
	bool found = false;

	lock_acquire(&notify->lock);
	notify->is_delivering = false;
	cond_wake_all(&notify->changed);
	while (!found) {
		while (notify->len == 0 && !notify->is_ending)
			cond_wait(&notify->changed, &notify->lock);
		if (notify->len == 0)
			break;
		*ret = notify->queue[notify->first];
		notify->first = (notify->first + 1) % QUEUE_LEN;
		notify->len--;
		found = ret->is_answer || !notify->is_quiet;
		notify->is_delivering = found;
	}
	cond_wake_all(&notify->changed);
	lock_drop(&notify->lock);
	return found;
}

static void *run(void *ctx)
{
	struct notify *notify = ctx;
	struct event event;

	while (next(notify, &event))
		deliver(notify, &event);
	return NULL;
}

static void put(struct notify *notify, const struct event *event)
{
	size_t max = event->is_answer ? QUEUE_LEN : CHANGES_MAX;

	lock_acquire(&notify->lock);
	while (notify->len >= max && (event->is_answer || !notify->is_quiet))
		cond_wait(&notify->changed, &notify->lock);
	if (event->is_answer || !notify->is_quiet) {
		notify->queue[(notify->first + notify->len) % QUEUE_LEN] = *event;
		notify->len++;
		cond_wake_all(&notify->changed);
	}
	lock_drop(&notify->lock);
}

void notify_put_change(struct notify *notify, const struct mailbox_change *change)
{
	struct event event = { .change = *change };

	/* No longer name was ever shown. */
	if (change->name && strlen(change->name) > NAME_MAX)
		return;
	if (change->name)
		memcpy(event.name, change->name, strlen(change->name) + 1);
	event.change.name = NULL;
	put(notify, &event);
}

void notify_put_answer(struct notify *notify, struct fuse_req *req, enum err err, size_t n)
{
	const struct event event = { .is_answer = true, .req = req, .err = err, .n = n };

	put(notify, &event);
}

void notify_quiet(struct notify *notify)
{
	lock_acquire(&notify->lock);
	notify->is_quiet = true;
	cond_wake_all(&notify->changed);
	while (notify->is_delivering)
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

enum err notify_start(struct notify *notify, struct fuse_session *session)
{
	notify->session = session;
	int no = pthread_create(&notify->thread, NULL, run, notify);
	notify->has_thread = no == 0;
	return err_from_errno(no);
}

void notify_release(struct notify **notify)
{
	struct notify *n = *notify;

	if (!n)
		return;
	lock_acquire(&n->lock);
	n->is_ending = true;
	cond_wake_all(&n->changed);
	lock_drop(&n->lock);
	if (n->has_thread)
		pthread_join(n->thread, NULL);
	cond_destroy(&n->changed);
	lock_destroy(&n->lock);
	free(n);
	*notify = NULL;
}
