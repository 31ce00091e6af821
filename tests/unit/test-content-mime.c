/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "model/content.h"

#define CAL "BEGIN:VCALENDAR\r\nSUMMARY:Grüße\r\nEND:VCALENDAR"
/* The same in base64 and in quoted-printable. */
#define CAL64 "QkVHSU46VkNBTEVOREFSDQpTVU1NQVJZOkdyw7zD\r\nn2UNCkVORDpWQ0FMRU5EQVI=\r\n"
#define CALQP "BEGIN:VCALENDAR\r\nSUMMARY:Gr=C3=BC=c3=9f=\r\ne\r\nEND:VCALENDAR"

static void fill(struct spool *spool, const char *text)
{
	spool->dir = "/tmp";
	check_ok(spool_append(spool, text, strlen(text)));
}

/* "-" when there is none. Borrowed until the next call. */
static const char *find(const char *mail)
{
	static char text[4096];
	AUTO(spool) struct spool spool = { 0 };
	AUTO(buf) struct buf calendar = { 0 };

	fill(&spool, mail);
	enum err err = mime_find_calendar(&spool, &calendar);
	if (err == ERR_NOT_FOUND) {
		assert_int_equal(calendar.len, 0);
		return "-";
	}
	check_ok(err);
	assert_true(calendar.len < sizeof(text));
	memcpy(text, calendar.bytes, calendar.len + 1);
	return text;
}

static const struct {
	const char *mail, *calendar;
} mails[] = {
	/* the mail itself is the calendar */
	{ "Content-Type: text/calendar\r\n\r\n" CAL, CAL },
	{ "Subject: x\nCONTENT-TYPE:Text/Calendar; charset=utf-8\n\n" CAL "\n", CAL "\n" },
	{ "Content-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\n" CAL64, CAL },
	{ "Content-Type: text/calendar\r\nContent-Transfer-Encoding: "
	  "Quoted-Printable\r\n\r\n" CALQP,
	  CAL },
	/* a part */
	{ "Content-Type: multipart/alternative; boundary=\"b 1\"\r\n\r\npreamble\r\n--b 1\r\n"
	  "Content-Type: text/plain\r\n\r\nBEGIN:VCALENDAR\r\n--b 1\r\n"
	  "Content-Type: text/calendar; method=REQUEST\r\n\r\n" CAL "\r\n--b 1--\r\n",
	  CAL },
	{ "Content-Type: multipart/mixed;\r\n\tboundary=b\r\n\r\n--b \t\r\n"
	  "Content-Type: text/calendar\r\n\r\n" CAL "\r\n\r\n--b--\r\n",
	  CAL "\r\n" },
	{ "Content-Type: multipart/mixed; x=\"; boundary=no\"; boundary=b\n\n--b\n"
	  "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--b--\n",
	  "BEGIN:VCALENDAR\nEND:VCALENDAR" },
	{ "Content-Type: multipart/mixed; boundary = \"a\\\"b\"\n\n--a\"b\n"
	  "Content-Type: text/calendar\n\n" CAL "\n--a\"b--\n",
	  CAL },
	/* deeper, after a part with a boundary that begins alike */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
	  "Content-Type: multipart/alternative; "
	  "boundary=bb\n\n--bb\n\nplain\n--bb--\nepilogue\n--bb\n"
	  "--b\nContent-Type: multipart/related; boundary=bbb\n\n--bbb\n"
	  "Content-Transfer-Encoding: base64\nContent-Type: text/calendar\n\n" CAL64
	  "--bbb--\n--b--\n",
	  CAL },
	/* the outer boundary ends an inner part that has no end of its own */
	{ "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
	  "Content-Type: multipart/mixed; boundary=i\n\n--i\n\ntext\n--o\n"
	  "Content-Type: text/calendar\n\n" CAL "\n--o--\n",
	  CAL },
	/* cut short: no end boundary, no end of the headers */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/calendar\n\n" CAL,
	  CAL },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/calendar", "-" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/calendar\n--b\n"
	  "Content-Type: text/calendar\n\n" CAL "\n--b--",
	  CAL },
	{ "Content-Type: text/calendar", "-" },
	/* an empty one does not count */
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/calendar\n\n\n--b\n"
	  "Content-Type: text/calendar\n\n" CAL "\n--b--",
	  CAL },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
	  "text/calendar\n\n--b--\n",
	  "-" },
	/* none */
	{ "", "-" },
	{ "\r\n", "-" },
	{ "Subject: x\r\n\r\n" CAL, "-" },
	{ "Content-Type: text/calendars\r\n\r\n" CAL, "-" },
	{ "Content-Type: multipart/mixed\n\n--b\nContent-Type: text/calendar\n\n" CAL, "-" },
	{ "Content-Type: multipart/mixed; boundary=\"\"\n\n--\nContent-Type: text/calendar\n\n" CAL,
	  "-" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b--\nContent-Type: text/calendar\n\n" CAL,
	  "-" },
	{ "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
	  "Content-Type: text/calendar\n\n" CAL "\n--b--\n",
	  "-" },
	/* decoders are lenient */
	{ "Content-Type: text/calendar\nContent-Transfer-Encoding: quoted-printable\n\n"
	  "a=  \r\nb=zz=4=41==\n",
	  "ab=zz=4=41==\n" },
	{ "Content-Type: text/calendar\nContent-Transfer-Encoding: base64\n\nYW*J\tj\nZA==\nZZZZ",
	  "abcd" },
};

