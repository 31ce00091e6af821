/* SPDX-License-Identifier: MIT */
#include "soap.h"

#include <libxml/parser.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "operations.h"
#include "stream.h"
#include "whose.h"

#define SOAP_NS "http://schemas.xmlsoap.org/soap/envelope/"
#define MESSAGES_NS "http://schemas.microsoft.com/exchange/services/2006/messages"
#define TYPES_NS "http://schemas.microsoft.com/exchange/services/2006/types"
#define XSI_NS "http://www.w3.org/2001/XMLSchema-instance"
#define XSD_NS "http://www.w3.org/2001/XMLSchema"
#define ERRORS_NS "http://schemas.microsoft.com/exchange/services/2006/errors"

/* One line for each operation; the rest is "not implemented" to a client. */
static const struct {
	const char *name;
	void (*run)(struct call *call);
} operations[] = {
	{ "ConvertId", op_convert_id },
	{ "CopyFolder", op_copy_folder },
	{ "CopyItem", op_copy_item },
	{ "CreateFolder", op_create_folder },
	{ "CreateItem", op_create_item },
	{ "DeleteFolder", op_delete_folder },
	{ "DeleteItem", op_delete_item },
	{ "EmptyFolder", op_empty_folder },
	{ "FindFolder", op_find_folder },
	{ "FindItem", op_find_item },
	{ "GetAttachment", op_get_attachment },
	{ "GetEvents", op_get_events },
	{ "GetFolder", op_get_folder },
	{ "GetItem", op_get_item },
	{ "GetStreamingEvents", op_get_streaming_events },
	{ "MoveFolder", op_move_folder },
	{ "MoveItem", op_move_item },
	{ "ResolveNames", op_resolve_names },
	{ "Subscribe", op_subscribe },
	{ "SyncFolderHierarchy", op_sync_hierarchy },
	{ "SyncFolderItems", op_sync_items },
	{ "Unsubscribe", op_unsubscribe },
	{ "UpdateFolder", op_update_folder },
	{ "UpdateItem", op_update_item },
};

bool node_is(const xmlNode *node, const char *name)
{
	return node && strcmp((const char *)node->name, name) == 0;
}

static xmlNode *element_from(xmlNode *node)
{
	while (node && node->type != XML_ELEMENT_NODE)
		node = node->next;
	return node;
}

xmlNode *node_first(const xmlNode *node)
{
	return node ? element_from(node->children) : NULL;
}

xmlNode *node_next(const xmlNode *node)
{
	return node ? element_from(node->next) : NULL;
}

xmlNode *node_child(const xmlNode *node, const char *name)
{
	xmlNode *child = node_first(node);

	while (child && !node_is(child, name))
		child = node_next(child);
	return child;
}

static const char *text_of(const xmlNode *children)
{
	for (const xmlNode *node = children; node; node = node->next)
		if ((node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) &&
		    node->content)
			return (const char *)node->content;
	return "";
}

const char *node_text(const xmlNode *node)
{
	return node ? text_of(node->children) : "";
}

const char *node_attr(const xmlNode *node, const char *name)
{
	for (const xmlAttr *attr = node ? node->properties : NULL; attr; attr = attr->next)
		if (strcmp((const char *)attr->name, name) == 0)
			return text_of(attr->children);
	return "";
}

