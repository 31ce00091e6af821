/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "folder_xml.h"
#include "notice.h"
#include "operations.h"
#include "stream.h"

/* Without a request; Exchange says nothing of streaming ones, gromox has them live so long. */
#define STREAMING_MINUTES 5

/* Another machine knows nothing of it. */
static struct subscription *find(struct call *call, const char *id, const char **ret_error)
{
	uint64_t failovers = server_failovers(call->server);

	if (watch_of(call->box)->ways.affinity && !call->at_home) {
		*ret_error = "ErrorSubscriptionNotFound";
		return NULL;
	}
	return watch_find(call->box, id, failovers, ret_error);
}

/* --- Subscribe --- */

static const char *read_kinds(const xmlNode *request, struct subscription *ret)
{
	const xmlNode *node = node_first(node_child(request, "EventTypes"));

	for (; node; node = node_next(node)) {
		enum event_kind kind = event_kind_from(node_text(node));
		if (kind < EVENT_KIND_COUNT)
			ret->kinds |= 1u << kind;
	}
	return ret->kinds ? NULL : "ErrorInvalidSubscriptionRequest";
}

/* All folders, or those that are named. */
static const char *read_folders(struct call *call, const xmlNode *request, struct subscription *ret)
{
	const xmlNode *node = node_first(node_child(request, "FolderIds"));
	const char *error;

	ret->all = text_is_true(node_attr(request, "SubscribeToAllFolders"));
	if (ret->all == (node != NULL))
		return "ErrorInvalidSubscriptionRequest";
	for (; node; node = node_next(node)) {
		const struct folder *folder = folder_asked(call, node, &error);
		if (!folder)
			return error;
		ret->fids = must_alloc(ret->fids, (ret->fids_n + 1) * sizeof(*ret->fids));
		ret->fids[ret->fids_n++] = folder->fid;
	}
	return NULL;
}

/* From where on: now, or a watermark of old. */
static const char *read_start(struct call *call, const xmlNode *request, struct subscription *ret)
{
	const struct events *events = &watch_of(call->box)->events;
	const char *mark = child_text(request, "Watermark");

	ret->told = events->last;
	if (!*mark || call->server->like->bare_ids)
		return NULL;
	if (!watermark_parse(&call->box->identity, mark, &ret->told) || ret->told > events->last ||
	    ret->told + 1 < events_first(events))
		return "ErrorInvalidWatermark";
	return NULL;
}

static const char *read_request(struct call *call, const xmlNode *request, struct subscription *ret)
{
	*ret = (struct subscription){
		.streaming = node_is(request, "StreamingSubscriptionRequest"),
		.failovers = server_failovers(call->server),
		.minutes = STREAMING_MINUTES,
	};
	if (!ret->streaming && !node_is(request, "PullSubscriptionRequest"))
		return "ErrorInvalidPushSubscriptionUrl"; /* nobody is called from here */
	if (!ret->streaming &&
	    !text_parse_int(child_text(request, "Timeout"), 1, 1440, &ret->minutes))
		return "ErrorInvalidSubscriptionRequest";
	const char *error = read_kinds(request, ret);
	if (!error)
		error = read_folders(call, request, ret);
	return error ? error : read_start(call, request, ret);
}

/* What a test wants refused. True if that was a Fault. */
static bool is_refused(struct call *call, const xmlNode *request, const char **ret_error)
{
	const struct ways *ways = &watch_of(call->box)->ways;
	bool streaming = node_is(request, "StreamingSubscriptionRequest");
	const char *code = streaming ? ways->streaming : ways->pull;

	*ret_error = *code ? code : NULL;
	if (strcmp(code, "ErrorSchemaValidation") == 0) {
		soap_schema_fault(call, "The element 'Subscribe' has invalid child element '%s'.",
				  (const char *)request->name);
		return true;
	}
	if (strcmp(code, "ErrorInvalidServerVersion") != 0)
		return false;
	soap_fault(call, "ErrorInvalidServerVersion", "The specified server version is invalid.");
	return true;
}

static void answer_subscription(struct call *call, const struct subscription *subscription)
{
	char id[SUBSCRIPTION_ID_SIZE], mark[WATERMARK_SIZE];

	subscription_print(call->box, subscription, id);
	message_begin(call, "Subscribe");
	xml_element(call->out, "m:SubscriptionId", id);
	if (!subscription->streaming && !call->server->like->bare_ids) {
		watermark_print(&call->box->identity, subscription->told, mark);
		xml_element(call->out, "m:Watermark", mark);
	}
	message_end(call, "Subscribe");
}

void op_subscribe(struct call *call)
{
	const xmlNode *request = node_first(call->op);
	struct subscription asked = { 0 };
	const struct subscription *made = NULL;
	const char *error;

	if (is_refused(call, request, &error))
		return;
	if (!error)
		error = read_request(call, request, &asked);
	if (!error) {
		made = watch_add(call->box, &asked);
		error = made ? NULL : "ErrorExceededSubscriptionCount";
	}
	if (!made)
		free(asked.fids);
	reply_begin(call, "Subscribe");
	if (made)
		answer_subscription(call, made);
	else
		message_error(call, "Subscribe", error);
	reply_end(call, "Subscribe");
}

