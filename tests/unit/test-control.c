/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdlib.h>

#include "fs/control.h"

static struct mailbox *open_fake(void)
{
	const struct account account = { .url = (char *)"https://mail.example/" };
	AUTO(buf) struct buf reason = { 0 };
	struct mailbox *mailbox = NULL;

	check_ok(mailbox_open(&account, &mailbox, &reason));
	return mailbox;
}

static void test_names_are_reserved_and_the_metrics_are_the_roots(void **state)
{
	enum mailbox_view view;
	(void)state;

	assert_true(control_by_name(1, ".ctl", &view) && view == MAILBOX_VIEW_TEXT);
	assert_true(control_by_name(9, ".ctl.json", &view) && view == MAILBOX_VIEW_JSON);
	assert_true(control_by_name(1, ".ctl.metrics", &view) && view == MAILBOX_VIEW_METRICS);
	assert_false(control_by_name(9, ".ctl.metrics", &view));
	assert_true(control_is_name(".ctl.metrics"));
	assert_false(control_is_name(".ctlx") || control_is_name("ctl"));
}

static void test_each_lookup_has_its_own_text_under_one_inode_number(void **state)
{
	AUTO(mailbox) struct mailbox *mailbox = open_fake();
	AUTO(controls) struct controls controls = { 0 };
	const struct fs_options options = { 0 };
	const struct control *first, *second;
	struct stat first_stat, second_stat;
	(void)state;

	controls_init(&controls);
	check_ok(controls_make(&controls, mailbox, NULL, 1, MAILBOX_VIEW_TEXT, &first));
	check_ok(controls_make(&controls, mailbox, NULL, 1, MAILBOX_VIEW_TEXT, &second));
	assert_true(control_is_ino(first->nodeid) && first->nodeid != second->nodeid);
	assert_string_not_equal(first->text.bytes, second->text.bytes);
	control_stat(first, &options, &first_stat);
	control_stat(second, &options, &second_stat);
	assert_true(first_stat.st_ino == second_stat.st_ino);
	assert_int_equal(first_stat.st_size, first->text.len);
	assert_int_equal(first_stat.st_mode, S_IFREG | 0600);

	uint64_t nodeid = first->nodeid;
	struct control *held = controls_take(&controls, nodeid);
	controls_drop(&controls, nodeid);
	assert_null(controls_take(&controls, nodeid));
	controls_drop(&controls, nodeid);
	assert_int_equal(held->text.len, first_stat.st_size);
	controls_give_back(&controls, held);
	assert_int_equal(controls.n, 1);
}

static void test_there_are_so_many_and_no_more(void **state)
{
	AUTO(mailbox) struct mailbox *mailbox = open_fake();
	AUTO(controls) struct controls controls = { 0 };
	const struct control *control;
	(void)state;

	controls_init(&controls);
	for (size_t i = 0; i < CONTROLS_MAX; i++)
		check_ok(controls_make(&controls, mailbox, NULL, 1, MAILBOX_VIEW_TEXT, &control));
	check_err(controls_make(&controls, mailbox, NULL, 1, MAILBOX_VIEW_JSON, &control),
		  ERR_NOMEM);
	controls_drop(&controls, control->nodeid);
	check_ok(controls_make(&controls, mailbox, NULL, 1, MAILBOX_VIEW_JSON, &control));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_reserved_and_the_metrics_are_the_roots),
		cmocka_unit_test(test_each_lookup_has_its_own_text_under_one_inode_number),
		cmocka_unit_test(test_there_are_so_many_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
