/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

/* The Inbox announces these, from nothing. */
static void announce(const char *const *ids, size_t n)
{
	struct fake_page page = { "INBOX", NULL, "s1" };

	for (size_t i = 0; i < n; i++)
		page.changes[i] = (struct ews_change)FAKE_CREATE(ids[i], "k");
	fake_add_page(&page);
}

#define ANNOUNCE(...) \
	announce((const char *const[]){ __VA_ARGS__ }, \
		 ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static int64_t due_in_s(struct bench *bench)
{
	int64_t due_ms;
	uint64_t n;

	check_ok(store_load_queue(bench->store, &due_ms, &n));
	return due_ms == INT64_MAX ? -1 : (due_ms - clock_boot_ms()) / 1000;
}

static struct store_tally tally_of(struct bench *bench)
{
	struct store_tally tally = { 0 };

	check_ok(store_load_tally(bench->store, 1, true, &tally));
	return tally;
}

static void test_batches_are_filled_and_committed(void **state)
{
	struct bench *bench = *state;
	static const char *const ids[] = { "A", "B", "C", "D", "E", "F", "G" };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		fake_add_item(ids[i], "k", ids[i]);
	announce(ids, ARRAY_LEN(ids));
	run_ok(bench);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		check_item(bench, ids[i], ids[i]);
	assert_int_equal(fake.items_calls_n, 3); /* of at most 3 */
	assert_int_equal(tally_of(bench).pending_n, 0);
}

/* I8: a bad item is quarantined with its reason and asked for again later; the rest comes. */
static void test_I8_one_bad_item_stops_nothing(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", "k", "a");
	fake_add_item("B", "k", "b");
	*fake_item("B") =
		(struct fake_item){ .id = "B", .err = ERR_BAD_ITEM, .code = "ErrorItemCorrupt" };
	fake_add_item("C", "k", "c");
	ANNOUNCE("A", "B", "C");
	run_ok(bench);
	check_item(bench, "A", "a");
	check_item(bench, "B", "!");
	check_item(bench, "C", "c");
	check_error_attr(bench, "B", "ErrorItemCorrupt");
	assert_int_equal(tally_of(bench).quarantined_n, 1);
	assert_int_equal(tally_of(bench).pending_n, 0);
	check_ok(run_result(bench->sync, 1));
}

static void check_name(struct bench *bench, const char *name)
{
	struct store_node node;
	enum err err = store_find_entry(bench->store, folder_ino(bench, "INBOX"), name, &node);

	if (err)
		fail_msg("%s: %s", name, err_text(err));
}

#define B_NAME "2023-11-14 221320 Lanterns.df7e70e50215.eml"

/* I3: its name comes from what it is, though it cannot be delivered, and stays when it can. */
static void test_I3_a_bad_item_has_its_name(void **state)
{
	struct bench *bench = *state;

	fake_add_item("B", "k", "b");
	fake_item("B")->subject = "Lanterns";
	fake_item("B")->err = ERR_BAD_ITEM;
	fake_item("B")->fails_in_part = true;
	ANNOUNCE("B");
	run_ok(bench);
	check_item(bench, "B", "!");
	check_name(bench, B_NAME);
	assert_int_equal(fake.items_calls_n, 2);
	fake_item("B")->err = ERR_OK;
	make_due(bench);
	run_ok(bench);
	check_item(bench, "B", "b");
	check_name(bench, B_NAME);
	assert_int_equal(fake.items_calls_n, 3);
}

/* A page said that it is a task; it was made a message since. */
static void test_an_item_of_another_kind_by_now_is_asked_for_as_that(void **state)
{
	struct bench *bench = *state;
	struct fake_page page = { "INBOX", NULL, "s1", { FAKE_CREATE("X", "k") } };

	fake_add_item("X", "k", "one");
	page.changes[0].item_kind = KIND_TASK;
	fake_add_page(&page);
	run_ok(bench);
	check_item(bench, "X", "one");
	assert_int_equal(fake.items_calls_n, 2);
	assert_int_equal(fake.asked_kind, KIND_MESSAGE);
}

static void lose_the_second(void)
{
	if (fake.items_calls_n == 2)
		fake.items_fault = (struct fake_fault){ ERR_OFFLINE, 1, -1 };
}

/* What came as of the wrong kind does not pass for it. */
static void test_an_item_of_another_kind_is_asked_for_until_the_answer_comes(void **state)
{
	struct bench *bench = *state;
	struct fake_page page = { "INBOX", NULL, "s1", { FAKE_CREATE("X", "k") } };

	fake_add_item("X", "k", "one");
	page.changes[0].item_kind = KIND_TASK;
	fake_add_page(&page);
	fake.on_items = lose_the_second;
	run_ok(bench);
	check_item(bench, "X", "one");
	assert_int_equal(fake.items_calls_n, 4);
	assert_int_equal(fake.asked_kind, KIND_MESSAGE);
}

static void test_an_item_that_only_the_safe_shape_fits_is_asked_for_so(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", "k", "a");
	fake_add_item("B", "k", "b");
	fake_item("B")->is_odd = true;
	ANNOUNCE("A", "B");
	run_ok(bench);
	check_item(bench, "A", "a");
	check_item(bench, "B", "b");
	assert_int_equal(fake.items_calls_n, 2);
	assert_int_equal(fake.item_ids_n, 3);
	assert_int_equal(tally_of(bench).quarantined_n, 0);
}

static void test_I8_delays_grow_from_a_minute_to_a_day(void **state)
{
	struct bench *bench = *state;
	int64_t last_s = 0;

	fake_add_item("B", NULL, NULL);
	fake_item("B")->err = ERR_BAD_ITEM;
	ANNOUNCE("B");
	for (int i = 0; i < 14; i++) {
		int asked_n = fake.item_ids_n;
		run_ok(bench);
		assert_int_equal(fake.item_ids_n, asked_n + 2); /* for it, and what it is */
		int64_t s = due_in_s(bench);
		assert_true(s >= 44 && s <= 24 * 3600);
		assert_true(s > last_s || s >= 20 * 3600 * 3 / 4);
		last_s = s;
		run_ok(bench); /* not due */
		assert_int_equal(fake.item_ids_n, asked_n + 2);
		make_due(bench);
	}
	assert_true(last_s >= 17 * 3600);
	/* It comes in the end. */
	*fake_item("B") = (struct fake_item){ .id = "B", .change_key = "k", .mime = "b" };
	run_ok(bench);
	check_item(bench, "B", "b");
	assert_int_equal(tally_of(bench).quarantined_n, 0);
}

/* A new change key is a new chance at once; the same key again is none. */
static void test_a_verdict_is_about_a_version(void **state)
{
	struct bench *bench = *state;

	fake_add_item("B", NULL, NULL);
	fake_item("B")->err = ERR_BAD_ITEM;
	ANNOUNCE("B");
	run_ok(bench);
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_UPDATE("B", "k") } });
	run_ok(bench);
	assert_int_equal(fake.item_ids_n, 2); /* once for it, once what it is */
	*fake_item("B") = (struct fake_item){ .id = "B", .change_key = "k2", .mime = "b" };
	fake_add_page(&(struct fake_page){ "INBOX", "s2", "s3", { FAKE_UPDATE("B", "k2") } });
	run_ok(bench);
	check_item(bench, "B", "b");
}

