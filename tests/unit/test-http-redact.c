/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/redact.h"
#include "http/trace.h"

static void redact(const char *text, size_t cut, struct buf *ret)
{
	struct redact state = { 0 };
	size_t n = strlen(text);

	for (size_t at = 0; at < n; at += cut)
		check_ok(redact_feed(&state, text + at, n - at < cut ? n - at : cut, ret));
	check_ok(redact_finish(&state, ret));
}

static const struct {
	const char *text, *shown;
} vectors[] = {
	{ "<m:ResponseCode>NoError</m:ResponseCode>",
	  "\n<m:ResponseCode>NoError</m:ResponseCode>" },
	{ "<t:Subject>secret</t:Subject>", "\n<t:Subject>(6 bytes)</t:Subject>" },
	{ "<t:MimeContent CharacterSet=\"UTF-8\">c2VjcmV0</t:MimeContent>",
	  "\n<t:MimeContent CharacterSet=\"UTF-8\">(8 bytes)</t:MimeContent>" },
	{ "<t:ItemId Id=\"AAMk+/=\" ChangeKey='CQ=='/>",
	  "\n<t:ItemId Id=\"AAMk+/=\" ChangeKey=\"CQ==\"/>" },
	{ "<t:Entry Key=\"EmailAddress1\" Name=\"secret\">secret</t:Entry>",
	  "\n<t:Entry Key=\"(13 bytes)\" Name=\"(6 bytes)\">(6 bytes)</t:Entry>" },
	{ "<t:Value Name=\"BackOffMilliseconds\">secret</t:Value>",
	  "\n<t:Value Name=\"BackOffMilliseconds\">(6 bytes)</t:Value>" },
	{ "<m:MessageText>No <b>secret</b> al@secret.example here</m:MessageText>",
	  "\n<m:MessageText>No \n<b>(6 bytes)</b>(23 bytes)</m:MessageText>" },
	{ "<m:MessageText>nobody is\nal@secret.example</m:MessageText>",
	  "\n<m:MessageText>nobody is (17 bytes)</m:MessageText>" },
	{ "<t:ExtendedFieldURI PropertyTag=\"0x65e2\" "
	  "PropertyType=\"Binary\"/><t:Value>qg==</t:Value>",
	  "\n<t:ExtendedFieldURI PropertyTag=\"0x65e2\" "
	  "PropertyType=\"Binary\"/>\n<t:Value>qg==</t:Value>" },
	{ "<t:ExtendedFieldURI PropertyTag=\"0x3001\"/><t:Value>secret</t:Value>",
	  "\n<t:ExtendedFieldURI PropertyTag=\"0x3001\"/>\n<t:Value>(6 bytes)</t:Value>" },
	{ "<t:IsRead>true</t:IsRead>secret", "\n<t:IsRead>true</t:IsRead>(6 bytes)" },
	{ "<!-- secret > --><t:IsRead/>secret", "(17 bytes)\n<t:IsRead/>(6 bytes)" },
	{ "<t:Body><![CDATA[a > <secret> ]] ]]></t:Body>", "\n<t:Body>(28 bytes)</t:Body>" },
	{ "<?xml version=\"1.0\"?><a b=\"x>secret\" Id=\"a secret\">",
	  "<?xml?>\n<a b=\"(8 bytes)\" Id=\"(8 bytes)\">" },
	{ "secret", "(6 bytes)" },
	{ "<secret", "(7 bytes)" },
	{ "<>< secret>", "(2 bytes)(9 bytes)" },
	{ "<a b=secret><a secret=\"x\" Id='unended secret>", "\n<a>(33 bytes)" },
};

static void test_what_is_not_known_to_be_harmless_is_left_out(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		for (size_t cut = 1; cut < 100; cut += 7) {
			AUTO(buf) struct buf shown = { 0 };
			redact(vectors[i].text, cut, &shown);
			assert_string_equal(buf_str(&shown), vectors[i].shown);
			assert_null(strstr(buf_str(&shown), "secret"));
		}
}

static void test_what_is_long_is_cut_and_nothing_overflows(void **state)
{
	AUTO(buf) struct buf text = { 0 };
	AUTO(buf) struct buf shown = { 0 };
	(void)state;

	check_ok(buf_append_str(&text, "<m:ResponseCode>"));
	while (text.len < 2000)
		check_ok(buf_append_str(&text, "long "));
	check_ok(buf_append_str(&text, "</m:ResponseCode><t:Attribute Id=\""));
	while (text.len < 12000)
		check_ok(buf_append_str(&text, "long"));
	check_ok(buf_append_str(&text, "\"/><t:IsRead>true"));
	redact(text.bytes, 1000, &shown);
	assert_string_equal(
		shown.bytes,
		"\n<m:ResponseCode>(1985 bytes)</m:ResponseCode>(9988 bytes)\n<t:IsRead>true");
}