bool text_is_true(const char *text)
{
	return strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

const char *child_text(const xmlNode *node, const char *name)
{
	return node_text(node_child(node, name));
}

void soap_fault(struct call *call, const char *code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(call->fault_text, sizeof(call->fault_text), fmt, args);
	va_end(args);
	xml_trim(call->fault_text);
	call->fault = code;
}

void soap_schema_fault(struct call *call, const char *fmt, ...)
{
	char violation[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(violation, sizeof(violation), fmt, args);
	va_end(args);
	soap_fault(call, "ErrorSchemaValidation", "%s", violation);
}

void reply_begin(struct call *call, const char *name)
{
	xml_rawf(call->out,
		 "<m:%sResponse xmlns:m=\"" MESSAGES_NS "\"%s xmlns:t=\"" TYPES_NS "\">"
		 "<m:ResponseMessages>",
		 name, call->server->like->on_operation);
}

void reply_end(struct call *call, const char *name)
{
	xml_rawf(call->out, "</m:ResponseMessages></m:%sResponse>", name);
}

void message_begin(struct call *call, const char *name)
{
	xml_rawf(call->out,
		 "<m:%sResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError"
		 "</m:ResponseCode>",
		 name);
}

void message_end(struct call *call, const char *name)
{
	xml_rawf(call->out, "</m:%sResponseMessage>", name);
}

void reply_start(const struct like *like, struct xml *out)
{
	xml_raw(out, like->before_version);
	xml_raw(out, like->version);
	xml_raw(out, like->after_version);
}

static void write_violation(const struct call *call, struct xml *out)
{
	xml_raw(out, "<t:MessageXml xmlns:t=\"" TYPES_NS "\">");
	xml_element_int(out, "t:LineNumber", call->fault_line);
	xml_element_int(out, "t:LinePosition", 1);
	xml_element(out, "t:Violation", call->fault_text);
	xml_raw(out, "</t:MessageXml>");
}

/* As gromox says it: a bare code, and a text without any detail. */
static void write_plain_fault(const struct call *call, struct xml *out)
{
	const char *code = call->fault;

	if (strcmp(code, "ErrorSchemaValidation") == 0)
		code = call->op ? "SOAP:Client" : "SOAP:Server";
	else if (strcmp(code, "ErrorInvalidRequest") == 0)
		code = "SOAP:Client";
	xml_raw(out, "<SOAP:Envelope xmlns:SOAP=\"" SOAP_NS "\" xmlns:xsi=\"" XSI_NS
		     "\" xmlns:xsd=\"" XSD_NS
		     "\"><SOAP:Header/><SOAP:Body><SOAP:Fault><faultcode xsi:type=\"xsd:string\">");
	xml_raw(out, code);
	xml_raw(out, "</faultcode><faultstring xsi:type=\"xsd:string\">");
	xml_text(out, call->op ? call->fault_text : "Invalid XML");
	xml_raw(out, "</faultstring></SOAP:Fault></SOAP:Body></SOAP:Envelope>");
}

/* No Header, and a prefix declared on faultcode itself, as Exchange has it. */
static void write_fault(const struct call *call, struct xml *out)
{
	bool schema = strcmp(call->fault, "ErrorSchemaValidation") == 0;

	xml_raw(out,
		"<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"" SOAP_NS "\">"
		"<s:Body><s:Fault><faultcode xmlns:a=\"" TYPES_NS "\">a:");
	xml_raw(out, call->fault);
	xml_raw(out, "</faultcode><faultstring xml:lang=\"en-US\">");
	xml_raw(out, schema ? "The request failed schema validation: " : "");
	xml_text(out, call->fault_text);
	xml_rawf(out,
		 "</faultstring><detail><e:ResponseCode xmlns:e=\"" ERRORS_NS "\">%s"
		 "</e:ResponseCode><e:Message xmlns:e=\"" ERRORS_NS "\">",
		 call->fault);
	xml_text(out, schema ? "The request failed schema validation." : call->fault_text);
	xml_raw(out, "</e:Message>");
	if (schema)
		write_violation(call, out);
	if (call->cause)
		fault_write_values(call->cause, out);
	xml_raw(out, "</detail></s:Fault></s:Body></s:Envelope>");
}

static bool check_element(struct call *call, xmlNode *element)
{
	struct violation violation;

	if (!call->server->schema || !schema_check(call->server->schema, element, &violation))
		return true;
	call->fault_line = violation.line;
	soap_schema_fault(call, "%s", violation.text);
	return false;
}

/* Before the schema has its say, so that a client learns to step down. Absent is fine. */
static bool check_version(struct call *call, const xmlNode *header)
{
	static const char *const known[] = { "Exchange2007", "Exchange2007_SP1", "Exchange2009",
					     "Exchange2010", "Exchange2010_SP1", "Exchange2010_SP2",
					     "Exchange2012", "Exchange2013",	 "Exchange2013_SP1",
					     "Exchange2015", "Exchange2016" };
	const xmlNode *node = node_child(header, "RequestServerVersion");
	const char *newest = call->server->like->newest;
	bool too_new = false;

	if (!node)
		return true;
	const char *version = node_attr(node, "Version");
	if (strstr(version, "V20") == version && !newest)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(known) && !too_new; i++) {
		if (strcmp(version, known[i]) == 0)
			return true;
		too_new = newest && strcmp(newest, known[i]) == 0;
	}
	server_count(call->server, "ErrorInvalidServerVersion");
	soap_fault(call, "ErrorInvalidServerVersion", "The specified server version is invalid.");
	return false;
}

/* Only ours: what others put into the Header is theirs. */
static bool check_header(struct call *call, const xmlNode *header)
{
	for (xmlNode *node = node_first(header); node; node = node_next(node))
		if (node->ns && strcmp((const char *)node->ns->href, TYPES_NS) == 0 &&
		    !check_element(call, node))
			return false;
	return true;
}

static bool check_impersonation(struct call *call, const xmlNode *header)
{
	const xmlNode *sid = node_first(node_child(header, "ExchangeImpersonation"));
	const char *who = node_text(node_first(sid));

	struct user *user = sid ? server_address(call->server, who) : call->user;
	if (user && (user == call->user || call->user->may_impersonate)) {
		call->user = user;
		return true;
	}
	if (user)
		soap_fault(call, "ErrorImpersonateUserDenied",
			   "The account does not have permission to impersonate the requested "
			   "user.");
	else
		soap_fault(call, "ErrorNonExistentMailbox",
			   "No mailbox with such guid or address.");
	return false;
}

static void run(struct call *call)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (!node_is(call->op, operations[i].name))
			continue;
		lock_acquire(&call->box->lock);
		operations[i].run(call);
		lock_drop(&call->box->lock);
		return;
	}
	soap_fault(call, "ErrorInvalidRequest", "The request is invalid: %s is not offered here.",
		   (const char *)call->op->name);
}

