/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

/* --- the digest --- */

static void test_an_unchanged_mailbox_costs_one_request(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	run_ok(bench);
	fake.folders_calls_n = fake.hierarchy_calls_n = fake.pages_calls_n = fake.items_calls_n = 0;
	run_ok(bench);
	assert_int_equal(fake.folders_calls_n, 1);
	assert_int_equal(fake.hierarchy_calls_n, 0);
	assert_int_equal(fake.pages_calls_n, 0);
	assert_int_equal(fake.items_calls_n, 0);
	/* One folder changed. */
	fake_touch_items("A");
	run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 1);
}

/* The server does not tell its digest: every folder is asked. */
static void test_without_a_digest_all_folders_are_asked(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	for (size_t i = 0; i < fake.folders_n; i++)
		fake.folders[i].has_no_digest = true;
	run_ok(bench);
	fake.hierarchy_calls_n = fake.pages_calls_n = 0;
	run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 3);
	assert_int_equal(fake.hierarchy_calls_n, 0);
}

static void change_inbox(void)
{
	if (fake.pages_calls_n < 2)
		return;
	fake_add_page(&(struct fake_page){ "INBOX", "s2", "s3", { FAKE_DELETE("X") } });
	fake.on_page = NULL;
}

/* What changes while a long folder is listed shows in the same round. */
static void test_a_full_page_is_compared_again(void **state)
{
	struct bench *bench = *state;

	fake_add_item("X", "k", "one");
	run_ok(bench);
	fake_add_page(&(struct fake_page){
		"INBOX", "s0", "s1", { FAKE_CREATE("X", "k") }, .is_full = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2" });
	fake.folders_calls_n = fake.pages_calls_n = 0;
	fake.on_page = change_inbox;
	run_ok(bench);
	check_item(bench, "X", "-");
	assert_int_equal(fake.pages_calls_n, 3);
	assert_int_equal(fake.folders_calls_n, 2);
}

/* I1: what was noted of a folder while it was hidden does not pass for a listing cut short. */
static void test_I1_a_folder_shown_again_is_listed_to_its_end_after_a_restart(void **state)
{
	struct bench *bench = *state;
	struct fake_folder *folder = fake_add_folder("A", "ROOT", "A");

	fake_add_item("X", "k", "one");
	fake_add_item("Y", "k", "two");
	fake_add_page(
		&(struct fake_page){ "A", NULL, "s1", { FAKE_CREATE("X", "k") }, .more = true });
	fake_add_page(&(struct fake_page){ "A", "s1", "s2", { FAKE_CREATE("Y", "k") } });
	folder->is_hidden = true;
	run_ok(bench);
	folder->is_hidden = false;
	fake_touch_folder("A", "Fk2");
	fake.pages[1].err = ERR_OFFLINE;
	assert_int_equal(run_whole(bench->sync), ERR_OFFLINE);
	bench_close(bench);
	bench_open(bench);
	fake.pages[1].err = ERR_OK;
	run_ok(bench);
	check_item(bench, "X", "one");
	check_item(bench, "Y", "two");
}

static struct bench *listing;

static void look_at_progress(void)
{
	const struct sync_status *shown = &listing->sync->board.shown;

	if (fake.pages_calls_n < 2)
		return;
	listing->sync->board.look_ms = 0;
	status_note_queue(listing->sync);
	assert_int_equal(shown->bytes_total, 100 * 1000);
	assert_true(shown->bytes_done < shown->bytes_total);
	fake.on_page = NULL;
}

/* What no page has told of yet is reckoned with. */
static void test_the_total_holds_what_is_not_listed_yet(void **state)
{
	static char mime[1001];
	struct bench *bench = *state;

	memset(mime, 'x', 1000);
	fake_add_item("A", "k", mime);
	fake_add_item("B", "k", mime);
	fake_folder("INBOX")->total_n = 100;
	fake_add_page(&(struct fake_page){
		"INBOX", NULL, "s1", { FAKE_CREATE("A", "k") }, .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_CREATE("B", "k") } });
	listing = bench;
	fake.on_page = look_at_progress;
	run_ok(bench);
	assert_null(fake.on_page);
	assert_int_equal(bench->sync->board.shown.bytes_done, 2000);
}

static void look_slowly(void)
{
	usleep(1100 * 1000);
	assert_true(fake.folders_calls_n < 4);
}

/* I9: a server that takes longer to list than the poll must not keep us from fetching. */
static void test_I9_a_slow_digest_leaves_time_to_fetch(void **state)
{
	struct bench *bench = *state;

	fake_add_item("X", "k", "one");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("X", "k") } });
	bench->account.notify = NOTIFY_POLL;
	bench->account.poll_s = 1;
	fake.on_folders = look_slowly;
	run_ok(bench);
	check_item(bench, "X", "one");
}

/* --- a listing afresh --- */

