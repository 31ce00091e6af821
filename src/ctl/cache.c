/* SPDX-License-Identifier: MIT */
#include "ctl/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/text.h"
#include "ctl/ctl.h"
#include "ctl/login.h"

/* ewsctl rebuild, ewsctl forget. */

/* What SQLite keeps beside a database, which belongs to it by name. */
static const char *const parts[] = { "", "-wal", "-shm", "-journal" };

void cache_release(struct cache *cache)
{
	str_release(&cache->path);
	str_release(&cache->old);
	fd_release(&cache->lock_fd);
}

/* --- which one --- */

/* As ewsfs does. */
static enum err put_directory(struct buf *path, struct buf *reason)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (xdg && *xdg == '/')
		return buf_printf(path, "%s/ewsfs/", xdg);
	if (home && *home == '/')
		return buf_printf(path, "%s/.cache/ewsfs/", home);
	if (geteuid() == 0)
		return buf_append_str(path, "/var/cache/ewsfs/");
	return buf_refuse(reason, ERR_INVALID,
			  "no place to look for caches: set HOME or give a file");
}

static bool is_path(const char *account)
{
	size_t n = strlen(account);

	return strchr(account, '/') || (n > 3 && strcmp(account + n - 3, ".db") == 0);
}

enum err cache_find(const char *account, struct cache *ret, struct buf *reason)
{
	AUTO(cache) struct cache cache = CACHE_INIT;
	AUTO(buf) struct buf path = { 0 }, old = { 0 };
	enum err err = ERR_OK;

	if (!*account)
		return buf_refuse(reason, ERR_INVALID, "give the name of a cache, as user@host");
	cache.is_by_name = !is_path(account);
	if (cache.is_by_name)
		err = put_directory(&path, reason);
	if (!err)
		err = buf_printf(&path, "%s%s", account, cache.is_by_name ? ".db" : "");
	if (!err)
		err = buf_printf(&old, "%s.old", path.bytes);
	if (!err)
		err = buf_give(&path, &cache.path);
	if (!err)
		err = buf_give(&old, &cache.old);
	if (err)
		return err;
	*ret = cache;
	cache = (struct cache)CACHE_INIT;
	return ERR_OK;
}

/* --- the lock --- */

static enum err check_file(const struct cache *cache, int fd, struct buf *reason)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return buf_refuse(reason, err_from_errno(errno), "%s: %s", cache->path,
				  strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		return buf_refuse(reason, ERR_INVALID, "%s is not a file of yours", cache->path);
	return ERR_OK;
}

/* After the lock: looking into the file opens and closes it, which a flock of ours survives. */
static enum err check_ours(const struct cache *cache, struct buf *reason)
{
	if (cache->is_by_name || cache_is_one(cache->path))
		return ERR_OK;
	return buf_refuse(reason, ERR_INVALID, "%s is not a cache of ewsfs", cache->path);
}

enum err cache_lock(struct cache *cache, struct buf *reason)
{
	AUTO(fd)
	int fd = open(cache->path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return buf_refuse(
			reason, ERR_NOT_FOUND,
			"%s: there is no such cache: give its name (user@host) or its file",
			cache->path);
	if (fd < 0)
		return buf_refuse(reason, err_from_errno(errno), "%s: %s", cache->path,
				  strerror(errno));
	enum err err = check_file(cache, fd, reason);
	if (!err && flock(fd, LOCK_EX | LOCK_NB) != 0)
		err = buf_refuse(reason, ERR_BUSY,
				 "%s is in use: unmount it first (fusermount3 -u DIR)",
				 cache->path);
	if (!err)
		err = check_ours(cache, reason);
	if (err)
		return err;
	cache->lock_fd = fd;
	fd = -1;
	return ERR_OK;
}

/* --- its files --- */

/* The database first: what lies beside none is thrown away by SQLite when a new one is made. */
enum err cache_remove(const char *path, struct buf *reason)
{
	AUTO(buf) struct buf part = { 0 };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(parts); i++) {
		buf_clear(&part);
		err = buf_printf(&part, "%s%s", path, parts[i]);
		if (!err && unlink(part.bytes) != 0 && errno != ENOENT)
			err = buf_refuse(reason, err_from_errno(errno), "%s: %s", part.bytes,
					 strerror(errno));
	}
	return err;
}

