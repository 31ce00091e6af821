#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""All mail of a mailbox by exchangelib, as it comes, one file a message: URL USER PASSWORD DIRECTORY.

Prints how many seconds that took, without loading exchangelib itself.
"""
import pathlib
import sys
import time

import exchangelib


def main():
    url, user, password, directory = sys.argv[1:]
    begun = time.monotonic()
    config = exchangelib.Configuration(service_endpoint=url, credentials=exchangelib.Credentials(user, password),
                                       auth_type=exchangelib.BASIC)
    account = exchangelib.Account(f"{user}@example.com", config=config, autodiscover=False,
                                  access_type=exchangelib.DELEGATE)
    for number, folder in enumerate(account.msg_folder_root.walk()):
        if not (folder.folder_class or "").startswith("IPF.Note"):
            continue
        place = pathlib.Path(directory, str(number))
        place.mkdir(parents=True)
        for index, item in enumerate(folder.all().only("mime_content")):
            (place / f"{index}.eml").write_bytes(item.mime_content)
    print(time.monotonic() - begun)


if __name__ == "__main__":
    main()
