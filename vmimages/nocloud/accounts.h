/* SPDX-License-Identifier: Apache-2.0 */
/* Users, passwords and ssh keys in the files of /etc. */
#ifndef OVNBED_NOCLOUD_ACCOUNTS_H
#define OVNBED_NOCLOUD_ACCOUNTS_H

#include "report.h"

/*
 * user as of nc_user_parse(), keys those of meta-data. root ("" or a directory in tests) is put in
 * front of every path. The default user is the one marked so, else root.
 */
void nc_accounts_apply(const char *root, const json_t *user, const json_t *keys,
		       struct nc_report *r);
/* crypt(3) text of a password, cheap to check: an emulated CPU does it at each login. Caller frees. */
char *nc_accounts_hash(const char *password);

#endif
