/* SPDX-License-Identifier: Apache-2.0 */
#include "kubevirt/domain.h"

#include "kubevirt/admission.h"
#include "kubevirt/render.h"
#include "kubevirt/testing.h"
#include "kubevirt/xml.h"

static char s_tiny[] = "tiny", s_kernel[] = "/c/tiny/vmlinuz", s_initrd[] = "/c/tiny/initrd.img";
static char s_cmdline[] = "console=ttyS0 x='<&>'", s_disk[] = "/c/fedora.qcow2";
static char s_fedora[] = "fedora", s_qcow2[] = "qcow2";
static const struct kubevirt_image tiny = {.name = s_tiny,
					   .kernel = s_kernel,
					   .initrd = s_initrd,
					   .cmdline = s_cmdline,
					   .format = s_qcow2};
static const struct kubevirt_image fedora = {.name = s_fedora, .disk = s_disk, .format = s_qcow2};

/* ---- a checker for what the writer can produce: elements, attributes, entities ---- */

static const char *skip_name(const char *s)
{
	return s + strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
}

static bool text_ok(const char *s, const char *end)
{
	for (; s < end; s++) {
		if (*s == '<' || ((unsigned char)*s < 0x20 && *s != '\n'))
			return false;
		if (*s == '&' && strncmp(s, "&amp;", 5) != 0 && strncmp(s, "&lt;", 4) != 0 &&
		    strncmp(s, "&gt;", 4) != 0 && strncmp(s, "&apos;", 6) != 0 &&
		    strncmp(s, "&#", 2) != 0)
			return false;
	}
	return true;
}

/* Behind the '>' of a tag that starts at s ('<'), or NULL. */
static const char *check_tag(const char *s, char *name, size_t size, int *kind)
{
	bool close = s[1] == '/';
	const char *start = s + 1 + close, *p = skip_name(start);

	if (p == start || (size_t)(p - start) >= size)
		return NULL;
	snprintf(name, size, "%.*s", (int)(p - start), start);
	while (*p == ' ') {
		const char *end;

		p = skip_name(p + 1);
		if (p[0] != '=' || p[1] != '\'' || !(end = strchr(p + 2, '\'')) ||
		    !text_ok(p + 2, end))
			return NULL;
		p = end + 1;
	}
	*kind = close ? -1 : *p == '/' ? 0 : 1;
	p += *p == '/';
	return *p == '>' ? p + 1 : NULL;
}

static bool well_formed(const char *s)
{
	char stack[XML_DEPTH][32], name[32];
	int depth = 0, kind;

	while (*s) {
		const char *lt = strchr(s, '<');

		if (!lt)
			return depth == 0 && text_ok(s, s + strlen(s));
		if (!text_ok(s, lt))
			return false;
		s = check_tag(lt, name, sizeof(name), &kind);
		if (!s || (kind < 0 && (depth == 0 || !streq(stack[depth - 1], name))) ||
		    (kind > 0 && depth == XML_DEPTH))
			return false;
		if (kind > 0)
			memcpy(stack[depth], name, sizeof(name));
		depth += kind;
	}
	return depth == 0;
}

