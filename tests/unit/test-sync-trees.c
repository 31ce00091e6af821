/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

static void reopen(struct bench *bench, unsigned trees)
{
	bench_close(bench);
	bench->account.trees = trees;
	bench_open(bench);
}

static void add_tree(const char *id, enum tree tree)
{
	fake_add_folder(id, "ELSEWHERE", "Top of something")->distinguished = tree_info(tree)->root;
}

static void check_shown(struct bench *bench, const char *id, uint64_t shown_in, const char *name)
{
	AUTO(folder) struct folder folder = { 0 };

	load_folder(bench, id, &folder);
	assert_int_equal(folder.shown_in, shown_in);
	assert_string_equal(folder.shown_as, name);
}

static void test_each_tree_has_a_state_of_its_own(void **state)
{
	struct bench *bench = *state;

	add_tree("ARCHIVE", TREE_ARCHIVE);
	fake_add_folder("OLD", "ARCHIVE", "Old");
	fake_add_folder("SUB", "INBOX", "Sub");
	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_ARCHIVE));
	run_ok(bench);
	check_shown(bench, "ARCHIVE", 1, "Online Archive");
	check_shown(bench, "OLD", folder_ino(bench, "ARCHIVE"), "Old");
	check_shown(bench, "SUB", folder_ino(bench, "INBOX"), "Sub");

	/* What expires in one leaves the other alone, and a listing from nothing speaks of one. */
	uint64_t old = folder_ino(bench, "OLD");
	fake.hierarchy_calls_n = 0;
	fake_drop_folder("SUB");
	fake.hierarchy_fault = (struct fake_fault){ ERR_SYNC_RESET, 1, -1 };
	run_ok(bench);
	assert_false(has_folder(bench, "SUB"));
	assert_int_equal(folder_ino(bench, "OLD"), old);

	fake.hierarchy_calls_n = 0;
	fake_add_folder("NEW", "ARCHIVE", "New");
	run_ok(bench);
	check_shown(bench, "NEW", folder_ino(bench, "ARCHIVE"), "New");
	assert_int_equal(fake.hierarchy_calls_n, 1);
}

/* The one tells where it is now, and then the other that it is there no longer. */
static void test_a_folder_that_moves_to_another_tree_is_not_deleted(void **state)
{
	struct bench *bench = *state;

	add_tree("ARCHIVE", TREE_ARCHIVE);
	fake_add_folder("A", "ARCHIVE", "A");
	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_ARCHIVE));
	run_ok(bench);
	fake_folder("A")->parent_id = "INBOX";
	fake_touch_folder("A", "Fk2");
	check_ok(hierarchy_update(bench->sync, NULL, TREE_BIT(TREE_MAILBOX)));
	check_shown(bench, "A", folder_ino(bench, "INBOX"), "A");
	fake_folder("A")->parent_id = "ARCHIVE";
	fake_drop_folder("A");
	check_ok(hierarchy_update(bench->sync, NULL, TREE_BIT(TREE_ARCHIVE)));
	check_shown(bench, "A", folder_ino(bench, "INBOX"), "A");
}

static void test_a_tree_that_is_wanted_no_longer_goes_and_comes_back(void **state)
{
	struct bench *bench = *state;

	add_tree("ARCHIVE", TREE_ARCHIVE);
	fake_add_folder("OLD", "ARCHIVE", "Old");
	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_ARCHIVE));
	run_ok(bench);
	reopen(bench, 0);
	run_ok(bench);
	assert_false(has_folder(bench, "ARCHIVE"));
	assert_false(has_folder(bench, "OLD"));
	assert_true(has_folder(bench, "INBOX"));
	reopen(bench, TREE_BIT(TREE_ARCHIVE));
	run_ok(bench);
	check_shown(bench, "OLD", folder_ino(bench, "ARCHIVE"), "Old");
	/* The mailbox's root is still that of the mount; what is in it is not wanted. */
	AUTO(folder) struct folder inbox = { 0 };
	load_folder(bench, "INBOX", &inbox);
	assert_int_equal(inbox.shown_in, 0);
}

static void test_a_tree_that_is_not_there_is_left_out_until_it_comes(void **state)
{
	struct bench *bench = *state;

	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_PUBLIC));
	run_ok(bench);
	run_ok(bench);
	add_tree("PUBLIC", TREE_PUBLIC);
	run_ok(bench);
	check_shown(bench, "PUBLIC", 1, "Public Folders");
}