static void hold_three(struct bench *bench)
{
	announce_three();
	run_ok(bench);
	/* From now on the state is refused; B changed, C is gone, D is new. */
	fake.pages_n = 0;
	fake_add_page(&(struct fake_page){ "INBOX", "s1", .err = ERR_SYNC_RESET });
	*fake_item("B") = (struct fake_item){ .id = "B", .change_key = "k2", .mime = "bee" };
	fake_add_item("D", "k", "d");
	fake.item_ids_n = 0;
}

static void check_relisted(struct bench *bench, uint64_t ino)
{
	check_item(bench, "A", "a");
	check_item(bench, "B", "bee");
	check_item(bench, "C", "-");
	check_item(bench, "D", "d");
	assert_int_equal(item_ino(bench, "A"), ino);
	assert_int_equal(fake.item_ids_n, 2);
}

static void test_an_expired_state_keeps_what_is_equal(void **state)
{
	struct bench *bench = *state;

	hold_three(bench);
	uint64_t ino = item_ino(bench, "A");
	fake_add_page(&(struct fake_page){ "INBOX",
					   NULL,
					   "t1",
					   { FAKE_CREATE("D", "k"), FAKE_CREATE("B", "k2") },
					   .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "t1", "t2", { FAKE_CREATE("A", "k") } });
	run_ok(bench);
	check_relisted(bench, ino);
}

/* Cut short after its first page, and by then the digest is the one stored: nothing may pass
 * for whole that is not. */
static void test_I1_a_listing_afresh_that_is_cut_short_begins_anew(void **state)
{
	struct bench *bench = *state;

	hold_three(bench);
	int64_t commit = fake_folder("INBOX")->commit - 1; /* the one stored */
	uint64_t ino = item_ino(bench, "A");
	fake_add_page(&(struct fake_page){ "INBOX",
					   NULL,
					   "t1",
					   { FAKE_CREATE("D", "k"), FAKE_CREATE("B", "k2") },
					   .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "t1", .err = ERR_AUTH });
	check_err(run_whole(bench->sync), ERR_AUTH);
	check_item(bench, "C", "c");
	fake_folder("INBOX")->commit = commit;
	bench_close(bench);
	bench_open(bench);
	fake.item_ids_n = 0; /* what was in the air is asked for again */
	/* The server takes t1, but who was seen before it is forgotten. */
	fake.pages[fake.pages_n - 1] =
		(struct fake_page){ "INBOX", "t1", "t2", { FAKE_CREATE("A", "k") } };
	run_ok(bench);
	check_relisted(bench, ino);
	enum relist begun = RELIST_CLEAR;
	check_ok(relist_load(bench->sync, folder_ino(bench, "INBOX"), &begun));
	assert_int_equal(begun, RELIST_NONE);
}

static void test_a_server_that_never_takes_a_state_is_no_loop(void **state)
{
	struct bench *bench = *state;

	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s1", .err = ERR_SYNC_RESET });
	run_ok(bench);
	check_err(run_result(bench->sync, folder_ino(bench, "INBOX")), ERR_SYNC_RESET);
	/* Neither does it look well while it is listed afresh again and again. */
	AUTO(folder) struct folder inbox = { 0 };
	run_ok(bench);
	load_folder(bench, "INBOX", &inbox);
	assert_string_equal(inbox.error, err_text(ERR_SYNC_RESET));
}

/* --- status --- */

static void check_state(struct bench *bench, enum sync_state expected)
{
	struct sync_status status;

	sync_load_status(bench->sync, &status);
	assert_string_equal(sync_state_text(status.state), sync_state_text(expected));
}

static void test_the_first_that_applies_is_shown(void **state)
{
	struct bench *bench = *state;
	struct sync_status status;

	check_state(bench, SYNC_STATE_SYNCING);
	status_begin_run(bench->sync);
	status_end_run(bench->sync, ERR_OFFLINE, false, "gone");
	check_state(bench, SYNC_STATE_OFFLINE);
	status_note_throttled(bench->sync, clock_boot_ms() + 1000);
	check_state(bench, SYNC_STATE_OFFLINE);
	status_note_answer(bench->sync);
	/* To another request: that does not open the gate. */
	check_state(bench, SYNC_STATE_THROTTLED);
	status_note_throttled(bench->sync, clock_boot_ms());
	check_state(bench, SYNC_STATE_SYNCING);
	status_end_run(bench->sync, ERR_AUTH, false, "refused");
	check_state(bench, SYNC_STATE_AUTH);
	status_end_run(bench->sync, ERR_NO_SPACE, false, "full");
	check_state(bench, SYNC_STATE_ERROR);
	sync_load_status(bench->sync, &status);
	assert_string_equal(status.last_error, "full");
	status_note_round(bench->sync);
	status_end_run(bench->sync, ERR_OK, false, "");
	check_state(bench, SYNC_STATE_IDLE);
	sync_load_status(bench->sync, &status);
	assert_string_equal(status.last_error, "");
	status_begin_run(bench->sync);
	check_state(bench, SYNC_STATE_SYNCING);
}

