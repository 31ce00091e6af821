/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>

#include "model/attr.h"
#include "model/folder.h"

struct given {
	uint64_t ino;
	const char *id, *parent_id, *display_name;
	bool is_hidden;
	/* expected */
	uint64_t shown_in;
	const char *shown_as;
};

static void take(struct folders *folders, const struct given *given)
{
	struct folder folder;

	folder_init(&folder);
	folder.ino = given->ino;
	folder.is_hidden = given->is_hidden;
	check_ok(text_copy(given->id, &folder.id));
	check_ok(text_copy(given->parent_id, &folder.parent_id));
	check_ok(text_copy(given->display_name, &folder.display_name));
	check_ok(folders_take(folders, &folder));
	assert_null(folder.id);
}

static void check_shown(const struct folders *folders, const struct given *given)
{
	const struct folder *folder = folders_find(folders, given->id);

	assert_non_null(folder);
	assert_int_equal(folder->shown_in, given->shown_in);
	if (given->shown_as)
		assert_string_equal(folder->shown_as, given->shown_as);
	else
		assert_null(folder->shown_as);
}

/* Whatever order the folders come in, and laid out twice. */
static void check_layout(const struct given *given, size_t n)
{
	for (size_t first = 0; first < n; first++) {
		AUTO(folders) struct folders folders = { 0 };
		for (size_t i = 0; i < n; i++)
			take(&folders, &given[(first + i) % n]);
		check_ok(folders_lay_out(&folders, "root"));
		check_ok(folders_lay_out(&folders, "root"));
		for (size_t i = 0; i < n; i++)
			check_shown(&folders, &given[i]);
	}
}

static void test_folders_are_shown_below_their_parents(void **state)
{
	static const struct given given[] = {
		{ 1, "root", "store", "Top of Information Store", false, 0, NULL },
		{ 2, "in", "root", "Inbox", false, 1, "Inbox" },
		{ 3, "sub", "in", "Sub: a", false, 2, "Sub： a" },
		{ 4, "subsub", "sub", ".ctl", false, 3, "\u2024ctl ~0c5caf84" },
	};
	(void)state;

	check_layout(given, ARRAY_LEN(given));
}

static void test_what_does_not_lead_to_the_root_is_left_out(void **state)
{
	static const struct given given[] = {
		{ 2, "in", "root", "Inbox", false, 1, "Inbox" },
		{ 3, "hidden", "root", "Hidden", true, 0, NULL },
		{ 4, "below", "hidden", "Below", false, 0, NULL },
		{ 5, "below2", "below", "Below", false, 0, NULL },
		{ 6, "orphan", "nobody", "Orphan", false, 0, NULL },
		{ 7, "orphan2", "orphan", "Orphan", false, 0, NULL },
		{ 8, "none", NULL, "None", false, 0, NULL },
		{ 9, "self", "self", "Self", false, 0, NULL },
		{ 10, "a", "b", "A", false, 0, NULL },
		{ 11, "b", "c", "B", false, 0, NULL },
		{ 12, "c", "a", "C", false, 0, NULL },
		{ 13, "d", "a", "Below a cycle", false, 0, NULL },
	};
	(void)state;

	check_layout(given, ARRAY_LEN(given));
}

static void test_I3_siblings_of_one_name_all_have_a_suffix(void **state)
{
	static const struct given given[] = {
		{ 2, "id-a", "root", "Same", false, 1, "Same ~db1ba9f3" },
		{ 3, "id-b", "root", "Same", false, 1, "Same ~4f206f19" },
		{ 4, "c", "root", "Other", false, 1, "Other" },
		{ 5, "d", "c", "Same", false, 4, "Same" },
		{ 6, "e", "root", "Hidden twin", false, 1, "Hidden twin" },
		{ 7, "f", "root", "Hidden twin", true, 0, NULL },
	};
	(void)state;

	check_layout(given, ARRAY_LEN(given));
}

/* Cleaning made them equal: who lost something has the suffix. */
static void test_I3_names_that_clean_alike_are_told_apart(void **state)
{
	static const struct given given[] = {
		{ 2, "a", "root", "a:b", false, 1, "a：b" },
		{ 3, "id-a", "root", "a：b", false, 1, "a：b ~db1ba9f3" },
		{ 4, "id-b", "root", " a:b", false, 1, "a：b ~4f206f19" },
	};
	(void)state;

	check_layout(given, ARRAY_LEN(given));
}

