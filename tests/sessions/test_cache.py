import threading

from app.sessions.store.cache import ByteCache


def make_cache(capacity: int = 100) -> ByteCache[str, bytes]:
    return ByteCache(capacity, len)


def test_a_value_is_made_once() -> None:
    cache, made = make_cache(), []

    def make() -> bytes:
        made.append(1)
        return b"value"

    assert cache.get("a", make) is cache.get("a", make)
    assert len(made) == 1


def test_the_one_not_used_for_longest_goes_first() -> None:
    cache = make_cache()
    for key in "abc":
        cache.get(key, lambda: b"x" * 33)
    cache.get("a", lambda: b"")
    cache.get("d", lambda: b"x" * 33)

    assert cache.get("a", lambda: b"new") == b"x" * 33
    assert cache.get("b", lambda: b"new") == b"new"


def test_bytes_never_exceed_the_capacity() -> None:
    cache = make_cache()
    for size in range(60):
        cache.get(str(size), lambda size=size: b"x" * size)  # type: ignore[misc]
        assert cache.bytes <= 100


def test_a_giant_is_handed_out_but_not_kept() -> None:
    cache = make_cache()
    cache.get("small", lambda: b"x")

    assert len(cache.get("giant", lambda: b"x" * 51)) == 51
    assert len(cache) == 1
    assert cache.bytes == 1


def test_forgetting_frees_the_bytes() -> None:
    cache = make_cache()
    for key in ("a1", "a2", "b1"):
        cache.get(key, lambda: b"x" * 10)

    cache.forget(lambda key: key.startswith("a"))

    assert len(cache) == 1
    assert cache.bytes == 10


def test_threads_keep_the_count_of_bytes_right() -> None:
    cache = make_cache(1000)

    def work(seed: int) -> None:
        for i in range(500):
            key = str((i * seed) % 37)
            cache.get(key, lambda key=key: b"x" * (int(key) + 1))  # type: ignore[misc]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert cache.bytes == sum(len(cache.get(str(k), lambda: b"")) for k in range(37) if k < 37)
