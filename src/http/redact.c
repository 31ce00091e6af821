/* SPDX-License-Identifier: MIT */
#include "http/redact.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Elements whose text tells nothing of anybody. */
static const char *const plain_elements[] = {
	"BaseShape",
	"BodyType",
	"ChildFolderCount",
	"ConnectionStatus",
	"ConnectionTimeout",
	"DateTimeCreated",
	"DateTimeReceived",
	"DateTimeSent",
	"DescriptiveLinkKey",
	"EventType",
	"FlagStatus",
	"FolderClass",
	"HasAttachments",
	"Importance",
	"IncludeMimeContent",
	"IncludesLastFolderInRange",
	"IncludesLastItemInRange",
	"IsAssociated",
	"IsDraft",
	"IsRead",
	"ItemClass",
	"LastModifiedTime",
	"LineNumber",
	"LinePosition",
	"MaxChangesReturned",
	"MoreEvents",
	"ResponseCode",
	"Sensitivity",
	"Size",
	"SyncScope",
	"TimeStamp",
	"Timeout",
	"TotalCount",
	"UnreadCount",
	"Violation",
	"faultcode",
};

/* Texts that the server writes for people. */
static const char *const spoken_elements[] = { "Message", "MessageText", "faultstring" };

static const char *const plain_attributes[] = {
	"BasePoint",
	"ChangeKey",
	"CharacterSet",
	"DistinguishedPropertySetId",
	"FieldURI",
	"Id",
	"IncludesLastItemInRange",
	"IndexedPagingOffset",
	"MajorBuildNumber",
	"MajorVersion",
	"MaxEntriesReturned",
	"MinorBuildNumber",
	"MinorVersion",
	"Offset",
	"Order",
	"PropertyId",
	"PropertySetId",
	"PropertyTag",
	"PropertyType",
	"ResponseClass",
	"SubscribeToAllFolders",
	"TotalItemsInView",
	"Traversal",
	"Version",
	"nil",
	"type",
};

/* Keys, flags, times and counts. */
static const int64_t plain_properties[] = { 0x0e07, 0x1090, 0x10f4, 0x3008,
					    0x65e2, 0x65e3, 0x670a, 0x670b };

static const char *const plain_headers[] = {
	"Accept",
	"Accept-Encoding",
	"Cache-Control",
	"client-request-id",
	"Connection",
	"Content-Encoding",
	"Content-Length",
	"Content-Type",
	"Date",
	"Expires",
	"Host",
	"Persistent-Auth",
	"request-id",
	"Retry-After",
	"return-client-request-id",
	"Server",
	"Transfer-Encoding",
	"User-Agent",
	"Vary",
	"Via",
	"X-AspNet-Version",
	"X-BEServer",
	"X-CalculatedBETarget",
	"X-CasErrorCode",
	"X-DiagInfo",
	"x-EwsHandler",
	"X-FEServer",
	"X-Powered-By",
	"X-PreferServerAffinity",
};

static bool is_among(const char *const *list, size_t list_n, const char *word, size_t n)
{
	for (size_t i = 0; i < list_n; i++)
		if (strlen(list[i]) == n && strncasecmp(list[i], word, n) == 0)
			return true;
	return false;
}

#define IS_AMONG(list, word, n) is_among(list, ARRAY_LEN(list), word, n)

static const char *local_name(const char *name)
{
	const char *colon = strchr(name, ':');

	return colon ? colon + 1 : name;
}

static enum err put_length(struct buf *to, uint64_t n)
{
	return buf_printf(to, "(%llu bytes)", (unsigned long long)n);
}

/* --- texts --- */

/* Without the words that may be addresses. */
static enum err put_spoken(struct buf *to, const char *text, size_t n)
{
	static const char space[] = " \t\r\n";
	enum err err = ERR_OK;

	for (size_t at = 0; !err && at < n;) {
		size_t word_n = 0;
		while (at + word_n < n && !memchr(space, text[at + word_n], 4))
			word_n++;
		bool is_hidden = memchr(text + at, '@', word_n);
		err = is_hidden ? put_length(to, word_n) : buf_append(to, text + at, word_n);
		at += word_n;
		if (!err && at < n)
			err = buf_append_char(to, ' ');
		at++;
	}
	return err;
}

