/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define SEAL_BYTES 16
#define NUMBER_BYTES 8
/* A fresh number, the kind, the folder, the place and the deletes; then the stretches. */
#define FIXED_BYTES (5 * NUMBER_BYTES)
#define STRETCH_BYTES (2 * NUMBER_BYTES)
#define HEAD_BYTES (sizeof(gzip_look) + SEAL_BYTES)
#define MAX_BYTES (HEAD_BYTES + FIXED_BYTES + STATE_STRETCHES * STRETCH_BYTES)

static const uint8_t gzip_look[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 0 };

void state_init(struct state *state, enum state_kind kind, uint64_t fid)
{
	*state = (struct state){ .kind = kind, .fid = fid, .stretches_n = 1 };
}

uint64_t state_seen(const struct state *state, uint64_t id)
{
	size_t i = 0;

	while (i < state->stretches_n - 1 && id < state->stretches[i].from)
		i++;
	return state->stretches[i].seq;
}

uint64_t state_oldest(const struct state *state)
{
	uint64_t oldest = UINT64_MAX;

	for (size_t i = 0; i < state->stretches_n; i++)
		if ((!state->below || state->stretches[i].from < state->below) &&
		    state->stretches[i].seq < oldest)
			oldest = state->stretches[i].seq;
	return oldest;
}

uint64_t state_newest(const struct state *state)
{
	uint64_t newest = state->gone;

	for (size_t i = 0; i < state->stretches_n; i++)
		if (state->stretches[i].seq > newest)
			newest = state->stretches[i].seq;
	return newest;
}

static void append(struct state *state, struct stretch stretch)
{
	struct stretch *last = state->stretches + state->stretches_n - 1;

	if (state->stretches_n && last->seq == stretch.seq)
		last->from = stretch.from;
	else
		state->stretches[state->stretches_n++] = stretch;
}

void state_told(struct state *state, uint64_t from, uint64_t seq)
{
	const struct state old = *state;

	state->stretches_n = 0;
	for (size_t i = 0; i < old.stretches_n && old.below; i++)
		if (old.stretches[i].from >= old.below)
			append(state, old.stretches[i]);
	append(state, (struct stretch){ from, seq });
	for (size_t i = 0; i < old.stretches_n; i++)
		if (old.stretches[i].from < from)
			append(state, old.stretches[i]);
	state->below = from;
	/* One round and what is left of the one before: two more at most. */
	while (state->stretches_n > STATE_STRETCHES) {
		struct stretch *s = state->stretches;
		s[1].seq = s[0].seq < s[1].seq ? s[0].seq : s[1].seq;
		memmove(s, s + 1, --state->stretches_n * sizeof(*s));
	}
}

bool state_is_complete(const struct state *state, uint64_t seq)
{
	return !state->below && state->stretches_n == 1 && state->stretches[0].seq == seq;
}

bool state_is_within(const struct state *state, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < state->stretches_n; i++)
		if (state->stretches[i].seq &&
		    (state->stretches[i].seq < first || state->stretches[i].seq > last))
			return false;
	return true;
}

static uint8_t *put(uint8_t *p, uint64_t number)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		*p++ = (uint8_t)(number >> shift);
	return p;
}

static uint64_t get(const uint8_t **p)
{
	uint64_t number = 0;

	for (int i = 0; i < NUMBER_BYTES; i++)
		number = number << 8 | *(*p)++;
	return number;
}

static void digest(const struct identity *identity, const char *use, const uint8_t *bytes, size_t n,
		   uint8_t ret[SHA256_DIGEST_SIZE])
{
	struct hmac_sha256_ctx hmac;

	hmac_sha256_set_key(&hmac, GUID_BYTES, identity->provider);
	hmac_sha256_update(&hmac, strlen(use), (const uint8_t *)use);
	hmac_sha256_update(&hmac, n, bytes);
	hmac_sha256_digest(&hmac, SHA256_DIGEST_SIZE, ret);
}

