/* SPDX-License-Identifier: Apache-2.0 */
/* A directory that lives as long as a test. Include in *_test.c only. */
#ifndef OVNBED_VIRT_TESTING_H
#define OVNBED_VIRT_TESTING_H

#include <ftw.h>
#include <sys/stat.h>

#include "test/test.h"

static inline int remove_entry_(const char *path, const struct stat *st UNUSED, int type UNUSED,
				struct FTW *f UNUSED)
{
	return remove(path);
}

static inline void remove_dirp_(char **dir)
{
	if (*dir)
		nftw(*dir, remove_entry_, 8, FTW_DEPTH | FTW_PHYS);
	free(*dir);
}
#define _cleanup_dir_ _cleanup_(remove_dirp_)

static inline char *test_dir(void)
{
	char *dir = xstrdup("/tmp/ovnbed-virt-XXXXXX");

	test_row(mkdtemp(dir) != NULL, __FILE__, __LINE__, dir, "cannot be made");
	return dir;
}

#endif
