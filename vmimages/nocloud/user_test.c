/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

struct row {
	const char *name, *text, *want, *findings;
};

#define EMPTY \
	"{\"bootcmd\":[],\"files\":[],\"keys\":[],\"passwords\":[],\"runcmd\":[],\"users\":[]}"

static void test_user(void)
{
	static const struct row rows[] = {
		{"documentation",
		 "#cloud-config\nuser: fedora\npassword: 1234\nchpasswd: {expire: False}\n",
		 "{\"bootcmd\":[],\"files\":[],\"keys\":[],\"passwords\":[{\"plain\":\"1234\","
		 "\"user\":\"\"}],\"runcmd\":[],\"users\":[{\"default\":true,\"keys\":[],\"lock\":"
		 "true,\"name\":\"fedora\"}]}",
		 ""},
		{"accounts",
		 "#cloud-config\n"
		 "hostname: web\nfqdn: web.example\nssh_authorized_keys: [ssh-ed25519 A a]\n"
		 "chpasswd:\n  list: |\n    root:secret\n    u1:$6$x$y\n"
		 "  users: [{name: u2, password: pw, type: text}, {name: u3, password: '$5$a$b'}]\n"
		 "users:\n- default\n- name: u1\n  lock_passwd: false\n  plain_text_passwd: p\n"
		 "  ssh_authorized_keys: ssh-rsa B b\n- u2\n",
		 "{\"bootcmd\":[],\"files\":[],\"fqdn\":\"web.example\",\"hostname\":\"web\","
		 "\"keys\":[\"ssh-ed25519 A a\"],\"passwords\":[{\"plain\":\"secret\",\"user\":"
		 "\"root\"},{\"hash\":\"$6$x$y\",\"user\":\"u1\"},{\"plain\":\"pw\",\"user\":"
		 "\"u2\"},{\"hash\":\"$5$a$b\",\"user\":\"u3\"}],\"runcmd\":[],\"users\":[{"
		 "\"keys\":"
		 "[\"ssh-rsa B b\"],\"name\":\"u1\",\"plain\":\"p\"},{\"keys\":[],\"lock\":true,"
		 "\"name\":\"u2\"}]}",
		 ""},
		{"files and commands",
		 "#cloud-config\n"
		 "write_files:\n"
		 "- {path: /a, content: x, permissions: '0600', owner: 'root:root', append: true}\n"
		 "- {path: /b, content: AAEC, encoding: b64, permissions: 0755}\n"
		 "runcmd:\n- echo a > /c\n- [touch, '/d e', 7]\nbootcmd: [true-ish]\n",
		 "{\"bootcmd\":[\"true-ish\"],\"files\":[{\"append\":true,\"base64\":false,"
		 "\"content\":\"x\",\"mode\":384,\"owner\":\"root:root\",\"path\":\"/a\"},"
		 "{\"append\":false,\"base64\":true,\"content\":\"AAEC\",\"mode\":493,\"path\":"
		 "\"/b\"}],\"keys\":[],\"passwords\":[],\"runcmd\":[\"echo a > /c\",[\"touch\","
		 "\"/d e\",\"7\"]],\"users\":[]}",
		 ""},
		{"script", "#!/bin/sh\necho hi\n",
		 "{\"bootcmd\":[],\"files\":[],\"keys\":[],\"passwords\":[],\"runcmd\":[],"
		 "\"script\":\"#!/bin/sh\\necho hi\\n\",\"users\":[]}",
		 ""},
		{"empty", "\n", EMPTY, ""},
		{"only the header", "#cloud-config \r\n", EMPTY, ""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		nc_check(nc_user_parse, rows[i].name, rows[i].text, rows[i].want, rows[i].findings);
}

static void test_refused(void)
{
	static const struct row rows[] = {
		{"no header", "hostname: a\n", EMPTY,
		 "user-data:1:1: error: expected \"#cloud-config\" or \"#!\" in the first line, "
		 "found "
		 "\"hostname: a\": nothing of it is applied\n"},
		{"bad parts",
		 "#cloud-config\nwrite_files:\n- {path: a}\n- {path: /b, encoding: gz}\n"
		 "- {path: /c, encoding: b64, content: '*'}\n"
		 "runcmd: [{a: b}, []]\nusers: [{name: '../x'}]\npackages: [nginx]\n",
		 EMPTY,
		 "user-data:7:9: error: users.0: expected a user name, found \"../x\"\n"
		 "user-data:3:3: error: write_files.0: expected an absolute \"path\", found \"a\"\n"
		 "user-data:4:3: error: write_files.1: encoding \"gz\" is not supported\n"
		 "user-data:5:3: error: write_files.2: content is not base64\n"
		 "user-data:6:10: error: runcmd.0: expected a text or a list of texts\n"
		 "user-data:6:18: error: runcmd.1: expected a text or a list of texts\n"
		 "user-data:8:11: note: packages: ignored\n"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		nc_check(nc_user_parse, rows[i].name, rows[i].text, rows[i].want, rows[i].findings);
}

static void test_meta(void)
{
	nc_check(nc_meta_parse, "KubeVirt",
		 "{\"instance-id\":\"vm-a.ns\",\"local-hostname\":\"vm-a\",\"public-keys\":"
		 "{\"0\":\"ssh-rsa A\"}}",
		 "{\"hostname\":\"vm-a\",\"instance-id\":\"vm-a.ns\",\"keys\":[\"ssh-rsa A\"]}",
		 "");
	nc_check(nc_meta_parse, "EC2 form",
		 "instance-id: 7\npublic-keys: {a: {openssh-key: k1}, b: [k2, k1]}\n",
		 "{\"instance-id\":\"7\",\"keys\":[\"k1\",\"k2\"]}", "");
	nc_check(nc_meta_parse, "empty", "", "{\"keys\":[]}", "");
}

TEST_SUITE(nocloud_user, {"user-data", test_user}, {"refused", test_refused},
	   {"meta-data", test_meta})
