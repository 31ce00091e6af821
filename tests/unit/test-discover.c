/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "discover/answer.h"
#include "discover/host.h"

/* The readers of autodiscover's three dialects: vectors, and every recording there is. */

#define EWS "https://mail.example/EWS/Exchange.asmx"
#define POX(inner) \
	"<Autodiscover xmlns='urn:a'><Response xmlns='urn:b'>" inner "</Response></Autodiscover>"
#define PROTOCOL(type, url) "<Protocol><Type>" type "</Type><EwsUrl>" url "</EwsUrl></Protocol>"
#define SOAP(inner) \
	"<Envelope><Body><GetUserSettingsResponseMessage><Response>" inner \
	"</Response></GetUserSettingsResponseMessage></Body></Envelope>"
#define USER(inner) SOAP("<UserResponses><UserResponse>" inner "</UserResponse></UserResponses>")
#define SETTING(name, value) \
	"<UserSetting><Name>" name "</Name><Value>" value "</Value></UserSetting>"

static const struct {
	enum dialect dialect;
	const char *in;
	enum err err;
	enum answer_kind kind;
	const char *text;
} vectors[] = {
	{ DIALECT_JSON, "{\"Protocol\":\"EWS\",\"Url\":\"" EWS "\"}", ERR_OK, ANSWER_URL, EWS },
	{ DIALECT_JSON, "{\"Url\":\"http://a/\"}", ERR_OK, ANSWER_NO, "without https" },
	{ DIALECT_JSON, "{\"ErrorCode\":\"X\",\"ErrorMessage\":\"not you\"}", ERR_OK, ANSWER_NO,
	  "not you, error X" },
	{ DIALECT_JSON, "[]", ERR_PROTOCOL, ANSWER_NO, "" },
	{ DIALECT_JSON, "", ERR_PROTOCOL, ANSWER_NO, "" },
	/* The one for outside first, whatever the order; only https. */
	{ DIALECT_POX,
	  POX("<Account><Action>settings</Action>" PROTOCOL("EXCH", "https://in/")
		      PROTOCOL("EXPR", EWS) PROTOCOL("EXPR", "https://second/") "</Account>"),
	  ERR_OK, ANSWER_URL, EWS },
	{ DIALECT_POX,
	  POX("<Account>" PROTOCOL("EXPR", "http://out/") PROTOCOL("EXCH", EWS) "</Account>"),
	  ERR_OK, ANSWER_URL, EWS },
	{ DIALECT_POX,
	  POX("<Account>" PROTOCOL("EXCH", "https://in/") PROTOCOL("EXHTTP", EWS) "</Account>"),
	  ERR_OK, ANSWER_URL, EWS },
	{ DIALECT_POX,
	  POX("<Account><Protocol><Type>EXPR</Type></Protocol><Protocol><Type>WEB</Type><Internal>"
	      "<Protocol><ASUrl>https://in/</ASUrl></Protocol></Internal><External><Protocol>"
	      "<ASUrl>" EWS "</ASUrl></Protocol></External></Protocol></Account>"),
	  ERR_OK, ANSWER_URL, EWS },
	/* A type is that of its own protocol. */
	{ DIALECT_POX,
	  POX("<Account>" PROTOCOL("EXPR", "") "<Protocol><EwsUrl>https://odd/</EwsUrl></"
					       "Protocol>" PROTOCOL("EXCH", EWS) "</Account>"),
	  ERR_OK, ANSWER_URL, EWS },
	{ DIALECT_POX,
	  POX("<Account><Action>redirectAddr</Action><RedirectAddr> a@b </RedirectAddr></Account>"),
	  ERR_OK, ANSWER_OTHER_ADDRESS, "a@b" },
	{ DIALECT_POX,
	  POX("<Account><Action>redirectUrl</Action><RedirectUrl>https://r/</RedirectUrl></"
	      "Account>"),
	  ERR_OK, ANSWER_OTHER_URL, "https://r/" },
	{ DIALECT_POX,
	  POX("<Error><ErrorCode>600</ErrorCode><Message>Invalid\nRequest</Message></Error>"),
	  ERR_OK, ANSWER_NO, "Invalid Request, error 600" },
	{ DIALECT_POX, "<html/>", ERR_NOT_EWS, ANSWER_NO, "" },
	{ DIALECT_POX, "<other/>", ERR_NOT_EWS, ANSWER_NO, "" },
	{ DIALECT_POX, "<Autodiscover>", ERR_PROTOCOL, ANSWER_NO, "" },
	{ DIALECT_SOAP,
	  USER("<ErrorCode>NoError</ErrorCode><UserSettings>" SETTING("InternalEwsUrl",
								      "https://in/")
		       SETTING("ExternalEwsUrl", EWS) "</UserSettings>"),
	  ERR_OK, ANSWER_URL, EWS },
	{ DIALECT_SOAP,
	  USER("<ErrorCode>RedirectUrl</ErrorCode><RedirectTarget>https://r/</RedirectTarget>"),
	  ERR_OK, ANSWER_OTHER_URL, "https://r/" },
	{ DIALECT_SOAP,
	  USER("<ErrorCode>RedirectAddress</ErrorCode><RedirectTarget>a@b</RedirectTarget>"),
	  ERR_OK, ANSWER_OTHER_ADDRESS, "a@b" },
	{ DIALECT_SOAP, USER("<ErrorCode>InvalidUser</ErrorCode><ErrorMessage>no</ErrorMessage>"),
	  ERR_OK, ANSWER_NO, "no, error InvalidUser" },
	{ DIALECT_SOAP,
	  "<Envelope><Body><Fault><faultstring>bad</faultstring></Fault></Body></Envelope>", ERR_OK,
	  ANSWER_NO, "bad" },
};

