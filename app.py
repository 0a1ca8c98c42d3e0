"""The entry point: reads settings, wires services, the gate and Gradio, and serves."""

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
from engines.torch_setup import collector_paused
from errors import StudioError
from settings import Settings, from_command_line

if TYPE_CHECKING:
    import socket

    from fastapi import FastAPI
    from gradio import Blocks
    from starlette.routing import Mount
    from starlette.types import ASGIApp

    from data import DataFolder
    from engines.host.config import EngineConfig
    from studio import Studio

HERE = Path(__file__).parent
DAY = 24 * 60 * 60
SHUT_OUT_SECONDS = 2.0
"""Seconds between checks for jobs of people who were disabled from the command line."""
SWITCH_SECONDS = 0.0005
"""Seconds after which a thread hands over to the next that has Python to run (Python's own default is ten times that):
while a model loads in this process, a request needs the turn several times."""
log = logging.getLogger("c41")


def tame_gradio(data: "DataFolder") -> None:
    """Set Gradio's cache folder and turn off its analytics, which must happen before it is imported."""
    from api.gradio_import import import_without_stubs

    os.environ.setdefault("PATH", os.defpath)  # one of Gradio's dependencies requires it
    os.environ.update(
        GRADIO_TEMP_DIR=str(data.uploads),
        GRADIO_ANALYTICS_ENABLED="False",
        HF_HUB_DISABLE_TELEMETRY="1",
        GRADIO_ANALYTICS_MAX_EVENTS="50",
        GRADIO_ANALYTICS_CACHE_FREQUENCY="1000000000",
    )
    import_without_stubs()


