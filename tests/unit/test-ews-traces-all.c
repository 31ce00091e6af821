/* SPDX-License-Identifier: MIT */
#include "ews-traces.h"

#include <ftw.h>
#include <strings.h>

/*
 * Every file of the recordings: it has a row of its own (ews-traces-rows.h), or each reply in it
 * goes through the reader of its operation and must come out as a plain count in its text says,
 * or it is named below as what it is. So a new file cannot be missed.
 */

/* Files that hold neither a request nor a reply of EWS, and replies that nobody could take. */
static const struct apart {
	const char *path; /* its begin and its end, around '*' */
	const char *why;
} aparts[] = {
	{ "gromox/*.http.txt", "status lines and headers" },
	{ "gromox/133-malformed-xml.request.xml", "a request that is not XML" },
	{ "garethp-php-ews/other_*", "autodiscover" },
	{ "otris-ews-cpp/autodiscover_*", "autodiscover" },
	{ "msdocs-examples/handling-autodiscover-*", "autodiscover" },
	{ "msdocs-examples/getdomainsettings-*", "autodiscover" },
	{ "ewseditor-requests/Autodiscover_*", "autodiscover" },
	{ "thunderbird-desktop/auto*", "autodiscover" },
	{ "thunderbird-desktop/*_BASE.xml", "a template's middle" },
	{ "thunderbird-desktop/*_HEAD.xml", "a template's beginning" },
	{ "thunderbird-desktop/*_FOOT.xml", "a template's end" },
	{ "kde-akonadi-ews/*.xq", "a query that finds requests" },
	{ "ewseditor-requests/Office365ReportingServices.xml", "not EWS" },
	{ "ewseditor-requests/Blank.txt", "empty" },
	{ "ewseditor-requests/GetItem_-_task.xml", "empty" },
	{ "otris-ews-cpp/get_attachment_response_item.xml", "no envelope" },
	{ "exchangelib/test_field_*", "one element, for the parser of a field" },
	{ "exchangelib/test_properties_*", "one element, for the parser of a field" },
	{ "msdocs-examples/getservertimezones-operation_03_resp.xml", "not well-formed" },
	{ "msdocs-examples/getservertimezones-operation_04_resp.xml", "not well-formed" },
	{ "exchangelib/test_protocol_L732_test_expanddl.xml", "not well-formed" },
	{ "pyexchange/get_folder_response.xml", "a template: <t:{...}>" },
	{ "msdocs-examples/how-to-propose-a-new-meeting-time-*", "namespaces spoiled: https" },
	{ "msdocs-examples/how-to-*", "prose between examples" },
	{ "msdocs-examples/get-started-with-*", "prose between examples" },
};

static bool fits(const char *path, const char *pattern)
{
	const char *star = strchr(pattern, '*');
	size_t n = star ? (size_t)(star - pattern) : strlen(pattern);
	size_t end_n = star ? strlen(star + 1) : 0, path_n = strlen(path);

	return path_n >= n + end_n && strncmp(path, pattern, n) == 0 && (star || path_n == n) &&
	       (!star || strstr(path + n, star + 1));
}

static bool is_apart(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(aparts); i++) {
		if (fits(path, aparts[i].path))
			return true;
	}
	return false;
}

/* A negative nth: any. */
static bool has_row(const char *path, int nth)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].path, path) == 0 && (nth < 0 || rows[i].nth == nth))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(events_rows); i++) {
		if (strcmp(events_rows[i].row.path, path) == 0)
			return true;
	}
	return false;
}

/* The local name of the element that begins at `at`, a '<'. */
static void local_name(const char *at, char ret[64])
{
	size_t n = strcspn(++at, " \t\r\n/>");
	const char *colon = memchr(at, ':', n);

	n -= colon ? (size_t)(colon + 1 - at) : 0;
	snprintf(ret, 64, "%.*s", (int)n, colon ? colon + 1 : at);
}

/* The element with that local name from `at` on; NULL when there is none. */
static const char *find_element(const char *at, const char *name)
{
	char found[64];

	for (; at && (at = strchr(at, '<')) != NULL; at++) {
		local_name(at, found);
		if (strcmp(found, name) == 0)
			return at;
	}
	return NULL;
}

