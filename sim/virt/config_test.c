/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/virt.h"

#include <errno.h>

#include "virt/testing.h"

static char *slurp(const char *dir, const char *name)
{
	_cleanup_free_ char *path = xasprintf("%s/%s", dir, name);
	_cleanup_fclose_ FILE *f = fopen(path, "re");
	char *text = xcalloc(1, 4096);

	if (f && fread(text, 1, 4095, f) > 0)
		return text;
	free(text);
	return xstrdup("");
}

static void test_files(void)
{
	_cleanup_dir_ char *dir = test_dir();
	_cleanup_free_ char *daemon = NULL, *qemu = NULL, *client = NULL, *again = NULL;
	_cleanup_free_ char *driver = xasprintf("%s/drivers/libvirt_driver_qemu.so", dir);
	_cleanup_err_ struct err e = ERR_INIT;
	char target[256] = "";
	int r = virt_write_config(dir, "0f0f0f0f-1111-4222-8333-444444444444", &e);

	/* the driver is not part of libvirt's development files: without it the rest is written */
	if (r < 0)
		TEST_ROW(r == -ENOENT && strstr(err_msg(&e), "apt-get"), "driver", "%s",
			 err_msg(&e));
	else
		TEST_ROW(readlink(driver, target, sizeof(target) - 1) > 0 &&
				 access(target, R_OK) == 0,
			 "driver", "%s", target);
	daemon = slurp(dir, "libvirtd.conf");
	qemu = slurp(dir, "qemu.conf");
	client = slurp(dir, "libvirt.conf");
	CU_ASSERT_PTR_NOT_NULL(
		strstr(daemon, "host_uuid = \"0f0f0f0f-1111-4222-8333-444444444444\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(daemon, "auth_unix_rw = \"none\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(qemu, "stdio_handler = \"file\"\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(qemu, "security_driver = \"none\"\n"));
	TEST_STR(client, "uri_default = \"qemu:///system\"\n");
	virt_write_config(dir, "0f0f0f0f-1111-4222-8333-444444444444", NULL);
	again = slurp(dir, "libvirtd.conf");
	TEST_STR(again, daemon);
	CU_ASSERT(virt_write_config("/nonexistent", "x", NULL) < 0);
}

static void test_argv(void)
{
	const char **argv = virt_daemon_argv("/usr/sbin/libvirtd");

	TEST_STR(argv[0], "/usr/sbin/libvirtd");
	TEST_STR(argv[2], "/etc/libvirt/libvirtd.conf");
	CU_ASSERT_PTR_NULL(argv[3]);
	free(argv);
}

TEST_SUITE(virt_config, {"files", test_files}, {"argv", test_argv})
