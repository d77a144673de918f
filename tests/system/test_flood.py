# SPDX-License-Identifier: Apache-2.0
"""VER-15: a flood of well-formed tokens that nobody was given stays at the edge. patd is not asked, the store is not
read, and a good token is answered all the while."""
import concurrent.futures
import http.client
import random
import time
import zlib

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number, width):
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        text = DIGITS[digit] + text
    return text


def random_token(rng):
    body = base62(rng.getrandbits(256), 43)
    return "pat_" + body + base62(zlib.crc32(body.encode()), 6)


def reads_and_writes(pid):
    with open(f"/proc/{pid}/io") as f:
        fields = dict(line.split(": ") for line in f.read().splitlines())
    return int(fields["rchar"]) + int(fields["wchar"])


def test_a_flood_of_unknown_tokens_stays_at_the_edge(product):
    ada = product.set_up()
    good = ada.generate("good")["token"]
    while not any(line["event"] == "http.request" and line["path"] == "/api/v1/tokens" for line in product.log()):
        time.sleep(0.01)  # the line of that request follows its answer
    pid, lines = product.process.pid, len(product.log())

    def flood(seed):
        rng = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=10)
        refused = 0
        for _ in range(1500):
            connection.request("GET", "/v1/me", headers={"X-Figma-Token": random_token(rng)})
            response = connection.getresponse()
            refused += response.status == 401 and b"Invalid token" in response.read()
        connection.close()
        return refused

    before = reads_and_writes(pid)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        floods = [pool.submit(flood, seed) for seed in range(4)]
        answered = 0
        while not all(f.done() for f in floods):
            answered += product.get("/verify", token=good).status == 200
    assert [f.result() for f in floods] == [1500] * 4
    assert answered > 0
    new = product.log()[lines:]
    assert not [line for line in new if line["event"] == "http.request"]
    # What patd still does is pass on the edge's own lines: one for each refusal, well under 1 KiB both ways.
    assert reads_and_writes(pid) - before < 6000 * 2 * 1024
