/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "control.h"
#include "fault.h"
#include "fault_edit.h"
#include "soap.h"

static const char busy_text[] =
	"The server cannot service this request right now. Try again later.";

static void write_value(struct xml *out, const char *name, const char *value)
{
	xml_rawf(out, "<t:Value Name=\"%s\">", name);
	xml_text(out, value);
	xml_raw(out, "</t:Value>");
}

static void write_back_off(const struct fault *fault, struct xml *out)
{
	if (fault->back_off >= 0)
		xml_rawf(out, "<t:Value Name=\"BackOffMilliseconds\">%lld</t:Value>",
			 (long long)fault->back_off);
}

void fault_write_values(const struct fault *fault, struct xml *out)
{
	if (fault->back_off < 0)
		return;
	xml_raw(out, "<t:MessageXml xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/"
		     "types\">");
	write_back_off(fault, out);
	xml_raw(out, "</t:MessageXml>");
}

/* What stands in a message of that operation although it failed. */
static const char *empty_of(const struct call *call)
{
	static const struct {
		const char *operation, *xml;
	} empty[] = {
		{ "GetItem", "<m:Items/>" },
		{ "CreateItem", "<m:Items/>" },
		{ "UpdateItem", "<m:Items/>" },
		{ "MoveItem", "<m:Items/>" },
		{ "CopyItem", "<m:Items/>" },
		{ "GetFolder", "<m:Folders/>" },
		{ "SyncFolderItems",
		  "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>" },
		{ "SyncFolderHierarchy",
		  "<m:SyncState/><m:IncludesLastFolderInRange>true</m:IncludesLastFolderInRange>" },
	};

	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		if (node_is(call->op, empty[i].operation))
			return empty[i].xml;
	return "";
}

/* One message, with what its code says, or hidden in an ErrorInternalServerError. */
static void write_message(struct call *call, const struct fault *fault, const char *code)
{
	const char *name = (const char *)call->op->name;
	bool inner = fault->form == FORM_INNER;

	message_error_begin(call, name, inner ? "ErrorInternalServerError" : code);
	if (inner || fault->back_off >= 0) {
		xml_raw(call->out, "<m:MessageXml>");
		if (inner) {
			write_value(call->out, "InnerErrorMessageText", busy_text);
			write_value(call->out, "InnerErrorResponseCode", code);
			write_value(call->out, "InnerErrorDescriptiveLinkKey", "0");
		}
		write_back_off(fault, call->out);
		xml_raw(call->out, "</m:MessageXml>");
	}
	xml_raw(call->out, empty_of(call));
	message_end(call, name);
}

/* One message for each thing that was asked about. */
static size_t count_asked(const struct call *call)
{
	static const char *const lists[] = { "ItemIds",	      "FolderIds", "ParentFolderIds",
					     "ItemChanges",   "Items",	   "FolderChanges",
					     "AttachmentIds", "Folders" };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists) && !n; i++)
		for (const xmlNode *node = node_first(node_child(call->op, lists[i])); node;
		     node = node_next(node))
			n++;
	return n ? n : 1;
}

/* The whole request fails. */
static void refuse(struct call *call, const struct fault *fault)
{
	const char *name = (const char *)call->op->name;

	if (fault->form == FORM_FAULT) {
		call->cause = fault;
		soap_fault(call, fault->code, "%s",
			   strcmp(fault->code, "ErrorServerBusy") == 0
				   ? busy_text
				   : "The request could not be completed.");
		return;
	}
	reply_begin(call, name);
	for (size_t n = count_asked(call); n > 0; n--)
		write_message(call, fault, fault->code);
	reply_end(call, name);
}

static bool is_whole(const struct fault *fault)
{
	return fault->kind == FAULT_BUSY ||
	       (fault->kind == FAULT_ERROR && !fault->items && !fault->first);
}

