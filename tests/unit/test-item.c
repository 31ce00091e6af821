/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "model/attr.h"
#include "model/item.h"

static char *repeat(const char *unit, size_t times)
{
	AUTO(buf) struct buf text = { 0 };
	char *ret = NULL;

	for (size_t i = 0; i < times; i++)
		check_ok(buf_append_str(&text, unit));
	check_ok(buf_give(&text, &ret));
	return ret;
}

/* The value as a string, "-" when the set has none. Borrowed until the next call. */
static const char *value_of(const struct buf *set, enum attr attr)
{
	static char text[8192];
	const char *value;
	size_t n;
	enum err err = attr_find(set, attr, &value, &n);

	if (err == ERR_NO_XATTR)
		return "-";
	check_ok(err);
	assert_true(n < sizeof(text));
	memcpy(text, value, n);
	text[n] = '\0';
	return text;
}

static void test_the_element_tells_the_kind(void **state)
{
	(void)state;

	assert_int_equal(item_kind_of_element("Message"), KIND_MESSAGE);
	assert_int_equal(item_kind_of_element("MeetingCancellation"), KIND_MESSAGE);
	assert_int_equal(item_kind_of_element("PostItem"), KIND_MESSAGE);
	assert_int_equal(item_kind_of_element("CalendarItem"), KIND_CALENDAR);
	assert_int_equal(item_kind_of_element("DistributionList"), KIND_CONTACT);
	assert_int_equal(item_kind_of_element("Task"), KIND_TASK);
	assert_int_equal(item_kind_of_element("Item"), KIND_SAFE);
	assert_int_equal(item_kind_of_element("SharingMessage"), KIND_SAFE);
	assert_int_equal(item_kind_of_element(""), KIND_SAFE);
}

