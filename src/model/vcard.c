/* SPDX-License-Identifier: MIT */
#include "model/content.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "model/contentline.h"

/*
 * Order of the properties: VERSION, PRODID, UID, KIND, FN, N, NICKNAME, X-PHONETIC-*, ORG,
 * TITLE, ROLE, EMAIL, TEL, IMPP, ADR, URL, BDAY, ANNIVERSARY, RELATED, X-EWS-*, CATEGORIES,
 * NOTE, PHOTO, MEMBER, REV; within one, the order of the tables below. Where several
 * properties of Exchange become the same one here, X-EWS-KEY tells which it was.
 */

static const char *first_of(const struct item *item, const char *const *paths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *text = fields_get(&item->fields, paths[i]);
		if (text && *text)
			return text;
	}
	return NULL;
}

static const char *either(const struct item *item, const char *path, const char *other)
{
	return first_of(item, (const char *const[]){ path, other }, 2);
}

static bool is_list(const struct item *item)
{
	static const char prefix[] = "IPM.DistList";

	if (item->element && strcmp(item->element, "DistributionList") == 0)
		return true;
	return item->item_class && strncasecmp(item->item_class, prefix, strlen(prefix)) == 0;
}

/* A server may give "SMTP:ana@corp.example"; an address inside the organisation
 * ("/o=...") is none for anybody else. */
static const char *smtp_address(const char *address)
{
	static const char prefix[] = "SMTP:";

	if (!address || strncasecmp(address, "/o=", 3) == 0 || strncasecmp(address, "EX:", 3) == 0)
		return NULL;
	return strncasecmp(address, prefix, strlen(prefix)) == 0 ? address + strlen(prefix)
								 : address;
}

/* --- names --- */

static enum err put_name(const struct item *item, struct buf *ret)
{
	static const char *const paths[] = {
		"DisplayName",
		"CompleteName/FullName",
		"FileAs",
		"CompanyName",
		"EmailAddresses/Entry[EmailAddress1]",
	};
	const char *name = item->display_name;

	if (!name || !*name)
		name = first_of(item, paths, ARRAY_LEN(paths));
	if (!name)
		name = item->subject;
	enum err err = contentline_put(ret, "FN", name && *name ? name : "(no name)");
	const char *const parts[] = {
		either(item, "CompleteName/LastName", "Surname"),
		either(item, "CompleteName/FirstName", "GivenName"),
		either(item, "CompleteName/MiddleName", "MiddleName"),
		fields_get(&item->fields, "CompleteName/Title"),
		either(item, "CompleteName/Suffix", "Generation"),
	};
	if (!err)
		err = contentline_put_parts(ret, "N", parts, ARRAY_LEN(parts));
	if (!err)
		err = contentline_put(ret, "NICKNAME",
				      either(item, "CompleteName/Nickname", "Nickname"));
	if (!err)
		err = contentline_put(
			ret, "X-PHONETIC-FIRST-NAME",
			either(item, "CompleteName/YomiFirstName", "PhoneticFirstName"));
	if (!err)
		err = contentline_put(
			ret, "X-PHONETIC-LAST-NAME",
			either(item, "CompleteName/YomiLastName", "PhoneticLastName"));
	return err;
}

static enum err put_work(const struct item *item, struct buf *ret)
{
	const char *const org[] = {
		fields_get(&item->fields, "CompanyName"),
		fields_get(&item->fields, "Department"),
	};
	enum err err = contentline_put_parts(ret, "ORG", org, org[1] && *org[1] ? 2 : 1);

	if (!err)
		err = contentline_put(ret, "TITLE", fields_get(&item->fields, "JobTitle"));
	if (!err)
		err = contentline_put(ret, "ROLE", fields_get(&item->fields, "Profession"));
	return err;
}

/* --- addresses --- */

struct entry {
	const char *path, *head;
};