static void test_the_calendar_of_a_mail_is_found_and_decoded(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(mails); i++)
		assert_string_equal(find(mails[i].mail), mails[i].calendar);
}

static void test_a_mail_cut_anywhere_is_no_harm(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		for (size_t n = 0; n < strlen(mails[i].mail); n++) {
			AUTO(str) char *cut = strndup(mails[i].mail, n);
			find(cut);
		}
	}
}

static void nest(struct buf *mail, int levels)
{
	for (int i = 0; i < levels; i++)
		check_ok(buf_printf(mail, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n",
				    i, i));
	check_ok(buf_append_str(mail, "Content-Type: text/calendar\n\n" CAL));
}

static void test_16_levels_are_entered_and_not_17(void **state)
{
	AUTO(buf) struct buf mail16 = { 0 }, mail17 = { 0 }, mail9999 = { 0 };
	(void)state;

	nest(&mail16, 16);
	nest(&mail17, 17);
	nest(&mail9999, 9999);
	assert_string_equal(find(mail16.bytes), CAL);
	assert_string_equal(find(mail17.bytes), "-");
	assert_string_equal(find(mail9999.bytes), "-");
}

static void test_a_boundary_of_200_bytes_is_matched_and_not_of_201(void **state)
{
	(void)state;

	for (size_t n = 200; n <= 201; n++) {
		AUTO(buf) struct buf mail = { 0 };
		char boundary[202] = "";
		memset(boundary, 'b', n);
		check_ok(buf_printf(&mail,
				    "Content-Type: multipart/mixed; boundary=%s\n\n--%s\n"
				    "Content-Type: text/calendar\n\n" CAL,
				    boundary, boundary));
		assert_string_equal(find(mail.bytes), n == 200 ? CAL : "-");
	}
}

/* Lines, line ends and boundaries at every place of the parser's window. */
static void test_the_window_may_end_anywhere(void **state)
{
	(void)state;

	for (size_t n = 16384 - 200; n <= 16384 + 10; n++) {
		AUTO(buf) struct buf mail = { 0 };
		AUTO(str) char *filler = calloc(1, n + 1);
		memset(filler, 'x', n);
		check_ok(buf_printf(&mail,
				    "Content-Type: multipart/mixed; boundary=b\r\n\r\n%s\r\n--b\r\n"
				    "Content-Type: text/calendar\r\n\r\n" CAL "\r\n--b--\r\n",
				    filler));
		assert_string_equal(find(mail.bytes), CAL);
	}
}

static void test_a_line_longer_than_the_window_is_kept_whole(void **state)
{
	AUTO(spool) struct spool spool = { 0 };
	AUTO(buf) struct buf calendar = { 0 };
	AUTO(str) char *line = calloc(1, 3000001);
	(void)state;

	memset(line, '-', 3000000);
	fill(&spool,
	     "Content-Type: multipart/mixed; boundary=-\n\n---\nContent-Type: text/calendar\n\n");
	fill(&spool, line);
	fill(&spool, "\n---\n");
	check_ok(mime_find_calendar(&spool, &calendar));
	assert_int_equal(calendar.len, 3000000);
}

static void test_a_calendar_of_16_mib_is_taken_and_not_a_byte_more(void **state)
{
	AUTO(str) char *mib = calloc(1, (1 << 20) + 1);
	(void)state;

	memset(mib, 'x', 1 << 20);
	for (int over = 0; over <= 1; over++) {
		AUTO(spool) struct spool spool = { 0 };
		AUTO(buf) struct buf calendar = { 0 };
		fill(&spool, "Content-Type: text/calendar\n\n");
		for (int i = 0; i < 16; i++)
			fill(&spool, mib);
		fill(&spool, over ? "x" : "");
		check_ok(buf_append_str(&calendar, "before"));
		check_err(mime_find_calendar(&spool, &calendar), over ? ERR_LIMIT : ERR_OK);
		assert_int_equal(calendar.len, strlen("before") + (over ? 0 : CALENDAR_MAX));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_calendar_of_a_mail_is_found_and_decoded),
		cmocka_unit_test(test_a_mail_cut_anywhere_is_no_harm),
		cmocka_unit_test(test_16_levels_are_entered_and_not_17),
		cmocka_unit_test(test_a_boundary_of_200_bytes_is_matched_and_not_of_201),
		cmocka_unit_test(test_the_window_may_end_anywhere),
		cmocka_unit_test(test_a_line_longer_than_the_window_is_kept_whole),
		cmocka_unit_test(test_a_calendar_of_16_mib_is_taken_and_not_a_byte_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
