/* SPDX-License-Identifier: MIT */
#include "ews/soap.h"

#include <string.h>

#include "ews/charfilter.h"
#include "ews/ews.h"

static const char *const version_names[VERSION_COUNT] = {
	[VERSION_2013_SP1] = "Exchange2013_SP1",
	[VERSION_2010_SP2] = "Exchange2010_SP2",
	[VERSION_2007_SP1] = "Exchange2007_SP1",
};

const char *version_name(enum version version)
{
	return version_names[version];
}

enum version version_named(const char *name)
{
	for (int i = 0; i < VERSION_COUNT; i++)
		if (strcmp(version_names[i], name) == 0)
			return (enum version)i;
	return VERSION_2013_SP1;
}

static enum err write_impersonation(struct buf *to, const char *address)
{
	enum err err = buf_append_str(to, "<t:ExchangeImpersonation><t:ConnectingSID>");

	if (!err)
		err = soap_text(to, "t:PrimarySmtpAddress", address);
	return err ? err : buf_append_str(to, "</t:ConnectingSID></t:ExchangeImpersonation>");
}

enum err soap_begin(struct buf *to, enum version version, const char *impersonate,
		    const char *operation, const char *attributes)
{
	enum err err = buf_printf(
		to,
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\""
		" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\""
		" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\">"
		"<s:Header><t:RequestServerVersion Version=\"%s\"/>",
		version_names[version]);
	if (!err && impersonate)
		err = write_impersonation(to, impersonate);
	return err ? err
		   : buf_printf(to, "</s:Header><s:Body><m:%s%s>", operation,
				attributes ? attributes : "");
}

enum err soap_end(struct buf *to, const char *operation)
{
	return buf_printf(to, "</m:%s></s:Body></s:Envelope>\n", operation);
}

static const char *entity_of(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	case '\r': return "&#13;";
	case '\n': return "&#10;";
	case '\t': return "&#9;";
	default: return NULL;
	}
}

enum err soap_escape(struct buf *to, const char *text)
{
	size_t left = strlen(text), plain = 0;
	enum err err = ERR_OK;

	while (!err && plain < left) {
		size_t n = 0;
		const char *instead = entity_of(text[plain]);

		if (char_judge(text + plain, left - plain, &n) != CHAR_FINE)
			instead = REPLACEMENT;
		if (!instead) {
			plain += n;
			continue;
		}
		err = buf_append(to, text, plain);
		if (!err)
			err = buf_append_str(to, instead);
		text += plain + n;
		left -= plain + n;
		plain = 0;
	}
	return err ? err : buf_append(to, text, left);
}

enum err soap_text(struct buf *to, const char *element, const char *text)
{
	enum err err = buf_printf(to, "<%s>", element);

	if (!err)
		err = soap_escape(to, text);
	if (!err)
		err = buf_printf(to, "</%s>", element);
	return err;
}

enum err soap_id(struct buf *to, const char *element, const char *id)
{
	enum err err = buf_printf(to, "<%s Id=\"", element);

	if (!err)
		err = soap_escape(to, id);
	if (!err)
		err = buf_append_str(to, "\"/>");
	return err;
}

enum err soap_folder_id(struct buf *to, const char *id, const char *mailbox)
{
	if (!ews_is_distinguished(id))
		return soap_id(to, "t:FolderId", id);
	/* Public folders are in nobody's mailbox. */
	if (!mailbox || strcmp(id, "publicfoldersroot") == 0)
		return soap_id(to, "t:DistinguishedFolderId", id);
	enum err err = buf_printf(to, "<t:DistinguishedFolderId Id=\"%s\"><t:Mailbox>", id);
	if (!err)
		err = soap_text(to, "t:EmailAddress", mailbox);
	return err ? err : buf_append_str(to, "</t:Mailbox></t:DistinguishedFolderId>");
}