/* False when something that was made to go wrong has left no reply. */
static bool dispatch(struct call *call, xmlDoc *doc)
{
	const xmlNode *envelope = xmlDocGetRootElement(doc);
	const xmlNode *header = node_child(envelope, "Header");

	call->op = node_is(envelope, "Envelope") ? node_first(node_child(envelope, "Body")) : NULL;
	if (!call->op || !call->op->ns ||
	    strcmp((const char *)call->op->ns->href, MESSAGES_NS) != 0) {
		soap_fault(call, "ErrorInvalidRequest", "The request is invalid.");
		return true;
	}
	server_count(call->server, (const char *)call->op->name);
	faults_strike(&call->server->faults, call);
	size_t start = call->out->buf.len;
	if (!fault_before(call))
		return call->fault || call->out->buf.len > start;
	if (check_version(call, header) && check_header(call, header) &&
	    check_element(call, call->op) && check_impersonation(call, header)) {
		call->box = whose_box(call);
		run(call);
	}
	/* Text is escaped, so this is no part of any. */
	if (call->server->like->ids_fault && !call->out->err &&
	    strstr(call->out->buf.bytes + start, ">ErrorInvalidIdMalformed<"))
		soap_fault(call, "ErrorInvalidId", "E-3216: invalid ID type");
	fault_after(call, start);
	return true;
}

static void xml_doc_release(xmlDoc **doc)
{
	xmlFreeDoc(*doc);
}

/* The end of the reply, or the Fault in its place. */
static void finish(struct call *call, size_t start, struct outcome *ret)
{
	struct xml *out = call->out;

	ret->status = 200;
	if (out->err && !call->fault)
		soap_fault(call, "ErrorInternalServerError",
			   "An internal server error occurred. %s", err_text(out->err));
	if (!call->fault)
		return;
	out->buf.len = start;
	out->err = ERR_OK;
	ret->is_fault = true;
	/* What is made to go wrong does so in the words of Exchange, whoever is imitated. */
	if (!call->server->like->plain_faults || call->cause) {
		write_fault(call, out);
		ret->status = 500;
		return;
	}
	write_plain_fault(call, out);
	ret->status = call->op ? 200 : 500;
}

/* Not behind a reply that went wrong on purpose. */
static bool is_continued(const struct call *call)
{
	static const enum fault_kind kinds[] = { FAULT_BUSY, FAULT_ERROR, FAULT_TRUNCATED };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strikes_find(&call->strikes, kinds[i]))
			return false;
	return !call->fault;
}

void soap_answer(struct server *server, struct user *user, bool at_home, const char *body, size_t n,
		 struct xml *ret, struct outcome *ret_outcome)
{
	struct call call = {
		.server = server,
		.user = user,
		.box = user->box,
		.at_home = at_home,
		.out = ret,
	};
	AUTO(xml_doc)
	xmlDoc *doc = xmlReadMemory(body, (int)n, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
					    XML_PARSE_HUGE);
	size_t start = ret->buf.len;
	bool replies = true;

	*ret_outcome = (struct outcome){ 0 };
	reply_start(server->like, ret);
	if (!doc || doc->intSubset)
		soap_schema_fault(&call, "The request is not well-formed XML.");
	else
		replies = dispatch(&call, doc);
	snprintf(ret_outcome->operation, sizeof(ret_outcome->operation), "%s",
		 call.op ? (const char *)call.op->name : "");
	ret_outcome->strikes = call.strikes;
	if (!replies)
		return;
	if (!strikes_find(&call.strikes, FAULT_TRUNCATED))
		xml_raw(ret, server->like->end);
	finish(&call, start, ret_outcome);
	if (!is_continued(&call))
		stream_release(&call.stream);
	ret_outcome->stream = call.stream;
}