/* --- graves --- */

static size_t graves_n(struct bench *bench)
{
	uint64_t inos[16];
	size_t n = 0;

	check_ok(store_load_graves(bench->store, INT64_MAX, ARRAY_LEN(inos), inos, &n));
	return n;
}

static void bury_three(struct bench *bench)
{
	hold_three(bench);
	fake.pages_n = 0;
	fake_add_page(&(struct fake_page){
		"INBOX", "s1", "s2", { FAKE_DELETE("A"), FAKE_DELETE("B"), FAKE_DELETE("C") } });
	run_ok(bench);
	assert_int_equal(graves_n(bench), 3);
}

/* Makes the burials of this mount as old as that. */
static void age_graves(struct bench *bench, int64_t ms)
{
	struct graveyard *graves = &bench->sync->graves;

	for (size_t i = 0; i < graves->size; i++)
		graves->slots[i].buried_ms -= ms;
	graves->next_ms = graves->sweep_ms = 0;
}

static void test_a_grave_goes_at_its_forget_but_not_before_ten_minutes(void **state)
{
	struct bench *bench = *state;
	uint64_t inos[3] = { 0 };

	hold_three(bench);
	inos[0] = item_ino(bench, "A");
	inos[1] = item_ino(bench, "B");
	fake.pages_n = 0;
	fake_add_page(&(struct fake_page){
		"INBOX", "s1", "s2", { FAKE_DELETE("A"), FAKE_DELETE("B"), FAKE_DELETE("C") } });
	run_ok(bench);
	inos[2] = inos[0] + 1000; /* alive, or never heard of */
	sync_forget_inodes(bench->sync, inos, 3);
	while (graves_tend(bench->sync))
		;
	assert_int_equal(graves_n(bench), 3);
	age_graves(bench, 9 * 60 * 1000);
	while (graves_tend(bench->sync))
		;
	assert_int_equal(graves_n(bench), 3);
	age_graves(bench, 61 * 1000);
	while (graves_tend(bench->sync))
		;
	assert_int_equal(graves_n(bench), 1);
}

static void test_graves_of_an_earlier_mount_are_nobodys(void **state)
{
	struct bench *bench = *state;

	bury_three(bench);
	bench_close(bench);
	bench_open(bench);
	while (graves_tend(bench->sync))
		;
	assert_int_equal(graves_n(bench), 0);
}

/* The wall clock was ahead when the mount began, and was set right since. */
static void test_I2_a_clock_that_jumps_opens_no_grave(void **state)
{
	struct bench *bench = *state;

	bury_three(bench);
	bench->sync->graves.opened_ns = clock_wall_ns() + 3600 * NS_PER_S;
	while (graves_tend(bench->sync))
		;
	assert_int_equal(graves_n(bench), 3);
	age_graves(bench, INT64_C(25) * 3600 * 1000);
	while (graves_tend(bench->sync))
		;
	assert_int_equal(graves_n(bench), 0);
}

static void test_the_table_of_graves_finds_all(void **state)
{
	struct bench *bench = *state;
	struct graveyard *graves = &bench->sync->graves;

	for (uint64_t i = 1; i <= 10000; i++)
		graves_note(bench->sync, i * 64);
	assert_int_equal(graves->n, 10000);
	for (uint64_t i = 1; i <= 10000; i += 2)
		sync_forget_inodes(bench->sync, &(uint64_t){ i * 64 }, 1);
	assert_int_equal(graves->forgotten_n, 5000);
	age_graves(bench, 11 * 60 * 1000);
	while (graves_tend(bench->sync))
		;
	assert_int_equal(graves->n, 5000);
	for (uint64_t i = 1; i <= 10000; i++)
		sync_forget_inodes(bench->sync, &(uint64_t){ i * 64 }, 1);
	assert_int_equal(graves->forgotten_n, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_an_unchanged_mailbox_costs_one_request),
		bench_test(test_without_a_digest_all_folders_are_asked),
		bench_test(test_a_full_page_is_compared_again),
		bench_test(test_I1_a_folder_shown_again_is_listed_to_its_end_after_a_restart),
		bench_test(test_the_total_holds_what_is_not_listed_yet),
		bench_test(test_I9_a_slow_digest_leaves_time_to_fetch),
		bench_test(test_an_expired_state_keeps_what_is_equal),
		bench_test(test_I1_a_listing_afresh_that_is_cut_short_begins_anew),
		bench_test(test_a_server_that_never_takes_a_state_is_no_loop),
		bench_test(test_the_first_that_applies_is_shown),
		bench_test(test_a_grave_goes_at_its_forget_but_not_before_ten_minutes),
		bench_test(test_graves_of_an_earlier_mount_are_nobodys),
		bench_test(test_I2_a_clock_that_jumps_opens_no_grave),
		bench_test(test_the_table_of_graves_finds_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
