/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "discover/discover.h"

#define VALUE_URL "url"

enum { MOVED_MS = 60 * 1000, LOST_MS = 5 * 60 * 1000, REFUSED_MS = 15 * 60 * 1000 };

static enum err load_url(struct sync *sync, const struct account *account, struct buf *reason)
{
	AUTO(discovered) struct discovered found = { 0 };

	enum err err = store_load_value(sync->store, VALUE_URL, &sync->server.url);
	if (err != ERR_NOT_FOUND)
		return err;
	err = discover_find(account, false, NULL, &found, reason);
	if (err)
		return err;
	log_info("%s: the server is %s (%s)", account->address, found.url, found.where);
	sync->server.url = give(found.url);
	return ERR_OK;
}

enum err server_begin(struct sync *sync, const struct account *account, struct buf *reason)
{
	sync->server.account = *account;
	sync->account = &sync->server.account;
	if (account->url)
		return ERR_OK;
	enum err err = load_url(sync, account, reason);
	sync->server.account.url = sync->server.url;
	return err;
}

void server_release(struct sync *sync)
{
	str_release(&sync->server.url);
}

enum err server_keep(struct sync *sync)
{
	AUTO(txn) struct txn txn = { 0 };

	if (!sync->server.url || sync->server.kept_in == sync->store)
		return ERR_OK;
	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_put_value(&txn, VALUE_URL, sync->server.url);
	if (!err)
		err = txn_commit(&txn);
	if (!err)
		sync->server.kept_in = sync->store;
	return err;
}

static bool is_due(struct sync *sync, enum err err)
{
	int64_t now = clock_boot_ms();
	bool is_lost = err == ERR_OFFLINE || err == ERR_TLS || err == ERR_NOT_EWS;

	if (!sync->server.url || (err != ERR_MOVED && (!is_lost || sync->failures == 0)))
		return false;
	int64_t wait_ms = err == ERR_MOVED ? MOVED_MS : LOST_MS;
	if (sync->server.is_refused) /* accounts get locked */
		wait_ms = REFUSED_MS;
	if (sync->server.has_asked && now - sync->server.asked_ms < wait_ms)
		return false;
	sync->server.has_asked = true;
	sync->server.asked_ms = now;
	return true;
}

bool server_has_moved(struct sync *sync, enum err why)
{
	AUTO(discovered) struct discovered found = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	const char *address = sync->account->address;

	if (!is_due(sync, why))
		return false;
	enum err err = discover_find(sync->account, true, ews_interruption(sync->ews), &found,
				     &reason);
	if (err == ERR_CANCELLED)
		return false;
	sync->server.is_refused = err == ERR_AUTH;
	if (!err && strcmp(found.url, sync->server.url) == 0)
		return false;
	if (!err)
		err = ews_move(sync->ews, found.url, &reason);
	if (err) {
		log_info("%s: looked for another server, and stays: %s", address,
			 reason.len ? reason.bytes : err_text(err));
		return false;
	}
	ews_claim(sync->ews, ""); /* another server may take the highest version */
	log_info("%s: the mailbox has moved from %s to %s (%s), going on there", address,
		 sync->server.url, found.url, found.where);
	str_release(&sync->server.url);
	sync->server.url = give(found.url);
	sync->server.account.url = sync->server.url;
	sync->server.kept_in = NULL;
	return true;
}
