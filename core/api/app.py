"""The API as one application: its routes, its description, and its errors."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.responses import HTMLResponse, Response

from core.api import PREFIX as PREFIX
from core.api import (
    routes_audit,
    routes_backups,
    routes_calculations,
    routes_checks,
    routes_equipment,
    routes_events,
    routes_health,
    routes_jobs,
    routes_keys,
    routes_my_data,
    routes_projections,
    routes_provider_keys,
    routes_shares,
    routes_system_configs,
    routes_usage,
    routes_webhooks,
    routes_world,
)
from core.api.deeds import deletion_noted
from core.api.docs import PAGE, SCRIPT, STYLE
from core.api.handlers import install
from core.api.limits import limited
from core.health import probe

VERSION = "1.0.0"
ROUTERS: tuple[APIRouter, ...] = (
    routes_audit.router,
    routes_backups.router,
    routes_calculations.router,
    routes_checks.router,
    routes_equipment.router,
    routes_events.router,
    routes_jobs.router,
    routes_keys.router,
    routes_my_data.router,
    routes_projections.router,
    routes_provider_keys.router,
    routes_shares.router,
    routes_system_configs.router,
    routes_usage.router,
    routes_webhooks.router,
    routes_world.router,
)
# whoever watches the server, or has a link that was shared, has no key
UNLIMITED: tuple[APIRouter, ...] = (routes_health.router, routes_shares.open_to_all)
TAGS = (  # as a reader wants them
    "system configurations", "projections", "calculations", "jobs", "equipment", "world", "shares", "events", "webhooks",
    "keys", "my data", "operation", "health",
)  # fmt: skip
ABOUT = """
Whatever the dashboard does, for programs. Bodies are JSON; what is made answers 201 with its address in `Location`.
Lists come in pages: `limit`, and `cursor` with the `next_cursor` of the page before. A change says in `If-Match` which
version was read. A POST with an `Idempotency-Key` may be sent again after a lost answer, but for keys and
backups, which are made anew each time. Every failure has one form.
"""


@cache
def api() -> FastAPI:
    """The application, made once."""
    app = FastAPI(
        title="Solar Mining Calculator",
        version=VERSION,
        description=ABOUT,
        openapi_tags=[{"name": name} for name in TAGS],
        servers=[{"url": PREFIX}],
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        generate_unique_id_function=_operation_id,
    )
    app.include_router(_pages())
    for router in UNLIMITED:
        app.include_router(router)
    for router in ROUTERS:
        app.include_router(router, dependencies=[Depends(limited), Depends(deletion_noted)])
    install(app, methods_at)
    return app


def methods_at(path: str) -> set[str]:
    """The methods that an address of the API knows."""
    routers = (*ROUTERS, *UNLIMITED, _pages())
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    found = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return found or {"GET"}  # such as /openapi.json, which no router has


def _operation_id(route: APIRoute) -> str:
    return route.name


@cache
def _pages() -> APIRouter:
    """The documentation, which loads nothing from anywhere else."""
    router = APIRouter(include_in_schema=False)
    for path, text, kind in (
        ("/docs", PAGE, "text/html"),
        ("/docs/page.js", SCRIPT, "text/javascript"),
        ("/docs/page.css", STYLE, "text/css"),
    ):
        router.add_api_route(path, _constant(text, kind), methods=["GET"])
    return router


def _constant(text: str, kind: str) -> Any:
    async def page() -> Response:
        return HTMLResponse(text, media_type=kind)

    return page


def warm() -> None:
    """Make what the first call would wait for."""
    api().openapi()
    probe().look()
