"""Reading a text while it grows: all of it, in order, and then its end."""

import asyncio
from typing import Any

import pytest

from auth.accounts.principal import Principal
from engines import protocol
from errors import StudioError
from tests.jobs.queue_fixtures import Scene, until

PATIENCE = 20.0


def words(scene: Scene, envelope: protocol.Envelope, *said: str) -> None:
    for delta in said:
        scene.device.say(protocol.Text(job=envelope.job, attempt=envelope.attempt, delta=delta))


async def whole(pieces: Any) -> str:
    async with asyncio.timeout(PATIENCE):
        return "".join([piece async for piece in pieces])


def test_an_early_reader_gets_the_whole_text(scene: Scene, mum: Principal) -> None:
    job = scene.draw(mum)

    async def read() -> str:
        reading = asyncio.create_task(whole(scene.jobs.text(mum, job.id)))
        await asyncio.sleep(0)  # it waits while the job is still in the queue
        await asyncio.to_thread(scene.jobs.start)
        envelope = await asyncio.to_thread(scene.device.next)
        words(scene, envelope, "Once ", "upon ", "a time.")
        scene.device.finish(envelope)
        return await reading

    assert asyncio.run(read()) == "Once upon a time."


def test_an_end_between_two_polls_is_noticed(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    words(scene, envelope, "All of it.")
    until(lambda: scene.jobs.get(mum, job.id).text)

    async def read() -> list[str | None]:
        pieces = scene.jobs.text(mum, job.id)
        first = await anext(pieces)
        scene.device.finish(envelope)
        await asyncio.to_thread(scene.until, mum, job, "done")
        async with asyncio.timeout(PATIENCE):
            return [first, await anext(pieces, None)]

    assert asyncio.run(read()) == ["All of it.", None]


def test_reading_continues_after_a_character(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    words(scene, envelope, "🎬 cut. ", "Again.")
    scene.device.finish(envelope)
    scene.until(mum, job, "done")
    assert asyncio.run(whole(scene.jobs.text(mum, job.id, 7))) == "Again."
    assert asyncio.run(whole(scene.jobs.text(mum, job.id, 99))) == ""


def test_nobody_reads_anothers_text(scene: Scene, mum: Principal, dad: Principal) -> None:
    job = scene.draw(mum)
    with pytest.raises(StudioError):
        asyncio.run(whole(scene.jobs.text(dad, job.id)))


def test_a_text_that_turns_out_to_be_reasoning_starts_again(scene: Scene, mum: Principal) -> None:
    job = scene.draw(mum)

    async def read() -> str:
        await asyncio.to_thread(scene.jobs.start)
        envelope = await asyncio.to_thread(scene.device.next)
        words(scene, envelope, "The user wants a title. ")
        reading = scene.jobs.text(mum, job.id)
        first = await anext(reading)
        scene.device.say(protocol.TextWasThinking(job=job.id, attempt=envelope.attempt))
        words(scene, envelope, "The Last Ferry, a story of the sea")
        void = await whole(reading)
        scene.device.finish(envelope)
        return f"{first}|{void}|{await whole(scene.jobs.text(mum, job.id))}"

    assert asyncio.run(read()) == "The user wants a title. ||The Last Ferry, a story of the sea"
    assert scene.jobs.get(mum, job.id).thinking == "The user wants a title. "


def test_a_text_that_is_void_leaves_nothing_behind(scene: Scene, mum: Principal) -> None:
    scene.jobs.start()
    job = scene.draw(mum)
    envelope = scene.device.next()
    scene.device.say(protocol.Facts(job=job.id, attempt=envelope.attempt, facts={"tokens": 2}))
    scene.device.say(protocol.Text(job=job.id, attempt=envelope.attempt, delta="A greeting.", thinking=True))
    words(scene, envelope, "Hello ", "wor")
    scene.device.say(protocol.TextVoid(job=job.id, attempt=envelope.attempt))
    words(scene, envelope, "Hello ", "world")
    scene.device.finish(envelope)
    scene.until(mum, job, "done")
    seen = scene.jobs.get(mum, job.id)
    assert (seen.text, seen.thinking, seen.facts) == ("Hello world", "", {})
