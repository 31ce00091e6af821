/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>

#include "test-ews.h"

/* --- is it the answer to the question? --- */

/* clang-format off */
static const struct {
	const char *what, *reply;
	enum err err;         /* of the whole */
	const char *log;      /* what was delivered before */
} answers[] = {
	{ "both items", RESPONSE("GetItem", MAIL("A") MAIL("B")), ERR_OK,
	  "0:success:A::Subject: a\r\n\r\nb;1:success:B::Subject: a\r\n\r\nb;" },
	{ "one is gone", RESPONSE("GetItem", ERROR("GetItem", "ErrorItemNotFound", "<m:Items/>") MAIL("B")), ERR_OK,
	  "0:no such item or folder:-:ErrorItemNotFound:It went wrong.;1:success:B::Subject: a\r\n\r\nb;" },
	{ "the other one's id first", RESPONSE("GetItem", MAIL("B") MAIL("A")), ERR_STALE_REPLY, "" },
	{ "another case", RESPONSE("GetItem", MAIL("a") MAIL("B")), ERR_STALE_REPLY, "" },
	{ "an id that is none of ours", RESPONSE("GetItem", MAIL("A") MAIL("X")), ERR_STALE_REPLY,
	  "0:success:A::Subject: a\r\n\r\nb;" },
	{ "one answer too few", RESPONSE("GetItem", MAIL("A")), ERR_STALE_REPLY, "0:success:A::Subject: a\r\n\r\nb;" },
	{ "one answer too many", RESPONSE("GetItem", MAIL("A") MAIL("B") MAIL("C")), ERR_STALE_REPLY,
	  "0:success:A::Subject: a\r\n\r\nb;1:success:B::Subject: a\r\n\r\nb;" },
	{ "two items in one answer", RESPONSE("GetItem", OK("GetItem", "<m:Items><t:Message><t:ItemId Id=\"A\"/></t:Message>"
	  "<t:Message><t:ItemId Id=\"A\"/></t:Message></m:Items>") MAIL("B")), ERR_STALE_REPLY, "" },
	{ "no id", RESPONSE("GetItem", OK("GetItem", "<m:Items><t:Message>" MIME("YQ==") "</t:Message></m:Items>") MAIL("B")),
	  ERR_STALE_REPLY, "" },
	{ "the answer to another operation", RESPONSE("GetFolder", MAIL("A") MAIL("B")), ERR_STALE_REPLY, "" },
	{ "messages of another operation", RESPONSE("GetItem", OK("GetFolder", "") MAIL("B")), ERR_STALE_REPLY, "" },
	{ "answers in no answer", ENVELOPE("<x:Any xmlns:x='urn:x'><m:ResponseMessages>" MAIL("A") MAIL("B")
	  "</m:ResponseMessages></x:Any>"), ERR_STALE_REPLY, "" },
	{ "an empty body", ENVELOPE(""), ERR_STALE_REPLY, "" },
	{ "no messages", RESPONSE("GetItem", ""), ERR_STALE_REPLY, "" },
	{ "two answers in one body", ENVELOPE("<m:GetItemResponse><m:ResponseMessages>" MAIL("A") MAIL("B")
	  "</m:ResponseMessages></m:GetItemResponse><m:GetItemResponse/>"), ERR_STALE_REPLY,
	  "0:success:A::Subject: a\r\n\r\nb;1:success:B::Subject: a\r\n\r\nb;" },
	{ "a second envelope behind", RESPONSE("GetItem", MAIL("A") MAIL("B")) RESPONSE("GetItem", ""), ERR_STALE_REPLY,
	  "0:success:A::Subject: a\r\n\r\nb;1:success:B::Subject: a\r\n\r\nb;" },
	{ "bytes behind", RESPONSE("GetItem", MAIL("A") MAIL("B")) "HTTP/1.1 200 OK", ERR_STALE_REPLY,
	  "0:success:A::Subject: a\r\n\r\nb;1:success:B::Subject: a\r\n\r\nb;" },
	{ "a wrong namespace", "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>"
	  "<GetItemResponse xmlns='https://schemas.microsoft.com/exchange/services/2006/messages'/></s:Body></s:Envelope>",
	  ERR_STALE_REPLY, "" },
	{ "not SOAP", "<feed><entry/></feed>", ERR_NOT_EWS, "" },
	{ "a web page", "<!DOCTYPE html><html><body>Login</body></html>", ERR_NOT_EWS, "" },
	{ "a web page without type", "<html><body>Login", ERR_NOT_EWS, "" },
	{ "text", "Bad Request", ERR_NOT_EWS, "" },
	{ "nothing", "", ERR_PROTOCOL, "" },
	{ "half of it", "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>", ERR_PROTOCOL, "" },
	{ "no code", RESPONSE("GetItem", "<m:GetItemResponseMessage/>" MAIL("B")), ERR_PROTOCOL, "" },

	/* What holds for all ends the request. */
	{ "busy", RESPONSE("GetItem", MAIL("A") ERROR("GetItem", "ErrorServerBusy", "")), ERR_THROTTLED,
	  "0:success:A::Subject: a\r\n\r\nb;" },
	{ "a fault", FAULT("ErrorServerBusy", ""), ERR_THROTTLED, "" },
	{ "a fault with detail", FAULT("Client", "<detail><e:ResponseCode xmlns:e='http://schemas.microsoft.com/exchange/"
	  "services/2006/errors'>\n ErrorMailboxMoveInProgress\n</e:ResponseCode></detail>"), ERR_TRANSIENT, "" },
	{ "a fault of ours", FAULT("Client", ""), ERR_PROTOCOL, "" },
	{ "a fault of theirs", FAULT("Server", ""), ERR_TRANSIENT, "" },
	{ "a fault that says success", FAULT("NoError", ""), ERR_TRANSIENT, "" },

	/* What is wrong with one item is no matter of the others (I8). */
	{ "stopped", RESPONSE("GetItem", ERROR("GetItem", "ErrorAccessDenied", "")
	  "<m:GetItemResponseMessage ResponseClass=\"Warning\"><m:ResponseCode>ErrorBatchProcessingStopped</m:ResponseCode>"
	  "</m:GetItemResponseMessage>"), ERR_OK,
	  "0:server refused access:-:ErrorAccessDenied:It went wrong.;"
	  "1:server asked us to try again:-:ErrorBatchProcessingStopped:;" },
	{ "conversion", RESPONSE("GetItem", ERROR("GetItem", "ErrorMimeContentConversionFailed", "") MAIL("B")), ERR_OK,
	  "0:server cannot deliver the item:-:ErrorMimeContentConversionFailed:It went wrong.;1:success:B::Subject: a\r\n\r\nb;" },
	{ "an inner code", RESPONSE("GetItem", ERROR("GetItem", "ErrorInternalServerError", "<m:MessageXml>"
	  "<t:Value Name=\"InnerErrorMessageText\">text</t:Value>"
	  "<t:Value Name=\"InnerErrorResponseCode\">ErrorItemCorrupt</t:Value></m:MessageXml>") MAIL("B")), ERR_OK,
	  "0:server cannot deliver the item:-:ErrorItemCorrupt:It went wrong.;1:success:B::Subject: a\r\n\r\nb;" },
	{ "a code nobody knows", RESPONSE("GetItem", ERROR("GetItem", "ErrorNew", "") MAIL("B")), ERR_OK,
	  "0:server asked us to try again:-:ErrorNew:It went wrong.;1:success:B::Subject: a\r\n\r\nb;" },
	{ "a code in two lines", RESPONSE("GetItem", ERROR("GetItem", "Error\nNew", "") MAIL("B")), ERR_OK,
	  "0:server asked us to try again:-:Error New:It went wrong.;1:success:B::Subject: a\r\n\r\nb;" },
	{ "a property of another kind", RESPONSE("GetItem", ERROR("GetItem", "ErrorInvalidPropertyRequest", "") MAIL("B")), ERR_OK,
	  "0:server refuses a property we asked for:-:ErrorInvalidPropertyRequest:It went wrong.;1:success:B::Subject: a\r\n\r\nb;" },
	{ "no MIME", RESPONSE("GetItem", ITEM("A", "") MAIL("B")), ERR_OK,
	  "0:server cannot deliver the item:A::the server sent no MimeContent;1:success:B::Subject: a\r\n\r\nb;" },
	{ "empty MIME", RESPONSE("GetItem", ITEM("A", MIME("")) MAIL("B")), ERR_OK,
	  "0:server cannot deliver the item:A::its MimeContent is empty;1:success:B::Subject: a\r\n\r\nb;" },
	{ "no base64", RESPONSE("GetItem", ITEM("A", MIME("U3V*")) MAIL("B")), ERR_OK,
	  "0:server cannot deliver the item:A::its MimeContent is not base64;1:success:B::Subject: a\r\n\r\nb;" },
	{ "half a base64", RESPONSE("GetItem", ITEM("A", MIME("U3ViamV")) MAIL("B")), ERR_OK,
	  "0:server cannot deliver the item:A::its MimeContent is not base64;1:success:B::Subject: a\r\n\r\nb;" },
	{ "no item", RESPONSE("GetItem", OK("GetItem", "<m:Items/>") MAIL("B")), ERR_OK,
	  "0:server cannot deliver the item:-::the server sent no item;1:success:B::Subject: a\r\n\r\nb;" },
	{ "broken lines", RESPONSE("GetItem", ITEM("A", MIME("\r\nU3Vi\r\n amVj\n dDogYQ0KDQpi\r\n")) MAIL("B")), ERR_OK,
	  "0:success:A::Subject: a\r\n\r\nb;1:success:B::Subject: a\r\n\r\nb;" },
};
/* clang-format on */

