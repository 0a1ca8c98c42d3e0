"""Small parts: rate limits, the principal cache, wording, ownership of Gradio's ids."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from auth.accounts.principal import Principal
from auth.accounts.principal_cache import PrincipalCache
from auth.http.gradio_files import named_files
from auth.http.gradio_ownership import GradioOwnership
from auth.http.rate_limit import MOST_KEYS, RateLimit, TooManyAttempts, address_key
from auth.pages.account import _Notices
from auth.pages.wording import ago, device
from errors import StudioError

ANN = Principal(user_id="a", name="ann", role="owner")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"
EDGE = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0"


def test_attempts_are_allowed_again_after_a_minute() -> None:
    now = [0.0]
    tries = RateLimit(clock=lambda: now[0])
    for second in range(10):
        now[0] = second
        tries.take("a")
    now[0] = 30
    with pytest.raises(TooManyAttempts) as error:
        tries.take("a", "b")
    assert error.value.seconds == 30
    now[0] = 60
    tries.take("a")
    with pytest.raises(TooManyAttempts):
        tries.take("a")


def test_only_wrong_guesses_count() -> None:
    tries = RateLimit(most=1)
    with pytest.raises(StudioError), tries.counted("a"):
        raise StudioError("short_password", "Too short.", status=422)
    with tries.counted("a"):
        pass
    with pytest.raises(StudioError), tries.counted("a"):
        raise StudioError("wrong_password", "Wrong.", status=401)
    with pytest.raises(TooManyAttempts), tries.counted("a"):
        pytest.fail("was let in")


def test_a_flood_of_keys_uses_little_memory_and_locks_nobody_out() -> None:
    now = [0.0]
    tries = RateLimit(clock=lambda: now[0])
    tries.take("a")
    for _ in range(10):
        tries.take("victim")
    now[0] = 61
    for _ in range(10):
        tries.take("victim")
    with pytest.raises(TooManyAttempts):
        tries.take("a", "victim")  # all attempts of "a" have expired, and this one was not counted
    for number in range(MOST_KEYS + 100):
        tries.take(f"k{number}")
    tries.take("a", "b")
    assert len(tries._times) == MOST_KEYS
    now[0] = 130
    tries.take("victim")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("::ffff:10.0.0.1", "10.0.0.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("", "odd", False),
    ],
)
def test_addresses_of_one_client_count_together(one: str, other: str, same: bool) -> None:
    assert (address_key(one) == address_key(other)) is same


def test_a_lookup_before_a_change_is_not_cached_after_it() -> None:
    memory = PrincipalCache()
    generation = memory.generation
    memory.forget()
    memory.put("k", ANN, generation)
    assert memory.get("k") is None
    memory.put("k", ANN, memory.generation, expires_at=0.0)
    assert memory.get("k") is None
    memory.put("k", ANN, memory.generation)
    assert memory.get("k") == ANN


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (EDGE, "Edge on Windows"),
        ("python-httpx/0.28", "python-httpx"),
        ("", "A script"),
    ],
)
def test_browsers_have_names(agent: str, words: str) -> None:
    assert device(agent) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (5, "just now"),
        (120, "2 minutes ago"),
        (3600, "1 hour ago"),
        (86_400, "1 day ago"),
        (40 * 86_400, "November 22"),
    ],
)
def test_times_are_relative_words(seconds: float, words: str) -> None:
    now = 1_767_225_600.0 + 12 * 3600  # noon on January 1, 2026
    assert ago(now - seconds, now).startswith(words)


def test_ownership_forgets_the_least_recently_used() -> None:
    bindings = GradioOwnership()
    bindings.claim("page", "old", "ann")
    for number in range(20_000):
        bindings.claim("page", f"s{number}", "bob")
        if number % 1000 == 0:
            bindings.claim("page", "s0", "bob")
    bindings.claim("page", "old", "bob")
    with pytest.raises(StudioError):
        bindings.claim("page", "s0", "ann")


def test_files_are_found_at_any_depth() -> None:
    deep: object = {"path": "/x"}
    for _ in range(50_000):
        deep = [deep]
    assert list(named_files(deep)) == ["/x"]
    assert list(named_files({"url": "data:image/png;base64,", "text": "/etc/passwd"})) == []


def test_each_browser_gets_its_own_notice() -> None:
    notices = _Notices()

    def browser(number: int) -> Principal:
        return Principal(user_id="u", name="u", role="member", session=f"s{number}")

    def press(number: int) -> list[str]:
        said = []
        for time in range(100):
            notices.put(browser(number), {"done": f"{number} {time}"})
            said.append(notices.take(browser(number)).get("done", "nothing"))
        return said

    for number in range(100, 2000):  # so that searching them takes a while
        notices.put(browser(number), {"done": "waits"})
    with ThreadPoolExecutor(16) as threads:
        for number, said in enumerate(threads.map(press, range(16))):
            assert said == [f"{number} {time}" for time in range(100)]
