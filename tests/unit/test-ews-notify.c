/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "test-ews.h"

/* What a sink of events saw: C(ame) or M(odified), folder/parent/old parent; '|' ends a message. */
struct seen {
	struct buf log;
	int done_n;
	enum err err;
};

static void seen_release(struct seen *seen)
{
	buf_release(&seen->log);
}

static const char *or_dash(const char *id)
{
	return id ? id : "-";
}

static enum err on_event(void *ctx, const struct ews_event *event)
{
	struct seen *seen = ctx;

	return buf_printf(&seen->log, "%c%s/%s/%s;", event->is_modified ? 'M' : 'C',
			  or_dash(event->folder_id), or_dash(event->parent_id),
			  or_dash(event->old_parent_id));
}

static void on_beat(void *ctx, bool had_events)
{
	struct seen *seen = ctx;

	check_ok(buf_append_str(&seen->log, had_events ? "|" : "."));
}

static void on_done(void *ctx, enum err err)
{
	struct seen *seen = ctx;

	seen->done_n++;
	seen->err = err;
}

static const struct ews_stream_sink stream_sink = { on_event, on_beat, on_done };

static struct ews *open_session(void)
{
	static const struct account account = { .url = "https://x.example/" };
	struct ews *ews = NULL;

	check_ok(ews_open(&account, &ews, NULL));
	return ews;
}

static void read_stream(const char *bytes, size_t n, size_t cut, struct seen *seen)
{
	AUTO(ews) struct ews *ews = open_session();
	const struct fake_reply reply = { bytes, n, 200 };

	fake_put(&reply, 1, cut);
	check_ok(ews_stream(ews, "SUB", 29, 1000, &stream_sink, seen));
	assert_true(ews_is_streaming(ews));
	check_ok(ews_wait(ews, 0));
	assert_false(ews_is_streaming(ews));
	assert_int_equal(seen->done_n, 1);
	assert_false(fake.was_settled);
}

#define NOTICE(inner) \
	RESPONSE("GetStreamingEvents", \
		 OK("GetStreamingEvents", "<m:Notifications><m:Notification>" \
					  "<t:SubscriptionId>SUB</t:SubscriptionId>" inner \
					  "</m:Notification></m:Notifications>"))
#define STATUS(text) \
	RESPONSE("GetStreamingEvents", \
		 OK("GetStreamingEvents", "<m:ConnectionStatus>" text "</m:ConnectionStatus>"))
#define OF_ITEM(name, more) \
	"<t:" name "><t:TimeStamp>2026-11-21T20:35:22Z</t:TimeStamp><t:ItemId Id=\"i\"/>" \
	"<t:ParentFolderId Id=\"P\"/>" more "</t:" name ">"
#define OF_FOLDER(name, more) \
	"<t:" name "><t:FolderId Id=\"F\"/><t:ParentFolderId Id=\"P\"/>" more "</t:" name ">"

/* clang-format off */
static const struct {
	const char *bytes;
	enum err err;
	const char *log;
} streams[] = {
	{ STATUS("OK") STATUS("Closed"), ERR_OK, ".." },
	{ STATUS("OK") "\r\n \n" NOTICE("<t:StatusEvent/>") "\n", ERR_OK, ".." },
	{ "\xef\xbb\xbf" STATUS("OK") "\xef\xbb\xbf" STATUS("OK"), ERR_OK, ".." },
	{ NOTICE(OF_ITEM("NewMailEvent", "") OF_ITEM("MovedEvent", "<t:OldItemId Id=\"j\"/>"
	  "<t:OldParentFolderId Id=\"O\"/>")), ERR_OK, "C-/P/-;C-/P/O;|" },
	{ NOTICE(OF_FOLDER("ModifiedEvent", "<t:UnreadCount>3</t:UnreadCount>") OF_FOLDER("MovedEvent",
	  "<t:OldFolderId Id=\"F\"/><t:OldParentFolderId Id=\"O\"/>")), ERR_OK, "MF/P/-;CF/P/O;|" },
	/* The subject of a fold: nothing ends a document but the end of its root. */
	{ NOTICE("<!-- <m:Envelop> --><t:Envelopes/>" OF_ITEM("CreatedEvent", "")), ERR_OK, "C-/P/-;|" },
	{ STATUS("OK") RESPONSE("GetStreamingEvents", ERROR("GetStreamingEvents", "ErrorSubscriptionNotFound",
	  "<m:ErrorSubscriptionIds><m:SubscriptionId>SUB</m:SubscriptionId></m:ErrorSubscriptionIds>"
	  "<m:ConnectionStatus>OK</m:ConnectionStatus>")) STATUS("OK"), ERR_SUBSCRIPTION, "." },
	{ RESPONSE("GetStreamingEvents", ERROR("GetStreamingEvents", "ErrorMissedNotificationEvents", "")),
	  ERR_SUBSCRIPTION, "" },
	{ STATUS("OK") FAULT("ErrorServerBusy", ""), ERR_THROTTLED, "." },
	{ STATUS("OK") "<s:Envelope", ERR_PROTOCOL, "." },
	{ STATUS("OK") "<html>", ERR_NOT_EWS, "." },
	{ RESPONSE("GetEvents", ""), ERR_STALE_REPLY, "" },
	{ "", ERR_PROTOCOL, "" },
};
/* clang-format on */

