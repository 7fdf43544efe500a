"""API reference at ``/api/docs``: Swagger UI from its wheel, so that nothing is loaded from elsewhere."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

import voice
from voice.console.proxy import prefix_of

STATIC = "/api/docs/static"
DESCRIPTION = "/api/v1/openapi.json"


def add_reference(app: FastAPI, api: APIRouter) -> None:
    """The page, its assets, and the description of ``api`` that it displays."""
    from swagger_ui_bundle import swagger_ui_path

    described = get_openapi(
        title="Huying 呼应",
        version=voice.__version__,
        openapi_version="3.0.3",
        routes=api.routes,
        description="The journal for other systems, and orders to the running station.",
    )

    @app.get(DESCRIPTION, include_in_schema=False)
    def description(request: Request) -> dict[str, Any]:
        return {**described, "servers": [{"url": prefix_of(request.scope) or "/"}]}

    @app.get("/api/docs", include_in_schema=False)
    def page(request: Request) -> HTMLResponse:
        prefix = prefix_of(request.scope)
        return get_swagger_ui_html(
            openapi_url=prefix + DESCRIPTION,
            title="Huying API",
            swagger_js_url=f"{prefix}{STATIC}/swagger-ui-bundle.js",
            swagger_css_url=f"{prefix}{STATIC}/swagger-ui.css",
            swagger_favicon_url=f"{prefix}{STATIC}/favicon-32x32.png",
        )

    app.mount(STATIC, StaticFiles(directory=str(swagger_ui_path)))