/* The same call scrambles and restores: the seal is the start of the key stream. */
static void scramble(const struct identity *identity, const uint8_t seal[SEAL_BYTES],
		     uint8_t *bytes, size_t n)
{
	uint8_t block[SEAL_BYTES + 1], stream[SHA256_DIGEST_SIZE];

	memcpy(block, seal, SEAL_BYTES);
	for (size_t i = 0; i < n; i++) {
		if (i % SHA256_DIGEST_SIZE == 0) {
			block[SEAL_BYTES] = (uint8_t)(i / SHA256_DIGEST_SIZE);
			digest(identity, "stream", block, sizeof(block), stream);
		}
		bytes[i] ^= stream[i % SHA256_DIGEST_SIZE];
	}
}

enum err state_print(const struct state *state, const struct identity *identity, struct buf *ret)
{
	static uint64_t turn;
	uint8_t bytes[MAX_BYTES];
	uint8_t *seal = bytes + sizeof(gzip_look), *body = seal + SEAL_BYTES;
	uint8_t whole[SHA256_DIGEST_SIZE];
	uint64_t fresh = (uint64_t)clock_wall_ns() ^ __atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED)
							     << 48;

	memcpy(bytes, gzip_look, sizeof(gzip_look));
	uint8_t *p = put(put(body, fresh), state->kind);
	p = put(put(put(p, state->fid), state->below), state->gone);
	for (size_t i = 0; i < state->stretches_n; i++)
		p = put(put(p, state->stretches[i].from), state->stretches[i].seq);
	digest(identity, "seal", body, (size_t)(p - body), whole);
	memcpy(seal, whole, SEAL_BYTES);
	scramble(identity, seal, body, (size_t)(p - body));
	return text_print_base64(ret, bytes, (size_t)(p - bytes));
}

/* Restores the body in place; false if the seal is not ours. */
static bool open_seal(const struct identity *identity, uint8_t *bytes, size_t n)
{
	uint8_t *seal = bytes + sizeof(gzip_look), *body = seal + SEAL_BYTES;
	size_t body_n = n - (size_t)(body - bytes);
	uint8_t whole[SHA256_DIGEST_SIZE];

	scramble(identity, seal, body, body_n);
	digest(identity, "seal", body, body_n, whole);
	return memcmp(bytes, gzip_look, sizeof(gzip_look)) == 0 &&
	       memeql_sec(whole, seal, SEAL_BYTES);
}

static void get_all(const uint8_t *p, const uint8_t *end, struct state *ret)
{
	*ret = (struct state){ 0 };
	ret->kind = (enum state_kind)get(&p);
	ret->fid = get(&p);
	ret->below = get(&p);
	ret->gone = get(&p);
	while (p < end) {
		struct stretch *stretch = &ret->stretches[ret->stretches_n++];
		stretch->from = get(&p);
		stretch->seq = get(&p);
	}
}

enum err state_parse(const char *text, const struct identity *identity, enum state_kind kind,
		     uint64_t fid, struct state *ret)
{
	AUTO(buf) struct buf decoded = { 0 };
	struct state state;

	if (text_parse_base64(&decoded, text, strlen(text)))
		return ERR_SYNC_RESET;
	uint8_t *bytes = (uint8_t *)decoded.bytes;
	size_t n = decoded.len;
	if (n < HEAD_BYTES + FIXED_BYTES + STRETCH_BYTES || n > MAX_BYTES ||
	    (n - HEAD_BYTES - FIXED_BYTES) % STRETCH_BYTES != 0 || !open_seal(identity, bytes, n))
		return ERR_SYNC_RESET;
	get_all(bytes + HEAD_BYTES + NUMBER_BYTES, bytes + n, &state);
	if (state.kind != kind || state.fid != fid)
		return ERR_SYNC_RESET;
	*ret = state;
	return ERR_OK;
}