static void test_the_class_alone_tells_the_extension(void **state)
{
	static const struct {
		const char *item_class, *extension;
	} vectors[] = {
		{ NULL, "eml" },
		{ "", "eml" },
		{ "IPM.Note", "eml" },
		{ "IPM.Schedule.Meeting.Request", "eml" },
		{ "IPM.Post", "eml" },
		{ "IPM.StickyNote", "eml" },
		{ "IPM.Appointment", "ics" },
		{ "IPM.Appointment.Occurrence", "ics" },
		{ "ipm.appointment", "ics" },
		{ "IPM.Contact", "vcf" },
		{ "IPM.Contact.Special", "vcf" },
		{ "IPM.DistList", "vcf" },
		{ "IPM.Task", "ics" },
		{ "IPM.TaskRequest.Accept", "ics" }, /* IPM.Task*, to the letter */
		{ "IPM.Tas", "eml" },
		{ "REPORT.IPM.Note.NDR", "eml" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		assert_string_equal(item_extension(vectors[i].item_class), vectors[i].extension);
}

static void test_an_address_reads_as_name_and_address(void **state)
{
	static const struct {
		const char *name, *address, *routing, *expected;
	} vectors[] = {
		{ "Ana B", "ana@corp.example", "SMTP", "Ana B <ana@corp.example>" },
		{ "Ana B", "ana@corp.example", NULL, "Ana B <ana@corp.example>" },
		{ "Ana B", "ana@corp.example", "smtp", "Ana B <ana@corp.example>" },
		{ NULL, "ana@corp.example", "SMTP", "ana@corp.example" },
		{ "", "ana@corp.example", "SMTP", "ana@corp.example" },
		{ "ANA@corp.example", "ana@corp.example", "SMTP", "ana@corp.example" },
		{ "Ana B", "/O=CORP/OU=X/CN=ANA", "EX", "Ana B" },
		{ "Ana B", "/o=corp/cn=ana", "SMTP", "Ana B" },
		{ "Ana B", "/o=corp/cn=ana@x", NULL, "Ana B" },
		{ "Ana B", "EX:/o=corp", NULL, "Ana B" },
		{ "Ana B", "12345", "FAX", "Ana B" },
		{ "Ana B", "nothing", NULL, "Ana B" },
		{ "Ana B", NULL, NULL, "Ana B" },
		{ "/O=CORP/CN=ANA", "/O=CORP/CN=ANA", "EX", "" },
		{ NULL, NULL, NULL, "" },
		{ " Ana\r\n\t B ", "ana@corp.example\n", "SMTP", "Ana B <ana@corp.example>" },
		{ "A\xFF"
		  "B",
		  NULL, NULL,
		  "A\xEF\xBF\xBD"
		  "B" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(buf) struct buf list = { 0 };
		check_ok(item_add_address(&list, vectors[i].name, vectors[i].address,
					  vectors[i].routing));
		assert_string_equal(buf_str(&list), vectors[i].expected);
	}
}

static void test_a_list_of_addresses_closes_below_its_limit(void **state)
{
	AUTO(buf) struct buf list = { 0 };
	size_t open_len = 0;
	(void)state;

	for (int i = 0; i < 200; i++) {
		if (!list.len || strcmp(list.bytes + list.len - 3, "…") != 0)
			open_len = list.len;
		check_ok(item_add_address(&list, "Name", "someone@corp.example", "SMTP"));
		assert_true(list.len < ITEM_ADDRESSES_MAX);
	}
	assert_string_equal(list.bytes + open_len, ", …");
	assert_string_equal(list.bytes + open_len - 9, ".example>, …");
}

static void test_a_list_is_full_at_the_byte(void **state)
{
	(void)state;

	for (size_t over = 0; over <= 1; over++) {
		AUTO(buf) struct buf list = { 0 };
		AUTO(str) char *filler = repeat("x", ITEM_ADDRESSES_MAX - 1 - 5 - 2 - 3 + over);
		check_ok(buf_append_str(&list, filler));
		check_ok(item_add_address(&list, NULL, "a@b", "SMTP"));
		assert_string_equal(list.bytes + strlen(filler), over ? ", …" : ", a@b");
		check_ok(item_add_address(&list, NULL, "a@c", "SMTP"));
		assert_string_equal(list.bytes + strlen(filler), over ? ", …" : ", a@b, …");
	}
}

static void test_an_address_longer_than_any_is_none(void **state)
{
	AUTO(str) char *at_cap = repeat("a@", 127);
	AUTO(str) char *beyond = repeat("a@a", 85);
	AUTO(str) char *name = repeat("n", 129);
	AUTO(buf) struct buf list = { 0 };
	(void)state;

	check_ok(item_add_address(&list, NULL, beyond, "SMTP"));
	assert_int_equal(list.len, 0);
	check_ok(item_add_address(&list, NULL, at_cap, "SMTP"));
	assert_string_equal(list.bytes, at_cap);
	buf_clear(&list);
	check_ok(item_add_address(&list, name, NULL, NULL));
	assert_int_equal(list.len, 128);
	assert_string_equal(list.bytes + 125, "…");
}

static void test_a_mail_has_the_attributes_that_it_has(void **state)
{
	static const char names[] = "user.ews.item_class\0user.ews.subject\0user.ews.from\0"
				    "user.ews.received\0user.ews.is_draft\0"
				    "user.ews.has_attachments\0user.ews.categories\0"
				    "user.ews.flag\0user.mapi.change_key";
	struct item item;
	AUTO(buf) struct buf set = { 0 }, list = { 0 };
	(void)state;

	item_init(&item);
	item.item_class = strdup("IPM.Note");
	item.subject = strdup("Hello\r\n");
	item.from = strdup("Ana <a@b>");
	item.received = 1706609712;
	item.message_flags = MSGFLAG_READ | MSGFLAG_UNSENT;
	item.has_message_flags = true;
	item.has_attachments = true;
	item.categories = strdup("red\nblue\n");
	item.flag_status = 2;
	check_ok(buf_append(&item.mapi_change_key, "\x01\x02", 2));
	check_ok(item_print_attrs(&item, &set));
	check_ok(attr_list(&set, &list));
	assert_int_equal(list.len, sizeof(names));
	assert_memory_equal(list.bytes, names, sizeof(names));
	assert_string_equal(value_of(&set, ATTR_SUBJECT), "Hello");
	assert_string_equal(value_of(&set, ATTR_RECEIVED), "2024-01-30T10:15:12Z");
	assert_string_equal(value_of(&set, ATTR_IS_DRAFT), "true");
	assert_string_equal(value_of(&set, ATTR_HAS_ATTACHMENTS), "true");
	assert_string_equal(value_of(&set, ATTR_CATEGORIES), "red\nblue");
	assert_string_equal(value_of(&set, ATTR_FLAG), "Flagged");
	assert_string_equal(value_of(&set, ATTR_MAPI_CHANGE_KEY), "0102");
	item_release(&item);
	item_release(&item);
}

static void test_the_flag_is_always_said(void **state)
{
	static const struct {
		int64_t status;
		const char *text;
	} vectors[] = {
		{ 0, "NotFlagged" }, { 1, "Complete" }, { 2, "Flagged" }, { 7, "NotFlagged" }
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct item item;
		AUTO(buf) struct buf set = { 0 };
		item_init(&item);
		item.flag_status = vectors[i].status;
		check_ok(item_print_attrs(&item, &set));
		assert_string_equal(value_of(&set, ATTR_FLAG), vectors[i].text);
		assert_string_equal(value_of(&set, ATTR_IS_DRAFT), "-");
	}
}

static char *address_list(int n)
{
	AUTO(buf) struct buf list = { 0 };
	char *ret = NULL;

	for (int i = 0; i < n; i++)
		check_ok(item_add_address(&list, "Doe, Jane", "jane.doe@corp.example", "SMTP"));
	check_ok(buf_give(&list, &ret));
	return ret;
}

/* Sum of the values in a set. */
static size_t values_len(const struct buf *set)
{
	size_t sum = 0, n;
	const char *value;

	for (int code = 1; code < 40; code++) {
		if (attr_find(set, (enum attr)code, &value, &n) == ERR_OK)
			sum += n;
	}
	return sum;
}

static void test_all_values_together_leave_room_for_the_stores(void **state)
{
	struct item item;
	AUTO(buf) struct buf set = { 0 };
	(void)state;

	item_init(&item);
	item.item_class = repeat("IPM.Note.Long", 50);
	item.subject = repeat("é", 5000);
	item.from = repeat("f", 5000);
	item.to = address_list(100);
	item.cc = address_list(100);
	item.message_id = repeat("m", 5000);
	item.conversation_id = repeat("c", 104);
	item.importance = repeat("i", 5000);
	item.sensitivity = repeat("s", 5000);
	item.categories = repeat("a category\n", 500);
	item.received = item.sent = item.created = 1706609712;
	item.has_message_flags = true;
	check_ok(buf_append(&item.mapi_change_key, item.subject, 22));
	check_ok(buf_append(&item.predecessors, item.subject, 69));
	check_ok(item_print_attrs(&item, &set));
	assert_in_range(values_len(&set), 2000, 3071 - 512);
	assert_string_equal(value_of(&set, ATTR_TO) + strlen(value_of(&set, ATTR_TO)) - 14,
			    ".example>, …");
	assert_true(strlen(value_of(&set, ATTR_SUBJECT)) <= 512);
	assert_string_equal(value_of(&set, ATTR_CATEGORIES) + 21 * 11, "a category\n…");
	item_release(&item);
}

static void test_a_list_of_recipients_is_whole_where_there_is_room(void **state)
{
	struct item item;
	AUTO(buf) struct buf set = { 0 };
	(void)state;

	item_init(&item);
	item.to = address_list(100);
	item.cc = address_list(100);
	item.subject = strdup("short");
	check_ok(item_print_attrs(&item, &set));
	assert_in_range(strlen(item.to), 970, ITEM_ADDRESSES_MAX - 1);
	assert_string_equal(value_of(&set, ATTR_TO), item.to);
	assert_string_equal(value_of(&set, ATTR_CC), item.cc);
	item_release(&item);
}

static void test_texts_are_whole_at_the_cap_and_cut_beyond(void **state)
{
	(void)state;

	for (size_t over = 0; over <= 1; over++) {
		struct item item;
		AUTO(buf) struct buf set = { 0 };
		item_init(&item);
		item.subject = repeat("s", 512 + over);
		item.message_id = repeat("m", 255 + over);
		check_ok(item_print_attrs(&item, &set));
		assert_int_equal(strlen(value_of(&set, ATTR_SUBJECT)), 512);
		assert_string_equal(value_of(&set, ATTR_SUBJECT) + 509, over ? "…" : "sss");
		assert_int_equal(strlen(value_of(&set, ATTR_MESSAGE_ID)), 255);
		assert_string_equal(value_of(&set, ATTR_MESSAGE_ID) + 252, over ? "…" : "mmm");
		item_release(&item);
	}
}

static void test_ill_formed_text_comes_out_well_formed(void **state)
{
	struct item item;
	AUTO(buf) struct buf set = { 0 };
	(void)state;

	item_init(&item);
	item.subject = strdup("a\xED\xA0\x80\xC3z");
	check_ok(item_print_attrs(&item, &set));
	assert_string_equal(value_of(&set, ATTR_SUBJECT), "a\uFFFD\uFFFD\uFFFD\uFFFDz");
	item_release(&item);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_element_tells_the_kind),
		cmocka_unit_test(test_the_class_alone_tells_the_extension),
		cmocka_unit_test(test_an_address_reads_as_name_and_address),
		cmocka_unit_test(test_a_list_of_addresses_closes_below_its_limit),
		cmocka_unit_test(test_a_list_is_full_at_the_byte),
		cmocka_unit_test(test_an_address_longer_than_any_is_none),
		cmocka_unit_test(test_a_mail_has_the_attributes_that_it_has),
		cmocka_unit_test(test_the_flag_is_always_said),
		cmocka_unit_test(test_all_values_together_leave_room_for_the_stores),
		cmocka_unit_test(test_a_list_of_recipients_is_whole_where_there_is_room),
		cmocka_unit_test(test_texts_are_whole_at_the_cap_and_cut_beyond),
		cmocka_unit_test(test_ill_formed_text_comes_out_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