static void test_old_content_stays_when_the_new_cannot_be_had(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", "k", "a");
	ANNOUNCE("A");
	run_ok(bench);
	*fake_item("A") = (struct fake_item){ .id = "A", .err = ERR_LIMIT };
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_UPDATE("A", "k2") } });
	run_ok(bench);
	check_item(bench, "A", "a");
	check_error_attr(bench, "A", err_text(ERR_LIMIT));
}

static void test_a_ghost_is_dropped_and_a_known_item_waits_for_its_delete(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", "k", "a");
	ANNOUNCE("A", "GHOST");
	run_ok(bench);
	check_item(bench, "GHOST", "?");
	assert_int_equal(tally_of(bench).pending_n, 0);
	assert_int_equal(tally_of(bench).items_n, 1);
	fake_item("A")->err = ERR_NOT_FOUND;
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_UPDATE("A", "k2") } });
	run_ok(bench);
	check_item(bench, "A", "a");
	fake_add_page(&(struct fake_page){ "INBOX", "s2", "s3", { FAKE_DELETE("A") } });
	run_ok(bench);
	check_item(bench, "A", "-");
}

static int until_ok_n;
static void heal(void)
{
	if (until_ok_n > 0 && --until_ok_n == 0)
		*fake_item("A") = (struct fake_item){ .id = "A", .change_key = "k", .mime = "a" };
}

/* The run waits for what the server asked us to try again. */
static void test_a_transient_failure_is_tried_again_soon(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", NULL, NULL);
	fake_item("A")->err = ERR_TRANSIENT;
	until_ok_n = 2;
	fake.on_items = heal;
	ANNOUNCE("A");
	int64_t begun_ms = clock_boot_ms();
	run_ok(bench);
	check_item(bench, "A", "a");
	assert_true(clock_boot_ms() - begun_ms >= 500);
}

/* Nobody knows which item spoils the batch: they come again one by one. */
static void test_a_batch_that_fails_whole_is_repeated_item_by_item(void **state)
{
	static const enum err errs[] = { ERR_STALE_REPLY, ERR_OFFLINE, ERR_PROTOCOL, ERR_LIMIT };

	for (size_t i = 0; i < ARRAY_LEN(errs); i++) {
		struct bench *bench = *state;
		fake_add_item("A", "k", "a");
		fake_add_item("B", "k", "b");
		fake_add_item("C", "k", "c");
		ANNOUNCE("A", "B", "C");
		fake.items_fault = (struct fake_fault){ errs[i], 1, -1 };
		run_ok(bench);
		check_item(bench, "A", "a");
		check_item(bench, "B", "b");
		check_item(bench, "C", "c");
		assert_int_equal(fake.items_calls_n, 4);
		bench_down(state);
		bench_up(state);
	}
}