static void test_a_stream_is_cut_into_its_documents(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		size_t n = strlen(streams[i].bytes);
		for (size_t cut = 1; cut <= n + 1; cut += cut < 40 ? 1 : 97) {
			AUTO(seen) struct seen seen = { 0 };
			read_stream(streams[i].bytes, n, cut, &seen);
			if (seen.err != streams[i].err ||
			    strcmp(buf_str(&seen.log), streams[i].log) != 0)
				fail_msg("%zu, cut %zu: %s, %s", i, cut, err_text(seen.err),
					 buf_str(&seen.log));
		}
	}
}

/* The first piece ends at each byte in turn. */
static void test_it_makes_no_difference_where_a_stream_is_cut(void **state)
{
	static const char bytes[] = STATUS("OK") NOTICE(OF_ITEM("CreatedEvent", "")) STATUS("OK");
	(void)state;

	for (size_t cut = 1; cut < sizeof(bytes); cut++) {
		AUTO(seen) struct seen seen = { 0 };
		read_stream(bytes, sizeof(bytes) - 1, cut, &seen);
		check_ok(seen.err);
		assert_string_equal(buf_str(&seen.log), ".C-/P/-;|.");
	}
}

static void test_I9_a_document_without_end_is_refused(void **state)
{
	enum { N = (16 << 20) + 4096 };
	static const char begin[] = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/"
				    "envelope/\"><s:Header>";
	AUTO(seen) struct seen seen = { 0 };
	char *bytes = malloc(N);
	(void)state;

	memset(bytes, 'x', N);
	memcpy(bytes, begin, sizeof(begin) - 1);
	read_stream(bytes, N, 65536, &seen);
	check_err(seen.err, ERR_LIMIT);
	free(bytes);
}

static void test_a_closed_stream_is_cancelled(void **state)
{
	AUTO(ews) struct ews *ews = open_session();
	AUTO(seen) struct seen seen = { 0 };
	(void)state;

	fake_put(NULL, 0, 1);
	check_ok(ews_stream(ews, "a<b", 29, 1000, &stream_sink, &seen));
	assert_non_null(strstr(fake.request, "<t:SubscriptionId>a&lt;b</t:SubscriptionId>"));
	assert_non_null(strstr(fake.request, "<m:ConnectionTimeout>29</m:ConnectionTimeout>"));
	ews_stream_close(ews);
	check_err(seen.err, ERR_CANCELLED);
	assert_false(ews_is_streaming(ews));
	ews_stream_close(ews);
	assert_int_equal(seen.done_n, 1);
}

/* --- Subscribe and GetEvents --- */

static enum err subscribe(const char *text, enum ews_subscription kind, char **ret_id,
			  char **ret_watermark)
{
	AUTO(ews) struct ews *ews = open_session();
	const struct fake_reply reply = { text, strlen(text), 200 };

	fake_put(&reply, 1, 7);
	return ews_subscribe(ews, kind, 30, NULL, 0, ret_id, ret_watermark);
}

