/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of this room share. Include in *_test.c only. */
#ifndef OVNBED_KUBEVIRT_TESTING_H
#define OVNBED_KUBEVIRT_TESTING_H

#include "base/yaml.h"
#include "test/test.h"

#define TESTDATA "sim/kubevirt/testdata/"

/* The first document of a file in testdata; fails the test and gives an object when there is none. */
static inline json_t *load(const char *path)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};

	yaml_parse_file(path, &docs, &d);
	if (!test_row(docs.n > 0 && diags_count(&d, DIAG_ERROR) == 0, __FILE__, __LINE__, path,
		      "cannot be parsed"))
		return json_object();
	return json_incref(docs.v[0].root);
}

static inline json_t *parse(const char *text)
{
	json_t *j = jparse(text, strlen(text), NULL);

	return test_row(j != NULL, __FILE__, __LINE__, text, "is no JSON") ? j : json_object();
}

#endif
