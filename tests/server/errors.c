/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "soap.h"

/* The MessageText of each ResponseCode, in Exchange's words where they are known. */
static const struct {
	const char *code, *text;
} error_texts[] = {
	{ "ErrorAccessDenied", "Access is denied. Check credentials and try again." },
	{ "ErrorAffectedTaskOccurrencesRequired",
	  "AffectedTaskOccurrences attribute is required for Task items." },
	{ "ErrorCalendarEndDateIsEarlierThanStartDate", "EndDate is earlier than StartDate" },
	{ "ErrorCannotEmptyFolder", "The folder cannot be emptied." },
	{ "ErrorCannotUseFolderIdForItemId", "Id must be of an item, not of a folder." },
	{ "ErrorChangeKeyRequiredForWriteOperations",
	  "The change key is required for this operation." },
	{ "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted." },
	{ "ErrorExceededSubscriptionCount",
	  "You have exceeded the number of subscriptions that are allowed." },
	{ "ErrorExpiredSubscription", "The subscription has expired." },
	{ "ErrorFolderExists", "A folder with the specified name already exists." },
	{ "ErrorFolderNotFound", "The specified folder could not be found in the store." },
	{ "ErrorFolderSaveFailed", "The folder save operation failed." },
	{ "ErrorFolderSavePropertyError",
	  "The folder save operation failed due to invalid property values." },
	{ "ErrorIncorrectUpdatePropertyCount",
	  "An object within a change description must contain one and only one property to "
	  "modify." },
	{ "ErrorInvalidChangeKey", "The change key is invalid." },
	{ "ErrorInvalidIdMalformed", "Id is malformed." },
	{ "ErrorInvalidMailbox", "The mailbox is not valid." },
	{ "ErrorInvalidPropertyAppend", "Append action is invalid for property." },
	{ "ErrorInvalidPropertyDelete", "Delete action is invalid for property." },
	{ "ErrorInvalidPropertyForOperation", "The property is not valid for this operation." },
	{ "ErrorInvalidPropertyRequest",
	  "The property requested is not valid for this object type." },
	{ "ErrorInvalidPropertySet", "Set action is invalid for property." },
	{ "ErrorInvalidPullSubscriptionId",
	  "The subscription ID is not that of a pull subscription." },
	{ "ErrorInvalidSubscription", "The specified subscription is invalid." },
	{ "ErrorInvalidSubscriptionRequest",
	  "The subscription request is invalid. Name folders, or all folders." },
	{ "ErrorInvalidSyncStateData",
	  "Synchronization state data is corrupt or otherwise invalid." },
	{ "ErrorInvalidWatermark", "The watermark is invalid." },
	{ "ErrorIrresolvableConflict",
	  "The send or update operation could not be performed because the change key passed in "
	  "the request does not match the current change key for the item." },
	{ "ErrorItemNotFound", "The specified object was not found in the store." },
	{ "ErrorMessageDispositionRequired",
	  "MessageDisposition attribute is required for this operation." },
	{ "ErrorMimeContentConversionFailed", "MIME content conversion failed." },
	{ "ErrorMimeContentInvalid", "MIME content is invalid." },
	{ "ErrorMimeContentInvalidBase64String", "MIME content is not a valid base64 string." },
	{ "ErrorMissedNotificationEvents", "Events were lost. Look at what may have changed." },
	{ "ErrorMoveCopyFailed", "The move or copy operation failed." },
	{ "ErrorMoveDistinguishedFolder", "Distinguished folders cannot be moved." },
	{ "ErrorNameResolutionNoResults", "No results were found." },
	{ "ErrorNoFolderClassOverride",
	  "Default folder class cannot be overridden for the specified folder type." },
	{ "ErrorNoPublicFolderServerAvailable", "Public folder server is not available." },
	{ "ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it." },
	{ "ErrorObjectTypeChanged",
	  "The object type changed. The item class does not fit the item." },
	{ "ErrorParentFolderNotFound", "The specified parent folder could not be found." },
	{ "ErrorSendMeetingCancellationsRequired",
	  "SendMeetingCancellations attribute is required for Calendar items." },
	{ "ErrorSendMeetingInvitationsOrCancellationsRequired",
	  "SendMeetingInvitationsOrCancellations attribute is required for calendar items." },
	{ "ErrorSendMeetingInvitationsRequired",
	  "SendMeetingInvitations attribute is required for calendar items." },
	{ "ErrorSubscriptionAccessDenied",
	  "Access is denied. Only the subscription owner may access the subscription." },
	{ "ErrorSubscriptionNotFound", "The specified subscription was not found." },
	{ "ErrorSyncFolderNotFound", "The folder to be synchronized could not be found." },
	{ "ErrorToFolderNotFound", "The specified target folder could not be found." },
	{ "ErrorUnsupportedMimeConversion",
	  "MIME conversion is not supported for this item type." },
	{ "ErrorUpdatePropertyMismatch", "Property for update does not match property in object." },
};

static const char *error_text(const char *code)
{
	for (size_t i = 0; i < ARRAY_LEN(error_texts); i++)
		if (strcmp(error_texts[i].code, code) == 0)
			return error_texts[i].text;
	return "The request could not be completed.";
}

void message_error_begin(struct call *call, const char *name, const char *code)
{
	message_error_at(call, name, code, "");
}

void message_error_at(struct call *call, const char *name, const char *code, const char *uri)
{
	xml_rawf(call->out, "<m:%sResponseMessage ResponseClass=\"Error\">", name);
	xml_element(call->out, "m:MessageText", error_text(code));
	xml_element(call->out, "m:ResponseCode", code);
	xml_raw(call->out, "<m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>");
	if (!strchr(uri, ':') || strncmp(uri, "x:", 2) == 0)
		return;
	xml_raw(call->out, "<m:MessageXml><t:FieldURI FieldURI=\"");
	xml_text(call->out, uri);
	xml_raw(call->out, "\"/></m:MessageXml>");
}

void message_error(struct call *call, const char *name, const char *code)
{
	message_error_begin(call, name, code);
	message_end(call, name);
}