static enum err put_emails(const struct item *item, struct buf *ret)
{
	static const struct entry entries[] = {
		{ "EmailAddresses/Entry[EmailAddress1]", "EMAIL;PREF=1" },
		{ "EmailAddresses/Entry[EmailAddress2]", "EMAIL;PREF=2" },
		{ "EmailAddresses/Entry[EmailAddress3]", "EMAIL;PREF=3" },
	};
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(entries); i++) {
		const char *address = smtp_address(fields_get(&item->fields, entries[i].path));
		err = contentline_put(ret, entries[i].head, address);
	}
	return err;
}

#define PHONE(key) "PhoneNumbers/Entry[" key "]"

static const struct entry phones[] = {
	{ PHONE("PrimaryPhone"), "TEL;PREF=1;TYPE=voice" },
	{ PHONE("BusinessPhone"), "TEL;TYPE=work,voice" },
	{ PHONE("BusinessPhone2"), "TEL;TYPE=work,voice;X-EWS-KEY=BusinessPhone2" },
	{ PHONE("CompanyMainPhone"), "TEL;TYPE=work,voice;X-EWS-KEY=CompanyMainPhone" },
	{ PHONE("AssistantPhone"), "TEL;TYPE=work,voice;X-EWS-KEY=AssistantPhone" },
	{ PHONE("BusinessMobile"), "TEL;TYPE=work,cell" },
	{ PHONE("HomePhone"), "TEL;TYPE=home,voice" },
	{ PHONE("HomePhone2"), "TEL;TYPE=home,voice;X-EWS-KEY=HomePhone2" },
	{ PHONE("MobilePhone"), "TEL;TYPE=cell" },
	{ PHONE("CarPhone"), "TEL;TYPE=cell;X-EWS-KEY=CarPhone" },
	{ PHONE("RadioPhone"), "TEL;TYPE=voice;X-EWS-KEY=RadioPhone" },
	{ PHONE("OtherTelephone"), "TEL;TYPE=voice" },
	{ PHONE("Callback"), "TEL;TYPE=voice;X-EWS-KEY=Callback" },
	{ PHONE("IPPhone"), "TEL;TYPE=voice;X-EWS-KEY=IPPhone" },
	{ PHONE("Isdn"), "TEL;TYPE=voice;X-EWS-KEY=Isdn" },
	{ PHONE("BusinessFax"), "TEL;TYPE=work,fax" },
	{ PHONE("HomeFax"), "TEL;TYPE=home,fax" },
	{ PHONE("OtherFax"), "TEL;TYPE=fax" },
	{ PHONE("Pager"), "TEL;TYPE=pager" },
	{ PHONE("TtyTddPhone"), "TEL;TYPE=textphone" },
	{ PHONE("Telex"), "TEL;TYPE=text;X-EWS-KEY=Telex" },
	{ PHONE("Mms"), "TEL;TYPE=text;X-EWS-KEY=Mms" },
	{ PHONE("Msn"), "TEL;TYPE=text;X-EWS-KEY=Msn" },
};

static enum err put_entries(const struct item *item, const struct entry *entries, size_t n,
			    struct buf *ret)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++)
		err = contentline_put(ret, entries[i].head,
				      fields_get(&item->fields, entries[i].path));
	return err;
}

#define ADR(key, name) "PhysicalAddresses/Entry[" key "]/" name
/* The first two components are obsolete: post office box, extended address. */
#define ADR_PARTS(item, key) \
	{ \
		NULL, NULL, fields_get(&(item)->fields, ADR(key, "Street")), \
			fields_get(&(item)->fields, ADR(key, "City")), \
			fields_get(&(item)->fields, ADR(key, "State")), \
			fields_get(&(item)->fields, ADR(key, "PostalCode")), \
			either(item, ADR(key, "CountryOrRegion"), ADR(key, "Country")) \
	}

/* PostalAddressIndex names the one that letters go to. */
static enum err put_address(const struct item *item, const char *index, const char *types,
			    const char *const *parts, size_t n, struct buf *ret)
{
	const char *preferred = fields_get(&item->fields, "PostalAddressIndex");
	bool is_preferred = preferred && strcmp(preferred, index) == 0;
	char head[32];

	snprintf(head, sizeof(head), "ADR%s%s", is_preferred ? ";PREF=1" : "", types);
	return contentline_put_parts(ret, head, parts, n);
}

