/* SPDX-License-Identifier: MIT */
#include "http/login.h"

#include <string.h>

static bool is_needed(const struct login *login)
{
	return login->user != NULL;
}

bool login_is_proven(const struct login *login)
{
	return !is_needed(login) || login->state == LOGIN_PROVEN;
}

/* Said by the user, or by what he gave. HTTP_AUTH_AUTO: by the server. */
static enum http_auth load_fixed(const struct login *login)
{
	bool is_bearer = login->mode == HTTP_AUTH_AUTO && login->token_command;

	return is_bearer ? HTTP_AUTH_BEARER : login->mode;
}

static bool is_bearer(const struct login *login)
{
	return login->auth == HTTP_AUTH_BEARER;
}

static bool has_password(const struct login *login)
{
	return login->command || login->given;
}

enum http_auth login_pick(const struct login *login, unsigned auths)
{
	enum http_auth fixed = load_fixed(login);

	if (fixed != HTTP_AUTH_AUTO)
		return auths & AUTH_BIT(fixed) ? fixed : HTTP_AUTH_AUTO;
	return auth_best(has_password(login) ? auths : auths & AUTH_BIT(HTTP_AUTH_NEGOTIATE));
}

/* --- what is sent --- */

static enum err refuse_again(struct login *login, int64_t now)
{
	int64_t left = login->refused_at + LOGIN_AGAIN_MS - now;

	buf_clear(&login->reason);
	enum err err = buf_printf(
		&login->reason, "login of %s refused; the same %s is tried again in %d min",
		login->user, is_bearer(login) ? "token" : "password", (int)(left / 60000 + 1));
	return err ? err : ERR_AUTH;
}

/* There was no ticket, and there is no password: begin_anew() looks for a ticket again. */
static void await_ticket(struct login *login, int64_t now)
{
	if (load_fixed(login) != HTTP_AUTH_AUTO ||
	    !(login->unfit & AUTH_BIT(HTTP_AUTH_NEGOTIATE)) || login->secret.text)
		return;
	login->auth = HTTP_AUTH_AUTO;
	login->state = LOGIN_REFUSED;
	login->refused_at = now;
}

/* ERR_AUTH when the answer is the one that was refused, and not long ago. */
static enum err ask(struct login *login, int64_t now, const atomic_bool *stop)
{
	AUTO(secret) struct secret secret = { 0 };
	const char *what = is_bearer(login) ? "token" : "password";
	const char *command = is_bearer(login) ? login->token_command : login->command;
	const char *given = is_bearer(login) ? NULL : login->given;

	if (login->is_expired)
		login->renew_at = now + LOGIN_RENEW_MS;
	login->was_asked = true;
	login->is_expired = false;
	login->asked_at = now;
	buf_clear(&login->reason);
	if (!command && !given)
		return buf_refuse(&login->reason, ERR_AUTH,
				  "there is no %s: give %s_command=", what, what);
	enum err err = given ? secret_put(&secret, given, strlen(given))
			     : secret_ask(command, what, stop, &secret, &login->reason);
	/* Without memory that remains unsaid. */
	if (err == ERR_AUTH && login->unfit & AUTH_BIT(HTTP_AUTH_NEGOTIATE))
		(void)!buf_append_str(&login->reason, "; with a Kerberos ticket: run kinit");
	if (err == ERR_AUTH)
		await_ticket(login, now);
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

/* No way that is left sends a secret: from the beginning. One that is held goes out again then. */
static enum err begin_anew(struct login *login, int64_t now)
{
	if (now - login->refused_at < (login->secret.text ? LOGIN_AGAIN_MS : LOGIN_ASK_MS))
		return ERR_AUTH;
	login->auth = load_fixed(login);
	login->unfit = 0;
	login->generation++;
	login->state = LOGIN_UNPROVEN;
	return ERR_OK;
}

static bool may_renew(const struct login *login, int64_t now)
{
	return login->is_expired && now >= login->renew_at;
}

static bool has_what_it_sends(const struct login *login)
{
	return !auth_has_secret(login->auth) || login->secret.text;
}

enum err login_prepare(struct login *login, int64_t now, const atomic_bool *stop)
{
	if (!is_needed(login))
		return ERR_OK;
	if (login->auth == HTTP_AUTH_AUTO)
		login->auth = load_fixed(login);
	if (login->state == LOGIN_REFUSED && !auth_has_secret(login->auth))
		return begin_anew(login, now);
	if (login->state == LOGIN_NONE && has_what_it_sends(login))
		login->state = LOGIN_UNPROVEN;
	if (login->state != LOGIN_REFUSED && has_what_it_sends(login))
		return ERR_OK;
	if (login->was_asked && now - login->asked_at < LOGIN_ASK_MS && !may_renew(login, now))
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

/* --- what comes back --- */

/* Nothing that is offered fits: what would. */
static enum err say_remedy(const struct login *login, const struct offer *offer, struct buf *ret)
{
	const char *or_kinit = *offer->ticket ? ", or run kinit" : "";
	unsigned by_password = offer->auths &
			       (AUTH_BIT(HTTP_AUTH_NTLM) | AUTH_BIT(HTTP_AUTH_BASIC));

