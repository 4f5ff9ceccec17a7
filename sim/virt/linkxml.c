/* SPDX-License-Identifier: Apache-2.0 */
#include "virt/linkxml.h"

#include <strings.h>

#define OPEN "<interface "
#define CLOSE "</interface>"
#define MAC "<mac address='"

static bool has_mac(const char *from, const char *end, const char *mac)
{
	const char *m = strstr(from, MAC);
	size_t n = strlen(mac);

	if (!m || m >= end || !n)
		return false;
	m += strlen(MAC);
	return strncasecmp(m, mac, n) == 0 && m[n] == '\'';
}

/* Copies the element line by line, with a link state of our own in place of another. */
static char *with_link(const char *from, const char *end, bool up)
{
	_cleanup_buf_ struct buf b = BUF_INIT;

	while (from < end) {
		const char *nl = memchr(from, '\n', (size_t)(end - from));
		size_t n = nl ? (size_t)(nl - from) + 1 : (size_t)(end - from);
		size_t blank = strspn(from, " ");

		if (strncmp(from + blank, "<link ", 6) != 0)
			buf_add(&b, from, n);
		if (strncmp(from + blank, MAC, strlen(MAC)) == 0)
			buf_printf(&b, "<link state='%s'/>\n", up ? "up" : "down");
		from += n;
	}
	buf_adds(&b, CLOSE "\n");
	return buf_take(&b);
}

char *linkxml_interface(const char *domain_xml, const char *mac, bool up)
{
	const char *p = domain_xml, *end;

	while ((p = strstr(p, OPEN)) && (end = strstr(p, CLOSE))) {
		if (has_mac(p, end, mac))
			return with_link(p, end, up);
		p = end;
	}
	return NULL;
}

bool linkxml_agent_connected(const char *domain_xml)
{
	return strstr(domain_xml, "name='org.qemu.guest_agent.0' state='connected'") != NULL;
}