/* Once the mailbox has answered. */
static void lose_archive(void)
{
	fake.folders_fault = (struct fake_fault){ ERR_MOVED, 1, -1 };
}

static void test_a_tree_whose_server_fails_does_not_stop_the_mailbox(void **state)
{
	static const enum err own[] = { ERR_MOVED, ERR_NOT_EWS, ERR_OFFLINE };
	struct bench *bench = *state;

	add_tree("ARCHIVE", TREE_ARCHIVE);
	fake_add_folder("OLD", "ARCHIVE", "Old");
	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_ARCHIVE));
	run_ok(bench);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		fake.hierarchy_fault = (struct fake_fault){ own[i], -1, -1 };
		check_ok(hierarchy_update(bench->sync, NULL, TREE_BIT(TREE_ARCHIVE)));
		assert_int_equal(bench->sync->trees_failed, TREE_BIT(TREE_ARCHIVE));
	}
	fake.hierarchy_fault = (struct fake_fault){ ERR_AUTH, 1, -1 };
	check_err(hierarchy_update(bench->sync, NULL, TREE_BIT(TREE_ARCHIVE)), ERR_AUTH);
	run_ok(bench);
	assert_int_equal(bench->sync->trees_failed, 0);

	/* Its digests fail, its hierarchy does not: one line, not two with each poll. */
	fake_add_item("A", "k", "a");
	fake_add_page(&(struct fake_page){ "INBOX", "s0", "s1", { FAKE_CREATE("A", "k") } });
	fake.on_folders = lose_archive;
	for (int i = 0; i < 2; i++) {
		fake.folders_fault.n = 0;
		run_ok(bench);
		check_item(bench, "A", "a");
		assert_int_equal(bench->sync->trees_failed, 0);
		assert_int_equal(bench->sync->digests_failed, TREE_BIT(TREE_ARCHIVE));
	}
}

static void test_a_searched_tree_is_compared_and_only_what_differs_is_fetched(void **state)
{
	struct bench *bench = *state;

	add_tree("PUBLIC", TREE_PUBLIC);
	fake_add_folder("TEAM", "PUBLIC", "Team");
	fake_add_folder("PLANS", "TEAM", "Plans");
	fake_add_item("A", "k", "a");
	fake_add_item("B", "k", "b");
	fake_add_page(&(struct fake_page){
		"PLANS", NULL, "p", { FAKE_CREATE("A", "k"), FAKE_CREATE("B", "k") } });
	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_PUBLIC));
	run_ok(bench);
	check_shown(bench, "PLANS", folder_ino(bench, "TEAM"), "Plans");
	check_item(bench, "A", "a");
	uint64_t ino = item_ino(bench, "A");

	fake.item_ids_n = 0;
	fake.pages[0] = (struct fake_page){ "PLANS", NULL, "p", { FAKE_CREATE("A", "k") } };
	fake_touch_items("PLANS");
	run_ok(bench);
	check_item(bench, "B", "-");
	assert_int_equal(item_ino(bench, "A"), ino);
	assert_int_equal(fake.item_ids_n, 0);

	/* Nothing differs: no search. */
	fake.find_calls_n = 0;
	run_ok(bench);
	assert_int_equal(fake.find_calls_n, 0);
}

static void test_what_is_below_a_closed_folder_stays(void **state)
{
	struct bench *bench = *state;

	add_tree("PUBLIC", TREE_PUBLIC);
	fake_add_folder("TEAM", "PUBLIC", "Team");
	fake_add_folder("PLANS", "TEAM", "Plans");
	fake_add_folder("DRAFTS", "PLANS", "Drafts");
	fake_add_folder("MOVED", "TEAM", "Moved");
	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_PUBLIC));
	run_ok(bench);
	fake_folder("TEAM")->err = ERR_DENIED;
	fake_folder("MOVED")->parent_id = "PUBLIC";
	fake_drop_folder("DRAFTS");
	check_ok(hierarchy_list(bench->sync, TREE_BIT(TREE_PUBLIC)));
	check_shown(bench, "PLANS", folder_ino(bench, "TEAM"), "Plans");
	check_shown(bench, "MOVED", folder_ino(bench, "PUBLIC"), "Moved");
	assert_false(has_folder(bench, "DRAFTS"));
}