static bool is_blank(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!memchr(" \t\r\n", text[i], 4))
			return false;
	return true;
}

static bool is_plain_text(const struct redact *redact)
{
	const char *name = local_name(redact->element);

	if (IS_AMONG(plain_elements, name, strlen(name)))
		return true;
	for (size_t i = 0; strcmp(name, "Value") == 0 && i < ARRAY_LEN(plain_properties); i++)
		if (plain_properties[i] == redact->property)
			return true;
	return false;
}

static enum err end_text(struct redact *redact, struct buf *to)
{
	const char *name = local_name(redact->element);
	enum err err = ERR_OK;
	bool is_whole = redact->text_bytes == redact->text_n;

	if (is_whole && is_blank(redact->text, redact->text_n))
		err = ERR_OK;
	else if (is_whole && IS_AMONG(spoken_elements, name, strlen(name)))
		err = put_spoken(to, redact->text, redact->text_n);
	else if (is_whole && is_plain_text(redact))
		err = buf_append(to, redact->text, redact->text_n);
	else
		err = put_length(to, redact->text_bytes);
	redact->text_n = 0;
	redact->text_bytes = 0;
	return err;
}

/* --- tags --- */

static size_t name_length(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.-");
}

static bool is_plain_value(const struct redact *redact, const char *name, size_t name_n,
			   const char *value, size_t n)
{
	size_t plain_n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/=_.:#-");

	if (plain_n < n)
		return false;
	if (strncmp(name, "xmlns", 5) == 0)
		return true;
	/* Of a property of an error; elsewhere it may be somebody's. */
	if (name_n == 4 && memcmp(name, "Name", 4) == 0)
		return strcmp(local_name(redact->element), "Value") == 0;
	return IS_AMONG(plain_attributes, name, name_n);
}

/* Of what follows the name in a tag that is whole. */
static enum err put_attributes(struct redact *redact, const char *at, struct buf *to)
{
	enum err err = ERR_OK;

	while (!err) {
		at += strspn(at, " \t\r\n");
		size_t name_n = name_length(at);
		const char *quoted = at + name_n + 1, *value = quoted + 1;
		if (name_n == 0 || at[name_n] != '=' || (*quoted != '"' && *quoted != '\''))
			break;
		const char *end = strchr(value, *quoted);
		if (!end)
			break;
		size_t n = (size_t)(end - value);
		err = buf_printf(to, " %.*s=\"", (int)name_n, at);
		if (!err)
			err = is_plain_value(redact, at, name_n, value, n)
				      ? buf_append(to, value, n)
				      : put_length(to, n);
		if (!err)
			err = buf_append_char(to, '"');
		if (name_n == 11 && memcmp(at, "PropertyTag", 11) == 0)
			redact->property = strtoll(value, NULL, 0);
		at = end + 1;
	}
	return err;
}

static enum err put_element(struct redact *redact, struct buf *to)
{
	const char *tag = redact->tag + 1;
	bool is_end = *tag == '/', is_empty = redact->tag[redact->tag_n - 2] == '/';
	size_t n = name_length(tag + is_end);
	enum err err;

	redact->element[0] = '\0';
	if (n == 0 || n > REDACT_NAME_MAX)
		return put_length(to, redact->tag_bytes);
	if (is_end)
		return buf_printf(to, "</%.*s>", (int)n, tag + 1);
	memcpy(redact->element, tag, n);
	redact->element[n] = '\0';
	if (strcmp(local_name(redact->element), "ExtendedFieldURI") == 0)
		redact->property = 0;
	err = buf_printf(to, "\n<%s", redact->element);
	if (!err)
		err = put_attributes(redact, tag + n, to);
	if (is_empty)
		redact->element[0] = '\0';
	return err ? err : buf_append_str(to, is_empty ? "/>" : ">");
}

