/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <string.h>

#include "base/log.h"

/*
 * run - lists what changed and fetches it, until both have nothing left.
 *
 * A round of listing is cheap and a first sync is long, so a poll or a command that comes due
 * while the queue empties is listed at once. The first listing of the Inbox is fetched before the
 * other folders are listed: its items come first.
 */
enum {
	HIERARCHY_TRIES = 3, /* folders that come while we look */
	PASSES_MAX = 8,	     /* of folders that change while they are listed */
};

bool run_is_due(struct sync *sync)
{
	int64_t now = clock_boot_ms();

	return now >= sync->due_ms || now >= hints_due_ms(sync) || commands_wait(sync) ||
	       rebuild_is_due(sync);
}

/* --- the hierarchy --- */

static enum err update_hierarchy(struct sync *sync, struct round *round, unsigned trees)
{
	enum err err = hierarchy_update(sync, &round->root, trees);

	/* Each digest read so far is older than this hierarchy. */
	for (size_t i = 0; !err && i < round->folders.n; i++)
		round->visits[i].is_settled = round->visits[i].is_read;
	return err ? err : round_load(sync, round);
}

static enum err check_root(struct sync *sync, const struct round *round)
{
	const struct visit *root = round_find(round, ROOT_INO);

	if (!root || !root->is_read || !root->err)
		return ERR_OK;
	gate_blame(sync, "the top folder of the mailbox");
	return root->err;
}

/* The trees with a folder that is gone, though no listing told of its end: not known before. */
static unsigned find_vanished(const struct round *round)
{
	unsigned trees = 0;

	for (size_t i = 0; i < round->folders.n; i++) {
		if (round->visits[i].err == ERR_NOT_FOUND && !round->folders.list[i].error)
			trees |= TREE_BIT(round->folders.list[i].tree);
	}
	return trees;
}

/* A server that forgot the hierarchy's state in silence tells no Deletes: only a listing from
 * nothing shows whether the folder is still there. Once, since its error is kept then. */
static enum err list_for_vanished(struct sync *sync, struct round *round)
{
	unsigned trees = find_vanished(round);

	if (!trees)
		return ERR_OK;
	enum err err = hierarchy_list(sync, trees);
	return err ? err : round_load(sync, round);
}

/* Reads the digests, and brings the hierarchy in step first where they say so. */
static enum err look(struct sync *sync, struct round *round)
{
	unsigned dirty = 1, due = 0;

	enum err err = round_load(sync, round);
	if (!err)
		err = trees_find_due(sync, &due);
	for (int tries = 0; !err && dirty && tries < HIERARCHY_TRIES; tries++) {
		err = digest_read(sync, round);
		if (!err)
			err = check_root(sync, round);
		if (!err)
			err = digest_find_dirty_trees(sync, round, &dirty);
		dirty |= due;
		due = 0; /* once in a round */
		if (!err && dirty)
			err = update_hierarchy(sync, round, dirty);
	}
	if (!err)
		err = list_for_vanished(sync, round);
	return err ? err : digest_remember(sync, round);
}

/* --- the folders --- */

static enum err put_error(struct sync *sync, const struct folder *folder, const char *error)
{
	AUTO(txn) struct txn txn = { 0 };

	if (!error && !folder->error)
		return ERR_OK;
	/* Written even if it was the same before: a listing that has begun takes it away. */
	if (error && (!folder->error || strcmp(folder->error, error) != 0))
		log_warning("folder %s: %s, trying again with the next poll", folder->display_name,
			    error);
	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_put_folder_error(&txn, folder->ino, error);
	return err ? err : txn_commit(&txn);
}

static bool wants_pull(const struct sync *sync, const struct folder *folder,
		       const struct visit *visit)
{
	if (!visit->is_read || visit->err)
		return false;
	if (!pull_is_wanted(folder))
		return false;
	return !folder->sync_state || !visit->digest.known || wishes_find(sync, folder->ino) ||
	       !digest_equal(&folder->digest, &visit->digest);
}

/* A folder that is not shown: only what was seen of it. */
static enum err note_unshown(struct sync *sync, const struct folder *folder,
			     const struct visit *visit)
{
	AUTO(txn) struct txn txn = { 0 };

	if (!visit->is_read || visit->err || !visit->digest.known || folder->sync_state ||
	    digest_equal(&folder->digest, &visit->digest))
		return ERR_OK;
	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_put_folder_synced(&txn, folder->ino, &visit->digest,
					      clock_wall_ns() / NS_PER_S);
	return err ? err : txn_commit(&txn);
}

