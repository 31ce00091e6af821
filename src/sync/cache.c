/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "model/address.h"

enum { BUSY_MS = 10 * 1000, BUSY_STEP_MS = 100 };
enum { ASIDE_MAX = 9 };		    /* damaged files that are kept */
#define INO_END (UINT64_C(1) << 43) /* of all numbers: what the content's rows have room for */

/*
 * The cache file: where it lies, whose it is, and what becomes of a damaged one.
 *
 * A damaged file stays where it is as long as it is the best there is: it is served, and another
 * is made beside it (FILE.new). When that is whole the next mount sets the damaged one aside and
 * brings the new one to its place. One of which nothing can be served is set aside at once.
 */

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

/* Whose mailbox it is, where it is not the user's. */
static enum err print_whose(const struct account *account, struct buf *ret)
{
	size_t start = ret->len;
	enum err err = ERR_OK;

	if (account->mailbox)
		err = buf_printf(ret, "+mailbox=%s", account->mailbox);
	if (!err && account->impersonate)
		err = buf_printf(ret, "+impersonate=%s", account->impersonate);
	for (size_t i = start; !err && i < ret->len; i++)
		ret->bytes[i] = (char)tolower((unsigned char)ret->bytes[i]);
	return err;
}

/* "user@host": what the file is bound to. The port and the path may change. */
static enum err print_owner(const struct account *account, struct buf *ret)
{
	/* Of an address the domain: the server may change. */
	const char *place = account->address ? address_domain(account->address) : account->url;
	const char *at = strstr(place, "://");
	const char *authority = at ? at + 3 : place;
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
	if (!err)
		err = print_whose(account, ret);
	return err;
}

/* What SQLite keeps beside a database; without its log a database is as old as it was before. */
static const char *const parts[] = { "-wal", "-shm", "" };

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The file itself goes last: what stands beside no file is taken up when this is done again. */
static enum err rename_all(const char *path, const char *to, struct buf *reason)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(parts); i++) {
		AUTO(buf) struct buf from_part = { 0 }, to_part = { 0 };
		FAULT("cache.aside");
		err = buf_printf(&from_part, "%s%s", path, parts[i]);
		if (!err)
			err = buf_printf(&to_part, "%s%s", to, parts[i]);
		if (!err && rename(buf_str(&from_part), buf_str(&to_part)) != 0 && errno != ENOENT)
			err = say_errno(reason, buf_str(&to_part));
	}
	FAULT("cache.aside");
	if (!err)
		store_forget_damage(path);
	return err;
}

/* Out of the way, and never deleted: somebody may want to look at it. */
static enum err set_aside(const char *path, const char *damage, struct buf *reason)
{
	AUTO(buf) struct buf to = { 0 };
	enum err err = ERR_OK;
	int n = 0;

	do {
		buf_clear(&to);
		err = buf_printf(&to, "%s.damaged-%d", path, ++n);
	} while (!err && n <= ASIDE_MAX && exists(buf_str(&to)));
	if (!err && n > ASIDE_MAX) {
		err = buf_printf(
			reason,
			"%s: damaged (%s), and %d such files are kept beside it: remove some", path,
			damage, ASIDE_MAX);
		return err ? err : ERR_DAMAGED;
	}
	if (!err)
		err = rename_all(path, buf_str(&to), reason);
	if (!err)
		log_warning("%s: damaged (%s), kept as %s", path, damage, buf_str(&to));
	return err;
}

/* Another mount that is just ending lets go of it soon. */
static enum err open_patiently(const char *path, enum store_mode mode, struct store **ret,
			       struct buf *reason)
{
	int64_t give_up_ms = clock_boot_ms() + BUSY_MS;
	enum err err;