static void test_each_dialect_says_url_redirect_or_no(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(answer) struct answer answer = { 0 };
		check_err(answer_read(vectors[i].dialect, vectors[i].in, strlen(vectors[i].in),
				      &answer),
			  vectors[i].err);
		if (vectors[i].err)
			continue;
		assert_int_equal(answer.kind, vectors[i].kind);
		if (!strstr(buf_str(&answer.text), vectors[i].text))
			fail_msg("%s", vectors[i].in);
	}
}

/* I9: a text beyond its bound is passed over, an entity is none. */
static void test_what_a_server_sends_is_bounded(void **state)
{
	static char url[8192];
	AUTO(buf) struct buf text = { 0 };
	AUTO(answer) struct answer answer = { 0 };
	static const char bomb[] = "<!DOCTYPE a [<!ENTITY u 'https://evil/'>]>" POX(
		"<Account><Protocol><Type>EXPR</Type>"
		"<EwsUrl>&u;</EwsUrl></Protocol></Account>");
	(void)state;

	memset(url, 'x', sizeof(url) - 1);
	check_ok(buf_printf(&text, POX("<Account>" PROTOCOL("EXPR", "https://%s") "</Account>"),
			    url));
	check_ok(answer_read(DIALECT_POX, text.bytes, text.len, &answer));
	assert_int_equal(answer.kind, ANSWER_NO);
	enum err err = answer_read(DIALECT_POX, bomb, strlen(bomb), &answer);
	assert_true(err || answer.kind == ANSWER_NO);
}