/* What a listing leaves to do. */
struct listed {
	bool more; /* list again as soon as what is queued has come */
	bool lost; /* a folder went while we looked */
};

/* An error of the folder alone stops nothing but the folder. */
static enum err pull_one(struct sync *sync, const struct folder *folder, struct visit *visit,
			 struct listed *listed)
{
	sync->reason[0] = '\0';
	enum err err = pull_folder(sync, folder, visit);
	if (!err || gate_ends_run(err))
		return err;
	visit->err = err;
	if (err == ERR_NOT_FOUND && !sync->has_lost) {
		listed->lost = true;
		return ERR_OK;
	}
	return put_error(sync, folder, sync->reason[0] ? sync->reason : err_text(err));
}

static enum err visit_one(struct sync *sync, struct round *round, size_t i, struct listed *listed)
{
	const struct folder *folder = &round->folders.list[i];
	struct visit *visit = &round->visits[i];

	if (wants_pull(sync, folder, visit))
		return pull_one(sync, folder, visit, listed);
	if (visit->is_read && folder->shown_in == 0 && folder->ino != ROOT_INO)
		return note_unshown(sync, folder, visit);
	if (!visit->is_read)
		return ERR_OK;
	return put_error(sync, folder, visit->err ? err_text(visit->err) : NULL);
}

/* Index of the Inbox, or the number of folders. */
static size_t find_inbox(const struct round *round)
{
	size_t i = 0;

	while (i < round->folders.n && (!round->folders.list[i].distinguished ||
					strcmp(round->folders.list[i].distinguished, "inbox") != 0))
		i++;
	return i;
}

static enum err visit_all(struct sync *sync, struct round *round, struct listed *listed)
{
	size_t inbox = find_inbox(round);
	bool first = inbox < round->folders.n && round->folders.list[inbox].shown_in &&
		     !round->folders.list[inbox].sync_state;
	enum err err = ERR_OK;

	if (inbox < round->folders.n)
		err = visit_one(sync, round, inbox, listed);
	if (!err && first && !round->visits[inbox].err) {
		listed->more = true;
		return ERR_OK;
	}
	for (size_t i = 0; !err && i < round->folders.n; i++) {
		if (i != inbox)
			err = visit_one(sync, round, i, listed);
	}
	return err;
}

/* Forgets the digests of folders that filled a page; true when there are such. */
static bool ask_anew(struct round *round)
{
	bool any = false;

	for (size_t i = 0; i < round->folders.n; i++) {
		struct visit *visit = &round->visits[i];
		visit->is_again = visit->had_full_page && !visit->err && visit->digest.known;
		visit->is_read &= !visit->is_again;
		visit->had_full_page = false;
		any |= visit->is_again;
	}
	return any;
}

/* Long listings take time: their folders are compared again right after. */
static enum err visit_again(struct sync *sync, struct round *round, struct listed *listed)
{
	enum err err = ERR_OK;

	for (int n = 0; !err && n < PASSES_MAX && ask_anew(round); n++) {
		err = round_load(sync, round);
		if (!err)
			err = digest_read(sync, round);
		for (size_t i = 0; !err && i < round->folders.n; i++) {
			const struct visit *visit = &round->visits[i];
			/* Some servers list what was in a folder that is deleted. */
			if (visit->is_again && visit->err == ERR_NOT_FOUND && !sync->has_lost)
				listed->lost = true;
			if (visit->is_again &&
			    wants_pull(sync, &round->folders.list[i], &round->visits[i]))
				err = pull_one(sync, &round->folders.list[i], &round->visits[i],
					       listed);
		}
	}
	return err;
}

/* --- the whole --- */

static enum err list(struct sync *sync, struct listed *listed)
{
	struct round *round = &sync->last_round;

	round_release(round);
	enum err err = scope_apply(sync);
	if (!err)
		err = look(sync, round);
	if (!err)
		err = errands_expand(sync);
	if (!err)
		err = visit_all(sync, round, listed);
	if (!err)
		err = visit_again(sync, round, listed);
	/* Once: if it is still listed then, that is an error of the folder. */
	listed->more |= listed->lost;
	sync->has_lost |= listed->lost;
	if (!err && !listed->more)
		commands_note_listed(sync);
	return err;
}

/* What only compares changes nothing: it needs the folders that we know, and no listing. */
static enum err skip_listing(struct sync *sync)
{
	enum err err = round_load(sync, &sync->last_round);