static enum err end_tag(struct redact *redact, struct buf *to)
{
	enum err err;

	redact->tag[redact->tag_n] = '\0';
	if (redact->tag_bytes > redact->tag_n || redact->tag[1] == '!') {
		err = put_length(to, redact->tag_bytes);
		redact->element[0] = '\0';
	} else if (redact->tag[1] == '?') {
		err = buf_append_str(to, "<?xml?>");
	} else {
		err = put_element(redact, to);
	}
	redact->is_in_tag = false;
	redact->tag_n = 0;
	redact->tag_bytes = 0;
	return err;
}

static bool begins_with(const struct redact *redact, const char *opening)
{
	size_t n = strlen(opening);

	return redact->tag_n >= n && memcmp(redact->tag, opening, n) == 0;
}

/* Does the tag end with this byte? */
static bool is_last(struct redact *redact, char c)
{
	if (begins_with(redact, "<!--"))
		return c == '>' && redact->last[0] == '-' && redact->last[1] == '-' &&
		       redact->tag_bytes > 6;
	if (begins_with(redact, "<![CDATA["))
		return c == '>' && redact->last[0] == ']' && redact->last[1] == ']';
	if (redact->quote) {
		if (c == redact->quote)
			redact->quote = '\0';
		return false;
	}
	if (c == '"' || c == '\'')
		redact->quote = c;
	return c == '>';
}

enum err redact_feed(struct redact *redact, const char *bytes, size_t n, struct buf *to)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++) {
		char c = bytes[i];
		if (!redact->is_in_tag && c == '<') {
			err = end_text(redact, to);
			redact->is_in_tag = true;
			redact->quote = '\0';
		}
		if (!redact->is_in_tag) {
			redact->text_bytes++;
			if (redact->text_n < REDACT_TEXT_MAX)
				redact->text[redact->text_n++] = c;
			continue;
		}
		redact->tag_bytes++;
		if (redact->tag_n < REDACT_TAG_MAX)
			redact->tag[redact->tag_n++] = c;
		bool is_end = is_last(redact, c);
		redact->last[0] = redact->last[1];
		redact->last[1] = c;
		if (!err && is_end)
			err = end_tag(redact, to);
	}
	return err;
}

enum err redact_finish(struct redact *redact, struct buf *to)
{
	enum err err = redact->is_in_tag ? put_length(to, redact->tag_bytes) : end_text(redact, to);

	*redact = (struct redact){ 0 };
	return err;
}

/* --- heads --- */

enum err redact_head(const char *line, size_t n, struct buf *to)
{
	while (n > 0 && memchr("\r\n", line[n - 1], 2))
		n--;
	const char *colon = memchr(line, ':', n);
	size_t name_n = colon ? (size_t)(colon - line) : n;
	bool is_first = memchr(line, ' ', name_n); /* of the request, or of the reply */

	if (n == 0 || is_first || IS_AMONG(plain_headers, line, name_n)) {
		size_t query = is_first ? (size_t)((char *)memchr(line, ' ', name_n) - line) : n;
		while (query < n && line[query] != '?')
			query++;
		enum err err = buf_append(to, line, query);
		if (!err && query < n)
			err = put_length(to, n - query);
		return err ? err : buf_append_char(to, '\n');
	}
	/* Which ways to log in there are, and which cookies. */
	const char *value = colon ? colon + 1 : line + n;
	size_t left = (size_t)(line + n - value), word_n = 0;
	while (left > 0 && *value == ' ')
		value++, left--;
	bool is_list = memmem(line, name_n, "-Authenticate", 13) != NULL;
	bool is_cookie = IS_AMONG((const char *const[]){ "Set-Cookie" }, line, name_n);
	while ((is_list || is_cookie) && word_n < left && !memchr(" =,;", value[word_n], 4))
		word_n++;
	enum err err = buf_printf(to, "%.*s: %.*s", (int)name_n, line, (int)word_n, value);
	if (!err && word_n < left)
		err = put_length(to, left - word_n);
	return err ? err : buf_append_char(to, '\n');
}
