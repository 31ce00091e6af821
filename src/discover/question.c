/* SPDX-License-Identifier: MIT */
#include "discover/question.h"

#include <string.h>

#include "ews/soap.h"

enum err question_print(enum dialect dialect, const char *address, const char *url, struct buf *ret)
{
	static const char pox[] =
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/"
		"requestschema/2006\"><Request><EMailAddress>";
	static const char pox_end[] =
		"</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/"
		"autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema></Request>"
		"</Autodiscover>";
	static const char soap[] =
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
		"xmlns:w=\"http://www.w3.org/2005/08/addressing\" "
		"xmlns:a=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\">"
		"<s:Header><a:RequestedServerVersion>Exchange2010</a:RequestedServerVersion>"
		"<w:Action>http://schemas.microsoft.com/exchange/2010/Autodiscover/Autodiscover/"
		"GetUserSettings</w:Action><w:To>";
	static const char soap_mid[] =
		"</w:To></s:Header><s:Body><a:GetUserSettingsRequestMessage><a:Request><a:Users>"
		"<a:User><a:Mailbox>";
	static const char soap_end[] =
		"</a:Mailbox></a:User></a:Users><a:RequestedSettings>"
		"<a:Setting>ExternalEwsUrl</a:Setting><a:Setting>InternalEwsUrl</a:Setting>"
		"</a:RequestedSettings></a:Request></a:GetUserSettingsRequestMessage></s:Body>"
		"</s:Envelope>";
	bool is_pox = dialect == DIALECT_POX;

	enum err err = buf_append_str(ret, is_pox ? pox : soap);
	if (!err && !is_pox)
		err = soap_escape(ret, url);
	if (!err && !is_pox)
		err = buf_append_str(ret, soap_mid);
	if (!err)
		err = soap_escape(ret, address);
	return err ? err : buf_append_str(ret, is_pox ? pox_end : soap_end);
}

enum err question_append_address(struct buf *to, const char *address)
{
	enum err err = ERR_OK;

	for (const char *c = address; !err && *c; c++) {
		bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
				(*c >= '0' && *c <= '9') || strchr("-._~@", *c);
		err = is_plain ? buf_append_char(to, *c)
			       : buf_printf(to, "%%%02X", (unsigned char)*c);
	}
	return err;
}
