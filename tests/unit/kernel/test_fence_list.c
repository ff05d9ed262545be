// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which drivers a list in the module parameter fence names. This compiles the module's own
 * source, kernel/fence_list.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fence_list.h"

struct entry {
	const char *list;
	const char *driver;
	bool named;
};

static void check(const struct entry *entry)
{
	/* exactly as long as the list, so that ASan sees a read beyond its end */
	char *list = strdup(entry->list);

	assert_non_null(list);
	if (peerbar_fence_names(list, entry->driver) != entry->named)
		fail_msg("\"%s\" %s \"%s\"", entry->list,
			 entry->named ? "does not name" : "names", entry->driver);
	free(list);
}

#define CHECK(table) \
	do { \
		(void)state; \
		for (size_t i = 0; i < sizeof(table) / sizeof((table)[0]); i++) \
			check(&(table)[i]); \
	} while (0)

static void a_list_names_whole_names(void **state)
{
	static const struct entry table[] = {
		{ "efa", "efa", true },
		{ "efa,bnxt_en", "efa", true },
		{ "bnxt_en,efa", "efa", true },
		{ "ice,efa,mana", "efa", true },
		{ "efa2", "efa", false },
		{ "ef", "efa", false },
		{ "xefa", "efa", false },
		{ "efa", "efa2", false },
		{ "efa", "ef", false },
		{ "efa.ko", "efa", false },
		{ "EFA", "efa", false },
		{ "mlx5", "mlx5_core", false },
		{ "ice", "efa", false },
		/* values that a boolean parameter would take */
		{ "1", "efa", false },
		{ "Y", "efa", false },
	};

	CHECK(table);
}

static void an_empty_list_names_nobody(void **state)
{
	static const struct entry table[] = {
		{ "", "efa", false },
		{ "", "", false },
		{ "\n", "efa", false },
		{ ",", "", false },
		{ " ,,\t,", "", false },
		{ "efa", "", false },
	};

	CHECK(table);
}

static void what_is_between_names_does_not_matter(void **state)
{
	static const struct entry table[] = {
		{ "efa\n", "efa", true },
		{ "efa  ", "efa", true },
		{ "efa\t", "efa", true },
		{ "  efa", "efa", true },
		{ ",efa,", "efa", true },
		{ "ice, efa", "efa", true },
		{ "ice efa\n", "efa", true },
		{ "ice\nefa\n", "efa", true },
		{ "e fa", "efa", false },
		{ "e,fa", "efa", false },
	};

	CHECK(table);
}

static void all_names_everybody(void **state)
{
	static const struct entry table[] = {
		{ "all", "efa", true },
		{ "all\n", "a_driver_of_tomorrow", true },
		{ "ice,all", "efa", true },
		{ "allx", "efa", false },
		{ "al", "efa", false },
		{ "ALL", "efa", false },
	};

	CHECK(table);
}

static void hyphen_and_underscore_are_the_same(void **state)
{
	static const struct entry table[] = {
		{ "bnxt-en", "bnxt_en", true },
		{ "virtio_pci", "virtio-pci", true },
		{ "bnxt-re", "bnxt_en", true },
		{ "bnxten", "bnxt_en", false },
	};

	CHECK(table);
}

/*
 * An RDMA driver in the list stands for the PCI drivers below it. But these do not stand for
 * each other, as ice and i40e below irdma.
 */
static void an_rdma_driver_stands_for_the_one_below(void **state)
{
	static const struct entry table[] = {
		{ "bnxt_re", "bnxt_en", true },
		{ "irdma", "ice", true },
		{ "irdma", "i40e", true },
		{ "irdma", "idpf", true },
		{ "mlx5_ib", "mlx5_core", true },
		{ "ionic_rdma", "ionic", true },
		{ "mana_ib", "mana", true },
		{ "efa,irdma\n", "ice", true },
		{ "ice", "i40e", false },
		{ "irdma", "irdma", true },
		{ "irdma", "efa", false },
		{ "irdma2", "ice", false },
		{ "mana", "mana", true },
		{ "mana_ib", "mlx5_core", false },
		{ "mlx5_core", "mlx5_ib", false },
	};

	CHECK(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_names_whole_names),
		cmocka_unit_test(an_empty_list_names_nobody),
		cmocka_unit_test(what_is_between_names_does_not_matter),
		cmocka_unit_test(all_names_everybody),
		cmocka_unit_test(hyphen_and_underscore_are_the_same),
		cmocka_unit_test(an_rdma_driver_stands_for_the_one_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
