/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

#include "sync/version.h"

static void check_shown(struct bench *bench, const char *id, const char *parent_id,
			const char *name)
{
	AUTO(folder) struct folder folder = { 0 };

	load_folder(bench, id, &folder);
	if (!parent_id) {
		assert_int_equal(folder.shown_in, 0);
		return;
	}
	assert_int_equal(folder.shown_in, folder_ino(bench, parent_id));
	assert_string_equal(folder.shown_as, name);
}

/* The fake tells children before their parents. */
static void test_parents_may_come_after_children(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	fake_add_folder("B", "A", "B");
	fake_add_folder("C", "B", "C");
	run_ok(bench);
	check_shown(bench, "INBOX", "ROOT", "Inbox");
	check_shown(bench, "A", "ROOT", "A");
	check_shown(bench, "B", "A", "B");
	check_shown(bench, "C", "B", "C");
	assert_int_equal(folder_ino(bench, "ROOT"), 1);
	assert_int_equal(fake.hierarchy_calls_n, 1);
}

static void test_what_does_not_lead_to_the_root_is_kept_and_not_shown(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("ORPHAN", "NOWHERE", "Orphan");
	fake_add_folder("ONE", "TWO", "One");
	fake_add_folder("TWO", "ONE", "Two");
	fake_add_folder("HIDDEN", "ROOT", "Hidden")->is_hidden = true;
	fake_add_folder("BELOW", "HIDDEN", "Below");
	run_ok(bench);
	check_shown(bench, "ORPHAN", NULL, NULL);
	check_shown(bench, "ONE", NULL, NULL);
	check_shown(bench, "TWO", NULL, NULL);
	check_shown(bench, "HIDDEN", NULL, NULL);
	check_shown(bench, "BELOW", NULL, NULL);
	/* The Inbox first, and the root. */
	assert_int_equal(fake.pages_calls_n, 2);

	/* It settles: an unchanged mailbox costs one GetFolder, after a restart too. */
	for (int i = 0; i < 2; i++) {
		fake.folders_calls_n = fake.hierarchy_calls_n = fake.pages_calls_n = 0;
		run_ok(bench);
		assert_int_equal(fake.folders_calls_n, 1);
		assert_int_equal(fake.hierarchy_calls_n, 0);
		assert_int_equal(fake.pages_calls_n, 0);
		bench_close(bench);
		bench_open(bench);
	}
}

static void test_every_change_of_the_hierarchy_is_found(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	run_ok(bench);
	/* created */
	fake_add_folder("B", "A", "B");
	run_ok(bench);
	check_shown(bench, "B", "A", "B");
	/* renamed */
	fake_folder("B")->name = "Bee";
	fake_touch_folder("B", "Fk2");
	run_ok(bench);
	check_shown(bench, "B", "A", "Bee");
	/* moved */
	uint64_t ino = folder_ino(bench, "B");
	fake_folder("B")->parent_id = "INBOX";
	fake_folder("A")->child_n--;
	fake_folder("INBOX")->child_n++;
	fake_touch_folder("B", "Fk3");
	run_ok(bench);
	check_shown(bench, "B", "INBOX", "Bee");
	assert_int_equal(folder_ino(bench, "B"), ino);
	/* hidden */
	fake_folder("B")->is_hidden = true;
	fake_touch_folder("B", "Fk4");
	run_ok(bench);
	check_shown(bench, "B", NULL, NULL);
	/* deleted */
	fake_drop_folder("B");
	run_ok(bench);
	assert_false(has_folder(bench, "B"));
	fake.hierarchy_calls_n = 0;
	run_ok(bench);
	assert_int_equal(fake.hierarchy_calls_n, 0);
}

static void test_names_may_be_swapped(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	fake_add_folder("B", "ROOT", "B");
	run_ok(bench);
	fake_folder("A")->name = "B";
	fake_folder("B")->name = "A";
	fake_touch_folder("A", "Fk2");
	fake_touch_folder("B", "Fk2");
	run_ok(bench);
	check_shown(bench, "A", "ROOT", "B");
	check_shown(bench, "B", "ROOT", "A");
}

