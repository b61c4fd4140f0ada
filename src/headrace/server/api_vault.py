"""The HTTP API of the vault. Values leave it only through `reveal`, and only to this machine."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from headrace.records.vault import RevealReport, RotateReport, VaultStatus
from headrace.server.api import ERRORS, Served
from headrace.server.replies import Reply

router = APIRouter(prefix="/api/vault", responses=ERRORS, tags=["vault"])


class RevealRequest(BaseModel):
    """A token whose value is needed."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(max_length=200, description="As ⟨PERSON_k7f3q2ma⟩, brackets or not.")]
    reason: Annotated[str, Field(min_length=1, max_length=2000, description="Goes to the audit log.")]
    session: Annotated[
        str | None, Field(max_length=1000, description="Whose it is, where several have it.")
    ] = None
    subject: Annotated[
        str | None, Field(max_length=1000, description="The user of that session, if it has one.")
    ] = None


@router.get("", response_model=VaultStatus)
def vault_status(
    workspace: Served,
    limit: Annotated[int, Query(ge=0, le=1000, description="Newest entries of the audit log.")] = 10,
) -> Reply:
    """Show what the vault holds, its keys, and who had values shown; never a value."""
    return Reply(workspace.vault.status(limit=limit))


@router.post("/reveal", response_model=RevealReport)
def reveal(workspace: Served, asked: Annotated[RevealRequest, Body()]) -> Reply:
    """Show the value of one token. Who asked, when and why is in the audit log before it is read."""
    return Reply(
        workspace.vault.reveal(asked.token, reason=asked.reason, session=asked.session, subject=asked.subject)
    )


@router.post("/rotate", response_model=RotateReport)
def rotate(workspace: Served) -> Reply:
    """Replace all keys; run it again when it was interrupted."""
    return Reply(workspace.vault.rotate())
