/* SPDX-License-Identifier: MIT */
#include "sync/sync.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"

enum { ROOT_INO = 1 };
enum { BUSY_MS = 10 * 1000, BUSY_STEP_MS = 100 };

/* The cache file: where it lies, whose it is, and what becomes of a damaged one. */

static enum err say_errno(struct buf *reason, const char *path)
{
	int no = errno;

	if (buf_printf(reason, "%s: %s", path, strerror(no)))
		return ERR_NOMEM;
	return err_from_errno(no);
}

/* Makes the directories above the file that are not there, for us alone. */
static enum err make_dirs(const char *path, struct buf *reason)
{
	AUTO(str) char *dir = NULL;

	enum err err = text_copy(path, &dir);
	for (char *at = dir; !err && at && (at = strchr(at + 1, '/'));) {
		*at = '\0';
		if (mkdir(dir, 0700) != 0 && errno != EEXIST)
			err = say_errno(reason, dir);
		*at = '/';
	}
	return err;
}

/* "user@host": what the file is bound to. The port and the path may change. */
static enum err print_owner(const struct account *account, struct buf *ret)
{
	const char *at = strstr(account->url, "://");
	const char *authority = at ? at + 3 : account->url;
	const char *end = authority + strcspn(authority, "/?#");
	const char *host = memrchr(authority, '@', (size_t)(end - authority));
	size_t user_n = host ? strcspn(authority, ":@") : 0;

	enum err err = account->user ? buf_append_str(ret, account->user)
				     : buf_append(ret, authority, user_n);
	if (!err)
		err = buf_append_char(ret, '@');
	host = host ? host + 1 : authority;
	bool in_brackets = false;
	for (; !err && host < end && (in_brackets || *host != ':'); host++) {
		in_brackets = *host == '[' || (in_brackets && *host != ']');
		bool is_upper = *host >= 'A' && *host <= 'Z';
		err = buf_append_char(ret, (char)(is_upper ? *host - 'A' + 'a' : *host));
	}
	return err;
}

static enum err rename_part(const char *path, const char *part, const char *stamp,
			    struct buf *reason)
{
	AUTO(buf) struct buf from = { 0 }, to = { 0 };

	FAULT("cache.aside");
	enum err err = buf_printf(&from, "%s%s", path, part);
	if (!err)
		err = buf_printf(&to, "%s.damaged-%s%s", path, stamp, part);
	if (!err && rename(buf_str(&from), buf_str(&to)) != 0 && errno != ENOENT)
		err = say_errno(reason, buf_str(&to));
	return err;
}

/* Out of the way, and never deleted: somebody may want to look at it. */
static enum err set_aside(const char *path, const char *damage, struct buf *reason)
{
	time_t now = clock_wall_ns() / NS_PER_S;
	char stamp[32];
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
	enum err err = rename_part(path, "-wal", stamp, reason);
	if (!err)
		err = rename_part(path, "-shm", stamp, reason);
	if (!err)
		err = rename_part(path, "", stamp, reason);
	FAULT("cache.aside");
	if (!err)
		store_forget_damage(path);
	if (!err)
		log_warning("%s: damaged (%s), kept as %s.damaged-%s, fetching everything anew",
			    path, damage, path, stamp);
	return err;
}

/* Another mount that is just ending lets go of it soon. */
static enum err open_patiently(const char *path, struct store **ret, struct buf *reason)
{
	int64_t give_up_ms = clock_boot_ms() + BUSY_MS;
	enum err err;

	for (;;) {
		buf_clear(reason);
		err = store_open(path, STORE_WRITER, ret, reason);
		if (err != ERR_BUSY || clock_boot_ms() >= give_up_ms)
			return err;
		usleep((useconds_t)clock_real_ms(BUSY_STEP_MS) * 1000);
	}
}

/* What a mount cannot do without: damage there shows now. */
static enum err probe(struct store *store)
{
	AUTO(folders) struct folders folders = { 0 };
	struct store_tally tally;
	struct store_node root;

	enum err err = store_load_node(store, ROOT_INO, &root);
	if (!err)
		err = store_load_folders(store, &folders);
	if (!err)
		err = store_load_tally(store, ROOT_INO, true, &tally);
	return err == ERR_NOT_FOUND ? ERR_DAMAGED : err;
}

/* Opens it for the account. On failure *reason says why. */
static enum err open_bound(const struct account *account, struct store **ret, struct buf *reason)
{
	AUTO(store) struct store *store = NULL;
	AUTO(buf) struct buf owner = { 0 };

	enum err err = open_patiently(account->cache, &store, reason);
	if (!err && store_is_damaged(store)) {
		err = buf_append_str(reason, "met while it was in use");
		return err ? err : ERR_DAMAGED;
	}
	if (!err)
		err = print_owner(account, &owner);
	if (!err)
		err = store_claim(store, buf_str(&owner), account->mtime, reason);
	if (!err)
		err = probe(store);
	if (!err)
		*ret = give(store);
	else if (store && reason->len == 0 && buf_append_str(reason, store_reason(store)))
		err = ERR_NOMEM;
	return err;
}

enum err sync_open_cache(const struct account *account, struct store **ret, struct buf *reason)
{
	AUTO(buf) struct buf why = { 0 };

	enum err err = make_dirs(account->cache, reason);
	if (err)
		return err;
	err = open_bound(account, ret, &why);
	if (err == ERR_DAMAGED) {
		err = set_aside(account->cache, buf_str(&why), reason);
		buf_clear(&why);
		if (!err)
			err = open_bound(account, ret, &why);
	}
	if (err && reason->len == 0 && buf_append_str(reason, buf_str(&why)))
		err = ERR_NOMEM;
	return err;
}
