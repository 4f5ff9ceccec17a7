/* SPDX-License-Identifier: Apache-2.0 */
/* scenarios/catalog.yaml against the scenarios: every promise is there, every proof exists. */
#include "scenario/scenario.h"
#include "test/test.h"

#define DIR "scenarios/"

/* What the catalogue must account for. */
static const char *const promised[] = {
	"D1",	 "D2",	  "D3",	   "D4",    "D5",    "D6",    "D7",    "D8",	"D9",	 "D10",
	"D11",	 "D36",	  "D40",   "D46",   "D47",   "Q27",   "Q28",   "Q29",	"Q30",	 "MH-03",
	"MH-04", "MH-05", "MH-06", "MH-07", "MH-26", "MH-27", "MH-31", "MH-32", "MH-33", "MH-34",
	"E1",	 "E2",	  "E3",	   "E4",    "E5",    "E6",    "E7",    "E8",	"E9",	 "E10",
	"E11",	 "E12",	  "E13",   "E14",   "E15",   "E16",   "E17",   "E18",	"E19",	 "E20",
	"E21",	 "E24",	  "D22",   "MH-15", "MH-16", "MH-17", "MH-18", "MH-21", "MH-22", "MH-23",
	"MH-24", "D21",	  "D49",   "E22",   "E23",   "MH-08", "MH-09", "MH-10", "MH-11", "MH-12",
	"D12",	 "D13",	  "D14",   "D15",   "D16",   "MH-35", "MH-40", "MH-41", "MH-42", "MH-43",
	"MH-44", "MH-45", "MH-51", "MH-36", "MH-37", "MH-38", "MH-39", "NSL-1", "SEG-1", "SEG-2",
	"D17",	 "D18",	  "D19",   "D20",   "D23",   "D50",   "N1",    "N2",	"N3",	 "N4",
	"N5",	 "N6",	  "N7",	   "N8",    "N9",    "N10",   "N11",   "N12",	"N13",	 "N14",
	"N15",	 "N16",	  "N17",   "N18",   "N19",   "N20",   "N21",   "N22",	"N23",	 "D27",
	"D28",	 "Q7",	  "D24",   "D37",   "Q60",   "Q61",   "Q62",   "Q63",	"D29",	 "D30",
	"D31",	 "D32",	  "D33",   "D34",   "D35",   "Q33",   "Q34",   "Q35",	"MH-46", "MH-47",
	"MH-48", "MH-49", "MH-50", "MH-52", "MH-53", "MH-54", "MH-55", "MH-56", "MH-57", "MH-58",
	"MH-59", "MH-60", "MH-61", "MH-62", "MH-63", "MH-64", "MH-65", "MH-66", "MH-67", "UP-01",
	"UP-02", "UP-03", "UP-04", "UP-05", "UP-06", "UP-07", "UP-08", "UP-09", "UP-10", "UP-11",
	"UP-12", "UP-13", "UP-14", "UP-15", "UP-16", "UP-17", "UP-18", "UP-19", "UP-20", "UP-21",
	"UP-22", "UP-23",
};

/* The checks of a scenario, loaded once; the cache owns them. */
static const json_t *steps_of(json_t *cache, const char *name)
{
	_cleanup_free_ char *path = xasprintf(DIR "%s", name);
	_cleanup_scenario_ struct scenario *s = NULL;
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_buf_ struct buf b = BUF_INIT;

	if (json_object_get(cache, name))
		return json_object_get(cache, name);
	s = scenario_load(path, &d);
	for (size_t i = 0; i < d.n; i++)
		diag_print(&d.v[i], &b);
	TEST_ROW(s != NULL, name, "%s", buf_str(&b));
	json_object_set(cache, name, s ? s->steps : json_null());
	return json_object_get(cache, name);
}

static bool has_check(const json_t *steps, const char *id)
{
	json_t *step;
	size_t i;

	json_array_foreach(steps, i, step)
		if (streq(jstr(step, "check", ""), id))
			return true;
	return false;
}

static bool file_has(const char *path, const char *text)
{
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0)
		if (strstr(line, text))
			return true;
	return false;
}

static bool proof_exists(json_t *cache, const char *proof)
{
	const char *colon = strchr(proof, ':'), *slash = strchr(proof, '/');
	_cleanup_free_ char *left = NULL;

	if (colon) {
		left = xstrndup(proof, (size_t)(colon - proof));
		return file_has(left, colon + 1);
	}
	if (!slash)
		return false;
	left = xstrndup(proof, (size_t)(slash - proof));
	return has_check(steps_of(cache, left), slash + 1);
}

static void test_catalog(void)
{
	_cleanup_yaml_ struct yaml_docs docs = {0};
	_cleanup_diags_ struct diags d = DIAGS_INIT;
	_cleanup_json_ json_t *cache = json_object();
	const char *id;
	json_t *v, *p;
	size_t i;

	if (!TEST_ROW(yaml_parse_file(DIR "catalog.yaml", &docs, &d) >= 0 && docs.n == 1,
		      "catalog.yaml", "%zu findings", d.n))
		return;
	json_object_foreach(docs.v[0].root, id, v) {
		TEST_ROW(jstr(v, "promise", NULL) && json_array_size(json_object_get(v, "proof")),
			 id, "needs a promise and a proof");
		json_array_foreach(json_object_get(v, "proof"), i, p)
			TEST_ROW(json_is_string(p) && proof_exists(cache, json_string_value(p)), id,
				 "%s does not exist", json_string_value(p));
	}
	for (i = 0; i < ARRAY_SIZE(promised); i++)
		TEST_ROW(json_object_get(docs.v[0].root, promised[i]) != NULL, promised[i],
			 "not in the catalogue");
}

/* The test itself must notice. */
static void test_missing(void)
{
	_cleanup_json_ json_t *cache = json_object();

	CU_ASSERT(!proof_exists(cache, "mtu-layer2/no-such-check"));
	CU_ASSERT(!proof_exists(cache, "no-slash"));
	CU_ASSERT(!proof_exists(cache, "sim/ovnk/nad_test.c:\"E99\""));
	CU_ASSERT(proof_exists(cache, "mtu-layer2/D10-default"));
}

TEST_SUITE(catalog, {"proofs", test_catalog}, {"missing", test_missing})