	if (!err)
		commands_note_listed(sync);
	return err;
}

/* Of all folders: it knows more than hints. */
static enum err list_all(struct sync *sync, struct listed *listed)
{
	bool polls = sync->account->notify != NOTIFY_OFF;

	status_note_round(sync);
	hints_forget(sync);
	enum err err = list(sync, listed);
	if (err)
		hints_note_blind(sync);
	else
		watch_note_run(sync, ERR_OK);
	/* From its end on: a listing may take longer than that, and then it is time to fetch. */
	sync->due_ms = polls ? clock_boot_ms() + watch_period_ms(sync) : INT64_MAX;
	return err;
}

enum round_kind { ROUND_ALL, ROUND_HINTS, ROUND_NOTHING };

/* What a round is to list, now that it begins. */
static enum round_kind choose_round(struct sync *sync, bool is_first, bool goes_on)
{
	int64_t now = clock_boot_ms();
	bool is_hinted = now >= hints_due_ms(sync);
	bool is_due = now >= sync->due_ms || (is_hinted && sync->hints.is_blind);
	enum cover cover = commands_cover(sync);

	sync->is_own |= is_due || is_hinted;
	if (cover == COVER_LISTING) {
		ews_distrust(sync->ews);
		watch_renew(sync);
	}
	if (is_due || goes_on || cover == COVER_LISTING)
		return ROUND_ALL;
	if (cover == COVER_COMPARISON && is_first)
		return ROUND_NOTHING;
	return is_hinted ? ROUND_HINTS : ROUND_ALL;
}

static enum err list_round(struct sync *sync, enum round_kind kind, struct listed *listed)
{
	bool is_hinted = clock_boot_ms() >= hints_due_ms(sync);

	if (kind == ROUND_NOTHING)
		return skip_listing(sync);
	enum err err = kind == ROUND_ALL ? list_all(sync, listed) : hints_list(sync);
	if (is_hinted)
		hints_pause(sync);
	return err;
}

/* One round. *ret_again: there is more to do right away. *goes_on, from one to the next: all is to
 * be listed again. */
static enum err run_round(struct sync *sync, bool is_first, bool *again, bool *goes_on)
{
	enum round_kind kind = choose_round(sync, is_first, *goes_on);
	bool drained = kind == ROUND_NOTHING;
	struct listed listed = { 0 };

	enum err err = list_round(sync, kind, &listed);
	if (!err && kind != ROUND_NOTHING)
		err = fetch_drain(sync, &drained);
	*goes_on = listed.more;
	*again = listed.more || !drained;
	if (!err && !*again)
		err = errands_verify(sync);
	/* A digest is needed to compare with. */
	if (!err && !*again && kind == ROUND_ALL)
		err = audit_all(sync, again);
	*goes_on |= *again && drained;
	return err;
}

enum err run_whole(struct sync *sync)
{
	bool again = false, goes_on = false, is_first = true;
	enum err err;

	sync->reason[0] = '\0';
	sync->fetch_err = ERR_OK;
	sync->gate.losses = 0;
	sync->has_lost = false;
	sync->is_own = false;
	do {
		err = rebuild_is_due(sync) ? ERR_DAMAGED
					   : run_round(sync, is_first, &again, &goes_on);
		is_first = false;
	} while (!err && again);
	sync->hints.events_n = 0;
	wishes_clear(sync);
	return err;
}

/* The first folder that failed; NULL when none did. One that is closed to us, or that is not
 * shown, is no failure of the whole. */
static const struct folder *find_failed(const struct round *round)
{
	for (size_t i = 0; i < round->folders.n; i++) {
		const struct folder *folder = &round->folders.list[i];
		enum err err = round->visits[i].err;
		if (err && err != ERR_DENIED && (folder->shown_in || folder->ino == ROOT_INO))
			return folder;
	}
	return NULL;
}

enum err run_result_of_all(struct sync *sync)
{
	const struct folder *failed = find_failed(&sync->last_round);

	if (!failed)
		return ERR_OK;
	gate_blame(sync, "folder %s", failed->display_name);
	return round_find(&sync->last_round, failed->ino)->err;
}

enum err run_result(const struct sync *sync, uint64_t dir)
{
	const struct folder *failed = find_failed(&sync->last_round);

	if (dir == ROOT_INO && !failed)
		return ERR_OK;
	const struct visit *visit = round_find(&sync->last_round,
					       dir == ROOT_INO ? failed->ino : dir);
	return visit ? visit->err : ERR_OK;
}
