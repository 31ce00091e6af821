/* SPDX-License-Identifier: MIT */
#ifndef SYNC_SERVER_H
#define SYNC_SERVER_H

#include "model/account.h"
#include "sync/sync.h"

/*
 * server - where the mailbox is, when only its address is given.
 *
 * What autodiscover found is kept in the store once it has proved right, so a mount begins without
 * the network. It is asked again when the server says that the mailbox is elsewhere, or when
 * what was found does not answer as an Exchange server twice in a row, and then now and then. Of
 * the sync thread.
 */
struct server {
	struct account account; /* sync->account; its url is the one below where none was given */
	char *url;		/* as autodiscover found it; NULL: it was given */
	const struct store *kept_in;
	bool has_asked, is_refused; /* it was asked; our login was refused then */
	int64_t asked_ms;
};

/* Fills sync->account, with a URL. */
MUST_CHECK enum err server_begin(struct sync *sync, const struct account *account,
				 struct buf *reason);
void server_release(struct sync *sync);
/* What was found has proved right. */
MUST_CHECK enum err server_keep(struct sync *sync);
/* After a run that failed: true when there is another server to go on with. */
bool server_has_moved(struct sync *sync, enum err why);

#endif
