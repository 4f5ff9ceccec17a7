/* SPDX-License-Identifier: Apache-2.0 */
/* Any text: parsed within bounds, and what was read survives writing and reading back. */
#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const json_t *j)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_free_ char *text = yaml_text(j);

	if (yaml_parse(text, strlen(text), "out", &docs, &d) < 0 || docs.n != 1 ||
	    !json_equal(docs.v[0].root, j)) {
		fprintf(stderr, "does not survive:\n%s\n", text);
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_yaml_ struct yaml_docs docs = {0};
	int line, col, r = yaml_parse((const char *)data, size, "in", &docs, &d);

	if ((r < 0) != (diags_count(&d, DIAG_ERROR) > 0))
		abort();
	for (size_t i = 0; i < docs.n; i++) {
		marks_find(docs.v[i].marks, "metadata.name.0.x", &line, &col);
		round_trip(docs.v[i].root);
	}
	return 0;
}