static void test_a_subscription_covers_all_folders(void **state)
{
	AUTO(str) char *id = NULL, *also = NULL;
	AUTO(str) char *mark = NULL, *none = NULL;
	(void)state;

	check_ok(subscribe(
		RESPONSE("Subscribe", OK("Subscribe", "<m:SubscriptionId>S</m:SubscriptionId>"
						      "<m:Watermark>W</m:Watermark>")),
		EWS_PULL, &id, &mark));
	assert_string_equal(id, "S");
	assert_string_equal(mark, "W");
	assert_non_null(
		strstr(fake.request, "<m:PullSubscriptionRequest SubscribeToAllFolders=\"true\">"));
	assert_non_null(strstr(fake.request, "<t:Timeout>30</t:Timeout>"));
	check_ok(subscribe(
		RESPONSE("Subscribe", OK("Subscribe", "<m:SubscriptionId>S</m:SubscriptionId>")),
		EWS_STREAMING, &also, &none));
	assert_null(none);
	assert_non_null(strstr(fake.request,
			       "<m:StreamingSubscriptionRequest SubscribeToAllFolders=\"true\">"));
	check_err(subscribe(RESPONSE("Subscribe", OK("Subscribe", "")), EWS_PULL, &id, &mark),
		  ERR_PROTOCOL);
	check_err(subscribe(RESPONSE("Subscribe",
				     ERROR("Subscribe", "ErrorExceededSubscriptionCount", "")),
			    EWS_PULL, &id, &mark),
		  ERR_SUBSCRIPTION);
}

#define PULLED(marks, more) \
	RESPONSE("GetEvents", \
		 OK("GetEvents", \
		    "<m:Notification><t:SubscriptionId>S</t:SubscriptionId>" \
		    "<t:PreviousWatermark>0</t:PreviousWatermark>" \
		    "<t:MoreEvents>" more "</t:MoreEvents>" marks "</m:Notification>"))

static void test_events_are_asked_for_from_the_watermark_on(void **state)
{
	static const struct {
		const char *reply, *log, *mark;
		bool more;
	} cases[] = {
		{ PULLED("<t:NewMailEvent><t:Watermark>1</t:Watermark>"
			 "<t:ParentFolderId Id=\"P\"/></t:NewMailEvent>"
			 "<t:ModifiedEvent><t:Watermark>2</t:Watermark>"
			 "<t:FolderId Id=\"P\"/></t:ModifiedEvent>",
			 "true"),
		  "C-/P/-;MP/-/-;", "2", true },
		{ PULLED("<t:StatusEvent><t:Watermark>3</t:Watermark></t:StatusEvent>", "false"),
		  "", "3", false },
		/* No watermark gets on, and so no end. */
		{ PULLED("<t:StatusEvent><t:Watermark>0</t:Watermark></t:StatusEvent>", "true"), "",
		  "0", false },
		{ PULLED("<t:StatusEvent/>", "true"), "", "0", false },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(ews) struct ews *ews = open_session();
		AUTO(seen) struct seen seen = { 0 };
		AUTO(str) char *mark = strdup("0");
		const struct fake_reply reply = { cases[i].reply, strlen(cases[i].reply), 200 };
		bool more = false;
		fake_put(&reply, 1, 5);
		check_ok(ews_get_events(ews, "S", &mark, on_event, &seen, &more));
		assert_non_null(strstr(fake.request, "<m:Watermark>0</m:Watermark>"));
		assert_string_equal(buf_str(&seen.log), cases[i].log);
		assert_string_equal(mark, cases[i].mark);
		assert_int_equal(more, cases[i].more);
	}
}

/* Its messages have a name of their own, and there are no watermarks. */
static void test_events_of_gromox_are_read(void **state)
{
	static const char text[] = ENVELOPE(
		"<m:GetEventsResponse><m:ResponseMessages><m:x ResponseClass=\"Success\">"
		"<m:ResponseCode>NoError</m:ResponseCode><m:Notification>"
		"<t:SubscriptionId>S</t:SubscriptionId><t:MoreEvents>false</t:MoreEvents>" OF_ITEM(
			"CreatedEvent", "") "</m:Notification></m:x></m:ResponseMessages>"
					    "</m:GetEventsResponse>");
	AUTO(ews) struct ews *ews = open_session();
	AUTO(seen) struct seen seen = { 0 };
	AUTO(str) char *mark = NULL;
	const struct fake_reply reply = { text, sizeof(text) - 1, 200 };
	bool more = true;
	(void)state;

	fake_put(&reply, 1, 9);
	check_ok(ews_get_events(ews, "S", &mark, on_event, &seen, &more));
	assert_string_equal(buf_str(&seen.log), "C-/P/-;");
	assert_null(mark);
	assert_false(more);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stream_is_cut_into_its_documents),
		cmocka_unit_test(test_it_makes_no_difference_where_a_stream_is_cut),
		cmocka_unit_test(test_I9_a_document_without_end_is_refused),
		cmocka_unit_test(test_a_closed_stream_is_cancelled),
		cmocka_unit_test(test_a_subscription_covers_all_folders),
		cmocka_unit_test(test_events_are_asked_for_from_the_watermark_on),
		cmocka_unit_test(test_events_of_gromox_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
