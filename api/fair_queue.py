"""Limits on Gradio's queue per person, so that one person's calls cannot block the others'."""

from typing import Any

import gradio as gr
from fastapi import HTTPException, Request

from auth.http.gate import principal

WAITING = "wait_job"
MOST_WAITING = 50
"""Jobs one person may follow with ``wait_job`` at a time."""
MOST_CALLS = 100
"""Calls one person may have running at a time, including ``wait_job``."""
PLACES = 1000
"""Running calls in total; following a job uses a slot but no thread."""
LOOK_SECONDS = 0.02
"""Interval for polling an empty queue. Gradio's default of 1 ms keeps a tenth of a core busy all the time."""


def share_queue(blocks: gr.Blocks) -> None:
    """Limit the calls of each person in the queue of ``blocks``; further calls get 429 with a message."""
    queue = blocks._queue
    queue.max_thread_count = PLACES
    queue.sleep_when_free = LOOK_SECONDS
    push = queue.push

    async def push_fairly(body: Any, request: Request, username: str | None) -> Any:
        who = principal(request).user_id
        mine = [event.fn for event in queue.event_ids_to_events.values() if principal(event.request).user_id == who]
        waits = sum(fn.api_name == WAITING for fn in mine)
        if waits >= MOST_WAITING and getattr(blocks.fns.get(body.fn_index), "api_name", None) == WAITING:
            raise _too_many(f"You are already following {MOST_WAITING} jobs with /wait_job.")
        if len(mine) >= MOST_CALLS:
            raise _too_many(f"{MOST_CALLS} of your calls are still running.")
        return await push(body=body, request=request, username=username)

    queue.push = push_fairly  # type: ignore[method-assign]


def _too_many(what: str) -> HTTPException:
    why = "Calls are limited per person, so that the studio can serve everyone."
    return HTTPException(429, f"{what} {why} Wait for one of them to end, or get all jobs at once with GET /api/jobs.")
