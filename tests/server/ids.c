/* SPDX-License-Identifier: MIT */
#include "ids.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COUNTER_BYTES 6
#define FOLDER_ENTRY_BYTES 46
#define ITEM_ENTRY_BYTES 70
#define HEAD_BYTES (2 + 2 + MONIKER_CHARS + 1 + 2)
#define FOLDER_BYTES (HEAD_BYTES + FOLDER_ENTRY_BYTES)
#define ITEM_BYTES (HEAD_BYTES + ITEM_ENTRY_BYTES)
#define BARE_FOLDER_BYTES (FOLDER_ENTRY_BYTES + 1)
#define BARE_ITEM_BYTES (ITEM_ENTRY_BYTES + 1)
#define BARE_FOLDER 2
#define BARE_ITEM 3
#define PACKED_MAX_BYTES (ITEM_BYTES + 1)

static void derive(const char *label, const char *name, uint64_t seed, uint8_t ret[GUID_BYTES])
{
	struct sha256_ctx sha;
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)seed);
	sha256_init(&sha);
	sha256_update(&sha, strlen(label) + 1, (const uint8_t *)label);
	sha256_update(&sha, strlen(name) + 1, (const uint8_t *)name);
	sha256_update(&sha, strlen(number), (const uint8_t *)number);
	sha256_digest(&sha, GUID_BYTES, ret);
}

void identity_init(struct identity *identity, const char *name, uint64_t seed)
{
	uint8_t g[GUID_BYTES];

	derive("mailbox", name, seed, g);
	snprintf(identity->moniker, sizeof(identity->moniker),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[0], g[1],
		 g[2], g[3], g[4], g[5], g[6], g[7], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
		 g[15]);
	derive("provider", name, seed, identity->provider);
	derive("replica", name, seed, identity->replica);
	derive("elsewhere", name, seed, identity->elsewhere);
}

