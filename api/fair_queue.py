"""Gradio's queue, shared fairly: nobody's calls take the places that the others need."""

from typing import Any

import gradio as gr
from fastapi import HTTPException, Request

from auth.gate import principal

WAITING = "wait_job"
MOST_WAITING = 50
"""Jobs that one person may follow with ``wait_job`` at a time."""
MOST_CALLS = 100
"""Calls of one person, those among them, that may be under way at a time."""
PLACES = 1000
"""Calls under way for everybody together; following a job takes a place and no thread."""
LOOK_SECONDS = 0.02
"""Between two looks into an empty queue. Gradio's own millisecond keeps a tenth of a core busy day and night."""


def share_queue(blocks: gr.Blocks) -> None:
    """Bound what one person may have in the queue of ``blocks``; more is refused with 429 and a sentence."""
    queue = blocks._queue
    queue.max_thread_count = PLACES
    queue.sleep_when_free = LOOK_SECONDS
    push = queue.push

    async def push_fairly(body: Any, request: Request, username: str | None) -> Any:
        who = principal(request).user_id
        mine = [event.fn for event in queue.event_ids_to_events.values() if principal(event.request).user_id == who]
        waits = sum(fn.api_name == WAITING for fn in mine)
        if waits >= MOST_WAITING and getattr(blocks.fns.get(body.fn_index), "api_name", None) == WAITING:
            raise _too_many(f"You already follow {MOST_WAITING} jobs with /wait_job.")
        if len(mine) >= MOST_CALLS:
            raise _too_many(f"{MOST_CALLS} calls of yours are still under way.")
        return await push(body=body, request=request, username=username)

    queue.push = push_fairly  # type: ignore[method-assign]


def _too_many(what: str) -> HTTPException:
    why = "The studio answers everybody, so each person has a share of its calls."
    return HTTPException(429, f"{what} {why} Wait for one of them to end, or ask GET /api/jobs for all jobs at once.")
