/* SPDX-License-Identifier: MIT */
#include "http/login.h"

#include <string.h>

static bool is_needed(const struct login *login)
{
	return login->user && (login->command || login->given);
}

bool login_is_proven(const struct login *login)
{
	return !is_needed(login) || login->state == LOGIN_PROVEN;
}

static enum err refuse_again(struct login *login, int64_t now)
{
	int64_t left = login->refused_at + LOGIN_AGAIN_MS - now;

	buf_clear(&login->reason);
	enum err err = buf_printf(&login->reason,
				  "login of %s refused; the same password is tried again in %d min",
				  login->user, (int)(left / 60000 + 1));
	return err ? err : ERR_AUTH;
}

/* ERR_AUTH when the answer is the one that was refused, and not long ago. */
static enum err ask(struct login *login, int64_t now, const atomic_bool *stop)
{
	AUTO(secret) struct secret secret = { 0 };

	login->was_asked = true;
	login->asked_at = now;
	buf_clear(&login->reason);
	enum err err = login->given ? secret_put(&secret, login->given, strlen(login->given))
				    : secret_ask(login->command, stop, &secret, &login->reason);
	if (err)
		return err;
	if (login->state == LOGIN_REFUSED && secret_equal(&secret, &login->secret) &&
	    now - login->refused_at < LOGIN_AGAIN_MS)
		return refuse_again(login, now);
	secret_release(&login->secret);
	login->secret = secret;
	secret = (struct secret){ 0 };
	login->state = LOGIN_UNPROVEN;
	login->generation++;
	return ERR_OK;
}

enum err login_prepare(struct login *login, int64_t now, const atomic_bool *stop)
{
	if (!is_needed(login) || login->state == LOGIN_UNPROVEN || login->state == LOGIN_PROVEN)
		return ERR_OK;
	if (login->was_asked && now - login->asked_at < LOGIN_ASK_MS)
		return ERR_AUTH;
	enum err err = ask(login, now, stop);
	if (err == ERR_CANCELLED)
		login->was_asked = false;
	return err;
}

void login_accept(struct login *login, unsigned generation)
{
	if (generation == login->generation && login->state == LOGIN_UNPROVEN)
		login->state = LOGIN_PROVEN;
}

void login_refuse(struct login *login, unsigned generation, int64_t now)
{
	if (generation != login->generation || !is_needed(login))
		return;
	login->state = LOGIN_REFUSED;
	login->refused_at = now;
	buf_clear(&login->reason);
	/* Without memory the reason is missing, no more. */
	(void)!buf_printf(&login->reason, "the server refused the login of %s", login->user);
}

void login_release(struct login *login)
{
	secret_release(&login->secret);
	buf_release(&login->reason);
}
