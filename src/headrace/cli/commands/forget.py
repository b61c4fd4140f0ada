"""`headrace forget`: documents out of everything, for good, with a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from headrace.cli.commands.hide import ReasonOption, YesOption
from headrace.cli.options import JsonOption, WorkspaceOption, workspace_folder

if TYPE_CHECKING:
    from headrace.workspace import Workspace

_MODES = ("--due", "--replay", "--allow REF", "--verify CERTIFICATE", "--public-key")


def forget(
    ctx: typer.Context,
    ref: Annotated[
        str | None,
        typer.Argument(metavar="[REF]", help="A document, source:NAME or subject:VALUE."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; write nothing.")] = False,
    reason: ReasonOption = "",
    yes: YesOption = False,
    due: Annotated[
        bool, typer.Option("--due", help="Finish interrupted erasures; erase what was hidden too long.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Look for all that was ever forgotten, after a restore.")
    ] = False,
    allow: Annotated[
        str | None, typer.Option("--allow", metavar="REF", help="Let it come in again with the next sync.")
    ] = None,
    verify: Annotated[
        str | None, typer.Option("--verify", metavar="CERTIFICATE", help="Check a certificate: file or id.")
    ] = None,
    public_key: Annotated[
        bool, typer.Option("--public-key", help="Print the key that checks certificates.")
    ] = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
) -> int:
    """Erase documents everywhere, prove it, and keep them out.

    Index, versions, embeddings, caches, calls and ledger are rewritten, then everything is scanned.
    If killed, the same command or the next sync goes on.

    Exit code 1 when the scan still finds something or a certificate is not genuine, 3 when REF means several
    documents and --yes was not given.
    """
    from headrace.errors import UsageError
    from headrace.workspace import Workspace

    chosen = [ref is not None, due or replay, allow is not None, verify is not None, public_key]
    if sum(chosen) != 1:
        raise UsageError(
            f"`headrace forget` needs a REF, or one of {', '.join(_MODES)}.",
            hint="headrace forget docs/old.md --dry-run",
        )
    with Workspace.open(workspace_folder(ctx, workspace)) as opened:
        if ref is not None:
            reports: Any = opened.forget(ref, dry_run=dry_run, reason=reason, confirmed=yes)
        elif due or replay:
            reports = opened.forget_due(replay=replay)
        else:
            return _other(opened, allow=allow, verify=verify, as_json=as_json)
    return _show(reports, as_json=as_json)


def _show(reports: Any, *, as_json: bool) -> int:
    from headrace.cli.output import write_json
    from headrace.cli.views.console import output_console
    from headrace.cli.views.forget import show_forgotten

    listed = reports if isinstance(reports, list) else [reports]
    if as_json:
        write_json({"erasures": reports} if isinstance(reports, list) else reports)
    else:
        show_forgotten(output_console(), listed)
    return int(any(report.erasure and report.certificate is None for report in listed))


def _other(opened: Workspace, *, allow: str | None, verify: str | None, as_json: bool) -> int:
    from headrace.cli.output import write_json
    from headrace.cli.views.console import output_console
    from headrace.cli.views.forget import show_allowed, show_key, show_verified

    if allow is not None:
        allowed = opened.allow(allow)
        write_json(allowed) if as_json else show_allowed(output_console(), allowed)
        return 0
    if verify is not None:
        checked = opened.verify_certificate(verify)
        write_json(checked) if as_json else show_verified(output_console(), checked)
        return 0 if checked.valid else 1
    key = opened.public_key()
    write_json({"public_key": key}) if as_json else show_key(output_console(), key)
    return 0
