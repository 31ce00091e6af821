/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* 22 bytes behind a head of 8, and the stub: the head alone. */
#define KEY_A "CQAAABYAAACzH/qwpZTUR64kCgQ9LRICAASpMzJf"
#define KEY_B "CQAAABYAAACzH/qwpZTUR64kCgQ9LRICAASpMzJg"
#define STUB "CQAAAA=="

/* The Inbox holds x (key A), read as "one". */
static void hold_x(struct bench *bench)
{
	fake_add_item("X", KEY_A, "one");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("X", KEY_A) } });
	run_ok(bench);
	check_item(bench, "X", "one");
	fake.item_ids_n = 0;
}

/* The next page after s1. */
static void tell(struct bench *bench, const struct fake_page *page)
{
	fake_add_page(page);
	run_ok(bench);
}

/* I6: whichever way a key moved, the item changed; an equal one costs nothing. */
static void test_I6_what_costs_a_fetch(void **state)
{
	static const struct {
		const char *what;
		struct ews_change change;
		int64_t modified;
		bool fetches;
	} cases[] = {
		{ "another key", FAKE_UPDATE("X", KEY_B), 1700000000, true },
		{ "another key by a Create", FAKE_CREATE("X", KEY_B), 1700000000, true },
		{ "the same key", FAKE_UPDATE("X", KEY_A), 1700000000, false },
		{ "the same key by a Create", FAKE_CREATE("X", KEY_A), 1700000000, false },
		{ "the same key and another time", FAKE_UPDATE("X", KEY_A), 1700000001, true },
		{ "an earlier time", FAKE_UPDATE("X", KEY_A), 1600000000, true },
		{ "another time by a Create", FAKE_CREATE("X", KEY_A), 1700000001, false },
		{ "no time", FAKE_UPDATE("X", KEY_A), TIME_NONE, false },
		{ "a stub", FAKE_UPDATE("X", STUB), 1700000000, true },
		{ "no key", FAKE_UPDATE("X", NULL), 1700000000, true },
		{ "a read flag", FAKE_READ("X", true), 0, false },
		{ "an unknown Update", FAKE_UPDATE("Y", KEY_A), 1700000000, true },
		{ "an unknown Delete", FAKE_DELETE("Y"), 0, false },
		{ "an unknown flag", FAKE_READ("Y", true), 0, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fake_page page = { "INBOX", "s1", "s2", { cases[i].change } };

		page.changes[0].modified = cases[i].modified;
		fake_reset();
		hold_x(*state);
		fake_add_item("Y", KEY_A, "why");
		tell(*state, &page);
		if (fake.item_ids_n != cases[i].fetches)
			fail_msg("%s: %d", cases[i].what, fake.item_ids_n);
		bench_down(state);
		bench_up(state);
	}
}

static void test_a_stub_never_replaces_a_full_key(void **state)
{
	struct bench *bench = *state;

	hold_x(bench);
	*fake_item("X") = (struct fake_item){ .id = "X", .change_key = STUB, .mime = "two" };
	tell(bench, &(struct fake_page){ "INBOX", "s1", "s2", { FAKE_UPDATE("X", KEY_B) } });
	check_item(bench, "X", "two");
	AUTO(item_row) struct item_row row = { 0 };
	check_ok(store_find_item(bench->store, "X", &row));
	assert_string_equal(row.change_key, KEY_A);
}

/* Two stubs are equal and prove nothing. */
static void test_a_stub_cannot_prove_equality(void **state)
{
	struct bench *bench = *state;

	fake_add_item("X", STUB, "one");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("X", STUB) } });
	run_ok(bench);
	fake_item("X")->mime = "two";
	tell(bench, &(struct fake_page){ "INBOX", "s1", "s2", { FAKE_UPDATE("X", STUB) } });
	check_item(bench, "X", "two");
}

/* Dropped while it was on its way. */
static void test_content_that_comes_too_late_goes_nowhere(void **state)
{
	struct bench *bench = *state;

	fake_add_item("X", KEY_A, "one");
	fake_add_item("Y", KEY_A, "why");
	fake_add_page(&(struct fake_page){
		"INBOX", NULL, "s1", { FAKE_CREATE("X", KEY_A) }, .more = true });
	fake_add_page(&(struct fake_page){
		"INBOX", "s1", "s2", { FAKE_DELETE("X"), FAKE_CREATE("Y", KEY_A) } });
	run_ok(bench);
	check_item(bench, "X", "-");
	check_item(bench, "Y", "why");
}

static void test_flags_are_taken_whatever_the_key(void **state)
{
	struct bench *bench = *state;
	struct fake_page page = { "INBOX", "s1", "s2", { FAKE_UPDATE("X", KEY_A) } };

	hold_x(bench);
	uint64_t ino = item_ino(bench, "X");
	page.changes[0].is_read = true;
	tell(bench, &page);
	assert_true(is_read(bench, "X"));
	tell(bench, &(struct fake_page){ "INBOX", "s2", "s3", { FAKE_READ("X", false) } });
	assert_false(is_read(bench, "X"));
	assert_int_equal(fake.item_ids_n, 0);
	assert_int_equal(item_ino(bench, "X"), ino);
}

/* A row that still waits takes the flag too, and keeps it when the content comes. */
static void test_a_flag_reaches_a_row_that_waits(void **state)
{
	struct bench *bench = *state;

	fake_add_item("X", KEY_A, "one");
	fake_item("X")->is_read = true;
	fake_add_page(&(struct fake_page){
		"INBOX", NULL, "s1", { FAKE_CREATE("X", KEY_A) }, .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_READ("X", false) } });
	run_ok(bench);
	/* GetItem was sent between the pages and saw what was true before the second. */
	check_item(bench, "X", "one");
	assert_false(is_read(bench, "X"));
}

