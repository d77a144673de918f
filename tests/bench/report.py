# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md out of what tests/bench/run measured. Parts that were not measured are left out."""

MILLION = 1_000_000


# How the tokens of the edge's measurement are used, and the words for it.
USES = (("zipf", "used as people's things are: the n-th n times as seldom as the first (Zipf)"),
        ("million", "used at random: every request another one (the worst case)"),
        ("one", "one of them used again and again"))


def us(ns):
    return f"{ns / 1e3:.2f} µs"


def ms(ns):
    return f"{ns / 1e6:.2f} ms" if ns >= 1e5 else us(ns)


def count(n):
    return f"{n:,.0f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def people(per_person):
    return "one" if per_person == 1 else str(per_person)


def per_second(verdicts):
    return 1e9 / verdicts["in_flight"]


def bytes_per_token(size, name):
    return size[name] / size["tokens"]


def largest(sizes, per_person):
    return max((k for k in sizes if k[1] == per_person), default=None)


# ---- The ratios and the other promises.

def promises(r):
    rows = []

    def add(what, got, meant, kept):
        rows.append((what, f"**{got}**", meant, "yes" if kept else "**no**"))

    if "edge" in r:
        for use, words in USES:
            x = r["edge"][use]["ratio"]
            add("A protected request against the same request unprotected, the server's processor time, a million live tokens, "
                + words, f"× {x:.3f}", "≤ 1.06", x <= 1.06)
    if "writes" in r:
        x = r["writes"]["ratios"][64]
        add("Tokens generated durably by 64 threads, with audit records, against SQLite's own rate of one-insert transactions",
            f"× {x:.2f}", "≥ 2", x >= 2)
    if "product" in r:
        p = r["product"]
        add("Requests accepted that were sent after a revoke had been answered", count(p["revoke"]["late"]), "0",
            p["revoke"]["late"] == 0)
        bad = p["restart"]["refused"] + p["restart"]["other"] + p["restart"]["cut"]
        add("Verifications that failed while patd was killed and started again", count(bad), "0", bad == 0)
    if "verdicts" in r:
        x = per_second(r["verdicts"])
        add("Verdicts in process per second and core, random ones of a million tokens, eight in flight", f"{x / 1e6:.2f} million", "≥ 2 million",
            x >= 2e6)
    if "limits" in r:
        x = 1e9 / r["limits"]["all"]
        add("Verdicts in process per second and core, with a policy of 1,000 operations and every limit on", f"{x / 1e6:.2f} million", "≥ 2 million",
            x >= 2e6)
    if "size" in r:
        n, per = largest(r["size"], 20)
        size = r["size"][(n, per)]
        x = bytes_per_token(size, "index_bytes")
        meant = ("≤ 100", x <= 100) if n >= 10 * MILLION else ("≤ 100 at 10 million", True)
        add(f"Memory of the index per token, {count(n)} tokens, 20 a person", f"{x:.1f} bytes", *meant)
        add(f"Loading {count(n)} tokens from SQLite, every row's MAC checked", f"{size['ms'] / 1e3:.1f} s", "≤ 20 s",
            size["ms"] <= 20000)
    if "nodes" in r:
        x = r["nodes"]["verification_ratio"]
        add("Verifications of a node on PostgreSQL in the same processor time, against one on SQLite", f"× {x:.3f}", "≥ 0.98", x >= 0.98)
    if "growth" in r:
        x = max(max(g["add_max_cpu_ns"], g["remove_max_cpu_ns"]) for g in r["growth"].values())
        add("The longest a change to the index held its lock while the index grew, processor time", ms(x), "≤ 10 ms", x <= 1e7)
    return table(("what", "measured", "meant to be", "kept"), rows)


# ---- Each part.

def edge(e):
    rows = [(words, us(e[use]["open"]), us(e[use]["gate"]), us(e[use]["more"]), f"× {e[use]['ratio']:.3f}")
            for use, words in USES]
    return f"""## What protecting an address costs

nginx with one worker on one processor, a client on another, 32 kept-alive connections, a static file of 200 bytes at two
addresses: `/open/`, and `/gate/` with `pat on; pat_scopes current_user:read;`. Both get the very same requests, token
included. Counted is the worker's processor time, user and kernel, per request: of {e['rounds']} turns each, the median;
"more" and the ratio are medians of the turns' own.

""" + table(("a million tokens, used", "open", "protected", "more", "ratio"), rows) + """
What the worst use costs more than the best is waiting for memory: see [design/verify-cost.md](design/verify-cost.md).

A flood of random well-formed tokens that nobody was ever given: """ + us(e["strangers"]["gate"]) + """ for each refusal (401, with its
JSON), × """ + f"{e['strangers']['ratio']:.2f}" + """ of the same request unprotected. None of them reaches patd or the store.
"""


