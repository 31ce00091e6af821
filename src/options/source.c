/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "model/address.h"
#include "options/config.h"
#include "options/keyring.h"
#include "options/table.h"

enum { ADDRESS_MAX = 100 }; /* two of them must fit into the name of a file */

/* The parts of https://USER@HOST:PORT/PATH, borrowed from it. */
struct url {
	const char *user, *host,
		*rest; /* user: NULL when there is none; rest: from the port or path */
	size_t user_n, host_n;
};

static const char *after_scheme(const char *s)
{
	if (strncasecmp(s, "https://", 8) == 0)
		return s + 8;
	return strncasecmp(s, "http://", 7) == 0 ? s + 7 : NULL;
}

static bool parse_url(const char *s, struct url *ret)
{
	const char *authority = after_scheme(s);

	for (const char *c = s; *c; c++)
		if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
			return false;
	if (!authority)
		return false;
	size_t n = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', n);
	const char *host = at ? at + 1 : authority;
	size_t host_n = strcspn(host, *host == '[' ? "]" : ":/?#");
	*ret = (struct url){
		.user = at ? authority : NULL,
		.user_n = at ? (size_t)(at - authority) : 0,
		.host = host,
		.host_n = host_n + (host[host_n] == ']'),
	};
	ret->rest = host + ret->host_n;
	return host_n > 0;
}

/* %xx becomes the byte. NULL when out of memory. */
static char *unescape(const char *s, size_t n)
{
	char *text = strndup(s, n), *to = text;

	for (const char *from = text; text && *from; to++) {
		unsigned byte = 0;
		if (*from == '%' && isxdigit((unsigned char)from[1]) &&
		    isxdigit((unsigned char)from[2]))
			sscanf(from + 1, "%2x", &byte);
		if (byte) {
			*to = (char)byte;
			from += 3;
		} else {
			*to = *from++;
		}
	}
	if (text)
		*to = '\0';
	return text;
}

static bool is_address(const char *s)
{
	return s && strchr(s, '@') && !strchr(s, '/');
}

/* Takes `user@` out of the URL, which then is what requests go to. */
static enum err take_user(struct account *account, const struct url *url, struct buf *reason)
{
	AUTO(buf) struct buf bare = { 0 };
	size_t scheme_n = (size_t)(after_scheme(account->url) - account->url);

	if (!url->user)
		return ERR_OK;
	if (memchr(url->user, ':', url->user_n))
		return buf_refuse(
			reason, ERR_INVALID,
			"a password in the URL can be read by every user: use password_command=");
	if (!account->user)
		account->user = unescape(url->user, url->user_n);
	enum err err = account->user ? ERR_OK : ERR_NOMEM;
	if (!err)
		err = buf_append(&bare, account->url, scheme_n);
	if (!err)
		err = buf_append_str(&bare, url->host);
	if (err)
		return err;
	str_release(&account->url);
	return buf_give(&bare, &account->url);
}

static enum err take_url(struct options *options, struct buf *reason)
{
	struct account *account = &options->account;

	if (!account->url)
		return text_copy(options->source, &account->url);
	if (strcmp(account->url, options->source) != 0)
		return buf_refuse(reason, ERR_INVALID,
				  "SOURCE and url= name different servers: leave url= out");
	return ERR_OK;
}

/* An account of the configuration file, else an address. */
static enum err take_account(struct options *options, struct buf *reason)
{
	struct account *account = &options->account;

	enum err err = config_load(options, options->source, reason);
	options->is_account = !err;
	if (err == ERR_NOT_FOUND && is_address(options->source))
		err = ERR_OK;
	else if (err)
		return err == ERR_NOT_FOUND ? ERR_INVALID : err;
	buf_clear(reason);
	if (!account->user && is_address(options->source))
		err = text_copy(options->source, &account->user);
	return err;
}

/* Nobody gave the EWS URL: autodiscover finds it, for the address. */
static enum err take_address(struct options *options, struct url *ret, struct buf *reason)
{
	struct account *account = &options->account;
	const char *address = is_address(options->source) ? options->source : account->user;

	if (!is_address(address) || !address_is_valid(address))
		return buf_refuse(
			reason, ERR_INVALID,
			"'%s': no server is known: give url=https://HOST/EWS/Exchange.asmx, "
			"or an address to find it by",
			options->source);
	const char *domain = address_domain(address);
	*ret = (struct url){ .host = domain, .host_n = strlen(domain) };
	return text_copy(address, &account->address);
}

static enum err take_parts(struct options *options, bool is_url, struct url *ret,
			   struct buf *reason)
{
	struct account *account = &options->account;

	/* Not quoted: it may hold a password, and this line may end in a log. */
	if (!parse_url(account->url, ret))
		return buf_refuse(reason, ERR_INVALID,
				  "%s is not an EWS URL: give https://HOST/EWS/Exchange.asmx",
				  is_url ? "SOURCE" : "url=");
	enum err err = take_user(account, ret, reason);
	if (!err && !parse_url(account->url, ret))
		err = ERR_INVALID;
	return err;
}

static enum err resolve_url(struct options *options, struct url *ret, struct buf *reason)
{
	struct account *account = &options->account;
	bool is_url = strstr(options->source, "://");
	enum err err = is_url ? take_url(options, reason) : take_account(options, reason);

	if (!err)
		err = options_check_rules(options, reason);
	if (!err)
		err = account->url ? take_parts(options, is_url, ret, reason)
				   : take_address(options, ret, reason);
	if (!err && (!account->user || !*account->user))
		err = buf_refuse(reason, ERR_INVALID, "no login name: give user=NAME");
	return err;
}