/* "GetItemResponse", "Fault", or of a request "GetItem"; "" when it is no envelope. */
static void name_of_body(const char *text, char ret[64])
{
	const char *at = find_element(find_element(text, "Envelope"), "Body");

	*ret = '\0';
	at = at ? strchr(at + 1, '<') : NULL;
	while (at && at[1] == '!')
		at = strchr(at + 1, '<');
	if (at)
		local_name(at, ret);
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static size_t count_elements(const char *text, const char *name)
{
	size_t n = 0;

	for (const char *at = text; (at = find_element(at, name)) != NULL; at++)
		n++;
	return n;
}

static bool is_response(const char *name)
{
	size_t n = strlen(name), end = strlen("Response");

	return n > end && strcmp(name + n - end, "Response") == 0;
}

static size_t count_changes(const char *text)
{
	return count_elements(text, "Create") + count_elements(text, "Update") +
	       count_elements(text, "Delete") + count_elements(text, "ReadFlagChange");
}

/* Our own reader where we have one for that operation. */
static enum op op_of(const char *name)
{
	return strcmp(name, "GetItemResponse") == 0		  ? CONTACT
	       : strcmp(name, "GetFolderResponse") == 0		  ? FOLDERS
	       : strcmp(name, "SyncFolderItemsResponse") == 0	  ? PAGE
	       : strcmp(name, "SyncFolderHierarchyResponse") == 0 ? HIERARCHY
								  : OTHER;
}

static size_t failures;

static void check(bool is_right, const char *path, int nth, const char *name,
		  const struct outcome *o, size_t n, size_t bad_n)
{
	if (is_right)
		return;
	failures++;
	print_message("%s, reply %d, %s: %s, \"%s\", %zu of %zu, failed %zu of %zu\n", path, nth,
		      name, err_text(o->err), o->code, o->n, n, o->bad_n, bad_n);
}

static void check_reply(const char *path, int nth, const char *name, const char *body)
{
	const struct row row = { .op = op_of(name), .path = path, .nth = nth };
	size_t n = count(body, "ResponseClass="),
	       bad_n = n - count(body, "ResponseClass=\"Success\"");
	bool is_list = row.op == PAGE || row.op == HIERARCHY;
	struct outcome o = { 0 };
	char message[80];

	snprintf(message, sizeof(message), "%sMessage", name);
	run(&row, body, 512, &o);
	/* Of operations that are not ours some have another form: never taken for one of ours. */
	if (strcmp(name, "Fault") == 0 || !find_element(body, message))
		check(o.err != ERR_OK, path, nth, name, &o, 0, 0);
	else if (bad_n > 0 && (is_list || o.err)) /* it speaks for all */
		check(o.err != ERR_OK && *o.code, path, nth, name, &o, n, bad_n);
	else if (is_list)
		check(!o.err && o.n + (row.op == HIERARCHY ? o.size : 0) == count_changes(body) &&
			      *o.state,
		      path, nth, name, &o, count_changes(body), 0);
	else
		check(!o.err && o.n == n && o.bad_n == bad_n, path, nth, name, &o, n, bad_n);
}

enum { REPLIES_MAX = 64 }; /* in one file */

static size_t files_n, replies_n;

static bool look_at_reply(const char *path, int nth, const char *body)
{
	char name[64];

	name_of_body(body, name);
	bool is_reply = is_response(name) || strcmp(name, "Fault") == 0;
	if (is_reply && !has_row(path, nth) && !is_apart(path))
		check_reply(path, nth, name, body);
	replies_n += is_reply;
	return *name;
}

static int look_into(const char *full, const struct stat *st, int type, struct FTW *ftw)
{
	const char *path = full + strlen(traces_dir()) + 1;
	bool is_many = strstr(path, ".json") || strncmp(path, "evolution-ews/", 14) == 0;
	bool is_known = has_row(path, -1) || is_apart(path);
	(void)st, (void)ftw;

	if (type != FTW_F)
		return 0;
	for (int nth = 0; nth < (is_many ? REPLIES_MAX : 1); nth++) {
		AUTO(str) char *text = load(path);
		const char *body = body_of(path, nth, text);
		is_known = (body && look_at_reply(path, nth, body)) || is_known;
	}
	files_n++;
	if (!is_known) {
		failures++;
		print_message("%s: neither a request nor a reply\n", path);
	}
	return 0;
}

static void test_every_recording_goes_through_our_readers_or_is_named(void **state)
{
	(void)state;
	require_traces();
	assert_int_equal(nftw(traces_dir(), look_into, 16, FTW_PHYS), 0);
	print_message("%zu files, %zu replies\n", files_n, replies_n);
	assert_true(files_n >= 871 && replies_n >= 578);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_recording_goes_through_our_readers_or_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
