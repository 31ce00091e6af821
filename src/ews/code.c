/* SPDX-License-Identifier: MIT */
#include "ews/code.h"

#include <string.h>

/* clang-format off */
static const struct {
	const char *code;
	enum err err;
	enum scope scope;
} codes[] = {
	{ "NoError",                             ERR_OK,         SCOPE_ONE },

	/* It is not there, or we may not see it. */
	{ "ErrorItemNotFound",                   ERR_NOT_FOUND,  SCOPE_ONE },
	{ "ErrorFolderNotFound",                 ERR_NOT_FOUND,  SCOPE_ONE },
	{ "ErrorSyncFolderNotFound",             ERR_NOT_FOUND,  SCOPE_ONE },
	{ "ErrorParentFolderNotFound",           ERR_NOT_FOUND,  SCOPE_ONE },
	{ "ErrorCannotFindUser",                 ERR_NOT_FOUND,  SCOPE_ONE },
	{ "ErrorAccessDenied",                   ERR_DENIED,     SCOPE_ONE },
	{ "ErrorAccessDeniedDueToCompliance",    ERR_DENIED,     SCOPE_ONE },
	{ "ErrorRecoverableItemsAccessDenied",   ERR_DENIED,     SCOPE_ONE },
	{ "ErrorArchiveMailboxNotEnabled",       ERR_NOT_FOUND,  SCOPE_ONE },

	/* The item exists and its content does not come. */
	{ "ErrorItemCorrupt",                    ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorCorruptData",                    ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorContentConversionFailed",        ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorMimeContentConversionFailed",    ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorMimeContentInvalid",             ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorMimeContentInvalidBase64String", ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorUnsupportedMimeConversion",      ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorUnsupportedTypeForConversion",   ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorMessageSizeExceeded",            ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorDataSizeLimitExceeded",          ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorItemPropertyRequestFailed",      ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorPropertyValidationFailure",      ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorVirusDetected",                  ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorVirusMessageDeleted",            ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorInvalidId",                      ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorInvalidIdEmpty",                 ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorInvalidIdMalformed",             ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorInvalidIdMonikerTooLong",        ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorInvalidIdStoreObjectIdTooLong",  ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorInvalidIdXml",                   ERR_BAD_ITEM,   SCOPE_ONE },
	{ "ErrorFolderCorrupt",                  ERR_BAD_ITEM,   SCOPE_ONE },

	/* The sync state. */
	{ "ErrorInvalidSyncStateData",           ERR_SYNC_RESET, SCOPE_ONE },

	/* A subscription that is gone, or will not be had: subscribe anew, and look at all folders. */
	{ "ErrorSubscriptionNotFound",           ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorInvalidSubscription",            ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorSubscriptionUnsubscribed",       ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorSubscriptionAccessDenied",       ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorSubscriptionDelegateAccessNotSupported", ERR_DENIED, SCOPE_ONE },
	{ "ErrorMissedNotificationEvents",       ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorReadEventsFailed",               ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorEventNotFound",                  ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorInvalidWatermark",               ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorExpiredSubscription",            ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorInvalidPullSubscriptionId",      ERR_SUBSCRIPTION, SCOPE_ONE },
	{ "ErrorExceededSubscriptionCount",      ERR_SUBSCRIPTION, SCOPE_ONE },

	/* A property that this server, or this kind of item, does not have. */
	{ "ErrorInvalidPropertyRequest",         ERR_SHAPE,      SCOPE_ONE },
	{ "ErrorInvalidPropertyForOperation",    ERR_SHAPE,      SCOPE_ONE },
	{ "ErrorUnsupportedPropertyDefinition",  ERR_SHAPE,      SCOPE_ONE },
	{ "ErrorSchemaValidation",               ERR_SHAPE,      SCOPE_ONE },

	/* Slower. */
	{ "ErrorServerBusy",                     ERR_THROTTLED,  SCOPE_ALL },
	{ "ErrorExceededConnectionCount",        ERR_THROTTLED,  SCOPE_ALL },
	{ "ErrorTooManyObjectsOpened",           ERR_THROTTLED,  SCOPE_ALL },

	/* It passes by itself. */
	{ "ErrorBatchProcessingStopped",         ERR_TRANSIENT,  SCOPE_ONE },
	{ "ErrorTimeoutExpired",                 ERR_TRANSIENT,  SCOPE_ONE },
	{ "ErrorInternalServerError",            ERR_TRANSIENT,  SCOPE_ONE },
	{ "ErrorInternalServerTransientError",   ERR_TRANSIENT,  SCOPE_ONE },
	{ "ErrorNoPublicFolderServerAvailable",  ERR_TRANSIENT,  SCOPE_ONE },
	{ "ErrorNoPublicFolderReplicaAvailable", ERR_TRANSIENT,  SCOPE_ONE },
	{ "ErrorMailboxStoreUnavailable",        ERR_TRANSIENT,  SCOPE_ALL },
	{ "ErrorMailboxMoveInProgress",          ERR_TRANSIENT,  SCOPE_ALL },
	{ "ErrorMailboxFailover",                ERR_TRANSIENT,  SCOPE_ALL },
	{ "ErrorConnectionFailed",               ERR_TRANSIENT,  SCOPE_ALL },
	{ "ErrorInsufficientResources",          ERR_TRANSIENT,  SCOPE_ALL },
	{ "ErrorNotEnoughMemory",                ERR_TRANSIENT,  SCOPE_ALL },
	{ "ErrorADUnavailable",                  ERR_TRANSIENT,  SCOPE_ALL },

	/* The account, until somebody acts. */
	{ "ErrorAccountDisabled",                ERR_DENIED,     SCOPE_ALL },
	{ "ErrorPasswordExpired",                ERR_AUTH,       SCOPE_ALL },
	{ "ErrorPasswordChangeRequired",         ERR_AUTH,       SCOPE_ALL },
	{ "ErrorMailboxLogonFailed",             ERR_DENIED,     SCOPE_ALL },
	{ "ErrorNonExistentMailbox",             ERR_DENIED,     SCOPE_ALL },
	{ "ErrorImpersonateUserDenied",          ERR_DENIED,     SCOPE_ALL },
	{ "ErrorImpersonationDenied",            ERR_DENIED,     SCOPE_ALL },
	{ "ErrorImpersonationFailed",            ERR_DENIED,     SCOPE_ALL },
	{ "ErrorOrganizationAccessBlocked",      ERR_DENIED,     SCOPE_ALL },
	{ "ErrorInvalidLicense",                 ERR_DENIED,     SCOPE_ALL },

	/* The mailbox is on another server, or in another site. */
	{ "ErrorMailboxMoved",                   ERR_MOVED,      SCOPE_ALL },
	{ "ErrorWrongServerVersion",             ERR_MOVED,      SCOPE_ALL },
	{ "ErrorWrongServerVersionDelegate",     ERR_MOVED,      SCOPE_ALL },
	{ "ErrorProxyRequestNotAllowed",         ERR_MOVED,      SCOPE_ALL },

	/* What we sent. */
	{ "ErrorInvalidRequest",                 ERR_PROTOCOL,   SCOPE_ALL },
	{ "ErrorInvalidOperation",               ERR_PROTOCOL,   SCOPE_ALL },
	{ "ErrorInvalidArgument",                ERR_PROTOCOL,   SCOPE_ALL },
	{ "ErrorInvalidServerVersion",           ERR_PROTOCOL,   SCOPE_VERSION },
	{ "ErrorInvalidSchemaVersionForMailboxVersion", ERR_PROTOCOL, SCOPE_VERSION },
	{ "ErrorIncorrectSchemaVersion",         ERR_PROTOCOL,   SCOPE_VERSION },
};
/* clang-format on */

enum err err_from_code(const char *code, enum scope *ret_scope)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (strcmp(codes[i].code, code) != 0)
			continue;
		*ret_scope = codes[i].scope;
		return codes[i].err;
	}
	*ret_scope = SCOPE_ONE;
	return ERR_TRANSIENT;
}
