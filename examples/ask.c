/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks libpat about requests, a line each: method, target, client's address, Authorization header, with tabs between. Answers in
 * lines: status, reason, person, token id, scopes, with tabs between. For trying it, and for languages that
 * cannot call C (ask.mjs).
 *
 *   cc ask.c $(pkg-config --cflags --libs pat) -o ask
 *   ./ask /run/patd shop
 */
#include <pat/verify.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	static char line[16384];
	struct pat_gate *gate = NULL;

	if (argc != 3 || pat_gate_abi() < PAT_GATE_ABI || pat_gate_open(argv[1], &gate) < 0) {
		(void)fprintf(stderr, "usage: ask INDEX-DIRECTORY PRODUCT\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		struct pat_question q = PAT_QUESTION(argv[2]);
		struct pat_answer a = PAT_ANSWER;
		char *at = line;

		if (!strchr(line, '\n')) { /* one question, however long, is one answer */
			int c = 0;

			while (c != EOF && c != '\n')
				c = getchar();
			(void)printf("400\tquestion_malformed\t\t\t\n");
			(void)fflush(stdout);
			continue;
		}
		at[strcspn(at, "\n")] = '\0';
		q.method = strsep(&at, "\t");
		q.target = strsep(&at, "\t");
		q.address = strsep(&at, "\t");
		if (at && *at)
			q.authorization = at;
		(void)pat_gate_ask(gate, &q, &a);
		(void)printf("%d\t%s\t%s\t%s\t%s\n", (int)a.status, a.reason, a.person, a.token_id,
		             a.scopes);
		(void)fflush(stdout); /* who asks waits for it */
	}
	pat_gate_close(gate);
	return 0;
}