def verdicts(v):
    rest = v["verify_cached"] - v["credential"] - v["check"] - v["digest"] - v["find_cached"]
    rows = [
        ("a verdict, random token, eight in flight", f"{v['in_flight']:.0f} ns", f"{per_second(v) / 1e6:.2f} million"),
        ("a verdict, random token, one after the other", f"{v['verify']:.0f} ns", f"{1e3 / v['verify']:.2f} million"),
        ("a verdict, token and slot in the processor's caches", f"{v['verify_cached']:.0f} ns",
         f"{1e3 / v['verify_cached']:.2f} million"),
        ("— the header's value is a credential", f"{v['credential']:.0f} ns", ""),
        ("— format and checksum", f"{v['check']:.0f} ns", ""),
        ("— SHA-256 of 53 bytes", f"{v['digest']:.0f} ns", ""),
        ("— look-up, cached", f"{v['find_cached']:.0f} ns", ""),
        ("— expiry, scopes, identity, usage mark", f"{rest:.0f} ns", ""),
        ("look-up of a random token alone", f"{v['find']:.0f} ns", ""),
    ]
    return """## Verdicts in process

`pat_verify` in one thread: a header's value in, the verdict with identity out, one scope needed, a million live tokens.
What the random ones cost more than the cached ones is waiting for memory: the table's entry, then the slot and its usage
cell at once. Who has several to verify need not wait for each: "in flight" is `pat_verify_begin`, `_approach` and `_end`
of eight at a time.

""" + table(("", "each", "per second and core"), rows)


def writes(w, disk):
    rows = [("SQLite, one insert a transaction, WAL, `synchronous=FULL`, one thread", count(w[0]), "1")]
    rows += [(f"tokens generated, {n} thread{'s' if n > 1 else ''}", count(w[n]), f"{w['ratios'][n]:.2f}") for n in (1, 8, 64)]
    return f"""## Generating

Through patd's core: checks, token row sealed, audit record chained, change numbered, committed with fsync, entered in the
index; then the call returns. People have up to 40 tokens each. The same file system ({disk}) for both, in turns.

""" + table(("", "per second", "ratio"), rows)


def usage_row(name, u):
    per = u["write_bytes"] / max(u["verifications"], 1)
    return (name, count(u["verifications"]), count(u["write_bytes"] / 1024) + " KiB", f"{per:.2f} bytes")


def product(p):
    g, r, r1, s = p["generate"], p["revoke"], p["revoke_one"], p["restart"]
    revokes = [
        (f"the DELETE was answered", *(ms(x[k]) for x in (r1, r) for k in ("answer_p50_ns", "answer_p99_ns"))),
        ("the last accepted request was sent", *(ms(x[k]) for x in (r1, r) for k in ("last_yes_p50_ns", "last_yes_p99_ns"))),
        ("every verifier had sent a refused one", *(ms(x[k]) for x in (r1, r) for k in ("all_no_p50_ns", "all_no_p99_ns"))),
    ]
    return f"""## The whole product over HTTP

`patd run` as installed, with its nginx in front ({r['workers_all']:.0f} workers), a million tokens in its store.

Generating over {g['clients']:.0f} connections at once: {count(g['per_second'])} tokens a second, p50 {ms(g['p50_ns'])}, p99
{ms(g['p99_ns'])}.

Revoking: time since the DELETE was sent, while clients ask `GET /verify` with that token as fast as they can.
{r['rounds']:.0f} revokes each; {r['workers']:.0f} of {r['workers_all']:.0f} workers took part; of {count(r['checks'])} and
{count(r1['checks'])} verifications, **{count(r['late'] + r1['late'])}** sent after the DELETE's answer was accepted. The token
is refused before the answer to the DELETE is sent, so the first line is the longest anybody has to wait.

""" + table(("", "1 verifier, p50", "p99", "8 verifiers, p50", "p99"), revokes) + f"""
What patd wrote while tokens were verified for some ten seconds, until all of it was folded into the store. Verifying itself
writes nothing; last use and counts are folded every ten seconds, one row for each token used.

""" + table(("tokens used", "verifications", "written", "a verification"),
            [usage_row("one, again and again", p["usage"]["one"]),
             usage_row("random ones of a million", p["usage"]["million"])]) + f"""
Starting: {p['start_empty_s']:.2f} s to serve from nothing, {p['start_million_s']:.2f} s with a million tokens; patd's own
memory is then {p['rss_bytes'] / 2**20:.0f} MiB, the index aside. Killed with SIGKILL under load and started again (away for
{s['away_s'] + 1:.1f} s): {count(s['allowed'])} verifications allowed, {count(s['refused'] + s['other'])} refused or failed, {count(s['cut'])}
cut off; {count(s['again'])} connections were closed between two requests when nginx took its new configuration.
"""


