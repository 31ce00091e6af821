/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/log.h"
#include "sync/engine.h"
#include "sync/version.h"

#define VALUE_VERSION "ews_version"

void version_recall(struct sync *sync)
{
	AUTO(str) char *name = NULL;

	sync->version = ews_version(sync->ews);
	if (store_load_value(sync->store, VALUE_VERSION, &name))
		return;
	ews_claim(sync->ews, name);
	sync->version = ews_version(sync->ews);
}

void version_remember(struct sync *sync)
{
	const char *name = ews_version(sync->ews);
	AUTO(txn) struct txn txn = { 0 };

	if (strcmp(name, sync->version) == 0)
		return;
	enum err err = txn_begin(&txn, sync->store);
	if (!err)
		err = store_put_value(&txn, VALUE_VERSION, name);
	if (!err)
		err = txn_commit(&txn);
	if (err)
		return;
	/* Their names sort by age. It only goes up with another server. */
	bool is_older = strcmp(name, sync->version) < 0;
	sync->version = name;
	log_info("%s: %s version of EWS, asking in %s from now on", sync->account->url,
		 is_older ? "it refused a newer" : "it takes a newer", name);
}
