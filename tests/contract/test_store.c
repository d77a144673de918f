/* SPDX-License-Identifier: Apache-2.0
 *
 * The store's contract, against every backend there is.
 */
#include "tests/contract/sqlite_place.h"

#include "tests/contract/faulty_vfs.h"

static int contract_tests(const struct contract_backend *backend)
{
	int failed = 0;

	contract_backend = backend;
	print_message("backend: %s\n", backend->name);
	failed += contract_people_tests();
	failed += contract_session_tests();
	failed += contract_token_tests();
	failed += contract_tamper_tests();
	failed += contract_order_tests();
	return failed;
}

int main(void)
{
	faulty_vfs_register();
	int failed = contract_tests(&sqlite_place);
	failed += contract_sqlite_tests();
	return failed == 0 ? 0 : 1;
}
