/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STATE_H
#define SERVER_STATE_H

#include <stdbool.h>

#include "base/buf.h"
#include "ids.h"

/*
 * state - what a client has seen of a folder, as the text that it hands back.
 *
 * A sync goes in rounds. Each goes down the ids, newest first, and says of every
 * item what the client does not know yet; a round that was interrupted by the end
 * of a page goes on below `below`. Things change while it runs. So the state
 * says, for each stretch of ids, as of which seq the client knows the items in
 * it: an item listed and then changed is news in the next round, an item changed
 * before its turn is told once, as it is then. The first round starts from
 * "nothing is known" (0); a sync is complete when one stretch is left, at the
 * present seq.
 *
 * Between changes stretches are equal and merge, so a state is small but for a
 * long listing in a busy folder. Should one have more than STATE_STRETCHES, the
 * upper two merge at the lower seq: the client may then hear a thing twice, and
 * never misses one.
 *
 * The text is base64 with the look of Exchange's (it begins with a gzip header),
 * scrambled with a fresh number so that no two are alike, and sealed: anything
 * else, and a state of another folder or mailbox, is refused. It holds all there
 * is to know; the server remembers nothing, so it outlives a restart.
 */
#define STATE_STRETCHES 64

enum state_kind { STATE_ITEMS = 1, STATE_HIERARCHY = 2 };

struct stretch {
	uint64_t from; /* its lowest id; it ends where the one before it begins */
	uint64_t seq;
};

struct state {
	enum state_kind kind;
	uint64_t fid;
	uint64_t below;	    /* where the round goes on; 0: at its start */
	uint64_t gone;	    /* deletes up to this seq were told ahead of the rounds */
	size_t stretches_n; /* at least one, descending, the last from 0 */
	struct stretch stretches[STATE_STRETCHES + 2];
};

void state_init(struct state *state, enum state_kind kind, uint64_t fid);
/* The seq as of which the client knows the item at id; 0: it knows nothing. */
uint64_t state_seen(const struct state *state, uint64_t id);
/* The lowest seq of all below the round's place: news can only be later. */
uint64_t state_oldest(const struct state *state);
/* The round has come down to `from`, telling all as of seq; 0 ends it. */
void state_told(struct state *state, uint64_t from, uint64_t seq);
/* Nothing up to seq is untold. */
bool state_is_complete(const struct state *state, uint64_t seq);
/* The latest seq that it speaks of: it was issued then or later. */
uint64_t state_newest(const struct state *state);
/* Every seq in it lies within; the state of another history does not. */
bool state_is_within(const struct state *state, uint64_t first, uint64_t last);

MUST_CHECK enum err state_print(const struct state *state, const struct identity *identity,
				struct buf *ret);
/* ERR_SYNC_RESET for anything but a state of this kind, folder and mailbox. */
MUST_CHECK enum err state_parse(const char *text, const struct identity *identity,
				enum state_kind kind, uint64_t fid, struct state *ret);

#endif