static enum err put_addresses(const struct item *item, struct buf *ret)
{
	const char *const work[] = ADR_PARTS(item, "Business");
	const char *const home[] = ADR_PARTS(item, "Home");
	const char *const other[] = ADR_PARTS(item, "Other");

	enum err err = put_address(item, "Business", ";TYPE=work", work, ARRAY_LEN(work), ret);
	if (!err)
		err = put_address(item, "Home", ";TYPE=home", home, ARRAY_LEN(home), ret);
	if (!err)
		err = put_address(item, "Other", "", other, ARRAY_LEN(other), ret);
	return err;
}

static enum err append_uri_char(struct buf *uri, char c)
{
	bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		     (c && strchr("@.-_+~!$'*=", c));

	return plain ? buf_append_char(uri, c) : buf_printf(uri, "%%%02X", (unsigned char)c);
}

static enum err append_uri(struct buf *uri, const char *scheme, const char *text)
{
	enum err err = buf_append_str(uri, scheme);

	for (; !err && *text; text++)
		err = append_uri_char(uri, *text);
	return err;
}

/* "sip:ana@corp.example"; nobody checks what is typed there. */
static bool is_uri(const char *text)
{
	static const char scheme[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-";
	size_t n = strspn(text, scheme);

	return n > 1 && text[n] == ':' && text[n + 1] && !strpbrk(text, " \t\r\n");
}

static enum err put_im_addresses(const struct item *item, struct buf *ret)
{
	static const struct entry entries[] = {
		{ "ImAddresses/Entry[ImAddress1]", "IMPP;PREF=1" },
		{ "ImAddresses/Entry[ImAddress2]", "IMPP;PREF=2" },
		{ "ImAddresses/Entry[ImAddress3]", "IMPP;PREF=3" },
	};
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(entries); i++) {
		AUTO(buf) struct buf uri = { 0 };
		const char *address = fields_get(&item->fields, entries[i].path);
		if (!address || !*address)
			continue;
		err = is_uri(address) ? buf_append_str(&uri, address)
				      : append_uri(&uri, "im:", address);
		if (!err)
			err = contentline_put_raw(ret, entries[i].head, uri.bytes);
	}
	return err;
}

/* --- the rest --- */

static enum err put_days(const struct item *item, struct buf *ret)
{
	enum err err = contentline_put_day(ret, "BDAY", fields_get(&item->fields, "Birthday"));

	return err ? err
		   : contentline_put_day(ret, "ANNIVERSARY",
					 fields_get(&item->fields, "WeddingAnniversary"));
}

static enum err put_person(const struct item *item, struct buf *ret)
{
	static const struct entry entries[] = {
		{ "Manager", "X-EWS-MANAGER" },	      { "AssistantName", "X-EWS-ASSISTANT" },
		{ "OfficeLocation", "X-EWS-OFFICE" }, { "FileAs", "X-EWS-FILE-AS" },
		{ "Initials", "X-EWS-INITIALS" },     { "Mileage", "X-EWS-MILEAGE" },
		{ "Alias", "X-EWS-ALIAS" },
	};
	const struct fields *fields = &item->fields;

	enum err err = contentline_put_raw(ret, "URL", fields_get(fields, "BusinessHomePage"));
	if (!err)
		err = put_days(item, ret);
	if (!err)
		err = contentline_put(ret, "RELATED;VALUE=text;TYPE=spouse",
				      fields_get(fields, "SpouseName"));
	if (!err)
		err = contentline_put_each(ret, "RELATED;VALUE=text;TYPE=child", fields,
					   "Children/String");
	if (!err)
		err = put_entries(item, entries, ARRAY_LEN(entries), ret);
	if (!err)
		err = contentline_put_each(ret, "X-EWS-COMPANY", fields, "Companies/String");
	if (!err)
		err = contentline_put_each(ret, "X-EWS-SMIME-CERTIFICATE", fields,
					   "UserSMIMECertificate/Base64Binary");
	if (!err)
		err = contentline_put_each(ret, "X-EWS-CERTIFICATE", fields,
					   "MSExchangeCertificate/Base64Binary");
	if (!err)
		err = contentline_put_list(ret, "CATEGORIES", item->categories);
	if (!err)
		err = contentline_put(ret, "NOTE", fields_get(fields, "Body"));
	return err;
}

