/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/step_capture.h"

#include "test/test.h"

static json_t *parse(const char *text)
{
	_cleanup_err_ struct err e = ERR_INIT;
	json_t *j = jparse(text, strlen(text), &e);

	TEST_ROW(j != NULL, text, "%s", err_msg(&e));
	return j ? j : json_object();
}

static void test_judge(void)
{
	static const struct {
		const char *name, *entry, *place;
		enum outcome want;
		const char *says;
	} rows[] = {
		{"enough", "{\"min\":2}", "{\"frames\":2,\"seen\":9}", OUTCOME_PASS, NULL},
		{"too few", "{\"min\":3}", "{\"frames\":2,\"seen\":9}", OUTCOME_FAIL,
		 "2 frames at p, expected at least 3 (9 frames seen)"},
		{"too many", "{\"max\":1}", "{\"frames\":2,\"seen\":9}", OUTCOME_FAIL,
		 "2 frames at p, expected at most 1"},
		{"exact", "{\"count\":2}", "{\"frames\":2,\"seen\":9}", OUTCOME_PASS, NULL},
		{"not exact", "{\"count\":1,\"nonce\":true,\"filter\":\"icmp\"}",
		 "{\"frames\":2,\"seen\":9}", OUTCOME_FAIL,
		 "2 own frames \"icmp\" at p, expected 1"},
		{"silence among others", "{\"max\":0}", "{\"frames\":0,\"seen\":1}", OUTCOME_PASS,
		 NULL},
		{"silence of the deaf", "{\"max\":0}", "{\"frames\":0,\"seen\":0}", OUTCOME_ERROR,
		 "name a control"},
		{"none expected, exactly", "{\"count\":0}", "{\"frames\":0,\"seen\":0}",
		 OUTCOME_ERROR, "name a control"},
		{"silence with a control", "{\"max\":0,\"control\":\"c\"}",
		 "{\"frames\":0,\"seen\":0}", OUTCOME_PASS, NULL},
		{"its control is silent, too", "{\"max\":0,\"control\":\"silent\"}",
		 "{\"frames\":0,\"seen\":5}", OUTCOME_ERROR, "its control silent"},
		{"there is no such control", "{\"max\":0,\"control\":\"x\"}",
		 "{\"frames\":0,\"seen\":5}", OUTCOME_ERROR, "its control x"},
		{"lost frames", "{\"min\":1}", "{\"frames\":2,\"seen\":9,\"dropped\":1}",
		 OUTCOME_ERROR, "lost"},
		{"went away", "{\"min\":1}",
		 "{\"frames\":2,\"seen\":9,\"why\":\"The interface disappeared\"}", OUTCOME_ERROR,
		 "disappeared"},
		{"the tag", "{\"min\":1,\"vlan\":10}",
		 "{\"frames\":2,\"seen\":9,\"vlans\":{\"10\":2}}", OUTCOME_PASS, NULL},
		{"another tag", "{\"min\":1,\"vlan\":10}",
		 "{\"frames\":3,\"seen\":9,\"vlans\":{\"10\":2,\"20\":1}}", OUTCOME_FAIL,
		 "1 of them are vlan 20, expected vlan 10"},
		{"no tag", "{\"min\":1,\"vlan\":10}",
		 "{\"frames\":1,\"seen\":9,\"vlans\":{\"untagged\":1}}", OUTCOME_FAIL,
		 "1 of them are untagged, expected vlan 10"},
		{"a second tag", "{\"min\":1,\"vlan\":\"untagged\"}",
		 "{\"frames\":1,\"seen\":9,\"vlans\":{\"10.20\":1}}", OUTCOME_FAIL,
		 "vlan 10.20, expected untagged"},
	};
	_cleanup_json_ json_t *controls =
		parse("[{\"name\":\"c\",\"frames\":1},{\"at\":\"silent\",\"frames\":0}]");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *entry = parse(rows[i].entry), *place = parse(rows[i].place);
		_cleanup_json_ json_t *places = json_pack("[O]", place);
		struct step_ctx c = {0};
		enum outcome o;

		jset_str(entry, "at", "p");
		o = step_capture_judge(&c, entry, places, controls);
		TEST_ROW(o == rows[i].want, rows[i].name, "%s: %s", outcome_name(o),
			 buf_str(&c.why));
		TEST_ROW(!rows[i].says || strstr(buf_str(&c.why), rows[i].says), rows[i].name, "%s",
			 buf_str(&c.why));
		buf_free(&c.why);
	}
}

/* A switch without a port named stands for all of its ports. */
static void test_sum(void)
{
	_cleanup_json_ json_t *entry = parse("{\"at\":\"switch/x\",\"count\":5}");
	_cleanup_json_ json_t *places =
		parse("[{\"frames\":2,\"seen\":2},{\"frames\":3,\"seen\":4}]");
	struct step_ctx c = {0};

	CU_ASSERT_EQUAL(step_capture_judge(&c, entry, places, NULL), OUTCOME_PASS);
	buf_free(&c.why);
}

TEST_SUITE(step_capture, {"judge", test_judge}, {"sum", test_sum})
