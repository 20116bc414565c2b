"""A process that adds versions to one key of a log as fast as it can, against others; prints those that it added."""

from __future__ import annotations

import sys
import threading

from source_meta_ads.registry.store import open_store


def race(url: str, name: str, count: int) -> list[int]:
    log = open_store(url)
    added: list[int] = []
    while len(added) < count:
        latest = log.latest("state/raced")
        number = latest.number + 1 if latest else 1
        if log.create("state/raced", number, {"by": name, "number": number}):
            added.append(number)
    return added


def main(url: str, name: str, count: int, n_threads: int) -> None:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda n=n: found.extend(race(url, f"{name}-{n}", count))) for n in range(n_threads)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(" ".join(map(str, found)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