static void test_the_later_of_two_changes_counts(void **state)
{
	struct bench *bench = *state;

	hold_x(bench);
	fake_add_item("Y", KEY_A, "why");
	uint64_t ino = item_ino(bench, "X");
	tell(bench, &(struct fake_page){
			    "INBOX", "s1", "s2", { FAKE_DELETE("X"), FAKE_UPDATE("X", KEY_A) } });
	assert_int_equal(item_ino(bench, "X"), ino);
	tell(bench,
	     &(struct fake_page){
		     "INBOX", "s2", "s3", { FAKE_UPDATE("X", KEY_B), FAKE_UPDATE("X", KEY_A) } });
	assert_int_equal(fake.item_ids_n, 0);
	tell(bench, &(struct fake_page){ "INBOX",
					 "s3",
					 "s4",
					 { FAKE_CREATE("Y", KEY_A), FAKE_READ("Y", true),
					   FAKE_UPDATE("X", KEY_B), FAKE_DELETE("X") } });
	check_item(bench, "X", "-");
	check_item(bench, "Y", "why");
	tell(bench, &(struct fake_page){ "INBOX",
					 "s4",
					 "s5",
					 { FAKE_CREATE("X", KEY_A), FAKE_DELETE("Y"),
					   FAKE_CREATE("X", KEY_A) } });
	check_item(bench, "X", "one");
	check_item(bench, "Y", "-");
}

/* Where ids survive a move, the old folder's Delete may come last. */
static void test_a_delete_speaks_of_its_own_folder(void **state)
{
	struct bench *bench = *state;

	hold_x(bench);
	fake_add_folder("SUB", "ROOT", "Sub");
	fake_add_page(&(struct fake_page){ "SUB", NULL, "t1", { FAKE_CREATE("X", KEY_A) } });
	run_ok(bench);
	uint64_t ino = item_ino(bench, "X");
	tell(bench, &(struct fake_page){ "INBOX", "s1", "s2", { FAKE_DELETE("X") } });
	assert_int_equal(item_ino(bench, "X"), ino);
	assert_int_equal(fake.item_ids_n, 0);
}

static void check_protocol_error(struct bench *bench, const char *where)
{
	AUTO(folder) struct folder inbox = { 0 };

	run_ok(bench);
	check_err(run_result(bench->sync, 1), ERR_PROTOCOL);
	load_folder(bench, "INBOX", &inbox);
	assert_non_null(inbox.error);
	if (!strstr(inbox.error, where))
		fail_msg("%s", inbox.error);
	assert_false(inbox.digest.known);
}

static void test_not_last_without_progress_is_an_error_and_no_loop(void **state)
{
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s1", .more = true });
	check_protocol_error(*state, "does not get on");
}

static void test_states_in_a_circle_are_an_error_and_no_loop(void **state)
{
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", .more = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s2", "s1", .more = true });
	check_protocol_error(*state, "has no end");
}

static void test_an_empty_state_is_never_stored(void **state)
{
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "" });
	check_protocol_error(*state, "does not get on");
}

/* The server may call a full page the last though more is there. */
static void test_a_full_page_is_not_the_last(void **state)
{
	struct bench *bench = *state;

	fake_add_item("X", KEY_A, "one");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", .is_full = true });
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_CREATE("X", KEY_A) } });
	run_ok(bench);
	check_item(bench, "X", "one");
}

/* I1: whatever commit is lost, the state never runs ahead of the items that it covers. */
static void test_I1_a_lost_commit_replays_its_page(void **state)
{
	struct bench *bench = *state;
	struct rlimit old, none;
	struct stat wal;
	char path[80];

	hold_x(bench);
	fake_add_item("Y", KEY_A, "why");
	fake_add_page(&(struct fake_page){
		"INBOX", "s1", "s2", { FAKE_CREATE("Y", KEY_A), FAKE_DELETE("X") } });
	/* The disk is full: nothing that is written gets there. */
	snprintf(path, sizeof(path), "%s-wal", bench->path);
	assert_int_equal(stat(path, &wal), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	none = old;
	none.rlim_cur = (rlim_t)wal.st_size;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	enum err err = run_whole(bench->sync);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(err == ERR_STORE || err == ERR_NO_SPACE);

	AUTO(folder) struct folder inbox = { 0 };
	load_folder(bench, "INBOX", &inbox);
	assert_string_equal(inbox.sync_state, "s1");
	check_item(bench, "X", "one");
	check_item(bench, "Y", "-");
	run_ok(bench);
	check_item(bench, "X", "-");
	check_item(bench, "Y", "why");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_I6_what_costs_a_fetch),
		bench_test(test_a_stub_never_replaces_a_full_key),
		bench_test(test_a_stub_cannot_prove_equality),
		bench_test(test_content_that_comes_too_late_goes_nowhere),
		bench_test(test_flags_are_taken_whatever_the_key),
		bench_test(test_a_flag_reaches_a_row_that_waits),
		bench_test(test_the_later_of_two_changes_counts),
		bench_test(test_a_delete_speaks_of_its_own_folder),
		bench_test(test_not_last_without_progress_is_an_error_and_no_loop),
		bench_test(test_states_in_a_circle_are_an_error_and_no_loop),
		bench_test(test_an_empty_state_is_never_stored),
		bench_test(test_a_full_page_is_not_the_last),
		bench_test(test_I1_a_lost_commit_replays_its_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