static void test_a_host_is_within_a_domain_only_as_a_plain_name(void **state)
{
	static const struct {
		const char *url;
		bool is_within;
	} hosts[] = {
		{ "https://corp.example/x", true },
		{ "https://a.b.CORP.example:8443/x", true },
		{ "https://a.corp.example?x", true },
		{ "https://notcorp.example/", false },
		{ "https://corp.example.evil/", false },
		{ "https://evil/.corp.example", false },
		{ "https://x.corp.example@evil/", false },
		{ "https://x.corp.example:1@evil/", false },
		{ "https://x.corp.example:p@evil/", false },
		{ "https://evil\\.corp.example/", false },
		{ "https://x.corp.example\\@evil/", false },
		{ "https://evil%2f.corp.example/", false },
		{ "https:///", false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
		if (host_is_within(hosts[i].url, "corp.example") != hosts[i].is_within)
			fail_msg("%s", hosts[i].url);
}

/* --- recordings --- */

#define OFFICE "https://outlook.office365.com/EWS/Exchange.asmx"

static const struct {
	const char *file;
	enum dialect dialect;
	enum err err;
	enum answer_kind kind;
	const char *text;
} recordings[] = {
	{ "otris-ews-cpp/autodiscover_response.xml", DIALECT_POX, ERR_OK, ANSWER_URL, OFFICE },
	{ "otris-ews-cpp/autodiscover_response_error.xml", DIALECT_POX, ERR_OK, ANSWER_NO,
	  "can't be found., error 500" },
	{ "thunderbird-desktop/autodiscover-exchange.test.xml", DIALECT_POX, ERR_OK, ANSWER_URL,
	  OFFICE },
	{ "exchangelib/test_autodiscover_L281_test_get_user_settings.xml", DIALECT_SOAP, ERR_OK,
	  ANSWER_NO, "An error message, error InvalidSetting" },
	/* A template: its URL is none. */
	{ "exchangelib/test_autodiscover_L52_x.xml", DIALECT_SOAP, ERR_OK, ANSWER_NO, "" },
	{ "msdocs-examples/handling-autodiscover-error-messages_01_resp.xml", DIALECT_SOAP, ERR_OK,
	  ANSWER_OTHER_ADDRESS, "elvin@mail.contoso.com" },
	{ "msdocs-examples/handling-autodiscover-error-messages_02_resp.xml", DIALECT_POX, ERR_OK,
	  ANSWER_OTHER_ADDRESS, "elvin@mail.contoso.com" },
	{ "garethp-php-ews/other_-_2016-05-11_ExchangeAutodiscoverTest_testGetAPI_03.http",
	  DIALECT_POX, ERR_OK, ANSWER_URL, OFFICE },
	{ "garethp-php-ews/other_-_2017-10-31_ExchangeAutodiscoverTest_testGetAPI_00.http",
	  DIALECT_POX, ERR_OK, ANSWER_NO, "Invalid Request, error 600" },
	{ "garethp-php-ews/other_-_2016-06-06_ExchangeAutodiscoverTest_testGetAPIFailure_02.http",
	  DIALECT_POX, ERR_NOT_EWS, ANSWER_NO, "" },
	{ "garethp-php-ews/other_-_2020-09-10_ExchangeAutodiscoverTest_testGetAPIFailure_02.http",
	  DIALECT_POX, ERR_NOT_EWS, ANSWER_NO, "" },
};

static char content[1 << 20];

static const char *traces_dir(void)
{
	static char dir[4096];
	const char *shared = getenv("EWSFS_SHARED");

	snprintf(dir, sizeof(dir), "%s/ews/traces", shared ? shared : EWSFS_SHARED_DEFAULT);
	return dir;
}

/* The body, where the file holds the head too. 0: no such file. */
static size_t load(const char *file, const char **ret)
{
	char path[8192];
	FILE *stream;

	snprintf(path, sizeof(path), "%s/%s", traces_dir(), file);
	stream = fopen(path, "rb");
	if (!stream)
		return 0;
	size_t n = fread(content, 1, sizeof(content) - 1, stream);
	fclose(stream);
	content[n] = '\0';
	const char *end = strncmp(content, "HTTP/", 5) == 0 ? strstr(content, "\r\n\r\n") : NULL;
	const char *lf_end = strncmp(content, "HTTP/", 5) == 0 ? strstr(content, "\n\n") : NULL;
	*ret = end ? end + 4 : lf_end ? lf_end + 2 : content;
	return n - (size_t)(*ret - content);
}

static void test_every_recording_is_read_as_what_it_says(void **state)
{
	DIR *dir = opendir(traces_dir());
	(void)state;

	if (!dir) {
		print_message("skipped: the recordings are not here (%s)\n", traces_dir());
		skip();
	}
	closedir(dir);
	for (size_t i = 0; i < ARRAY_LEN(recordings); i++) {
		AUTO(answer) struct answer answer = { 0 };
		const char *body = NULL;
		size_t n = load(recordings[i].file, &body);
		if (n == 0)
			fail_msg("%s is missing", recordings[i].file);
		enum err err = answer_read(recordings[i].dialect, body, n, &answer);
		if (err != recordings[i].err || (!err && answer.kind != recordings[i].kind) ||
		    (!err && !strstr(buf_str(&answer.text), recordings[i].text)))
			fail_msg("%s: %s, kind %d, '%s'", recordings[i].file,
				 err ? err_text(err) : "ok", answer.kind, buf_str(&answer.text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_dialect_says_url_redirect_or_no),
		cmocka_unit_test(test_what_a_server_sends_is_bounded),
		cmocka_unit_test(test_a_host_is_within_a_domain_only_as_a_plain_name),
		cmocka_unit_test(test_every_recording_is_read_as_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