/* --- paths --- */

static enum err make_absolute(char **path)
{
	AUTO(str) char *cwd = NULL;
	AUTO(buf) struct buf absolute = { 0 };

	if (!*path || **path == '/')
		return ERR_OK;
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return ERR_IO;
	enum err err = buf_printf(&absolute, "%s/%s", cwd, *path);
	if (err)
		return err;
	str_release(path);
	return buf_give(&absolute, path);
}

/* What the account is called: the section, else user@host and whose mailbox it is, all behind the
 * user in lower case; without what a file name must not hold. */
static enum err print_account(struct buf *buf, const struct options *options, const struct url *url)
{
	const struct account *account = &options->account;
	const char *user = options->is_account ? options->source : account->user;
	const char *address = account->address;
	bool is_whole = options->is_account || (address && strcmp(user, address) == 0);
	const char *at = is_whole && !options->is_account ? strrchr(user, '@') : NULL;
	size_t start = buf->len, host = start + (at ? (size_t)(at - user) : strlen(user)) + 1;
	enum err err = buf_append_str(buf, user);

	if (!err && !is_whole)
		err = buf_printf(buf, "@%.*s", (int)url->host_n, url->host);
	if (!err && !options->is_account && account->mailbox)
		err = buf_printf(buf, "+mailbox=%s", account->mailbox);
	if (!err && !options->is_account && account->impersonate)
		err = buf_printf(buf, "+impersonate=%s", account->impersonate);

	for (size_t i = start; !err && i < buf->len; i++) {
		if (buf->bytes[i] == '/' || iscntrl((unsigned char)buf->bytes[i]))
			buf->bytes[i] = '_';
		if (i >= host)
			buf->bytes[i] = (char)tolower((unsigned char)buf->bytes[i]);
	}
	if (!err && buf->bytes[start] == '.')
		buf->bytes[start] = '_';
	return err;
}

static enum err resolve_name(struct options *options, const struct url *url)
{
	AUTO(buf) struct buf name = { 0 };
	enum err err = print_account(&name, options, url);

	return err ? err : buf_give(&name, &options->name);
}

static enum err resolve_cache(struct options *options, struct buf *reason)
{
	AUTO(buf) struct buf path = { 0 };

	if (options->account.cache)
		return ERR_OK;
	enum err err = config_print_home(&path, "XDG_CACHE_HOME", ".cache", "/var/cache");
	if (err == ERR_NOT_FOUND)
		return buf_refuse(reason, ERR_INVALID,
				  "no place for the cache: set HOME or give -o cache=FILE");
	if (!err)
		err = buf_printf(&path, "%s.db", options->name);
	return err ? err : buf_give(&path, &options->account.cache);
}

/* No secret is given: the keyring may have one. */
static enum err take_keyring(struct options *options)
{
	struct account *account = &options->account;
	bool is_wanted = account->auth != AUTH_NEGOTIATE && account->auth != AUTH_BEARER;
	AUTO(buf) struct buf command = { 0 };

	if (!is_wanted || account->password_command || account->password.text ||
	    account->token_command || !keyring_is_there())
		return ERR_OK;
	enum err err = keyring_print_command(options->name, &command);
	return err ? err : buf_give(&command, &account->password_command);
}

/* A Kerberos ticket needs no secret, and what auth=auto needs is up to the server. */
static enum err check_login(const struct account *account, struct buf *reason)
{
	bool wants_password = account->auth == AUTH_BASIC || account->auth == AUTH_NTLM;

	if (wants_password && !account->password_command && !account->password.text)
		return buf_refuse(reason, ERR_INVALID,
				  "no password: give password_command=COMMAND, or "
				  "see ewsctl login");
	if (account->auth == AUTH_BEARER && !account->token_command)
		return buf_refuse(reason, ERR_INVALID, "no token: give token_command=COMMAND");
	return ERR_OK;
}

/* Found out now, not at the first handshake hours later. */
static enum err check_cafile(const struct options *options, struct buf *reason)
{
	const char *cafile = options->account.cafile;

	if (!cafile || access(cafile, R_OK) == 0)
		return ERR_OK;
	return buf_refuse(reason, ERR_INVALID, "cafile=%s cannot be read: %s", cafile,
			  strerror(errno));
}

/* It goes into requests, and names the cache. */
static enum err check_address(const char *name, const char *address, struct buf *reason)
{
	const char *at = address ? strchr(address, '@') : NULL;

	if (!address || (at && at > address && at[1] && strlen(address) <= ADDRESS_MAX &&
			 !strpbrk(address, " \t\r\n<>\"&/")))
		return ERR_OK;
	return buf_refuse(reason, ERR_INVALID,
			  "%s=%s is no address: give one as %s=bob@corp.example", name, address,
			  name);
}

enum err options_resolve(struct options *options, struct buf *reason)
{
	struct url url;
	enum err err = check_address("mailbox", options->account.mailbox, reason);

	if (!err)
		err = check_address("impersonate", options->account.impersonate, reason);
	if (!err)
		err = resolve_url(options, &url, reason);
	if (!err)
		err = resolve_name(options, &url);
	if (!err && !options->wants_login)
		err = take_keyring(options);
	if (!err && !options->wants_login)
		err = check_login(&options->account, reason);
	if (!err)
		err = resolve_cache(options, reason);
	if (!err)
		err = make_absolute(&options->account.cache);
	if (!err)
		err = make_absolute(&options->account.cafile);
	if (!err)
		err = check_cafile(options, reason);
	if (!err)
		err = make_absolute(&options->log);
	if (!err)
		err = make_absolute(&options->mountpoint);
	return err;
}