/* I9 */
static void test_folders_in_a_circle_are_not_searched_for_ever(void **state)
{
	struct bench *bench = *state;

	add_tree("PUBLIC", TREE_PUBLIC);
	fake_folder("PUBLIC")->parent_id = "TEAM";
	fake_add_folder("TEAM", "PUBLIC", "Team");
	fake_folder("TEAM")->child_n = 1;
	reopen(bench, TREE_BIT(TREE_MAILBOX) | TREE_BIT(TREE_PUBLIC));
	run_ok(bench);
	check_shown(bench, "TEAM", folder_ino(bench, "PUBLIC"), "Team");
	assert_int_equal(fake.find_calls_n, 2 * 2 + 2); /* and their items */
}

static void test_where_the_top_is_closed_each_open_folder_is_a_top(void **state)
{
	struct bench *bench = *state;

	fake_folder("ROOT")->err = ERR_DENIED;
	fake_add_folder("SUB", "INBOX", "Sub");
	bench->account.mailbox = (char *)"bob@corp.example";
	strcpy(bench->path + strlen(bench->path) - 3, "bob");
	reopen(bench, 0);
	run_ok(bench);
	check_shown(bench, "INBOX", 1, "Inbox");
	check_shown(bench, "SUB", folder_ino(bench, "INBOX"), "Sub");
	uint64_t ino = folder_ino(bench, "SUB");
	assert_false(has_folder(bench, "ROOT"));

	fake_folder("ROOT")->err = ERR_OK;
	fake_add_folder("BESIDE", "ROOT", "Beside");
	run_ok(bench);
	check_shown(bench, "INBOX", 1, "Inbox");
	check_shown(bench, "BESIDE", 1, "Beside");
	assert_int_equal(folder_ino(bench, "SUB"), ino);
	assert_int_equal(folder_ino(bench, "ROOT"), 1);
}

static void test_a_top_that_does_not_come_for_once_is_not_gone(void **state)
{
	struct bench *bench = *state;

	fake_folder("ROOT")->err = ERR_DENIED;
	fake_add_folder("SENT", "ROOT", "Sent")->distinguished = "sentitems";
	fake_add_folder("SUB", "INBOX", "Sub");
	bench->account.mailbox = (char *)"bob@corp.example";
	strcpy(bench->path + strlen(bench->path) - 3, "bob");
	reopen(bench, 0);
	run_ok(bench);
	fake_folder("INBOX")->err = ERR_BAD_ITEM;
	check_err(hierarchy_list(bench->sync, TREE_BIT(TREE_MAILBOX)), ERR_BAD_ITEM);
	assert_true(has_folder(bench, "INBOX"));
	assert_true(has_folder(bench, "SUB"));
}

static void test_anothers_mailbox_is_not_listed_without_its_inbox_either(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("A", "ROOT", "A");
	bench->account.mailbox = (char *)"bob@corp.example";
	strcpy(bench->path + strlen(bench->path) - 3, "bob");
	reopen(bench, 0);
	run_ok(bench);
	/* It is there, and the list passes it over. */
	fake_folder("INBOX")->parent_id = "PUBLIC";
	fake_add_folder("PUBLIC", "ELSEWHERE", "Another tree")->distinguished = "elsewhere";
	check_err(hierarchy_list(bench->sync, TREE_BIT(TREE_MAILBOX)), ERR_PROTOCOL);
	assert_true(has_folder(bench, "INBOX"));
	/* It is closed. */
	fake_folder("INBOX")->err = ERR_DENIED;
	check_ok(hierarchy_list(bench->sync, TREE_BIT(TREE_MAILBOX)));
	assert_true(has_folder(bench, "A"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_each_tree_has_a_state_of_its_own),
		bench_test(test_a_folder_that_moves_to_another_tree_is_not_deleted),
		bench_test(test_a_tree_that_is_wanted_no_longer_goes_and_comes_back),
		bench_test(test_a_tree_that_is_not_there_is_left_out_until_it_comes),
		bench_test(test_a_tree_whose_server_fails_does_not_stop_the_mailbox),
		bench_test(test_a_searched_tree_is_compared_and_only_what_differs_is_fetched),
		bench_test(test_what_is_below_a_closed_folder_stays),
		bench_test(test_folders_in_a_circle_are_not_searched_for_ever),
		bench_test(test_where_the_top_is_closed_each_open_folder_is_a_top),
		bench_test(test_a_top_that_does_not_come_for_once_is_not_gone),
		bench_test(test_anothers_mailbox_is_not_listed_without_its_inbox_either),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