static uint8_t *put(uint8_t *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

static uint8_t *put_counter(uint8_t *p, uint64_t counter)
{
	for (int shift = 40; shift >= 0; shift -= 8)
		*p++ = (uint8_t)(counter >> shift);
	return p;
}

static uint64_t get_counter(const uint8_t *p)
{
	uint64_t counter = 0;

	for (int i = 0; i < COUNTER_BYTES; i++)
		counter = counter << 8 | p[i];
	return counter;
}

/* {replica GUID, counter, two bytes of padding} */
static uint8_t *put_object(uint8_t *p, const struct identity *identity, uint64_t counter)
{
	p = put(p, identity->replica, GUID_BYTES);
	p = put_counter(p, counter);
	return put(p, "\0\0", 2);
}

/* All up to the first object: what every id of this mailbox and length begins with. */
static uint8_t *put_head(uint8_t *p, const struct identity *identity, uint8_t entry_bytes,
			 uint8_t type)
{
	const uint8_t start[] = { 0, 3, MONIKER_CHARS, 0 };
	const uint8_t middle[] = { 0, entry_bytes, 0, 0, 0, 0, 0 };
	const uint8_t entry_type[] = { type, 0 };

	if (identity->bare)
		return put(put(put(p, "\0\0\0\0", 4), identity->provider, GUID_BYTES), entry_type,
			   sizeof(entry_type));
	p = put(p, start, sizeof(start));
	p = put(p, identity->moniker, MONIKER_CHARS);
	p = put(p, middle, sizeof(middle));
	p = put(p, identity->provider, GUID_BYTES);
	return put(p, entry_type, sizeof(entry_type));
}

static void encode(const uint8_t *bytes, size_t n, char *ret)
{
	base64_encode_raw(ret, n, bytes);
	ret[BASE64_ENCODE_RAW_LENGTH(n)] = '\0';
}

/* Returns the length; 0 where its text would be longer. */
static size_t pack(const uint8_t *bytes, size_t n, uint8_t ret[PACKED_MAX_BYTES])
{
	size_t len = 0, max = (n + 2) / 3 * 3;

	ret[len++] = 1;
	for (size_t i = 1; i < n;) {
		size_t run = 1;
		while (i + run < n && run < 257 && bytes[i + run] == bytes[i])
			run++;
		if (len + (run > 1 ? 3 : 1) > max)
			return 0;
		ret[len++] = bytes[i];
		if (run > 1) {
			ret[len++] = bytes[i];
			ret[len++] = (uint8_t)(run - 2);
		}
		i += run;
	}
	return len;
}

/* False: too long. */
static bool unpack(uint8_t *bytes, size_t *n, size_t size)
{
	uint8_t packed[PACKED_MAX_BYTES];
	size_t packed_n = *n, len = 1;

	if (packed_n > sizeof(packed))
		return false;
	memcpy(packed, bytes, packed_n);
	bytes[0] = 0;
	for (size_t i = 1; i < packed_n;) {
		bool is_run = i + 2 < packed_n && packed[i] == packed[i + 1];
		size_t run = is_run ? packed[i + 2] + 2u : 1;
		if (len + run > size)
			return false;
		memset(bytes + len, packed[i], run);
		len += run;
		i += is_run ? 3 : 1;
	}
	*n = len;
	return true;
}

static void print(const struct identity *identity, const uint8_t *bytes, size_t n, char *ret)
{
	uint8_t packed[PACKED_MAX_BYTES];
	size_t packed_n = identity->packed ? pack(bytes, n, packed) : 0;

	encode(packed_n ? packed : bytes, packed_n ? packed_n : n, ret);
}

void id_print_folder(const struct identity *identity, uint64_t fid, char ret[FOLDER_ID_SIZE])
{
	uint8_t bytes[FOLDER_BYTES];

	uint8_t *p = put_object(put_head(bytes, identity, FOLDER_ENTRY_BYTES, 1), identity, fid);
	if (identity->bare)
		*p++ = BARE_FOLDER;
	print(identity, bytes, (size_t)(p - bytes), ret);
}

void id_print_item(const struct identity *identity, uint64_t fid, uint64_t mid,
		   char ret[ITEM_ID_SIZE])
{
	uint8_t bytes[ITEM_BYTES];
	uint8_t *p = put_head(bytes, identity, ITEM_ENTRY_BYTES, 7);

	p = put_object(put_object(p, identity, fid), identity, mid);
	if (identity->bare)
		*p++ = BARE_ITEM;
	print(identity, bytes, (size_t)(p - bytes), ret);
}

/* The counters stand at the end of what is the same for both forms but for a byte. */
static enum id_kind parse_bare(const struct identity *identity, const uint8_t *bytes, size_t n,
			       uint64_t *ret_fid, uint64_t *ret_mid)
{
	bool item = n == BARE_ITEM_BYTES && bytes[n - 1] == BARE_ITEM;

	if (!item && (n != BARE_FOLDER_BYTES || bytes[n - 1] != BARE_FOLDER))
		return ID_MALFORMED;
	if (memcmp(bytes + 4, identity->provider, GUID_BYTES) != 0)
		return ID_FOREIGN;
	*ret_fid = get_counter(bytes + FOLDER_ENTRY_BYTES - COUNTER_BYTES - 2);
	*ret_mid = item ? get_counter(bytes + ITEM_ENTRY_BYTES - COUNTER_BYTES - 2) : 0;
	return item ? ID_ITEM : ID_FOLDER;
}

enum id_kind id_parse(const struct identity *identity, const char *id, uint64_t *ret_fid,
		      uint64_t *ret_mid)
{
	uint8_t bytes[BASE64_DECODE_LENGTH(ITEM_ID_SIZE)];
	struct base64_decode_ctx ctx;
	size_t n = sizeof(bytes), chars = strlen(id);
	const size_t first = FOLDER_BYTES - COUNTER_BYTES - 2,
		     second = ITEM_BYTES - COUNTER_BYTES - 2;

	base64_decode_init(&ctx);
	if (chars >= ITEM_ID_SIZE || !base64_decode_update(&ctx, &n, bytes, chars, id) ||
	    !base64_decode_final(&ctx))
		return ID_MALFORMED;
	if (identity->bare)
		return parse_bare(identity, bytes, n, ret_fid, ret_mid);
	if (identity->packed && n > 0 && bytes[0] == 1 && !unpack(bytes, &n, sizeof(bytes)))
		return ID_MALFORMED;
	if ((n != FOLDER_BYTES && n != ITEM_BYTES) || memcmp(bytes, "\0\3\44\0", 4) != 0)
		return ID_MALFORMED;
	if (memcmp(bytes + 4, identity->moniker, MONIKER_CHARS) != 0)
		return ID_FOREIGN;
	*ret_fid = get_counter(bytes + first);
	*ret_mid = n == ITEM_BYTES ? get_counter(bytes + second) : 0;
	return n == ITEM_BYTES ? ID_ITEM : ID_FOLDER;
}

size_t id_entry(const struct identity *identity, uint64_t fid, uint64_t mid,
		uint8_t ret[ENTRY_ID_BYTES])
{
	struct identity bare = *identity;

	_Static_assert(ENTRY_ID_BYTES == ITEM_ENTRY_BYTES, "an item has the longest");
	bare.bare = true;
	uint8_t *p = put_object(put_head(ret, &bare, 0, mid ? 7 : 1), identity, fid);
	if (mid)
		p = put_object(p, identity, mid);
	return (size_t)(p - ret);
}

enum id_kind id_parse_entry(const struct identity *identity, const void *entry, size_t n,
			    uint64_t *ret_fid, uint64_t *ret_mid)
{
	uint8_t bytes[BARE_ITEM_BYTES];

	if (n != FOLDER_ENTRY_BYTES && n != ITEM_ENTRY_BYTES)
		return ID_MALFORMED;
	memcpy(bytes, entry, n);
	bytes[n] = n == ITEM_ENTRY_BYTES ? BARE_ITEM : BARE_FOLDER;
	return parse_bare(identity, bytes, n + 1, ret_fid, ret_mid);
}

void xid_put(const uint8_t guid[GUID_BYTES], uint64_t counter, uint8_t ret[XID_BYTES])
{
	put_counter(put(ret, guid, GUID_BYTES), counter);
}

void key_print(const struct identity *identity, uint32_t type, uint64_t counter,
	       char ret[CHANGE_KEY_SIZE])
{
	uint8_t bytes[8 + XID_BYTES] = { (uint8_t)type, 0, 0, 0, XID_BYTES, 0, 0, 0 };

	xid_put(identity->replica, counter, bytes + 8);
	if (identity->bare)
		encode(bytes + 8, XID_BYTES, ret);
	else
		encode(bytes, sizeof(bytes), ret);
}

size_t pcl_put(const struct identity *identity, uint64_t counter, uint64_t older,
	       uint8_t ret[PCL_MAX_BYTES])
{
	bool own_first = memcmp(identity->replica, identity->elsewhere, GUID_BYTES) < 0;
	uint8_t *own = ret + (older && !own_first ? 1 + XID_BYTES : 0);
	uint8_t *other = ret + (own_first ? 1 + XID_BYTES : 0);

	own[0] = XID_BYTES;
	xid_put(identity->replica, counter, own + 1);
	if (!older)
		return 1 + XID_BYTES;
	other[0] = XID_BYTES;
	xid_put(identity->elsewhere, older, other + 1);
	return PCL_MAX_BYTES;
}
