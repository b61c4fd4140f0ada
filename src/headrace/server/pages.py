"""The page at / and the files it is made of."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse
from starlette.staticfiles import StaticFiles

_FOLDER = Path(__file__).with_name("page")

router = APIRouter(include_in_schema=False)


@router.get("/")
async def index() -> FileResponse:
    """The page to search and ask."""
    return FileResponse(_FOLDER / "index.html", headers={"cache-control": "no-cache"})


def mount_assets(app: FastAPI) -> None:
    """Serve the page's own style, scripts and icon under /page."""
    app.mount("/page", StaticFiles(directory=_FOLDER))
