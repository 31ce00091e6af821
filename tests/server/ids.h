/* SPDX-License-Identifier: MIT */
#ifndef SERVER_IDS_H
#define SERVER_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * ids - the identifiers of Exchange, byte for byte as a real one lays them out.
 *
 * An EWS Id is base64 of: compression 0, storage type 3 (mailbox GUID), the
 * length and text of that GUID, an instruction byte, the length and bytes of a
 * MAPI ENTRYID. A folder's ENTRYID ends in {replica GUID, 48-bit counter, 0},
 * an item's in its folder's and its own. So a folder Id has 120 characters, an
 * item Id 152, neighbours differ in the case of one letter, and an item that
 * moves to another folder gets another Id.
 *
 * A ChangeKey is base64 of: object type, and nothing more (the stub that stands
 * at every ParentFolderId) or the length 22 and an XID. An XID is {replica GUID,
 * 48-bit counter}: it is PR_CHANGE_KEY too, and the last entry of the
 * PR_PREDECESSOR_CHANGE_LIST.
 *
 * With compression 1 what follows that byte is packed: of a run of one byte two stand there, and how
 * many more. Such an Id begins with AQ in place of AA.
 *
 * gromox has less around them: an Id is base64 of the ENTRYID and a byte (2: folder,
 * 3: item), a ChangeKey is base64 of the XID, and there are no stubs.
 *
 * Counters are stored most significant byte first. Every result is a string with
 * its NUL. No allocation, no state.
 */
#define GUID_BYTES 16
#define XID_BYTES 22
#define FOLDER_ID_SIZE 121
#define ITEM_ID_SIZE 153
#define CHANGE_KEY_SIZE 41
#define MONIKER_CHARS 36

struct identity {
	char moniker[MONIKER_CHARS + 1]; /* the mailbox's GUID as text */
	uint8_t provider[GUID_BYTES];
	uint8_t replica[GUID_BYTES];
	uint8_t elsewhere[GUID_BYTES]; /* a replica that some items once came from */
	bool bare;		       /* as gromox has them, see above */
	bool packed;		       /* compression 1, where that is no longer */
};

/* The identity of the mailbox of that name: the same one in every run. */
void identity_init(struct identity *identity, const char *name, uint64_t seed);

void id_print_folder(const struct identity *identity, uint64_t fid, char ret[FOLDER_ID_SIZE]);
void id_print_item(const struct identity *identity, uint64_t fid, uint64_t mid,
		   char ret[ITEM_ID_SIZE]);

enum id_kind { ID_MALFORMED, ID_FOREIGN, ID_FOLDER, ID_ITEM };

/* ID_FOREIGN is well formed and of another mailbox. *ret_mid is 0 for a folder. */
enum id_kind id_parse(const struct identity *identity, const char *id, uint64_t *ret_fid,
		      uint64_t *ret_mid);

/* The MAPI ENTRYID in it: the last bytes of an Id, or all but the last. mid is 0 for a folder. */
#define ENTRY_ID_BYTES 70
size_t id_entry(const struct identity *identity, uint64_t fid, uint64_t mid,
		uint8_t ret[ENTRY_ID_BYTES]);
enum id_kind id_parse_entry(const struct identity *identity, const void *entry, size_t n,
			    uint64_t *ret_fid, uint64_t *ret_mid);

void key_print(const struct identity *identity, uint32_t type, uint64_t counter,
	       char ret[CHANGE_KEY_SIZE]);

void xid_put(const uint8_t guid[GUID_BYTES], uint64_t counter, uint8_t ret[XID_BYTES]);

/* The list of one entry, or of two (ascending by GUID) where `older` is not 0. */
#define PCL_MAX_BYTES (2 * (1 + XID_BYTES))
size_t pcl_put(const struct identity *identity, uint64_t counter, uint64_t older,
	       uint8_t ret[PCL_MAX_BYTES]);

#endif