LIMITS = (("plain", "a token's check alone"), ("operation_10", "its operation found among 10, with a scope"),
          ("operation_1000", "among 1,000"), ("audience", "of 10; and limited to two products"), ("network", "to a network"),
          ("networks_16", "to 16 networks, the twelfth is it"), ("resource", "to a value of a path parameter"), ("resources_16", "to 16 values"),
          ("rate", "a rate: one compare-and-swap and one more look at the clock"), ("all", "1,000 operations, product, 2 networks, 2 values and a rate"))


def limits(x):
    base, ten = x["plain"], x["operation_10"]
    rows = []
    for name, words in LIMITS:
        more = "" if name == "plain" else f"{x[name] - (base if name.startswith('operation') or name == 'all' else ten):+.0f} ns"
        rows.append((words, f"{x[name]:.0f} ns", more, f"{1e3 / x[name]:.2f} million"))
    return """## Policies and limits

In process, one thread, a few tokens used in turn, so that what is compared is the work and not the memory. The limits are judged
besides an operation of ten; what they add is counted from there.

""" + table(("", "a verdict", "more", "a second and core"), rows)


def asks(a):
    ten = a["operation_10"]["gate"]
    rows = [(words, us(a[name]["gate"]), f"× {a[name]['ratio']:.3f}",
             "" if name.startswith(("plain", "operation")) or name == "all" else f"{(a[name]['gate'] - ten) / 1e3:+.2f} µs") for name, words in LIMITS]
    return f"""Policies and limits as whole requests: the static file of 200 bytes behind the edge, 64 tokens of each kind, the worker's processor time
as above, {a['rounds']} turns. Unprotected: {us(a['plain']['open'])}. Answers to tokens with a rate carry `RateLimit` and `RateLimit-Policy`.

""" + table(("", "a request", "ratio to unprotected", "more than an operation of ten"), rows)


def growth(g):
    rows = []
    for (tokens, per), x in sorted(g.items()):
        p9999 = ms(x["add_p9999_ns"]) if x["add_p9999_ns"] else "below 20 µs"
        rows.append((count(tokens), people(per), f"{x['add_mean_ns']:.0f} ns", p9999, ms(x["add_max_cpu_ns"]), ms(x["add_max_ns"]),
                     ms(x["remove_max_cpu_ns"]), ms(x["remove_max_ns"])))
    return """## Growing

An index grows from nothing; every add and every remove (of each tenth token) is timed. All changes take turns on one lock,
so the longest one is the longest that growing can keep a revoke waiting. Elapsed time includes whatever else the machine did
meanwhile; processor time does not, though a host that runs other guests can lengthen that as well: of three runs, one after the
other, the lowest.

""" + table(("tokens", "a person", "add, mean", "p99.99", "longest add, processor", "elapsed", "longest remove, processor",
             "elapsed"), rows)


def size(s):
    rows = []
    for (tokens, per), x in sorted(s.items(), reverse=True):
        load = (f"{x['ms'] / 1e3:.2f} s", f"{x['cpu_ms'] / 1e3:.2f} s") if "ms" in x else ("–", "–")
        rows.append((count(tokens), people(per), f"{bytes_per_token(x, 'index_bytes'):.1f} bytes",
                     f"{bytes_per_token(x, 'own_bytes'):.1f} bytes", *load))
    return """## Memory and loading

The index is its two files as allocated: slots, tables, names of owners and grants, usage cells. patd's own memory is what the
process holds beside it. Loading is patd's whole opening: every row read from SQLite, its MAC checked, entered in a new index.

""" + table(("tokens", "a person", "index, a token", "patd's own, a token", "loading",
            "its processor time, of two threads"), rows)


KINDS = (("plain", "as the API answers"), ("geometry", "with `geometry=paths`"), ("minimal", "nothing but the smallest nodes"))
ANSWERS = (("node", "one node"), ("depth1", "`depth=1`"), ("depth2", "`depth=2`"), ("ids10", "`ids=` of ten nodes"),
           ("whole", "the whole, without geometry"), ("paths", "the whole, with geometry"))


