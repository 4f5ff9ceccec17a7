/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit XML and TAP 14 of run results (scenario/run.h), as GitLab, Jenkins and GitHub read them. */
#ifndef OVNBED_REPORT_JUNIT_H
#define OVNBED_REPORT_JUNIT_H

#include "base/json.h"

/*
 * results: array of scenario_run() results. One testsuite a scenario and zone mode, one testcase a
 * check: classname SCENARIO.ZONES.FEATURE, known failures as skipped. Caller frees.
 */
char *junit_text(const json_t *results, const char *timestamp);
/* TAP version 14 with YAML blocks for what did not pass. Caller frees. */
char *tap_text(const json_t *results);
/* The verdict table for people. Caller frees. */
char *verdict_table(const json_t *results);

#endif
