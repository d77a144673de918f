/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's contract, against every backend there is.
 */
#include "tests/contract/postgres_place.h"
#include "tests/contract/sqlite_place.h"

#include "tests/contract/faulty_vfs.h"

static int contract_tests(const struct contract_backend *backend)
{
	int failed = 0;

	contract_backend = backend;
	print_message("backend: %s\n", backend->name);
	failed += contract_people_tests();
	failed += contract_session_tests();
	failed += contract_token_tests() + contract_revoke_tests() + contract_rotate_tests();
	failed += contract_product_tests() + contract_portal_tests() + contract_usage_tests();
	failed += contract_notice_tests();
	failed += contract_tamper_tests();
	failed += contract_order_tests();
	return failed;
}

/* test_store [BACKEND]: all, or one of them. */
int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : "";
	int failed = 0;

	faulty_vfs_register();
	if (strcmp(only, "postgresql") != 0)
		failed += contract_tests(&sqlite_place) + contract_node_tests(false) +
		          contract_sqlite_tests();
	if (strcmp(only, "sqlite") != 0)
		failed += contract_tests(&postgres_place) + contract_node_tests(true) +
		          contract_postgres_tests();
	return failed == 0 ? 0 : 1;
}