static void test_a_reply_is_believed_only_if_it_answers_the_question(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		size_t n = strlen(answers[i].reply);
		/* Every cut: the network cuts anywhere. */
		for (size_t cut = 1; cut <= n; cut += cut < 32 ? 1 : 61) {
			const struct fake_reply reply = { answers[i].reply, n, 200 };
			AUTO(ews) struct ews *ews = open_ews(&reply, 1, cut);
			AUTO(outcome) struct outcome o = { 0 };
			get_items(ews, KIND_MESSAGE, "A B", &o);
			/* Cut later, more of it may be seen before the end of the request. */
			if (o.err != answers[i].err || strcmp(buf_str(&o.log), answers[i].log) != 0)
				fail_msg("%s, cut at %zu: %s: %s", answers[i].what, cut,
					 err_text(o.err), buf_str(&o.log));
			/* Only such a connection may be used again. */
			assert_int_equal(fake.was_settled, !o.err);
			assert_true(!o.err || *ews_reason(ews));
		}
	}
}

static void test_a_reply_that_ends_anywhere_else_is_no_answer(void **state)
{
	static const char whole[] = RESPONSE("GetItem", MAIL("A") MAIL("B"));
	(void)state;

	for (size_t n = 0; n < strlen(whole); n++) {
		const struct fake_reply reply = { whole, n, 200 };
		AUTO(ews) struct ews *ews = open_ews(&reply, 1, 100);
		AUTO(outcome) struct outcome o = { 0 };
		get_items(ews, KIND_MESSAGE, "A B", &o);
		if (o.err != ERR_PROTOCOL || fake.was_settled)
			fail_msg("after %zu bytes: %s, %s", n, err_text(o.err), ews_reason(ews));
	}
}