/* A Delete takes its subtree as it stands when the changes before it are applied. */
static void test_a_delete_takes_the_subtree_as_it_stands_then(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	fake_add_folder("B", "A", "B");
	fake_add_folder("C", "B", "C");
	fake_add_folder("SAVED", "B", "Saved");
	run_ok(bench);
	fake_drop_folder("A");
	/* No Delete for each descendant, and one moved out behind it. */
	fake_folder("B")->is_gone = fake_folder("C")->is_gone = true;
	fake_folder("SAVED")->parent_id = "INBOX";
	fake_folder("INBOX")->child_n++;
	fake_touch_folder("SAVED", "Fk2");
	run_ok(bench);
	assert_false(has_folder(bench, "A"));
	assert_false(has_folder(bench, "B"));
	assert_false(has_folder(bench, "C"));
	check_shown(bench, "SAVED", "INBOX", "Saved");
}

static void test_a_listing_without_the_inbox_removes_nothing(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	run_ok(bench);
	fake_folder("INBOX")->is_gone = fake_folder("A")->is_gone = true;
	fake.hierarchy_fault = (struct fake_fault){ ERR_SYNC_RESET, 1, -1 };
	check_err(run_whole(bench->sync), ERR_PROTOCOL);
	assert_true(has_folder(bench, "A"));
	check_shown(bench, "INBOX", "ROOT", "Inbox");
}

/* The state expired: what is still there keeps its id, its state and its content. */
static void test_an_expired_state_lists_afresh(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	fake_add_folder("B", "ROOT", "B");
	fake_add_item("X", "k", "one");
	fake_add_page(&(struct fake_page){ "A", NULL, "s1", { FAKE_CREATE("X", "k") } });
	run_ok(bench);
	uint64_t ino = item_ino(bench, "X");
	fake_drop_folder("B");
	fake.hierarchy_fault = (struct fake_fault){ ERR_SYNC_RESET, 1, -1 };
	fake.item_ids_n = fake.pages_calls_n = 0;
	run_ok(bench);
	assert_false(has_folder(bench, "B"));
	assert_int_equal(item_ino(bench, "X"), ino);
	assert_int_equal(fake.item_ids_n, 0);
	/* The root's count changed. */
	assert_int_equal(fake.pages_calls_n, 1);
	AUTO(folder) struct folder inbox = { 0 };
	load_folder(bench, "INBOX", &inbox);
	assert_string_equal(inbox.distinguished, "inbox");
}

/* It answers "not found" and is listed all the same. */
static void test_a_folder_that_is_listed_and_not_found_keeps_its_files(void **state)
{
	struct bench *bench = *state;
	AUTO(folder) struct folder folder = { 0 };

	fake_add_folder("A", "ROOT", "A");
	fake_add_item("X", "k", "one");
	fake_add_page(&(struct fake_page){ "A", NULL, "s1", { FAKE_CREATE("X", "k") } });
	run_ok(bench);
	fake_folder("A")->is_gone = fake_folder("A")->is_listed = true;
	fake.hierarchy_calls_n = 0;
	run_ok(bench);
	/* Since the last time, and then from nothing: that once only. */
	assert_int_equal(fake.hierarchy_calls_n, 2);
	run_ok(bench);
	assert_int_equal(fake.hierarchy_calls_n, 3);
	check_err(run_result(bench->sync, 1), ERR_NOT_FOUND);
	check_item(bench, "X", "one");
	load_folder(bench, "A", &folder);
	assert_string_equal(folder.error, err_text(ERR_NOT_FOUND));
	check_shown(bench, "A", "ROOT", "A");

	folder_release(&folder);
	fake_folder("A")->is_gone = false;
	run_ok(bench);
	check_ok(run_result(bench->sync, 1));
	load_folder(bench, "A", &folder);
	assert_null(folder.error);
}

/* The server forgot the state of the hierarchy in silence, and with it the Delete. */
static void test_a_folder_whose_end_was_never_told_goes(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	run_ok(bench);
	fake_folder("A")->is_gone = true;
	fake_folder("ROOT")->child_n--;
	run_ok(bench);
	check_ok(run_result(bench->sync, 1));
	assert_false(has_folder(bench, "A"));
}

/* Only its items say so: the hierarchy is looked at once more. */
static void test_a_folder_that_goes_while_we_look(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	fake_add_page(&(struct fake_page){ "A", NULL, "s1", .err = ERR_NOT_FOUND });
	run_ok(bench);
	check_err(run_result(bench->sync, folder_ino(bench, "A")), ERR_NOT_FOUND);
	check_ok(run_result(bench->sync, folder_ino(bench, "INBOX")));
	assert_int_equal(fake.pages_calls_n, 1 + 2 + 1);
}