static void test_checker(void)
{
	static const struct {
		const char *xml;
		bool want;
	} rows[] = {
		{"<a><b x='1'/>t&amp;</a>\n", true},
		{"<a><b></a></b>", false},
		{"<a>", false},
		{"<a x='<'/>", false},
		{"<a>&bad;</a>", false},
		{"</a>", false},
		{"<a x=1/>", false},
		{"<a\n/>", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		TEST_ROW(well_formed(rows[i].xml) == rows[i].want, rows[i].xml, "wrong");
}

/* ---- domains ---- */

static json_t *make_vmi(void)
{
	_cleanup_json_ json_t *vm = load(TESTDATA "vm.yaml");
	json_t *vmi = kubevirt_render_vmi(vm);

	jset_str(vmi, "metadata.uid", "11111111-2222-4333-8444-555555555555");
	return vmi;
}

static void check_domain(struct kubevirt_domain *d, const char *golden)
{
	_cleanup_json_ json_t *atts = load(TESTDATA "attachments.json"), *files = NULL;
	_cleanup_kubevirt_paths_ struct kubevirt_paths paths = {0};
	_cleanup_err_ struct err e = ERR_INIT;
	_cleanup_free_ char *xml = NULL, *list = NULL, *all = NULL;

	kubevirt_paths_init(&paths, d->vmi);
	d->paths = &paths;
	d->attachments = atts;
	xml = kubevirt_domain_xml(d, &e);
	if (!TEST_ROW(xml != NULL, golden, "%s", err_msg(&e)))
		return;
	TEST_ROW(well_formed(xml), golden, "not well-formed: %s", xml);
	files = kubevirt_domain_files(d);
	list = jtext(files);
	all = xasprintf("%s<!-- %s -->\n", xml, list);
	test_golden(golden, all);
}

static void test_tiny(void)
{
	_cleanup_json_ json_t *vmi = make_vmi();
	struct kubevirt_domain d = {.vmi = vmi, .image = &tiny, .has_seed = true};

	check_domain(&d, TESTDATA "domain_tiny.xml");
}

/* The same VM from a disk image, under KVM, with offloads, transitional devices and a CD-ROM. */
static void test_disk_image(void)
{
	_cleanup_json_ json_t *vmi = make_vmi();
	struct kubevirt_domain d = {
		.vmi = vmi, .image = &fedora, .has_seed = true, .kvm = true, .offloads = true};
	json_t *cd = jget(vmi, "spec.domain.devices.disks.1");

	jset(vmi, "spec.domain.devices.useVirtioTransitional", json_true());
	jset_str(vmi, "spec.domain.cpu.model", "Skylake-Server");
	jdel(cd, "disk");
	jset_str(cd, "cdrom.bus", "sata");
	jset_str(jget(vmi, "spec.domain.devices.disks.2"), "disk.bus", "scsi");
	check_domain(&d, TESTDATA "domain_disk.xml");
}

static void test_refusals(void)
{
	_cleanup_json_ json_t *vmi = make_vmi(), *no_tap = parse("[{\"network\":\"blue\"}]");
	_cleanup_json_ json_t *no_mac = parse("[{\"network\":\"red\",\"tap\":\"t\"}]");
	_cleanup_kubevirt_paths_ struct kubevirt_paths paths = {0};
	struct kubevirt_domain d = {.vmi = vmi, .image = &tiny, .paths = &paths};
	static const struct kubevirt_image nothing = {.name = s_tiny};
	_cleanup_err_ struct err e = ERR_INIT;

	kubevirt_paths_init(&paths, vmi);
	d.attachments = no_tap;
	CU_ASSERT_PTR_NULL(kubevirt_domain_xml(&d, &e));
	TEST_STR(err_msg(&e), "interface blue: no tap");
	d.attachments = no_mac;
	CU_ASSERT_PTR_NULL(kubevirt_domain_xml(&d, &e));
	TEST_STR(err_msg(&e), "interface red: no usable MAC address (\"\")");
	d.attachments = NULL;
	d.image = &nothing;
	CU_ASSERT_PTR_NULL(kubevirt_domain_xml(&d, &e));
	d.image = &tiny;
	jdel(vmi, "spec.domain.resources");
	CU_ASSERT_PTR_NULL(kubevirt_domain_xml(&d, &e));
	TEST_STR(err_msg(&e), "the VM has no memory size");
	jset_str(vmi, "metadata.uid", "short");
	CU_ASSERT_PTR_NULL(kubevirt_domain_xml(&d, &e));
}

static void test_sizes(void)
{
	static const struct {
		const char *spec;
		unsigned long long memory;
		unsigned vcpus;
	} rows[] = {
		{"{}", 0, 1},
		{"{\"domain\":{\"memory\":{\"guest\":\"1Gi\"},\"resources\":{\"requests\":{"
		 "\"memory\":"
		 "\"2Gi\",\"cpu\":\"1500m\"}}}}",
		 1ull << 30, 2},
		{"{\"domain\":{\"resources\":{\"limits\":{\"memory\":\"1M\",\"cpu\":3}}}}", 1000000,
		 3},
		{"{\"domain\":{\"cpu\":{\"cores\":2,\"threads\":2},\"resources\":{\"requests\":{"
		 "\"cpu\":"
		 "9}}}}",
		 0, 4},
		{"{\"domain\":{\"cpu\":{\"cores\":1000}}}", 0, 16},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_json_ json_t *spec = parse(rows[i].spec);

		TEST_ROW(kubevirt_memory(spec) == rows[i].memory &&
				 kubevirt_vcpus(spec) == rows[i].vcpus,
			 rows[i].spec, "got %llu bytes, %u vCPUs",
			 (unsigned long long)kubevirt_memory(spec), kubevirt_vcpus(spec));
	}
}

static void test_escape(void)
{
	_cleanup_xml_ struct xml x = XML_INIT;
	_cleanup_free_ char *s = NULL;

	xml_open(&x, "a");
	xml_attr(&x, "b", "'<&>\n\x01");
	xml_attr(&x, "none", NULL);
	xml_leaf(&x, "c", "<t>");
	xml_leaf(&x, "gone", NULL);
	xml_empty(&x, "d", "e", "f");
	xml_close(&x);
	s = xml_take(&x);
	TEST_STR(s, "<a b='&apos;&lt;&amp;&gt;&#10;\xef\xbf\xbd'>\n  <c>&lt;t&gt;</c>\n"
		    "  <d e='f'/>\n</a>\n");
	CU_ASSERT(well_formed(s));
}

TEST_SUITE(kubevirt_domain, {"checker", test_checker}, {"tiny", test_tiny},
	   {"disk_image", test_disk_image}, {"refusals", test_refusals}, {"sizes", test_sizes},
	   {"escape", test_escape})
