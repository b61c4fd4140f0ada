"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from headrace.errors import HeadraceError
from headrace.server.api import Served
from headrace.server.failures import ErrorBody, error_reply
from headrace.server.replies import Reply

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class Ready(BaseModel):
    """The ledger answers and something serves."""

    status: Literal["ready"]
    serving: list[str]
    """Corpora with a generation that serves."""


class NotReady(HeadraceError):
    """The server cannot answer queries yet."""


@router.get("/healthz", response_model=Alive)
async def healthz() -> Reply:
    """Say that the process lives; looks at nothing else."""
    return Reply({"status": "ok"})


@router.get("/readyz", response_model=Ready, responses={503: {"model": ErrorBody}})
def readyz(workspace: Served) -> Reply:
    """Say that the ledger answers and that a corpus serves; 503 otherwise."""
    try:
        serving = workspace.serving()
    except HeadraceError as error:
        return error_reply(
            NotReady(f"The ledger does not answer ({error.type}).", hint="Look at the server's log."),
            status=503,
        )
    if not serving:
        return error_reply(NotReady("No corpus serves yet.", hint="Run `headrace sync`."), status=503)
    return Reply({"status": "ready", "serving": serving})
