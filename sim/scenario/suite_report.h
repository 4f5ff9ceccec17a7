/* SPDX-License-Identifier: Apache-2.0 */
/* What a generated suite (scenario/generate.h) came to. Pure. */
#ifndef OVNBED_SCENARIO_SUITE_REPORT_H
#define OVNBED_SCENARIO_SUITE_REPORT_H

#include "base/json.h"

/*
 * Judges one case by its cells (of a matrix): {"id","tags","text","network","batch","status" (the
 * worst of the cells, "error" without any),"cells":N,"denied":N,"deviations":N,"findings":[text]}.
 * New reference.
 */
json_t *suite_case(const json_t *one, const json_t *cells);
/*
 * {TAG: {"passed","total","failed":[id]}} over such results, TAG as "rule=deny-all". New reference.
 */
json_t *suite_tags(const json_t *results);
/* Sum of an integer member over results. */
long long suite_sum(const json_t *results, const char *member);
/* How many results do not have status "pass". */
size_t suite_failed(const json_t *results);
/* The table by tags and that of the cases, for people. Caller frees. */
char *suite_text(const json_t *results, const char *headline);

#endif
