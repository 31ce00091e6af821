/* SPDX-License-Identifier: MIT */
/*
 * bench-core DIR ITEMS BYTES: how fast one thread takes in a mailbox that no network holds up.
 *
 * Lists a folder of ITEMS messages page by page, then fetches all of them, BYTES each, with the
 * engine's own code between the bytes of a reply and the store in DIR. Prints a line for each:
 * "changes" or "mime", how many or how many bytes, seconds, and seconds of the processor, all without
 * those that making the replies took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "core-http.h"

#include "base/log.h"
#include "sync/engine.h"

#define ROOT_ID "root"

struct bench {
	struct core_mailbox mailbox;
	char path[512];
	struct account account;
	struct store *store, *kept;
	struct sync *sync;
	struct folder inbox;
};

struct watch_hand {
	int64_t begun_ns, making_ns;
	clock_t cpu;
};

static struct watch_hand hand_start(void)
{
	return (struct watch_hand){ core_clock_ns(), core_http_making_ns(), clock() };
}

static void hand_print(const struct watch_hand *hand, const char *what, uint64_t n)
{
	double making = (double)(core_http_making_ns() - hand->making_ns) / 1e9;
	double took = (double)(core_clock_ns() - hand->begun_ns) / 1e9;
	double cpu = (double)(clock() - hand->cpu) / CLOCKS_PER_SEC;

	printf("%s %" PRIu64 " %.6f %.6f\n", what, n, took - making, cpu - making);
}

static enum err put_folder(struct txn *txn, struct folder *folder, const char *id, const char *name)
{
	folder_init(folder);
	enum err err = text_copy(id, &folder->id);
	if (!err)
		err = text_copy(name, &folder->display_name);
	if (!err)
		err = text_copy(name, &folder->shown_as);
	if (!err)
		err = text_copy("IPF.Note", &folder->folder_class);
	return err ? err : store_put_folder(txn, folder);
}

static enum err make_folders(struct bench *bench)
{
	AUTO(txn) struct txn txn = { 0 };
	AUTO(folder) struct folder root = { 0 };

	enum err err = txn_begin(&txn, bench->store);
	if (!err)
		err = store_put_value(&txn, VALUE_ROOT_ID, ROOT_ID);
	if (!err)
		err = put_folder(&txn, &root, ROOT_ID, "root");
	if (!err)
		err = put_folder(&txn, &bench->inbox, "inbox", "Inbox");
	if (!err)
		err = text_copy(ROOT_ID, &bench->inbox.parent_id);
	bench->inbox.shown_in = root.ino;
	if (!err)
		err = store_place_folder(&txn, &bench->inbox);
	return err ? err : txn_commit(&txn);
}

static enum err open_all(struct bench *bench, struct buf *reason)
{
	bench->account = (struct account){
		.url = (char *)"https://mail.corp.example/EWS/Exchange.asmx",
		.user = (char *)"alice",
		.cache = bench->path,
		.notify = NOTIFY_OFF,
		.poll_s = 60,
		.timeout_s = 60,
		.connections_n = 4,
		.batch_n = 10,
	};
	enum err err = sync_open_cache(&bench->account, &bench->store, &bench->kept, reason);
	if (!err)
		err = sync_open(&bench->account, bench->store, &bench->sync, reason);
	if (!err)
		err = make_folders(bench);
	if (!err)
		bench->sync->due_ms = INT64_MAX; /* it lists only what it is told to */
	return err;
}

/* As pull.c keeps a page, but for the fetches, which come later here. */
static enum err keep_page(void *ctx, const struct ews_page *page, bool last)
{
	struct pull *pull = ctx;
	AUTO(txn) struct txn txn = { 0 };
	(void)last;

	enum err err = txn_begin(&txn, pull->sync->store);
	if (!err)
		err = page_apply(pull, &txn, page);
	if (!err)
		err = store_put_folder_state(&txn, pull->folder->ino, page->state);
	return err ? err : txn_commit(&txn);
}

static enum err list(struct bench *bench)
{
	struct visit visit = { 0 };
	struct store_tally tally;
	AUTO(pull)
	struct pull pull = {
		.sync = bench->sync,
		.folder = &bench->inbox,
		.visit = &visit,
		.priority = FETCH_FIRST_SYNC,
	};
	struct watch_hand hand = hand_start();

	enum err err = pull_each_page(&pull, keep_page, &pull);
	if (err)
		return err;
	hand_print(&hand, "changes", bench->mailbox.items_n);
	err = store_load_tally(bench->store, bench->inbox.ino, false, &tally);
	return err || tally.pending_n == bench->mailbox.items_n ? err : ERR_PROTOCOL;
}

static enum err fetch(struct bench *bench)
{
	struct store_tally tally;
	bool drained = false;
	struct watch_hand hand = hand_start();

	enum err err = fetch_drain(bench->sync, &drained);
	if (!err)
		err = store_load_tally(bench->store, bench->inbox.ino, false, &tally);
	if (err)
		return err;
	hand_print(&hand, "mime", tally.bytes);
	return drained && tally.items_n == bench->mailbox.items_n ? ERR_OK : ERR_PROTOCOL;
}

int main(int argc, char **argv)
{
	struct bench bench = { 0 };
	AUTO(buf) struct buf reason = { 0 };

	if (argc != 4) {
		fprintf(stderr, "usage: bench-core DIR ITEMS BYTES\n");
		return 2;
	}
	snprintf(bench.path, sizeof(bench.path), "%s/core.db", argv[1]);
	bench.mailbox = (struct core_mailbox){ strtoul(argv[2], NULL, 10),
					       strtoul(argv[3], NULL, 10) };
	core_http_open(&bench.mailbox);
	enum err err = open_all(&bench, &reason);
	if (!err)
		err = list(&bench);
	if (!err)
		err = fetch(&bench);
	if (err)
		fprintf(stderr, "bench-core: %s %s\n", err_text(err), buf_str(&reason));
	sync_release(&bench.sync);
	store_release(&bench.store);
	store_release(&bench.kept);
	folder_release(&bench.inbox);
	core_http_close();
	return err ? 1 : 0;
}