/* Anybody may call a folder what another one is called with its suffix, and so on. */
static void test_I3_a_name_that_imitates_a_suffix_gets_its_own(void **state)
{
	static const struct given given[] = {
		{ 2, "id-a", "root", " a", false, 1, "a ~db1ba9f3" },
		{ 3, "id-b", "root", "a ~db1ba9f3", false, 1, "a ~db1ba9f3 ~4f206f19" },
		{ 4, "b", "root", "a ~db1ba9f3 ~4f206f19", false, 1,
		  "a ~db1ba9f3 ~4f206f19 ~3e23e816" },
	};
	(void)state;

	check_layout(given, ARRAY_LEN(given));
}

/* SHA-256 of these begins alike: 8 digits are not enough. */
static void test_I3_suffixes_that_collide_become_longer(void **state)
{
	static const struct given given[] = {
		{ 2, "c17439", "root", "Same", false, 1, "Same ~c51deb06539f4c4c" },
		{ 3, "c24164", "root", "Same", false, 1, "Same ~c51deb064c76707a" },
	};
	(void)state;

	check_layout(given, ARRAY_LEN(given));
}

static void test_names_of_other_trees_are_reserved_at_the_top_only(void **state)
{
	static const struct given given[] = {
		{ 2, "id-a", "root", "Public Folders", false, 1, "Public Folders ~db1ba9f3" },
		{ 3, "b", "id-a", "Public Folders", false, 2, "Public Folders" },
		{ 4, "c", "root", "public folders", false, 1, "public folders" },
	};
	(void)state;

	check_layout(given, ARRAY_LEN(given));
}