	if (offer->auths == AUTH_BIT(HTTP_AUTH_BEARER))
		return buf_append_str(ret, ": give token_command=");
	if (is_bearer(login))
		return buf_append_str(ret, ": leave token_command= out");
	if (login->auth != HTTP_AUTH_AUTO && has_password(login) && by_password)
		return buf_printf(ret, ": give auth=%s", auth_word(auth_best(by_password)));
	if (login->auth != HTTP_AUTH_AUTO)
		return buf_printf(ret, ": give auth=%s", auth_word(auth_best(offer->auths)));
	if (!has_password(login) && by_password)
		return buf_printf(ret, ": give password_command=%s", or_kinit);
	if (*offer->ticket)
		return buf_printf(ret, ": run kinit, there is no Kerberos ticket (%s)",
				  offer->ticket);
	return buf_append_str(ret, ", and refused the login");
}

static enum err say_offer(const struct login *login, const struct offer *offer, struct buf *ret)
{
	if (!offer->auths)
		return buf_append_str(
			ret, "the server offers no login that is known here: try auth=basic");
	enum err err = buf_append_str(ret, "the server offers ");
	if (!err)
		err = auth_print_list(offer->auths, ret);
	return err ? err : say_remedy(login, offer, ret);
}

static enum err say_refusal(const struct login *login, const struct offer *offer, struct buf *ret)
{
	if (login->auth == HTTP_AUTH_AUTO ||
	    (offer->auths && !(offer->auths & AUTH_BIT(login->auth))))
		return say_offer(login, offer, ret);
	if (login->auth == HTTP_AUTH_NEGOTIATE && *offer->ticket)
		return buf_printf(ret, "run kinit, there is no Kerberos ticket (%s)",
				  offer->ticket);
	if (login->auth == HTTP_AUTH_NEGOTIATE)
		return buf_append_str(ret, "the server refused the Kerberos login: check klist");
	if (is_bearer(login))
		return buf_printf(ret,
				  "the server refused the login of %s: check token_command=%s%s",
				  login->user, *offer->why ? ": " : "", offer->why);
	return buf_printf(ret,
			  "the server refused the login of %s: check user= and "
			  "password_command=",
			  login->user);
}

/* The next best way, where this one leads nowhere. False: there is none, or it is not ours to
 * choose. */
static bool choose(struct login *login, const struct offer *offer)
{
	bool is_offered = !offer->auths || offer->auths & AUTH_BIT(login->auth);

	if (load_fixed(login) != HTTP_AUTH_AUTO || (is_offered && auth_has_secret(login->auth)))
		return false;
	login->unfit |= AUTH_BIT(login->auth);
	login->auth = login_pick(login, offer->auths & ~login->unfit);
	return login->auth != HTTP_AUTH_AUTO;
}

bool login_refuse(struct login *login, unsigned generation, const struct offer *offer, int64_t now)
{
	bool was_proven = login->state == LOGIN_PROVEN;

	if (!is_needed(login))
		return false;
	if (generation != login->generation)
		return login->state != LOGIN_REFUSED;
	if (login->state == LOGIN_REFUSED) /* by another request that was under way */
		return may_renew(login, now);
	/* An authenticated connection may be asked to shake hands again. */
	if ((was_proven && login->auth == HTTP_AUTH_NEGOTIATE) || choose(login, offer)) {
		login->state = LOGIN_NONE;
		login->generation++;
		return true;
	}
	login->state = LOGIN_REFUSED;
	login->refused_at = now;
	login->is_expired = was_proven && auth_has_secret(login->auth);
	buf_clear(&login->reason);
	/* Without memory the reason is missing, no more. */
	(void)!say_refusal(login, offer, &login->reason);
	return may_renew(login, now);
}

void login_begin_elsewhere(struct login *login)
{
	if (login->state != LOGIN_REFUSED) /* that secret waits there, too: accounts get locked */
		login->state = LOGIN_NONE;
	login->auth = load_fixed(login);
	login->unfit = 0;
	login->generation++;
}

void login_release(struct login *login)
{
	secret_release(&login->secret);
	buf_release(&login->reason);
}
