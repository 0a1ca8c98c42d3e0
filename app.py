"""The front door: settings, services, the gate, Gradio, serve."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import logs
from errors import StudioError
from settings import Settings, from_command_line

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI
    from starlette.routing import Mount
    from starlette.types import ASGIApp

    from data import DataFolder
    from engines.config import EngineConfig
    from studio import Studio

HERE = Path(__file__).parent
DAY = 24 * 60 * 60
SHUT_OUT_SECONDS = 2.0
"""How soon the jobs end of somebody who is kept out from the command line."""
log = logging.getLogger("c41")


def tame_gradio(data: "DataFolder") -> None:
    """Say before Gradio is imported where its cache lies, and that it measures and reports nothing."""
    os.environ.setdefault("PATH", os.defpath)  # a library of its takes it for granted
    os.environ.update(
        GRADIO_TEMP_DIR=str(data.uploads),
        GRADIO_ANALYTICS_ENABLED="False",
        HF_HUB_DISABLE_TELEMETRY="1",
        GRADIO_ANALYTICS_MAX_EVENTS="50",
        GRADIO_ANALYTICS_CACHE_FREQUENCY="1000000000",
    )


def engine_config(settings: Settings, data: "DataFolder", starter: Path) -> "EngineConfig":
    """The settings that the engines need."""
    from engines.config import EngineConfig

    return EngineConfig(
        starter=starter,
        catalog=data.catalog,
        memory_bytes=int(settings.device_memory_gb * 1e9) if settings.device_memory_gb else None,
        idle_seconds=settings.idle_minutes * 60,
        threads=settings.threads,
        keep_free_bytes=settings.keep_free_mb * 2**20,
        hub_token=data.hub_token,
        logs=data.logs,
        ollama_url=settings.ollama_url,
        ollama_key=settings.ollama_key or "",
        ollama_keep_alive=settings.ollama_keep_alive,
        ollama_stall_seconds=settings.ollama_stall_seconds,
        ollama_shares_card=settings.ollama_shares_card,
    )


def build_studio(settings: Settings) -> "Studio":
    """Wire the services on a locked data folder. Nothing runs until ``studio.jobs.start()``.

    Raises StudioError where the folder is in use, of a newer version, or cannot be written.
    """
    from auth.accounts import Accounts
    from data import DataFolder
    from db import open_database
    from engines.catalog import Catalog
    from engines.host import make_hosts
    from engines.language.shelf import Language
    from jobs.recipes.service import Recipes
    from jobs.service import Jobs
    from library.conversations.service import Conversations
    from library.service import Library
    from studio import Studio

    data = DataFolder(settings.data)
    data.create()
    data.lock()
    try:
        database = open_database(data.database)
    except BaseException:
        data.unlock()
        raise
    starter = (settings.starter or data.starter).expanduser().resolve()
    config = engine_config(settings, data, starter)
    catalog = Catalog(starter=starter, own=data.catalog, ollama=config.ollama)
    library = Library(database, data)
    jobs = Jobs(
        database,
        data,
        library,
        catalog,
        make_hosts(settings.engine, config),
        keep_free_bytes=config.keep_free_bytes,
    )
    return Studio(
        settings=settings,
        data=data,
        database=database,
        accounts=Accounts(database, settings),
        catalog=catalog,
        library=library,
        conversations=Conversations(database),
        jobs=jobs,
        language=Language(catalog),
        recipes=Recipes(database, library, catalog, jobs),
    )


def build_app(studio: "Studio") -> "ASGIApp":
    """The whole web app: own routes, Gradio at the root, the gate before everything."""
    tame_gradio(studio.data)
    from fastapi import FastAPI
    from fastapi.concurrency import run_in_threadpool
    from fastapi.staticfiles import StaticFiles
    from sqlalchemy.exc import OperationalError
    from starlette.middleware.cors import CORSMiddleware

    from api import errors, rest
    from auth import pages
    from auth.mount import protect
    from tabs.first_paint import FirstPaint

    async def keep_house() -> None:
        while True:
            await asyncio.sleep(DAY)
            try:
                await run_in_threadpool(studio.library.recover)
                await run_in_threadpool(studio.conversations.sweep)
            except Exception:
                log.exception("The library could not be swept; tomorrow again.")

    async def end_shut_out() -> None:
        while True:
            await asyncio.sleep(SHUT_OUT_SECONDS)
            try:
                await run_in_threadpool(studio.jobs.end_shut_out)
            except Exception:
                log.exception("The jobs of people who are kept out could not be stopped; they are tried again.")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        studio.jobs.start()  # before the sweep: finished files whose rows a crash prevented are kept first
        try:
            studio.library.recover()
        except (OperationalError, OSError) as error:  # a full disk, a file that is not ours: there is all day to sweep
            log.warning("The library could not be swept; tomorrow again: %s", error)
        studio.recipes.start()
        keeping = [asyncio.create_task(work()) for work in (keep_house, end_shut_out)]
        yield
        for task in keeping:
            task.cancel()
        await run_in_threadpool(studio.recipes.stop)
        await run_in_threadpool(studio.jobs.stop)

    app = FastAPI(title="C41 Studio", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # its presence keeps Gradio from reflecting any origin
    errors.install(app)
    app.include_router(pages.router(studio.accounts, studio.settings, studio.data))
    app.include_router(rest.router(studio))
    app.mount("/c41", StaticFiles(directory=HERE / "assets"))  # "/assets" is Gradio's own
    mount_gradio(app, studio)
    return protect(FirstPaint(app), studio.accounts, studio.data, studio.settings)


def mount_gradio(app: "FastAPI", studio: "Studio") -> None:
    """Build the page and mount it at the root, with the doors shut that Gradio leaves open."""
    import gradio as gr

    import tabs
    from api import endpoints, errors
    from api.arguments import tell_too_few
    from api.fair_queue import share_queue
    from api.lean_sessions import keep_sessions_lean

    blocks = tabs.build(studio)
    with blocks:
        endpoints.install(studio)
    blocks.state_session_capacity = 300  # 10,000 sessions of 2.3 KiB a component are never freed otherwise
    blocks.queue(api_open=False, max_size=200, default_concurrency_limit=None)
    blocks.max_threads = 200  # mounting has no parameter for it
    share_queue(blocks)
    tell_too_few(blocks)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth_dependency=lambda request: request.state.principal and request.state.principal.name,
        max_file_size=f"{studio.settings.max_upload_mb}mb",
        show_error=False,  # errors meant for people are shown all the same; others would show our insides
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        app_kwargs={"openapi_url": None, "exception_handlers": errors.gradio_handlers()},
        **tabs.mount_options(studio),
    )
    pages = cast("gr.routes.App", cast("Mount", app.routes[-1]).app)
    errors.install_pages(pages)
    keep_sessions_lean(pages, blocks)
    blocks.has_launched = True  # mounting leaves it False, and then any client may read any file of this machine


def forget_garbage() -> None:
    """Have Python look for garbage only in what comes from now on: the app itself stays, and going through all of it
    would hold everybody's requests for up to half a second, again and again."""
    gc.collect()
    gc.freeze()