static void test_the_top_of_another_tree_bears_its_name_wherever_its_parent_is(void **state)
{
	static const struct given given[] = {
		{ 2, "top", "elsewhere", "Top of Information Store", false, 1, NULL },
		{ 3, "own", "root", "Online Archive", false, 1, NULL },
		{ 4, "below", "top", "Online Archive", false, 2, NULL },
	};
	AUTO(folders) struct folders folders = { 0 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		take(&folders, &given[i]);
	folders.list[0].is_top = true;
	folders.list[0].tree = folders.list[2].tree = TREE_ARCHIVE;
	check_ok(folders_lay_out(&folders, "root"));
	assert_int_equal(folders.list[0].shown_in, 1);
	assert_string_equal(folders.list[0].shown_as, "Online Archive");
	assert_int_equal(folders.list[1].shown_in, 1);
	assert_memory_equal(folders.list[1].shown_as, "Online Archive ~", 16);
	assert_int_equal(folders.list[2].shown_in, 2);
	assert_string_equal(folders.list[2].shown_as, "Online Archive");
}

static void test_two_folders_with_one_id_are_refused(void **state)
{
	static const struct given given = { 2, "a", "root", "A", false, 0, NULL };
	AUTO(folders) struct folders folders = { 0 };
	(void)state;

	take(&folders, &given);
	take(&folders, &given);
	check_err(folders_lay_out(&folders, "root"), ERR_INVALID);
}

static void take_numbered(struct folders *folders, unsigned n, unsigned parent)
{
	char id[16], parent_id[16];

	snprintf(id, sizeof(id), "f%u", n);
	snprintf(parent_id, sizeof(parent_id), parent ? "f%u" : "root", parent);
	take(folders, &(struct given){ n + 1, id, parent_id, "Same" });
}

static void test_a_chain_ends_at_the_greatest_depth(void **state)
{
	AUTO(folders) struct folders folders = { 0 };
	(void)state;

	for (unsigned n = 1000; n >= 1; n--)
		take_numbered(&folders, n, n - 1);
	check_ok(folders_lay_out(&folders, "root"));
	for (size_t i = 0; i < folders.n; i++) {
		size_t depth = 1000 - i;
		assert_int_equal(folders.list[i].shown_in, depth <= FOLDER_DEPTH_MAX ? depth : 0);
	}
}

static void test_as_many_folders_as_allowed_are_laid_out(void **state)
{
	AUTO(folders) struct folders folders = { 0 };
	struct folder more;
	size_t shown = 0;
	(void)state;

	for (unsigned n = 1; n <= FOLDERS_MAX; n++)
		take_numbered(&folders, n, n <= 1000 ? 0 : n % 1000 + 1);
	folder_init(&more);
	check_err(folders_take(&folders, &more), ERR_LIMIT);
	check_ok(folders_lay_out(&folders, "root"));
	for (size_t i = 0; i < folders.n; i++)
		shown += folders.list[i].shown_as != NULL;
	assert_int_equal(shown, FOLDERS_MAX);
}

static void test_digests_are_equal_only_where_that_proves_something(void **state)
{
	struct digest a = { true, 3, 2, 1, 1706609712, 0 }, b = a;
	(void)state;

	assert_true(digest_equal(&a, &b));
	b.total_n++;
	assert_false(digest_equal(&a, &b));
	b = a;
	b.unread_n++;
	assert_false(digest_equal(&a, &b));
	b = a;
	b.commit++;
	assert_false(digest_equal(&a, &b));
	b = a;
	b.deleted_n++;
	assert_false(digest_equal(&a, &b));
	b = a;
	b.known = false;
	assert_false(digest_equal(&a, &b));
	assert_false(digest_equal(&b, &b));
	b = a;
	b.commit = TIME_NONE;
	assert_false(digest_equal(&b, &b));
}

static void test_a_folder_has_the_attributes_of_the_interface(void **state)
{
	static const char names[] = "user.ews.change_key\0user.ews.parent_folder_id\0"
				    "user.ews.folder_id\0user.ews.folder_class\0"
				    "user.ews.distinguished\0user.ews.display_name\0"
				    "user.ews.total_count\0user.ews.unread_count\0"
				    "user.ews.child_count\0user.ews.sync_state\0user.ews.last_sync";
	struct folder folder;
	AUTO(buf) struct buf set = { 0 }, list = { 0 };
	const char *value;
	size_t n;
	(void)state;

	folder_init(&folder);
	check_ok(folder_print_attrs(&folder, &set));
	assert_int_equal(set.len, 0);
	folder.id = strdup("id");
	folder.change_key = strdup("ck");
	folder.parent_id = strdup("parent");
	folder.folder_class = strdup("IPF.Note");
	folder.distinguished = strdup("inbox");
	folder.display_name = strdup("In/box");
	folder.sync_state = strdup("H4s=");
	folder.last_sync = 1706609712;
	folder.digest = (struct digest){ true, 3, 0, 1, 5, -1 };
	check_ok(folder_print_attrs(&folder, &set));
	check_ok(attr_list(&set, &list));
	assert_int_equal(list.len, sizeof(names));
	assert_memory_equal(list.bytes, names, sizeof(names));
	check_ok(attr_find(&set, ATTR_UNREAD_COUNT, &value, &n));
	assert_memory_equal(value, "0", n);
	folder_release(&folder);
	folder_release(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders_are_shown_below_their_parents),
		cmocka_unit_test(test_what_does_not_lead_to_the_root_is_left_out),
		cmocka_unit_test(test_I3_siblings_of_one_name_all_have_a_suffix),
		cmocka_unit_test(test_I3_names_that_clean_alike_are_told_apart),
		cmocka_unit_test(test_I3_a_name_that_imitates_a_suffix_gets_its_own),
		cmocka_unit_test(test_I3_suffixes_that_collide_become_longer),
		cmocka_unit_test(test_names_of_other_trees_are_reserved_at_the_top_only),
		cmocka_unit_test(
			test_the_top_of_another_tree_bears_its_name_wherever_its_parent_is),
		cmocka_unit_test(test_two_folders_with_one_id_are_refused),
		cmocka_unit_test(test_a_chain_ends_at_the_greatest_depth),
		cmocka_unit_test(test_as_many_folders_as_allowed_are_laid_out),
		cmocka_unit_test(test_digests_are_equal_only_where_that_proves_something),
		cmocka_unit_test(test_a_folder_has_the_attributes_of_the_interface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
