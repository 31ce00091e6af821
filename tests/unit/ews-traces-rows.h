/* SPDX-License-Identifier: MIT */
#ifndef EWS_TRACES_ROWS_H
#define EWS_TRACES_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* What must come out of recordings, one by one; of all others see test-ews-traces-all.c. */
enum op { FOLDERS, HIERARCHY, PAGE, MAIL, CONTACT, OTHER };

/* What must come out. */
struct row {
	enum op op;
	const char *path;
	int nth;	   /* of several replies in one file */
	enum err err;	   /* of the whole */
	const char *code;  /* of the failure, or of the first message that failed */
	size_t n, bad_n;   /* folders, changes, items; of them failed, or deletes in a page */
	const char *state; /* the beginning of the sync state */
	const char *what;  /* the beginning of the first display name, change key or subject */
	size_t size;	   /* bytes of the first MIME, or number of fields; read flags in a page */
};

/* clang-format off */
static const struct row rows[] = {
	/* what, file, which, err, code, n, of them bad, state, name, size */
	{ FOLDERS, "gromox/01-GetFolder.response.xml", 0, ERR_OK, "ErrorFolderNotFound", 11, 1, "", "Top of Information Store", 0 },
	{ HIERARCHY, "gromox/03-SyncFolderHierarchy-nochange.response.xml", 0, ERR_OK, "", 0, 0, "AgACARdAIgAA", "", 0 },
	{ HIERARCHY, "gromox/07-SyncFolderHierarchy-created.response.xml", 0, ERR_OK, "", 2, 0, "AgACARdAKgAA", "Wire 1795293320 ä", 0 },
	{ MAIL, "gromox/101-GetItem-task-props.response.xml", 0, ERR_OK, "", 1, 0, "", "Do it", 1546 },
	{ PAGE, "gromox/103-SyncFolderItems-calendar.response.xml", 0, ERR_OK, "", 3, 0, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAfQ", 0 },
	{ PAGE, "gromox/123-SyncFolderItems-invalid-SyncState-short.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdAEgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAjw", 0 },
	{ PAGE, "gromox/125-SyncFolderItems-invalid-SyncState-notbase64.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdAEgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAjw", 0 },
	{ PAGE, "gromox/127-SyncFolderItems-with-other-folders-SyncState.response.xml", 0, ERR_OK, "", 6, 3, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAfQ", 0 },
	{ PAGE, "gromox/129-SyncFolderItems-MaxChanges513.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdAEgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAjw", 0 },
	{ PAGE, "gromox/13-SyncFolderItems-initial-max512.response.xml", 0, ERR_OK, "", 7, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAUg", 0 },
	{ MAIL, "gromox/131-SyncFolderItems-bad-FolderId.response.xml", 0, ERR_BAD_ITEM, "ErrorInvalidId", 0, 0, "", "", 0 },
	{ MAIL, "gromox/133-malformed-xml.response.xml", 0, ERR_TRANSIENT, "", 0, 0, "", "", 0 },
	{ FOLDERS, "gromox/135-other-mailbox-no-rights.response.xml", 0, ERR_OK, "ErrorAccessDenied", 1, 1, "", "", 0 },
	{ FOLDERS, "gromox/137-wrong-password.response.xml", 0, ERR_NOT_EWS, "", 0, 0, "", "", 0 },
	{ PAGE, "gromox/15-SyncFolderItems-page2.response.xml", 0, ERR_OK, "", 2, 0, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAUw", 0 },
	{ PAGE, "gromox/17-SyncFolderItems-page4.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAALA", 0 },
	{ MAIL, "gromox/19-GetItem-mime-ext.response.xml", 0, ERR_OK, "", 3, 0, "", "", 1017 },
	{ CONTACT, "gromox/21-GetItem-Default-noMime.response.xml", 0, ERR_OK, "", 1, 0, "", "Plain one", 4 },
	{ PAGE, "gromox/25-SyncFolderItems-after-read.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAVQ", 0 },
	{ PAGE, "gromox/27-SyncFolderItems-after-unread.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAVw", 0 },
	{ PAGE, "gromox/29-SyncFolderItems-readflag-nochange.response.xml", 0, ERR_OK, "", 0, 0, "AwACARdADwAA", "", 0 },
	{ PAGE, "gromox/31-SyncFolderItems-4readflags-max2-page2.response.xml", 0, ERR_OK, "", 4, 0, "AwACARdADwAA", "", 4 },
	{ MAIL, "gromox/35-GetItem-after-update.response.xml", 0, ERR_OK, "", 1, 0, "", "Changed subject", 1023 },
	{ PAGE, "gromox/37-SyncFolderItems-after-mimeupdate.response.xml", 0, ERR_OK, "", 1, 0, "AwACARdADwAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAYQ", 0 },
	{ PAGE, "gromox/39-SyncFolderItems-SubA-empty.response.xml", 0, ERR_OK, "", 0, 0, "AgACARdAAAAA", "", 0 },
	{ PAGE, "gromox/41-SyncFolderItems-inbox-after-move.response.xml", 0, ERR_OK, "", 1, 1, "AwACARdADwAA", "", 0 },
	{ CONTACT, "gromox/43-GetItem-old-id-after-move.response.xml", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ MAIL, "gromox/45-GetItem-by-id-from-sync-after-move.response.xml", 0, ERR_OK, "", 1, 0, "", "", 1005 },
	{ PAGE, "gromox/49-SyncFolderItems-SubA-after-move-back-and-forth.response.xml", 0, ERR_OK, "", 2, 1, "AgACARdACgAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAZg", 0 },
	{ PAGE, "gromox/55-SyncFolderItems-after-3-deletes-page2.response.xml", 0, ERR_OK, "", 1, 1, "AwACARdAEAAA", "", 0 },
	{ HIERARCHY, "gromox/73-SyncFolderHierarchy-after-move.response.xml", 0, ERR_OK, "", 2, 0, "AgACARdALgAA", "Sub B", 0 },
	{ HIERARCHY, "gromox/77-SyncFolderHierarchy-after-delete.response.xml", 0, ERR_OK, "", 0, 0, "AgACARdALgAA", "", 0 },
	{ FOLDERS, "gromox/81-GetFolder-moved-to-deleted.response.xml", 0, ERR_OK, "", 1, 0, "", "Sub C", 0 },
	{ PAGE, "gromox/83-SyncFolderItems-deleted-folder.response.xml", 0, ERR_OK, "", 7, 0, "AgACARdAEAAA", "AQAAAKUYe2+83Ooe0DxWVwAAAAAAcw", 0 },
	{ MAIL, "gromox/87-GetItem-calendar-raw-ics-with-Start-End.response.xml", 0, ERR_OK, "", 1, 0, "", "", 1418 },
	{ MAIL, "gromox/89-GetItem-calendar-mime-wrapped-with-Start-End.response.xml", 0, ERR_OK, "", 1, 0, "", "Lab meeting", 1674 },
	{ MAIL, "gromox/91-GetItem-calendar-as-Message.response.xml", 0, ERR_OK, "", 1, 0, "", "Lab meeting", 1535 },
	{ MAIL, "gromox/93-GetItem-calendar-props.response.xml", 0, ERR_OK, "", 1, 0, "", "Props meeting", 1169 },
	{ MAIL, "gromox/95-GetItem-contact-raw-vcf.response.xml", 0, ERR_OK, "", 1, 0, "", "", 2145 },
	{ MAIL, "gromox/97-GetItem-contact-mime-wrapped.response.xml", 0, ERR_OK, "", 1, 0, "", "Jane Doe", 2518 },
	{ MAIL, "gromox/99-GetItem-contact-props.response.xml", 0, ERR_OK, "", 1, 0, "", "", 1866 },
	{ FOLDERS, "garethp-php-ews/GetFolder_14.3_2015-07-16_saveState_00.http", 0, ERR_OK, "", 1, 0, "", "Calendar", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.0_2016-05-13_ContactsAPI_testCreateContact_00.http", 0, ERR_OK, "", 1, 0, "", "Contacts", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.1_2016-05-06_APITest_testGetFolderByDistinguishedId_00.http", 0, ERR_OK, "", 1, 0, "", "Calendar", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.20_2017-10-31_APITest_testCreateCalendars_00.http", 0, ERR_OK, "", 1, 0, "", "Calendar", 0 },
	{ FOLDERS, "garethp-php-ews/GetFolder_15.20_2017-10-31_ContactsAPITest_testCreateContact_00.http", 0, ERR_OK, "", 1, 0, "", "Contacts", 0 },
	{ CONTACT, "garethp-php-ews/GetItem_14.3_2015-07-17_APITest_testGetCalendarItem_04.http", 0, ERR_OK, "", 1, 0, "", "Test Get Item 2", 49 },
	{ CONTACT, "garethp-php-ews/GetItem_15.0_2016-05-13_ContactsAPI_testCreateContact_03.http", 0, ERR_OK, "", 1, 0, "", "John Smith", 30 },
	{ CONTACT, "garethp-php-ews/GetItem_15.0_2016-05-13_ContactsAPI_testUpdateContact_04.http", 0, ERR_OK, "", 1, 0, "", "Jane Smith", 35 },
	{ CONTACT, "garethp-php-ews/GetItem_15.1_2016-06-06_ContactsAPI_testDeleteContactField_04.http", 0, ERR_OK, "", 1, 0, "", "Smith", 27 },
	{ CONTACT, "garethp-php-ews/GetItem_15.20_2017-10-31_ContactsAPITest_testCreateContact_03.http", 0, ERR_OK, "", 1, 0, "", "John Smith", 32 },
	{ CONTACT, "garethp-php-ews/GetItem_15.20_2017-10-31_ContactsAPITest_testUpdateContact_04.http", 0, ERR_OK, "", 1, 0, "", "Jane Smith", 37 },
	{ CONTACT, "garethp-php-ews/GetItem_15.2_2025-07-06_CalendarTest_testRecurringEventSupport_04.http", 0, ERR_OK, "", 1, 0, "", "Weekly Team Meeting", 54 },
	{ CONTACT, "garethp-php-ews/GetItem_15.2_2025-07-06_ContactsAPITest_testContactFieldVariations_05.http", 0, ERR_OK, "", 1, 0, "", "Complete Test - Test Company I", 32 },
	{ CONTACT, "garethp-php-ews/GetItem_15.2_2025-07-06_ContactsAPITest_testInternationalContactSupport_03.http", 0, ERR_OK, "", 1, 0, "", "François Müller", 28 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_14.3_2015-07-16_saveState_09.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAADuyEURYnvfRJRxhMSOoT", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_14.3_2015-07-17_saveState_09.http", 0, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_14.3_2015-11-18_APITest_testListItemChanges_with_data_set_0_02.http", 0, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_15.1_2016-05-06_APITest_testListItemChanges_with_data_set_0_03.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAAA4JiVRwOF7SbQybW1zR3", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_15.20_2017-10-31_APITest_testListItemChanges_with_data_set_0_03.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAABu82DT7AULT56Wlc2HZm", 0 },
	{ PAGE, "garethp-php-ews/SyncFolderItems_15.20_2025-05-11_APITest_testListItemChanges_02.http", 0, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAAC30utV9Qm1Tp6i563HuB", 0 },
	{ CONTACT, "viewpoint/dodgy_ews_response.xml", 0, ERR_OK, "", 1, 0, "", "Invalid character", 47 },
	{ MAIL, "otris-ews-cpp/undeliverable_test_mail_get_item_response.xml", 0, ERR_OK, "", 1, 0, "", "Undeliverable: Test mail", 8560 },
	{ FOLDERS, "exchangelib/test_folder_L197_test_public_folders_root.xml", 0, ERR_OK, "", 1, 0, "", "publicfoldersroot", 0 },
	{ FOLDERS, "exchangelib/test_folder_L255_test_public_folders_root.xml", 0, ERR_STALE_REPLY, "", 0, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_folder_L332_test_public_folders_root.xml", 0, ERR_STALE_REPLY, "", 0, 0, "", "", 0 },
	{ MAIL, "kde-akonadi-ews/errorserverbusy.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ MAIL, "thunderbird-desktop/EwsServer_SERVER_BUSY_RESPONSE.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ FOLDERS, "pyexchange/folder_does_not_exist.xml", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ CONTACT, "pyexchange/get_empty_occurrences.xml", 0, ERR_OK, "ErrorCalendarOccurrenceIndexIsOutOfRecurrenceRange", 5, 5, "", "", 0 },
	{ CONTACT, "pyexchange/get_item_response_id_only.xml", 0, ERR_OK, "", 1, 0, "", "", 0 },
	{ CONTACT, "pyexchange/get_recurring_master_monthly_event.xml", 0, ERR_OK, "", 1, 0, "", "{event.subject}", 46 },
	{ MAIL, "davmail/fault_server_busy_backoff.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ FOLDERS, "msdocs-examples/getfolder-operation_02_resp.xml", 0, ERR_OK, "", 1, 0, "", "Inbox", 0 },
	{ CONTACT, "msdocs-examples/getitem-operation-calendar-item_04_resp.xml", 0, ERR_OK, "", 1, 0, "", "", 40 },
	{ CONTACT, "msdocs-examples/getitem-operation-contact_02_resp.xml", 0, ERR_OK, "", 1, 0, "", "", 26 },
	{ CONTACT, "msdocs-examples/getitem-operation-contact_04_resp.xml", 0, ERR_OK, "ErrorUnsupportedMimeConversion", 1, 1, "", "", 0 },
	{ MAIL, "msdocs-examples/getitem-operation-email-message_02_resp.xml", 0, ERR_PROTOCOL, "", 0, 0, "", "", 0 },
	{ CONTACT, "msdocs-examples/getitem-operation-email-message_03_resp.xml", 0, ERR_OK, "ErrorInvalidPropertyRequest", 1, 1, "", "", 0 },
	{ CONTACT, "msdocs-examples/getitem-operation-task_02_resp.xml", 0, ERR_OK, "", 1, 0, "", "Buy new shoes", 13 },
	{ HIERARCHY, "msdocs-examples/syncfolderhierarchy-operation_02_resp.xml", 0, ERR_OK, "", 1, 0, "H4sIAAA==", "NewFolder", 0 },
	{ HIERARCHY, "msdocs-examples/syncfolderhierarchy-operation_03_resp.xml", 0, ERR_SYNC_RESET, "ErrorInvalidSyncStateData", 0, 0, "", "", 0 },
	{ PAGE, "msdocs-examples/syncfolderitems-operation_02_resp.xml", 0, ERR_OK, "", 1, 0, "H4sIAAAAA=", "CwAAABYA", 0 },
	{ PAGE, "msdocs-examples/syncfolderitems-operation_03_resp.xml", 0, ERR_SYNC_RESET, "ErrorInvalidSyncStateData", 0, 0, "", "", 0 },
	{ PAGE, "garethp-sequences/saveState_14.3_2015-07-17.json", 9, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ CONTACT, "garethp-sequences/saveState_14.3_2015-07-17.json", 35, ERR_OK, "", 1, 0, "", "Test Get Item 2", 49 },
	{ CONTACT, "garethp-sequences/testGetSingleMailItem_15.20_2025-08-30.json", 9, ERR_OK, "", 1, 0, "", "Test Message", 30 },
	{ PAGE, "garethp-sequences/testListItemChanges_15.20_2025-05-11.json", 2, ERR_OK, "", 1, 0, "H4sIAAAAAAAE", "DwAAABYAAAC30utV9Qm1Tp6i563HuB", 0 },
	{ PAGE, "garethp-sequences/testListItemChanges_15.20_2025-05-11.json", 3, ERR_OK, "", 0, 0, "H4sIAAAAAAAE", "", 0 },
	{ CONTACT, "garethp-sequences/testDeleteContactField_15.20_2020-09-10.json", 4, ERR_OK, "", 1, 0, "", "Smith", 31 },
	{ FOLDERS, "garethp-sequences/testGetMailItems_15.1_2016-06-29.json", 3, ERR_OK, "", 1, 0, "", "Inbox", 0 },
	{ OTHER, "evolution-ews/Exchange2007_SP1_camel_folder_create_folder_with_malformed_parent_id", 0, ERR_OK, "ErrorInvalidIdMalformed", 1, 1, "", "", 0 },
	{ OTHER, "evolution-ews/Exchange2007_SP1_camel_folder_hard_delete_root_subfolder", 0, ERR_OK, "ErrorDeleteDistinguishedFolder", 1, 1, "", "", 0 },
	{ FOLDERS, "evolution-ews/Exchange2007_SP1_camel_folder_move_folder_to_msgfolderroot", 1, ERR_OK, "", 1, 0, "", "non-distinguished-folder-subfo", 0 },
	{ FOLDERS, "evolution-ews/Exchange2007_SP1_camel_folder_move_folder_to_msgfolderroot", 2, ERR_OK, "", 2, 0, "", "", 0 },
	{ FOLDERS, "evolution-ews/Exchange2007_SP1_camel_folder_hard_delete_distinguished_folder_subfolder", 1, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ OTHER, "evolution-ews/Exchange2010_SP2_camel_folder_create_existing_folder", 1, ERR_OK, "ErrorFolderExists", 1, 1, "", "", 0 },
	{ OTHER, "evolution-ews/Exchange2010_SP2_camel_folder_move_folder_to_folder_that_has_subfolder_with_the_same_name", 1, ERR_OK, "ErrorMoveCopyFailed", 1, 1, "", "", 0 },
	{ HIERARCHY, "evolution-ews/Exchange2010_SP2_camel_folder_create_folder_with_invalid_distinguished_parent_id", 0, ERR_SHAPE, "ErrorSchemaValidation", 0, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_services_L111_test_error_server_busy.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_services_L140_test_error_schema_validation.xml", 0, ERR_SHAPE, "ErrorSchemaValidation", 0, 0, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L174_test_error_too_many_objects_opened.xml", 0, ERR_THROTTLED, "ErrorTooManyObjectsOpened", 0, 0, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L46_test_inner_error_parsing.xml", 0, ERR_OK, "ErrorQuotaExceededOnDelete", 1, 1, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L81_test_invalid_value_extras.xml", 0, ERR_OK, "ErrorInvalidValueForProperty", 1, 1, "", "", 0 },
	{ OTHER, "exchangelib/test_services_L277_test_element_container.xml", 0, ERR_OK, "", 1, 0, "", "", 0 },
	{ FOLDERS, "exchangelib/test_services_L246_test_soap_error.xml", 0, ERR_PROTOCOL, "", 0, 0, "", "", 0 },
	{ OTHER, "kde-akonadi-ews/ewsmoveitemrequest_ut_L181.xml", 0, ERR_OK, "ErrorItemNotFound", 2, 1, "", "", 0 },
	{ OTHER, "kde-akonadi-ews/ewsmoveitemrequest_ut_L265.xml", 0, ERR_OK, "ErrorItemNotFound", 2, 1, "", "", 0 },
	{ PAGE, "kde-akonadi-ews/errorserverbusy.xml", 0, ERR_THROTTLED, "ErrorServerBusy", 0, 0, "", "", 0 },
	{ OTHER, "garethp-php-ews/DeleteItem_15.20_2018-02-15_APITest_testDeleteItemsFail_02.http", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ OTHER, "gromox/57-DeleteItem-already-deleted.response.xml", 0, ERR_OK, "ErrorItemNotFound", 1, 1, "", "", 0 },
	{ OTHER, "gromox/75-DeleteFolder-SoftDelete-leaf.response.xml", 0, ERR_OK, "ErrorCannotDeleteObject", 1, 1, "", "", 0 },
	{ PAGE, "gromox/131-SyncFolderItems-bad-FolderId.response.xml", 0, ERR_BAD_ITEM, "ErrorInvalidId", 0, 0, "", "", 0 },
	{ PAGE, "gromox/19-GetItem-mime-ext.response.xml", 0, ERR_STALE_REPLY, "", 0, 0, "", "", 0 },
};
/* clang-format on */

/* clang-format off */
static const struct events_row {
	bool is_stream;
	/* which, err, "", events, messages without events, watermark, parent of the first, of folders */
	struct row row;
} events_rows[] = {
	{ true, { OTHER, "gromox/121-GetStreamingEvents.response.xml", 0, ERR_OK, "", 2, 4, "0", "AAAAADD+c7BV4+tPhuTHMKkuZYgBAAEAAAClGHtvvNzqHtA8VlcAAAAAAA0AAAI=", 1 } },
	{ true, { OTHER, "exchangelib/test_sync_L518_test_get_streaming_events_connection_clo.xml", 0, ERR_OK, "", 0, 1, "0", "", 0 } },
	{ false, { OTHER, "gromox/119-GetEvents-all-folders.response.xml", 0, ERR_OK, "", 13, 0, "0", "AAAAADD+c7BV4+tPhuTHMKkuZYgBAAEAAAClGHtvvNzqHtA8VlcAAAAAAA0AAAI=", 7 } },
	{ false, { OTHER, "gromox/111-GetEvents-again.response.xml", 0, ERR_OK, "", 0, 0, "0", "", 0 } },
	{ false, { OTHER, "gromox/113-GetEvents-after-unsubscribe.response.xml", 0, ERR_SUBSCRIPTION, "", 0, 0, "0", "", 0 } },
	{ false, { OTHER, "msdocs-examples/getevents-operation_02_resp.xml", 0, ERR_OK, "", 2, 0, "AAAAAOQGAAAAAAAAAQ==", "AQApAH", 0 } },
	{ false, { OTHER, "msdocs-examples/getevents-operation_03_resp.xml", 0, ERR_SUBSCRIPTION, "", 0, 0, "0", "", 0 } },
};
/* clang-format on */

#endif