def serve(studio: "Studio", sockets: list["socket.socket"]) -> None:
    """Serve until Ctrl-C or SIGTERM; running jobs go back to the queue."""
    import uvicorn

    from auth.connection_limits import ConnectionLimits, bounded_config, raise_open_files
    from auth.lan import LAN

    host, port = sockets[0].getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    listening = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    address = studio.settings.base_url or listening
    limits = ConnectionLimits(raise_open_files(), studio.settings.proxies)
    app = build_app(studio)
    forget_garbage()
    config = bounded_config(
        app,
        limits,
        log_config=None,
        log_level="warning",
        proxy_headers=False,  # the gate decides whose headers are believed
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    print(f"C41 Studio is at {address}", flush=True)
    if studio.settings.host == LAN:
        from auth.house_server import HouseServer, invitation
        from auth.trust import folder_of

        server: uvicorn.Server = HouseServer(config, sockets, folder_of(studio.data), limits)
        print(invitation(port, studio.settings.base_url), flush=True)
    else:
        server = uvicorn.Server(config)
    if link := studio.accounts.first_run_link():
        print(f"Create the first account: {address}{link}", flush=True)
    server.run(sockets=sockets)


def main() -> None:
    """Run the studio from the command line."""
    from auth.lan import listen

    settings = from_command_line()
    logs.to_terminal(settings.log_level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sockets = listen(settings.host, settings.port)
        studio = build_studio(settings)
    except StudioError as error:
        sys.exit(error.problem.sentence)
    logs.to_file(studio.data.logs / "studio.log")
    try:
        with suppress(KeyboardInterrupt):
            serve(studio, sockets)
    finally:
        studio.database.close()
        studio.data.unlock()


if __name__ == "__main__":
    main()
