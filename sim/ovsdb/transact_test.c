/* SPDX-License-Identifier: Apache-2.0 */
#include "test/test.h"

#include <errno.h>

#include "ovsdb/fake.h"
#include "ovsdb/ovsdb.h"

static void test_reply_error(void)
{
	static const struct {
		const char *ops, *results, *want;
		int code;
	} rows[] = {
		{"[]", "[]", "no error", 0},
		{"[{'op':'wait','table':'T'}]", "[{}]", "no error", 0},
		{"[{'op':'wait','table':'T'}]", "[{'error':'timed out'}]",
		 "X: transact: op 0 (wait T): timed out", -EAGAIN},
		{"[{'op':'comment'},{'op':'insert','table':'T'}]",
		 "[{},{'error':'constraint violation','details':'why'}]",
		 "X: transact: op 1 (insert T): constraint violation: why", -EIO},
		{"[{'op':'comment'}]", "[{},{'error':'referential integrity violation'}]",
		 "X: transact: commit: referential integrity violation", -EIO},
		{"[{'op':'abort'},{'op':'comment'}]", "[{'error':'aborted'},null]",
		 "X: transact: op 0 (abort): aborted", -EIO},
		{"[{'op':'comment'}]", "[]", "X: transact: 0 results for 1 operations", -EIO},
		{"[{'op':'comment'}]", "{}", "X: transact: malformed reply", -EIO},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *o = fake_json(rows[i].ops),
				      *res = fake_json(rows[i].results);
		_cleanup_err_ struct err e = ERR_INIT;

		TEST_ROW(ovsdb_reply_error("X", o, res, &e) == rows[i].code, rows[i].results,
			 "code");
		TEST_ROW(streq(err_msg(&e), rows[i].want), rows[i].results, "got %s", err_msg(&e));
	}
}

TEST_SUITE(ovsdb_transact, {"reply_error", test_reply_error})