/* Nobody says what it is, and Outlook takes these. */
static enum err put_photo(const struct item *item, struct buf *ret)
{
	AUTO(buf) struct buf uri = { 0 };
	const char *base64 = fields_get(&item->fields, "Photo");

	if (!base64 || !*base64)
		return ERR_OK;
	base64 += strspn(base64, " \t\r\n");
	const char *type = strncmp(base64, "iVBOR", 5) == 0   ? "png"
			   : strncmp(base64, "R0lGO", 5) == 0 ? "gif"
							      : "jpeg";
	enum err err = buf_printf(&uri, "data:image/%s;base64,%s", type, base64);
	return err ? err : contentline_put_raw(ret, "PHOTO", uri.bytes);
}

/* A member without an address is only a name, which MEMBER cannot hold. */
static enum err put_member(const char *name, const char *address, struct buf *ret)
{
	AUTO(buf) struct buf uri = { 0 };
	const char *smtp = smtp_address(address);

	if (!smtp || !*smtp)
		return contentline_put(ret, "X-EWS-MEMBER", name);
	enum err err = append_uri(&uri, "mailto:", smtp);
	/* Servers give a bare address its own text as a name. */
	if (name && strcasecmp(name, smtp) == 0)
		name = NULL;
	return err ? err : contentline_put_with(ret, "MEMBER", "X-EWS-NAME", name, uri.bytes);
}

/* "Members/Member[key]/Mailbox/Name": the length up to the member's end; 0 for other
 * paths. Not every server gives a key. */
static size_t member_len(const char *path)
{
	static const char prefix[] = "Members/Member";
	const char *end = strstr(path, "/Mailbox/");

	return strncmp(path, prefix, strlen(prefix)) == 0 && end ? (size_t)(end - path) : 0;
}

/* A member's name comes before its address; either may lack. So a member ends where
 * another key begins, where a name comes, or where an address follows an address. */
static enum err put_members(const struct item *item, struct buf *ret)
{
	const char *name = NULL, *address = NULL, *last = "";
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < item->fields.n; i++) {
		const struct field *field = &item->fields.list[i];
		size_t n = member_len(field->path);
		if (n == 0)
			continue;
		const char *leaf = field->path + n + strlen("/Mailbox/");
		bool is_name = strcmp(leaf, "Name") == 0,
		     is_address = strcmp(leaf, "EmailAddress") == 0;
		if (is_name || (is_address && address) || strncmp(last, field->path, n) != 0) {
			err = put_member(name, address, ret);
			name = address = NULL;
		}
		last = field->path;
		name = is_name ? field->text : name;
		address = is_address ? field->text : address;
	}
	return err ? err : put_member(name, address, ret);
}

enum err vcard_print(const struct item *item, struct buf *ret)
{
	enum err err = buf_append_str(ret, "BEGIN:VCARD\r\nVERSION:4.0\r\nPRODID:-//ewsfs//EN\r\n");

	if (!err) /* a vCard's is a URI */
		err = contentline_put_uid(ret, "UID:urn:uuid", item->id ? item->id : "");
	if (!err && is_list(item))
		err = contentline_put_raw(ret, "KIND", "group");
	if (!err)
		err = put_name(item, ret);
	if (!err)
		err = put_work(item, ret);
	if (!err)
		err = put_emails(item, ret);
	if (!err)
		err = put_entries(item, phones, ARRAY_LEN(phones), ret);
	if (!err)
		err = put_im_addresses(item, ret);
	if (!err)
		err = put_addresses(item, ret);
	if (!err)
		err = put_person(item, ret);
	if (!err)
		err = put_photo(item, ret);
	if (!err && is_list(item))
		err = put_members(item, ret);
	if (!err)
		err = contentline_put_time(ret, "REV", item->modified);
	return err ? err : buf_append_str(ret, "END:VCARD\r\n");
}