static bool strike_before(struct call *call, const struct fault *fault)
{
	if (fault->done)
		return true;
	if (fault->kind == FAULT_DELAY)
		faults_wait(&call->server->faults, fault->ms);
	if (fault->kind == FAULT_HANG) {
		faults_wait(&call->server->faults, -1);
		return false;
	}
	if (fault->kind == FAULT_STATUS)
		return false;
	if (!is_whole(fault))
		return true;
	refuse(call, fault);
	return false;
}

bool fault_before(struct call *call)
{
	for (size_t i = 0; i < call->strikes.n; i++)
		if (!strike_before(call, call->strikes.all[i]))
			return false;
	return true;
}

/* --- On the reply --- */

/* The n-th id of the request; "" beyond. */
static const char *asked_id(const struct call *call, size_t n)
{
	const xmlNode *node = node_first(node_child(call->op, "ItemIds"));

	while (n-- > 0)
		node = node_next(node);
	return node_attr(node, "Id");
}

static bool is_about(const struct call *call, const struct fault *fault, size_t n)
{
	if (!fault->items)
		return (int64_t)n >= fault->at && (int64_t)n < fault->at + fault->first;
	for (size_t i = 0; i < json_array_size(fault->items); i++)
		if (strcmp(json_string_value(json_array_get(fault->items, i)), asked_id(call, n)) ==
		    0)
			return true;
	return false;
}

/* What is left of a batch that was given up. */
static void write_untried(struct call *call)
{
	const char *name = (const char *)call->op->name;

	xml_rawf(call->out,
		 "<m:%sResponseMessage ResponseClass=\"Warning\"><m:MessageText>The batch was "
		 "stopped because of an error.</m:MessageText><m:ResponseCode>"
		 "ErrorBatchProcessingStopped</m:ResponseCode>"
		 "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>",
		 name);
	xml_raw(call->out, empty_of(call));
	message_end(call, name);
}

/* Writes the reply again, with other messages in the place of some. */
static void replace_messages(struct call *call, const struct fault *fault)
{
	struct pieces pieces;
	struct xml whole = *call->out;
	bool stopped = false;

	*call->out = (struct xml){ 0 };
	pieces_of_messages(&pieces, buf_str(&whole.buf), (const char *)call->op->name);
	xml_bytes(call->out, pieces.head, pieces.head_n);
	for (size_t i = 0; i < pieces.n; i++) {
		if (stopped && fault->kind == FAULT_STOPPED) {
			write_untried(call);
		} else if (is_about(call, fault, i)) {
			write_message(call, fault, fault->code);
			stopped = true;
		} else {
			xml_bytes(call->out, pieces.all[i].s, pieces.all[i].n);
		}
	}
	xml_raw(call->out, pieces.tail);
	pieces_release(&pieces);
	xml_release(&whole);
}

static void again(struct call *call, size_t start, const struct fault *fault)
{
	call->out->buf.len = start;
	call->out->buf.bytes[start] = '\0';
	refuse(call, fault);
}

/* Properties alone need no conversion. */
static bool converts(const struct call *call)
{
	return node_child(node_child(call->op, "ItemShape"), "IncludeMimeContent");
}

static void strike_after(struct call *call, size_t start, const struct fault *fault)
{
	struct faults *faults = &call->server->faults;

	if (is_whole(fault)) {
		again(call, start, fault);
		return;
	}
	switch (fault->kind) {
	case FAULT_DELAY:
	case FAULT_HANG:
		if (fault->done)
			faults_wait(faults, fault->kind == FAULT_HANG ? -1 : fault->ms);
		break;
	case FAULT_ERROR:
	case FAULT_STOPPED: replace_messages(call, fault); break;
	case FAULT_UNCONVERTIBLE:
		if (converts(call))
			replace_messages(call, fault);
		break;
	case FAULT_BETWEEN_PAGES: control_script(call->server, call->user, fault->script); break;
	default: edit_reply(call, fault); break;
	}
}

void fault_after(struct call *call, size_t start)
{
	for (size_t i = 0; i < call->strikes.n && !call->fault && !call->out->err; i++)
		strike_after(call, start, call->strikes.all[i]);
}