enum err cache_rename(const char *from, const char *to, struct buf *reason)
{
	AUTO(buf) struct buf source = { 0 }, target = { 0 };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(parts); i++) {
		buf_clear(&source);
		buf_clear(&target);
		err = buf_printf(&source, "%s%s", from, parts[i]);
		if (!err)
			err = buf_printf(&target, "%s%s", to, parts[i]);
		if (!err && rename(source.bytes, target.bytes) != 0 && errno != ENOENT)
			err = buf_refuse(reason, err_from_errno(errno), "%s: %s", source.bytes,
					 strerror(errno));
	}
	return err;
}

/* What ewsfs makes beside a damaged cache, and its marks of damage. */
static enum err remove_beside(const char *path, struct buf *reason)
{
	static const char *const names[] = { "%s-damaged", "%s.new", "%s.new-damaged" };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(names); i++) {
		AUTO(buf) struct buf name = { 0 };
		/* NOLINTNEXTLINE: the formats are ours */
		err = buf_printf(&name, names[i], path);
		if (!err)
			err = cache_remove(name.bytes, reason);
	}
	return err;
}

/* --- rebuild --- */

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static enum err say(const char *fmt, const char *value)
{
	AUTO(buf) struct buf text = { 0 };
	const char *at = strstr(fmt, "%s");
	enum err err = buf_printf(&text, "%.*s%s%s", (int)(at - fmt), fmt, value, at + 2);

	return err ? err : ctl_print(&text);
}

static enum err set_aside(struct cache *cache, struct buf *reason)
{
	enum err err = cache_lock(cache, reason);

	if (!err)
		err = cache_rename(cache->path, cache->old, reason);
	return err ? err
		   : say("the cache is set aside as %s; mount again: the new one is made from the "
			 "server; "
			 "run this once more when it is complete, to see what differed\n",
			 cache->old);
}

/* Only a complete new cache ends the old one: until then it is what there is. */
static enum err compare(struct cache *cache, struct buf *reason)
{
	AUTO(buf) struct buf text = { 0 };
	struct cache_difference sum;

	if (!exists(cache->path))
		return buf_refuse(reason, ERR_NOT_FOUND,
				  "%s is kept, and there is no new cache yet: mount it again",
				  cache->old);
	enum err err = cache_compare(cache, &text, &sum, reason);
	if (!err)
		err = ctl_print(&text);
	if (!err)
		err = cache_remove(cache->old, reason);
	return err ? err : say("removed %s\n", cache->old);
}

enum err ctl_rebuild(struct call *call)
{
	static const char *const names[] = { "compare" };
	AUTO(cache) struct cache cache = CACHE_INIT;
	unsigned must_compare;
	enum err err = ctl_parse(call, "c", names, 1, 1, &must_compare);

	if (!err)
		err = cache_find(call->argv[optind], &cache, call->reason);
	if (err)
		return err;
	if (exists(cache.old))
		return compare(&cache, call->reason);
	if (must_compare)
		return buf_refuse(call->reason, ERR_NOT_FOUND,
				  "%s is not there: nothing was set aside", cache.old);
	return set_aside(&cache, call->reason);
}

/* --- forget --- */

enum err ctl_forget(struct call *call)
{
	AUTO(cache) struct cache cache = CACHE_INIT;
	bool had_secret = false;
	unsigned flags;
	enum err err = ctl_parse(call, "", NULL, 1, 1, &flags);

	if (!err)
		err = cache_find(call->argv[optind], &cache, call->reason);
	if (!err && cache.is_by_name)
		err = login_forget(call->argv[optind], &had_secret, call->reason);
	if (err)
		return err;
	if (had_secret && !exists(cache.path) && !exists(cache.old))
		return say("%s is forgotten\n", call->argv[optind]);
	/* Set aside and never mounted again: there is an old one alone. */
	bool is_old_alone = !exists(cache.path) && exists(cache.old) &&
			    (cache.is_by_name || cache_is_one(cache.old));
	if (!is_old_alone)
		err = cache_lock(&cache, call->reason);
	if (!err)
		err = cache_remove(cache.path, call->reason);
	if (!err)
		err = cache_remove(cache.old, call->reason);
	if (!err)
		err = remove_beside(cache.path, call->reason);
	return err ? err : say("%s is forgotten\n", call->argv[optind]);
}