static void test_a_closed_folder_says_so_and_stops_nothing(void **state)
{
	struct bench *bench = *state;
	AUTO(folder) struct folder folder = { 0 };

	fake_add_folder("A", "ROOT", "A")->err = ERR_DENIED;
	fake_add_folder("B", "ROOT", "B");
	fake_add_item("X", "k", "one");
	fake_add_page(&(struct fake_page){ "B", NULL, "s1", { FAKE_CREATE("X", "k") } });
	run_ok(bench);
	check_ok(run_result(bench->sync, 1));
	check_err(run_result(bench->sync, folder_ino(bench, "A")), ERR_DENIED);
	check_shown(bench, "A", "ROOT", "A");
	load_folder(bench, "A", &folder);
	assert_string_equal(folder.error, err_text(ERR_DENIED));
	check_item(bench, "X", "one");
	/* The top may be closed too, for its own items. */
	fake_add_page(&(struct fake_page){ "ROOT", "s0", .err = ERR_DENIED });
	run_ok(bench);
	check_ok(run_result(bench->sync, 1));
	check_ok(run_result_of_all(bench->sync));
}

/* Its digest is younger than the hierarchy: what came between must not be missed. */
static void test_a_folder_made_while_we_look_is_not_missed(void **state)
{
	struct bench *bench = *state;

	run_ok(bench);
	fake_add_folder("A", "ROOT", "A");
	/* The hierarchy does not know B yet when A is told. */
	fake_folder("A")->child_n = 1;
	run_ok(bench);
	assert_true(fake.hierarchy_calls_n >= 3);
	fake_add_folder("B", "A", "B");
	fake_folder("A")->child_n = 1;
	fake_touch_folder("A", "Fk2");
	run_ok(bench);
	check_shown(bench, "B", "A", "B");
}

static void test_another_mailbox_behind_the_name_is_refused(void **state)
{
	struct bench *bench = *state;

	run_ok(bench);
	fake_folder("ROOT")->id = "OTHER";
	fake.hierarchy_fault = (struct fake_fault){ ERR_SYNC_RESET, 1, -1 };
	check_err(run_whole(bench->sync), ERR_NOT_FOUND);
	check_err(hierarchy_list(bench->sync, 1), ERR_OTHER_OWNER);
	assert_true(has_folder(bench, "INBOX"));
}

static bool log_has(const struct bench *bench, const char *text)
{
	char log[4096];
	FILE *file = fopen(bench->log, "r");

	assert_non_null(file);
	log[fread(log, 1, sizeof(log) - 1, file)] = '\0';
	fclose(file);
	return strstr(log, text) != NULL;
}

static void test_the_log_says_which_way_the_version_went(void **state)
{
	struct bench *bench = *state;

	fake.version = "Exchange2010_SP2";
	version_remember(bench->sync);
	assert_true(log_has(bench, "refused a newer version of EWS, asking in Exchange2010_SP2"));
	fake.version = "Exchange2013_SP1";
	version_remember(bench->sync);
	assert_true(log_has(bench, "takes a newer version of EWS, asking in Exchange2013_SP1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_parents_may_come_after_children),
		bench_test(test_what_does_not_lead_to_the_root_is_kept_and_not_shown),
		bench_test(test_every_change_of_the_hierarchy_is_found),
		bench_test(test_names_may_be_swapped),
		bench_test(test_a_delete_takes_the_subtree_as_it_stands_then),
		bench_test(test_a_listing_without_the_inbox_removes_nothing),
		bench_test(test_an_expired_state_lists_afresh),
		bench_test(test_a_folder_that_is_listed_and_not_found_keeps_its_files),
		bench_test(test_a_folder_whose_end_was_never_told_goes),
		bench_test(test_a_folder_that_goes_while_we_look),
		bench_test(test_a_closed_folder_says_so_and_stops_nothing),
		bench_test(test_a_folder_made_while_we_look_is_not_missed),
		bench_test(test_another_mailbox_behind_the_name_is_refused),
		bench_test(test_the_log_says_which_way_the_version_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