	for (;;) {
		buf_clear(reason);
		err = store_open(path, mode, ret, reason);
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
static enum err open_bound(const struct account *account, const char *path, struct store **ret,
			   struct buf *reason)
{
	AUTO(store) struct store *store = NULL;
	AUTO(buf) struct buf owner = { 0 };

	enum err err = open_patiently(path, STORE_WRITER, &store, reason);
	if (!err && store_is_damaged(store)) {
		err = buf_append_str(reason, "met while it was in use");
		return err ? err : ERR_DAMAGED;
	}
	if (!err)
		err = print_owner(account, &owner);
	if (!err)
		err = store_claim(store, buf_str(&owner), account->mtime, reason);
	if (!err)
		err = store_set_content(store, account->content, account->cache_limit);
	if (!err)
		err = probe(store);
	if (!err)
		*ret = give(store);
	else if (store && reason->len == 0 && buf_append_str(reason, store_reason(store)))
		err = ERR_NOMEM;
	return err;
}

/* --- a damaged one --- */

enum err sync_print_fresh(const struct account *account, struct buf *ret)
{
	return buf_printf(ret, "%s.new", account->cache);
}

/* Holds what is left of it. NULL: nothing that could be served, or not of this mailbox. */
static enum err keep(const struct account *account, struct store **ret)
{
	AUTO(store) struct store *store = NULL;
	AUTO(buf) struct buf owner = { 0 }, why = { 0 };
	AUTO(str) char *held = NULL;
	struct store_node root;

	store_pad(account->cache);
	enum err err = print_owner(account, &owner);
	if (err)
		return err;
	bool is_good = !open_patiently(account->cache, STORE_KEEPER, &store, &why) &&
		       !store_load_value(store, "mailbox", &held) &&
		       strcmp(held, buf_str(&owner)) == 0 &&
		       !store_load_node(store, ROOT_INO, &root);
	if (is_good)
		*ret = give(store);
	return ERR_OK;
}

/* Room behind the numbers that the kernel may know. */
static enum err number_after(struct store *fresh, const struct store *kept)
{
	AUTO(txn) struct txn txn = { 0 };
	uint64_t first = store_first_ino(kept) + STORE_INO_SPAN;

	if (store_first_ino(fresh) != 0)
		return ERR_OK;
	enum err err = txn_begin(&txn, fresh);
	if (!err)
		err = store_put_first_ino(&txn, first < INO_END ? first : STORE_INO_SPAN);
	return err ? err : txn_commit(&txn);
}

enum err sync_open_fresh(const struct account *account, const struct store *kept,
			 struct store **ret, struct buf *reason)
{
	AUTO(store) struct store *store = NULL;
	AUTO(buf) struct buf path = { 0 }, why = { 0 };

	enum err err = sync_print_fresh(account, &path);
	if (!err)
		err = open_bound(account, buf_str(&path), &store, &why);
	if (err == ERR_DAMAGED) {
		err = set_aside(buf_str(&path), buf_str(&why), reason);
		buf_clear(&why);
		if (!err)
			err = open_bound(account, buf_str(&path), &store, &why);
	}
	if (!err)
		err = number_after(store, kept);
	if (err && reason->len == 0 && buf_append_str(reason, buf_str(&why)))
		return ERR_NOMEM;
	if (!err)
		*ret = give(store);
	return err;
}

/* The one made beside it holds everything. */
static bool is_whole(const char *fresh)
{
	AUTO(store) struct store *store = NULL;
	AUTO(buf) struct buf why = { 0 };
	AUTO(str) char *value = NULL;

	return exists(fresh) && !open_patiently(fresh, STORE_KEEPER, &store, &why) &&
	       !store_is_damaged(store) && !store_load_value(store, SYNC_VALUE_WHOLE, &value);
}

/* Brings the one made beside it, or a new one, to its place. */
static enum err replace(const struct account *account, const char *fresh, struct store **ret,
			struct buf *reason)
{
	AUTO(buf) struct buf why = { 0 };
	enum err err = exists(fresh) ? rename_all(fresh, account->cache, reason) : ERR_OK;

	store_forget_damage(account->cache);
	if (!err)
		err = open_bound(account, account->cache, ret, &why);
	/* That one too: then from nothing. */
	if (err == ERR_DAMAGED && reason->len == 0) {
		err = set_aside(account->cache, buf_str(&why), reason);
		buf_clear(&why);
		if (!err)
			err = open_bound(account, account->cache, ret, &why);
	}
	if (err && reason->len == 0 && buf_append_str(reason, buf_str(&why)))
		return ERR_NOMEM;
	return err;
}

static enum err open_damaged(const struct account *account, const char *damage, struct store **ret,
			     struct store **ret_kept, struct buf *reason)
{
	AUTO(store) struct store *kept = NULL;
	AUTO(buf) struct buf fresh = { 0 };

	enum err err = sync_print_fresh(account, &fresh);
	if (!err && !is_whole(buf_str(&fresh)))
		err = keep(account, &kept);
	if (!err && !kept) {
		err = set_aside(account->cache, damage, reason);
		return err ? err : replace(account, buf_str(&fresh), ret, reason);
	}
	if (!err)
		err = sync_open_fresh(account, kept, ret, reason);
	if (err)
		return err;
	log_warning("%s: damaged (%s), served as far as it can be read while %s is made",
		    account->cache, damage, buf_str(&fresh));
	*ret_kept = give(kept);
	return ERR_OK;
}

enum err sync_open_cache(const struct account *account, struct store **ret, struct store **ret_kept,
			 struct buf *reason)
{
	AUTO(buf) struct buf why = { 0 }, fresh = { 0 };

	enum err err = make_dirs(account->cache, reason);
	if (!err)
		err = sync_print_fresh(account, &fresh);
	if (err)
		return err;
	/* The damaged one was set aside, and then somebody pulled the plug. */
	if (!exists(account->cache) && exists(buf_str(&fresh)))
		return replace(account, buf_str(&fresh), ret, reason);
	err = open_bound(account, account->cache, ret, &why);
	if (err == ERR_DAMAGED)
		return open_damaged(account, buf_str(&why), ret, ret_kept, reason);
	if (err && reason->len == 0 && buf_append_str(reason, buf_str(&why)))
		err = ERR_NOMEM;
	return err;
}