def documents(d):
    taken = [[f"{words}, {count(d[k]['nodes'])} nodes in {count(d[k]['bytes'] / 1e6)} MB", f"× {d[k]['scan_mb_s'] / d[k]['jansson_mb_s']:.1f}",
              f"× {d[k]['outline_mb_s'] / d[k]['jansson_mb_s']:.1f}", f"× {d[k]['build_peak']:.2f}", f"× {d[k]['jansson_peak']:.1f}",
              f"{d[k]['kept_bytes_node']:.1f}", ms(d[k]["load_us"] * 1e3)] for k, words in KINDS]
    answers = [[words, f"{count(d['geometry'][a + '_bytes'])} bytes", ms(d["geometry"][a + "_plan_us"] * 1e3),
                ms(d["geometry"][a + "_send_us"] * 1e3)] for a, words in ANSWERS]
    return f"""## Documents

A design document is outlined while it is uploaded; it is answered from byte ranges. One thread, its processor time. Compared with
jansson making a tree of the same text: how many times as fast, and how many times the text's size it takes at its peak.

{table(["document", "scanned", "outlined", "memory, outlining", "memory, jansson", "kept, bytes a node", "an outline loads in"], taken)}
Answers from the document with geometry, whose text is in memory: what is planned before the first byte is sent, and sending it
in windows of 64 KiB.

{table(["asked for", "answer", "planned in", "sent in"], answers)}"""


ASKED = (("whole", "the whole"), ("depth1", "`depth=1`"), ("node", "one node"))


def files(d):
    rows = [[f"{mib:g} MiB", words, f"{count(d[mib][a]['bytes'])} bytes", ms(d[mib][a]["api_ns"]), ms(d[mib][a]["static_ns"]),
             f"× {d[mib][a]['ratio']:.2f}", f"{d[mib][a]['memory'] / 1e6:.1f} MB"] for mib in d for a, words in ASKED]
    largest = max(d)
    return f"""## The files API

`GET /v1/files/:key` of `patd run` with a token, against Debian's nginx serving the same bytes as a static file. One client, one
connection that is kept, both on a tmpfs; time until the last byte. Memory is what patd's resident set grew by while it answered
again and again. Uploading the document of {largest:g} MiB took {d[largest]['upload_ns'] / 1e9:.2f} s.

{table(["document", "asked for", "answer", "patd", "static file", "ratio", "memory"], rows)}"""


def pages(d):
    rows = [[f"`{path}`", count(p["requests"]), count(p["wire"]), count(p["unpacked"]), count(p["first"]), f"{p['painted_ms']:.0f} ms", f"{p['loaded_ms']:.0f} ms",
             f"{p['last_ms']:.0f} ms"] for path, p in d.items()]
    return f"""## The pages

Each page's first load, in a window that is open and a Chromium that has nothing of it, on loopback; twenty tokens and two files are
listed. `/nothing` is the page of an address that is none: what this machine takes for the least of pages.

{table(["page", "requests", "bytes over the wire", "bytes unpacked", "of them before the first paint", "first paint", "loaded", "last answer"], rows)}"""


def nodes(d):
    rows = [[str(n), f"{x['generate']['p50']:.1f} ms", f"{x['generate']['p99']:.1f} ms", f"{x['revoke']['p50']:.1f} ms", f"{x['revoke']['p99']:.1f} ms"]
            for n, x in d["latency"].items()]
    load = d["loading"]
    return f"""## Several nodes

On one machine with PostgreSQL on a tmpfs, so what is measured is the protocol, not a disk or a network. A change is asked for over HTTP at one
node after the other; a revoke's answer says that every node has stopped.

{table(["nodes", "generate, p50", "p99", "revoke, p50", "p99"], rows)}
Three nodes that do nothing ask the database for {d['idle_per_s']:.1f} transactions a second, all together; while one of them verifies
{count(d['verifications_per_s'])} times a second, for {d['busy_per_s']:.1f}.

A verification takes {us(d['verification_ns']['node'])} of the worker's time at a node and {us(d['verification_ns']['sqlite'])} beside SQLite: × {d['verification_ratio']:.3f} as many in
the same time.

{count(load['tokens'])} tokens are loaded from PostgreSQL in {load['s']:.1f} s, every row's MAC checked.
"""


def machine(f):
    where = "a virtual machine with " if f["virtual"] else ""
    return (f"{where}{f['processors']} processors ({f['model']}), {f['memory_gib']} GiB, Linux {f['kernel']}, nginx {f['nginx']}, "
            f"SQLite {f['sqlite']}, {f['disk']} on disk; load average {f['load']:.1f} when it began")


def report(facts, r):
    parts = [f"""# Benchmarks

Written by `make bench` on {facts['date']} in {facts['minutes']:.0f} minutes, on {machine(facts)}.

Speed depends on the machine; the ratios are the point, and they are what `make bench` on yours should show again. Whatever is
compared took turns (A B A B …), and medians count. The programs are in `tests/bench`.

{promises(r)}"""]
    for name, part in (("edge", edge), ("verdicts", verdicts), ("limits", limits), ("asks", asks), ("product", product), ("growth", growth), ("size", size),
                       ("documents", documents), ("files", files),
                       ("pages", pages), ("nodes", nodes)):
        if name in r:
            parts.append(part(r[name]))
        if name == "verdicts" and "writes" in r:
            parts.append(writes(r["writes"], facts["disk"]))
    return "\n".join(parts)