def engine_config(settings: Settings, data: "DataFolder", starter: Path) -> "EngineConfig":
    """Return the settings the engines need."""
    from engines.host.config import EngineConfig

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

    Raises StudioError if the folder is in use, from a newer version, or not writable.
    """
    from auth.accounts.users import Accounts
    from data import DataFolder
    from db import open_database
    from engines.catalog import Catalog
    from engines.host.hosts import make_hosts
    from engines.language.models import LanguageService
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
    catalog = Catalog(starter=starter, own=data.catalog, ollama=config.ollama, country=settings.country)
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
        language=LanguageService(catalog),
        recipes=Recipes(database, library, catalog, jobs),
    )


@collector_paused()
def build_app(studio: "Studio") -> "ASGIApp":
    """Build the web app: our own routes, Gradio at the root, the gate in front of everything."""
    tame_gradio(studio.data)
    from fastapi import FastAPI
    from fastapi.concurrency import run_in_threadpool
    from fastapi.staticfiles import StaticFiles
    from sqlalchemy.exc import OperationalError
    from starlette.middleware.cors import CORSMiddleware

    import tabs
    from api import errors
    from api.operations import rest
    from auth.http.middleware import protect
    from auth.pages import sign_in
    from tabs.loading.first_paint import FirstPaint
    from tabs.loading.hashed_files import HashedFiles

    async def keep_house() -> None:
        while True:
            await asyncio.sleep(DAY)
            try:
                await run_in_threadpool(studio.library.recover)
                await run_in_threadpool(studio.conversations.sweep)
            except Exception:
                log.exception("Could not clean up the library. The studio tries again tomorrow.")

    async def end_shut_out() -> None:
        while True:
            await asyncio.sleep(SHUT_OUT_SECONDS)
            try:
                await run_in_threadpool(studio.jobs.end_shut_out)
            except Exception:
                log.exception("Could not stop the jobs of disabled people. The studio tries again.")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        studio.jobs.start()  # before the cleanup: first adopt finished files whose rows a crash prevented
        try:
            studio.library.recover()
        except (OperationalError, OSError) as error:  # a full disk, a file that is not ours: not urgent
            log.warning("Could not clean up the library. The studio tries again tomorrow: %s", error)
        studio.recipes.start()
        keeping = [asyncio.create_task(work()) for work in (keep_house, end_shut_out)]
        yield
        for task in keeping:
            task.cancel()
        await run_in_threadpool(studio.recipes.stop)
        await run_in_threadpool(studio.jobs.stop)

    app = FastAPI(title="C41 Studio", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.add_middleware(CORSMiddleware, allow_origins=[])  # keeps Gradio from reflecting any origin
    errors.install(app)
    app.include_router(sign_in.router(studio.accounts, studio.settings, studio.data))
    app.include_router(rest.router(studio))
    files = HashedFiles()
    app.add_route("/c41/page/{name}", files.serve)
    app.mount("/c41", StaticFiles(directory=HERE / "assets"))  # "/assets" belongs to Gradio
    blocks = mount_gradio(app, studio)
    head = tabs.page_head(studio, blocks, files)
    return protect(FirstPaint(app, head), studio.accounts, studio.data, studio.settings)


def mount_gradio(app: "FastAPI", studio: "Studio") -> "Blocks":
    """Build the page and mount it at the root, and close what Gradio leaves open."""
    import gradio as gr

    import tabs
    from api import errors
    from api.fair_queue import share_queue
    from api.lean_sessions import keep_sessions_lean
    from api.operations import gradio as endpoints
    from api.operations.script_values import explain_missing_arguments
    from api.single_app import only_at_the_end

    with only_at_the_end():
        blocks = tabs.build(studio)
        with blocks:
            endpoints.install(studio)
        blocks.queue(api_open=False, max_size=200, default_concurrency_limit=None)
    blocks.state_session_capacity = 300  # the default of 10,000 sessions, 2.3 KiB per component, is never freed
    blocks.max_threads = 200  # mount_gradio_app has no parameter for it
    share_queue(blocks)
    explain_missing_arguments(blocks)
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth_dependency=lambda request: request.state.principal and request.state.principal.name,
        max_file_size=f"{studio.settings.max_upload_mb}mb",
        show_error=False,  # errors meant for people are shown anyway; others would expose internals
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        app_kwargs={"openapi_url": None, "exception_handlers": errors.gradio_handlers()},
        **tabs.mount_options(),
    )
    pages = cast("gr.routes.App", cast("Mount", app.routes[-1]).app)
    errors.install_pages(pages)
    keep_sessions_lean(pages, blocks)
    blocks.has_launched = True  # mounting leaves it False, which lets any client read any file of this computer
    return blocks


def forget_garbage() -> None:
    """Exclude all present objects from garbage collection: they stay, and scanning them again and again would block all
    requests for up to half a second. Memory that only starting needed goes back to the system."""
    from engines.memory import host_memory

    gc.collect()
    gc.freeze()
    host_memory.give_back()


def serve(studio: "Studio", sockets: list["socket.socket"]) -> None:
    """Serve until Ctrl-C or SIGTERM; running jobs return to the queue."""
    import uvicorn

    from auth.http.connection_limits import ConnectionLimits, bounded_config, raise_open_files
    from auth.lan.addresses import LAN

    host, port = sockets[0].getsockname()[:2]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    listening = f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
    address = studio.settings.base_url or listening
    limits = ConnectionLimits(raise_open_files(), studio.settings.proxies)
    app = build_app(studio)
    forget_garbage()
    sys.setswitchinterval(SWITCH_SECONDS)
    config = bounded_config(
        app,
        limits,
        log_config=None,
        log_level="warning",
        proxy_headers=False,  # the gate decides which proxies to trust
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    print(f"C41 Studio is running at {address}", flush=True)
    if studio.settings.host == LAN:
        from auth.lan.lan_server import LanServer, invitation
        from auth.pages.certificate_page import folder_of

        server: uvicorn.Server = LanServer(config, sockets, folder_of(studio.data), limits)
        print(invitation(port, studio.settings.base_url), flush=True)
    else:
        server = uvicorn.Server(config)
    if link := studio.accounts.first_run_link():
        print(f"Create the first account: {address}{link}", flush=True)
    server.run(sockets=sockets)


def main() -> None:
    """Run the studio from the command line."""
    from auth.lan.addresses import listen

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