void op_unsubscribe(struct call *call)
{
	const char *error, *id = child_text(call->op, "SubscriptionId");
	const struct subscription *found = find(call, id, &error);

	reply_begin(call, "Unsubscribe");
	if (found) {
		watch_drop(call->box->watch, found);
		watch_wake(call->box->watch);
		message_begin(call, "Unsubscribe");
		message_end(call, "Unsubscribe");
	} else {
		message_error(call, "Unsubscribe", error);
	}
	reply_end(call, "Unsubscribe");
}

/* --- GetEvents --- */

/* Where the client says that it stands. gromox does not listen to it. */
static const char *take_watermark(struct call *call, struct subscription *subscription)
{
	uint64_t number;

	if (call->server->like->bare_ids)
		return NULL;
	if (!watermark_parse(&call->box->identity, child_text(call->op, "Watermark"), &number) ||
	    number > call->box->watch->events.last)
		return "ErrorInvalidWatermark";
	subscription->told = number > subscription->lost ? number : subscription->lost;
	return NULL;
}

static const char *check_missed(struct call *call, struct subscription *subscription)
{
	subscription_check_backlog(call->box, subscription);
	if (!subscription->missed)
		return NULL;
	subscription->missed = false;
	return subscription->expired ? "ErrorInvalidSubscription" : "ErrorMissedNotificationEvents";
}

static const char *find_pulled(struct call *call, struct subscription **ret)
{
	const char *error, *id = child_text(call->op, "SubscriptionId");

	*ret = find(call, id, &error);
	if (!*ret)
		return error;
	if ((*ret)->streaming)
		return "ErrorInvalidPullSubscriptionId";
	error = take_watermark(call, *ret);
	return error ? error : check_missed(call, *ret);
}

static void write_error(struct call *call, const char *error)
{
	bool bare = call->server->like->bare_ids;

	if (bare && strcmp(error, "ErrorInvalidSubscription") == 0)
		xml_raw(call->out,
			"<m:x ResponseClass=\"Error\"><m:MessageText>E-3202: invalid subscription"
			"</m:MessageText><m:ResponseCode>ErrorInvalidSubscription</m:ResponseCode>"
			"<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey></m:x>");
	else
		message_error(call, "GetEvents", error);
}

void op_get_events(struct call *call)
{
	bool bare = call->server->like->bare_ids;
	struct subscription *subscription;
	const char *error = find_pulled(call, &subscription);

	reply_begin(call, "GetEvents");
	if (error) {
		write_error(call, error);
	} else {
		const struct watch *watch = call->box->watch;
		/* The name of gromox's element is a slip of its own. */
		if (bare)
			xml_raw(call->out, "<m:x ResponseClass=\"Success\"><m:ResponseCode>NoError"
					   "</m:ResponseCode>");
		else
			message_begin(call, "GetEvents");
		notice_write(call, subscription,
			     watch_until(watch, clock_boot_ms() - watch->ways.delay_ms));
		if (bare)
			xml_close(call->out, "m:x");
		else
			message_end(call, "GetEvents");
	}
	reply_end(call, "GetEvents");
}

/* --- GetStreamingEvents --- */

/* Those that are asked for; *ret_bad are the ids that are no good, and why. */
struct asked {
	struct subscription *good[STREAM_SUBSCRIPTIONS];
	const char *bad[STREAM_SUBSCRIPTIONS];
	size_t good_n, bad_n;
	const char *error;
};

static void find_streamed(struct call *call, const char *id, struct asked *asked)
{
	const char *error = NULL;
	struct subscription *found = find(call, id, &error);

	if (found && found->streaming) {
		asked->good[asked->good_n++] = found;
		return;
	}
	asked->bad[asked->bad_n++] = id;
	if (!asked->error)
		asked->error = found ? "ErrorInvalidSubscription" : error;
}

/* Good and bad ids in one call give the error alone. */
void op_get_streaming_events(struct call *call)
{
	const xmlNode *id = node_first(node_child(call->op, "SubscriptionIds"));
	struct asked asked = { 0 };
	int64_t minutes;

	if (!text_parse_int(child_text(call->op, "ConnectionTimeout"), 1, 30, &minutes)) {
		soap_schema_fault(call, "The 'ConnectionTimeout' element is invalid.");
		return;
	}
	for (size_t n = 0; id && n < STREAM_SUBSCRIPTIONS; id = node_next(id), n++)
		find_streamed(call, node_text(id), &asked);
	if (asked.bad_n || !asked.good_n) {
		stream_write_error(call, asked.error ? asked.error : "ErrorInvalidSubscription",
				   asked.bad, asked.bad_n);
		return;
	}
	if (streams_n(call->box->watch) >= streams_max(call->box)) {
		soap_fault(call, "ErrorExceededConnectionCount",
			   "You have exceeded the available concurrent connections for your "
			   "account. Try again once your other requests have completed.");
		return;
	}
	stream_write_status(call, "OK");
	call->stream = stream_open(call, asked.good, asked.good_n, minutes);
}