static void test_heads_show_no_secret(void **state)
{
	static const struct {
		const char *line, *shown;
	} lines[] = {
		{ "POST /EWS/Exchange.asmx HTTP/1.1\r\n", "POST /EWS/Exchange.asmx HTTP/1.1\n" },
		{ "GET /a?secret HTTP/1.1\r\n", "GET /a(16 bytes)\n" },
		{ "Authorization: Basic secret\r\n", "Authorization: (12 bytes)\n" },
		{ "Proxy-Authorization: Basic secret\r\n", "Proxy-Authorization: (12 bytes)\n" },
		{ "Cookie: a=secret\r\n", "Cookie: (8 bytes)\n" },
		{ "Set-Cookie: X-BackEndCookie=secret; path=/\r\n",
		  "Set-Cookie: X-BackEndCookie(15 bytes)\n" },
		{ "WWW-Authenticate: Bearer client_id=\"secret\"\r\n",
		  "WWW-Authenticate: Bearer(19 bytes)\n" },
		{ "X-AnchorMailbox: al@secret\r\n", "X-AnchorMailbox: (9 bytes)\n" },
		{ "x-feserver: FE1\r\n", "x-feserver: FE1\n" },
		{ "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\n" },
		{ "\r\n", "\n" },
		{ "secret", "secret: \n" }, /* a name and nothing more */
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		AUTO(buf) struct buf shown = { 0 };
		check_ok(redact_head(lines[i].line, strlen(lines[i].line), &shown));
		assert_string_equal(shown.bytes, lines[i].shown);
	}
}

static size_t count_files(const char *path, uint64_t *ret_bytes)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat attr;
	size_t n = 0;

	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && fstatat(dirfd(dir), entry->d_name, &attr, 0) == 0) {
			n++;
			*ret_bytes += (uint64_t)attr.st_size;
			assert_int_equal(attr.st_mode & 0777, 0600);
			unlinkat(dirfd(dir), entry->d_name, 0);
		}
	closedir(dir);
	return n;
}

static void test_files_are_bounded_in_number_and_size_and_nobody_elses(void **state)
{
	static const char body[] = "<s:Body><m:GetItem><m:ItemIds/></m:GetItem></s:Body>";
	char path[] = "/tmp/ewsfs-trace-XXXXXX", dir[64];
	struct trace *trace = NULL;
	AUTO(buf) struct buf reason = { 0 };
	struct stat attr;
	uint64_t bytes = 0;
	(void)state;

	assert_non_null(mkdtemp(path));
	snprintf(dir, sizeof(dir), "%s/new", path);
	for (int run = 0; run < 2; run++) {
		check_ok(trace_open(dir, &trace, &reason));
		for (int i = 0; i < TRACE_FILES_MAX - 100; i++) {
			struct exchange *exchange = exchange_begin(trace, body, strlen(body));
			exchange_note_sent(exchange, "POST / HTTP/1.1\r\n\r\n", 19);
			for (int j = 0; run == 1 && i == 0 && j < TRACE_FILE_MAX / 4; j++)
				exchange_note_body(exchange, true, "<t:a/>", 6);
			exchange_end(&exchange, ERR_OK, 200);
		}
		trace_release(&trace);
	}
	assert_int_equal(stat(dir, &attr), 0);
	assert_int_equal(attr.st_mode & 0777, 0700);
	assert_int_equal(count_files(dir, &bytes), TRACE_FILES_MAX);
	assert_in_range(bytes, TRACE_FILE_MAX, TRACE_FILE_MAX + TRACE_FILES_MAX * 300);
	chmod(dir, 0755);
	check_err(trace_open(dir, &trace, &reason), ERR_INVALID);
	assert_non_null(strstr(buf_str(&reason), "others may look into it"));
	rmdir(dir);
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_not_known_to_be_harmless_is_left_out),
		cmocka_unit_test(test_what_is_long_is_cut_and_nothing_overflows),
		cmocka_unit_test(test_heads_show_no_secret),
		cmocka_unit_test(test_files_are_bounded_in_number_and_size_and_nobody_elses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