static void test_what_the_transport_says_counts_unless_the_server_spoke(void **state)
{
	static const struct {
		struct fake_reply reply;
		enum err err;
		const char *reason;
	} vectors[] = {
		{ { "<s:Envelope", 11, 200, ERR_OFFLINE }, ERR_OFFLINE, "the transport's reason" },
		{ { "", 0, 0, ERR_AUTH }, ERR_AUTH, "the transport's reason" },
		{ { FAULT("ErrorServerBusy", ""), sizeof(FAULT("ErrorServerBusy", "")) - 1, 500,
		    ERR_OK },
		  ERR_THROTTLED,
		  "ErrorServerBusy: It went wrong." },
		{ { "<html/>", 7, 500, ERR_OK }, ERR_TRANSIENT, "the reply is not SOAP" },
		{ { RESPONSE("GetItem", MAIL("A")), sizeof(RESPONSE("GetItem", MAIL("A"))) - 1, 500,
		    ERR_OK },
		  ERR_TRANSIENT,
		  "the transport's reason" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(ews) struct ews *ews = open_ews(&vectors[i].reply, 1, 1000);
		AUTO(outcome) struct outcome o = { 0 };
		get_items(ews, KIND_MESSAGE, "A", &o);
		check_err(o.err, vectors[i].err);
		if (!strstr(ews_reason(ews), vectors[i].reason))
			fail_msg("%zu: %s", i, ews_reason(ews));
	}
}

static void test_how_long_to_wait_is_found_by_name(void **state)
{
	static const struct {
		const char *value;
		int64_t retry_after_ms, expected;
	} vectors[] = {
		{ "<t:Value Name=\"Other\">7</t:Value><t:Value "
		  "Name=\"BackOffMilliseconds\">297749</t:Value>",
		  -1, 297749 },
		{ "<t:Value Name=\"BackOffMilliseconds\">0</t:Value>", -1, -1 },
		{ "<t:Value Name=\"BackOffMilliseconds\">0</t:Value>", 3000, 3000 },
		{ "<t:Value Name=\"BackOffMilliseconds\">soon</t:Value>", -1, -1 },
		{ "<t:Value Name=\"Other\">7</t:Value>", -1, -1 },
		{ "", 5000, 5000 },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char text[2048];
		snprintf(text, sizeof(text),
			 FAULT("ErrorServerBusy",
			       "<detail><t:MessageXml>%s</t:MessageXml></detail>"),
			 vectors[i].value);
		const struct fake_reply reply = { text, strlen(text), 500 };
		AUTO(ews) struct ews *ews = open_ews(&reply, 1, 1000);
		AUTO(outcome) struct outcome o = { 0 };
		fake.retry_after_ms = vectors[i].retry_after_ms;
		get_items(ews, KIND_MESSAGE, "A", &o);
		check_err(o.err, ERR_THROTTLED);
		assert_string_equal(ews_code(ews), "ErrorServerBusy");
		assert_int_equal(ews_back_off_ms(ews), vectors[i].expected);
	}
}

/* --- what is asked again --- */

static void test_a_lower_version_is_asked_for_and_remembered(void **state)
{
	/* clang-format off */
	static const char fault[] = FAULT("ErrorInvalidServerVersion", ""),
			  errors[] = RESPONSE("GetItem", ERROR("GetItem", "ErrorIncorrectSchemaVersion", "")),
			  answer[] = RESPONSE("GetItem", MAIL("A"));
	/* clang-format on */
	const struct fake_reply replies[] = {
		{ fault, strlen(fault), 500 },	 { errors, strlen(errors), 200 },
		{ answer, strlen(answer), 200 }, { answer, strlen(answer), 200 },
		{ fault, strlen(fault), 500 },
	};
	const char *const ids[] = { "A" };
	AUTO(ews) struct ews *ews = open_ews(replies, ARRAY_LEN(replies), 100);
	struct outcome o = { 0 };
	(void)state;

	check_ok(ews_get_items(ews, KIND_MESSAGE, ids, 1, "/tmp", &sink, &o));
	assert_non_null(strstr(fake.request, "Exchange2013_SP1"));
	check_ok(ews_wait(ews, 0));
	assert_non_null(strstr(fake.request, "Exchange2010_SP2"));
	assert_non_null(strstr(fake.request, "item:ConversationId"));
	check_ok(ews_wait(ews, 0));
	assert_non_null(strstr(fake.request, "Exchange2007_SP1"));
	assert_null(strstr(fake.request, "item:ConversationId"));
	assert_int_equal(o.done_n, 0);
	check_ok(ews_wait(ews, 0));
	assert_int_equal(o.done_n, 1);
	check_ok(o.err);
	/* The next question begins there, and there is nothing lower. */
	check_ok(ews_get_items(ews, KIND_MESSAGE, ids, 1, "/tmp", &sink, &o));
	assert_non_null(strstr(fake.request, "Exchange2007_SP1"));
	check_ok(ews_wait(ews, 0));
	check_ok(o.err);
	check_ok(ews_get_items(ews, KIND_MESSAGE, ids, 1, "/tmp", &sink, &o));
	check_ok(ews_wait(ews, 0));
	check_err(o.err, ERR_PROTOCOL);
	assert_string_equal(ews_code(ews), "ErrorInvalidServerVersion");
	outcome_release(&o);
}

static void test_a_page_whose_shape_is_refused_is_asked_for_plainly(void **state)
{
	/* clang-format off */
	static const char refused[] = RESPONSE(
		"SyncFolderItems", ERROR("SyncFolderItems", "ErrorInvalidPropertyForOperation", "<m:SyncState/>")),
		answer[] = PAGE("");
	/* clang-format on */
	const struct fake_reply replies[] = {
		{ refused, strlen(refused), 200 },
		{ answer, strlen(answer), 200 },
		{ answer, strlen(answer), 200 },
	};
	AUTO(ews) struct ews *ews = open_ews(replies, ARRAY_LEN(replies), 100);
	(void)state;

	for (int i = 0; i < 2; i++) {
		struct ews_page page = { 0 };
		check_ok(ews_sync_items(ews, "F", NULL, 512, &page));
		assert_null(strstr(fake.request, "AdditionalProperties"));
		assert_string_equal(page.state, "H4sI");
		ews_page_release(&page);
	}
	assert_int_equal(fake.next, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reply_is_believed_only_if_it_answers_the_question),
		cmocka_unit_test(test_a_reply_that_ends_anywhere_else_is_no_answer),
		cmocka_unit_test(test_what_the_transport_says_counts_unless_the_server_spoke),
		cmocka_unit_test(test_how_long_to_wait_is_found_by_name),
		cmocka_unit_test(test_a_lower_version_is_asked_for_and_remembered),
		cmocka_unit_test(test_a_page_whose_shape_is_refused_is_asked_for_plainly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