/* An error names no item: it may be the answer for another one of the batch. */
static void test_errors_in_a_reply_to_another_question_are_not_believed(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", NULL, NULL);
	fake_item("A")->err = ERR_NOT_FOUND;
	fake_add_item("B", "k", "b");
	ANNOUNCE("A", "B");
	until_ok_n = 2;
	fake.on_items = heal;
	fake.items_fault = (struct fake_fault){ ERR_STALE_REPLY, 1, -1, 2 };
	run_ok(bench);
	check_item(bench, "A", "a");
	check_item(bench, "B", "b");
	assert_int_equal(fake.item_ids_n, 3);
}

/* Not the items then: the run ends, and nothing is blamed on them. */
static void test_a_server_that_is_gone_ends_the_run(void **state)
{
	static const enum err errs[] = { ERR_OFFLINE, ERR_AUTH, ERR_TLS, ERR_NOT_EWS };

	for (size_t i = 0; i < ARRAY_LEN(errs); i++) {
		struct bench *bench = *state;
		fake_add_item("A", "k", "a");
		ANNOUNCE("A", "B");
		fake.items_fault = (struct fake_fault){ errs[i], -1, -1 };
		check_err(run_whole(bench->sync), errs[i]);
		check_item(bench, "A", "?");
		assert_true(fake.items_calls_n <= 4);
		fake.items_fault.n = 0;
		run_ok(bench);
		check_item(bench, "A", "a");
		assert_int_equal(tally_of(bench).quarantined_n, 0);
		bench_down(state);
		bench_up(state);
	}
}

/* Nothing is sent while the server wants us to wait. */
static int64_t throttled_ms;
static void check_gate(void)
{
	if (throttled_ms)
		assert_true(clock_boot_ms() - throttled_ms >= 295);
	throttled_ms = clock_boot_ms();
}

static void test_throttling_waits_as_long_as_asked(void **state)
{
	struct bench *bench = *state;
	struct sync_status status;

	bench->account.connections_n = 1;
	fake_add_item("A", "k", "a");
	ANNOUNCE("A");
	fake.folders_fault = (struct fake_fault){ ERR_THROTTLED, 1, 200 };
	fake.pages_fault = (struct fake_fault){ ERR_THROTTLED, 1, 200 };
	fake.items_fault = (struct fake_fault){ ERR_THROTTLED, 1, 300 };
	throttled_ms = 0;
	fake.on_items = check_gate;
	int64_t begun_ms = clock_boot_ms();
	run_ok(bench);
	assert_true(clock_boot_ms() - begun_ms >= 700);
	check_item(bench, "A", "a");
	assert_int_equal(fake.items_calls_n, 2);
	sync_load_status(bench->sync, &status);
	assert_true(status.throttled_until == TIME_NONE);

	gate_close(bench->sync, 5000);
	sync_load_status(bench->sync, &status);
	assert_int_equal(status.state, SYNC_STATE_THROTTLED);
	int64_t left = status.throttled_until - clock_wall_ns() / NS_PER_S;
	assert_true(left >= 4 && left <= 6);
}

/* The last thing that a run does is to wait: what is due counts, though nothing may be asked for. */
static void test_a_run_whose_last_request_was_throttled_goes_on(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", "k", "a");
	ANNOUNCE("A");
	run_ok(bench);
	fake_add_item("B", "k", "b");
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_CREATE("B", "k") } });
	fake.items_fault = (struct fake_fault){ ERR_THROTTLED, 1, 100 };
	run_ok(bench);
	check_item(bench, "B", "b");
	assert_int_equal(tally_of(bench).pending_n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_batches_are_filled_and_committed),
		bench_test(test_I8_one_bad_item_stops_nothing),
		bench_test(test_I3_a_bad_item_has_its_name),
		bench_test(test_an_item_of_another_kind_by_now_is_asked_for_as_that),
		bench_test(test_an_item_of_another_kind_is_asked_for_until_the_answer_comes),
		bench_test(test_an_item_that_only_the_safe_shape_fits_is_asked_for_so),
		bench_test(test_I8_delays_grow_from_a_minute_to_a_day),
		bench_test(test_a_verdict_is_about_a_version),
		bench_test(test_old_content_stays_when_the_new_cannot_be_had),
		bench_test(test_a_ghost_is_dropped_and_a_known_item_waits_for_its_delete),
		bench_test(test_a_transient_failure_is_tried_again_soon),
		bench_test(test_a_batch_that_fails_whole_is_repeated_item_by_item),
		bench_test(test_errors_in_a_reply_to_another_question_are_not_believed),
		bench_test(test_a_server_that_is_gone_ends_the_run),
		bench_test(test_throttling_waits_as_long_as_asked),
		bench_test(test_a_run_whose_last_request_was_throttled_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
